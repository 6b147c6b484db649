"""One search by several workers, on one machine or on many: KerasTuner's chief and workers, made to survive a kill.

KerasTuner's chief gives out trials over gRPC and its workers run them; nothing here schedules anything. What is added
closes holes, each described where it is closed: a worker that dies, a chief that starts again, a connection that
breaks, a failure whose reason stays behind, a port that two chiefs share. Chief and workers see the same folder (on
several hosts: on a shared file system), where KerasTuner keeps the weights that a climbing trial goes on from.

The connection has no password and no encryption: whoever reaches the port can feed the chief scores. So the chief binds
to the loopback address unless it is told otherwise.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keras_tuner as kt
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.src import protos

from gru_book.errors import TuningError
from gru_book.progress import EVERY, EVERY_WITHOUT_TERMINAL, has_channel
from gru_book.tuning.folder import WORKERS, check_place, claimed, is_finished, mark_finished
from gru_book.tuning.local import LocalWorker, end_all, local_worker
from gru_book.tuning.oracle import KeptOracle
from gru_book.tuning.records import JOURNAL, note, shown
from gru_book.tuning.results import state
from gru_book.tuning.search import Search
from gru_book.tuning.servicer import CarefulServicer, server_at, unlocked_after
from gru_book.tuning.tuner import ProgressLine, Tuner, check_found, role, stopped

LOST_AFTER = 30.0  # seconds without a sign of life after which a worker counts as lost

MOST_LOSSES = 3  # lost runs after which a trial counts as failed: it may be what kills its workers


class ChiefOracle(KeptOracle):
    """An oracle that outlives its workers and itself.

    A worker that dies leaves its trial running and its name on the list for ever: KerasTuner's chief then never ends.
    Here a worker without a sign of life for `lost_after` seconds is struck off and its trial tried again. A trial lost
    MOST_LOSSES times counts as failed. A chief that starts again leaves running trials to the workers that run them,
    where KerasTuner would give each of them to a second worker. Workers stay until the last trial has ended, so that
    someone is there to take over a lost one. A report for a trial that has ended already changes nothing.
    """

    lost_after = LOST_AFTER

    def __init__(self, **options):
        self.losses: dict[str, int] = {}
        self.signs: dict[str, tuple[str, float]] = {}
        self.broken = ""
        self.fault = ""  # why the state cannot be written
        self.stopped = False
        super().__init__(**options)

    def get_state(self) -> dict:
        """Return the state, with the losses of each trial."""
        return super().get_state() | {"losses": self.losses}

    def set_state(self, state: dict) -> None:
        """Take a state over."""
        super().set_state(state)
        self.losses = state.get("losses", {})
        self._were_running = dict(state["ongoing_trials"])

    def reload(self) -> None:
        """Read the state; trials that were running stay with their workers."""
        super().reload()
        for worker, trial in self._were_running.items():
            self._retry_queue.remove(trial)
            self.ongoing_trials[worker] = self.trials[trial]
            self.tuner_ids.add(worker)

    @kt.synchronized
    def create_trial(self, tuner_id: str):
        """Return a trial for a worker; a worker that asks while it has one has lost it, and gets it again."""
        if tuner_id in self.ongoing_trials:
            self._count_loss(tuner_id)
        if self.broken:
            self.ongoing_trials.pop(tuner_id, None)
            self.tuner_ids.discard(tuner_id)
            return kt.engine.trial.Trial(self.get_space(), trial_id="", status=TrialStatus.STOPPED)
        trial = super().create_trial(tuner_id)
        if trial.status == TrialStatus.STOPPED and self.ongoing_trials:
            self.tuner_ids.add(tuner_id)
            trial.status = TrialStatus.IDLE
        self.stopped = self.stopped or trial.status == TrialStatus.STOPPED
        return trial

    @kt.synchronized
    def update_trial(self, trial_id: str, metrics: dict, step: int = 0):
        """Note scores of a running trial; those of one that has ended come too late."""
        if not self.is_running(trial_id):
            return self.trials[trial_id]
        return super().update_trial(trial_id, metrics, step)

    def is_running(self, trial_id: str) -> bool:
        """Return whether a worker is at this trial."""
        return trial_id in {ongoing.trial_id for ongoing in self.ongoing_trials.values()}

    @kt.synchronized
    def end_trial(self, trial) -> None:
        """Note the end of a trial, once."""
        if not self.is_running(trial.trial_id):
            return
        try:
            super().end_trial(trial)
        except RuntimeError as error:  # trial after trial fails
            self.broken = str(error)
            self.ongoing_trials = {w: t for w, t in self.ongoing_trials.items() if t.trial_id != trial.trial_id}
            self._save_trial(self.trials[trial.trial_id])
            self.save()

    @kt.synchronized
    def drop_lost_workers(self, folder: Path) -> list[str]:
        """Strike off the workers that have given no sign of life for too long; return their names."""
        now, lost = time.monotonic(), []
        for worker in {*self.tuner_ids, *self.ongoing_trials}:
            path = folder / WORKERS / f"{worker}.json"
            sign = path.read_text(encoding="utf-8") if path.exists() else ""
            if worker not in self.signs or self.signs[worker][0] != sign:
                self.signs[worker] = sign, now
            elif now - self.signs[worker][1] > self.lost_after:
                lost.append(worker)
        for worker in lost:
            del self.signs[worker]
            self.tuner_ids.discard(worker)
            if worker in self.ongoing_trials:
                self._count_loss(worker)
                if worker in self.ongoing_trials:
                    self._retry_queue.append(self.ongoing_trials.pop(worker).trial_id)
                self.save()
        return lost

    def _count_loss(self, worker: str) -> None:
        trial = self.ongoing_trials[worker]
        self.losses[trial.trial_id] = self.losses.get(trial.trial_id, 0) + 1
        if self.losses[trial.trial_id] >= MOST_LOSSES:
            trial.status = TrialStatus.FAILED
            message = f"lost its worker {MOST_LOSSES} times"
            note(Path(self._get_trial_dir(trial.trial_id)) / JOURNAL, "failed", error=message)
            self.end_trial(trial)

    def is_over(self) -> bool:
        """Return whether every trial has ended and every worker has been told."""
        return (self.stopped or bool(self.broken)) and not self.ongoing_trials and not self.tuner_ids


def run_chief(
    search: Search,
    folder: Path,
    address: tuple[str, int] = ("127.0.0.1", 0),
    workers: int = 0,
    command: Callable[[str, int], list[str]] | None = None,
    again: bool = False,
    lost_after: float = LOST_AFTER,
    say: Callable[[str], None] = print,
) -> None:
    """Be the chief of `search` at `address` until it is over, with `workers` local workers.

    address: host and port; port 0 takes a free one. command(worker, port): the command line of a local worker. say:
    takes each line worth knowing. An interrupted search goes on; with `again` it starts over. Raises TuningError where
    the port or the folder is in use, where the folder holds another search, where trial after trial or every trial
    fails, and where no local worker is left; a KeyboardInterrupt says how far the search came.
    """
    with contextlib.ExitStack() as held:
        server, port = held.enter_context(server_at(address))
        check_place(search, folder, again)
        if workers and (again or not is_finished(folder)):
            search.fit_arguments()  # what is wrong with the data is said now, not by every worker
        held.enter_context(claimed(search, folder, again))
        held.enter_context(role("chief", (address[0], port)))
        (folder / WORKERS).mkdir(exist_ok=True)
        oracle = Tuner(search, folder, kept=ChiefOracle).oracle
        if is_finished(folder):
            check_found(search, folder)
            say("this search had finished; --again starts over")
            return
        oracle.lost_after = lost_after
        oracle.save()
        protos.get_service_grpc().add_OracleServicer_to_server(CarefulServicer(oracle), server)
        server.start()
        say(f"chief at {address[0]}:{port}, folder {shown(folder)}")
        local = [local_worker(str(i), command(str(i), port), folder, workers) for i in range(1, workers + 1)]
        try:
            for worker in local:
                worker.start()
            with unlocked_after(oracle):
                _watch(search, folder, oracle, local, say)
        except KeyboardInterrupt:
            done = f"{state(folder)['completed']} of at most {search.trials()} trials are done"
            raise KeyboardInterrupt(f"search {search.name!r} was interrupted in {shown(folder)}, {done}") from None
        finally:
            end_all(local)
        if oracle.broken:
            raise stopped(search, folder)
        mark_finished(folder)
        check_found(search, folder)


def _watch(search: Search, folder: Path, oracle: ChiefOracle, local: list[LocalWorker], say) -> None:
    """Keep the search going until it is over, with a progress bar over its epochs."""
    with progress_bar(search, folder) as show:
        while not oracle.is_over():
            time.sleep(0.3)
            for worker in oracle.drop_lost_workers(folder):
                say(f"worker {worker} gives no sign of life; its trial is tried again")
            for line in filter(None, [worker.look_after(oracle.stopped or bool(oracle.broken)) for worker in local]):
                say(line)
            if oracle.fault:
                raise TuningError(f"search {search.name!r} stops: {oracle.fault}")
            if local and all(worker.given_up for worker in local):
                raise TuningError(f"no worker is left: {local[0].given_up}")
            show(0.0)


@contextlib.contextmanager
def progress_bar(search: Search, folder: Path) -> Iterator[Callable[[float], None]]:
    """Yield what shows how far a search is, on a terminal or in the pipeline's channel; call it as often as you like.

    It takes the share of the running epoch that is done, which only the channel shows.
    """
    from tqdm import tqdm

    done, quiet = state(folder)["epochs"], has_channel()
    progress = ProgressLine(search, folder) if quiet else None
    every = EVERY if sys.stderr.isatty() else EVERY_WITHOUT_TERMINAL
    with tqdm(total=search.epochs(), initial=done, desc=f"search {search.name}", unit="epoch", disable=quiet) as bar:
        shown_at = time.monotonic()

        def show(fraction: float) -> None:
            nonlocal shown_at
            if progress:
                progress.show(fraction)
            elif time.monotonic() - shown_at >= every:
                _show(bar, state(folder), search)
                shown_at = time.monotonic()

        yield show
        if not quiet:
            _show(bar, state(folder), search)


def _show(bar, now: dict, search: Search) -> None:
    bar.n = min(now["epochs"], bar.total)
    trials = f"{now['completed']} of at most {search.trials()} trials done"
    bar.set_postfix_str(f"{trials}, {now['running']} running, {now['failed']} failed, best {now['best']:.3f}")
