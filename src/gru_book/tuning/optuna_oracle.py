"""An oracle that gives out Optuna's trials to any number of workers, and outlives each of them.

A worker holds a lock on its name as long as it lives, and the system gives that back however the worker ends. A trial
whose worker lives no longer is taken over by the next one that asks, with the values that it had.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import optuna
from filelock import FileLock, Timeout
from keras_tuner.engine.trial import Trial, TrialStatus
from optuna.trial import FrozenTrial, TrialState

from gru_book.tuning.chief import MOST_LOSSES
from gru_book.tuning.folder import WORKERS
from gru_book.tuning.optuna_space import SuggestedHyperParameters
from gru_book.tuning.optuna_study import REPEATS, SAMPLERS, OptunaSearch, StudyLock, numbered, trial_name
from gru_book.tuning.oracle import KeptOracle
from gru_book.tuning.records import JOURNAL, check_worker, note, read_state

MOST_REPEATS = 40  # proposals without a new one after which a space is tried out; the second half is drawn at random

OWNER, LOSSES, PRUNED = "worker", "losses", "pruned"  # what a trial of the study carries

SPENT = "spent"  # what the study carries once its space is tried out


def is_alive(folder: Path, worker: str) -> bool:
    """Return whether a worker of that name lives: whether it holds its lock. Raises TuningError where it is no name."""
    check_worker(str(worker))
    lock = FileLock(folder / WORKERS / f"{worker}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


class OptunaOracle(KeptOracle):
    """Gives a worker's tuner its trials, as KerasTuner's oracles do, out of a study that all workers share.

    A trial is given out under the study's lock, so that nobody else gets it. Its state is written before the study is
    told of its end: where a kill comes in between, the next worker tells it.
    """

    def share(self, search: OptunaSearch, folder: Path, study: optuna.Study, lock: StudyLock) -> None:
        """Take trials of `study` from now on."""
        self.of, self.folder, self.study, self.lock = search, folder, study, lock
        self.running: optuna.Trial | None = None
        self.reported = -1  # the last epoch that an earlier run of the running trial has reported

    def save(self):
        """Write nothing: what KerasTuner's oracles keep is in the study."""

    def create_trial(self, tuner_id: str) -> Trial:
        """Return a trial for the worker of that name: a lost one, a new one, or the word that there is none (yet)."""
        with self.lock.held():
            for number, frozen in enumerate(numbered(self.study)):
                if frozen.state == TrialState.RUNNING and self._is_lost(frozen, tuner_id):
                    trial = self._take_over(number, frozen, tuner_id)
                    if trial:
                        return trial
            return self._propose(tuner_id)

    def _is_lost(self, frozen: FrozenTrial, worker: str) -> bool:
        """Return whether nobody runs a running trial: this worker, which asks for one, runs none."""
        owner = frozen.user_attrs.get(OWNER)
        return not owner or owner == worker or not is_alive(self.folder, owner)

    def _take_over(self, number: int, frozen: FrozenTrial, worker: str) -> Trial | None:
        """Return a lost trial; None where it had ended and only the study did not know, or was lost too often."""
        path = self.folder / f"trial_{trial_name(self.of, number)}" / "trial.json"
        state = read_state(path) if path.exists() else {}
        if state.get("status") in (TrialStatus.COMPLETED, TrialStatus.FAILED):
            self._tell(frozen.number, state["status"], state["score"], frozen.user_attrs.get(PRUNED))
            return None
        losses = frozen.user_attrs.get(LOSSES, 0) + bool(frozen.user_attrs.get(OWNER))  # one given back is not lost
        self._draw_anew(self.of.sampler, frozen.number)
        trial = self._begin(number, optuna.Trial(self.study, frozen._trial_id), worker, losses)
        if trial is None or losses < MOST_LOSSES:
            return trial
        note(path.with_name(JOURNAL), "failed", error=f"lost its worker {MOST_LOSSES} times")
        trial.status = TrialStatus.FAILED
        self.end_trial(trial)
        return None

    def _propose(self, worker: str) -> Trial:
        """Return a new trial where the search wants more, with values that no other has."""
        trials = numbered(self.study)
        for attempt in range(MOST_REPEATS):
            if len(trials) >= self.of.trials() or SPENT in self.study.user_attrs:
                break
            sampler = self.of.sampler if attempt < MOST_REPEATS / 2 else "random"
            self._draw_anew(sampler, len(self.study.get_trials(deepcopy=False)))
            if trial := self._begin(len(trials), self.study.ask(), worker):
                return trial
        else:
            self.study.set_user_attr(SPENT, True)
        waits = any(trial.state == TrialState.RUNNING for trial in trials)
        return Trial(self.get_space(), trial_id="", status=TrialStatus.IDLE if waits else TrialStatus.STOPPED)

    def _draw_anew(self, sampler: str, number: int) -> None:
        """Let trial `number` have its own seed: else a second worker, or one that goes on, draws what was drawn."""
        seed = int(np.random.default_rng([self.of.seed, number]).integers(2**31))
        self.study.sampler = SAMPLERS[sampler](seed=seed)

    def _begin(self, number: int, asked: optuna.Trial, worker: str, losses: int = 0) -> Trial | None:
        """Return the trial with its values, as one that `worker` runs; None where another trial has the same."""
        values = SuggestedHyperParameters(asked).fill(self.hyperparameters.space)
        trials = {trial.number: trial for trial in numbered(self.study)}
        params = trials.pop(asked.number).params
        if any(trial.params == params for trial in trials.values()):
            asked.set_user_attr(REPEATS, True)
            self.study.tell(asked, state=TrialState.FAIL)
            return None
        for name, value in ((LOSSES, losses), (PRUNED, False), (OWNER, worker)):
            asked.set_user_attr(name, value)
        trial = Trial(values, trial_id=trial_name(self.of, number))
        self.running = asked
        self.reported = max(asked.storage.get_trial(asked._trial_id).intermediate_values, default=-1)
        self.trials[trial.trial_id] = trial
        self._save_trial(trial)
        return trial

    def is_hopeless(self, epoch: int, logs: dict | None) -> bool:
        """Report the score after an epoch (from 0); return whether the pruner ends the trial, before its last epoch."""
        if epoch <= self.reported or not self.objective.has_value(logs or {}):
            return False
        self.running.report(self.objective.get_value(logs), epoch)
        if epoch + 1 >= self.of.max_epochs or not self.running.should_prune():
            return False
        self.running.set_user_attr(PRUNED, True)
        return True

    def end_trial(self, trial: Trial) -> None:
        """Note the end of this worker's trial, for KerasTuner's table and for the study.

        Raises RuntimeError where the third trial in a row has failed here.
        """
        broken = None
        try:
            super().end_trial(trial)
        except RuntimeError as error:
            broken = error
            self._save_trial(self.trials[trial.trial_id])
        ended = self.trials[trial.trial_id]
        asked, self.running = self.running, None
        self._tell(asked.number, ended.status, ended.score, asked.user_attrs.get(PRUNED))
        if broken:
            raise broken

    def _tell(self, number: int, status: str, score: float | None, pruned: bool | None) -> None:
        if status == TrialStatus.COMPLETED and not pruned:
            self.study.tell(number, score, skip_if_finished=True)
        else:
            state = TrialState.PRUNED if status == TrialStatus.COMPLETED else TrialState.FAIL
            self.study.tell(number, state=state, skip_if_finished=True)

    def give_back(self) -> None:
        """Leave the running trial, if any, to whoever asks next, without counting it as lost."""
        with contextlib.suppress(Exception):  # the reason why this worker ends is what matters
            if self.running:
                self.running.set_user_attr(OWNER, "")
