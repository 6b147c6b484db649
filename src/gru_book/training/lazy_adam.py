"""Adam that touches only the rows of an embedding which a batch has read."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gru_book")
class LazyAdam(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015) that leaves the rows of a table alone in which the gradient has no entry.

    Keras's Adam moves every row of an embedding at every step, since the running means of the rows that a batch does
    not read still decay. Here row and means wait until the row is read again. A step then costs time in proportion to
    the rows read, not to the size of the table; every other variable is updated as by Adam. A row that a batch reads
    twice gets the sum of its two gradients, where Keras's Adam (3.15, TensorFlow) adds up their squares.

    A gradient knows its rows only as TensorFlow's IndexedSlices, for which Keras has no operations: so this class
    works with the TensorFlow backend alone.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Update one variable: (rows, dim) by its IndexedSlices, any other as Adam does."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        place = self._get_variable_index(variable)
        mean, square = self._momentums[place].value, self._velocities[place].value
        rows, entry = tf.unique(gradient.indices)  # a row that was read twice has two entries, which add up
        g = tf.math.unsorted_segment_sum(gradient.values, entry, tf.size(rows))  # (rows read, dim)
        step = tf.cast(self.iterations + 1, g.dtype)
        rate = tf.cast(learning_rate, g.dtype) * tf.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        m = self.beta_1 * tf.gather(mean, rows) + (1 - self.beta_1) * g
        v = self.beta_2 * tf.gather(square, rows) + (1 - self.beta_2) * g**2
        self.assign(mean, tf.IndexedSlices(m, rows))
        self.assign(square, tf.IndexedSlices(v, rows))
        self.assign_sub(variable, tf.IndexedSlices(rate * m / (tf.sqrt(v) + self.epsilon), rows))
