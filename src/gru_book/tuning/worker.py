"""A worker: asks the chief for a trial, runs it, reports, and leaves when the chief is gone."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import grpc
from keras_tuner.src import protos
from keras_tuner.src.distribute import oracle_client

from gru_book import files
from gru_book.errors import BookError, TuningError, one_line
from gru_book.training import seeding
from gru_book.tuning.folder import IDENTITY, WORKERS, check_identity, is_finished
from gru_book.tuning.records import check_trial, check_worker, shown
from gru_book.tuning.search import Search
from gru_book.tuning.tuner import Tuner, role

BEAT = 1.0  # seconds from one sign of life of a worker to the next

STARTS_OVER = 20.0  # seconds in which a chief that starts a finished search over has emptied its folder

REFUSED = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.ABORTED, grpc.StatusCode.INTERNAL)

WAIT = 120.0  # seconds that a worker waits for a chief that does not answer


class Client(oracle_client.OracleClient):
    """KerasTuner's client with gRPC's own retries, and no trust in what the chief calls a trial.

    A call that is under way when the chief goes fails at once in KerasTuner: a finished trial would count as invalid.
    """

    def __init__(self, oracle):
        super().__init__(oracle)
        policy = {"maxAttempts": 5, "initialBackoff": "0.5s", "maxBackoff": "5s", "backoffMultiplier": 2}
        policy["retryableStatusCodes"] = ["UNAVAILABLE"]
        options = [("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": policy}]}))]
        address = f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"
        self.stub = protos.get_service_grpc().OracleStub(grpc.insecure_channel(address, options=options))

    def create_trial(self, tuner_id: str):
        """Return a trial of the chief's; raise TuningError where its name is none, since it becomes a folder's."""
        trial = super().create_trial(tuner_id)
        if trial.status == "RUNNING":
            for name in (trial.trial_id, trial.hyperparameters.values.get("tuner/trial_id", trial.trial_id)):
                check_trial(name)
        return trial


def run_worker(search: Search, folder: Path, address: tuple[str, int], worker: str, wait: float = WAIT) -> None:
    """Run trials of `search` for the chief at `address` until there are none left.

    worker: a name that no other worker of the search has. wait: seconds without an answer after which to give up.
    Raises TuningError where the chief does not answer, or searches something else.
    """
    check_worker(worker)
    host, port = address
    if not _find_chief(address, folder, wait):
        print(f"the search in {shown(folder)} has finished")
        return
    if not (folder / IDENTITY).exists():
        raise TuningError(f"folder is {shown(folder)}, which the chief does not use: all need the same folder")
    check_identity(search, folder)
    oracle_client.TIMEOUT = wait
    with role(worker, address), _alive(folder, worker) as also:
        seeding.set_seed(search.seed)
        tuner = Tuner(search, folder)
        also.append(tuner.touch)
        tuner.oracle = Client(tuner.oracle._oracle)
        try:
            tuner.search_all(search.fit_arguments())
        except grpc.RpcError as error:
            if error.code() in REFUSED:
                raise TuningError(f"the chief at {host}:{port} refuses: {one_line(error.details())}") from None
            raise TuningError(
                f"the chief at {host}:{port} stopped answering ({error.code().name}); gave up after {wait:g} s "
                "(--wait). Finished trials are kept: start the chief again, then this worker"
            ) from None


def _find_chief(address: tuple[str, int], folder: Path, wait: float) -> bool:
    """Wait for the chief; return whether it answered, or is gone because the search has finished."""
    started, was_finished = time.monotonic(), is_finished(folder)
    with grpc.insecure_channel(f"{address[0]}:{address[1]}") as channel:
        while (waited := time.monotonic() - started) < wait:
            with contextlib.suppress(grpc.FutureTimeoutError):
                grpc.channel_ready_future(channel).result(timeout=min(1.0, wait - waited))
                return True
            if is_finished(folder) and (not was_finished or waited > STARTS_OVER):
                return False
    raise TuningError(f"no chief answers at {address[0]}:{address[1]}; gave up after {wait:g} s (--wait)")


@contextlib.contextmanager
def _alive(folder: Path, worker: str) -> Iterator[list[Callable[[], None]]]:
    """Hold the worker's name and give a sign of life every BEAT seconds.

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
            number += 1
            with contextlib.suppress(BookError):  # no room, or the folder is gone: a silent worker is struck off
                files.write_json(path, {"host": socket.gethostname(), "pid": os.getpid(), "beat": number})
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
