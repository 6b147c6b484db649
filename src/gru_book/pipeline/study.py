"""Studies: comparisons too long for a page. Each is a module of `gru_book.studies`; its result is a tidy table.

A study module has a `TITLE`, `cases()` (a list of dicts, one a unit of work) and `run_case(**case)` (its rows). Every
finished case is kept at once, so an interrupted study goes on where it was.
"""

import importlib
import json
import sys
import time
from pathlib import Path

from tqdm.auto import tqdm

from gru_book import files
from gru_book.errors import BookError, did_you_mean
from gru_book.files import CHECKOUT, runs_folder, write_text
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
    """Return the record beside the table of study `name`, or None where there is none."""
    file = table_path(name, root).with_suffix(".json")
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def study_state(name: str, root: Path = CHECKOUT) -> tuple[str, str]:
    """Return the state of a study's table and its reason: `fresh` or `stale`."""
    table, record = table_path(name, root), read_record(name, root)
    if not table.is_file() or not record:
        return "stale", "has never been run"
    reason = provenance.differences(record, study_inputs(name, root))
    if not reason and provenance.sealed(record) != record:
        reason = "its record is not that of the run (edited)"
    if not reason and files.sha256(table.read_bytes()) != record["table"]:
        reason = "its table is not that of the recorded run"
    return ("stale", reason) if reason else ("fresh", "")


def run_study(name: str, root: Path = CHECKOUT, again: bool = False) -> Path:
    """Run study `name`, going on with the finished cases of an interrupted run; return the path of its table."""
    check_name(name, root)
    if study_state(name, root)[0] == "fresh" and not again:
        print(f"study {name} is up to date: {table_path(name, root).relative_to(root)} (--again runs it anew)")
        return table_path(name, root)
    module = importlib.import_module(f"gru_book.studies.{name}")
    inputs = study_inputs(name, root)
    folder = runs_folder(root) / "studies"
    folder.mkdir(exist_ok=True)
    journal = folder / f"{name}-{files.sha256(json.dumps(inputs))[:12]}.jsonl"
    if again:
        journal.unlink(missing_ok=True)
    finished = _read_journal(journal)
    for case in tqdm(module.cases(), desc=f"study {name}", unit="case", file=sys.stderr):
        label = json.dumps(case, sort_keys=True)
        if label in finished:
            continue
        started = time.monotonic()
        rows = module.run_case(**case)
        finished[label] = {"case": case, "rows": rows, "seconds": round(time.monotonic() - started, 1)}
        with open(journal, "a", encoding="utf-8") as file:
            file.write(json.dumps(finished[label]) + "\n")
    ordered = [finished[json.dumps(case, sort_keys=True)] for case in module.cases()]
    text = as_text([{**done["case"], **row} for done in ordered for row in done["rows"]])
    record = {
        **inputs,
        "title": module.TITLE,
        "seconds": round(sum(d["seconds"] for d in ordered)),
        "table": files.sha256(text),
    }
    path = table_path(name, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    write_record(name, record, root)
    return path


def write_record(name: str, record: dict, root: Path = CHECKOUT) -> None:
    """Write the record of study `name`, with a hash of itself."""
    text = json.dumps(provenance.sealed(record), indent=1) + "\n"
    write_text(table_path(name, root).with_suffix(".json"), text)


def as_text(rows: list[dict]) -> str:
    """Return rows as the text of a study's table."""
    import pandas as pd

    return pd.DataFrame(rows).to_csv(index=False, float_format="%.6g", lineterminator="\n")


def _read_journal(journal: Path) -> dict[str, dict]:
    """Return the finished cases by their label; a line cut short by a kill is left out."""
    finished = {}
    for line in journal.read_text(encoding="utf-8").splitlines() if journal.is_file() else []:
        try:
            done = json.loads(line)
        except json.JSONDecodeError:
            continue
        finished[json.dumps(done["case"], sort_keys=True)] = done
    return finished
