"""GRU cells with parts taken out, as Keras cells, and the sizes at which layers have equally many parameters.

`PartialGRU` is Keras's GRU (``reset_after=True``) from which the reset gate, the update gate, or the gates' view of the
state can be removed; with nothing removed it computes what `keras.layers.GRU` computes. `LAYERS` has it beside `MinGRU`
and Keras's own layers, by name. It runs in `keras.layers.RNN`::

    layer = keras.layers.RNN(PartialGRU(units, reset_gate=False))

As in Keras, the update gate ``z`` weighs the *old* state. The chapter ``36_rnn_lstm_gru`` compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras
from keras import ops

from gru_book.layers.min_gru import MinGRU

UPDATE_GATES = ("computed", "constant")


class PartialGRU(keras.layers.Layer):
    """One step of a GRU that may lack parts.

    With all parts, for an input x and the state h before::

        z  = sigmoid(x K_z + b_z + h R_z + c_z)
        r  = sigmoid(x K_r + b_r + h R_r + c_r)
        h~ = tanh(x K_h + b_h + r * (h R_h + c_h))
        h' = z * h + (1 - z) * h~

    Weights, in their order: ``kernel`` (input_dim, blocks * units), ``recurrent_kernel`` (units, blocks that see the
    state * units), ``bias`` and ``recurrent_bias`` as long as the second axis of each; blocks stand in Keras's order
    z, r, h. A constant update gate adds ``update_logit`` (units,), which starts at 0, so z at one half.

    Args:
        units: length of the state.
        reset_gate: False sets r = 1.
        update_gate: "computed" as above; "constant" makes z = sigmoid(update_logit), learned, one number a unit, the
            same for all inputs and steps.
        gates_see_state: False takes R_z, c_z, R_r and c_r out: the gates depend on the input only.

    Raises:
        ValueError: ``update_gate`` is none of the two.
    """

    def __init__(
        self,
        units: int,
        *,
        reset_gate: bool = True,
        update_gate: str = "computed",
        gates_see_state: bool = True,
        **options,
    ):
        super().__init__(**options)
        if update_gate not in UPDATE_GATES:
            raise ValueError(f"update_gate is {update_gate!r}; allowed: {UPDATE_GATES}")
        self.units, self.state_size, self.output_size = units, units, units
        self.reset_gate, self.update_gate, self.gates_see_state = reset_gate, update_gate, gates_see_state
        self.blocks = "z" * (update_gate == "computed") + "r" * reset_gate + "h"

    def build(self, input_shape):
        """Make the weights, initialised as Keras's GRU does."""
        seen = len(self.blocks) if self.gates_see_state else 1
        sizes = len(self.blocks) * self.units, seen * self.units
        add = self.add_weight
        self.kernel = add(shape=(input_shape[-1], sizes[0]), initializer="glorot_uniform", name="kernel")
        self.recurrent_kernel = add(shape=(self.units, sizes[1]), initializer="orthogonal", name="recurrent_kernel")
        self.bias = add(shape=sizes[:1], initializer="zeros", name="bias")
        self.recurrent_bias = add(shape=sizes[1:], initializer="zeros", name="recurrent_bias")
        if self.update_gate == "constant":
            self.update_logit = add(shape=(self.units,), initializer="zeros", name="update_logit")

    def call(self, inputs, states, training=False):
        """Take one step: inputs (batch, input_dim), states [(batch, units)]; returns the new state, twice."""
        h = states[0]  # (batch, units)
        from_input = ops.matmul(inputs, self.kernel) + self.bias  # (batch, blocks * units)
        from_state = ops.matmul(h, self.recurrent_kernel) + self.recurrent_bias

        def gate(letter):
            block = self.blocks.index(letter)
            part = slice(block * self.units, (block + 1) * self.units)
            logit = from_input[:, part]
            return ops.sigmoid(logit + from_state[:, part] if self.gates_see_state else logit)

        z = gate("z") if self.update_gate == "computed" else ops.sigmoid(self.update_logit)
        projected = from_state[:, -self.units :]  # (batch, units)
        if self.reset_gate:
            projected = gate("r") * projected
        candidate_state = ops.tanh(from_input[:, -self.units :] + projected)
        h = z * h + (1 - z) * candidate_state
        return h, [h]


LAYERS: dict[str, Callable[..., keras.layers.Layer]] = {
    "RNN": keras.layers.SimpleRNN,
    "LSTM": keras.layers.LSTM,
    "GRU": keras.layers.GRU,
    "no reset gate": lambda units, **o: keras.layers.RNN(PartialGRU(units, reset_gate=False), **o),
    "constant update gate": lambda units, **o: keras.layers.RNN(PartialGRU(units, update_gate="constant"), **o),
    "gates see input only": lambda units, **o: keras.layers.RNN(PartialGRU(units, gates_see_state=False), **o),
    "minGRU": lambda units, **o: keras.layers.RNN(MinGRU(units), **o),
}

"""The layers compared, each a function of ``units`` and of a recurrent layer's other options."""


def num_parameters(make: Callable[..., keras.layers.Layer], units: int, input_dim: int) -> int:
    """Return the parameters of the layer ``make(units)`` for inputs of this length, as Keras counts them."""
    layer = make(units)
    layer.build((None, None, input_dim))
    return layer.count_params()


def equal_units(make: Callable[..., keras.layers.Layer], parameters: int, input_dim: int) -> int:
    """Return the number of units at which the layer's parameters come closest to a number of parameters.

    Counts are quadratic in the units, so three sizes tell them all.
    """
    counts = [num_parameters(make, units, input_dim) for units in (1, 2, 3)]
    square = (counts[0] - 2 * counts[1] + counts[2]) / 2
    linear = counts[1] - counts[0] - 3 * square
    constant = counts[0] - square - linear

    def distance(units):
        return abs(square * units**2 + linear * units + constant - parameters)

    units = 1
    while distance(units + 1) < distance(units):
        units += 1
    return units


def best_size(
    layers: Mapping[str, Callable[..., keras.layers.Layer]], reference: str, input_dim: int, candidates
) -> dict[str, int]:
    """Return units for every layer such that their parameters agree best.

    Of the candidates for the units of the layer named ``reference`` that one is taken at which the layer that is
    farthest from it in parameters (as a share) is nearest.
    """
    best, smallest = {}, float("inf")
    for size in candidates:
        wanted = num_parameters(layers[reference], size, input_dim)
        units = {name: equal_units(make, wanted, input_dim) for name, make in layers.items()}
        units[reference] = size
        found = [num_parameters(layers[name], u, input_dim) for name, u in units.items()]
        worst = max(abs(n / wanted - 1) for n in found)
        if worst < smallest:
            best, smallest = units, worst
    return best
