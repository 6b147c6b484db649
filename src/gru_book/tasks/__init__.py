"""Synthetic sequences with known answers, one task a file.

`task`: the form of all. `order`: which word came first or last.
`adding`, `copying`: memory over distance. `counting`: aⁿbⁿ.
"""
