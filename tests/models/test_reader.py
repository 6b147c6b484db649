"""The reader in NumPy: Keras's network, or a refusal."""

import numpy as np
import pytest

from gru_book.layers.activations import sigmoid
from gru_book.layers.gru import GRU
from gru_book.models.reader import Reader

IDS = np.array([1, 5, 7, 5, 2, 9, 3])


@pytest.fixture
def reader():
    fresh = Reader.fresh(12, 3, 4, np.random.default_rng(0))
    return Reader(20 * fresh.table, fresh.cell, 3 * fresh.w, 0.3)  # far from linear


def test_a_frozen_unit_stays_at_zero_and_the_others_read_on(reader):
    frozen = reader.without_unit(2)
    hidden = frozen.cell.forward(frozen.table[IDS][None]).hidden_state[0]
    assert np.abs(hidden[:, 2]).max() < 1e-20
    assert (np.abs(hidden[:, [0, 1, 3]]) > 1e-6).all()
    assert reader.score(IDS) != frozen.score(IDS)
    old = Reader(reader.table, GRU(reader.cell.weights, z_weighs="old"), reader.w, reader.b).without_unit(2)
    assert np.abs(old.cell.forward(old.table[IDS][None]).hidden_state[0, :, 2]).max() < 1e-20


def test_the_network_is_that_of_keras(reader):
    import keras

    keras.utils.set_random_seed(0)
    ids = keras.Input((None, 1), dtype="int32")
    x = keras.layers.Embedding(12, 3, mask_zero=True)(ids[..., 0])
    model = keras.Model(ids, keras.layers.Dense(1, activation="sigmoid")(keras.layers.GRU(4)(x)))
    model.set_weights([np.random.default_rng(0).normal(0, 1, w.shape) for w in model.get_weights()])
    texts = np.array([[1, 5, 7, 2], [1, 3, 0, 0]])
    ours = Reader.from_keras(model)
    probability = sigmoid(ours.log_odds(ours.trace(texts).last_state))
    np.testing.assert_allclose(probability, model.predict(texts[..., None], verbose=0)[:, 0], atol=1e-6)


def test_other_networks_are_refused():
    import keras

    layers = keras.layers
    two = [keras.Input((3,)), layers.Embedding(5, 2), layers.GRU(2, return_sequences=True), layers.GRU(2)]
    for stack in (two + [layers.Dense(1)], two[:2] + [layers.LSTM(2), layers.Dense(1)]):
        with pytest.raises(ValueError, match="expected one Embedding, one GRU"):
            Reader.from_keras(keras.Sequential(stack))
    with pytest.raises(ValueError, match="return_sequences"):
        Reader.from_keras(keras.Sequential(two[:3] + [layers.Dense(1)]))
