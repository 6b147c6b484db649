"""A chief and its workers as real processes on the loopback address, and what they survive."""

import os
import re
import signal
import sys

import pytest

from gru_book.files import CHECKOUT
from gru_book.tuning import results
from hands import SEARCH, free_address
from toy_search import script


def test_a_killed_worker_costs_its_running_trial_and_nothing_else(hands):
    address = free_address()
    chief = hands.tune(*SEARCH, "--chief", address, "--workers", "2")
    hands.hold_all("1", "2")
    before, trial, killed = hands.finished(), hands.runs("running")["1"], hands.pid_of("1")
    os.kill(killed, signal.SIGKILL)
    # Meanwhile nobody else gets the folder or the port.
    second = hands.tune(*SEARCH)
    other = hands.tune(*SEARCH, "--chief", address, folder=hands.folder.with_name("other"))
    assert "in which another search is running" in hands.ends(second, code=2)
    assert f"chief is {address}, a port in use or not allowed" in hands.ends(other, code=2)
    hands.wait_for(lambda: hands.pid_of("1") != killed)
    hands.hold.unlink()

    shown = hands.ends(chief)
    assert "worker 1 was killed by SIGKILL; started again" in shown
    assert "8 trials completed, 0 failed, 1 run more than once" in shown
    runs, table = results.runs_table(hands.folder), results.trials_table(hands.folder)
    assert sorted(runs[runs["trial"] == trial]["outcome"]) == ["completed", "lost"]
    assert len(runs) == 9
    assert set(runs["worker"]) == {"1", "2"}
    assert before <= hands.finished()
    assert len(table) == 8
    assert (table["status"] == "COMPLETED").all()
    assert table["units"].is_unique


def test_a_worker_joins_late_and_takes_over_from_one_that_never_comes_back(hands):
    where = ("--chief", free_address())
    chief = hands.tune(*SEARCH, *where, "--lost-after", "10")
    first = hands.tune(*SEARCH, *where, "--worker", "a")
    hands.hold_all("a")
    late = hands.tune(*SEARCH, *where, "--worker", "b")
    namesake = hands.tune(*SEARCH, *where, "--worker", "a")
    hands.wait_for(lambda: "b" in hands.runs("running"))
    assert "as another worker of this search" in hands.ends(namesake, code=2)
    before, trial = hands.finished(), hands.runs("running")["a"]
    first.kill()
    hands.hold.unlink()

    shown = hands.ends(chief)
    assert "worker a gives no sign of life; its trial is tried again" in shown
    assert "8 trials completed, 0 failed, 1 run more than once" in shown
    hands.ends(late)
    runs = results.runs_table(hands.folder)
    again = runs[runs["trial"] == trial]
    assert list(again["worker"]) == ["a", "b"]
    assert list(again["outcome"]) == ["lost", "completed"]
    assert before <= hands.finished()


def test_a_chief_that_is_killed_and_started_again_loses_nothing_and_repeats_nothing(hands):
    where = ("--chief", free_address(), "--wait", "3600")
    chief = hands.tune(*SEARCH, *where)
    workers = [hands.tune(*SEARCH, *where, "--worker", name) for name in ("a", "b")]
    hands.hold_all("a", "b")
    before = hands.finished()
    chief.kill()
    chief.join()
    hands.hold.unlink()  # both trials end while there is no chief
    shown = hands.ends(hands.tune(*SEARCH, *where))
    assert "8 trials completed, 0 failed, 0 run more than once" in shown
    for worker in workers:
        hands.ends(worker)
    assert before <= hands.finished()
    assert len(results.runs_table(hands.folder)) == 8


def test_failing_trials_are_recorded_and_three_in_a_row_stop_the_search_until_it_goes_on(hands):
    shown = hands.ends(hands.tune(*SEARCH, "-p", "bad", ",".join(map(str, range(1, 17)))), code=2)
    assert "search 'toy' stops: trial after trial failed, the first with ValueError: " in shown
    table = results.trials_table(hands.folder)
    assert list(table["status"]) == ["FAILED"] * 3
    assert table["error"].str.fullmatch(r"ValueError: \d+ units do not fit").all()

    shown = hands.ends(hands.tune(*SEARCH))
    assert "5 trials completed, 3 failed" in shown
    assert "units do not fit" in shown


def test_a_worker_without_a_chief_gives_up(hands):
    worker = hands.tune(*SEARCH, "--chief", free_address(), "--worker", "a", "--wait", "1")
    assert "gave up after 1 s (--wait)" in hands.ends(worker, code=2)


def command_lines() -> dict[str, str]:
    """The page's command lines for several machines, by their first word."""
    text = (CHECKOUT / "book" / "42_distributed_tuning.md").read_text(encoding="utf-8")
    hosts, ssh, slurm = re.findall(r"```bash\n(.*?)```", text.partition("## On several machines")[2], flags=re.DOTALL)
    return {"hosts": hosts.replace("--public\n", "--public &\n") + "wait", "ssh": ssh, "slurm": slurm}


# What each machine would have, played by this one: a name, ssh that runs its command here, Slurm that starts two tasks.
PROGRAMS = {
    "gru-book": f'exec {sys.executable} -m gru_book.cli "$@"',
    "hostname": 'if [ "$1" = -i ]; then echo 127.0.0.1; else echo here; fi',
    "ssh": 'bash -c "$2"',
    "srun": 'for i in 0 1; do SLURM_PROCID=$i "$@" & done; wait',
}


@pytest.mark.parametrize(("way", "names"), [("hosts", {"here"}), ("ssh", {"gpu1", "gpu2"}), ("slurm", {"0", "1"})])
def test_the_pages_lines_for_several_machines_work(way, names, hands, tmp_path):
    for name, program in PROGRAMS.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{program}\n")
        (tmp_path / name).chmod(0o755)
    toy = f"tune toy_search:toy {' '.join(SEARCH)} -p hold {hands.hold}"
    text = command_lines()[way].replace("tune original", toy).replace("/shared/search", str(hands.folder))
    text = text.replace("10.0.0.5", "127.0.0.1").replace("5000", free_address().partition(":")[2])
    hands.hold.touch()
    process = hands.start(script, text.replace("gpu1 gpu2 gpu3", "gpu1 gpu2"), tmp_path)
    hands.wait_for(lambda: set(hands.runs("running")) == names)
    hands.hold.unlink()
    assert "8 trials completed, 0 failed, 0 run more than once" in hands.ends(process)
