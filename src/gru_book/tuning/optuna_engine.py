"""A search by Optuna: the same spaces, folders, tables and resumption as with KerasTuner, Optuna's sampler and pruner.

Optuna proposes the values and says which trials are hopeless. KerasTuner's tuner runs them, so that the best epoch, the
state and the journal of each trial are kept as in every other search. There is no chief: every process that runs the
same search on the same folder is a worker, and they share Optuna's journal, ``workers/study.log``.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import optuna
from filelock import FileLock, Timeout
from keras_tuner.engine.trial import Trial

from gru_book import files
from gru_book.errors import TuningError
from gru_book.tuning.folder import (
    IDENTITY,
    LOCK,
    WORKERS,
    check_engine,
    check_place,
    claimed,
    is_finished,
    mark_finished,
)
from gru_book.tuning.optuna_oracle import OptunaOracle, is_alive
from gru_book.tuning.optuna_space import quiet
from gru_book.tuning.optuna_study import OptunaSearch, StudyLock, open_study
from gru_book.tuning.records import read_state, shown
from gru_book.tuning.search import Search
from gru_book.tuning.tuner import ProgressLine, Tuner, check_found, stopped
from gru_book.tuning.worker import _alive as alive

BEGINS = 10.0  # seconds in which another process that begins the same search has said whose the folder is


class OptunaTuner(Tuner):
    """Runs trials of a study as KerasTuner's tuner does, and stops those that the pruner calls hopeless."""

    def __init__(self, search: OptunaSearch, folder: Path, study: optuna.Study, lock: StudyLock, worker: str = ""):
        super().__init__(search, folder, kept=OptunaOracle)
        self.oracle.share(search, folder, study, lock)
        self.tuner_id = worker

    def on_epoch_end(self, trial, model, epoch, logs=None):
        """Stop the training where the pruner says so."""
        if self.oracle.is_hopeless(epoch, logs):
            model.stop_training = True

    def load_trials(self) -> None:
        """Read the trials of all workers, so that the best of them can be asked for."""
        states = [read_state(path) for path in sorted(self.oracle.folder.glob("trial_*/trial.json"))]
        self.oracle.trials = {state["trial_id"]: Trial.from_state(state) for state in states}


@contextlib.contextmanager
def progress_line(search: Search, folder: Path) -> Iterator[Callable[[float], None]]:
    """Yield what shows how far a search is, as one line; it takes the share of the running epoch that is done."""
    line = ProgressLine(search, folder)
    yield line.show
    line.close()


def run_with_optuna(
    search: Search,
    folder: Path,
    sampler: str = "tpe",
    pruner: str | None = None,
    again: bool = False,
    progress: Callable = progress_line,
) -> OptunaTuner:
    """Carry out `search` by Optuna, as one of its workers, going on with what `folder` holds of it; return the tuner.

    sampler, pruner: see `OptunaSearch`; the search's own method is KerasTuner's, and not used. Other processes that
    run the same search on the same folder work beside this one. again: start over in an empty folder. progress: a
    context manager as `progress_line`. The study itself is the tuner's `oracle.study`. With one worker, the same seed
    and a model that sets its own give the same trials, whether the search was interrupted or not.

    Raises TuningError where the folder holds another search, or KerasTuner's, where it is damaged, where it is to be
    started over while a worker runs, where trial after trial fails in this worker, and where all have failed.
    """
    search = OptunaSearch.of(search, sampler, pruner)
    check_engine(folder, "optuna", again)
    check_place(search, folder, again)
    arguments = search.fit_arguments() if again or not is_finished(folder) else {}
    _claim(search, folder, again)
    with quiet(), contextlib.ExitStack() as held:
        study, lock = open_study(search, folder)
        if is_finished(folder):
            tuner = OptunaTuner(search, folder, study, lock)
        else:
            worker, also = held.enter_context(_joined(folder, lock))
            tuner = OptunaTuner(search, folder, study, lock, worker)
            also.append(tuner.touch)
            tuner.report = held.enter_context(progress(search, folder))
            try:
                tuner.search_all(arguments or search.fit_arguments())
            except RuntimeError:
                raise stopped(search, folder) from None
            finally:
                tuner.oracle.give_back()
            with lock.held():
                if not is_finished(folder):
                    mark_finished(folder)
        tuner.load_trials()
    check_found(search, folder)
    return tuner


def _claim(search: OptunaSearch, folder: Path, again: bool) -> None:
    """Make `folder` that of `search`, or check that it is; other workers may be doing the same at this moment."""
    identity = folder / IDENTITY
    if again or not identity.exists():
        try:
            with claimed(search, folder, again):
                pass
        except TuningError:
            until = time.monotonic() + BEGINS
            while not again and not identity.exists() and time.monotonic() < until:
                time.sleep(0.05)
            if again or not identity.exists():
                raise
    check_place(search, folder)
    files.check_room(folder, f"folder {shown(folder)}")
    (folder / WORKERS).mkdir(exist_ok=True)
    for inner in (folder, *folder.glob("trial_*"), folder / WORKERS):
        files.sweep(inner)


@contextlib.contextmanager
def _joined(folder: Path, lock: StudyLock) -> Iterator[tuple[str, list[Callable[[], None]]]]:
    """Be a worker: hold the first free number as a name, and with the other workers the lock of the folder.

    Yields the name and a list: what is put into it is called once a second.
    """
    present = FileLock(folder / LOCK, thread_local=False)

    def be_present() -> None:
        with contextlib.suppress(Timeout, OSError):  # another worker holds it
            if not present.is_locked:
                present.acquire(timeout=0)

    with contextlib.ExitStack() as held:
        held.callback(present.release, force=True)
        with lock.held():
            worker = next(name for name in map(str, count(1)) if not is_alive(folder, name))
            also = held.enter_context(alive(folder, worker))
        be_present()
        also.append(be_present)
        yield worker, also
