"""What a test does to a search of several processes: start them, hold their trials, wait, look."""

import json
import socket
from pathlib import Path

import forks
from gru_book.tuning import results
from patience import wait_for
from toy_search import command

SEARCH = ("--method", "random", "--max-trials", "8", "--max-epochs", "1")


class Hands:
    """What a test does to a search: start processes on its folder, hold its trials, wait, look."""

    def __init__(self, folder: Path):
        self.folder, self.hold, self.started = folder, folder.with_name("hold"), []

    def tune(self, *options, folder=None):
        words = ["tune", "toy_search:toy", "--folder", str(folder or self.folder), "-p", "hold", str(self.hold)]
        return self.start(command, [*words, *options])

    def start(self, target, *arguments):
        process = forks.start(target, *arguments, self.log(len(self.started)))
        self.started.append(process)
        return process

    def log(self, number: int) -> Path:
        return self.folder.with_name(f"{number}.log")

    def said(self, process) -> str:
        return self.log(self.started.index(process)).read_text()

    def ends(self, process, code=0) -> str:
        process.join()
        assert process.exitcode == code, self.said(process)
        return self.said(process)

    def wait_for(self, what):
        try:
            return wait_for(what, alive=lambda: any(process.is_alive() for process in self.started))
        except AssertionError as error:
            raise AssertionError([str(error), *map(self.said, self.started)]) from None

    def runs(self, outcome):
        table = results.runs_table(self.folder)
        return dict(table[table["outcome"] == outcome][["worker", "trial"]].itertuples(index=False, name=None))

    def finished(self) -> set:
        table = results.runs_table(self.folder)
        return set(table[table["outcome"] == "completed"][["trial", "end"]].itertuples(index=False, name=None))

    def pid_of(self, worker) -> int:
        return json.loads((self.folder / "workers" / f"{worker}.json").read_text())["pid"]

    def hold_all(self, *workers):
        """Hold the search once some trials are finished and each of `workers` is in the middle of one."""
        self.wait_for(lambda: len(self.finished()) >= 2)
        self.hold.touch()
        self.wait_for(lambda: set(workers) <= set(self.runs("running")))


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
