"""The chief's own workers: processes on this machine, looked after and ended with it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from gru_book.environment import VARIABLES
from gru_book.tuning.folder import WORKERS

MOST_RESTARTS = 5  # of one worker in one search

PATIENCE = 5.0  # seconds that workers have to end politely

TAIL = 10_000  # bytes of a worker's log in which its last line is


@dataclass
class LocalWorker:
    """A worker process on this machine that is started again, under its name, where it dies of no error of its own."""

    name: str
    command: list[str]
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen | None = None
    restarts: int = 0
    last: str | None = None
    given_up: str = ""

    def start(self) -> None:
        """Start the process; its output goes to its log."""
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self.environment
            )

    def look_after(self, over: bool) -> str:
        """Start the process again where it died; return a line that says so, or an empty text.

        over: whether the search has nothing left to give out, so that a worker may leave.
        """
        code = self.process.poll()
        if code is None or (code == 0 and over) or self.given_up:
            return ""
        before, self.last = self.last, self._last_line()
        killed = next((one.name for one in signal.Signals if one == -code), f"signal {-code}")
        ended = f"was killed by {killed}" if code < 0 else f"ended with code {code}"
        repeated = code >= 0 and self.last == before
        if code == 2 or repeated or self.restarts >= MOST_RESTARTS:  # 2: a clear error, which would come again
            self.given_up = self.last or ended
            return f"worker {self.name} is given up: {self.given_up}"
        self.restarts += 1
        self.start()
        return f"worker {self.name} {ended}; started again"

    def _last_line(self) -> str:
        with open(self.log, "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL))
            lines = log.read().decode("utf-8", "replace").strip().splitlines() or [""]
        return lines[-1].removeprefix("gru-book: ")


def end_all(workers: list[LocalWorker]) -> None:
    """End the processes, all of them politely first: a trial may be in the middle of a step."""
    living = [worker.process for worker in workers if worker.process and worker.process.poll() is None]
    for process in living:
        process.terminate()
    until = time.monotonic() + PATIENCE
    for process in living:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def local_worker(name: str, command: list[str], folder: Path, workers: int) -> LocalWorker:
    """Return the worker `name`, not started yet, with its share of this machine's cores among `workers`."""
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KERASTUNER_")}
    environment |= VARIABLES | {
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": threads,
    }
    return LocalWorker(name, command, folder / WORKERS / f"{name}.log", environment)
