"""Searches for hyperparameters with KerasTuner: what is searched and how, where it is kept, what was found.

A `Search` holds all that decides its results. `run_search` carries it out in this process and goes on where it was
interrupted; `gru_book.tuning.chief` lets several processes share the same search. Every search has a folder, by
default under `_runs/tuning/`, with KerasTuner's files and, for each trial, a journal of its runs; the tables are read
from there.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import keras
import keras_tuner as kt
import numpy as np

from gru_book.errors import TuningError
from gru_book.files import write_json
from gru_book.training import callbacks as training
from gru_book.tuning.folder import JOURNAL, claimed, is_finished, mark_finished, note
from gru_book.tuning.results import state
from gru_book.tuning.search import METHODS, ScoredModel, Search

IDLE_SECONDS = 0.5  # between two questions of a worker for whom there is no trial yet


def run_search(search: Search, folder: Path, again: bool = False) -> kt.Tuner:
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
            "state",
            f"{self.name}: trial {trials} of at most {self.search.trials()}, epoch {done:.1f} of at most {planned}, "
            f"best {there['best']:.3f}, {left}",
        )

    def close(self) -> None:
        """Say that it is done."""
        self.on_train_end()
