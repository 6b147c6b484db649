"""Intervals against formulas that are known otherwise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn_metrics

from gru_book.analysis.attribution import agreement
from gru_book.evaluation.intervals import (
    Blocks,
    accuracy_interval,
    block_interval,
    bootstrap,
    mean_interval,
    proportion_interval,
    spread,
)
from gru_book.evaluation.metrics import log_loss


def difference_of_means(one, other, axis=-1):
    return np.mean(one, axis=axis) - np.mean(other, axis=axis)


def rng(seed=1):
    return np.random.default_rng(seed)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_between_0_and_1(counts):
    count, total = counts
    share, low, high = proportion_interval(count, total)
    assert share == count / total
    assert -1e-12 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1 + 1e-12


def test_the_interval_is_wilsons():
    z, p, n = 1.959964, 0.8, 100  # Wilson 1927
    middle, half = (p + z**2 / (2 * n)), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    expected = [(middle + sign * half) / (1 + z**2 / n) for sign in (-1, 1)]
    assert proportion_interval(80, 100) == pytest.approx((0.8, *expected), abs=1e-6)


def test_the_bootstrap_of_a_mean_is_about_students():
    values = rng(0).standard_normal(200)
    mean, low, high = bootstrap(np.mean, values, rng=rng())
    exact = stats.t.interval(0.95, 199, values.mean(), stats.sem(values))
    assert mean == pytest.approx(values.mean())
    np.testing.assert_allclose([low, high], exact, atol=0.02)


def test_the_bootstrap_of_a_difference_is_about_the_normal_one():
    one, other = rng(2).normal(1, 1, 300), rng(3).normal(0, 2, 200)
    mean, low, high = bootstrap(difference_of_means, one, other, rng=rng())
    error = np.sqrt(one.var(ddof=1) / 300 + other.var(ddof=1) / 200)
    assert mean == pytest.approx(one.mean() - other.mean())
    np.testing.assert_allclose([low, high], [mean - 1.96 * error, mean + 1.96 * error], atol=0.04)


def test_pairs_are_drawn_together():
    pairs = rng(2).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 300).T
    value, low, high = bootstrap(agreement, *pairs, rng=rng(), paired=True)
    assert value == agreement(*pairs)
    width = 1.96 * np.sqrt((1 + value**2 / 2) / 297)  # Fisher's transform, Bonett and Wright's error
    np.testing.assert_allclose([low, high], np.tanh([np.arctanh(value) - width, np.arctanh(value) + width]), atol=0.03)
    apart = bootstrap(agreement, *pairs, rng=rng())
    assert apart[2] < 0.3  # drawn each by itself, nothing of the link is left


def test_the_basic_interval_reflects_the_percentile_one():
    values = rng(0).exponential(size=50)
    mean, low, high = bootstrap(np.mean, values, rng=rng())
    _, basic_low, basic_high = bootstrap(np.mean, values, rng=rng(), method="basic")
    assert (basic_low, basic_high) == pytest.approx((2 * mean - high, 2 * mean - low))


def test_the_same_seed_draws_the_same_rows_for_every_statistic():
    rows = np.arange(40)
    first = bootstrap(lambda drawn: float(drawn.sum()), rows, rng=rng(5), draws=30)
    twice = bootstrap(lambda drawn: 2 * float(drawn.sum()), rows, rng=rng(5), draws=30)
    assert twice == pytest.approx(tuple(2 * number for number in first))


def test_of_one_thing_the_interval_is_that_thing_and_of_none_an_error():
    assert bootstrap(np.mean, [3.0], rng=rng()) == (3.0, 3.0, 3.0)
    with pytest.raises(ValueError, match=r"a sample has shape \(0,\)"):
        bootstrap(difference_of_means, [1.0], [], rng=rng())


def test_the_log_loss_is_scikit_learns_and_finite_where_one_was_sure_and_wrong():
    labels, probability = rng(0).integers(0, 2, 100), rng(1).random(100)
    assert log_loss(labels, probability) == pytest.approx(sklearn_metrics.log_loss(labels, probability))
    assert log_loss([1, 1], np.array([0.0, 1.0], "float32")) == pytest.approx(-np.log(1e-7) / 2, rel=1e-6)


def test_the_interval_of_an_accuracy_counts_right_answers():
    share, low, high = accuracy_interval(np.array([True] * 90 + [False] * 10))
    assert (share, round(low, 4), round(high, 4)) == (0.9, 0.8256, 0.9448)  # Wilson's interval, by hand
    with pytest.raises(ValueError, match="expected"):
        accuracy_interval([])


def test_the_interval_of_a_mean_is_students():
    mean, low, high = mean_interval([1.0, 2.0, 3.0])
    assert mean == 2
    assert (low, high) == pytest.approx((2 - 4.302653 / np.sqrt(3), 2 + 4.302653 / np.sqrt(3)), abs=1e-5)
    for bad in ([], [1.0]):
        with pytest.raises(ValueError, match="expected"):
            mean_interval(bad)


def test_blocks_of_independent_values_have_about_the_interval_of_single_ones():
    right, labels = rng().random(4000) < 0.9, np.arange(4000) % 2
    mean, low, high = block_interval(right, labels, rng())
    assert mean == pytest.approx(right.mean())
    assert high - low == pytest.approx(np.ptp(accuracy_interval(right)[1:]), rel=0.25)


def test_neighbours_that_are_alike_widen_the_interval_as_fewer_texts_would():
    films = np.repeat(rng().random(100) < 0.9, 40)  # all answers on a film are right, or none
    _, low, high = block_interval(films, np.zeros(4000), rng())
    assert high - low == pytest.approx(np.ptp(accuracy_interval(films[::40])[1:]), rel=0.25)
    labels = np.tile([0, 1], 4000)  # the order that counts is that within a label
    both = np.ptp(block_interval(np.repeat(films, 2), labels, rng())[1:])
    assert both == pytest.approx((high - low) / 2**0.5, rel=0.25)


def test_one_block_has_no_interval_and_an_empty_list_no_mean():
    assert block_interval([1, 0, 1, 1], [1, 1, 1, 1], rng()) == (0.75, 0.75, 0.75)
    with pytest.raises(ValueError, match="at least one text"):
        block_interval([], [], rng())
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(3,\)"):
        block_interval([1, 0], [1, 0, 1], rng())


def test_neighbours_of_one_label_share_a_block():
    blocks = Blocks.resample([0, 1, 0, 0, 1], rng(), draws=5, size=2)
    assert blocks.number.tolist() == [0, 2, 0, 1, 2]
    assert blocks.counts.shape == (5, 3)
    assert (blocks.counts[:, :2].sum(axis=1) == 2).all()  # those of label 0
    assert (blocks.counts[:, 2] == 1).all()
    with pytest.raises(ValueError, match="at least one text"):
        Blocks.resample([], rng())


def test_the_mean_of_a_part_is_of_its_texts_only():
    labels, part = np.zeros(400), np.arange(400) % 3 == 0
    blocks = Blocks.resample(labels, rng(), draws=50)
    assert blocks.interval(part * 2.0, part) == (2, 2, 2)
    assert blocks.means(np.arange(400), part) == pytest.approx(
        blocks.sums(np.arange(400) * part) / blocks.sums(part * 1)
    )
    few = Blocks.resample(labels, rng(), draws=50).means(np.ones(400), np.arange(400) < 1)
    assert np.isnan(few).any()
    assert spread(few) == (1, 1)


def test_seeds_widen_the_interval():
    labels = np.zeros(2000)
    blocks = Blocks.resample(labels, rng())
    easy = rng().random(2000) < 0.8
    same = blocks.interval(np.stack([easy, easy, easy]))
    assert same == pytest.approx(blocks.interval(easy))
    shares = np.array([0.7, 0.8, 0.9])
    apart = np.stack([np.arange(2000) % 10 < 10 * share for share in shares])
    mean, low, high = blocks.interval(apart)
    assert (mean, low, high) == pytest.approx(mean_interval(shares), abs=0.005)
