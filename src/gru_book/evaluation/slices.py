"""Errors taken apart: what is in a text, slices of the test part, two models compared in each, many at once.

Page 39 uses it. Importing this module imports SciPy, and neither TensorFlow nor pandas.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gru_book.data.vocabulary import words
from gru_book.errors import ParameterError
from gru_book.evaluation.intervals import Blocks

if TYPE_CHECKING:
    import pandas as pd

NEGATIONS = ("not", "no", "never", "nothing", "without", "cannot")  # and whatever ends in "n't", as on page 32

CONTRASTS = ("but", "however", "although", "though")

LATE = 0.8  # a contrast is late where this share of the words, or more, stands before it


def describe(texts: Iterable[str], known: Collection[str]) -> pd.DataFrame:
    """Return what stands in each text, one row a text.

    Columns: `words`; `negations` and `contrasts`, how many of NEGATIONS and CONTRASTS; `late`, whether a contrast
    stands in the last fifth of the words; `unknown`, the share of the words that are not among `known` (0 without any).
    """
    import pandas as pd

    known, rows = frozenset(known), []
    for text in texts:
        found = words(text)
        places = [place for place, word in enumerate(found) if word in CONTRASTS]
        negations = sum(word in NEGATIONS or word.endswith("n't") for word in found)
        unknown = sum(word not in known for word in found) / max(len(found), 1)
        late = bool(places) and places[-1] >= LATE * len(found)
        rows.append((len(found), negations, len(places), late, unknown))
    return pd.DataFrame(rows, columns=["words", "negations", "contrasts", "late", "unknown"])


def parts_of(values: Sequence[float], names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return one bool array (texts,) for each name: the values in as many parts of about equal size, lowest first.

    Equal values stay together: a part ends at a quantile, which belongs to it.
    """
    values = np.asarray(values, float)
    ends = np.quantile(values, np.arange(1, len(names)) / len(names))
    number = np.searchsorted(ends, values, side="left")
    return {name: number == place for place, name in enumerate(names)}


def checked_scores(scores: pd.DataFrame, models: Sequence[str], labels: np.ndarray) -> pd.DataFrame:
    """Return the columns `models` of page 34's table of test scores, once its rows are known to be these reviews.

    Raises ParameterError, in one line, where a column is missing or the labels are not those of the reviews.
    """
    missing = [name for name in ("label", *models) if name not in scores]
    if missing:
        raise ParameterError(f"the test scores of page 34 lack {', '.join(missing)}; run: gru-book execute 34_better")
    if not np.array_equal(scores["label"], labels):
        raise ParameterError(
            f"the {len(scores):,} test scores of page 34 are not of the {len(labels):,} test reviews loaded here; "
            'use source = "package" and the published scores'
        )
    return scores[list(models)]


def compare_slices(
    first: np.ndarray, second: np.ndarray, slices: Mapping[tuple[str, str], np.ndarray], blocks: Blocks
) -> pd.DataFrame:
    """Return how often two models err in each slice, and the lead of the first, with intervals that resample blocks.

    first, second: bool arrays (texts,), whether each is right. slices: bool arrays (texts,) by (group, name); empty
    ones are left out. Columns: texts; first, second (% of the texts that each gets wrong, with 95% intervals _low and
    _high); points, by how much the first is more accurate, with an interval corrected for the number of slices
    (Bonferroni): 95% of the time all of them hold at once.
    """
    import pandas as pd

    kept = {name: np.asarray(inside, bool) for name, inside in slices.items() if np.any(inside)}
    wrong, level = [100.0 * ~np.asarray(right, bool) for right in (first, second)], 1 - 0.05 / max(len(kept), 1)
    rows = [
        (
            int(inside.sum()),
            *blocks.interval(wrong[0], inside),
            *blocks.interval(wrong[1], inside),
            *blocks.interval(wrong[1] - wrong[0], inside, level),
        )
        for inside in kept.values()
    ]
    columns = [f"{name}{end}" for name in ("first", "second", "points") for end in ("", "_low", "_high")]
    index = pd.MultiIndex.from_tuples(list(kept), names=["group", "slice"])
    return pd.DataFrame(rows, columns=["texts", *columns], index=index)


def pieces(texts: Iterable[str], length: int, rng: np.random.Generator) -> list[str]:
    """Return a random run of `length` words of each text, spelling and punctuation kept; a shorter text stays whole."""
    cut = []
    for text in texts:
        parts = text.replace("<br />", " ").split()
        begin = int(rng.integers(0, max(len(parts) - length, 0) + 1))
        cut.append(" ".join(parts[begin : begin + length]))
    return cut


def tail(text: str, length: int) -> str:
    """Return the last `length` words of a text, with an ellipsis where something was left out."""
    parts = text.replace("<br />", " ").split()
    return " ".join((["…"] if len(parts) > length else []) + parts[-length:])
