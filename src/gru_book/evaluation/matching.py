"""Things to compare with: as many others, equally frequent. Page 32 uses it."""

from __future__ import annotations

import numpy as np


def equally_frequent(
    frequency: np.ndarray, chosen: np.ndarray, others: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return as many of `others` as there are chosen things, nearly as frequent one by one: bool array (things,).

    frequency: number of texts that hold each thing; chosen, others: bool arrays, apart; all (things,). Of equally
    frequent ones chance decides. Raises ValueError where chosen and others meet, or there are fewer others than chosen.
    """
    frequency, chosen, others = np.asarray(frequency), np.asarray(chosen, bool), np.asarray(others, bool)
    if (chosen & others).any() or others.sum() < chosen.sum():
        raise ValueError(
            f"{chosen.sum()} things are chosen, {others.sum()} are others, {(chosen & others).sum()} are both; "
            "expected at least as many others, and none that is both"
        )
    key = frequency + rng.random(len(frequency))  # equal ones in random order
    order = np.flatnonzero(others)[np.argsort(key[others])]
    place = np.searchsorted(key[order], np.sort(key[chosen]))
    after = len(order)
    for number in range(len(place) - 1, -1, -1):  # from the most frequent on, no place twice
        place[number] = after = min(place[number], after - 1)
    matched = np.zeros(len(frequency), bool)
    matched[order[np.maximum(place, np.arange(len(place)))]] = True
    return matched
