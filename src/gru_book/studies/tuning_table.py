"""A table of a small search space: every model of it trained in full, so that searches can be replayed by lookup.

The space is the original's with dropout, each range by a few of its values: 48 models. The data are of the size of the
search on the page ``41_tuning``, which shows the table: reviews of 80 words, 1,000 to learn from, and so it takes the
batches of 32 and the 10 epochs of the original. A seed draws its own training and validation reviews and the first
weights. After every epoch each of FOLDS parts of the validation reviews is counted for itself: some of them can choose
a model and the others judge the choice. The test part is not touched.
"""

import time
from functools import cache

import keras
import numpy as np

from gru_book.data.reviews import load_reviews
from gru_book.data.vocabulary import Vocabulary
from gru_book.evaluation.metrics import log_loss

TITLE = "Every model of a small space, trained for ten epochs: validation after each epoch, by folds"
TIMES = ("seconds",)

SEEDS = range(4)
UNITS = (32, 64, 128, 256)
LEARNING_RATES = (1e-2, 1e-3, 1e-4)
DROPOUTS = (0.0, 0.1, 0.3, 0.5)
NUM_TRAIN = 1_000  # reviews, half of each label
FOLDS = 8
FOLD_SIZE = 200  # reviews, half of each label
MAX_FEATURES = 10_000
MAXLEN = 80
EMBEDDING_DIM = 128
BATCH_SIZE = 32
EPOCHS = 10


class VariableDropout(keras.layers.Layer):
    """Dropout whose rate can be set anew without compiling the model anew."""

    def __init__(self):
        super().__init__()
        self.rate = self.add_weight(shape=(), initializer="zeros", trainable=False, name="rate")
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, x, training=False):
        """Return x with a share `rate` of its numbers set to 0 while training, the others scaled up."""
        if not training:
            return x
        kept = keras.random.uniform(keras.ops.shape(x), seed=self.seeds) >= self.rate
        return x * keras.ops.cast(kept, x.dtype) / (1 - self.rate)


def cases() -> list[dict]:
    """Return one case for every seed and model."""
    return [
        {"seed": seed, "units": units, "learning_rate": rate, "dropout": dropout}
        for seed in SEEDS
        for units in UNITS
        for rate in LEARNING_RATES
        for dropout in DROPOUTS
    ]


def run_case(seed: int, units: int, learning_rate: float, dropout: float) -> list[dict]:
    """Train one model with one seed.

    Returns:
        One row an epoch: ``epoch`` from 1, ``loss`` on all validation reviews, ``right_0`` to ``right_7``, the right
        answers among the FOLD_SIZE of each fold, and ``seconds`` of the epoch's training steps.
    """
    (x, y), (held_x, held_y) = _data(seed)
    model = _fresh(seed, units, learning_rate, dropout)
    rng = np.random.default_rng(seed)
    rows = []
    for epoch in range(1, EPOCHS + 1):
        order, started = rng.permutation(len(x)), time.perf_counter()
        for first in range(0, len(x), BATCH_SIZE):
            batch = order[first : first + BATCH_SIZE]
            model.train_on_batch(x[batch], y[batch])
        seconds = round(time.perf_counter() - started, 3)
        probability = np.concatenate([model.predict_on_batch(part) for part in np.split(held_x, FOLDS // 2)])[:, 0]
        right = ((probability > 0.5) == held_y).reshape(FOLDS, FOLD_SIZE).sum(1)
        counts = {f"right_{fold}": int(count) for fold, count in enumerate(right)}
        rows.append({"epoch": epoch, "loss": log_loss(held_y, probability), **counts, "seconds": seconds})
    return rows


@cache
def _data(seed: int):
    """Return training and validation ids and labels; the validation rows stand fold by fold, each half positive."""
    train, validation = _reviews().train.sample(NUM_TRAIN, seed), _reviews().validation
    held = validation.sample(FOLDS * FOLD_SIZE, seed)
    by_label = [np.flatnonzero(held.labels == label).reshape(FOLDS, FOLD_SIZE // 2) for label in (0, 1)]
    rows = np.concatenate(by_label, axis=1).ravel()
    texts = [held.texts[row] for row in rows]

    def padded(texts):
        return keras.utils.pad_sequences(_vocabulary().encode(texts), maxlen=MAXLEN)

    return (padded(train.texts), train.labels), (padded(texts), held.labels[rows])


@cache
def _reviews():
    return load_reviews()


@cache
def _vocabulary():
    return Vocabulary.fit(_reviews().train.texts, max_features=MAX_FEATURES)


def _network(units: int) -> keras.Sequential:
    layers = [
        keras.Input((MAXLEN,), dtype="int32"),
        keras.layers.Embedding(MAX_FEATURES, EMBEDDING_DIM),
        keras.layers.GRU(units),
        VariableDropout(),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
    return keras.Sequential(layers)


@cache
def _compiled(units: int):
    model = _network(units)
    model.compile(keras.optimizers.Adam(), "binary_crossentropy", jit_compile=True)
    model.optimizer.build(model.trainable_variables)
    return model, [variable.numpy() for variable in model.optimizer.variables]


def _fresh(seed: int, units: int, learning_rate: float, dropout: float) -> keras.Sequential:
    """Return the model as it is before training. It is compiled once for its units, then only reset."""
    model, optimizer = _compiled(units)
    keras.utils.set_random_seed(seed)
    model.set_weights(_network(units).get_weights())
    for variable, value in zip(model.optimizer.variables, optimizer, strict=True):
        variable.assign(value)
    model.optimizer.learning_rate.assign(learning_rate)
    model.layers[2].rate.assign(dropout)
    model.layers[2].seeds.state.assign([seed, 0])
    return model
