"""What padding does to a recurrent layer's state, measured on the NumPy cells of `gru_book.layers`.

The measure is the **spread** of a set of states: how far they lie from their own mean. Only where the states of two
texts differ can anything that reads them tell the texts apart; what pads add to all states alike is of no use. The
chapter ``35_padding_masking`` uses it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def spread(states: np.ndarray) -> float:
    """Return the root mean square distance of the states, (texts, units), from their mean.

    Raises ValueError unless there are at least two states in a two-dimensional array.
    """
    states = np.asarray(states)
    if states.ndim != 2 or len(states) < 2:
        raise ValueError(f"states has shape {states.shape}; expected (texts, units) with at least two texts")
    return float(np.sqrt(((states - states.mean(axis=0)) ** 2).sum(axis=1).mean()))


def read_pads(cell, states: np.ndarray, pad: np.ndarray, num_pads: int) -> np.ndarray:
    """Return the states after 1, 2, ... `num_pads` pads read without a mask, (num_pads, texts, units).

    Args:
        cell: a `gru_book.layers.gru.GRU` or `gru_book.layers.rnn.RNN`.
        states: where it starts, (texts, units).
        pad: what the cell reads at a pad, the embedding's row 0, (input_dim,).
        num_pads: how many pads, at least 1.

    Raises:
        ValueError: ``num_pads`` is less than 1, or an array has the wrong shape.
    """
    if num_pads < 1:
        raise ValueError(f"num_pads is {num_pads}; expected at least 1")
    inputs = np.broadcast_to(pad, (len(states), num_pads, np.size(pad)))
    return cell.forward(inputs, states).hidden_state.swapaxes(0, 1)


def survival(cell, states: np.ndarray, pad: np.ndarray, num_pads: Iterable[int]) -> np.ndarray:
    """Return the share of the spread of `states` that is left after each of these numbers of trailing pads.

    Arguments as for `read_pads`; ``num_pads`` holds numbers from 0 up. No pads leave 1. Raises ValueError as it does.
    """
    num_pads = [int(k) for k in num_pads]
    if not num_pads or min(num_pads) < 0:
        raise ValueError(f"num_pads is {num_pads}; expected numbers from 0 up")
    after = [np.asarray(states), *read_pads(cell, states, pad, max(1, *num_pads))]
    return np.array([spread(after[k]) for k in num_pads]) / spread(states)
