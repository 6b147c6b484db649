"""Studies: they go on, and their tables are guarded."""

import importlib
import shutil
import sys

import pytest

from gru_book.errors import BookError
from gru_book.pipeline import study, verify

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
