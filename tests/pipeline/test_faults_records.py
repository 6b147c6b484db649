"""Records of studies: what a kill or a damage leaves is passed over and named, what is whole is kept."""

import json

import pytest

from gru_book.errors import BookError
from gru_book.files import append_line
from gru_book.pipeline import study

STUDY = """
TITLE = "Squares"


def cases():
    return [{"n": n} for n in range(4)]


def run_case(n):
    RAN.append(n)
    if n in STOP:
        raise STOP[n]
    return [{"square": n * n}]


RAN, STOP = [], {}
"""


@pytest.fixture
def squares(book, monkeypatch):
    """A study in `book`: its module, where one can see what ran (RAN) and what stops it (STOP)."""
    import importlib
    import sys

    folder = book / "src/gru_book/studies"
    (folder / "quadrats.py").write_text(STUDY)
    monkeypatch.setattr("gru_book.studies.__path__", [str(folder)])
    importlib.invalidate_caches()
    yield importlib.import_module("gru_book.studies.quadrats")
    sys.modules.pop("gru_book.studies.quadrats")


def journal(book):
    (found,) = (book / "_runs/studies").glob("quadrats-*.jsonl")
    return found


DAMAGE = {
    "the last line cut short": lambda text: text[:-20],
    "the last line without its end": lambda text: text.rstrip("\n"),
    "an empty line between": lambda text: text.replace("\n", "\n\n", 1),
    "no JSON": lambda text: "{{{\n" + text,
    "other JSON": lambda text: '3\n[1]\n{"case": 3, "rows": [], "seconds": 1}\n{"case": {"n": 9}}\n' + text,
    "zeros, as a power cut leaves them": lambda text: text + "\0\0\0\0",
    "bytes that are no text": lambda text: "\udcff\udcfe\n" + text,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_record_after_a_damaged_one_is_kept(book, squares, damage, capsys):
    squares.STOP[3] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        study.run_study("quadrats", book)
    text = DAMAGE[damage](journal(book).read_text())
    journal(book).write_bytes(text.encode("utf-8", "surrogateescape"))
    squares.RAN.clear()
    with pytest.raises(KeyboardInterrupt):  # stopped once more, after the records that follow the damaged one
        study.run_study("quadrats", book)
    assert squares.RAN[-1] == 3
    squares.STOP.clear()
    squares.RAN.clear()
    table = study.run_study("quadrats", book)
    assert squares.RAN == [3]
    assert table.read_text() == "n,square\n0,0\n1,1\n2,4\n3,9\n"
    harmless = damage in ("the last line without its end", "an empty line between")
    assert ("is no finished case and is left out" in capsys.readouterr().err) != harmless


@pytest.mark.parametrize(
    ("stop", "kind", "said"),
    [
        (
            KeyboardInterrupt(),
            KeyboardInterrupt,
            "study quadrats was interrupted; 2 of 4 cases are kept in _runs/studies/",
        ),
        (OSError(28, "No space left on device"), BookError, "study quadrats stopped: No space left on device; 2 of 4"),
    ],
)
def test_a_study_that_stops_says_what_is_kept(book, squares, stop, kind, said):
    squares.STOP[2] = stop
    with pytest.raises(kind) as error:
        study.run_study("quadrats", book)
    assert said in str(error.value)
    assert str(error.value).endswith("the same command goes on")


def test_a_disk_that_is_full_when_a_case_is_noted_loses_only_that_case(book, squares, monkeypatch):
    noted = []

    def full_at_the_third(path, line):
        noted.append(line)
        if len(noted) == 3:
            raise BookError(f"cannot write {path}: No space left on device")
        append_line(path, line)

    monkeypatch.setattr(study, "append_line", full_at_the_third)
    with pytest.raises(BookError, match="No space left on device; 2 of 4 cases are kept in _runs/studies/quadrats-"):
        study.run_study("quadrats", book)
    squares.RAN.clear()
    study.run_study("quadrats", book)
    assert squares.RAN == [2, 3]


@pytest.mark.parametrize("record", ["", "{", "[1]", "3", '{"table": 3}', "{}", "\0"])
def test_a_broken_record_of_a_study_is_stale_and_says_why(book, squares, record):
    table = study.run_study("quadrats", book)
    table.with_suffix(".json").write_text(record)
    state, reason = study.study_state("quadrats", book)
    assert state == "stale"
    assert reason
    assert "\n" not in reason
    study.run_study("quadrats", book)
    assert study.study_state("quadrats", book) == ("fresh", "")


def test_a_line_begins_on_a_line_of_its_own(tmp_path):
    path = tmp_path / "journal"
    for before, after in ((None, "x\n"), ("", "x\n"), ("a\n", "a\nx\n"), ("a", "a\nx\n"), ('{"cut', '{"cut\nx\n')):
        path.unlink(missing_ok=True)
        if before is not None:
            path.write_text(before)
        append_line(path, "x")
        assert path.read_text() == after


def test_every_line_of_a_journal_is_json(book, squares):
    study.run_study("quadrats", book)
    assert [json.loads(line)["case"]["n"] for line in journal(book).read_text().splitlines()] == [0, 1, 2, 3]
