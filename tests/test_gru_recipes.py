"""The networks behind the recipes: each layer against a few lines of NumPy, ids against words, the original exactly."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gru_book import progress, recipes
from gru_book.data.batching import batches_by_length, padded
from gru_book.data.tokens import FIRST, PAD, START, UNKNOWN, Tokens
from gru_book.evaluation import intervals, paired
from gru_book.models.ensemble import BestClassifier
from gru_book.models.keras_classifier import predict
from gru_book.models.networks import Adversary, Pool, Windows, WordDropout, network, original_network
from gru_book.models.settings import PLAIN_GRU
from gru_book.models.word_vectors import word_vectors

TEXTS = ["Not good, not good!", "good film", "A bad film", "not bad"]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch, tmp_path):
    monkeypatch.setenv(progress.CHANNEL, str(tmp_path / "progress"))


def test_the_original_is_the_notebooks_model_to_the_number():
    model = original_network()
    assert [type(layer).__name__ for layer in model.layers] == ["Embedding", "GRU", "Dense"]
    assert model.count_params() == 1_379_201
    settings = recipes.RECIPES["original"].settings
    assert settings["max_features"], settings["maxlen"] == (10_000, 500)
    assert (settings["batch_size"], settings["epochs"], settings["validation_split"]) == (32, 5, 0.2)
    fitted = recipes.fit("original", TEXTS * 5, [1, 1, 0, 1] * 5, settings={"units": 4, "embedding_dim": 4})
    assert len(fitted.chosen["history"]) == 5
    assert fitted.encode(["good film"]).shape == (1, 500)
    assert fitted.encode(["good film"])[0, :-3].max() == 0  # padding in front


def test_a_text_becomes_ids_of_tokens_and_of_runs():
    tokens, encoded = Tokens.fit(TEXTS, max_words=10, longest=3, fewest=1, max_runs=100)
    for ids, again in zip(encoded, tokens.encode(TEXTS), strict=True):
        np.testing.assert_array_equal(ids, again)
    words = ["not", "good", ",", "not", "good", "!"]
    assert encoded[0].shape == (7, 3)
    assert [tokens.words[i - FIRST] for i in encoded[0][1:, 0]] == words
    assert encoded[0][0].tolist() == [START] * 3
    pairs = encoded[0][:, 1]
    assert pairs[1] == UNKNOWN  # no pair ends at the first word
    assert pairs[2] == pairs[5] >= FIRST  # "not good" twice
    assert len(set(pairs[2:].tolist())) == 4
    assert (encoded[0][1:3, 2] == UNKNOWN).all()
    assert tokens.encode(["zebra good"])[0][1:].tolist() == [[UNKNOWN] * 3, [encoded[0][2, 0], UNKNOWN, UNKNOWN]]
    assert tokens.encode([""])[0].tolist() == [[START] * 3]


def test_rare_runs_are_left_out_and_tables_have_a_limit():
    tokens, _ = Tokens.fit(TEXTS, max_words=3, longest=2, fewest=2, max_runs=100)
    assert tokens.words == ["not", "good", "film"]
    assert len(tokens.runs[0]) == 1
    assert tokens.sizes == [FIRST + 3, FIRST + 1]
    assert len(Tokens.fit(TEXTS, 10, 2, 1, 2)[0].runs[0]) == 2


def test_batches_hold_every_text_once_and_little_padding():
    rng = np.random.default_rng(0)
    encoded = [np.full((length, 1), FIRST, np.int32) for length in rng.integers(1, 60, 50)]
    batches = batches_by_length(encoded, 8, 5, np.random.default_rng(1))
    assert sorted(np.concatenate(batches).tolist()) == list(range(50))
    padded = [padded([encoded[row] for row in rows], 5) for rows in batches]
    assert all(batch.shape[1] % 5 == 0 for batch in padded)
    assert sum(batch.size for batch in padded) < 1.4 * sum(map(len, encoded))
    again = batches_by_length(encoded, 8, 5, np.random.default_rng(1))
    assert all(np.array_equal(a, b) for a, b in zip(batches, again, strict=True))


@pytest.mark.parametrize("kind", ["max", "mean", "max+mean"])
def test_pooling_does_not_see_padding(kind):
    rng = np.random.default_rng(0)
    states = np.tanh(rng.standard_normal((2, 6, 3))).astype(np.float32)
    ids = np.array([[3, 4, 5, 6, 7, 8], [3, 4, PAD, PAD, PAD, PAD]])
    found = Pool(kind)(tf.constant(states), tf.constant(ids)).numpy()
    read = [states[0], states[1, :2]]
    parts = {"max": [s.max(0) for s in read], "mean": [s.mean(0) for s in read]}
    expected = np.concatenate([parts[name] for name in kind.split("+")], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_windows_are_read_apart_and_put_together_again():
    x = np.random.default_rng(0).standard_normal((2, 6, 3)).astype(np.float32)
    layer = keras.layers.GRU(4, return_sequences=True)
    windows = Windows(3)(tf.constant(x))
    assert windows.shape == (4, 3, 3)
    ids = tf.fill((2, 6), FIRST)
    by_hand = np.stack([np.concatenate([layer(x[i : i + 1, :3])[0], layer(x[i : i + 1, 3:])[0]]) for i in range(2)])
    np.testing.assert_allclose(Pool("max")(layer(windows), ids), by_hand.max(axis=1), atol=1e-6)


def test_word_dropout_drops_whole_steps_in_training_only():
    layer, x = WordDropout(0.5, seed=1), tf.ones((40, 20, 3))
    np.testing.assert_array_equal(layer(x), x)
    dropped = layer(x, training=True).numpy()
    assert set(np.unique(dropped)) == {0.0, 2.0}
    assert (dropped.min(axis=2) == dropped.max(axis=2)).all()
    assert abs((dropped == 0).mean() - 0.5) < 0.05


def test_padding_changes_no_answer():
    for changes in ({}, {"mask": True, "pooling": "last"}, {"window": 5, "bidirectional": False}):
        model = network([50], embedding_dim=4, units=3, **changes)
        rng = np.random.default_rng(0)
        encoded = [rng.integers(FIRST, 50, (length, 1)).astype(np.int32) for length in (5, 10, 20)]
        alone = [predict(model, [ids], 5)[0] for ids in encoded]
        np.testing.assert_allclose(predict(model, encoded, 5), alone, atol=1e-6)


def test_an_adversary_trains_every_weight_reports_the_plain_loss_and_moves_towards_harm():
    keras.utils.set_random_seed(0)
    model = network([50], embedding_dim=4, units=3)
    ids = tf.constant(np.random.default_rng(0).integers(FIRST, 50, (8, 10, 1)), tf.int32)
    labels = tf.constant([[0.0], [1.0]] * 4)
    plain = keras.losses.BinaryCrossentropy()(labels, model(ids)).numpy()
    trained = Adversary(model, 1.0)
    trained.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    before = [w.numpy().copy() for w in model.weights]
    assert trained.train_on_batch(ids, labels) == pytest.approx(plain, rel=1e-5)  # reports the loss without adversary
    assert all(np.abs(w.numpy() - b).max() > 0 for w, b in zip(model.weights, before, strict=True))
    x = trained.embed(ids)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = keras.losses.BinaryCrossentropy()(labels, trained.read([ids, x]))
    worse = tape.gradient(loss, x)
    move = worse / tf.norm(worse, axis=(1, 2), keepdims=True)
    assert keras.losses.BinaryCrossentropy()(labels, trained.read([ids, x + move])) > loss


def test_words_of_like_company_get_like_vectors():
    rng = np.random.default_rng(0)
    good, bad = [3, 4], [5, 6]  # each pair stands among its own neighbours
    texts = [np.array([10 + rng.integers(5), rng.choice(good), 10 + rng.integers(5)]) for _ in range(300)]
    texts += [np.array([20 + rng.integers(5), rng.choice(bad), 20 + rng.integers(5)]) for _ in range(300)]
    vectors = word_vectors(texts, 30, 8, 0.5)
    assert vectors.shape == (30, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors[[3, 4, 5, 6]], axis=1), 0.5, atol=1e-5)
    assert np.linalg.norm(vectors, axis=1).max() < 0.5 + 1e-5
    assert vectors[3] @ vectors[4] > 0.2 > 0.1 > abs(vectors[3] @ vectors[5])


def test_the_epoch_with_the_least_loss_is_kept():
    model = recipes.fit("fast", *_moods(40), validation=_moods(10, 1), settings={"units": 4, "learning_rate": 0.05})
    losses = [epoch["loss"] for epoch in model.chosen["history"]]
    assert model.chosen["epoch"] == 1 + int(np.argmin(losses))
    texts, labels = _moods(10, 1)
    p = model.predict_proba(texts)
    loss = -np.log(np.where(labels == 1, p, 1 - p)).mean()
    assert loss == pytest.approx(min(losses), rel=1e-4)


def test_best_weighs_its_two_halves_on_the_validation_texts():
    small = {"units": 4, "embedding_dim": 4}
    model = recipes.fit("best", *_moods(60), validation=_moods(30, 1), settings=small)
    assert isinstance(model, BestClassifier)
    texts = _moods(20, 2)[0]
    logits = [np.log(p / (1 - p)) for p in (model.gru_alone(texts), model.linear.predict_proba(texts))]
    a, b, c = model.weights
    expected = 1 / (1 + np.exp(-(a * logits[0] + b * logits[1] + c)))
    np.testing.assert_allclose(model.predict_proba(texts), expected, atol=1e-6)
    alone = recipes.fit("best", *_moods(60), validation=_moods(30, 1), settings=small | {"linear": None})
    np.testing.assert_allclose(alone.predict_proba(texts), model.gru_alone(texts), atol=1e-6)
    few = recipes.fit("best", *_moods(20), settings=small)
    assert few.weights == few.settings["even"]


def test_a_recipe_takes_one_review_and_keeps_the_end_or_the_beginning():
    model = recipes.fit("fast", *_moods(20), settings={"units": 4, "maxlen": 3})
    assert model.predict_proba(["a joy"]).shape == (1,)
    assert len(model.encode(["a b c d e f"])[0]) == 4
    np.testing.assert_array_equal(model.encode(["dull dull joy joy joy"])[0], model.encode(["joy joy joy"])[0])
    first = recipes.fit("fast", *_moods(20), settings={"units": 4, "maxlen": 3, "keep": "first"})
    np.testing.assert_array_equal(first.encode(["joy joy joy dull"])[0], first.encode(["joy joy joy"])[0])


def test_every_recipe_of_a_gru_knows_the_same_settings():
    for name in ("fast", "web", "best"):
        assert set(PLAIN_GRU) <= set(recipes.RECIPES[name].settings)


def test_comparisons():
    right = np.array([True] * 90 + [False] * 10)
    share, low, high = intervals.accuracy_interval(right)
    assert (share, round(low, 4), round(high, 4)) == (0.9, 0.8256, 0.9448)  # Wilson's interval, by hand
    assert paired.mcnemar(right, ~right).only_first == 90
    assert paired.mcnemar(right, right) == (0, 0, 1.0)
    pair = paired.mcnemar(np.array([1, 1, 1, 0]), np.array([0, 0, 1, 1]))
    assert (pair.only_first, pair.only_second, pair.p_value) == (2, 1, 1.0)
    mean, low, high = intervals.mean_interval([1.0, 2.0, 3.0])
    assert mean == 2
    assert (low, high) == pytest.approx((2 - 4.302653 / np.sqrt(3), 2 + 4.302653 / np.sqrt(3)), abs=1e-5)
    for bad in ([], [1.0]):
        with pytest.raises(ValueError, match="expected"):
            intervals.mean_interval(bad)
    with pytest.raises(ValueError, match="expected"):
        intervals.accuracy_interval([])
    with pytest.raises(ValueError, match="shapes"):
        paired.mcnemar([True], [True, False])


def _moods(number: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    labels = np.arange(number) % 2
    words = {1: ["joy", "good", "lovely"], 0: ["dull", "bad", "awful"]}
    texts = [" ".join([*rng.choice(words[int(y)], 3), f"film{rng.integers(5)}"]) for y in labels]
    return texts, labels
