"""What makes a GRU on reviews accurate, one change at a time: each row of the ladder changes the one above it.

For every seed all rows learn from the same 6,000 reviews of the training part. A tenth of them is held back by the
seed: the epoch with the least loss on it is kept (by the first row, the original's recipe, the last epoch). What counts
is the accuracy on the validation part, on which nothing was chosen but this: a change that the ladder leaves again (its
name begins with "aside") stands beside it, and the next row goes on from the row before. The order of the rows and all
settings were fixed before the run. The test part is not touched. The page ``33_imdb_gru`` shows the table.
"""

import os
import time
from functools import cache

import numpy as np

from gru_book.data.reviews import load_reviews
from gru_book.evaluation.metrics import log_loss
from gru_book.models.gru_classifier import GRUClassifier
from gru_book.models.original import OriginalClassifier
from gru_book.models.settings import ORIGINAL, PLAIN_GRU
from gru_book.progress import CHANNEL
from gru_book.training import seeding

TITLE = "What helps a GRU on reviews: one change after another, validation accuracy"
TIMES = ("seconds",)

SEEDS = range(4)
NUM_TRAIN = 6_000  # reviews; a seed draws its own
ASIDE = "aside: "  # before the name of a row that the next one does not go on from

# The first row has the original's words, length and filling, at a quarter of its size.
SMALLER = {"embedding_dim": 32, "units": 32}
START = PLAIN_GRU | {
    "reading": "keras",
    "max_words": 10_000,
    "maxlen": 500,
    "mask": True,
    "pooling": "last",
    "batch_size": 32,
    "learning_rate": 0.001,
    "schedule": "constant",
    "epochs": 2,
}
LADDER = {
    "batches by length, masked": {},
    "all words and marks": {"reading": "tokens", "max_words": 20_000},
    "aside: only the first 250": {"maxlen": 250, "keep": "first"},
    "the last 250 only": {"maxlen": 250},
    "max pooling": {"pooling": "max", "mask": False},
    "aside: mean pooling": {"pooling": "mean"},
    "max and mean pooling": {"pooling": "max+mean"},
    "windows of 25, in parallel": {"window": 25},
    "all of the review": {"maxlen": 0},
    "learning rate 0.005, falling to 0": {"learning_rate": 0.005, "schedule": "linear", "batch_size": 64},
    "word vectors from the reviews": {"vectors": 0.5},
    "dropout of words": {"word_dropout": 0.2},
    "dropout of embeddings": {"embedding_dropout": 0.3},
    "dropout of pooled states": {"dropout": 0.5},
    "aside: recurrent dropout": {"recurrent_dropout": 0.2},
    "aside: averaged weights": {"averaging": 0.99},
    "bidirectional": {"bidirectional": True},
    "pairs of tokens": {"longest": 2},
    "an adversary": {"adversary": 1.0},
}


def rows() -> dict[str, dict]:
    """Return the settings of each row below the first, all changes up to it included."""
    settings, current = {}, START
    for name, change in LADDER.items():
        settings[name] = current | change
        if not name.startswith(ASIDE):
            current = settings[name]
    return settings


def cases() -> list[dict]:
    """Return one case for every seed and row."""
    return [{"seed": seed, "row": row} for seed in SEEDS for row in ["the original, smaller", *LADDER]]


def run_case(seed: int, row: str) -> list[dict]:
    """Train one row with one seed.

    Returns:
        One row: ``accuracy`` and ``loss`` on the validation part, ``seconds`` of the fit, from raw texts on.
    """
    os.environ.setdefault(CHANNEL, os.devnull)
    seeding.set_seed(seed)
    train, validation = _parts()
    sample = train.sample(NUM_TRAIN, seed)
    if row in LADDER:
        model = GRUClassifier(row, rows()[row], seed)
    else:
        model = OriginalClassifier(row, ORIGINAL | SMALLER, seed)
    started = time.perf_counter()
    model.fit(sample.texts, sample.labels, None)
    seconds = time.perf_counter() - started
    probability, held_labels = model.predict_proba(validation.texts), validation.labels
    accuracy = float(np.mean((probability > 0.5) == held_labels))
    return [{"accuracy": accuracy, "loss": log_loss(held_labels, probability), "seconds": round(seconds, 2)}]


@cache
def _parts():
    reviews = load_reviews()
    return reviews.train, reviews.validation
