"""Does what wins on little data win on more? Models of the study `tuning_table` on ten times as many words, and on all.

The models were chosen before the run: all learning rates, few and many units, without and with dropout, the untuned
model among them. At the size "larger" they learn from 4,000 reviews of 200 words, for the five epochs of the original;
at "full" from all reviews of the training part at the original's 500 words, which takes long: three epochs, one seed,
and only the models without dropout. Batches hold 32. A seed draws its own reviews and first weights. The test part is
not touched. The page ``41_tuning`` shows the table.
"""

import time
from functools import cache
from typing import NamedTuple

import keras
import numpy as np

from gru_book.data.reviews import load_reviews
from gru_book.data.vocabulary import Vocabulary
from gru_book.evaluation.metrics import log_loss
from gru_book.studies import tuning_table as small

TITLE = "Models of a small search, trained on more and longer reviews: validation after each epoch"
TIMES = ("seconds",)

UNITS = (32, 128)
NUM_VALIDATION = 1_600  # reviews, half of each label


class Size(NamedTuple):
    """How much the models learn from, and which of them."""

    num_train: int  # reviews; 0 is all
    maxlen: int
    epochs: int
    seeds: int
    dropouts: tuple[float, ...]


SIZES = {"larger": Size(4_000, 200, 5, 3, (0.0, 0.5)), "full": Size(0, 500, 3, 1, (0.0,))}


def cases() -> list[dict]:
    """Return one case for every size, seed and model."""
    return [
        {"size": name, "seed": seed, "units": units, "learning_rate": rate, "dropout": dropout}
        for name, size in SIZES.items()
        for seed in range(size.seeds)
        for units in UNITS
        for rate in small.LEARNING_RATES
        for dropout in size.dropouts
    ]


def run_case(size: str, seed: int, units: int, learning_rate: float, dropout: float) -> list[dict]:
    """Train one model with one seed.

    Returns:
        One row an epoch: ``train_rows``, ``maxlen``, ``epoch`` from 1, ``val_accuracy``, ``val_loss`` and ``seconds``
        of the epoch's training steps.
    """
    (x, y), (held_x, held_y) = _data(size, seed)
    model = _model(SIZES[size].maxlen, seed, units, learning_rate, dropout)
    rng = np.random.default_rng(seed)
    rows = []
    for epoch in range(1, SIZES[size].epochs + 1):
        order, started = rng.permutation(len(x)), time.perf_counter()
        for first in range(0, len(x), small.BATCH_SIZE):
            batch = order[first : first + small.BATCH_SIZE]
            model.train_on_batch(x[batch], y[batch])
        seconds = round(time.perf_counter() - started, 3)
        probability = np.concatenate([model.predict_on_batch(part) for part in np.split(held_x, 4)])[:, 0]
        scores = {
            "val_accuracy": float(((probability > 0.5) == held_y).mean()),
            "val_loss": log_loss(held_y, probability),
        }
        rows.append({"train_rows": len(x), "maxlen": x.shape[1], "epoch": epoch, **scores, "seconds": seconds})
    return rows


def _model(maxlen: int, seed: int, units: int, learning_rate: float, dropout: float) -> keras.Sequential:
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((maxlen,), dtype="int32"), *small._network(units).layers])
    model.layers[2].rate.assign(dropout)
    model.layers[2].seeds.state.assign([seed, 0])
    model.compile(keras.optimizers.Adam(learning_rate), "binary_crossentropy", jit_compile=True)
    return model


@cache
def _data(size: str, seed: int):
    reviews, vocabulary = _reviews()
    rows, maxlen = SIZES[size].num_train, SIZES[size].maxlen
    train = reviews.train.sample(rows, seed) if rows else reviews.train
    parts = train, reviews.validation.sample(NUM_VALIDATION, seed)
    return [(keras.utils.pad_sequences(vocabulary.encode(p.texts), maxlen=maxlen), p.labels) for p in parts]


@cache
def _reviews():
    reviews = load_reviews()
    return reviews, Vocabulary.fit(reviews.train.texts, max_features=small.MAX_FEATURES)
