"""Manuscript → notebook on a small book of its own: what is run, what is noticed, what survives an accident."""

import importlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from gru_book.cli import main
from gru_book.errors import BookError
from gru_book.files import CHECKOUT
from gru_book.pipeline import execute, provenance, study, verify
from gru_book.pipeline.pages import all_pages, find_page, in_order, normal_form, profile

HEADER = """---
gru_book:
  reads: {reads}
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Count

Some words.

```{{code-cell}} ipython3
:tags: [parameters]

number: int = 3  # what is counted [1..9]
label: str = "a"  # what it is called
```

```{{code-cell}} ipython3
{code}
```
"""
FIRST = """from gru_book.notebook import artifacts
from gru_book.small import twice

print(twice(number))
artifacts.write_json("01_first", "numbers.json", {"twice": twice(number)})"""
SECOND = """import json
from pathlib import Path

print(json.loads(Path("artifacts/01_first/numbers.json").read_text()))"""


def write_page(root: Path, name: str, code: str, reads: str = "[]") -> None:
    (root / "book" / f"{name}.md").write_text(HEADER.format(code=code, reads=reads), encoding="utf-8")


@pytest.fixture
def book(tmp_path, monkeypatch) -> Path:
    """A book of two pages; the second reads what the first writes. Helpers come from its own `src/`."""
    root = tmp_path / "book_root"
    for folder in ("book", "notebooks/artifacts", "profiles"):
        (root / folder).mkdir(parents=True)
    shutil.copy(CHECKOUT / "pyproject.toml", root)
    shutil.copytree(CHECKOUT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "src/gru_book/small.py").write_text('"""Doc."""\n\n\ndef twice(n):\n    return 2 * n  # why\n')
    shutil.copy(CHECKOUT / "requirements.txt", root)
    (root / "profiles/smoke.yml").write_text("01_first: {number: 1}\n")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: book/intro\nparts:\n- caption: One\n  chapters:\n"
        "  - file: notebooks/02_second\n  - file: book/plain\n  - file: notebooks/01_first\n"
    )
    write_page(root, "01_first", FIRST)
    write_page(root, "02_second", SECOND, "[01_first]")
    monkeypatch.setenv("PYTHONPATH", str(root / "src"))  # for the kernel
    return root


def printed(notebook: Path) -> str:
    cells = nbformat.read(notebook, as_version=4).cells
    return "".join(o.text for c in cells if c.cell_type == "code" for o in c.outputs if o.output_type == "stream")


def snapshot(root: Path) -> dict:
    return provenance.hash_files(root / "notebooks")


@pytest.fixture
def published(book) -> Path:
    execute.bring_up_to_date(all_pages(book))
    return book


def states(root: Path) -> dict[str, str]:
    return {page.name: provenance.page_state(page)[0] for page in all_pages(root)}


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


def test_what_can_change_a_number_makes_a_page_stale(published):
    page = find_page("01_first", published)

    def reason_after(path: str, old: str, new: str) -> tuple[str, str]:
        file = published / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        state = provenance.page_state(page)
        file.write_text(text)
        assert provenance.page_state(page) == ("fresh", "")
        return state

    assert reason_after("book/01_first.md", "number: int = 3", "number: int = 4") == (
        "stale", "changed since it ran: code; parameters: number",
    )  # fmt: skip
    assert reason_after("src/gru_book/small.py", "2 * n", "3 * n") == (
        "stale", "changed since it ran: definitions: twice",
    )  # fmt: skip
    assert reason_after("src/gru_book/small.py", "# why", "# because")[0] == "fresh"
    assert reason_after("src/gru_book/small.py", "Doc.", "Other documentation.")[0] == "fresh"
    assert reason_after("notebooks/01_first.ipynb", '"6\\n"', '"7\\n"')[1].startswith("its outputs are not those")
    assert reason_after("notebooks/01_first.ipynb", '"packages": {', '"packages": {"x": "1"')[0] == "stale"
    assert reason_after("notebooks/01_first.ipynb", '"writes": {', '"seconds": 3,\n   "writes": {')[1].startswith(
        "its record"
    )
    assert reason_after("notebooks/artifacts/01_first/numbers.json", "6", "7")[1].startswith("its artifacts are not")


def test_what_only_looks_or_lives_elsewhere_makes_nothing_stale(published):
    page = find_page("01_first", published)
    path = published / "book/01_first.md"
    text = path.read_text()
    path.write_text(text.replace(FIRST, f":tags: [hide-input]\n\n# Twice.\n{FIRST}"))
    assert provenance.page_state(page) == ("prose", "its text differs from the manuscript")
    helper = published / "src/gru_book/small.py"
    (published / "src/gru_book/tiny.py").write_text(helper.read_text())
    helper.unlink()
    path.write_text(text.replace("gru_book.small", "gru_book.tiny"))
    assert provenance.page_state(page)[0] == "prose"
    assert execute.bring_up_to_date([page]) == ["01_first: text refreshed"]
    assert "gru_book.tiny" in page.notebook.read_text()


def test_verify_renews_a_record_only_where_everything_is_equal(published):
    page = find_page("01_first", published)
    helper, record = published / "src/gru_book/small.py", page.read_notebook().metadata["provenance"]
    helper.write_text(helper.read_text().replace("2 * n", "n + n"))
    assert provenance.page_state(page) == ("stale", "changed since it ran: definitions: twice")
    outputs = [cell.get("outputs") for cell in page.read_notebook().cells]
    assert verify.verify_page(page) == "1 outputs equal, 0 of them pictures"
    assert provenance.page_state(page) == ("fresh", "")
    renewed = page.read_notebook()
    assert [cell.get("outputs") for cell in renewed.cells] == outputs
    assert renewed.metadata["provenance"]["verified"] == "executed again: 1 outputs equal, 0 of them pictures"
    assert "verified" not in record
    before = snapshot(published)
    helper.write_text(helper.read_text().replace("n + n", "3 * n"))
    with pytest.raises(BookError, match=r"page 01_first, code cell 2 \('from gru.*'\): published '6', now '9'"):
        verify.verify_page(page)
    write_page(
        published, "01_first", FIRST.replace("print(twice(number))", "print(6)").replace(": twice(", ": 1 + twice(")
    )
    helper.write_text(helper.read_text().replace("3 * n", "2 * n"))
    with pytest.raises(BookError, match="page 01_first writes another numbers.json"):
        verify.verify_page(page)
    assert snapshot(published) == before


def test_verify_compares_pictures_by_what_they_show(published):
    code = "import matplotlib.pyplot as plt\n\nfig, ax = plt.subplots()\nax.plot([0, {}], [0, 1])\nplt.show()"
    write_page(published, "01_first", code.format(1))
    page = find_page("01_first", published)
    execute.publish(page)
    write_page(published, "01_first", code.format("2 - 1"))
    assert verify.verify_page(page) == "1 outputs equal, 1 of them pictures"
    write_page(published, "01_first", code.format(2))
    with pytest.raises(BookError, match="its picture is another"):
        verify.verify_page(page)


def test_verify_against_a_revision_runs_both_sides_here(published, monkeypatch):
    """As on a processor that rounds otherwise: what is published cannot be made again, old and new code agree."""
    (published / "weather").write_text("1")
    write_page(published, "01_first", FIRST.replace("print(", "print(open('../weather').read(), "))
    page = find_page("01_first", published)
    execute.publish(page)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    for step in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *step], cwd=published, check=True)
    before = page.notebook.read_bytes()
    (published / "weather").write_text("2")
    subprocess.run([*git, "commit", "-qam", "weather"], cwd=published, check=True)
    helper = published / "src/gru_book/small.py"
    helper.write_text(helper.read_text().replace("2 * n", "n + n"))
    with pytest.raises(BookError, match="published '1 6', now '2 6'"):
        verify.verify_page(page)
    with verify.checkout_of("HEAD", published) as checkout:
        assert verify.verify_page(page, checkout) == "1 outputs equal, 0 of them pictures"
        assert provenance.page_state(page) == ("fresh", "")
        said = page.read_notebook().metadata["provenance"]["verified"]
        assert said.startswith(f"executed again with the code of today and of {checkout.name}: ")
        helper.write_text(helper.read_text().replace("n + n", "3 * n"))
        with pytest.raises(BookError, match="published '2 6', now '2 9'"):
            verify.verify_page(page, checkout)
    assert not checkout.exists()
    assert printed(page.notebook) == "1 6\n" != before
    with pytest.raises(BookError, match="--against 'nowhere' is no commit"), verify.checkout_of("nowhere", published):
        pass


def test_verify_refuses_what_was_not_made_by_a_run(published):
    page = find_page("01_first", published)
    page.notebook.write_text(page.notebook.read_text().replace('"6\\n"', '"7\\n"'))
    with pytest.raises(BookError, match="cannot be verified: its outputs are not those of the recorded run"):
        verify.verify_page(page)
    page.notebook.unlink()
    with pytest.raises(BookError, match="has never been executed"):
        verify.verify_page(page)


def test_the_second_page_follows_the_first(published):
    path = published / "book/01_first.md"
    path.write_text(path.read_text().replace("number: int = 3", "number: int = 4"))
    assert execute.bring_up_to_date(all_pages(published)) == ["01_first: executed", "02_second: executed"]
    assert printed(published / "notebooks/02_second.ipynb") == "{'twice': 8}\n"


def test_a_locked_version_counts_only_where_it_is_used(published):
    write_page(published, "01_first", FIRST.replace("print", "import numpy\nprint", 1))
    execute.bring_up_to_date(all_pages(published))
    lock = published / "requirements.txt"
    lock.write_text(re.sub("^keras==.*$", "keras==0.0", lock.read_text(), flags=re.M))
    assert states(published)["01_first"] == "fresh"
    lock.write_text(re.sub("^numpy==.*$", "numpy==0.0", lock.read_text(), flags=re.M))
    assert provenance.page_state(find_page("01_first", published))[1] == "changed since it ran: packages: numpy"


def test_a_readers_run_goes_to_runs_and_nowhere_else(published):
    before = snapshot(published)
    output = execute.run(find_page("01_first", published), {"number": 5})
    assert output == published / "_runs/01_first-number_5.ipynb"
    assert printed(output) == "10\n"
    assert json.loads((output.with_suffix("") / "01_first/numbers.json").read_text()) == {"twice": 10}
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


SLOW = "from pathlib import Path\nimport time\n\nPath('../started').touch()\ntime.sleep(60)"
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
    deadline = time.monotonic() + 120
    while not (published / "started").exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert snapshot(published) == before
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        assert "interrupted" in said.splitlines()[-1]
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


def test_pages_that_read_each_other_are_refused(book):
    write_page(book, "01_first", FIRST, "[02_second]")
    with pytest.raises(BookError, match="in a circle: 02_second → 01_first → 02_second"):
        in_order(all_pages(book))


def test_manuscripts_that_cannot_be_read_are_named(book):
    page = find_page("01_first", book)
    page.manuscript.write_text(page.manuscript.read_text().replace("[parameters]", "[other]"))
    with pytest.raises(BookError, match="book/01_first.md has 0 cells tagged `parameters`"):
        page.parameters()
    page.manuscript.unlink()
    with pytest.raises(BookError, match="book/01_first.md is missing"):
        page.read_manuscript()


def test_profiles(book):
    page = find_page("01_first", book)
    assert profile("smoke", page) == {"number": 1}
    assert profile("smoke", find_page("02_second", book)) == {}
    own = book / "mine.yml"
    for text, said in (("01_first: {nummer: 1}", "did you mean 'number'"), ("[1]", "must map"), ("a: [", "is no YAML")):
        own.write_text(text)
        with pytest.raises(BookError, match=said):
            profile(str(own), page)
        own.rename(own := book / f"mine{len(text)}.yml")
    with pytest.raises(BookError, match="unknown profile 'smok'"):
        profile("smok", page)


def test_the_normal_form_keeps_the_text(book):
    page = find_page("01_first", book)
    text = page.manuscript.read_text()
    page.manuscript.write_text(text.replace(":tags: [parameters]\n", "---\ntags:\n- parameters\n---"))
    assert page.manuscript.read_text() != text
    assert normal_form(page) == text


STUDY = '''"""A study."""

TITLE = "Squares"


def cases():
    return [{"n": n} for n in range(4)]


def run_case(n):
    from pathlib import Path

    stop = Path(__file__).with_name("stop")
    if n == 2 and stop.exists():
        raise KeyboardInterrupt
    with open(Path(__file__).with_name("log"), "a") as log:
        log.write(f"{n} ")
    return [{"square": n * n}]
'''


def test_a_study_resumes_and_its_table_is_guarded(book, monkeypatch):
    folder = book / "src/gru_book/studies"
    (folder / "squares.py").write_text(STUDY)
    monkeypatch.setattr("gru_book.studies.__path__", [str(folder)])
    (folder / "stop").touch()
    with pytest.raises(KeyboardInterrupt):
        study.run_study("squares", book)
    assert study.study_state("squares", book) == ("stale", "has never been run")
    (folder / "stop").unlink()
    table = study.run_study("squares", book)
    assert table.read_text() == "n,square\n0,0\n1,1\n2,4\n3,9\n"
    assert (folder / "log").read_text() == "0 1 2 3 "
    assert study.study_state("squares", book) == ("fresh", "")
    study.run_study("squares", book)
    assert (folder / "log").read_text() == "0 1 2 3 "
    record = table.with_suffix(".json")
    text = record.read_text()
    record.write_text(text.replace('"seconds": 0', '"seconds": 7'))
    assert study.study_state("squares", book)[1] == "its record is not that of the run (edited)"
    record.write_text(text)
    table.write_text(table.read_text().replace("9", "8"))
    assert study.study_state("squares", book)[1] == "its table is not that of the recorded run"
    (folder / "squares.py").write_text(STUDY.replace("n * n", "n * n * n"))
    assert study.study_state("squares", book)[1] == "changed since it ran: definitions: run_case"
    with pytest.raises(BookError, match="did you mean 'squares'"):
        study.run_study("square", book)


def test_verify_runs_drawn_cases_of_a_study_and_compares_their_rows(book, monkeypatch):
    folder = book / "src/gru_book/studies"
    timed = STUDY.replace("n * n}", "n * n, 'seconds': n + time.time()}").replace(
        "TITLE", 'import time\n\nTIMES = ("seconds",)\nTITLE'
    )
    (folder / "cubes.py").write_text(timed)
    monkeypatch.setattr("gru_book.studies.__path__", [str(folder)])
    table = study.run_study("cubes", book)
    before = table.read_bytes()
    (folder / "cubes.py").write_text(timed.replace("n * n", "n**2"))
    importlib.invalidate_caches()
    sys.modules.pop("gru_book.studies.cubes")
    assert study.study_state("cubes", book)[0] == "stale"
    said = verify.verify_study("cubes", 2, 5, book)
    assert said == "2 of 4 cases (drawn with seed 5) run again: 2 rows equal"
    assert study.study_state("cubes", book) == ("fresh", "")
    assert study.read_record("cubes", book)["verified"] == said
    assert table.read_bytes() == before
    older = book / "older"
    shutil.copytree(book, older, ignore=shutil.ignore_patterns("_runs"))
    (folder / "cubes.py").write_text(timed.replace("n * n", "pow(n, 2)"))
    importlib.invalidate_caches()
    sys.modules.pop("gru_book.studies.cubes")
    said = verify.verify_study("cubes", 2, 5, book, older)
    assert said == "2 of 4 cases (drawn with seed 5) run again with the code of today and of older: 2 rows equal"
    (folder / "cubes.py").write_text(timed.replace("n * n", "n**3 + 1"))
    importlib.invalidate_caches()
    sys.modules.pop("gru_book.studies.cubes")
    with pytest.raises(BookError, match="study cubes: the case .* gives other rows"):
        verify.verify_study("cubes", 1, 5, book)
    table.write_text(table.read_text().replace("9", "8"))
    with pytest.raises(BookError, match="cannot be verified"):
        verify.verify_study("cubes", 1, 5, book)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "33_imdb"], "unknown page '33_imdb' (did you mean '33_imdb_gru'?)"),
        (["verify", "studies/paddin"], "unknown study 'paddin' (did you mean 'padding'?)"),
        (["run", "33_imdb"], "unknown page '33_imdb' (did you mean '33_imdb_gru'?); pages: 11_tour"),
        (["run", "33_imdb_gru", "-p", "epoch", "2"], "unknown parameter 'epoch' (did you mean 'epochs'?)"),
        (["run", "33_imdb_gru", "-p", "epochs", "many"], "epochs must be of type int, not 'many'"),
        (["run", "33_imdb_gru", "-p", "epochs", "0"], "epochs = 0 is not allowed; allowed: [1..1000]"),
        (["run", "33_imdb_gru", "-p", "units", "-1"], "units = -1 is not allowed"),
        (["run", "33_imdb_gru", "-p", "source", ""], "source = '' is not allowed; allowed: [package | keras | folder]"),
        (["run", "33_imdb_gru", "-f", "smok"], "unknown profile 'smok'"),
        (["execute", "nothing"], "unknown page 'nothing'"),
        (["study", "nothing"], "unknown study 'nothing'"),
        (["address", "github.com/a/b"], "url is 'github.com/a/b'; it must be https://HOST/OWNER/NAME"),
    ],
)
def test_the_command_line_refuses_in_one_line(arguments, said, capsys):
    before = provenance.hash_files(CHECKOUT / "notebooks")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("gru-book: ")
    assert said in error
    assert error.count("\n") == 1
    assert provenance.hash_files(CHECKOUT / "notebooks") == before


def test_list_shows_every_parameter(capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    for page in all_pages():
        assert page.name in shown
        for parameter in page.parameters().values():
            assert parameter.meaning in shown


def test_the_kernel_is_that_of_this_environment():
    execute.check_kernel()
