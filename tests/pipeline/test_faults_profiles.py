"""Profiles: a file from anywhere is read with limits, and checked as far as -p is; nothing in it falls through."""

import os
import time

import pytest

from gru_book.cli import main
from gru_book.errors import BookError
from gru_book.pipeline.pages import find_page
from gru_book.pipeline.profiles import LARGEST, profile

TAKEN = {
    "01_first: {number: 2, label: b}": {"number": 2, "label": "b"},
    "01_first:\n  number: 2\n": {"number": 2},
    "# words\n---\n01_first: {number: 2}\n...\n": {"number": 2},
    "\ufeff01_first: {number: 2}\r\n": {"number": 2},
    "01_first: {label: 1e3}": {"label": "1e3"},  # as -p takes it: a text stays as it stands there
    "01_first: {label: 010}": {"label": "010"},
    "01_first: {label: yes}": {"label": "yes"},
    "01_first: {label: '7'}": {"label": "7"},
    "01_first: {}\n02_second: {number: 3}": {},
    "02_second: {number: 3}\n01_first:": {},
}
REFUSED = {
    "number: 2": "has 'number' where a page should stand, as in a parameter file of papermill; here a profile is keyed "
    "by page: 01_first: {number: 2}",
    "number: 2\nlabel: b": "papermill",
    "number:": "unknown page 'number'",
    "01_firts: {number: 2}": "unknown page '01_firts' (did you mean '01_first'?)",
    "book/01_first.md: {number: 2}": "unknown page 'book/01_first.md'",
    "01_first: {number: 2}\nplain: {}": "unknown page 'plain'",
    "{1: 2}": "unknown page '1'",
    "01_first: {nummer: 2}": "unknown parameter 'nummer' (did you mean 'number'?)",
    "01_first: {1: 2}": "unknown parameter '1'",
    "01_first: {<<: {number: 2}}": "unknown parameter '<<'",
    "01_first: [number, 2]": "a list for page 01_first",
    "01_first: 2": "the single value '2' for page 01_first",
    "01_first: abc": "the single value 'abc' for page 01_first",
    "01_first: {number: [2]}": "number is a list",
    "01_first: {number: {a: 2}}": "number is a mapping",
    "01_first: {number: }": "number is empty",
    "01_first: {number: null}": "number is the single value 'null'",
    "01_first: {number: ~}": "number is the single value '~'",
    "01_first: {number: '2'}": "number must be of type int, not '2'",
    "01_first: {number: 2.0}": "number must be of type int",
    "01_first: {number: yes}": "number must be of type int",
    "01_first: {number: 0x2}": "number must be of type int",
    "01_first: {number: 1:2}": "number must be of type int",
    "01_first: {number: .inf}": "number must be of type int",
    "01_first: {number: ²}": "number must be of type int",
    "01_first: {number: 12}": "number = 12 is not allowed; allowed: [1..9]",
    f"01_first: {{number: {'9' * 400}}}": "number = 9999",
    f"01_first: {{number: {'9' * 5000}}}": "number must be of type int, not '9999",
    "01_first: {number: 2, number: 3}": "has 'number' twice, again in line 1",
    "01_first: {number: 2}\n01_first: {}": "has '01_first' twice, again in line 2",
    "": "names no page",
    "# only words": "names no page",
    "{}": "names no page",
    "[01_first, 2]": "is a list",
    "2": "is the single value '2'",
    "abc": "is the single value 'abc'",
    "? [a]\n: {}": "has a list for a name",
    "01_first: {number: 2}\n---\n02_second: {}": "is no YAML",
    "01_first:\n\tnumber: 2": "is no YAML",
    "01_first: {number: 2": "is no YAML",
    "01_first: {label: \x07}": "is no YAML",
    "!!python/object/apply:os.system [ls]": "has the tag",
    "01_first: !!set {number}": "has the tag",
    "01_first: !secret {number: 2}": "has the tag",
    "a: &a [x, x]\nb: &b [*a, *a]": "has an alias",
    "01_first: &a {number: 2}\n02_second: *a": "has an alias",
    "[" * 50_000: "is nested too deep",
    "01_first: {number: " + "[" * 40_000 + "]" * 40_000 + "}": "is nested too deep",
    "{a: " * 15_000: "is nested too deep",
    "\n".join(" " * depth + "a:" for depth in range(400)): "is nested too deep",
    "#" * (LARGEST + 1): "has 100,001 bytes; allowed: up to 100,000",
}


@pytest.mark.parametrize(("text", "values"), TAKEN.items())
def test_a_profile_is_taken_as_p_would_take_it(book, text, values):
    (book / "mine.yml").write_bytes(text.encode())
    assert profile(str(book / "mine.yml"), find_page("01_first", book)) == values


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=range(len(REFUSED)))
def test_a_profile_of_another_form_is_refused_in_one_line_and_soon(book, text, said):
    (book / "mine.yml").write_text(text, encoding="utf-8")
    started = time.process_time()
    with pytest.raises(BookError) as error:
        profile(str(book / "mine.yml"), find_page("01_first", book))
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 700
    assert time.process_time() - started < 5


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "1.0e-3", "0.001", ".001", "+1e-3"])
def test_a_number_is_a_number_however_it_is_written(tmp_path, text):
    """YAML 1.1 takes 1e-3 for a text; here a value is what -p takes for one."""
    path = tmp_path / "mine.yml"
    path.write_text(f"33_imdb_gru: {{learning_rate: {text}}}\n")
    assert profile(str(path), find_page("33_imdb_gru")) == {"learning_rate": 0.001}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"])
def test_other_encodings_are_named_in_one_line(book, encoding):
    (book / "mine.yml").write_bytes("# für alle\n01_first: {number: 2}\n".encode(encoding))
    with pytest.raises(BookError, match="mine.yml is not UTF-8.*save it as UTF-8"):
        profile(str(book / "mine.yml"), find_page("01_first", book))


def test_what_is_no_file_is_named_and_nothing_waits_for_it(book):
    os.mkfifo(book / "pipe.yml")
    (book / "link.yml").symlink_to("pipe.yml")
    page = find_page("01_first", book)
    for name, said in (
        (book, "is a folder"),
        (book / "pipe.yml", "is a pipe"),
        (book / "link.yml", "is a pipe"),
        ("/dev/zero", "is a device"),
        (book / "nowhere.yml", "unknown profile"),
        ("", "unknown profile ''"),
        (" ", "unknown profile ' '"),
        ("smok", "unknown profile 'smok' (did you mean 'smoke'?)"),
        ("x" * 5000, "unknown profile"),
        ("a\0b", "unknown profile"),
        ("~nobody_of_that_name/x.yml", "home"),
    ):
        with pytest.raises(BookError) as error:
            profile(str(name), page)
        assert said in str(error.value)


def test_a_profile_in_the_home_folder(book, monkeypatch):
    monkeypatch.setenv("HOME", str(book))
    (book / "mine.yml").write_text("01_first: {number: 2}")
    assert profile("~/mine.yml", find_page("01_first", book)) == {"number": 2}


@pytest.mark.parametrize("given", [["-f", ""], ["-f", "nowhere.yml"], ["-p", "seed", "1", "-p", "seed", "2"]])
def test_the_command_line_refuses_before_a_page_runs(given, capsys, monkeypatch):
    monkeypatch.setattr("gru_book.pipeline.execute.run", lambda *_: pytest.fail("must not run"))
    assert main(["run", "21_cell", *given]) == 2
    said = capsys.readouterr().err
    assert said.startswith("gru-book: ")
    assert said.count("\n") == 1


def test_a_profile_of_other_pages_says_so(book, capsys, monkeypatch, tmp_path):
    """A page that a profile does not name runs as published, which may take long: the reader hears of it."""
    monkeypatch.setattr("gru_book.pipeline.execute.run", lambda page, values, output: tmp_path / "out.ipynb")
    (tmp_path / "mine.yml").write_text("21_cell: {seed: 1}")
    assert main(["run", "33_imdb_gru", "-f", str(tmp_path / "mine.yml")]) == 0
    assert "says nothing of 33_imdb_gru: it runs as published" in capsys.readouterr().err
