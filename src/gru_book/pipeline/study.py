"""Studies: comparisons too long for a page. Each is a module of `gru_book.studies`; its result is a tidy table.

A study module has a `TITLE`, `cases()` (a list of dicts, one a unit of work) and `run_case(**case)` (its rows). Every
finished case is kept at once, so an interrupted study goes on where it was.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tqdm.auto import tqdm

from gru_book import files
from gru_book.errors import BookError, did_you_mean, one_line
from gru_book.files import (
    CHECKOUT,
    append_line,
    check_room,
    claim,
    keep,
    read_text,
    runs_folder,
    what_lies,
    write_texts,
)
from gru_book.pipeline import content, provenance


def all_studies(root: Path = CHECKOUT) -> list[str]:
    """Return the names of the studies."""
    return sorted(p.stem for p in (root / "src" / "gru_book" / "studies").glob("*.py") if p.stem != "__init__")


def table_path(name: str, root: Path = CHECKOUT) -> Path:
    """Return where the table of study `name` is published; its record lies beside it as JSON."""
    return root / "notebooks" / "artifacts" / "studies" / f"{name}.csv"


def check_name(name: str, root: Path = CHECKOUT) -> None:
    """Raise `BookError` with the nearest name unless there is a study `name`."""
    if name not in all_studies(root):
        studies = all_studies(root)
        raise BookError(f"unknown study {name!r}{did_you_mean(name, studies)}; studies: {', '.join(studies) or 'none'}")


def study_inputs(name: str, root: Path = CHECKOUT) -> dict:
    """Return all that decides what study `name` computes."""
    used = content.used_by_module(f"gru_book.studies.{name}", ["cases", "run_case"], root)
    return {"definitions": used.definitions, "packages": provenance.locked_versions(used.outside, root)}


def read_record(name: str, root: Path = CHECKOUT) -> dict | None:
    """Return the record beside the table of study `name`, or None where there is none.

    Raises `BookError` where it cannot be read.
    """
    file = table_path(name, root).with_suffix(".json")
    if not file.exists():
        return None
    try:
        record = json.loads(read_text(file, f"the record of study {name}"))
    except (ValueError, RecursionError) as error:
        raise BookError(f"the record of study {name} cannot be read: {one_line(error)}") from None
    if not isinstance(record, dict):
        raise BookError(f"the record of study {name} cannot be read: it is no mapping")
    return record


def study_state(name: str, root: Path = CHECKOUT) -> tuple[str, str]:
    """Return the state of a study's table and its reason: `fresh` or `stale`."""
    try:
        table, record = table_path(name, root), read_record(name, root)
    except BookError as error:
        return "stale", str(error)
    if not table.is_file() or not record:
        return "stale", "has never been run"
    reason = provenance.differences(record, study_inputs(name, root))
    if not reason and provenance.sealed(record) != record:
        reason = "its record is not that of the run (edited)"
    if not reason and files.sha256(table) != record.get("table"):
        reason = "its table is not that of the recorded run"
    return ("stale", reason) if reason else ("fresh", "")


def run_study(name: str, root: Path = CHECKOUT, again: bool = False) -> Path:
    """Run study `name`, going on with the finished cases of an interrupted run; return the path of its table."""
    check_name(name, root)
    if study_state(name, root)[0] == "fresh" and not again:
        print(f"study {name} is up to date: {table_path(name, root).relative_to(root)} (--again runs it anew)")
        return table_path(name, root)
    path = table_path(name, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    check_room(path.parent)
    for place in (path, path.with_suffix(".json")):
        claim(place.resolve(), "a file", Path.is_file, f"the table of study {name}")
    module = importlib.import_module(f"gru_book.studies.{name}")
    inputs = study_inputs(name, root)
    folder = runs_folder(root) / "studies"
    folder.mkdir(exist_ok=True)
    journal = folder / f"{name}-{files.sha256(json.dumps(inputs))[:12]}.jsonl"
    if again and what_lies(journal) == "a file":
        journal.unlink()
    finished = _read_journal(journal)
    cases = module.cases()
    try:
        _run_cases(f"study {name}", module.run_case, cases, finished, journal)
    except (BookError, OSError) as error:
        raise BookError(f"study {name} stopped: {one_line(error)}; {_kept(cases, finished, journal)}") from None
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"study {name} was interrupted; {_kept(cases, finished, journal)}") from None
    ordered = [finished[_label(case)] for case in cases]
    text = as_text([{**done["case"], **row} for done in ordered for row in done["rows"]])
    record = {
        **inputs,
        "title": module.TITLE,
        "seconds": round(sum(d["seconds"] for d in ordered)),
        "table": files.sha256(text),
    }
    _keep_foreign(name, root)
    write_texts({path: text, path.with_suffix(".json"): record_text(record)})
    return path


def _run_cases(what: str, run_case: Callable[..., list], cases: list[dict], finished: dict, journal: Path) -> None:
    """Run the cases that are not in `finished`, by their labels; note each there and in the journal at once."""
    for case in tqdm(cases, desc=what, unit="case", file=sys.stderr):
        if _label(case) in finished:
            continue
        started = time.monotonic()
        rows = run_case(**case)
        done = {"case": case, "rows": rows, "seconds": round(time.monotonic() - started, 1)}
        append_line(journal, json.dumps(done))
        finished[_label(case)] = done


def _kept(cases: list[dict], finished: dict, journal: Path) -> str:
    count = sum(_label(case) in finished for case in cases)
    where = f" in _runs/studies/{journal.name}" if count else ""
    return f"{count} of {len(cases)} cases are kept{where}; the same command goes on"


def _label(case: dict) -> str:
    return json.dumps(case, sort_keys=True)


def _keep_foreign(name: str, root: Path) -> None:
    """Keep a copy of a table that is about to be replaced and is not that of a recorded run."""
    table = table_path(name, root)
    try:
        known = (read_record(name, root) or {}).get("table")
    except BookError:
        known = None
    if table.is_file() and files.sha256(table) != known:
        kept = keep(table, runs_folder(root)).relative_to(root).as_posix()
        print(f"study {name}: its table was edited; what was there is kept as {kept}", file=sys.stderr)


def write_record(name: str, record: dict, root: Path = CHECKOUT) -> None:
    """Write the record of study `name`, with a hash of itself."""
    write_texts({table_path(name, root).with_suffix(".json"): record_text(record)})


def record_text(record: dict) -> str:
    """Return the text of a study's record, with a hash of itself."""
    return json.dumps(provenance.sealed(record), indent=1) + "\n"


def as_text(rows: list[dict]) -> str:
    """Return rows as the text of a study's table."""
    import pandas as pd

    return pd.DataFrame(rows).to_csv(index=False, float_format="%.6g", lineterminator="\n")


def _read_journal(journal: Path) -> dict[str, dict]:
    """Return the finished cases by their label; a line that is none, cut short by a kill, is left out and named."""
    finished = {}
    lines = journal.read_bytes().split(b"\n") if what_lies(journal) == "a file" else []
    for number, line in enumerate(lines, 1):
        try:
            done = json.loads(line)
            right = isinstance(done["rows"], list) and isinstance(done["case"], dict) and done["seconds"] >= 0
        except (ValueError, KeyError, TypeError, RecursionError):
            right = False
        if right:
            finished[_label(done["case"])] = done
        elif line.strip():
            print(f"{journal.name}, line {number}, is no finished case and is left out", file=sys.stderr)
    return finished
