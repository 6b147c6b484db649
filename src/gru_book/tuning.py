"""Searches for hyperparameters with KerasTuner: what is searched and how, where it is kept, what was found.

A `Search` holds all that decides its results. `run` carries it out in this process and goes on where it was
interrupted; `gru_book.tuning_workers` lets several processes share the same search. Every search has a folder, by
default under `_runs/tuning/`, with KerasTuner's files and, for each trial, a journal of its runs; the tables are read
from there.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import filelock
import keras
import keras_tuner as kt
import numpy as np
import pandas as pd
from keras_tuner.src.engine.objective import create_objective

from gru_book import training
from gru_book.artifacts import runs_folder
from gru_book.reviews import Vocabulary, load_reviews

OBJECTIVE = "val_accuracy"
FINISHED, IDENTITY, LOCK, JOURNAL = "finished", "search.json", "search.lock", "journal.jsonl"
IDLE_SECONDS = 0.5  # between two questions of a worker for whom there is no trial yet
METHODS = {
    "hyperband": kt.oracles.HyperbandOracle,
    "random": kt.oracles.RandomSearchOracle,
    "bayesian": kt.oracles.BayesianOptimizationOracle,
}


class TuningError(ValueError):
    """A search that cannot be made or cannot go on: names the argument, its value and what is allowed."""


class ScoredModel(kt.HyperModel):
    """Something to tune that is no Keras model: `build` asks for hyperparameters, `fit` returns a trial's scores.

    epochs: whether `fit` can train for fewer epochs, as Hyperband asks.
    """

    epochs = True


@dataclass(frozen=True)
class Search:
    """All that decides the results of a search.

    model: asks `hp` for hyperparameters and returns a compiled Keras model; or a `ScoredModel`.
    data: returns the arguments of the model's `fit` (x, y, validation_data, ...); called only where trials run.
    settings: what else decides the results, as JSON can hold it: sizes, sources.
    method: a name in METHODS. max_epochs: of the longest trials. factor: of so many trials Hyperband keeps one.
    max_trials: of "random" and "bayesian"; None is as many full trainings as Hyperband's epochs would pay for.
    patience: epochs without a lower validation loss before a trial stops; None never stops one.
    objective: the score that decides, as Keras names it; KerasTuner knows whether more or less of it is better.
    seed: of the choice of hyperparameters; `model` sets its own. Raises TuningError for values that are not allowed.
    """

    name: str
    model: Callable[[kt.HyperParameters], keras.Model] | kt.HyperModel
    data: Callable[[], dict]
    settings: dict = field(default_factory=dict)
    method: str = "hyperband"
    max_epochs: int = 10
    factor: int = 3
    max_trials: int | None = None
    patience: int | None = 5
    objective: str = OBJECTIVE
    seed: int = 0

    def __post_init__(self):
        if self.method not in METHODS:
            near = get_close_matches(str(self.method), METHODS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise TuningError(f"method is {self.method!r}; allowed: {', '.join(METHODS)}{hint}")
        for name, least in (("max_epochs", 1), ("factor", 2), ("max_trials", 1), ("patience", 0), ("seed", 0)):
            value = getattr(self, name)
            if value is None and name in ("max_trials", "patience"):
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise TuningError(f"{name} is {value!r}; allowed: whole numbers from {least}")
        if self.method == "hyperband" and not getattr(self.model, "epochs", True):
            raise TuningError(f"method is 'hyperband', but {self.model.name} has no epochs; allowed: random, bayesian")
        if not self.space().space:
            raise TuningError(
                f"the space of search {self.name!r} is empty: its model asks hp for no hyperparameter; "
                "write for example hp.Int('units', 32, 512, step=32) in it"
            )

    def space(self) -> kt.HyperParameters:
        """Return the hyperparameters that the model asks for."""
        space = kt.HyperParameters()
        build = self.model.build if isinstance(self.model, kt.HyperModel) else self.model
        build(space)
        return space

    def trials(self) -> int:
        """Return how many trials the method plans; a discrete space can run out before."""
        if self.method == "hyperband":
            return int(hyperband_schedule(self.max_epochs, self.factor)["trials"].sum())
        return self.max_trials or max(1, hyperband_epochs(self.max_epochs, self.factor) // self.max_epochs)

    def epochs(self) -> int:
        """Return how many epochs the method plans; early stopping and a space that runs out save some of them."""
        if self.method == "hyperband":
            return hyperband_epochs(self.max_epochs, self.factor)
        return self.trials() * self.max_epochs

    def identity(self) -> dict:
        """Return what tells this search from another, as JSON holds it: equal identities give equal results."""
        names = ("name", "method", "max_epochs", "factor", "max_trials", "patience", "objective", "seed", "settings")
        space = {entry["config"]["name"]: entry["config"] for entry in self.space().get_config()["space"]}
        return json.loads(json.dumps({name: getattr(self, name) for name in names} | {"space": space}))


# -- The original's search ---------------------------------------------------------------------------------------


def original_model(hp, *, maxlen: int, max_features: int, embedding_dim: int, seed: int) -> keras.Model:
    """Return the original's network with what `hp` chooses: ids (batch, maxlen) to P(positive), (batch, 1)."""
    keras.utils.set_random_seed(seed)  # a trial gives the same score in whichever order and process it runs
    layers = [
        keras.Input((maxlen,)),
        keras.layers.Embedding(max_features, embedding_dim),
        keras.layers.GRU(hp.Int("units", min_value=32, max_value=512, step=32)),
        keras.layers.Dropout(hp.Choice("dropout", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5])),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(hp.Choice("learning_rate", [1e-2, 1e-3, 1e-4]))
    model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
    return model


def original_search(
    *,
    source: str = "package",
    max_features: int = 10_000,
    maxlen: int = 80,
    train_rows: int = 1000,
    validation_rows: int = 800,
    embedding_dim: int = 128,
    batch_size: int = 32,
    seed: int = 0,
    **search,
) -> Search:
    """Return the original's search, with the dropout that it promises, on reviews of `source`.

    train_rows, validation_rows: reviews, half of each label; 0 takes all. maxlen: words of a review that the model
    reads. `search` goes to `Search`: method, max_epochs, factor, max_trials, patience.
    """
    settings = {"source": source, "max_features": max_features, "maxlen": maxlen, "train_rows": train_rows}
    settings |= {"validation_rows": validation_rows, "embedding_dim": embedding_dim, "batch_size": batch_size}

    def data() -> dict:
        reviews = load_reviews(source)
        train = reviews.train.sample(train_rows, seed) if train_rows else reviews.train
        held = reviews.validation.sample(validation_rows, seed) if validation_rows else reviews.validation
        vocabulary = Vocabulary.fit(reviews.train.texts, max_features=max_features)
        x, held_x = (keras.utils.pad_sequences(vocabulary.encode(part.texts), maxlen=maxlen) for part in (train, held))
        return {"x": x, "y": train.labels, "validation_data": (held_x, held.labels), "batch_size": batch_size}

    sizes = {"maxlen": maxlen, "max_features": max_features, "embedding_dim": embedding_dim}
    model = partial(original_model, **sizes, seed=seed)
    return Search("original", model, data, settings, seed=seed, **search)


# -- Running -----------------------------------------------------------------------------------------------------


def run(search: Search, folder: Path, again: bool = False) -> kt.Tuner:
    """Carry out `search` in this process, going on with what `folder` holds of it; return the tuner.

    A search that had finished is not run again: its trials come back. `again` empties the folder and starts over.
    Shows trials, epochs and the time left. Raises TuningError where the folder holds another search or is in use,
    and where trial after trial fails.
    """
    with claimed(search, folder, again):
        tuner = Tuner(search, folder)
        if is_finished(folder):
            return tuner
        progress = ProgressLine(search, folder)
        tuner.report = progress.show
        try:
            tuner.search_all()
        except RuntimeError as error:
            raise TuningError(f"search {search.name!r} stops: {error}") from None
        progress.close()
        mark_finished(folder)
        return tuner


def oracle_seed(search_seed: int) -> int:
    """Return a seed for an oracle, far from those of other searches.

    KerasTuner counts its seed up by one for each hyperparameter that it draws. With three hyperparameters the search
    with seed 4 is that with seed 1 without its first trial; and a seed of 0 counts as none.
    """
    return int(np.random.default_rng(search_seed).integers(1, 2**31))


class KeptOracle:
    """What the book adds to each of KerasTuner's oracles, so that nothing is lost when a process dies.

    Files are replaced in one step: KerasTuner writes them in place, and a kill in the middle leaves half a file that
    no later run can read. Failures in a row are counted from this start on: KerasTuner counts those of an interrupted
    search too, so that one stopped by three failures goes on only if the third of them works now.
    """

    def save(self):
        """Write the oracle's state."""
        write_json(Path(self._get_oracle_fname()), self.get_state())

    def _save_trial(self, trial):
        write_json(Path(self._get_trial_dir(trial.trial_id)) / "trial.json", trial.get_state())

    def reload(self):
        """Read the state; what was running is tried again."""
        super().reload()
        self._ended_before = len(self.end_order)

    def _check_consecutive_failures(self):
        ended, self.end_order = self.end_order, self.end_order[getattr(self, "_ended_before", 0) :]
        try:
            super()._check_consecutive_failures()
        finally:
            self.end_order = ended


class Tuner(kt.Hyperband):
    """KerasTuner's tuner for a `Search`, whatever its method, with a journal of each trial's runs.

    Where `KERASTUNER_ORACLE_IP` and its kin are set it is a worker and asks the chief for its trials.
    """

    def __init__(self, search: Search, folder: Path, kept: type = KeptOracle):
        options = {"objective": search.objective, "seed": oracle_seed(search.seed)}
        if search.method == "hyperband":
            options |= {"max_epochs": search.max_epochs, "factor": search.factor}
        else:
            options |= {"max_trials": search.trials()}
        oracle = type(METHODS[search.method].__name__, (kept, METHODS[search.method]), {})(**options)
        oracle.verbose = 0
        self.of, self.report, self._idle, self._journal = search, lambda fraction: None, False, None
        place = {"directory": str(folder.parent), "project_name": folder.name}
        with contextlib.redirect_stdout(io.StringIO()):  # KerasTuner announces that it goes on
            kt.Tuner.__init__(self, oracle=oracle, hypermodel=search.model, **place)

    def search_all(self) -> None:
        """Run trials until there are none left."""
        callbacks = []
        if self.of.patience is not None:
            callbacks.append(keras.callbacks.EarlyStopping(monitor="val_loss", patience=self.of.patience))
        with warnings.catch_warnings():
            # A trial that climbs a rung goes on from its weights, with a new Adam; Keras warns of it each time.
            warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
            self.search(**self.of.data(), epochs=self.of.max_epochs, callbacks=callbacks, verbose=0)

    def save(self):
        """Write the tuner's state, and the oracle's where it lives in this process."""
        if not self._is_worker():
            self.oracle.save()
        write_json(Path(self._get_tuner_fname()), self.get_state())

    def pre_create_trial(self):
        """Wait a little where the last question brought no trial: KerasTuner asks again without a pause."""
        if self._idle:
            time.sleep(IDLE_SECONDS)
        self._idle = True

    def on_trial_begin(self, trial):
        """Note that there is something to do."""
        self._idle = False

    def run_trial(self, trial, *args, **kwargs):
        """Run one trial as KerasTuner does, and keep its journal."""
        self._journal = journal = Path(self.get_trial_dir(trial.trial_id)) / JOURNAL
        before = {"before": journal.stat().st_mtime} if journal.exists() else {}  # when the run before was last alive
        note(journal, "start", worker=self.tuner_id, **before)
        kwargs["callbacks"] = [*kwargs.get("callbacks", []), _Journal(journal, self.report)]
        try:
            results = super().run_trial(trial, *args, **kwargs)
        except Exception as error:
            note(journal, "failed", error=f"{type(error).__name__}: {error}")
            raise
        finally:
            self._journal = None
        note(journal, "end")
        self.report(0.0)
        return results

    def touch(self) -> None:
        """Mark the running trial as alive: the time of its journal is its last sign of life."""
        journal = self._journal
        if journal:
            with contextlib.suppress(OSError):
                os.utime(journal)

    def _build_and_fit_model(self, trial, *args, **kwargs):
        if isinstance(self.hypermodel, ScoredModel):
            return self.hypermodel.fit(trial.hyperparameters, None, *args, **kwargs)
        return super()._build_and_fit_model(trial, *args, **kwargs)


class _Journal(keras.callbacks.Callback):
    """Notes each epoch of a trial: its scores and seconds."""

    def __init__(self, path: Path, report: Callable[[float], None]):
        super().__init__()
        self.path, self.report = path, report

    def __deepcopy__(self, memo):
        return self  # KerasTuner copies the callbacks of every trial; this one is made for one

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.report((batch + 1) / (self.params.get("steps") or math.inf))

    def on_epoch_end(self, epoch, logs=None):
        scores = {name: float(value) for name, value in (logs or {}).items()}
        note(self.path, "epoch", epoch=epoch + 1, seconds=round(time.perf_counter() - self.started, 3), **scores)
        self.report(0.0)


class ProgressLine(training.Progress):
    """One line that says how far the search in a folder is: under the cell, or in the pipeline's channel."""

    def __init__(self, search: Search, folder: Path):
        super().__init__(f"search {search.name!r}")
        self.search, self.folder = search, folder
        self.on_train_begin()
        self.before = state(folder)["epochs"]

    def show(self, fraction: float) -> None:
        """Show the state, now and then; `fraction` of the running epoch is done."""
        now = time.monotonic()
        if now - self.shown < self.every:
            return
        self.shown = now
        there = state(self.folder)
        done, planned = there["epochs"] + fraction, self.search.epochs()
        seconds = (now - self.started) * max(planned - done, 0) / max(done - self.before, 1e-9)
        left = f"at most {seconds:.0f} s left" if done > self.before else "the time left is not known yet"
        trials = there["completed"] + there["failed"] + there["running"]
        self._show(
            f"{self.name}: trial {trials} of at most {self.search.trials()}, epoch {done:.1f} of at most {planned}, "
            f"best {there['best']:.3f}, {left}"
        )

    def close(self) -> None:
        """Say that it is done."""
        self.on_train_end()


# -- Folders -----------------------------------------------------------------------------------------------------


def search_folder(name: str, search: Search | None = None) -> Path:
    """Return the folder under `_runs/tuning/` of a search called `name`; with `search`, one for just its settings."""
    if search is not None:
        digest = hashlib.sha256(json.dumps(search.identity(), sort_keys=True).encode()).hexdigest()[:12]
        name = f"{name}-{digest}"
    return runs_folder() / "tuning" / name


def is_finished(folder: Path) -> bool:
    """Return whether the search in `folder` came to its end."""
    return (folder / FINISHED).exists()


def mark_finished(folder: Path) -> None:
    """Note that the search in `folder` came to its end."""
    (folder / FINISHED).touch()


@contextlib.contextmanager
def claimed(search: Search, folder: Path, again: bool = False) -> Iterator[None]:
    """Hold `folder` for `search`: make it, or check that it holds this search; with `again` empty it first.

    Raises TuningError where another process holds it, where it holds another search (naming what differs), or where
    it is no folder of a search.
    """
    folder.mkdir(parents=True, exist_ok=True)
    identity, there = search.identity(), folder / IDENTITY
    if not there.exists() and any(path.name != LOCK for path in folder.iterdir()):
        raise TuningError(
            f"folder is {shown(folder)}, which holds no search but other files; give a new or empty folder"
        )
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise TuningError(
            f"folder is {shown(folder)}, in which another search is running; wait for it, or give another folder"
        ) from None
    try:
        if again:
            _empty(folder)
        if there.exists():
            check_identity(search, folder)
        else:
            write_json(there, identity)
        yield
    finally:
        lock.release()


def check_identity(search: Search, folder: Path) -> None:
    """Raise TuningError naming what differs where `folder` holds another search than `search`."""
    then, now = (_flat(part) for part in (json.loads((folder / IDENTITY).read_text("utf-8")), search.identity()))
    pairs = {name: (then.get(name, "nothing"), now.get(name, "nothing")) for name in {**then, **now}}
    differing = [f"{name} is {old} there, {new} here" for name, (old, new) in pairs.items() if old != new]
    if differing:
        raise TuningError(
            f"folder is {shown(folder)}, which holds another search: {'; '.join(differing)}. "
            "Give another folder, or start over (again=True, on the command line --again)"
        )


def _flat(tree: dict, before: str = "") -> dict:
    flat = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) and value else {f"{before}{name}": value}
    return flat


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


def shown(path: Path) -> str:
    """Return a path as a reader would type it."""
    path = path.resolve()
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def write_json(path: Path, content: dict) -> None:
    """Write JSON so that a reader, and a kill, meet the old file or the new one, never half of one."""
    partial_path = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial_path.write_text(json.dumps(content), encoding="utf-8")
    partial_path.replace(path)


def note(journal: Path, event: str, **what) -> None:
    """Append one event to a trial's journal."""
    line = json.dumps({"event": event, "time": round(time.time(), 3), **what})
    with open(journal, "a", encoding="utf-8") as file:
        file.write(line + "\n")


# -- Results -----------------------------------------------------------------------------------------------------


def trials_table(folder: Path) -> pd.DataFrame:
    """Return the trials of the search in `folder`, best first, as a tidy table.

    Columns: trial; bracket and rung (of Hyperband); one a hyperparameter, by name; the objective, by its name (of the
    best epoch); epochs (trained in this trial) and seconds, of its last run; worker; status (COMPLETED, RUNNING,
    FAILED, or INVALID where it waits for another try); runs (begun, more than one after a loss); error.
    """
    objective = _objective(folder)
    trials = {trial["trial_id"]: trial for trial in map(_read, folder.glob("trial_*/trial.json"))}
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
        rows.append(row | {"status": trial["status"], "runs": len(runs), "error": last["error"] or ""})
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


def _objective(folder: Path) -> kt.Objective:
    name = _read(folder / IDENTITY)["objective"] if (folder / IDENTITY).exists() else OBJECTIVE
    return create_objective(name)


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def _bracket(values: dict, trials: dict) -> int:
    # With several workers KerasTuner notes in a trial that climbs the bracket opened last, not its own.
    while values.get("tuner/trial_id") in trials:
        values = trials[values["tuner/trial_id"]]["hyperparameters"]["values"]
    return values["tuner/bracket"]


def _epochs(run_: dict, values: dict, status: str) -> int:
    if run_["epochs"] or status != "COMPLETED":
        return len(run_["epochs"])
    return values.get("tuner/epochs", 1)  # a recipe notes no single epochs, and trains each rung from its start


def _runs(journal: Path) -> list[dict]:
    """Return the runs of a trial, in their order, from its journal; a line cut short by a kill is left out."""
    runs: list[dict] = []
    for line in journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []:
        try:
            noted = json.loads(line)
        except json.JSONDecodeError:
            continue
        event, when = noted.pop("event"), noted.pop("time")
        if event == "start":
            if runs and not runs[-1]["outcome"]:
                runs[-1]["last"] = max(runs[-1]["last"], noted.get("before", 0.0))
            runs.append({"worker": noted["worker"], "start": when, "epochs": [], "outcome": None, "error": None})
        elif event == "epoch":
            runs[-1]["epochs"].append(noted)
        else:
            runs[-1]["outcome"] = "completed" if event == "end" else "failed"
            runs[-1]["error"] = noted.get("error")
        runs[-1] |= {"last": when, "seconds": round(when - runs[-1]["start"], 3)}
    return runs


# -- Hyperband's arithmetic, and what a search costs ------------------------------------------------------------


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


def seconds_per_step(model: keras.Model, x: np.ndarray, y: np.ndarray, steps: int = 3) -> float:
    """Return the mean time of one training step of a compiled `model` on the batch `x`, `y`, in seconds.

    The first step, which builds the graph, does not count. The model's weights change: give a model to throw away.
    """
    model.train_on_batch(x, y)
    started = time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(x, y)
    return (time.perf_counter() - started) / steps
