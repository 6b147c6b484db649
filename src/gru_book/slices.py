"""Errors taken apart: what is in a text, slices of the test part, paired comparisons in each, many at once.

Page 37 uses it. Importing this module imports SciPy, and neither TensorFlow nor pandas.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from gru_book.comparing import accuracy_interval, mcnemar
from gru_book.parameters import ParameterError
from gru_book.reviews import ReviewsError, words

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CONTRASTS",
    "NEGATIONS",
    "checked_scores",
    "compare_slices",
    "describe",
    "difference_interval",
    "halves",
    "holm",
    "lead_inside",
    "parts_of",
    "pieces",
    "sortable_table",
    "star_ratings",
    "tail",
]

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


def star_ratings(folder: str | Path) -> dict[str, int]:
    """Return the stars (1 to 10) of every review in an extracted `aclImdb` folder, by the review's exact text.

    A file's name holds them: `test/neg/12_3.txt` is review 12 with three stars. A text that comes twice keeps the stars
    of the first file, in the order of part, label and number.
    Raises ReviewsError, in one line, where the folder holds no such file.
    """
    ratings: dict[str, int] = {}
    for half in ("train", "test"):
        for label in ("neg", "pos"):
            found = {}
            for path in Path(folder, half, label).glob("*.txt"):
                if match := re.fullmatch(r"(\d+)_(\d+)", path.stem):
                    found[int(match[1])] = path, int(match[2])
            for number in sorted(found):
                path, stars = found[number]
                ratings.setdefault(path.read_text(encoding="utf-8"), stars)
    if not ratings:
        raise ReviewsError(f"folder is {str(folder)!r}, which holds no review like test/neg/12_3.txt; name an aclImdb")
    return ratings


def checked_scores(scores: pd.DataFrame, models: Sequence[str], labels: np.ndarray) -> pd.DataFrame:
    """Return the columns `models` of page 33's table of test scores, once its rows are known to be these reviews.

    Raises ParameterError, in one line, where a column is missing or the labels are not those of the reviews.
    """
    missing = [name for name in ("label", *models) if name not in scores]
    if missing:
        raise ParameterError(f"the test scores of page 33 lack {', '.join(missing)}; run: gru-book execute 33_imdb_gru")
    if not np.array_equal(scores["label"], labels):
        raise ParameterError(
            f"the {len(scores):,} test scores of page 33 are not of the {len(labels):,} test reviews loaded here; "
            'use source = "package" and the published scores'
        )
    return scores[list(models)]


def difference_interval(first: np.ndarray, second: np.ndarray, level: float = 0.95) -> tuple[float, float, float]:
    """Return accuracy of the first minus that of the second on the same texts, in points: difference, low, high.

    first, second: bool arrays (texts,), whether each is right. The interval is that of Agresti and Min (2005) for
    matched proportions: half a text is added to each of the four cells, which keeps it honest in small slices.
    """
    pair, n = mcnemar(first, second), len(first)
    if not n:
        raise ValueError("first and second are empty; expected at least one text")
    b, c, more = pair.only_first + 0.5, pair.only_second + 0.5, n + 2
    middle = (b - c) / more
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(((b + c) / more - middle**2) / more)
    points = 100 * (pair.only_first - pair.only_second) / n
    return points, float(100 * (middle - half)), float(100 * (middle + half))


def lead_inside(first: np.ndarray, second: np.ndarray, rows: np.ndarray) -> tuple[float, float, float, float]:
    """Return by how many points the first's lead over the second is larger inside of `rows` than outside of them.

    first, second: bool arrays (texts,), whether each is right; rows: bool array (texts,), with at least two texts on
    either side. Returns the difference of the two leads with its 95% interval and the p value of its being zero
    (Welch's t): points, low, high, p.
    """
    lead = 100.0 * (np.asarray(first, float) - np.asarray(second, float))
    rows = np.asarray(rows, bool)
    if min(rows.sum(), (~rows).sum()) < 2:
        raise ValueError(f"rows hold {rows.sum()} of {len(rows)} texts; expected at least two inside and two outside")
    if not (lead[rows].std() or lead[~rows].std()):
        points = float(lead[rows].mean() - lead[~rows].mean())
        return points, points, points, float(points == 0)
    test = stats.ttest_ind(lead[rows], lead[~rows], equal_var=False)
    low, high = test.confidence_interval(0.95)
    return float(lead[rows].mean() - lead[~rows].mean()), float(low), float(high), float(test.pvalue)


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Return the p values of Holm (1979), corrected for their number: below 0.05 they hold together at 5%.

    The smallest of m is multiplied by m, the next by m − 1, and so on; none ends below the one before it, or above 1.
    """
    p_values = np.asarray(p_values, float)
    order = np.argsort(p_values, kind="stable")
    times = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(times * p_values[order]), 1.0)
    return corrected


def compare_slices(first: np.ndarray, second: np.ndarray, slices: Mapping[tuple[str, str], np.ndarray]) -> pd.DataFrame:
    """Return both accuracies in each slice, their paired difference, and McNemar's p, corrected for all slices by Holm.

    first, second: bool arrays (texts,), whether each is right. slices: bool arrays (texts,) by (group, name); empty
    ones are left out. Columns: texts; first, low, high (Wilson) and second, shares of 1; points, points_low,
    points_high; only_first, only_second; p, p_holm.
    """
    import pandas as pd

    rows, kept = [], []
    for name, inside in slices.items():
        if not np.any(inside):
            continue
        one, other = np.asarray(first)[inside], np.asarray(second)[inside]
        share, low, high = accuracy_interval(one)
        pair = mcnemar(one, other)
        rows.append((len(one), share, low, high, other.mean(), *difference_interval(one, other), *pair))
        kept.append(name)
    columns = ["texts", "first", "low", "high", "second", "points", "points_low", "points_high"]
    columns += ["only_first", "only_second", "p"]
    table = pd.DataFrame(rows, columns=columns, index=pd.MultiIndex.from_tuples(kept, names=["group", "slice"]))
    return table.assign(p_holm=holm(table["p"]))


def halves(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the row numbers of two random halves, in ascending order, each label halved by itself."""
    labels, first = np.asarray(labels), []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        first.extend(rng.permutation(rows)[: len(rows) // 2])
    first = np.sort(np.array(first, int))
    return first, np.setdiff1d(np.arange(len(labels)), first)


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


# Without the script the table is a plain one. With it every heading becomes a button that sorts, and says so.
_SORT = """<script>
document.querySelectorAll("table.sortable:not([data-ready])").forEach((table) => {
  table.dataset.ready = "";
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  const value = (row, column) => row.cells[column].textContent.trim();
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.style.cssText = "all: unset; cursor: pointer; text-decoration: underline dotted; outline: revert;";
    button.onclick = () => {
      const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
      const compare = (a, b) => (isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b);
      [...body.rows].sort((a, b) => down * compare(value(a, column), value(b, column))).forEach((r) => body.append(r));
    };
    head.replaceChildren(button);
  });
});
</script>"""


def sortable_table(frame: pd.DataFrame, caption: str) -> str:
    """Return a table as HTML with a caption, whose headings sort it where scripts run; its index is the first column.

    Everything in it is shown as text: what looks like a tag in a cell stays text.
    """
    wide = {name for name in frame if frame[name].astype(str).str.len().max() > 20}  # sentences: to the left, with room
    left = ' style="text-align: left; min-width: 14rem"'

    def cells(tag: str, values: Sequence) -> str:
        shown = zip(frame.columns, values, strict=True)
        return "".join(f"<{tag}{left * (name in wide)}>{html.escape(str(v))}</{tag[:2]}>" for name, v in shown)

    heads = f'<th scope="col">{html.escape(str(frame.index.name))}</th>' + cells('th scope="col"', frame.columns)
    rows = [
        f'<tr><th scope="row">{html.escape(str(index))}</th>{cells("td", values)}</tr>'
        for index, *values in frame.itertuples()
    ]
    body = "\n".join(rows)
    return (
        f'<table class="dataframe sortable">\n<caption>{html.escape(caption)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n{_SORT}"
    )
