"""The networks behind the recipes: each layer against a few lines of NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gru_book.data.tokens import FIRST, PAD
from gru_book.models.keras_classifier import predict
from gru_book.models.networks import Adversary, Pool, Windows, WordDropout, network


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
