"""The address of the repository: none until it is set, then everywhere at once, and out again."""

import importlib.util
import re
import shutil
from pathlib import Path

import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement

from gru_book import __version__, cli
from gru_book.errors import BookError
from gru_book.files import CHECKOUT
from gru_book.pipeline import address as address_module
from gru_book.pipeline import execute, provenance
from gru_book.pipeline.address import Address, changes, parse_address, read_address, set_address, setup_cell
from gru_book.pipeline.pages import all_pages, find_page

SOMEWHERE = Address("https://example.org/someone/fork", "v9.8.7")
# What may name a repository as this book's own.
OWN = re.compile(r"git clone (\S+)|git\+(https:[^\s@\"\\]+)|repository-code: (\S+)|^  url: \"(\S+)\"", re.MULTILINE)


@pytest.fixture
def copy(tmp_path, monkeypatch) -> Path:
    """A copy of the book without an address, which the command line takes for the book."""
    for name in ("README.md", "CITATION.cff", "_config.yml", "_toc.yml", "pyproject.toml", "requirements.txt"):
        shutil.copy(CHECKOUT / name, tmp_path)
    (tmp_path / "src").symlink_to(CHECKOUT / "src")
    shutil.copytree(CHECKOUT / "book", tmp_path / "book")
    (tmp_path / "notebooks").mkdir()
    for notebook in (CHECKOUT / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, tmp_path / "notebooks")
    (tmp_path / "notebooks/artifacts").symlink_to(CHECKOUT / "notebooks/artifacts")
    set_address(None, tmp_path)
    monkeypatch.setattr(address_module.read_address, "__defaults__", (tmp_path,))
    monkeypatch.setattr(address_module.set_address, "__defaults__", (tmp_path,))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def texts(root: Path) -> dict[str, str]:
    """Return the text of every file of `root` that may name the address."""
    files = [path for pattern in ("*.*", "book/*.md", "notebooks/*.ipynb") for path in root.glob(pattern)]
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files if path.is_file()}


def own_addresses(root: Path) -> set[str]:
    return {next(filter(None, found)) for text in texts(root).values() for found in OWN.findall(text)}


def test_one_address_stands_everywhere_in_this_book():
    here = read_address()
    assert changes(here) == {}, "run: gru-book address"
    assert own_addresses(CHECKOUT) == ({here.url} if here else set())


def test_a_book_without_an_address_names_none(copy, capsys):
    assert cli.main(["address"]) == 0
    assert capsys.readouterr().out == "no address is set\n"
    assert own_addresses(copy) == set()
    citation = yaml.safe_load((copy / "CITATION.cff").read_text(encoding="utf-8"))
    assert not {"url", "repository", "repository-code"} & {*citation, *citation["preferred-citation"]}
    readme = (copy / "README.md").read_text(encoding="utf-8")
    assert "clone this repository" in readme
    assert "```bash\ncd path/to/the/clone\nmake book" in readme


def test_setting_the_address_and_taking_it_out_again(copy, capsys, monkeypatch):
    monkeypatch.setattr(execute, "publish", lambda page: pytest.fail("must not run"))
    before = texts(copy)
    assert cli.main(["address", "https://example.org/someone/fork.git/", "--revision", "v9.8.7"]) == 0
    *names, last = capsys.readouterr().out.splitlines()
    assert last.startswith("https://example.org/someone/fork is set, with the revision v9.8.7")
    after = texts(copy)
    assert {name for name in after if after[name] != before[name]} == set(names)
    pages = {name for page in all_pages() for name in (f"book/{page.name}.md", f"notebooks/{page.name}.ipynb")}
    assert set(names) == pages | {"README.md", "CITATION.cff", "_config.yml", "book/how_to_use.md"}
    assert own_addresses(copy) == {SOMEWHERE.url}
    assert read_address(copy) == SOMEWHERE
    for name in ("README.md", "book/how_to_use.md"):
        assert "```bash\ngit clone https://example.org/someone/fork\ncd fork\nmake book" in after[name]
    citation = yaml.safe_load(after["CITATION.cff"])
    assert citation["repository-code"] == citation["preferred-citation"]["repository-code"] == SOMEWHERE.url
    for page in all_pages(copy):
        setup = [c for c in page.read_notebook().cells if "setup" in c.metadata.get("tags", [])]
        assert [(cell.source, cell.outputs) for cell in setup] == [(setup_cell(SOMEWHERE), [])]
    for page in all_pages(copy)[:2]:
        assert provenance.page_state(page) == ("fresh", "")

    assert cli.main(["address", SOMEWHERE.url, "--revision", "v9.8.7"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1  # nothing is written a second time
    assert texts(copy) == after
    assert cli.main(["address"]) == 0
    assert capsys.readouterr().out == "https://example.org/someone/fork (revision v9.8.7)\n"
    assert cli.main(["address", "https://github.com/another/place"]) == 0
    assert own_addresses(copy) == {"https://github.com/another/place"}
    assert cli.main(["address", "--none"]) == 0
    assert texts(copy) == before


def test_a_notebook_that_is_out_of_date_gets_its_set_up_cell_and_nothing_else(copy):
    page = find_page("11_tour", copy)
    text = page.manuscript.read_text(encoding="utf-8")
    page.manuscript.write_text(text.replace("seed: int = 0", "seed: int = 1"), encoding="utf-8")
    find_page("12_history", copy).notebook.unlink()
    before = page.read_notebook()
    set_address(SOMEWHERE, copy)
    after = page.read_notebook()
    changed = [new for old, new in zip(before.cells, after.cells, strict=True) if old != new]
    assert [cell.source for cell in changed] == [setup_cell(SOMEWHERE)]
    assert provenance.page_state(page) == ("stale", "changed since it ran: code; parameters: seed")


@pytest.mark.parametrize(
    ("url", "means"),
    [
        ("https://github.com/some-one/book", "https://github.com/some-one/book"),
        ("https://github.com/some-one/book/", "https://github.com/some-one/book"),
        ("https://github.com/some-one/book.git", "https://github.com/some-one/book"),
        ("https://GitHub.com/Some_One/Book.v2.git/", "https://github.com/Some_One/Book.v2"),
        ("https://git.example.org/a/b", "https://git.example.org/a/b"),
    ],
)
def test_the_forms_of_an_address(url, means):
    assert parse_address(url) == Address(means, f"v{__version__}")
    assert Requirement(f"gru-book @ {parse_address(url, '1a2b3c4').source}").url == f"git+{means}@1a2b3c4"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["github.com/a/b"], "url is 'github.com/a/b'; it must be https://HOST/OWNER/NAME"),
        (["http://github.com/a/b"], "url is 'http://github.com/a/b'; it must be"),
        (["git@github.com:a/b.git"], "url is 'git@github.com:a/b.git'; it must be"),
        (["https://github.com/a"], "url is 'https://github.com/a'; it must be"),
        (["https://github.com/a/b/c"], "url is 'https://github.com/a/b/c'; it must be"),
        (["https://github.com/a/.."], "url is 'https://github.com/a/..'; it must be"),
        (["https://github.com/a/.git"], "url is 'https://github.com/a/.git'; it must be"),
        (["https://github.com/a/b\n"], r"url is 'https://github.com/a/b\n'; it must be"),
        (["https://github.com/a/b c"], "url is 'https://github.com/a/b c'; it must be"),
        (['https://github.com/a/b"'], "it must be https://HOST/OWNER/NAME"),
        (["https://me:secret@github.com/a/b"], "it must be https://HOST/OWNER/NAME"),
        ([""], "url is ''; it must be"),
        (["https://github.com/a/b", "--revision", "main"], "revision is 'main'; it must be a tag or a commit"),
        (["https://github.com/a/b", "--revision", "HEAD"], "revision is 'HEAD'; it must be a tag or a commit"),
        (["https://github.com/a/b", "--revision", ""], "revision is ''; it must be a tag or a commit"),
        (["https://github.com/a/b", "--revision", 'v1"; x'], "it must be a tag or a commit"),
        (["--revision", "v1"], "--revision is 'v1', but no url is given"),
        (["--none", "https://github.com/a/b"], "--none takes the address out"),
    ],
)
def test_what_is_no_address_is_refused_in_one_line_and_nothing_is_written(arguments, said, capsys, monkeypatch):
    monkeypatch.setattr(address_module, "set_address", lambda *_: pytest.fail("must not write"))
    assert cli.main(["address", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("gru-book: ")
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("README.md", "make book", "make it"),
        ("_config.yml", "notebook_revision", "revision"),
        ("book/21_cell.md", ":tags: [setup, remove-cell]", ":tags: [remove-cell]"),
        ("book/54_conventions.md", ":tags: [setup, hide-cell]", ":tags: [hide-cell]"),
    ],
)
def test_a_place_that_is_gone_is_named_before_anything_is_written(copy, name, old, new):
    path = copy / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    before = texts(copy)
    with pytest.raises(BookError, match=f"{name} has no place for the address"):
        set_address(SOMEWHERE, copy)
    assert texts(copy) == before


def test_where_there_is_no_book_the_command_says_so(tmp_path):
    with pytest.raises(BookError, match="no _config.yml in .*: the address is kept in a checkout of the book"):
        read_address(tmp_path)


def run_setup(address: Address | None) -> list[tuple[str, str]]:
    """Run the set-up cell as IPython does; return the magics that it called."""
    called = []
    shell = type("Shell", (), {"run_line_magic": lambda self, *magic: called.append(magic)})()
    exec(TransformerManager().transform_cell(setup_cell(address)), {"get_ipython": lambda: shell})
    return called


def test_the_set_up_cell_does_nothing_where_the_package_is_there(capsys):
    assert run_setup(None) == run_setup(SOMEWHERE) == []
    assert capsys.readouterr() == ("", "")


def test_the_set_up_cell_where_the_package_is_missing(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError) as error:
        run_setup(None)
    said = str(error.value)
    assert "\n" not in said
    assert all(part in said for part in ("gru_book is missing", "`make lab` in a clone", "%pip install git+URL"))
    installed = 'install --quiet "gru-book @ git+https://example.org/someone/fork@v9.8.7"'
    assert run_setup(SOMEWHERE) == [("pip", installed)]
