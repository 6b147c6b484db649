"""The recipe "best": one network that reads cross-fitted log-odds."""

import numpy as np
import pytest

from gru_book import recipes
from gru_book.data.batching import padded
from gru_book.models import keras_classifier
from gru_book.models.log_odds import LogOdds
from gru_book.models.log_odds_classifier import LogOddsBatches, LogOddsClassifier
from gru_book.models.log_odds_network import Votes, log_odds_network, trained_part

SMALL = {"units": 4, "embedding_dim": 4, "window": 5, "learning_rate": 0.01, "bidirectional": False}


@pytest.fixture(autouse=True)
def _few_updates(monkeypatch):
    monkeypatch.setattr(keras_classifier, "FEWEST_UPDATES", 60)


def test_votes_are_sums_over_the_steps_of_a_text():
    odds = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    odds[1, 3:] = 0
    ids = np.array([[1, 3, 4, 5, 6], [1, 3, 4, 0, 0]])
    expected = [0.2 * odds[0].sum(0) / np.sqrt(5), 0.2 * odds[1, :3].sum(0) / np.sqrt(3)]
    np.testing.assert_allclose(Votes()(odds, ids), expected, rtol=1e-5)


@pytest.mark.parametrize("changes", [{}, {"channels": 0.0}, {"votes": False}, {"pooling": "max", "window": 0}])
def test_the_trained_part_is_the_network_with_its_log_odds_from_outside(changes):
    model = log_odds_network([9, 7], 4, 3, **{"window": 5} | changes)
    rng = np.random.default_rng(0)
    tables = [rng.standard_normal((size, 1)).astype(np.float32) for size in (9, 7)]
    for number, table in enumerate(tables):
        model.get_layer(f"log_odds_{number}").set_weights([table])
    ids = rng.integers(3, 7, (2, 10, 2)).astype(np.int32)
    odds = np.concatenate([tables[0][ids[..., 0]], tables[1][ids[..., 1]]], axis=-1)
    part = trained_part(model)
    logit = part([ids, odds]).numpy()
    np.testing.assert_allclose(model(ids), 1 / (1 + np.exp(-logit)), atol=1e-6)
    differs = np.abs(part([ids, odds + 1]).numpy() - logit).max()
    assert differs > 1e-4
    assert len(part.trainable_weights) == len(model.trainable_weights) == len(model.weights) - 2


def test_log_odds_may_be_read_by_nothing():
    model = log_odds_network([9], 4, 3, channels=0.0, votes=False, window=5)
    part, ids = trained_part(model), np.full((1, 5, 1), 3, np.int32)
    assert part([ids, np.ones((1, 5, 1))]) == part([ids, np.zeros((1, 5, 1))])


def test_batches_bring_each_text_with_the_log_odds_of_the_other_folds():
    rng = np.random.default_rng(0)
    encoded = [rng.integers(3, 9, (length, 1)).astype(np.int32) for length in (4, 4, 9, 11, 2)]
    labels, fold = np.array([0, 1, 0, 1, 1]), np.array([0, 0, 1, 1, 0])
    odds = LogOdds(encoded, labels, fold, [9])
    batches = LogOddsBatches(encoded, odds, fold, labels, 2, 5, seed=0, passes=2)
    seen = []
    for _ in range(2):
        for (ids, of_ids), targets in map(batches.__getitem__, range(len(batches))):
            assert ids.shape == of_ids.shape
            assert ids.shape[1] % 5 == 0
            for line, value, target in zip(ids, of_ids, targets, strict=True):
                row = next(n for n, one in enumerate(encoded) if np.array_equal(padded([one], ids.shape[1])[0], line))
                seen.append(row)
                length = len(encoded[row])
                np.testing.assert_array_equal(value[:length], odds.read(encoded[row], fold[row]))
                assert not value[length:].any()
                assert target == labels[row]
        batches.on_epoch_end()
    assert sorted(seen) == sorted([0, 1, 2, 3, 4] * 4)  # two epochs of two passes
    steps = [batches[number][0][0].shape[1] for number in range(len(batches))]
    assert steps[0] != steps[1]  # else Keras takes the length for that of all
    (ids, of_ids), _ = LogOddsBatches(encoded, odds, None, labels, 5, 5)[0]
    np.testing.assert_array_equal(of_ids[..., 0], odds.tables[0][ids[..., 0]])


def test_the_epoch_with_the_least_loss_is_kept_and_new_texts_read_the_log_odds_of_all(moods):
    texts, labels = moods(30, 1)
    model = recipes.fit("best", *moods(60), validation=(texts, labels), settings=SMALL | {"epochs": 3})
    assert isinstance(model, LogOddsClassifier)
    losses = [epoch["loss"] for epoch in model.chosen["history"]]
    assert len(losses) == 3
    assert model.chosen["epoch"] == 1 + int(np.argmin(losses))
    p = model.predict_proba(texts)
    loss = -np.log(np.where(labels == 1, p, 1 - p)).mean()
    assert loss == pytest.approx(min(losses), rel=1e-3)
    known = model.model.get_layer("log_odds_0").get_weights()[0][:, 0]
    of = dict(zip(model.tables.words, known[3:], strict=True))
    assert of["good"] > 1 > -1 > of["bad"]


@pytest.mark.parametrize(
    "changes",
    [{"folds": 1, "lazy": False}, {"teacher": 0, "channels": 0, "votes": False}, {"reading": "keras", "longest": 1}],
    ids=str,
)
def test_each_of_its_parts_can_be_left_out(moods, changes):
    model = recipes.fit("best", *moods(60), settings=SMALL | changes)
    p = model.predict_proba(["good joy lovely", "bad dull awful"])
    assert p[0] > 0.5 > p[1]


@pytest.mark.parametrize("number", [2, 5])
def test_very_few_texts_are_enough(number, moods):
    model = recipes.fit("best", *moods(number), settings=SMALL)
    assert model.chosen == {"history": []}
    assert np.isfinite(model.predict_proba(["good", "", "unseen"])).all()


def test_held_back_texts_are_not_counted(moods):
    texts, labels = moods(300)
    model = recipes.fit("best", [f"{text} own{row}" for row, text in enumerate(texts)], labels, settings=SMALL)
    assert model.chosen["validation_texts"] == 30
    assert sum(word.startswith("own") for word in model.tables.words) == 270
