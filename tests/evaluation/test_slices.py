"""Slices of the test part: what stands in a text, parts, pieces, scores of other reviews."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gru_book.errors import ParameterError
from gru_book.evaluation import slices
from gru_book.evaluation.intervals import Blocks


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_what_stands_in_a_text():
    texts = [
        "I don't like it, but nothing is WITHOUT hope.",
        "Good. " * 8 + "However dull",
        "",
        "Odd, though: fine <br />film " * 4,
    ]
    found = slices.describe(texts, {"i", "like", "it", "good", "dull"})
    assert found["words"].tolist() == [9, 10, 0, 16]
    assert found["negations"].tolist() == [3, 0, 0, 0]
    assert found["contrasts"].tolist() == [1, 1, 0, 4]
    assert found["late"].tolist() == [False, True, False, True]
    assert found["unknown"].round(3).tolist() == [round(6 / 9, 3), 0.1, 0.0, 1.0]


def test_a_contrast_is_late_in_the_last_fifth_only():
    before, after = ["word"] * 8, ["word"]
    assert slices.describe([" ".join([*before, "but", *after])], [])["late"].all()
    assert not slices.describe([" ".join([*before[:7], "but", *after, *after])], [])["late"].any()


def test_parts_are_equal_and_ordered_and_keep_equal_values_together(rng):
    values = rng.permutation(100)
    parts = slices.parts_of(values, ["a", "b", "c", "d"])
    assert [int(part.sum()) for part in parts.values()] == [25] * 4
    assert all(values[one].max() < values[other].min() for one, other in pairwise(parts.values()))
    tied = slices.parts_of([0, 0, 0, 0, 0, 0, 1, 2], ["low", "middle", "high"])
    assert sum(part.astype(int) for part in tied.values()).tolist() == [1] * 8
    assert tied["low"].tolist() == [True] * 6 + [False] * 2


def test_scores_of_other_reviews_are_refused_in_one_line():
    scores = pd.DataFrame({"label": [0, 1], "best": [0.1, 0.9], "other": [0, 0]})
    assert list(slices.checked_scores(scores, ["best"], np.array([0, 1]))) == ["best"]
    with pytest.raises(ParameterError, match="lack nbsvm; run: gru-book execute 34_better"):
        slices.checked_scores(scores, ["best", "nbsvm"], np.array([0, 1]))
    for labels in ([1, 0], [0, 1, 1]):
        with pytest.raises(ParameterError, match="are not of the") as error:
            slices.checked_scores(scores, ["best"], np.array(labels))
        assert "\n" not in str(error.value)


def test_slices_are_compared_with_intervals_of_blocks(rng):
    first, second = rng.random(3000) < 0.9, rng.random(3000) < 0.8
    of = {
        ("length", "short"): np.arange(3000) % 3 == 0,
        ("length", "long"): np.arange(3000) % 3 > 0,
        ("x", "empty"): first & ~first,
    }
    blocks = Blocks.resample(np.zeros(3000), rng)
    table = slices.compare_slices(first, second, of, blocks)
    assert table.index.tolist() == [("length", "short"), ("length", "long")]
    assert table["texts"].tolist() == [1000, 2000]
    inside = of["length", "short"]
    row = table.iloc[0]
    assert row["first"] == pytest.approx(100 * (~first[inside]).mean())
    assert row["points"] == pytest.approx(row["second"] - row["first"])
    assert row["first_low"] < row["first"] < row["first_high"]
    lead = 100 * (first[inside] * 1.0 - second[inside])
    wide = stats.norm.ppf(1 - 0.025 / 2) * stats.sem(lead)  # two slices
    assert (row["points_low"], row["points_high"]) == pytest.approx((lead.mean() - wide, lead.mean() + wide), abs=0.7)


def test_pieces_are_runs_of_the_text(rng):
    text = "One two, three<br />four five."
    for _ in range(20):
        (piece,) = slices.pieces([text], 2, rng)
        assert piece in "One two, three four five."
        assert len(piece.split()) == 2
    assert slices.pieces([text, ""], 9, rng) == ["One two, three four five.", ""]
    starts = {slices.pieces([text], 4, rng)[0].split()[0] for _ in range(40)}
    assert starts == {"One", "two,"}


def test_the_tail_of_a_text():
    assert slices.tail("a b<br />c d", 2) == "… c d"
    assert slices.tail("a b", 2) == "a b"
