"""minGRU (Feng et al., 2024): a GRU whose gates do not read the state, as a Keras layer."""

from __future__ import annotations

import keras
from keras import ops


class MinGRU(keras.layers.Layer):
    """One step of minGRU: the gate and the candidate see only the input, and nothing bounds the candidate.

    z = sigmoid(x K_z + b_z), h' = z * h + (1 - z) * (x K_h + b_h). Weights: ``kernel`` (input_dim, 2 * units), ``bias``
    (2 * units,).
    """

    def __init__(self, units: int, **options):
        super().__init__(**options)
        self.units, self.state_size, self.output_size = units, units, units

    def build(self, input_shape):
        """Make the weights, initialised as Keras's GRU does."""
        shape = (input_shape[-1], 2 * self.units)
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=shape[1:], initializer="zeros", name="bias")

    def call(self, inputs, states, training=False):
        """Take one step: inputs (batch, input_dim), states [(batch, units)]; returns the new state, twice."""
        from_input = ops.matmul(inputs, self.kernel) + self.bias  # (batch, 2 * units)
        z = ops.sigmoid(from_input[:, : self.units])
        h = z * states[0] + (1 - z) * from_input[:, self.units :]
        return h, [h]
