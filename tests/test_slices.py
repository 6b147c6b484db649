"""Slices of the test part, many comparisons at once, star ratings, and how well probabilities fit frequencies."""

import re
from itertools import pairwise

import matplotlib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gru_book.data.ratings import star_ratings
from gru_book.errors import ParameterError, ReviewsError
from gru_book.evaluation import calibration, slices
from gru_book.evaluation.metrics import log_loss
from gru_book.evaluation.paired import difference_interval, holm, lead_inside
from gru_book.notebook.tables import sortable_table
from gru_book.plotting import errors as plotting_errors

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


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


def test_star_ratings_come_from_the_names_of_the_files(tmp_path):
    for name, text in (
        ("test/pos/0_9.txt", "A joy."),
        ("test/neg/10_3.txt", "Dull<br />and long."),
        ("train/neg/2_1.txt", "Awful."),
        ("train/neg/11_4.txt", "Awful."),
        ("train/neg/notes.txt", "no review"),
        ("train/unsup/0_0.txt", "not labelled"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert star_ratings(tmp_path) == {"A joy.": 9, "Dull<br />and long.": 3, "Awful.": 1}
    with pytest.raises(ReviewsError, match="holds no review like"):
        star_ratings(tmp_path / "test")


def test_scores_of_other_reviews_are_refused_in_one_line():
    scores = pd.DataFrame({"label": [0, 1], "best": [0.1, 0.9], "other": [0, 0]})
    assert list(slices.checked_scores(scores, ["best"], np.array([0, 1]))) == ["best"]
    with pytest.raises(ParameterError, match="lack nbsvm; run: gru-book execute 33_imdb_gru"):
        slices.checked_scores(scores, ["best", "nbsvm"], np.array([0, 1]))
    for labels in ([1, 0], [0, 1, 1]):
        with pytest.raises(ParameterError, match="are not of the") as error:
            slices.checked_scores(scores, ["best"], np.array(labels))
        assert "\n" not in str(error.value)


def test_the_interval_of_a_difference_covers_as_often_as_it_says(rng):
    both = np.array([0.75, 0.10, 0.05, 0.10])  # both right, only the first, only the second, neither
    covered = 0
    for cells in rng.multinomial(80, both, size=600):
        outcome = np.repeat([3, 1, 2, 0], cells)
        points, low, high = difference_interval((outcome & 1) > 0, (outcome & 2) > 0)
        assert points == pytest.approx(100 * (cells[1] - cells[2]) / 80)
        covered += low <= 5 <= high
    assert 0.93 < covered / 600 < 0.985


def test_the_interval_of_equal_answers_is_no_point():
    right = np.ones(10, bool)
    points, low, high = difference_interval(right, right)
    assert points == 0
    assert low < 0 < high
    with pytest.raises(ValueError, match="at least one text"):
        difference_interval(right[:0], right[:0])


def test_a_lead_that_is_inside_only_is_found(rng):
    rows = np.arange(4000) < 1500
    second = rng.random(4000) < 0.8
    first = second | (rows & (rng.random(4000) < 0.5))
    points, low, high, p = lead_inside(first, second, rows)
    assert low < points < high
    assert abs(points - 10) < 4
    assert p < 1e-6
    assert lead_inside(second, second, rows) == (0, 0, 0, 1)
    with pytest.raises(ValueError, match="at least two inside"):
        lead_inside(first, second, np.ones(4000, bool))


def test_holm_by_hand_and_against_scipy(rng):
    assert holm([0.01, 0.04, 0.03]).round(6).tolist() == [0.03, 0.06, 0.06]
    assert holm([0.6, 0.7]).tolist() == [1, 1]
    assert holm([]).tolist() == []
    null = rng.random((4000, 10))
    assert abs(np.mean([holm(row).min() < 0.05 for row in null]) - 0.05) < 0.012


def test_slices_are_compared_by_the_tests_of_the_book(rng):
    first, second = rng.random(300) < 0.9, rng.random(300) < 0.8
    of = {
        ("length", "short"): np.arange(300) < 100,
        ("length", "long"): np.arange(300) >= 100,
        ("x", "empty"): first & ~first,
    }
    table = slices.compare_slices(first, second, of)
    assert table.index.tolist() == [("length", "short"), ("length", "long")]
    assert table["texts"].tolist() == [100, 200]
    assert table["points"].tolist() == pytest.approx(
        [100 * (first[r].mean() - second[r].mean()) for r in of.values() if r.any()]
    )
    assert (table["points_low"] < table["points"]).all()
    assert (table["p_holm"] >= table["p"]).all()
    row = table.iloc[0]
    assert row["p"] == stats.binomtest(int(row["only_first"]), int(row["only_first"] + row["only_second"])).pvalue


def test_halves_halve_each_label(rng):
    labels = np.array([0] * 11 + [1] * 20)
    first, second = slices.halves(labels, rng)
    assert sorted([*first, *second]) == list(range(31))
    assert (labels[first] == 0).sum() == 5
    assert (labels[first] == 1).sum() == 10


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


def test_a_sortable_table_shows_text_as_text():
    frame = pd.DataFrame({"P": ["0.9"], "end": ["<b>&"]}, index=pd.Index([7], name="review"))
    page = sortable_table(frame, "Errors")
    assert "<caption>Errors</caption>" in page
    assert "&lt;b&gt;&amp;" in page
    assert re.findall(r'scope="(\w+)"', page) == ["col"] * 3 + ["row"]


def test_a_perfect_model_has_next_to_no_calibration_error(rng):
    probability = rng.random(40_000)
    labels = (rng.random(40_000) < probability).astype(int)
    perfect = calibration.calibration_error(labels, probability)
    assert perfect < 0.01
    assert perfect == pytest.approx(calibration.error_of_perfect(probability, 20, rng), abs=0.004)
    assert calibration.calibration_error(labels, np.full(40_000, 0.8)) == pytest.approx(0.3, abs=0.01)
    table = calibration.reliability(labels, probability)
    assert table["texts"].sum() == 40_000
    assert np.abs(table["predicted"] - table["positive"]).max() < 0.03


def test_the_calibration_error_is_that_of_the_table(rng):
    probability, labels = rng.random(500).round(2), rng.integers(0, 2, 500)
    table = calibration.reliability(labels, probability)
    by_table = (table["texts"] * (table["predicted"] - table["positive"]).abs()).sum() / 500
    assert calibration.calibration_error(labels, probability) == pytest.approx(by_table)
    assert calibration.reliability(np.array([1]), np.array([1.0])).index.tolist() == [9]


@pytest.mark.parametrize("value", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_applied_is_found(rng, value):
    truth = rng.random(60_000) * 0.96 + 0.02
    labels = (rng.random(60_000) < truth).astype(int)
    distorted = calibration.with_temperature(truth, 1 / value)
    assert calibration.temperature(labels, distorted) == pytest.approx(value, rel=0.05)
    better = calibration.with_temperature(distorted, calibration.temperature(labels, distorted))
    assert log_loss(labels, better) <= log_loss(labels, distorted) + 1e-9
    assert ((better > 0.5) == (distorted > 0.5)).all()


def test_the_figures_take_and_return_an_axis(rng):
    first, second = rng.random(60) < 0.9, rng.random(60) < 0.5
    of = {("a", "x"): np.arange(60) < 30, ("b", "y"): np.arange(60) >= 30}
    _, ax = plt.subplots()
    assert plotting_errors.plot_slices(ax, slices.compare_slices(first, second, of), 1.0) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a: x", "b: y"]
    _, ax = plt.subplots()
    assert plotting_errors.plot_reliability(ax, calibration.reliability(first, rng.random(60)), "best") is ax
    rows = pd.DataFrame([("whole", "GRU", 0.9, 0.8, 0.95)], columns=["kind", "model", "accuracy", "low", "high"])
    _, ax = plt.subplots()
    assert plotting_errors.plot_shift(ax, rows) is ax
    plt.close("all")
