"""Searches with KerasTuner: where they live, what they cost, what they found.

A search keeps every finished trial in its folder under `_runs/tuning/`. One that was interrupted goes on there; one
that had finished starts anew, so that old results are never shown as a new run's.
"""

import hashlib
import json
import math
import shutil
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from gru_book.artifacts import runs_folder

FINISHED = "finished"


def search_folder(page: str, settings: dict) -> Path:
    """Return the folder of the search that `page` makes with `settings` (all that decides its results).

    It holds the finished trials of an interrupted search with equal settings; otherwise it is new and empty.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    folder = runs_folder() / "tuning" / f"{page}-{digest}"
    if (folder / FINISHED).exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def mark_finished(folder: Path) -> None:
    """Note that the search in `folder` came to its end: the next one with its settings starts anew."""
    (folder / FINISHED).touch()


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


def _brackets(max_epochs: int, factor: int) -> int:
    brackets, epochs = 0, max_epochs
    while epochs >= 1:  # KerasTuner halts where a further division would leave less than one epoch
        epochs /= factor
        brackets += 1
    return brackets


def trials_table(folder: Path) -> pd.DataFrame:
    """Return the finished trials of the search in `folder`, best first, as a tidy table.

    Columns: trial, bracket, rung, epochs, one a hyperparameter (by name), val_accuracy. Reads `trial_*/trial.json`.
    """
    rows = []
    for path in folder.glob("*/trial_*/trial.json"):
        trial = json.loads(path.read_text(encoding="utf-8"))
        if trial["status"] != "COMPLETED":
            continue
        values = trial["hyperparameters"]["values"]
        plan = {"bracket": values["tuner/bracket"], "rung": values["tuner/round"], "epochs": values["tuner/epochs"]}
        chosen = {name: values[name] for name in sorted(values) if not name.startswith("tuner/")}
        rows.append({"trial": trial["trial_id"], **plan, **chosen, "val_accuracy": trial["score"]})
    table = pd.DataFrame(rows).sort_values(["val_accuracy", "trial"], ascending=[False, True])
    return table.reset_index(drop=True)


def started_trials(folder: Path) -> int:
    """Return how many trials the search in `folder` has begun."""
    return len(list(folder.glob("*/trial_*")))


def seconds_per_step(model: keras.Model, x: np.ndarray, y: np.ndarray, steps: int = 3) -> float:
    """Return the mean time of one training step of a compiled `model` on the batch `x`, `y`, in seconds.

    The first step, which builds the graph, does not count. The model's weights change: give a model to throw away.
    """
    model.train_on_batch(x, y)
    started = time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(x, y)
    return (time.perf_counter() - started) / steps
