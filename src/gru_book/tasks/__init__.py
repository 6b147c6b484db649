"""Synthetic sequences with known answers, one task a file.

`order`: which word came first or last. `adding`, `copying`: memory over distance. `counting`: aⁿbⁿ.
"""
