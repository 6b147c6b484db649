"""What the cells of a page say about their page: parameters, numbers, claims, artifacts, tables, source."""
