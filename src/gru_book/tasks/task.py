"""The form in which the tasks of this room return what they have drawn: inputs, targets, level of chance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Task(NamedTuple):
    """A drawn task: ``inputs`` and ``targets`` share their first axis.

    ``chance`` is the score of a model that has not solved the task, in the task's own measure.
    """

    inputs: np.ndarray
    targets: np.ndarray
    chance: float


def check_at_least(name: str, value: int, minimum: int) -> None:
    """Raise `ValueError` naming the argument where its value is below `minimum`."""
    if value < minimum:
        raise ValueError(f"{name} = {value}; expected at least {minimum}")
