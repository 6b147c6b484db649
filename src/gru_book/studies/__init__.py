"""Comparisons too long for a page, one a module (`TITLE`, `cases()`, `run_case(**case)`); see `gru-book study`."""
