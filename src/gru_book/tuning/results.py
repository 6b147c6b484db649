"""What a search found, as tables."""

from __future__ import annotations

import math
from pathlib import Path

import keras_tuner as kt
import pandas as pd
from keras_tuner.src.engine.objective import create_objective

from gru_book.allowed import shown as short
from gru_book.errors import TuningError, one_line
from gru_book.tuning.folder import IDENTITY
from gru_book.tuning.records import JOURNAL, events, read_mapping, read_state, shown
from gru_book.tuning.search import OBJECTIVE


def trials_table(folder: Path) -> pd.DataFrame:
    """Return the trials of the search in `folder`, best first, as a tidy table.

    Columns: trial; bracket and rung (of Hyperband); one a hyperparameter, by name; the objective, by its name (of the
    best epoch); epochs (trained in this trial) and seconds, of its last run; worker; status (COMPLETED, RUNNING,
    FAILED, or INVALID where it waits for another try); runs (begun, more than one after a loss); error.
    Raises TuningError where a file of the search is not as it was written.
    """
    objective = _objective(folder)
    trials = {trial["trial_id"]: trial for trial in map(read_state, folder.glob("trial_*/trial.json"))}
    rows = []
    for name, trial in trials.items():
        values = trial["hyperparameters"]["values"]
        runs = _runs(folder / f"trial_{name}" / JOURNAL)
        last = runs[-1] if runs else {"epochs": [], "worker": None, "seconds": math.nan, "error": None}
        row = {"trial": name}
        if "tuner/bracket" in values:
            row |= {"bracket": _bracket(values, trials), "rung": values["tuner/round"]}
        row |= {key: value for key, value in values.items() if not key.startswith("tuner/")}
        row |= {objective.name: trial["score"] if trial["status"] == "COMPLETED" else math.nan}
        row |= {"epochs": _epochs(last, values, trial["status"]), "seconds": last["seconds"], "worker": last["worker"]}
        rows.append(row | {"status": trial["status"], "runs": len(runs), "error": _error(trial, last)})
    if not rows:
        return pd.DataFrame(columns=["trial", objective.name, "epochs", "seconds", "worker", "status", "runs", "error"])
    by, ascending = [objective.name, "trial"], [objective.direction == "min", True]
    table = pd.DataFrame(rows).sort_values(by, ascending=ascending, na_position="last")
    return table.reset_index(drop=True)


def epochs_table(folder: Path) -> pd.DataFrame:
    """Return every epoch of each trial's last run: trial, epoch, its scores (as Keras names them) and seconds."""
    rows = []
    for journal in sorted(folder.glob(f"trial_*/{JOURNAL}")):
        trial = journal.parent.name.removeprefix("trial_")
        runs = _runs(journal)
        rows += [{"trial": trial, **epoch} for epoch in (runs[-1]["epochs"] if runs else [])]
    return pd.DataFrame(rows, columns=None if rows else ["trial", "epoch", "seconds"])


def runs_table(folder: Path) -> pd.DataFrame:
    """Return every run of every trial: trial, worker, start and end (seconds since the first start), outcome.

    outcome: "completed", "failed", "lost" (a later run of the trial began) or "running". A lost run ends with its last
    sign of life.
    """
    rows = []
    for journal in folder.glob(f"trial_*/{JOURNAL}"):
        runs = _runs(journal)
        for number, run_ in enumerate(runs):
            unfinished = "lost" if number + 1 < len(runs) else "running"
            row = {"trial": journal.parent.name.removeprefix("trial_"), "worker": run_["worker"]}
            rows.append(row | {"start": run_["start"], "end": run_["last"], "outcome": run_["outcome"] or unfinished})
    table = pd.DataFrame(rows, columns=["trial", "worker", "start", "end", "outcome"]).sort_values("start")
    first = table["start"].min() if len(table) else 0.0
    table[["start", "end"]] = (table[["start", "end"]] - first).round(2)
    return table.reset_index(drop=True)


def state(folder: Path) -> dict:
    """Return how far the search in `folder` is: completed, failed and running trials, epochs done, best score."""
    table = trials_table(folder)
    counts = table["status"].value_counts()
    best = table[_objective(folder).name].iloc[0] if len(table) else math.nan
    here = {name.lower(): int(counts.get(name, 0)) for name in ("COMPLETED", "FAILED", "RUNNING")}
    return here | {"epochs": int(table["epochs"].sum()), "best": float(best)}


def failure(folder: Path) -> str:
    """Return why the search in `folder` found nothing, in one line; an empty text where a trial was completed."""
    table = trials_table(folder).sort_values("trial")
    failed = table[table["status"] == "FAILED"]
    if failed.empty or (table["status"] == "COMPLETED").any():
        return ""
    return f"all {len(failed)} trials failed, the first with {first_error(folder)}"


def first_error(folder: Path) -> str:
    """Return the error of the first trial that failed; an empty text where none did."""
    table = trials_table(folder).sort_values("trial")
    errors = table.loc[table["error"] != "", "error"]
    return one_line(errors.iloc[0]) if len(errors) else ""


def _objective(folder: Path) -> kt.Objective:
    named = read_mapping(folder / IDENTITY).get("objective") if (folder / IDENTITY).exists() else OBJECTIVE
    try:
        return kt.Objective(**named) if isinstance(named, dict) else create_objective(named)
    except (TypeError, ValueError):
        raise TuningError(f"{shown(folder / IDENTITY)} names no objective but {short(named)}") from None


def _error(trial: dict, last: dict) -> str:
    return last["error"] or ("a score that is no number" if trial["status"] == "FAILED" else "")


def _bracket(values: dict, trials: dict) -> int:
    # With several workers KerasTuner notes in a trial that climbs the bracket opened last, not its own.
    for _ in trials:
        if values.get("tuner/trial_id") not in trials:
            break
        values = trials[values["tuner/trial_id"]]["hyperparameters"]["values"]
    return values["tuner/bracket"]


def _epochs(run_: dict, values: dict, status: str) -> int:
    if run_["epochs"] or status != "COMPLETED":
        return len(run_["epochs"])
    return values.get("tuner/epochs", 1)  # a recipe notes no single epochs, and trains each rung from its start


def _runs(journal: Path) -> list[dict]:
    """Return the runs of a trial, in their order, from its journal."""
    runs: list[dict] = []
    for noted in events(journal):
        event, when = noted.pop("event"), noted.pop("time")
        if event == "start":
            if runs and not runs[-1]["outcome"]:
                runs[-1]["last"] = max(runs[-1]["last"], noted.get("before", 0.0))
            runs.append({"worker": noted.get("worker"), "start": when, "epochs": [], "outcome": None, "error": None})
        if not runs:  # the line of its start is damaged
            continue
        if event == "epoch":
            runs[-1]["epochs"].append(noted)
        elif event != "start":
            runs[-1]["outcome"] = "completed" if event == "end" else "failed"
            runs[-1]["error"] = noted.get("error")
        runs[-1] |= {"last": when, "seconds": round(when - runs[-1]["start"], 3)}
    return runs
