"""What a caller hands over as texts and as labels: taken from any kind of list, refused by name where it is none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set

import numpy as np

from gru_book.allowed import plain, shown

LABELS = "a 0 or 1 for each text"


def checked_texts(texts: Iterable[str], of: str = "") -> list[str]:
    """Return texts as a list; ValueError, naming the row, where they are none; `of` stands before the argument's name.

    Taken are lists, tuples, generators, Series and arrays of one dimension, and whatever else gives one text after
    another in an order of its own.
    """
    if isinstance(texts, str):
        raise ValueError(f"{of}texts is one str; allowed: a list of strings: write [text]")
    texts = _listed(texts, f"{of}texts", "a list of strings", "df['text']")
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            value = "NaN" if isinstance(text, float) and math.isnan(text) else shown(text)
            raise ValueError(f"{of}texts[{row}] is {value} ({type(text).__name__}); allowed: strings")
    return texts


def checked_labels(labels: Sequence[int], number: int, of: str = "") -> np.ndarray:
    """Return `number` labels as an int array (texts,); ValueError, naming the row, where they are not all 0 or 1."""
    values = [plain(value) for value in _listed(labels, f"{of}labels", LABELS, "df['label']")]
    if len(values) != number:
        raise ValueError(f"{of}labels has {len(values)} entries; allowed: {number}, one for each text")
    for row, value in enumerate(values):
        # A NaN equals nothing, a text neither; True and 1.0 are taken for 1.
        if not isinstance(value, (bool, int, float)) or value not in (0, 1):
            raise ValueError(f"{of}labels[{row}] is {shown(value)}; allowed: 0 and 1")
    return np.array(values).astype(int)


def _listed(values: Iterable, name: str, allowed: str, column: str) -> list:
    """Return what `values` gives one after another, or raise ValueError where that is not what a caller can mean."""
    kind, shape = type(values).__name__, getattr(values, "shape", None)
    dimensions = len(shape) if isinstance(shape, Sequence) else getattr(values, "ndim", None)
    if isinstance(values, (bytes, bytearray, memoryview)):
        raise ValueError(f"{name} is {kind}; allowed: {allowed}")
    if dimensions != 1 and (hasattr(values, "columns") or hasattr(values, "__dataframe__")):
        # Going through a table gives the names of its columns.
        raise ValueError(f"{name} is a {kind}; allowed: {allowed}: pass one of its columns, for example {column}")
    if dimensions is not None and dimensions != 1:
        raise ValueError(f"{name} is a {kind} of {dimensions} dimensions; allowed: {allowed}, of one dimension")
    if dimensions is None and (isinstance(values, Mapping) or hasattr(values, "keys")):
        raise ValueError(f"{name} is a {kind}; allowed: {allowed}: write list(….values()) if you mean its values")
    if isinstance(values, Set):
        raise ValueError(f"{name} is a {kind}, which has no order; allowed: {allowed}")
    if dimensions is None and hasattr(values, "readline"):
        raise ValueError(f"{name} is a file; allowed: {allowed}: write file.read().splitlines() for its lines")
    try:
        return list(values)
    except TypeError as error:
        raise ValueError(f"{name} is {shown(values)}; allowed: {allowed}") from error
