"""Lazy Adam beside NumPy, and beside Keras's own Adam where the two must agree."""

import keras
import numpy as np
import tensorflow as tf

from gru_book.training.lazy_adam import LazyAdam


def by_hand(table, batches, rate):
    """Return the table after a step for each batch of (rows, gradients); rows of no batch are never looked at."""
    table = table.astype(np.float64)
    mean, square = np.zeros_like(table), np.zeros_like(table)
    for t, (rows, gradients) in enumerate(batches, 1):
        for row in np.unique(rows):
            g = gradients[rows == row].sum(axis=0)
            mean[row] = 0.9 * mean[row] + 0.1 * g
            square[row] = 0.999 * square[row] + 0.001 * g**2
            size = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            table[row] -= size * mean[row] / (np.sqrt(square[row]) + 1e-7)
    return table


def test_rows_that_were_read_move_as_by_hand_and_others_stay():
    rng = np.random.default_rng(0)
    start = rng.standard_normal((6, 3)).astype(np.float32)
    batches = [(np.array(rows), rng.standard_normal((len(rows), 3))) for rows in ([1, 4, 1], [1], [4, 2], [2, 2, 2])]
    table, adam = keras.Variable(start), LazyAdam(0.1)
    for rows, gradients in batches:
        adam.apply([tf.IndexedSlices(tf.constant(gradients, tf.float32), tf.constant(rows), (6, 3))], [table])
    np.testing.assert_allclose(table.numpy(), by_hand(start, batches, 0.1), atol=1e-5)
    np.testing.assert_array_equal(table.numpy()[[0, 3, 5]], start[[0, 3, 5]])


def steps(optimizer, *gradients) -> np.ndarray:
    """Return a table of two rows after steps from zeros."""
    table = keras.Variable(np.zeros((2, 1), np.float32))
    for gradient in gradients:
        optimizer.apply([gradient], [table])
    return table.numpy()[:, 0]


def test_where_every_row_is_read_at_every_step_it_is_adam_on_whole_tables():
    values = tf.constant([[[1.0], [-3.0], [1.0]], [[2.0], [0.5], [-1.0]], [[-1.0], [3.0], [2.0]]])
    entries = [tf.IndexedSlices(of, tf.constant([0, 0, 1]), tf.constant([2, 1])) for of in values]
    lazy = steps(LazyAdam(0.1), *entries)
    np.testing.assert_allclose(lazy, steps(keras.optimizers.Adam(0.1), *map(tf.convert_to_tensor, entries)), atol=1e-6)
    # Keras's own squares the two entries of a row one by one, so that with a sparse gradient it is another optimizer.
    # If this fails, Keras has changed that, and the sentence on it in `LazyAdam` has to go.
    assert np.abs(steps(keras.optimizers.Adam(0.1), *entries) - lazy)[0] > 0.01


def test_a_keras_model_trains_with_it():
    ids, weights = np.array([[2, 0, 3, 1]]), []
    for optimizer in (LazyAdam(0.05), keras.optimizers.Adam(0.05)):
        keras.utils.set_random_seed(1)
        layers = [keras.Input((4,), dtype="int32"), keras.layers.Embedding(4, 3), keras.layers.GRU(2)]
        model = keras.Sequential([*layers, keras.layers.Dense(1)])
        model.compile(optimizer, "mse", jit_compile=False)
        model.fit(ids, np.array([[1.0]]), epochs=5, verbose=0)
        weights.append(np.concatenate([array.ravel() for array in model.get_weights()]))
    np.testing.assert_allclose(weights[0], weights[1], atol=1e-5)


def test_it_is_made_again_from_its_config():
    again = keras.optimizers.deserialize(keras.optimizers.serialize(LazyAdam(0.05, beta_1=0.8)))
    assert type(again) is LazyAdam
    assert (again.get_config()["beta_1"], float(again.learning_rate)) == (0.8, np.float32(0.05))
