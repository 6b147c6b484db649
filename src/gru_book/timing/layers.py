"""Time of recurrent layers in Keras: what a step of the loop consists of, and functions that take turns under a clock.

A Keras layer on a CPU is a loop over the steps: TensorFlow runs the operations of its body one by one, again and again.
`loop_operations` counts them in the traced function. `BareCell` and `ProductsCell` are cells that do only a part of the
work, so that a clock can tell where the time goes; `LeanGRUCell` computes Keras's GRU with fewer operations. The
chapter ``36_rnn_lstm_gru`` and the study ``layer_times`` use them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping

import keras
import numpy as np
import tensorflow as tf
from keras import ops


def seconds_per_step(model: keras.Model, x: np.ndarray, y: np.ndarray, steps: int = 3) -> float:
    """Return the mean time of one training step of a compiled `model` on the batch `x`, `y`, in seconds.

    The first step, which builds the graph, does not count. The model's weights change: give a model to throw away.
    """
    model.train_on_batch(x, y)
    started = time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(x, y)
    return (time.perf_counter() - started) / steps


# Nodes of a graph that compute nothing: names for values, constants, and bookkeeping of control flow.
SILENT = {"Const", "Identity", "NoOp", "Placeholder", "_Arg", "_Retval"}


class LeanGRUCell(keras.layers.GRUCell):
    """Keras's GRU cell (``reset_after=True``) computed with fewer operations a step.

    One split takes the place of three slices, and ``h~ + z (h - h~)`` that of ``z h + (1 - z) h~``. Weights are those
    of `keras.layers.GRUCell`, and so are the results but for rounding.
    """

    def call(self, inputs, states, training=False):
        """Take one step: inputs (batch, input_dim), states (batch, units) or a list of it; returns state, state."""
        h = states[0] if isinstance(states, list | tuple) else states
        input_bias, recurrent_bias = ops.unstack(self.bias)
        from_input = ops.matmul(inputs, self.kernel) + input_bias  # (batch, 3 units)
        from_state = ops.matmul(h, self.recurrent_kernel) + recurrent_bias
        x_z, x_r, x_h = ops.split(from_input, 3, axis=-1)
        h_z, h_r, h_h = ops.split(from_state, 3, axis=-1)
        z, r = ops.sigmoid(x_z + h_z), ops.sigmoid(x_r + h_r)
        candidate_state = ops.tanh(x_h + r * h_h)
        h = candidate_state + z * (h - candidate_state)
        return h, [h] if isinstance(states, list | tuple) else h


class BareCell(keras.layers.Layer):
    """A cell that hands on its state: what the loop itself costs."""

    def __init__(self, units: int, **options):
        super().__init__(**options)
        self.units = self.state_size = self.output_size = units

    def call(self, inputs, states, training=False):
        """Return the state as it is, twice."""
        return states[0], [states[0]]


class ProductsCell(keras.layers.Layer):
    """A cell that multiplies input and state by as wide matrices as a cell with `blocks` blocks does, and little more.

    The matrices are zero, so that nothing grows over the steps; a product takes the same time whatever it multiplies.
    """

    def __init__(self, units: int, blocks: int, **options):
        super().__init__(**options)
        self.units = self.state_size = self.output_size = units
        self.blocks = blocks

    def build(self, input_shape):
        """Make the matrices."""
        width = self.blocks * self.units
        self.kernel = self.add_weight(shape=(input_shape[-1], width), initializer="zeros")
        self.recurrent_kernel = self.add_weight(shape=(self.units, width), initializer="zeros")

    def call(self, inputs, states, training=False):
        """Return the first block of the sum of both products, (batch, units), twice."""
        h = (ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent_kernel))[:, : self.units]
        return h, [h]


def forward(layer: keras.layers.Layer, x: np.ndarray, jit_compile: bool = False) -> Callable[[], np.ndarray]:
    """Return a function that runs the layer on `x`, traced (with `jit_compile` also compiled by XLA) at its first call.

    It has the attribute ``traced``: the `tf.function` behind it.
    """
    x = tf.constant(x)
    traced = tf.function(lambda: layer(x), jit_compile=jit_compile)
    return _callable(traced, lambda out: out.numpy())


def backward(layer: keras.layers.Layer, x: np.ndarray, jit_compile: bool = False) -> Callable[[], list[np.ndarray]]:
    """Return a function as `forward` does, for the gradients of the sum of the outputs by the weights and by `x`."""
    x = tf.constant(x)
    layer.build(x.shape)
    sources = [*(variable.value for variable in layer.trainable_variables), x]

    def gradients():
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x))
        return tape.gradient(loss, sources)

    return _callable(tf.function(gradients, jit_compile=jit_compile), lambda found: [g.numpy() for g in found])


def training_step(layer: keras.layers.Layer, x: np.ndarray, jit_compile: bool | str = "auto") -> Callable[[], float]:
    """Return a function that trains a classifier around the layer on `x` for one step (Adam) and returns the loss."""
    model = keras.Sequential([keras.Input(x.shape[1:]), layer, keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", jit_compile=jit_compile)
    x, labels = tf.constant(x), tf.constant(np.arange(len(x)) % 2, tf.float32)
    return lambda: float(model.train_on_batch(x, labels))


def loop_operations(traced: tf.types.experimental.GenericFunction) -> list[Counter]:
    """Return, for each loop over steps in a traced function, how often each kind of operation stands in its body.

    The function must take no arguments. The first loop is the one forward; a second one goes backward. Nodes that
    compute nothing (constants, names) are left out.
    """
    graph = traced.get_concrete_function().graph
    bodies, library = [], {f.signature.name: f for f in graph.as_graph_def().library.function}
    for node in graph.get_operations():
        if node.type in ("While", "StatelessWhile"):
            body = library[node.get_attr("body").name]
            bodies.append(Counter(n.op for n in body.node_def if n.op not in SILENT))
    return bodies


def take_turns(
    runs: Mapping[Hashable, Callable], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[Hashable, list[float]]:
    """Return the seconds of each function in each round; they take turns, so that a disturbance hits all of them.

    A first round, in which functions are traced and compiled, does not count. Every other round goes backwards, so that
    no function always follows the same one.
    """
    seconds = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name in list(runs)[:: 1 if number % 2 else -1]:
            started = clock()
            runs[name]()
            if number:
                seconds[name].append(clock() - started)
    return seconds


def _callable(traced, finish) -> Callable:
    def run():
        return finish(traced())

    run.traced = traced
    return run
