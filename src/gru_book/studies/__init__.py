"""Comparisons too long for a page; `gru-book study NAME` runs one."""
