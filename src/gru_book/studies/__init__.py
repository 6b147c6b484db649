"""Comparisons too long for a page; `gru-book study NAME` runs one, resumes it and publishes its table.

One file a study, named as its table. For Part 2: `order_task` (11), `memory_tasks` (25), `counting` (26). For the
reviews: `original` (33, 34), `recipes`, `better` (34), `padding` (35), `cells_compared`, `layer_times` (36). For
tuning: `tuning_table`, `tuning_transfer` (41).
"""
