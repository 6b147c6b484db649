"""Hyperband's brackets and rungs (Li et al., 2018), as KerasTuner counts them."""

from __future__ import annotations

import math

import pandas as pd


def hyperband_schedule(max_epochs: int, factor: int) -> pd.DataFrame:
    """Return Hyperband's plan as KerasTuner carries it out: one row a rung.

    Columns: bracket, rung, trials, epochs (up to which this rung trains a trial), new_epochs (what it adds to each).
    Source: Li et al. 2018, algorithm 1, with KerasTuner's rounding. Raises ValueError unless max_epochs >= 1 and
    factor >= 2.
    """
    if max_epochs < 1 or factor < 2:
        raise ValueError(f"max_epochs = {max_epochs}, factor = {factor}; allowed: max_epochs from 1, factor from 2")
    rows = []
    last_size = math.ceil(1 + math.log(max_epochs, factor))
    for bracket in reversed(range(_brackets(max_epochs, factor))):
        before = 0
        for rung in range(bracket + 1):
            trials = math.ceil(last_size / (bracket + 1) * factor ** (bracket - rung))
            epochs = math.ceil(max_epochs / factor ** (bracket - rung))
            rows.append((bracket, rung, trials, epochs, epochs - before))
            before = epochs
    return pd.DataFrame(rows, columns=["bracket", "rung", "trials", "epochs", "new_epochs"])


def hyperband_epochs(max_epochs: int, factor: int) -> int:
    """Return the epochs that Hyperband plans in all."""
    schedule = hyperband_schedule(max_epochs, factor)
    return int((schedule["trials"] * schedule["new_epochs"]).sum())


def _brackets(max_epochs: int, factor: int) -> int:
    brackets, epochs = 0, max_epochs
    while epochs >= 1:  # KerasTuner halts where a further division would leave less than one epoch
        epochs /= factor
        brackets += 1
    return brackets
