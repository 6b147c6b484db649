"""What a recipe costs and what it reaches, measured in a process of its own."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from gru_book.data.reviews import load_reviews
from gru_book.progress import CHANNEL


def alone(function: Callable, *arguments):
    """Return `function(*arguments)`, run in a new process, so that its peak memory is its own."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def measure(fit: Callable, source: str = "package") -> list[dict]:
    """Train a classifier on the training part of the reviews and judge it.

    fit: a function of texts, labels and the validation pair that returns a `gru_book.models.classifier.Classifier`.

    Returns:
        Rows with ``measure`` and ``value``: ``fit seconds``, from raw texts on, without loading packages and data;
        ``predict seconds`` for the test texts; ``peak GB`` of this process up to there; ``validation accuracy`` and
        ``test accuracy``; ``parameters`` of a network.
    """
    os.environ.setdefault(CHANNEL, os.devnull)
    reviews = load_reviews(source)
    (train, labels), validation, (test, test_labels) = (
        (part.texts, part.labels) for part in (reviews.train, reviews.validation, reviews.test)
    )
    started = time.perf_counter()
    model = fit(train, labels, validation)
    fitted = time.perf_counter()
    probability = model.predict_proba(test)
    predicted = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    held = model.predict_proba(validation[0])
    values = {
        "fit seconds": round(fitted - started, 2),
        "predict seconds": round(predicted - fitted, 2),
        "peak GB": round(peak / 2**30, 3),
        "validation accuracy": float(np.mean((held > 0.5) == validation[1])),
        "test accuracy": float(np.mean((probability > 0.5) == test_labels)),
    }
    if hasattr(model, "model"):
        values["parameters"] = int(model.model.count_params())
    return [{"measure": name, "value": value} for name, value in values.items()]
