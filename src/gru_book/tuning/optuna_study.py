"""What Optuna searches and where it notes it: its search, the study that all workers share, and the study's lock."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import optuna
from filelock import FileLock
from keras_tuner.src.engine.objective import create_objective
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.trial import FrozenTrial, TrialState

from gru_book.allowed import shown as short
from gru_book.errors import TuningError, did_you_mean, one_line
from gru_book.tuning.folder import WORKERS
from gru_book.tuning.optuna_space import check_space
from gru_book.tuning.records import START_OVER, shown
from gru_book.tuning.search import Search

SAMPLERS = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}

PRUNERS: dict[str, Callable[[Search], optuna.pruners.BasePruner]] = {
    "median": lambda search: optuna.pruners.MedianPruner(),
    "hyperband": lambda search: optuna.pruners.HyperbandPruner(
        max_resource=search.max_epochs, reduction_factor=search.factor
    ),
    "none": lambda search: optuna.pruners.NopPruner(),
}

STUDY = "study.log"  # in the folder of workers: Optuna's journal

REPEATS = "repeats"  # the mark of a proposal that was none, because another trial has the same values


@dataclass(frozen=True)
class OptunaSearch(Search):
    """A search that Optuna carries out: `Search` with a sampler and a pruner in place of KerasTuner's method.

    sampler: a name in SAMPLERS. pruner: a name in PRUNERS; None is "median", or "none" where the model has no epochs.
    A pruner sees what a model's `fit` tells its callbacks at the end of an epoch; a recipe tells nothing. Without
    max_trials there are as many trials as full trainings that Hyperband's epochs would pay for. Raises TuningError for
    values that are not allowed, and for a space that Optuna cannot sample.
    """

    sampler: str = "tpe"
    pruner: str | None = None

    @classmethod
    def of(cls, search: Search, sampler: str = "tpe", pruner: str | None = None) -> OptunaSearch:
        """Return `search`, whatever KerasTuner's method for it is, as one for Optuna."""
        values = {one.name: getattr(search, one.name) for one in fields(Search)}
        return cls(**values | {"method": "random", "sampler": sampler, "pruner": pruner})

    def __post_init__(self):
        """Check every value."""
        super().__post_init__()
        epochs = getattr(self.model, "epochs", True)
        if self.pruner is None:
            object.__setattr__(self, "pruner", "median" if epochs else "none")
        for name, known in (("sampler", SAMPLERS), ("pruner", PRUNERS)):
            value = getattr(self, name)
            if not isinstance(value, str) or value not in known:
                raise TuningError(f"{name} is {short(value)}{did_you_mean(value, known)}; allowed: {', '.join(known)}")
        if self.pruner != "none" and not epochs:
            raise TuningError(f"pruner is {self.pruner!r}, but {self.model.name} has no epochs; allowed: none")
        check_space(self.space().space)

    def identity(self) -> dict:
        """Return what tells this search from another, and from KerasTuner's, as JSON holds it."""
        return super().identity() | {"engine": "optuna", "method": self.sampler, "pruner": self.pruner}


class StudyLock:
    """Optuna's lock on its journal: one that ends with its process, and cuts off what a kill left half written.

    Optuna's own outlives its process by 30 seconds, and the next record would be joined to half a line.
    """

    def __init__(self, journal: Path):
        self.journal, self.lock = journal, FileLock(journal.with_suffix(".lock"))

    def acquire(self) -> bool:
        """Wait for the lock; it may be held already."""
        self.lock.acquire()
        if self.journal.exists():
            with open(self.journal, "rb+") as file:
                if (end := file.seek(0, 2)) and (file.seek(end - 1), file.read(1))[1] != b"\n":
                    file.seek(0)
                    file.truncate(file.read().rfind(b"\n") + 1)
        return True

    def release(self) -> None:
        """Give it back, once for each time that it was acquired."""
        self.lock.release()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock in the block: what is read there is still so when something is written."""
        self.acquire()
        try:
            yield
        finally:
            self.release()


def open_study(search: OptunaSearch, folder: Path) -> tuple[optuna.Study, StudyLock]:
    """Return the study in `folder`, made where there is none, and its lock.

    Raises TuningError where its journal is damaged, and where it and the trials' folders know of different trials.
    """
    path = folder / WORKERS / STUDY
    lock = StudyLock(path)
    direction = {"min": "minimize", "max": "maximize"}[create_objective(search.objective).direction]
    with lock.held():
        try:
            study = _read_study(search, path, lock, direction)
        except OSError:
            raise
        except Exception as error:  # whatever lines that are not Optuna's do to it
            raise TuningError(f"{shown(path)} is damaged ({one_line(error)}); {START_OVER}") from None
        trials = [] if study is None else numbered(study)
        ended = {f"trial_{trial_name(search, n)}": trial.state.is_finished() for n, trial in enumerate(trials)}
        there = {place.parent.name for place in folder.glob("trial_*/trial.json")}
        lost, unknown = {name for name in ended if ended[name]} - there, there - set(ended)
        if lost or unknown:
            what = f"names {min(lost)}, which is not there" if lost else f"does not know {min(unknown)}"
            raise TuningError(f"{shown(path)} {what}; {START_OVER}")
        if study is None:
            study = optuna.create_study(study_name=search.name, storage=_storage(path, lock), direction=direction)
        study.pruner = PRUNERS[search.pruner](search)
    return study, lock


def _storage(path: Path, lock: StudyLock) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))


def _read_study(search: OptunaSearch, path: Path, lock: StudyLock, direction: str) -> optuna.Study | None:
    """Return the study that a journal holds, None where it is new; raise any error where it holds anything else."""
    for line in path.read_bytes().splitlines() if path.exists() else ():
        json.loads(line)
    storage = _storage(path, lock)
    studies = storage.get_all_studies()
    if not studies and path.stat().st_size == 0:
        return None
    if [study.study_name for study in studies] != [search.name] or studies[0].direction.name.lower() != direction:
        raise ValueError("it holds another study")
    return optuna.load_study(study_name=search.name, storage=storage)


def trial_name(search: Search, number: int) -> str:
    """Return the name of trial `number`, as KerasTuner writes it: so many digits as the number of all trials has."""
    return f"{number:0{len(str(search.trials()))}d}"


def numbered(study: optuna.Study) -> list[FrozenTrial]:
    """Return a study's trials as the folder numbers them, from 0: without proposals that only repeated another."""
    return [trial for trial in study.get_trials(deepcopy=False) if REPEATS not in trial.user_attrs]


def given_back(study: optuna.Study, max_epochs: int) -> tuple[int, int]:
    """Return how many trials were pruned, and how many of their epochs were not trained for that."""
    left = [max_epochs - 1 - trial.last_step for trial in numbered(study) if trial.state == TrialState.PRUNED]
    return len(left), sum(left)
