"""Manuscript → notebook on a small book of its own: what is run, what is noticed, what survives an accident."""

import json
import re
import signal
import subprocess
import sys

import pytest

from gru_book.errors import BookError
from gru_book.pipeline import execute
from gru_book.pipeline.pages import all_pages, find_page
from patience import wait_for
from small_book import FIRST, printed, snapshot, states, write_page


def test_publishing_runs_in_the_order_of_what_is_read_and_then_rests(published):
    assert printed(published / "notebooks/01_first.ipynb") == "6\n"
    assert printed(published / "notebooks/02_second.ipynb") == "{'twice': 6}\n"
    assert states(published) == {"01_first": "fresh", "02_second": "fresh"}
    before = snapshot(published)
    assert execute.bring_up_to_date(all_pages(published)) == []
    assert snapshot(published) == before
    assert list((published / "_runs/tmp").iterdir()) == []


def test_a_second_run_gives_the_same_bytes(published):
    before = snapshot(published)
    execute.bring_up_to_date(all_pages(published), force=True)
    assert snapshot(published) == before


def test_no_path_of_this_machine_in_a_notebook(published):
    text = (published / "notebooks/01_first.ipynb").read_text()
    assert str(published) not in text
    assert sys.prefix not in text


def test_a_word_of_prose_is_refreshed_without_running(published, monkeypatch):
    path = published / "book/01_first.md"
    path.write_text(path.read_text().replace("Some words.", "Other words."))
    assert states(published)["01_first"] == "prose"
    monkeypatch.setattr(execute, "publish", lambda page: pytest.fail("must not run"))
    assert execute.bring_up_to_date(all_pages(published)) == ["01_first: text refreshed"]
    assert "Other words." in (published / "notebooks/01_first.ipynb").read_text()
    assert states(published) == {"01_first": "fresh", "02_second": "fresh"}


def test_the_second_page_follows_the_first(published):
    path = published / "book/01_first.md"
    path.write_text(path.read_text().replace("number: int = 3", "number: int = 4"))
    assert execute.bring_up_to_date(all_pages(published)) == ["01_first: executed", "02_second: executed"]
    assert printed(published / "notebooks/02_second.ipynb") == "{'twice': 8}\n"


def test_a_readers_run_goes_to_runs_and_nowhere_else(published):
    before = snapshot(published)
    output = execute.run(find_page("01_first", published), {"number": 5})
    assert output == published / "_runs/01_first-number_5.ipynb"
    assert printed(output) == "10\n"
    assert json.loads((output.with_suffix(".artifacts") / "01_first/numbers.json").read_text()) == {"twice": 10}
    assert snapshot(published) == before


def test_the_terminal_shows_what_a_page_announces_and_the_latest_state_of_its_training(published, capsys):
    code = "from gru_book.progress import send\n\n"
    code += "send('line', 'estimated cost: 3 minutes')\nsend('state', 'fit: epoch 1/2, batch 1/4, loss 1, 9 s left')\n"
    write_page(published, "01_first", f"{code}send('line', 'fit: done in 9 s')")
    execute.run(find_page("01_first", published), {})
    shown = capsys.readouterr().err
    assert "estimated cost: 3 minutes" in shown
    assert "fit: done in 9 s" in shown
    assert "epoch 1/2" not in shown


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print(1)\nraise OSError('no\\nroom')", "page 01_first, code cell 2 ('print(1)') failed: OSError: no room"),
        ("import sys\nprint('odd', file=sys.stderr)", "wrote to stderr: odd"),
        ("import os\nos._exit(3)", "page 01_first could not be run: DeadKernelError"),
    ],
)
def test_a_page_that_fails_is_named_and_changes_nothing(published, code, said):
    before = snapshot(published)
    write_page(published, "01_first", code)
    with pytest.raises(BookError) as error:
        execute.publish(find_page("01_first", published))
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "_runs/failed/01_first.ipynb" in str(error.value)
    assert (published / "_runs/failed/01_first.ipynb").is_file()
    assert snapshot(published) == before


SLOW = "from pathlib import Path\nimport time\n\nPath('../started').touch()\ntime.sleep(3600)"
PUBLISH = (
    "import sys; from pathlib import Path; from gru_book import cli; from gru_book.pipeline import pages, execute\n"
    "root = Path(sys.argv[1]); cli._parser\n"
    "pages.all_pages.__defaults__ = (root,); pages.find_page.__defaults__ = (root,)\n"
    "sys.exit(cli.main(['execute']))"
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_the_notebooks_as_they_were(published, number):
    before = snapshot(published)
    write_page(published, "01_first", SLOW)
    process = subprocess.Popen([sys.executable, "-c", PUBLISH, published], stderr=subprocess.PIPE, text=True)
    wait_for((published / "started").exists, alive=lambda: process.poll() is None)
    process.send_signal(number)
    said = process.communicate()[1]
    assert snapshot(published) == before
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        assert re.search("^gru-book: .*interrupted", said, flags=re.MULTILINE), said
    write_page(published, "01_first", FIRST.replace("print(", "print('again', "))
    assert execute.bring_up_to_date(all_pages(published)) == ["01_first: executed"]
    assert list((published / "_runs/tmp").iterdir()) == []


def test_a_cell_that_is_no_python_is_named_before_anything_runs(published):
    write_page(published, "01_first", "print(1)\ndef f(:")
    with pytest.raises(BookError, match=r"page 01_first: a code cell is no Python: .* in 'def f\(:'"):
        execute.bring_up_to_date(all_pages(published))


def test_an_edit_during_a_run_is_noticed(published):
    before = snapshot(published)
    write_page(
        published,
        "01_first",
        "from pathlib import Path\np = Path('../book/01_first.md')\np.write_text(p.read_text().replace('= 3', '= 4'))",
    )
    with pytest.raises(BookError, match="edited while it ran"):
        execute.publish(find_page("01_first", published))
    assert snapshot(published) == before


def test_runs_that_is_no_folder_is_refused(book):
    (book / "_runs").write_text("a file")
    with pytest.raises(BookError, match="cannot write to _runs/"):
        execute.publish(find_page("01_first", book))
    assert snapshot(book) == {}


def test_a_foreign_kernel_is_refused(monkeypatch):
    monkeypatch.setattr(execute.KernelSpecManager, "find_kernel_specs", lambda self: {"python3": "/usr/share/kernel"})
    with pytest.raises(BookError, match="not this environment's"):
        execute.check_kernel()


def test_the_kernel_is_that_of_this_environment():
    execute.check_kernel()
