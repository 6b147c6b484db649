"""The chrono initialisation (Tallec and Ollivier, 2018): biases that let a layer remember from the start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

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
    if not (np.isfinite(max_steps) and max_steps > 2):
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

    Args:
        max_steps: the longest memory wanted, in steps; more than 2.
        cell: "gru" or "lstm".
        seed: fixes the biases: an initialiser called twice returns the same.

    Raises:
        ValueError: ``max_steps`` is not more than 2, or ``cell`` is neither word; when called: a shape that is not
            that of the whole bias.
    """

    def __init__(self, max_steps: float, cell: str = "gru", seed: int = 0):
        if cell not in ("gru", "lstm"):
            raise ValueError(f"cell = {cell!r}; expected 'gru' or 'lstm'")
        chrono_bias(
            1, max_steps, np.random.default_rng(seed)
        )  # refuses a wrong max_steps now, not when the layer is built
        self.max_steps, self.cell, self.seed = max_steps, cell, seed

    def __call__(self, shape, dtype=None) -> np.ndarray:
        """Return the bias: (3 units,) or (2, 3 units) for a GRU, (4 units,) for an LSTM."""
        shape, blocks = tuple(shape), {"gru": 3, "lstm": 4}[self.cell]
        rows = {"gru": [(), (2,)], "lstm": [()]}[self.cell]
        if not shape or shape[:-1] not in rows or shape[-1] % blocks:
            hint = "; an LSTM needs unit_forget_bias=False" if self.cell == "lstm" else ""
            raise ValueError(f"shape = {shape}; expected that of a whole {self.cell} bias, {blocks} * units long{hint}")
        units = shape[-1] // blocks
        keep = chrono_bias(units, self.max_steps, np.random.default_rng(self.seed))
        bias = np.zeros(shape, dtype or "float32")
        first = bias[0] if bias.ndim == 2 else bias  # beside the input; the row beside the state stays zero
        if self.cell == "gru":
            first[:units] = keep  # blocks z, r, h
        else:
            first[:units], first[units : 2 * units] = -keep, keep  # blocks i, f, candidate, o
        return bias

    def get_config(self) -> dict:
        """Return the arguments: Keras saves them with a model."""
        return {"max_steps": self.max_steps, "cell": self.cell, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict) -> ChronoBias:
        """Make the initialiser again: ``keras.models.load_model(path, custom_objects={"ChronoBias": ChronoBias})``."""
        return cls(**config)
