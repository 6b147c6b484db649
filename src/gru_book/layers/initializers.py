"""The chrono initialisation (Tallec and Ollivier, 2018): biases that let a layer remember from the start."""

from __future__ import annotations

import inspect
from dataclasses import replace
from numbers import Real

import numpy as np
import wrapt

from gru_book.layers.weights import GRUWeights, LSTMWeights


def chrono_bias(units: int, max_steps: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the biases with which a gate forgets after 2 to ``max_steps`` steps (Tallec and Ollivier 2018, section 2).

    A unit that keeps the share ``1 - 1/n`` of its state at every step has forgotten after about ``n`` steps. With the
    other inputs of the gate at zero a bias of ``log(n - 1)`` keeps exactly that share. Here ``n - 1`` is uniform
    between 1 and ``max_steps - 1``.

    Args:
        units: how many biases.
        max_steps: the longest memory wanted, in steps; more than 2.
        rng: the source of all randomness.

    Returns:
        Biases of a gate that *keeps*, (units,), float64, all positive. They stand as they are in an LSTM's forget gate
        and in Keras's GRU; where the update gate weighs the new state, as in the book, their sign is reversed.

    Raises:
        ValueError: ``units`` is not a positive integer, or ``max_steps`` is not more than 2.
    """
    if not isinstance(units, (int, np.integer)) or units < 1:
        raise ValueError(f"units = {units!r}; expected a positive integer")
    if not (isinstance(max_steps, Real) and np.isfinite(max_steps) and max_steps > 2):
        raise ValueError(f"max_steps = {max_steps!r}; expected a finite number of steps, more than 2")
    return np.log(rng.uniform(1, max_steps - 1, units))


def with_chrono(
    weights: GRUWeights | LSTMWeights, max_steps: float, rng: np.random.Generator
) -> GRUWeights | LSTMWeights:
    """Return the weights with chrono biases.

    A GRU's ``b_z`` becomes minus `chrono_bias`; an LSTM's ``b_f`` becomes `chrono_bias` and its ``b_i`` minus that.

    Raises:
        ValueError: the weights have no such gate, or ``max_steps`` is not more than 2.
    """
    if not isinstance(weights, (GRUWeights, LSTMWeights)):
        raise ValueError(f"weights is a {type(weights).__name__}; expected GRUWeights or LSTMWeights")
    keep = chrono_bias(weights.units, max_steps, rng).astype(weights.dtype)
    return replace(weights, b_z=-keep) if isinstance(weights, GRUWeights) else replace(weights, b_f=keep, b_i=-keep)


class ChronoBias:
    """`chrono_bias` as ``bias_initializer`` of a Keras layer: a callable that draws the layer's whole bias.

    For a GRU (either ``reset_after``) the update gate gets the biases, positive since Keras's weighs the old state; all
    others are zero. For an LSTM, which needs ``unit_forget_bias=False``, the forget gate gets them and the input gate
    their negatives::

        keras.layers.GRU(32, bias_initializer=ChronoBias(max_steps=500, cell="gru", seed=0))
        keras.layers.LSTM(32, bias_initializer=ChronoBias(500, cell="lstm"), unit_forget_bias=False)

    It also works inside ``Bidirectional`` (both directions get the same biases), ``TimeDistributed`` and
    ``RNN(GRUCell(...))``. Keras knows the class as "gru_book>ChronoBias": a model with it is copied, saved and loaded
    like any other, once this module is imported. ``24_vanishing_gradients`` explains what it is good for.

    Args:
        max_steps: the longest memory wanted, in steps; more than 2.
        cell: "gru" or "lstm".
        seed: fixes the biases, a whole number from 0 up: an initialiser called twice returns the same.

    Raises:
        ValueError: ``max_steps`` is not more than 2, ``cell`` is neither word, or ``seed`` is not such a number; when
            called: a shape that is not that of the whole bias.
    """

    def __init__(self, max_steps: float, cell: str = "gru", seed: int = 0):
        if cell not in BLOCKS:
            raise ValueError(f"cell = {cell!r}; expected 'gru' or 'lstm'")
        if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or seed < 0:
            raise ValueError(f"seed = {seed!r}; expected a whole number from 0 up")
        chrono_bias(1, max_steps, np.random.default_rng(seed))  # refuses a wrong max_steps now, not in the layer
        self.max_steps, self.cell, self.seed = max_steps, cell, seed

    def __call__(self, shape, dtype=None) -> np.ndarray:
        """Return the bias: (3 units,) or (2, 3 units) for a GRU, (4 units,) for an LSTM."""
        shape, blocks = tuple(shape), BLOCKS[self.cell]
        rows = [(), (2,)] if self.cell == "gru" else [()]
        asking = self._asking()
        fits = shape[-1] == blocks * asking.units if asking else shape and shape[-1] % blocks == 0
        if not fits or shape[:-1] not in rows:
            who = f", asked for by a {type(asking).__name__} of {asking.units} units" if asking else ""
            hint = "; an LSTM needs unit_forget_bias=False" if self.cell == "lstm" else ""
            raise ValueError(
                f"shape = {shape}{who}; expected that of a whole {self.cell} bias, {blocks} * units long{hint}"
            )
        units = shape[-1] // blocks
        keep = chrono_bias(units, self.max_steps, np.random.default_rng(self.seed))
        bias = np.zeros(shape, dtype or "float32")
        first = bias[0] if bias.ndim == 2 else bias  # beside the input; the row beside the state stays zero
        if self.cell == "gru":
            first[:units] = keep  # blocks z, r, h
        else:
            first[:units], first[units : 2 * units] = -keep, keep  # blocks i, f, candidate, o
        return bias

    def _asking(self):
        """Return the Keras layer or cell that asks for its bias; None where none does, or it has no units.

        Keras hands over a shape only, and shapes deceive: (32,) is the whole bias of 8 units of an LSTM, and the first
        piece of the bias of 32 units with ``unit_forget_bias=True``.
        """
        callers = (info.frame.f_locals.get("self") for info in inspect.stack(context=0))
        asking = (caller for caller in callers if getattr(caller, "bias_initializer", None) is self)
        return next((caller for caller in asking if hasattr(caller, "units")), None)

    def get_config(self) -> dict:
        """Return the arguments: Keras saves them with a model."""
        return {"max_steps": self.max_steps, "cell": self.cell, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict) -> ChronoBias:
        """Make the initialiser again from what `get_config` returned."""
        return cls(**config)


BLOCKS = {"gru": 3, "lstm": 4}  # of a bias, each as long as the state


@wrapt.when_imported("keras")
def _register(keras) -> None:
    """Tell Keras the class, whichever of the two is imported first; what needs NumPy only does not wait for Keras."""
    keras.saving.register_keras_serializable("gru_book")(ChronoBias)
