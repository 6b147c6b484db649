"""The settings of the recipes that train a GRU; `gru_book.models.gru_classifier` says what each of them does."""

ORIGINAL = {
    "max_features": 10_000,
    "maxlen": 500,
    "embedding_dim": 128,
    "units": 128,
    "batch_size": 32,
    "epochs": 5,
    "learning_rate": 0.001,
    "validation_split": 0.2,
}

# How texts become ids, then the network, then its training. Every recipe but the original's names what it changes.
PLAIN_GRU = {
    "reading": "tokens",
    "max_words": 20_000,
    "longest": 1,
    "fewest": 3,
    "max_runs": 150_000,
    "maxlen": 0,
    "keep": "last",
    "embedding_dim": 32,
    "units": 32,
    "mask": False,
    "pooling": "max+mean",
    "window": 0,
    "bidirectional": False,
    "word_dropout": 0.0,
    "embedding_dropout": 0.0,
    "recurrent_dropout": 0.0,
    "dropout": 0.0,
    "batch_size": 64,
    "multiple": 25,
    "epochs": 1,
    "learning_rate": 0.01,
    "schedule": "linear",
    "averaging": 0.0,
    "adversary": 0.0,
    "vectors": 0.0,
}
