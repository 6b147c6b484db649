"""The door: what somebody types, and how a command ends, is always one line that is true."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gru_book import cli
from gru_book.cli import main
from gru_book.errors import BookError
from gru_book.files import CHECKOUT
from gru_book.pipeline import execute
from gru_book.pipeline.pages import find_page

COMMANDS = ["list", "run", "execute", "check", "verify", "smoke", "study", "tune", "format", "site", "serve", "lab",
            "address"]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no command; commands: list, run, execute"),
        ([""], "unknown command ''"),
        (["rn"], "unknown command 'rn' (did you mean 'run'?); commands: list, run"),
        (["chekc"], "unknown command 'chekc' (did you mean 'check'?)"),
        (["exec"], "unknown command 'exec' (did you mean 'execute'?)"),
        (["RUN"], "unknown command 'RUN' (did you mean 'run'?)"),
        (["21_cell"], "unknown command '21_cell'"),
        (["-x"], "gru-book --help says what is allowed"),
        (["run"], "the following arguments are required: page; gru-book run --help says what is allowed"),
        (["run", "21_cell", "--agian"], "unrecognized arguments: --agian"),
        (["run", "21_cell", "-p", "seed"], "argument -p: expected 2 arguments"),
        (["run", "21_cell", "--out", "x.ipynb"], "unrecognized arguments: --out"),  # no half names
        (["run", "21_cell", "22_other"], "unrecognized arguments: 22_other"),
        (["run", ""], "unknown page ''"),
        (["run", "/tmp/21_cell.ipynb"], "unknown page '/tmp/21_cell.ipynb' (did you mean '21_cell'?)"),
        (["run", "elsewhere/21_cell.md"], "unknown page 'elsewhere/21_cell.md' (did you mean '21_cell'?)"),
        (["run", "33_imdb_gru", "-p", "learning_rate", "-1e-3"], "learning_rate = -0.001 is not allowed"),
        (["execute", "--all", "21_cell"], "--all takes every page; give no page with it, not '21_cell'"),
        (["verify", "--cases", "0"], "--cases is 0; allowed: 1 or more"),
        (["verify", "--cases", "-1"], "--cases is -1; allowed: 1 or more"),
        (["verify", "--cases", "x"], "argument --cases: invalid int value: 'x'"),
        (["study", "../order_task"], "unknown study '../order_task'"),
        (["study", "a\nb"], "unknown study 'a\\nb'"),
        (["serve", "99999"], "port is '99999'; allowed: 1 to 65535"),
        (["serve", "65536"], "port is '65536'; allowed: 1 to 65535"),
        (["serve", "-1"], "port is '-1'; allowed: 1 to 65535"),
        (["serve", "80 80"], "port is '80 80'"),
        (["serve", "²"], "port is '²'"),
        (["serve", "http"], "port is 'http'"),
        (["serve", ""], "port is ''"),
    ],
)
def test_what_is_not_allowed_is_one_line(arguments, said, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("gru-book: ")
    assert said in error
    assert error.count("\n") == 1


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"    {name} " in shown for name in COMMANDS)


def test_a_page_is_found_by_its_name_and_by_its_own_two_files(tmp_path, monkeypatch):
    for name in ("21_cell", "book/21_cell.md", "notebooks/21_cell.ipynb", str(CHECKOUT / "book/21_cell.md")):
        assert find_page(name).name == "21_cell"
    monkeypatch.chdir(CHECKOUT / "notebooks")
    assert find_page("21_cell.ipynb").name == find_page("../book/21_cell.md").name == "21_cell"
    (tmp_path / "linked.ipynb").symlink_to(CHECKOUT / "notebooks/21_cell.ipynb")
    assert find_page(str(tmp_path / "linked.ipynb")).name == "21_cell"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "21_cell.ipynb").write_text("another")
    with pytest.raises(BookError, match="unknown page '21_cell.ipynb'"):
        find_page("21_cell.ipynb")


# ---- interruptions

TRUE_AFTER = {
    "list": "nothing was changed",
    "check": "nothing was changed",
    "run": "nothing under notebooks/ was changed",
    "smoke": "nothing under notebooks/ was changed",
    "execute": "finished pages are in place, all others as they were",
    "verify": "records of what is named above are renewed, all others as they were",
    "study": "its table is as it was",
    "tune": "finished trials are kept; the same command without --again goes on",
    "format": "what is named above has the normal form, all else is as it was",
    "site": "the site in _build/html/ is not complete; the same command builds it",
    "serve": "the site in _build/html/ is not complete; the same command builds it",
    "lab": "what you saved in JupyterLab is saved",
    "address": "run it again: it may have written some of its files",
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("text", ["", "page 21_cell was interrupted"])
def test_an_interruption_says_what_is_true_of_that_command(command, text, monkeypatch, capsys):
    def stop(options):
        raise KeyboardInterrupt(text)

    monkeypatch.setattr(cli, f"_{command}", stop)
    assert main([command, *(["x"] if command in ("run", "study") else [])]) == 130
    assert capsys.readouterr().err == f"gru-book: {text or 'interrupted'}; {TRUE_AFTER[command]}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["check", "site"])
def test_a_polite_kill_ends_every_command_like_ctrl_c(number, command, monkeypatch, capsys):
    def wait(options):
        os.kill(os.getpid(), number)
        time.sleep(60)

    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr(cli, f"_{command}", wait)
    assert main([command]) == 130
    assert capsys.readouterr().err == f"gru-book: interrupted; {TRUE_AFTER[command]}\n"
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_an_interrupted_execute_names_what_was_finished(published, monkeypatch):
    from pretence import pretend_to_run

    def stop(executed: Path) -> None:
        if executed.stem == "02_second":
            raise KeyboardInterrupt

    pretend_to_run(monkeypatch, stop)
    pages = [find_page(name, published) for name in ("01_first", "02_second")]
    with pytest.raises(KeyboardInterrupt) as error:
        execute.bring_up_to_date(pages, force=True)
    assert str(error.value) == (
        "page 02_second was interrupted (the run as far as it came: _runs/failed/02_second.ipynb); "
        "finished before: 01_first: executed"
    )


def test_jupyterlab_is_ended_politely(monkeypatch, capsys, tmp_path):
    asked = []

    class Jupyter:
        def __init__(self, command):
            asked.append(command)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            asked.append("gone")

        def wait(self, timeout=None):
            if timeout is None:
                raise KeyboardInterrupt
            raise subprocess.TimeoutExpired("jupyter", timeout)

        def terminate(self):
            asked.append("terminate")

        def kill(self):
            asked.append("kill")

    monkeypatch.setattr(cli.subprocess, "Popen", Jupyter)
    assert main(["lab", "--edit"]) == 130
    assert asked[1:] == ["terminate", "kill", "gone"]
    assert asked[0][:4] == [sys.executable, "-m", "jupyter", "lab"]
    assert capsys.readouterr().err == f"gru-book: interrupted; {TRUE_AFTER['lab']}\n"
