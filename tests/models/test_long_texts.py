"""Texts of very different length side by side: each costs about what it costs alone."""

import numpy as np
import pytest

from gru_book import recipes
from gru_book.data import batching
from gru_book.data.batching import MOST_PADDED, MOST_STEPS, batches_by_length, padded
from gru_book.models import gru_classifier, original

TEXTS, LABELS = ["good, a joy", "dull and bad"] * 10, [1, 0] * 10


def of_lengths(*lengths):
    return [np.full((length, 1), 3, np.int32) for length in lengths]


def steps(encoded, batch_size, multiple):
    """Return the steps, padding included, of each batch."""
    batches = batches_by_length(encoded, batch_size, multiple)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(encoded)))  # every text once
    return [padded([encoded[row] for row in rows], multiple).shape[:2] for rows in batches]


LENGTHS = {
    "one long": [51_000] + [12] * 99,
    "one long beside a few": [51_000] + [12] * 9,
    "two long": [51_000, 40_000] + [12] * 98,
    "all long": [51_000] * 50,
    "each twice the last": [2**n for n in range(16)],
    "one short": [1] + [9_000] * 99,
    "empty and long": [1] * 99 + [51_000],
}


@pytest.mark.parametrize("name", LENGTHS)
@pytest.mark.parametrize("multiple", [1, 25, 50])
def test_a_batch_is_bounded_by_steps_not_by_texts_alone(name, multiple):
    lengths = LENGTHS[name]
    rounded = -(-np.array(lengths) // multiple) * multiple
    batches = steps(of_lengths(*lengths), 256, multiple)
    for texts, length in batches:
        assert texts == 1 or texts * length <= MOST_STEPS
    assert sum(texts * length for texts, length in batches) <= MOST_PADDED * rounded.sum()
    assert len(batches) < 20


def test_texts_of_usual_lengths_come_in_full_batches():
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.lognormal(5.3, 0.6, 2_000), 10, 2_500).astype(int)  # as those of reviews
    sizes = [texts for texts, _ in steps(of_lengths(*lengths), 256, 25)]
    assert sizes == [256] * 7 + [2_000 - 7 * 256]


def test_batches_for_training_are_bounded_too_and_as_many_every_epoch():
    rng, encoded = np.random.default_rng(0), of_lengths(51_000, *[12] * 99)
    epochs = [batches_by_length(encoded, 64, 25, rng) for _ in range(3)]
    assert {len(batches) for batches in epochs} == {3}
    for batches in epochs:
        assert [0] in [rows.tolist() for rows in batches]
        assert sorted(np.concatenate(batches).tolist()) == list(range(100))


@pytest.mark.parametrize("name", ["fast", "web"])
def test_one_long_text_beside_99_short_ones_costs_as_much_as_alone(name, monkeypatch):
    model = recipes.fit(name, TEXTS, LABELS, settings={"units": 2, "embedding_dim": 2})
    long, short = "good, a joy " * 5_000, ["dull and bad"] * 99
    read = []

    def counted(encoded, multiple):
        batch = padded(encoded, multiple)
        read.append(batch.shape[0] * batch.shape[1])
        return batch

    monkeypatch.setattr("gru_book.models.keras_classifier.padded", counted)
    alone = model.predict_proba([long])
    of_one, together = sum(read), model.predict_proba([*short, long])
    assert sum(read) - of_one < 1.2 * of_one
    assert together[-1] == pytest.approx(alone[0], abs=1e-6)
    assert together[:99] == pytest.approx(model.predict_proba(short), abs=1e-6)


def test_the_original_with_long_texts_reads_fewer_at_once(monkeypatch):
    settings = {"units": 2, "embedding_dim": 2, "epochs": 1, "maxlen": 50}
    model = recipes.fit("original", TEXTS, LABELS, settings=settings)
    whole = model.predict_proba(TEXTS)
    shapes, encode = [], model.encode
    monkeypatch.setattr(model, "encode", lambda texts: shapes.append(len(texts)) or encode(texts))
    monkeypatch.setattr(original, "MOST_STEPS", 50 * 7)
    assert model.predict_proba(TEXTS) == pytest.approx(whole, abs=1e-6)
    assert shapes == [7, 7, 6]


def test_the_one_function_that_cuts_by_length_serves_both_kinds_of_batches(monkeypatch):
    called, cut = [], batching._cut_by_length
    monkeypatch.setattr(batching, "_cut_by_length", lambda *a, **k: called.append(1) or cut(*a, **k))
    batching.LengthBatches([[1], [2, 2]], [0, 1])
    batches_by_length(of_lengths(1, 2), 2, 1)
    assert len(called) == 2
    assert gru_classifier.train.__globals__["batches_by_length"] is batches_by_length
