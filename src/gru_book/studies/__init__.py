"""Comparisons too long for a page; `gru-book study NAME` runs one, resumes it and publishes its table."""
