"""The chief's own workers: processes on this machine, looked after and ended with it."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gru_book.environment import VARIABLES
from gru_book.tuning.folder import WORKERS

MOST_RESTARTS = 5  # of one worker in one search

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

    def look_after(self) -> str:
        """Start the process again where it died; return a line that says so, or an empty text."""
        code = self.process.poll()
        if code in (None, 0) or self.given_up:
            return ""
        before, self.last = self.last, self._last_line()
        ended = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        repeated = code > 0 and self.last == before
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

    def stop(self) -> None:
        """End the process."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


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
