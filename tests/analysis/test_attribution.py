"""Attributions: each against its definition worked out another way."""

import doctest

import numpy as np
import pytest
from scipy import stats

from gru_book.analysis import attribution
from gru_book.analysis.attribution import (
    agreement,
    gradient_input,
    integrated_gradients,
    occlusion,
    overlap,
    scores_without,
)
from gru_book.layers.gru import GRU
from gru_book.models.reader import Reader

IDS = np.array([1, 5, 7, 5, 2, 9, 3])


def test_the_examples_in_its_docstrings():
    assert doctest.testmod(attribution, extraglobs={"np": np}).failed == 0


def test_occlusion_is_the_score_of_the_shorter_text(reader, monkeypatch):
    by_hand = [reader.score(IDS) - reader.score(np.delete(IDS, step)) for step in range(len(IDS))]
    for block in (1, 3, 32):  # as many runs as steps, runs that begin within the text, one run
        monkeypatch.setattr(attribution, "BLOCK", block)
        np.testing.assert_allclose(occlusion(reader, IDS), by_hand, atol=1e-12)


def test_leaving_out_is_masking(reader):
    kept = np.ones((3, len(IDS)), bool)
    kept[1, [0, 3]] = False
    kept[2, 1:] = False
    by_hand = [reader.score(IDS[row]) for row in kept]
    np.testing.assert_allclose(scores_without(reader, IDS, kept), by_hand, atol=1e-12)


@pytest.mark.parametrize("convention", [{}, {"z_weighs": "old"}, {"reset_after": False}, {"c_h": np.full(4, 0.4)}])
def test_gradient_input_equals_central_differences(reader, convention):
    reader = Reader(reader.table, GRU(reader.cell.weights, **convention), reader.w, reader.b)
    x, step = reader.table[IDS], 1e-6
    slopes = [
        reader.score_of_vectors(x + step * line) - reader.score_of_vectors(x - step * line)
        for line in x * np.eye(len(IDS))[:, :, None]  # one step's vector, zero elsewhere
    ]
    np.testing.assert_allclose(gradient_input(reader, IDS), np.array(slopes) / (2 * step), atol=1e-7)


def test_integrated_gradients_add_up_to_the_difference(reader):
    parts = integrated_gradients(reader, IDS, num_points=64)
    zero = reader.score_of_vectors(np.zeros((len(IDS), 3)))
    assert parts.sum() == pytest.approx(reader.score(IDS) - zero, abs=1e-8)
    baseline = reader.table[2]
    parts = integrated_gradients(reader, IDS, num_points=64, baseline=baseline)
    start = reader.score_of_vectors(np.tile(baseline, (len(IDS), 1)))
    assert parts.sum() == pytest.approx(reader.score(IDS) - start, abs=1e-8)
    assert parts[4] == 0  # the step that is the baseline itself


def test_integrated_gradients_are_the_mean_gradient_on_the_way(reader, monkeypatch):
    x, places = reader.table[IDS], (np.arange(4000) + 0.5) / 4000
    by_hand = (attribution._gradients(reader, places[:, None, None] * x).mean(axis=0) * x).sum(axis=1)
    np.testing.assert_allclose(integrated_gradients(reader, IDS, 64), by_hand, atol=1e-6)
    monkeypatch.setattr(attribution, "MOST_STEPS", 20)  # points in several runs
    np.testing.assert_allclose(integrated_gradients(reader, IDS, 64), by_hand, atol=1e-6)


def test_where_the_network_is_linear_all_three_agree(reader):
    still = Reader(1e-4 * reader.table, reader.cell, reader.w, reader.b)  # no bias: the state stays near zero
    parts = gradient_input(still, IDS)
    np.testing.assert_allclose(integrated_gradients(still, IDS), parts, rtol=1e-3)
    # leaving a step out also shifts the others, so occlusion is only near: the order stays
    assert agreement(occlusion(still, IDS[-2:]), gradient_input(still, IDS[-2:])) == pytest.approx(1)


def test_agreement_is_spearmans_with_ties():
    rng = np.random.default_rng(3)
    for _ in range(20):
        one, other = rng.integers(0, 6, (2, 15))
        assert agreement(one, other) == pytest.approx(stats.spearmanr(one, other).statistic)
    assert agreement([1, 2, 3], [1, 2, 30]) == pytest.approx(1)
    assert agreement([1, 1, 1], [1, 2, 3]) == 0


def test_overlap_counts_what_both_put_on_top():
    assert overlap([5, 4, 3, 2], [5, 4, 0, 1], 2) == 1
    assert overlap([5, 4, 3, 2], [5, 0, 1, 4], 2) == 0.5
    assert overlap([1, 2], [2, 1], 5) == 1


@pytest.mark.parametrize("ids", [np.array([]), np.array([1, 0]), np.array([[1, 2]]), np.array([1.0])])
def test_texts_that_are_none_are_refused(reader, ids):
    for function in (occlusion, gradient_input, integrated_gradients):
        with pytest.raises(ValueError, match="expected one text of at least one id, no 0"):
            function(reader, ids)


def test_other_arguments_that_cannot_be_used_are_refused(reader):
    with pytest.raises(ValueError, match="num_points is 0"):
        integrated_gradients(reader, IDS, 0)
    with pytest.raises(ValueError, match="baseline has shape"):
        integrated_gradients(reader, IDS, baseline=np.zeros(2))
    with pytest.raises(ValueError, match="kept has shape"):
        scores_without(reader, IDS, np.ones((2, 3), bool))
