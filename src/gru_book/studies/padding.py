"""Padding in front or behind, with and without a mask, and batches of similar length, over several seeds.

For every seed all arms learn from the same 4,000 reviews of the training part, from the same first weights, with the
same number of updates of the same size, and are judged on the same 2,400 reviews of the validation part after every
epoch. The stopping rule is fixed beforehand: a number of epochs, no choice by a score. All arms keep the last
MAXLEN words of a review, so that only the padding differs. The test part is not touched. The page
``35_padding_masking`` runs two of the arms live.
"""

import time
from functools import cache
from typing import NamedTuple

import keras
import numpy as np

from gru_book.analysis import padding
from gru_book.conversion import layers
from gru_book.data.batching import LengthBatches
from gru_book.data.reviews import load_reviews
from gru_book.data.vocabulary import Vocabulary
from gru_book.evaluation.metrics import log_loss

TITLE = "Padding side x mask, and batches of similar length: a small GRU on reviews, validation after every epoch"
TIMES = ("seconds",)

SEEDS = range(5)
NUM_TRAIN = 4_000  # reviews; a seed draws its own
NUM_VALIDATION = 2_400  # the same for all seeds and arms
MAX_FEATURES = 5_000
MAXLEN = 400
EMBEDDING_DIM = 32
UNITS = 32
BATCH_SIZE = 32
LEARNING_RATE = 0.001
EPOCHS = 6
MULTIPLE = 50  # to which the arm with batches of similar length rounds
FAR = 20  # pads from which on a review counts as padded
NUM_PADS = (20, 100)  # after which the trained layer's survival is measured


class Arm(NamedTuple):
    """One way to pad: where, with a mask or not, all to one length or by length."""

    side: str  # "pre" or "post"
    mask: bool
    by_length: bool = False


ARMS = {
    "front": Arm("pre", False),
    "front, mask": Arm("pre", True),
    "back": Arm("post", False),
    "back, mask": Arm("post", True),
    "back, mask, by length": Arm("post", True, True),
}


def network(
    mask: bool,
    max_features: int = MAX_FEATURES,
    embedding_dim: int = EMBEDDING_DIM,
    units: int = UNITS,
    learning_rate: float = LEARNING_RATE,
    jit_compile: bool = True,
) -> keras.Sequential:
    """Return a compiled classifier: ids (batch, steps) to P(positive), (batch, 1).

    Compiled by XLA a step takes a third to a half of the time, but every new shape (batch, steps) is compiled anew.
    """
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(max_features, embedding_dim, mask_zero=mask),
            keras.layers.GRU(units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(learning_rate), "binary_crossentropy", jit_compile=jit_compile)
    return model


def cases() -> list[dict]:
    """Return one case for every seed and arm."""
    return [{"seed": seed, "arm": arm} for seed in SEEDS for arm in ARMS]


def run_case(seed: int, arm: str) -> list[dict]:
    """Train one arm with one seed.

    Returns:
        Rows with ``epoch`` (0 is before training), ``measure`` and ``value``. Measures on the validation reviews:
        ``accuracy``, ``loss``, ``accuracy full`` (reviews that need no padding), ``accuracy padded`` (FAR pads or
        more); of the layer as it is then ``left after K pads``, see `analysis.padding.survival`; and ``padding share``
        of the steps of the epoch just trained. ``seconds`` is the processor time of that epoch's updates; where a
        shape is met for the first time in the study, compiling it counts too.
    """
    way, (encoded, labels, lengths) = ARMS[arm], data("validation")
    model = fresh(seed, way.mask)
    train_ids, train_labels, _ = data("train", seed)
    batches = LengthBatches(
        train_ids,
        train_labels,
        BATCH_SIZE,
        maxlen=MAXLEN,
        by_length=way.by_length,
        multiple=MULTIPLE,
        padding=way.side,
        seed=seed,
    )
    x = keras.utils.pad_sequences(encoded, maxlen=MAXLEN, padding=way.side)
    rows, trained, seconds = [], {}, 0.0
    for epoch in range(EPOCHS + 1):
        measured = _measure(model, x, labels, lengths) | trained
        seconds = round(seconds, 2)
        rows += [{"epoch": epoch, "measure": name, "value": v, "seconds": seconds} for name, v in measured.items()]
        if epoch < EPOCHS:
            trained, started = {"padding share": batches.padding_share()}, time.process_time()
            for number in range(len(batches)):
                model.train_on_batch(*batches[number])
            batches.on_epoch_end()
            seconds = time.process_time() - started
    return rows


@cache
def data(part: str, seed: int = 0) -> tuple[list[list[int]], np.ndarray, np.ndarray]:
    """Return ids, labels and lengths (in ids) of a sample of "train" or "validation", half of it positive."""
    reviews, vocabulary = _reviews()
    sample = getattr(reviews, part).sample(NUM_TRAIN if part == "train" else NUM_VALIDATION, seed)
    encoded = vocabulary.encode(sample.texts)
    return encoded, sample.labels, np.array([len(ids) for ids in encoded])


@cache
def _reviews():
    reviews = load_reviews()
    return reviews, Vocabulary.fit(reviews.train.texts, MAX_FEATURES)


@cache
def _compiled(mask: bool):
    model = network(mask)
    model.optimizer.build(model.trainable_variables)
    return model, [variable.numpy() for variable in model.optimizer.variables]


def fresh(seed: int, mask: bool) -> keras.Sequential:
    """Return a model as it is before training: its weights are those of the seed. It is compiled once, then reset."""
    model, optimizer = _compiled(mask)
    keras.utils.set_random_seed(seed)
    model.set_weights(network(mask).get_weights())
    for variable, value in zip(model.optimizer.variables, optimizer, strict=True):
        variable.assign(value)
    return model


def _measure(model, x, labels, lengths) -> dict[str, float]:
    probability = model.predict(x, batch_size=300, verbose=0)[:, 0].astype(float)
    right = (probability > 0.5) == labels
    measured = {
        "accuracy": float(right.mean()),
        "loss": log_loss(labels, probability),
        "accuracy full": float(right[lengths >= MAXLEN].mean()),
        "accuracy padded": float(right[lengths <= MAXLEN - FAR].mean()),
    }
    table, cell = model.layers[0].get_weights()[0].astype(float), layers.numpy_cell(model.layers[1])
    encoded = [ids[-100:] for ids in data("validation")[0][:100]]
    texts = keras.utils.pad_sequences(encoded, padding="post")
    states = cell.forward(table[texts], lengths=np.array([len(ids) for ids in encoded])).last_state
    left = padding.survival(cell, states, table[0], NUM_PADS)
    return measured | {f"left after {k} pads": float(share) for k, share in zip(NUM_PADS, left, strict=True)}
