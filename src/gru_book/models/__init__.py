"""What has `fit` or is trained.

Classifiers of texts: `classifier` (base), `ngrams`, `original`, `gru_classifier` on `keras_classifier`, and on it
`log_odds_classifier` ("best") and `ensemble` ("blend"); their `networks`, `log_odds_network`, `log_odds`,
`word_vectors`, `settings`; `texts` checks what they are given, `saving` what they are loaded from;
`reader` opens one up. `counter` and `counter_by_hand` count symbols.
"""
