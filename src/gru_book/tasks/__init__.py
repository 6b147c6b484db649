"""Synthetic sequences with known answers, one task a file."""
