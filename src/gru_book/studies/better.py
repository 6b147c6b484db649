"""What makes the network of the recipe "best" accurate: one change a row, on film folds of all labelled reviews.

The 24,904 distinct reviews of the package are dealt into five folds that share almost no films. Of the four folds that
a row learns from, a tenth, again by film, is its validation part; the fifth is what it is judged on. Each row has the
settings of "best" but for what is left out; log-odds are left out with their sums. "nbsvm" stands beside them. Reviews
in one block of the file are of few films: intervals are to be drawn over blocks, not over reviews.
"""

import os

import numpy as np

from gru_book import recipes
from gru_book.data.reviews import load_in_file_order, without_duplicates
from gru_book.data.split import film_folds
from gru_book.evaluation.metrics import log_loss
from gru_book.progress import CHANNEL

TITLE = "What makes the best network better: accuracy on reviews of films that it has not seen"

NUM_FOLDS = 5
FOLDS = (0, 2)  # those that are judged; each further one costs as much again
VALIDATION_PARTS = 10  # one of so many parts of the training reviews chooses the epoch
BLOCK = 40  # reviews that stand side by side

PLAIN = {"teacher": 0.0, "channels": 0.0, "votes": False}
ROWS = {
    "best": {},
    "without the teacher": {"teacher": 0.0},
    "log-odds of the text's own fold": {"teacher": 0.0, "folds": 1},
    "without log-odds": PLAIN,
    "without log-odds, all rows moved": PLAIN | {"lazy": False},
}


def cases() -> list[dict]:
    """Return one case for every fold and row."""
    return [{"fold": fold, "row": row} for fold in FOLDS for row in ("nbsvm", *ROWS)]


def run_case(fold: int, row: str, seed: int = 0) -> list[dict]:
    """Train one row and judge it on a fold.

    Returns:
        A row for each block of reviews: ``block``, its number; ``reviews`` in it, how many of them are ``right``, their
        mean ``loss``.
    """
    os.environ.setdefault(CHANNEL, os.devnull)
    reviews = without_duplicates(load_in_file_order())
    folds = film_folds(reviews.labels, NUM_FOLDS)
    known, judged = (reviews.take(np.flatnonzero(there)) for there in (folds != fold, folds == fold))
    held = film_folds(known.labels, VALIDATION_PARTS) == 0
    train, validation = (known.take(np.flatnonzero(there)) for there in (~held, held))
    settings = None
    if row in ROWS:
        from gru_book.training import seeding

        seeding.set_seed(seed)
        settings = ROWS[row]
    model = recipes.fit(
        "best" if row in ROWS else row,
        train.texts,
        train.labels,
        seed=seed,
        validation=(validation.texts, validation.labels),
        settings=settings,
    )
    probability = model.predict_proba(judged.texts)
    right = (probability > 0.5) == judged.labels
    rows = []
    for number, part in enumerate(np.split(np.arange(len(right)), range(BLOCK, len(right), BLOCK))):
        found = {"block": number, "reviews": len(part), "right": int(right[part].sum())}
        rows.append(found | {"loss": log_loss(judged.labels[part], probability[part])})
    return rows
