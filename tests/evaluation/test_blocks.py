"""Resamples of blocks, against the intervals of single texts and of Student."""

import numpy as np
import pytest

from gru_book.evaluation.blocks import Blocks, spread
from gru_book.evaluation.intervals import block_interval, mean_interval


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_neighbours_of_one_label_share_a_block(rng):
    blocks = Blocks.resample([0, 1, 0, 0, 1], rng, draws=5, size=2)
    assert blocks.number.tolist() == [0, 2, 0, 1, 2]
    assert blocks.counts.shape == (5, 3)
    assert (blocks.counts[:, :2].sum(axis=1) == 2).all()  # those of label 0
    assert (blocks.counts[:, 2] == 1).all()
    with pytest.raises(ValueError, match="at least one text"):
        Blocks.resample([], rng)


def test_the_interval_of_a_mean_is_that_of_block_interval(rng):
    right, labels = rng.random(4000) < np.repeat(rng.random(100), 40), np.repeat([0, 1], 2000)
    mean, low, high = Blocks.resample(labels, rng).interval(right)
    assert (mean, low, high) == pytest.approx(block_interval(right, labels, rng), abs=0.01)


def test_the_mean_of_a_part_is_of_its_texts_only(rng):
    labels, part = np.zeros(400), np.arange(400) % 3 == 0
    blocks = Blocks.resample(labels, rng, draws=50)
    assert blocks.interval(part * 2.0, part) == (2, 2, 2)
    assert blocks.means(np.arange(400), part) == pytest.approx(
        blocks.sums(np.arange(400) * part) / blocks.sums(part * 1)
    )
    few = Blocks.resample(labels, rng, draws=50).means(np.ones(400), np.arange(400) < 1)
    assert np.isnan(few).any()
    assert spread(few) == (1, 1)


def test_seeds_widen_the_interval(rng):
    labels = np.zeros(2000)
    blocks = Blocks.resample(labels, rng)
    easy = rng.random(2000) < 0.8
    same = blocks.interval(np.stack([easy, easy, easy]))
    assert same == pytest.approx(blocks.interval(easy))
    shares = np.array([0.7, 0.8, 0.9])
    apart = np.stack([np.arange(2000) % 10 < 10 * share for share in shares])
    mean, low, high = blocks.interval(apart)
    assert (mean, low, high) == pytest.approx(mean_interval(shares), abs=0.005)
