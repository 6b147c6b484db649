"""Searches for hyperparameters with KerasTuner: what is searched and how, where it is kept, what was found.

A `Search` holds all that decides its results. `run_search` carries it out in this process and goes on where it was
interrupted; `gru_book.tuning.chief` lets several processes share the same search. Every search has a folder, by
default under `_runs/tuning/`, with KerasTuner's files and, for each trial, a journal of its runs; the tables are read
from there.
"""

from __future__ import annotations

import contextlib
import errno
import io
import math
import os
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import keras_tuner as kt

from gru_book.errors import BookError, TuningError, one_line
from gru_book.training import callbacks as training
from gru_book.tuning.folder import check_place, claimed, is_finished, mark_finished
from gru_book.tuning.oracle import KeptOracle, oracle_seed
from gru_book.tuning.records import JOURNAL, START_OVER, note
from gru_book.tuning.results import failure, first_error, state
from gru_book.tuning.search import METHODS, ScoredModel, Search

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # a full or read-only disk: no fault of a trial

IDLE_SECONDS = 0.5  # between two questions of a worker for whom there is no trial yet


@contextlib.contextmanager
def role(name: str, address: tuple[str, int]) -> Iterator[None]:
    """Let this process be the chief (the name holds that word) or a worker in the block; KerasTuner reads variables."""
    values = {"TUNER_ID": name, "ORACLE_IP": address[0], "ORACLE_PORT": str(address[1])}
    before = {f"KERASTUNER_{key}": os.environ.get(f"KERASTUNER_{key}") for key in values}
    os.environ |= {f"KERASTUNER_{key}": value for key, value in values.items()}
    try:
        yield
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})


def run_search(search: Search, folder: Path, again: bool = False) -> kt.Tuner:
    """Carry out `search` in this process, going on with what `folder` holds of it; return the tuner.

    A search that had finished is not run again: its trials come back. `again` empties the folder and starts over.
    Shows trials, epochs and the time left. Raises TuningError where the folder holds another search or is in use,
    where trial after trial fails, and where all have failed.
    """
    check_place(search, folder, again)
    arguments = search.fit_arguments() if again or not is_finished(folder) else {}
    with claimed(search, folder, again):
        tuner = Tuner(search, folder)
        if not is_finished(folder):
            progress = ProgressLine(search, folder)
            tuner.report = progress.show
            try:
                tuner.search_all(arguments or search.fit_arguments())
            except RuntimeError:
                raise stopped(search, folder) from None
            progress.close()
            mark_finished(folder)
        check_found(search, folder)
        return tuner


def stopped(search: Search, folder: Path) -> TuningError:
    """Return the error of a search in which trial after trial failed, with the reason of the first failure."""
    return TuningError(
        f"search {search.name!r} stops: trial after trial failed, the first with {first_error(folder)}; what is "
        "finished is kept, and the same search goes on with other hyperparameters"
    )


def check_found(search: Search, folder: Path) -> None:
    """Raise TuningError, with the reason, where the search in `folder` came to its end and no trial was completed."""
    if why := failure(folder):
        raise TuningError(f"search {search.name!r} found nothing: {why}; mend that, then {START_OVER}")


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
        self._oracle_file = str(folder / "oracle.json")
        place = {"directory": str(folder.parent), "project_name": folder.name}
        with contextlib.redirect_stdout(io.StringIO()):  # KerasTuner announces that it goes on
            kt.Tuner.__init__(self, oracle=oracle, hypermodel=search.model, **place)

    def search_all(self, arguments: dict) -> None:
        """Run trials, with what the search's `fit_arguments` returned, until there are none left."""
        if self.of.patience is not None:
            stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=self.of.patience)
            arguments["callbacks"].append(stop)
        with warnings.catch_warnings():
            # A trial that climbs a rung goes on from its weights, with a new Adam; Keras warns of it each time.
            warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
            try:
                self.search(**arguments, epochs=self.of.max_epochs, verbose=0)
            except kt.errors.FatalError as error:  # would come again with every trial
                raise TuningError(f"search {self.of.name!r} stops: {one_line(error)}") from None

    def _get_tuner_fname(self) -> str:
        # A tuner has no state of its own. By the oracle's file KerasTuner sees that there is something to go on with,
        # whichever process began it: by its own, one a role, a chief would overwrite what a single process had found.
        return self._oracle_file

    def save(self):
        """Write the oracle's state where it lives in this process."""
        if not self._is_worker():
            self.oracle.save()

    def reload(self):
        """Read the oracle's state where it lives in this process."""
        if not self._is_worker():
            self.oracle.reload()

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
        _note(journal, "start", worker=self.tuner_id, **before)
        plain = type(self.hypermodel).fit is kt.HyperModel.fit
        kept = _Journal(journal, self.report, self.of.objective_name if plain else None)
        kwargs["callbacks"] = [*kwargs.get("callbacks", []), kept]
        try:
            results = super().run_trial(trial, *args, **kwargs)
        except Exception as error:
            _note(journal, "failed", error=f"{type(error).__name__}: {one_line(error)}")
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise kt.errors.FatalError(f"{one_line(error)}, while trial {trial.trial_id} ran") from None
            raise
        finally:
            self._journal = None
        _note(journal, "end")
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


def _note(journal: Path, event: str, **what) -> None:
    """Note an event of a trial; where that cannot be written, end the search and not only the trial."""
    try:
        note(journal, event, **what)
    except BookError as error:
        raise kt.errors.FatalError(str(error)) from None


class _Journal(keras.callbacks.Callback):
    """Notes each epoch of a trial: its scores and seconds; ends the search where the `objective` is not among them."""

    def __init__(self, path: Path, report: Callable[[float], None], objective: str | None = None):
        super().__init__()
        self.path, self.report, self.objective = path, report, objective

    def __deepcopy__(self, memo):
        return self  # KerasTuner copies the callbacks of every trial; this one is made for one

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.report((batch + 1) / (self.params.get("steps") or math.inf))

    def on_epoch_end(self, epoch, logs=None):
        scores = {name: float(value) for name, value in (logs or {}).items()}
        _note(self.path, "epoch", epoch=epoch + 1, seconds=round(time.perf_counter() - self.started, 3), **scores)
        if self.objective is not None and self.objective not in scores:
            raise kt.errors.FatalValueError(
                f"objective is {self.objective!r}, which the training does not give; allowed: {', '.join(scores)} "
                "(those of validation need validation_data in data())"
            )
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
