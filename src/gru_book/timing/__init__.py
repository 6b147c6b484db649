"""Clocks: layers beside each other, fits, other frameworks."""
