"""A part of the reviews, and the parts together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
from gru_book.allowed import plain, shown
from gru_book.errors import ReviewsError


@dataclass(frozen=True, eq=False)
class Split:
    """One part of the reviews.

    texts: the reviews as they were written, `<br />` included.
    labels: 1 for a positive review and 0 for a negative one, in any list; kept as an int array of shape (len(texts),).
    films: the film of each review where the source tells (an `aclImdb` folder with its `urls_*.txt`), else None.
    """

    texts: list[str]
    labels: np.ndarray
    films: list[str] | None = None

    def __post_init__(self):
        """Take labels as an array; refuse labels that are no numbers, and texts, labels and films of other lengths."""
        single = isinstance(self.labels, (str, bytes)) or getattr(self.labels, "ndim", 1) == 0
        if single or not hasattr(self.labels, "__len__"):
            raise ReviewsError(f"labels is {shown(self.labels)}; allowed: a flat list or array of 0 and 1")
        if len(self.texts) != len(self.labels) or (self.films is not None and len(self.films) != len(self.texts)):
            raise ReviewsError(
                f"texts, labels and films must have the same length, not {len(self.texts)}, {len(self.labels)} "
                f"and {None if self.films is None else len(self.films)}"
            )
        labels = self.labels.tolist() if isinstance(self.labels, np.ndarray) else [plain(one) for one in self.labels]
        for row, label in enumerate(labels):
            if not isinstance(label, (int, float)) or label not in (0, 1):
                raise ReviewsError(f"labels[{row}] is {shown(label)}; allowed: 0 and 1, one for each text")
        labels = np.array(labels, dtype=int)
        object.__setattr__(self, "labels", labels)

    def __len__(self) -> int:
        """Return the number of reviews."""
        return len(self.texts)

    def take(self, rows: Iterable[int]) -> Split:
        """Return the reviews at these row numbers, in this order; ReviewsError for one that there is not."""
        rows = [int(row) for row in rows]
        if bad := [row for row in rows if not -len(self) <= row < len(self)]:
            raise ReviewsError(f"row is {bad[0]}; allowed: 0 to {len(self) - 1}")
        films = None if self.films is None else [self.films[row] for row in rows]
        return Split([self.texts[row] for row in rows], self.labels[rows], films)

    def sample(self, size: int, seed: int = 0) -> Split:
        """Return `size` different reviews in random order, half of each label (one more negative where odd).

        Raises ReviewsError where `size` is no whole number, is negative, or a label has too few reviews.
        """
        if not isinstance(size, (int, np.integer)) or isinstance(size, bool):
            raise ReviewsError(f"size is {size!r}; allowed: a whole number")
        rng = np.random.default_rng(seed)
        wanted = {0: size - size // 2, 1: size // 2}
        for label, count in wanted.items():
            there = int(np.sum(self.labels == label))
            if not 0 <= count <= there:
                raise ReviewsError(
                    f"size is {size}, but there are only {there} reviews of label {label}; allowed: 0 to {2 * there}"
                )
        rows = [
            rng.choice(np.flatnonzero(self.labels == label), count, replace=False) for label, count in wanted.items()
        ]
        return self.take(rng.permutation(np.concatenate(rows)))


@dataclass(frozen=True, eq=False)
class Reviews:
    """The three parts of a data source: fit on `train`, choose on `validation`, look at `test` once."""

    train: Split
    validation: Split
    test: Split

    def counts(self) -> pd.DataFrame:
        """Return a table of the rows: one line for each part, columns reviews, negative, positive."""
        import pandas as pd

        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        rows = {n: (len(p), int(np.sum(p.labels == 0)), int(np.sum(p.labels == 1))) for n, p in parts.items()}
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["reviews", "negative", "positive"])
        return table.rename_axis("part")
