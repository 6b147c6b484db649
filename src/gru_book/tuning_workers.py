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
import ipaddress
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path

import filelock
import grpc
import keras_tuner as kt
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.src import protos
from keras_tuner.src.distribute import oracle_client
from keras_tuner.src.distribute.oracle_chief import OracleServicer

from gru_book import training, tuning
from gru_book.classifier import PROGRESS
from gru_book.tuning import Search, Tuner, TuningError

WORKERS = "workers"  # folder of heartbeats, locks and logs, one file each a worker
BEAT = 1.0  # seconds from one sign of life of a worker to the next
LOST_AFTER = 30.0  # seconds without a sign of life after which a worker counts as lost
MOST_LOSSES = 3  # lost runs after which a trial counts as failed: it may be what kills its workers
MOST_RESTARTS = 5  # of one local worker in one search
STARTS_OVER = 20.0  # seconds in which a chief that starts a finished search over has emptied its folder
WAIT = 120.0  # seconds that a worker waits for a chief that does not answer


def address_of(text: str, public: bool = False) -> tuple[str, int]:
    """Return host and port of "HOST:PORT".

    Raises TuningError where it is none, and where the host is not the loopback address and `public` is not set.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise TuningError(f"chief is {text!r}; allowed: HOST:PORT, for example 127.0.0.1:5000")
    if not public and not is_loopback(host):
        raise TuningError(
            f"chief is {text!r}, an address that other machines reach, and the connection has no password: whoever "
            "reaches the port can feed the search false scores. On a network that you trust, say so: --public"
        )
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine's loopback address; raise TuningError where it is not known."""
    try:
        return ipaddress.ip_address(socket.gethostbyname(host)).is_loopback
    except OSError:
        raise TuningError(f"chief is on host {host!r}, which is not known here") from None


# -- The worker --------------------------------------------------------------------------------------------------


class Client(oracle_client.OracleClient):
    """KerasTuner's client with gRPC's own retries.

    A call that is under way when the chief goes fails at once in KerasTuner: a finished trial would count as invalid.
    """

    def __init__(self, oracle):
        super().__init__(oracle)
        policy = {"maxAttempts": 5, "initialBackoff": "0.5s", "maxBackoff": "5s", "backoffMultiplier": 2}
        policy["retryableStatusCodes"] = ["UNAVAILABLE"]
        options = [("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": policy}]}))]
        address = f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"
        self.stub = protos.get_service_grpc().OracleStub(grpc.insecure_channel(address, options=options))


def work(search: Search, folder: Path, address: tuple[str, int], worker: str, wait: float = WAIT, parent: int = 0):
    """Run trials of `search` for the chief at `address` until there are none left.

    worker: a name that no other worker of the search has. wait: seconds without an answer after which to give up.
    parent: process without which to stop at once. Raises TuningError where the chief does not answer, or searches
    something else.
    """
    if not re.fullmatch(r"[\w.-]+", worker) or "chief" in worker:
        raise TuningError(f"worker is {worker!r}; allowed: letters, digits, _ . - and not the word chief")
    host, port = address
    if not _find_chief(address, folder, wait):
        print(f"the search in {tuning.shown(folder)} has finished")
        return
    if not (folder / tuning.IDENTITY).exists():
        raise TuningError(f"folder is {tuning.shown(folder)}, which the chief does not use: all need the same folder")
    tuning.check_identity(search, folder)
    oracle_client.TIMEOUT = wait
    os.environ |= {"KERASTUNER_TUNER_ID": worker, "KERASTUNER_ORACLE_IP": host, "KERASTUNER_ORACLE_PORT": str(port)}
    with _alive(folder, worker, parent) as also:
        training.set_seed(search.seed)
        tuner = Tuner(search, folder)
        also.append(tuner.touch)
        tuner.oracle = Client(tuner.oracle._oracle)
        try:
            tuner.search_all()
        except grpc.RpcError as error:
            raise TuningError(
                f"the chief at {host}:{port} stopped answering ({error.code().name}); gave up after {wait:g} s "
                "(--wait). Finished trials are kept: start the chief again, then this worker"
            ) from None


def _find_chief(address: tuple[str, int], folder: Path, wait: float) -> bool:
    """Wait for the chief; return whether it answered, or is gone because the search has finished."""
    started, was_finished = time.monotonic(), tuning.is_finished(folder)
    with grpc.insecure_channel(f"{address[0]}:{address[1]}") as channel:
        while (waited := time.monotonic() - started) < wait:
            with contextlib.suppress(grpc.FutureTimeoutError):
                grpc.channel_ready_future(channel).result(timeout=min(1.0, wait - waited))
                return True
            if tuning.is_finished(folder) and (not was_finished or waited > STARTS_OVER):
                return False
    raise TuningError(f"no chief answers at {address[0]}:{address[1]}; gave up after {wait:g} s (--wait)")


@contextlib.contextmanager
def _alive(folder: Path, worker: str, parent: int) -> Iterator[list[Callable[[], None]]]:
    """Hold the worker's name and give a sign of life every BEAT seconds; end the process when `parent` is gone.

    Yields a list: what is put into it is called at every beat.
    """
    path = folder / WORKERS / f"{worker}.json"
    path.parent.mkdir(exist_ok=True)
    lock, over, also = filelock.FileLock(path.with_suffix(".lock")), threading.Event(), []
    try:
        lock.acquire(timeout=5 * BEAT)
    except filelock.Timeout:
        raise TuningError(f"worker is {worker!r}, as another worker of this search; give another name") from None

    def beat() -> None:
        number = 0
        while not over.wait(BEAT if number else 0):
            if parent and os.getppid() != parent:
                os._exit(1)
            number += 1
            tuning.write_json(path, {"host": socket.gethostname(), "pid": os.getpid(), "beat": number})
            for act in also:
                act()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield also
    finally:
        over.set()
        thread.join()
        lock.release()


# -- The chief ---------------------------------------------------------------------------------------------------


class ChiefOracle(tuning.KeptOracle):
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
    def end_trial(self, trial) -> None:
        """Note the end of a trial, once."""
        if trial.trial_id not in {ongoing.trial_id for ongoing in self.ongoing_trials.values()}:
            return
        try:
            super().end_trial(trial)
        except RuntimeError as error:  # trial after trial fails
            self.broken = str(error)
            self.ongoing_trials = {w: t for w, t in self.ongoing_trials.items() if t.trial_id != trial.trial_id}
            self._save_trial(self.trials[trial.trial_id])
            self.save()

    @kt.synchronized
    def strike_off(self, folder: Path) -> list[str]:
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
            tuning.note(Path(self._get_trial_dir(trial.trial_id)) / tuning.JOURNAL, "failed", error=message)
            self.end_trial(trial)

    def is_over(self) -> bool:
        """Return whether every trial has ended and every worker has been told."""
        return (self.stopped or bool(self.broken)) and not self.ongoing_trials and not self.tuner_ids


@dataclass
class LocalWorker:
    """A worker process on this machine that is started again, under its name, where it dies."""

    name: str
    command: list[str]
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen | None = None
    restarts: int = 0
    given_up: str = ""

    def start(self) -> None:
        """Start the process; its output goes to its log."""
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self.environment
            )

    def look_after(self) -> str:
        """Start the process again where it died; return a line that says so, or an empty text."""
        code = self.process.poll()
        if code in (None, 0) or self.given_up:
            return ""
        last = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] or [""]
        if code == 2 or self.restarts >= MOST_RESTARTS:  # 2: a clear error, which would come again
            self.given_up = last[0]
            return f"worker {self.name} is given up: {last[0]}"
        self.restarts += 1
        self.start()
        ended = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return f"worker {self.name} was {ended}; started again"

    def stop(self) -> None:
        """End the process."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def lead(
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
    the port or the folder is in use, where the folder holds another search, where trial after trial fails, and where
    no local worker is left.
    """
    with tuning.claimed(search, folder, again):
        (folder / WORKERS).mkdir(exist_ok=True)
        os.environ |= {"KERASTUNER_TUNER_ID": "chief", "KERASTUNER_ORACLE_IP": address[0]}
        os.environ["KERASTUNER_ORACLE_PORT"] = str(address[1])  # KerasTuner's sign that this process is a chief
        oracle = Tuner(search, folder, kept=ChiefOracle).oracle
        if tuning.is_finished(folder):
            say("this search had finished; --again starts over")
            return
        oracle.lost_after = lost_after
        oracle.save()
        (folder / "chief.json").write_text("{}", encoding="utf-8")
        server, port = _server(oracle, address)
        say(f"chief at {address[0]}:{port}, folder {tuning.shown(folder)}")
        local = [_local_worker(str(i), command(str(i), port), folder, workers) for i in range(1, workers + 1)]
        try:
            for worker in local:
                worker.start()
            _watch(search, folder, oracle, local, say)
        finally:
            for worker in local:
                worker.stop()
            server.stop(0)
        if oracle.broken:
            raise TuningError(f"search {search.name!r} stops: {oracle.broken}")
        tuning.mark_finished(folder)


def _server(oracle, address: tuple[str, int]):
    # Without this option a second chief on the same port starts without an error and takes half of the workers' calls.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), options=[("grpc.so_reuseport", 0)])
    protos.get_service_grpc().add_OracleServicer_to_server(OracleServicer(oracle), server)
    try:
        port = server.add_insecure_port(f"{address[0]}:{address[1]}")
    except RuntimeError:
        raise TuningError(
            f"chief is {address[0]}:{address[1]}, a port in use or not allowed; give another, or 0 for a free one"
        ) from None
    server.start()
    return server, port


def _local_worker(name: str, command: list[str], folder: Path, workers: int) -> LocalWorker:
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KERASTUNER_")}
    environment |= {"TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONHASHSEED": "0"}
    environment |= {"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": threads}
    return LocalWorker(name, command, folder / WORKERS / f"{name}.log", environment)


def _watch(search: Search, folder: Path, oracle: ChiefOracle, local: list[LocalWorker], say) -> None:
    """Keep the search going until it is over, with a progress bar over its epochs."""
    from tqdm import tqdm

    done, channel = tuning.state(folder)["epochs"], os.environ.get(PROGRESS)
    progress = tuning.ProgressLine(search, folder) if channel else None
    with tqdm(total=search.epochs(), initial=done, desc=f"search {search.name}", unit="epoch", disable=channel) as bar:
        while not oracle.is_over():
            time.sleep(0.3)
            for worker in oracle.strike_off(folder):
                say(f"worker {worker} gives no sign of life; its trial is tried again")
            for line in filter(None, [worker.look_after() for worker in local]):
                say(line)
            if local and all(worker.given_up for worker in local):
                raise TuningError(f"no worker is left: {local[0].given_up}")
            if progress:
                progress.show(0.0)
                continue
            now = tuning.state(folder)
            bar.n = min(now["epochs"], bar.total)
            trials = f"{now['completed']} of at most {search.trials()} trials done"
            bar.set_postfix_str(f"{trials}, {now['running']} running, {now['failed']} failed, best {now['best']:.3f}")
