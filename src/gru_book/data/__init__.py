"""Texts on their way into a model.

`reviews` loads them in three `parts`, `split` keeps films together, `films` links reviews of one film; `vocabulary`
(the original's) and `tokens` (the recipes') make ids of them, `batching` makes batches. `ratings` and `counterfactuals`
are for the pages on errors.
"""
