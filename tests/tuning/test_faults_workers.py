"""Workers and their chief when somebody interrupts, kills, or leaves no room: no orphan, no endless start, one line."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gru_book.errors import TuningError
from gru_book.tuning import oracle as oracle_module
from gru_book.tuning import worker
from gru_book.tuning.chief import ChiefOracle, run_chief
from gru_book.tuning.folder import claimed
from gru_book.tuning.local import MOST_RESTARTS, LocalWorker
from gru_book.tuning.servicer import unlocked_after
from gru_book.tuning.tuner import Tuner, role, run_search
from gru_book.tuning.worker import run_worker
from hands import SEARCH, free_address
from patience import wait_for
from toy_search import toy

WORKER = ["tune", "toy_search:toy", "--chief", "127.0.0.1:9", "--worker", "a", "--wait", "3600"]

# ---- orphans

FIRST_LINE = f"""
import sys
from gru_book.tuning import parent

def watch(number):
    print(number, sorted({{"numpy", "keras", "tensorflow", "keras_tuner", "grpc"}} & set(sys.modules)))
    sys.exit(0)

parent.watch_parent = watch
from gru_book.cli import main

main([*{WORKER}, "--parent", "7"])
"""


def test_a_worker_watches_its_parent_before_it_imports_anything_slow():
    done = subprocess.run([sys.executable, "-c", FIRST_LINE], capture_output=True, text=True)
    assert done.stdout == "7 []\n", done.stderr


def test_a_worker_whose_parent_is_gone_already_ends():
    command = [sys.executable, "-m", "gru_book.cli", *WORKER, "--parent", "999999999"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def ended(pid: int) -> bool:
    """Whether a process has ended, whoever has to note that."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


STARTS = f"""
import os, subprocess, sys, time
command = [sys.executable, "-m", "gru_book.cli", *{WORKER}, "--parent", str(os.getpid())]
print(subprocess.Popen(command, stderr=subprocess.DEVNULL).pid, flush=True)
time.sleep(3600)
"""


def test_a_worker_ends_when_its_parent_is_killed():
    with subprocess.Popen([sys.executable, "-c", STARTS], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert not ended(pid)
        parent.kill()
    wait_for(lambda: ended(pid))


# ---- interruptions


def test_an_interrupted_chief_says_what_is_kept_and_ends_its_workers(hands):
    """A polite kill of the chief, then Ctrl-C, which reaches its workers, too."""
    workers = []
    for number, kill, names in ((signal.SIGTERM, os.kill, "12"), (signal.SIGINT, os.killpg, "1")):
        process = hands.tune(*SEARCH, "--workers", str(len(names)))
        hands.hold_all(*names)
        hands.wait_for(lambda old=tuple(workers), of=names: not {hands.pid_of(name) for name in of} & {*old})
        workers, before = [hands.pid_of(name) for name in names], hands.finished()
        kill(process.pid, number)
        shown = hands.ends(process, code=130)
        (line,) = [line for line in shown.splitlines() if line.startswith("gru-book: ")]
        assert line.startswith("gru-book: search 'toy' was interrupted in ")
        assert f"{len(before)} of at most 8 trials are done; finished trials are kept; the same command" in line
        assert "Traceback" not in shown
        assert all(map(ended, workers))
    hands.hold.unlink()
    assert "8 trials completed, 0 failed" in hands.ends(hands.tune(*SEARCH))
    assert before <= hands.finished()


def test_a_lock_is_given_back_when_an_interruption_comes_while_it_is_held(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with role("chief", ("127.0.0.1", 0)):
        oracle = Tuner(toy(method="random", max_trials=4), tmp_path / "search", kept=ChiefOracle).oracle
    monkeypatch.setattr(oracle_module, "write_state", interrupt)
    with pytest.raises(KeyboardInterrupt), unlocked_after(oracle):
        oracle.create_trial("a")
    monkeypatch.undo()
    other = threading.Thread(target=oracle.create_trial, args=("b",), daemon=True)
    other.start()
    wait_for(lambda: not other.is_alive())


# ---- workers that die


class Process:
    """A process that ends with one code after another, and says one line after another."""

    def __init__(self, local, log, ends):
        self.local, self.log, self.ends, self.started = local, log, iter(ends), 0
        self.start()

    def start(self):
        self.started += 1
        self.code, line = next(self.ends)
        with open(self.log, "a") as file:
            file.write(f"earlier words\n{line}\n")

    def poll(self):
        return self.code


def look_after(tmp_path, monkeypatch, ends, over=True) -> tuple[list[str], int, str]:
    """Return what the chief says of a worker that ends like that, how often it was started, and why not again."""
    local = LocalWorker("1", [], tmp_path / "1.log", {})
    local.process = Process(local, local.log, ends)
    monkeypatch.setattr(LocalWorker, "start", lambda self: self.process.start())
    said = [local.look_after(over) for _ in range(len(ends))]
    return said, local.process.started, local.given_up


def test_a_clear_error_is_not_tried_again(tmp_path, monkeypatch):
    said, started, why = look_after(tmp_path, monkeypatch, [(2, "gru-book: source is 'foo'"), (None, "")])
    assert said == ["worker 1 is given up: source is 'foo'", ""]
    assert (started, why) == (1, "source is 'foo'")


@pytest.mark.parametrize("code", [1, 3, 134])
def test_an_error_that_comes_again_is_not_tried_a_third_time(code, tmp_path, monkeypatch):
    ends = [(code, "ImportError: x"), (code, "ImportError: x"), (0, "")]
    said, started, why = look_after(tmp_path, monkeypatch, ends)
    assert said[:2] == [f"worker 1 ended with code {code}; started again", "worker 1 is given up: ImportError: x"]
    assert (started, why) == (2, "ImportError: x")


def test_other_errors_are_tried_again_for_a_while(tmp_path, monkeypatch):
    ends = [(1, f"Error: {number}") for number in range(MOST_RESTARTS + 1)] + [(None, "")]
    said, started, why = look_after(tmp_path, monkeypatch, ends)
    assert started == MOST_RESTARTS + 1
    assert why == f"Error: {MOST_RESTARTS}"
    assert said[-2:] == [f"worker 1 is given up: {why}", ""]


def test_a_kill_is_no_error_of_the_worker(tmp_path, monkeypatch):
    ends = [(-signal.SIGKILL, "same line")] * MOST_RESTARTS + [(0, "")]
    said, started, why = look_after(tmp_path, monkeypatch, ends)
    assert set(said[:-1]) == {"worker 1 was killed by SIGKILL; started again"}
    assert (started, why) == (MOST_RESTARTS + 1, "")


def test_a_worker_that_leaves_before_the_search_is_over_is_started_again_once(tmp_path, monkeypatch):
    """As one whose training calls sys.exit(0): without it the chief would wait for ever."""
    said, started, why = look_after(tmp_path, monkeypatch, [(0, "bye"), (0, "bye"), (None, "")], over=False)
    assert said[:2] == ["worker 1 ended with code 0; started again", "worker 1 is given up: bye"]
    assert started == 2
    assert look_after(tmp_path, monkeypatch, [(0, "bye")]) == ([""], 1, "")


@pytest.mark.parametrize(("number", "name"), [(signal.SIGSEGV, "SIGSEGV"), (40, "signal 40")])
def test_every_signal_has_a_name(number, name, tmp_path, monkeypatch):
    said, _, _ = look_after(tmp_path, monkeypatch, [(-number, ""), (None, "")])
    assert said[0] == f"worker 1 was killed by {name}; started again"


def test_the_last_line_of_a_long_log_is_found(tmp_path, monkeypatch):
    (tmp_path / "1.log").write_bytes(b"\xff" * 10**6)
    assert look_after(tmp_path, monkeypatch, [(2, "gru-book: in the end ü"), (None, "")])[2] == "in the end ü"


def test_a_chief_whose_workers_all_gave_up_says_why(small, tmp_path):
    command = [sys.executable, "-c", "import sys; print('gru-book: no such source', file=sys.stderr); sys.exit(2)"]
    said = []
    with pytest.raises(TuningError, match="^no worker is left: no such source$"):
        run_chief(small, tmp_path / "search", workers=2, command=lambda *_: command, say=said.append)
    assert sorted(said[1:]) == [f"worker {number} is given up: no such source" for number in (1, 2)]


# ---- a worker's sign of life


def test_a_sign_of_life_that_cannot_be_written_is_missed_and_the_next_one_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "BEAT", 0.01)
    beats, place = [], tmp_path / "workers"
    with worker._alive(tmp_path, "a") as also:
        also.append(lambda: beats.append(1))
        wait_for(lambda: (place / "a.json").exists())
        place.rename(tmp_path / "gone")  # at once: a beat may come at any time
        seen = len(beats)
        wait_for(lambda: len(beats) > seen + 2)
        place.mkdir()
        wait_for(lambda: (place / "a.json").exists())
        assert json.loads((place / "a.json").read_text())["pid"] == os.getpid()


def test_a_role_is_put_off_again(small, tmp_path):
    with role("a", ("127.0.0.1", 9)):
        before = {name: value for name, value in os.environ.items() if name.startswith("KERASTUNER_")}
        assert before["KERASTUNER_TUNER_ID"] == "a"
        with role("chief", ("localhost", 10)):
            assert os.environ["KERASTUNER_ORACLE_PORT"] == "10"
        assert {name: value for name, value in os.environ.items() if name.startswith("KERASTUNER_")} == before
    with claimed(small, tmp_path / "search"), pytest.raises(TuningError, match="no chief answers"):
        run_worker(small, tmp_path / "search", ("127.0.0.1", int(free_address().partition(":")[2])), "a", wait=0.1)
    assert not [name for name in os.environ if name.startswith("KERASTUNER_")]
    run_search(small, tmp_path / "search")  # in this process, and no chief's


# ---- as a reader has it

MINE = """
from gru_book.tuning.search import ScoredModel, Search


class Model(ScoredModel):
    def build(self, hp):
        hp.Int("units", 1, 4)

    def fit(self, hp, model, callbacks, **_):
        return {"val_accuracy": 1 / hp.get("units")}


def mine(*, flag: bool = True, seed: int = 0, **search) -> Search:
    if flag:
        raise ValueError("flag is still True")
    return Search("mine", Model(), dict, {"flag": flag}, seed=seed, **search)
"""


def test_a_readers_own_search_runs_from_the_current_folder_without_a_home(tmp_path):
    (tmp_path / "my_module.py").write_text(MINE)
    script = Path(sys.executable).with_name("gru-book")
    words = ["tune", "my_module:mine", "-p", "flag", "False", *SEARCH[:2], "--max-trials", "2", "--max-epochs", "1"]
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "GRU_BOOK_PROGRESS")}
    environment |= {"HOME": "/proc/nowhere", "XDG_CACHE_HOME": "/proc/nowhere", "XDG_CONFIG_HOME": "/proc/nowhere"}
    command = [script, *words, "--folder", "./found"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "2 trials completed, 0 failed, 0 run more than once" in done.stdout
    assert done.stdout.endswith("all trials: found/trials.csv\n")
    said = done.stderr.replace("\r", "\n").splitlines()
    assert not [line for line in said if "epoch" not in line and line.strip() and not line.startswith("chief at ")]
    assert (tmp_path / "found/workers/1.log").read_text() == ""
