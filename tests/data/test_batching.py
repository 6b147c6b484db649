"""Batches of similar length: every sequence once, in the order of the seed, and as Keras pads."""

import keras
import numpy as np
import pytest

from gru_book.data.batching import LengthBatches, batches_by_length, padded
from gru_book.data.tokens import FIRST
from gru_book.studies import padding as study


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    sequences = [rng.integers(1, 50, rng.integers(1, 90)).tolist() for _ in range(103)]
    return sequences, np.arange(103)  # the label tells which sequence a row is


def epoch(batches):
    return [batches[number] for number in range(len(batches))]


@pytest.mark.parametrize("options", [{}, {"by_length": False}, {"multiple": 16}, {"padding": "pre"}, {"maxlen": 500}])
def test_every_sequence_comes_once_an_epoch_and_whole(data, options):
    sequences, labels = data
    batches = LengthBatches(sequences, labels, 10, **options)
    for _ in range(3):
        seen = {}
        for x, y in epoch(batches):
            assert (x.dtype, y.dtype, len(x)) == (np.int32, np.float32, len(y))
            for line, label in zip(x, y, strict=True):
                assert label not in seen
                seen[label] = line[line > 0].tolist()
                pads = (
                    line[: len(line) - len(seen[label])]
                    if options.get("padding") == "pre"
                    else line[len(seen[label]) :]
                )
                assert not pads.any()
        assert [seen[number] for number in labels] == sequences
        batches.on_epoch_end()


def test_the_order_is_that_of_the_seed_and_changes_every_epoch(data):
    def orders(seed):
        batches = LengthBatches(*data, 10, multiple=16, seed=seed)
        for _ in range(2):
            yield [y.tolist() for _, y in epoch(batches)]
            batches.on_epoch_end()

    first, again, other = list(orders(3)), list(orders(3)), list(orders(4))
    assert first == again
    assert first[0] != first[1]
    assert first[0] != other[0]
    assert {tuple(sorted(y)) for y in first[0]} != {tuple(sorted(y)) for y in first[1]}  # other company, too


def test_a_batch_is_as_long_as_its_longest_and_lengths_are_similar(data):
    sequences, labels = data
    for x, y in epoch(LengthBatches(sequences, labels, 10)):
        lengths = [len(sequences[int(label)]) for label in y]
        assert x.shape[1] == max(lengths)
        assert max(lengths) - min(lengths) < 30
    rounded = LengthBatches(sequences, labels, 10, multiple=16, maxlen=40)
    assert {steps for _, steps in rounded.shapes()} <= {16, 32, 40}
    assert {x.shape for x, _ in epoch(rounded)} == set(rounded.shapes())
    usual = LengthBatches(sequences, labels, 10, by_length=False, maxlen=40)
    assert {steps for _, steps in usual.shapes()} == {40}


@pytest.mark.parametrize("seed", range(8))
def test_the_first_two_batches_differ_in_length_as_keras_needs(seed):
    batches = LengthBatches([[1] * n for n in [4] * 40 + [9] * 2], [0] * 42, 2, seed=seed)
    assert {x.shape[1] for x, _ in epoch(batches)[:2]} == {4, 9}
    assert sorted(x.shape[1] for x, _ in epoch(batches)) == [4] * 20 + [9]


def test_padding_is_counted(data):
    for options in ({}, {"by_length": False}, {"multiple": 16, "maxlen": 40}):
        batches = LengthBatches(*data, 10, **options)
        ids = np.concatenate([x.ravel() for x, _ in epoch(batches)])
        assert batches.padding_share() == pytest.approx(np.mean(ids == 0))


def test_truncation_keeps_the_end_that_was_asked_for_as_keras_does():
    sequences = [[1, 2, 3, 4, 5], [6]]
    for truncating in ("pre", "post"):
        for padding in ("pre", "post"):
            options = {"maxlen": 3, "padding": padding, "truncating": truncating}
            (x, y), *rest = epoch(LengthBatches(sequences, [0, 1], 2, by_length=False, **options))
            assert not rest
            expected = keras.utils.pad_sequences(sequences, **options)
            assert np.array_equal(x[np.argsort(y)], expected)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"multiple": True}, "multiple is True"),
        ({"maxlen": 0}, "maxlen is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"padding": "front"}, "padding is 'front'"),
        ({"truncating": None}, "truncating is None"),
        ({"labels": [1]}, "labels of shape"),
        ({"labels": [], "sequences": []}, "at least one sequence"),
        ({"sequences": [[1], []]}, "sequence 1 has shape"),
        ({"sequences": [[1], [2, 0]]}, "0 is padding"),
        ({"sequences": [[1.5], [2]]}, "sequence 0"),
        ({"sequences": ["ab", "c"]}, "sequence 0"),
    ],
)
def test_bad_arguments_are_named(changed, words):
    given = {"sequences": [[1], [2]], "labels": [0, 1]} | changed
    with pytest.raises(ValueError, match=words):
        LengthBatches(**given)


def test_keras_trains_on_them_epoch_by_epoch_and_again_alike():
    rng = np.random.default_rng(0)
    sequences = [rng.integers(1, 20, n).tolist() for n in [5] * 20 + [7] * 6 + [12] * 4]
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        model = study.network(True, 20, 2, 2, jit_compile=False)
        batches = LengthBatches(sequences, np.arange(30) % 2, 8)
        model.fit(batches, epochs=2, shuffle=False, verbose=0)
        assert batches.epoch >= 1
        runs.append(model.get_weights())
    for one, other in zip(*runs, strict=True):
        assert np.array_equal(one, other)


def test_batches_hold_every_text_once_and_little_padding():
    rng = np.random.default_rng(0)
    encoded = [np.full((length, 1), FIRST, np.int32) for length in rng.integers(1, 60, 50)]
    batches = batches_by_length(encoded, 8, 5, np.random.default_rng(1))
    assert sorted(np.concatenate(batches).tolist()) == list(range(50))
    blocks = [padded([encoded[row] for row in rows], 5) for rows in batches]
    assert all(block.shape[1] % 5 == 0 for block in blocks)
    assert sum(block.size for block in blocks) < 1.4 * sum(map(len, encoded))
    again = batches_by_length(encoded, 8, 5, np.random.default_rng(1))
    assert all(np.array_equal(a, b) for a, b in zip(batches, again, strict=True))
