"""What has `fit` or is trained: classifiers of texts, counters of symbols, and the networks inside of them."""
