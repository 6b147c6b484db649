"""Helpers of the book 'Gated Recurrent Units'. Importing this package loads nothing heavy."""

__version__ = "0.1.0"
