"""Folders of searches: refused before any work, nothing lost that no search made, nothing left of a kill."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gru_book.cli import main
from gru_book.errors import BookError
from gru_book.files import CHECKOUT, sha256
from gru_book.tuning import chief, command
from gru_book.tuning.folder import TABLE, claimed, foreign
from gru_book.tuning.results import trials_table
from gru_book.tuning.tuner import run_search
from pretence import all_files
from toy_search import toy

SMALL = ["toy_search:toy", "--method", "random", "--max-trials", "2", "--max-epochs", "1"]


def said(capsys) -> str:
    """Return what the command said, after all that the search said before."""
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("gru-book: ")] == lines[-1:]
    return lines[-1]


@pytest.fixture
def desk(tmp_path, monkeypatch) -> Path:
    """A folder of a reader's own, with all that somebody may name after --folder; no worker may start."""
    monkeypatch.setattr(chief.LocalWorker, "start", lambda worker: pytest.fail("a worker was started"))
    desk = tmp_path / "desk"
    (desk / "results").mkdir(parents=True)
    (desk / "results/data.csv").write_text("1,2\n")
    (desk / "forged").mkdir()
    (desk / "forged/search.json").write_text('{"name": "mine"}')
    (desk / "forged/data.csv").write_text("1,2\n")
    (desk / "file").write_text("years of work")
    (desk / "link").symlink_to("elsewhere")
    (desk / "door").symlink_to("results")
    os.mkfifo(desk / "pipe")
    monkeypatch.chdir(desk)
    return desk


REFUSED = {
    "./results": "holds no search but other files",
    "./forged": "search.json is none of a search",
    "./file": "folder is './file', a file",
    "./file/inside": "which is no folder",
    "./link": "a link",
    "./door": "a link",
    "./pipe": "no plain file or folder",
    "/dev/null": "no plain file or folder",
    "/": "the name of no new file or folder",
    "": "folder is ''; allowed: a name under _runs/tuning/",
    ".": "folder is '.'; allowed: a name under _runs/tuning/",
    "..": "folder is '..'; allowed: a name under _runs/tuning/",
    ".hidden": "folder is '.hidden'; allowed: a name under _runs/tuning/",
    "a\nb": "folder is 'a\\nb'; allowed: a name under _runs/tuning/",
    f"./{'x' * 300}": "longer than the 255 bytes",
    "~nobody_of_that_name/x": "~nobody_of_that_name",
    str(CHECKOUT / "notebooks"): "in notebooks/, which holds the book itself",
    str(CHECKOUT / "notebooks/../book/new"): "in book/, which holds the book itself",
    str(CHECKOUT / "src/gru_book/tuning"): "in src/, which holds the book itself",
}


@pytest.mark.parametrize("again", [[], ["--again"]])
@pytest.mark.parametrize("folder", REFUSED)
def test_a_folder_is_refused_before_any_work_and_nothing_is_touched(folder, again, desk, capsys):
    before = all_files(desk)
    assert main(["tune", *SMALL, "--folder", folder, *again]) == 2
    expected = REFUSED[folder].replace("'./file'", repr(str(desk / "file")))
    assert expected in said(capsys)
    assert all_files(desk) == before


def put(folder: Path, name: str, what) -> None:
    """Put something of a reader's own into the folder of a search."""
    path = folder / name
    if path.is_dir() and not path.is_symlink():
        path.rename(folder.with_name("elsewhere"))
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    what(path)


OTHERS = {
    "notes.txt": lambda path: path.write_text("mine"),
    "scores.json": lambda path: path.write_text('{"mine": 1}'),
    ".hidden": lambda path: path.write_text("mine"),
    "figures": lambda path: path.mkdir(),
    "trial_0/notes.txt": lambda path: path.write_text("mine"),
    "trial_0/deep": lambda path: path.mkdir(),
    "workers/notes.txt": lambda path: path.write_text("mine"),
    "trial_best": lambda path: path.mkdir(),
    "elsewhere": lambda path: path.symlink_to("/nowhere"),
    TABLE: lambda path: path.write_text("trial,my remarks\n"),
}
TAKEN = {
    "trial_0": lambda path: path.symlink_to("/nowhere"),
    "trial_1": lambda path: path.write_text("mine"),
    "workers": lambda path: path.symlink_to("/nowhere"),
    "workers/1.log": lambda path: path.symlink_to("/nowhere"),
    "workers/1.json": os.mkfifo,
    "oracle.json": os.mkfifo,
    "finished": lambda path: path.mkdir(),
    "trial_0/journal.jsonl": lambda path: path.symlink_to("/nowhere"),
}


@pytest.mark.parametrize("name", [*OTHERS, *TAKEN])
def test_starting_over_replaces_nothing_that_no_search_made(name, small, finished):
    put(finished, name, (OTHERS | TAKEN)[name])
    before = all_files(finished)
    with pytest.raises(BookError) as error:
        run_search(small, finished, again=True)
    assert repr(name) in str(error.value)
    assert "\n" not in str(error.value)
    assert all_files(finished) == before


@pytest.mark.parametrize("name", TAKEN)
def test_going_on_writes_into_nothing_that_no_search_made(name, small, finished):
    put(finished, name, TAKEN[name])
    before = all_files(finished)
    with pytest.raises(BookError, match=r"that no search made or somebody changed"):
        run_search(small, finished)
    assert all_files(finished) == before


@pytest.mark.parametrize("name", OTHERS)
def test_going_on_leaves_files_of_others_alone(name, small, finished):
    put(finished, name, OTHERS[name])
    before = all_files(finished)
    run_search(small, finished)
    assert {key: value for key, value in all_files(finished).items() if key in before} == before


def test_starting_over_gives_an_empty_folder_and_leaves_no_litter(small, finished):
    assert foreign(finished) == []
    first = trials_table(finished)
    with claimed(small, finished, again=True):
        assert sorted(path.name for path in finished.iterdir()) == ["search.json", "search.lock"]
    run_search(small, finished)
    assert trials_table(finished)["units"].tolist() == first["units"].tolist()
    assert [path.name for path in finished.parent.iterdir()] == ["search"]


def test_a_search_that_runs_is_not_started_over(small, finished):
    before = all_files(finished)
    with claimed(small, finished), pytest.raises(BookError, match="another search is running"):
        run_search(small, finished, again=True)
    assert all_files(finished) == before


def test_a_port_in_use_is_noticed_before_anything_is_replaced(finished, capsys):
    before = all_files(finished)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        where = ["--folder", str(finished), "--again", "--chief", f"127.0.0.1:{port}"]
        assert main(["tune", *SMALL, *where]) == 2
    assert f"chief is 127.0.0.1:{port}, a port in use or not allowed" in said(capsys)
    assert all_files(finished) == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
@pytest.mark.parametrize("again", [[], ["--again"]])
def test_a_disk_that_cannot_be_written_is_named_before_any_work(number, again, desk, capsys, monkeypatch):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("gru_book.files.tempfile.TemporaryFile", refuse)
    before = all_files(desk)
    for folder in (["--folder", "./new"], []):
        assert main(["tune", *SMALL, *folder, *again]) == 2
        assert os.strerror(number) in said(capsys)
    assert all_files(desk) == before


def test_a_table_that_was_edited_is_kept(finished, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("gru_book.tuning.folder.runs_folder", lambda: tmp_path)
    command._show(finished)
    text = (finished / TABLE).read_text()
    assert (finished / "finished").read_text() == sha256(text)
    command._show(finished)
    assert "kept" not in capsys.readouterr().err
    (finished / TABLE).write_text("my remarks\n")
    command._show(finished)
    assert (finished / TABLE).read_text() == text
    assert (tmp_path / "kept/trials.csv").read_text() == "my remarks\n"
    assert "was edited; what was there is kept as" in capsys.readouterr().err


def test_a_folder_of_the_first_edition_can_be_started_over(small, finished):
    (finished / "tuner0.json").write_text("{}")
    (finished / "workers").mkdir()
    for name in ("1.json", "1.lock", "1.log"):
        (finished / "workers" / name).write_text("whatever")
    run_search(small, finished, again=True)
    assert not (finished / "tuner0.json").exists()


def test_what_one_process_found_a_chief_goes_on_with(tmp_path, monkeypatch):
    """KerasTuner goes on by a file a role: a chief on the folder of a single process would begin at trial 0 again."""
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    search = toy(method="random", max_trials=2, max_epochs=1)
    run_search(search, tmp_path / "search")
    for name, value in {"TUNER_ID": "chief", "ORACLE_IP": "127.0.0.1", "ORACLE_PORT": "0"}.items():
        monkeypatch.setenv(f"KERASTUNER_{name}", value)
    oracle = chief.Tuner(search, tmp_path / "search", kept=chief.ChiefOracle).oracle
    assert len(oracle.trials) == 2
    assert oracle.create_trial("a").status == "STOPPED"


# Kills one process after the other, each at a later one of the steps of starting over, until one survives.
KILLED = """
import shutil, signal, sys
from pathlib import Path

from gru_book.tuning.folder import claimed
from killing import killed_at
from pretence import all_files
from toy_search import toy

folder = Path(sys.argv[1])
search = toy(method="random", max_trials=2, max_epochs=1)
backup = folder.parent.with_name("backup")
shutil.copytree(folder, backup)


def start_over():
    with claimed(search, folder, again=True):
        pass


old, kills, litter = all_files(folder), 0, 0
while status := killed_at(kills + 1, folder.parent, start_over):
    assert status == signal.SIGKILL, status
    kills += 1
    litter += any(".gru-book-" in name for name in all_files(folder.parent))
    with claimed(search, folder):  # the next command goes on
        now = all_files(folder)
    assert now == old or set(now) == {"search.json", "search.lock"}, (kills, now)
    assert not any(".gru-book-" in name for name in all_files(folder.parent)), kills
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
print(kills, litter)
"""


def test_a_kill_while_starting_over_leaves_the_old_search_or_an_empty_one(finished, tmp_path):
    place = tmp_path / "apart"
    place.mkdir()
    folder = finished.rename(place / "search")
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests), str(tests / "tuning"), str(CHECKOUT / "src")])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED, folder],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    kills, litter = map(int, done.stdout.split()[-2:])
    assert kills > 10
    assert litter > 3  # else nothing was swept, and the test shows nothing
