"""A classifier of one recurrent layer, opened: states and scores after every token."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gru_book.conversion.layers import numpy_cell
from gru_book.data.tokens import PAD
from gru_book.layers.gru import GRU, GRUTrace
from gru_book.layers.weights import GRUWeights, check_finite


@dataclass(frozen=True, eq=False)
class Reader:
    """An embedding, a GRU and a dense unit with a sigmoid on its last state.

    table: the vector of each id, (num_ids, input_dim). cell: the GRU. w: the dense unit's weights, (units,), and
    b: its bias.
    """

    table: np.ndarray
    cell: GRU
    w: np.ndarray
    b: float

    @classmethod
    def from_keras(cls, model) -> Reader:
        """Take the weights of a Keras model with one Embedding, one GRU and one Dense(1), in float64.

        Raises ValueError where the model has other layers with weights, or not one of each, or a weight that is not
        finite.
        """
        with_weights = [layer for layer in model.layers if layer.weights]
        found = {type(layer).__name__: layer for layer in with_weights}
        if len(with_weights) != 3 or set(found) != {"Embedding", "GRU", "Dense"} or found["Dense"].units != 1:
            units = (f"({layer.units})" if hasattr(layer, "units") else "" for layer in with_weights)
            kinds = ", ".join(type(layer).__name__ + n for layer, n in zip(with_weights, units, strict=True))
            raise ValueError(f"model has the layers {kinds}; expected one Embedding, one GRU and one Dense(1)")
        if found["GRU"].return_sequences:
            raise ValueError("model's GRU has return_sequences=True; expected one whose last state decides")
        w, *bias = (np.asarray(array, np.float64) for array in found["Dense"].get_weights())
        table, b = np.asarray(found["Embedding"].get_weights()[0], np.float64), bias[0] if bias else np.zeros(1)
        for name, array in (("the Embedding's table", table), ("the Dense's kernel", w), ("the Dense's bias", b)):
            check_finite(name, array)
        return cls(table, numpy_cell(found["GRU"]), w[:, 0], float(b[0]))

    @classmethod
    def fresh(cls, num_ids: int, input_dim: int, units: int, rng: np.random.Generator) -> Reader:
        """Return an untrained network, its weights drawn as Keras draws them."""
        table = rng.uniform(-0.05, 0.05, (num_ids, input_dim))
        cell = GRU(GRUWeights.random(input_dim, units, rng))
        return cls(table, cell, rng.uniform(-1, 1, units) * np.sqrt(6 / (units + 1)), 0.0)

    def trace(self, ids: np.ndarray) -> GRUTrace:
        """Return gates and states for texts: ids (batch, steps), padding (id 0) behind and masked."""
        ids = np.asarray(ids)
        return self.cell.forward(self.table[ids], mask=ids != PAD)

    def log_odds(self, states: np.ndarray) -> np.ndarray:
        """Return the score that the dense unit gives to states, (..., units) to (...); its sigmoid is P(1)."""
        return states @ self.w + self.b

    def score(self, ids: np.ndarray) -> float:
        """Return the score of one text, ids (steps,)."""
        return self.score_of_vectors(self.table[np.asarray(ids)])

    def score_of_vectors(self, x: np.ndarray) -> float:
        """Return the score of one sequence of vectors, (steps, input_dim)."""
        return float(self.log_odds(self.cell.forward(x[None]).last_state)[0])

    def without_unit(self, unit: int) -> Reader:
        """Return the network with one unit frozen at zero, its first state: its update gate never opens."""
        W = self.cell.weights
        off = {name: getattr(W, name).copy() for name in ("W_xz", "W_hz", "b_z")}
        off["W_xz"][unit], off["W_hz"][unit] = 0, 0
        off["b_z"][unit] = -60 if self.cell.z_weighs == "new" else 60  # sigmoid(-60) is 1e-26
        return replace(self, cell=replace(self.cell, weights=replace(W, **off)))
