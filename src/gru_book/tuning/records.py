"""What a search notes in its folder: states with a seal, journals line by line, both read with mistrust.

A state (of the oracle, of a trial) carries a hash of itself and is refused, in one line, where it is not as it was
written. A journal is a log: a line that is none, cut short by a kill, is passed over.
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from pathlib import Path

from gru_book.allowed import shown as short
from gru_book.errors import BookError, TuningError, one_line
from gru_book.files import append_line, read_text, sha256, what_lies, write_json

JOURNAL = "journal.jsonl"

SEAL = "sha256"  # the entry of a state with the hash of all others

LARGEST = 2**26  # bytes of one file: a search of many thousand trials notes less

LONGEST_NAME = 200  # bytes of a worker's name, which is part of a file's name

START_OVER = "give another folder, or start over (again=True, on the command line --again)"


def shown(path: Path) -> str:
    """Return a path as a reader would type it."""
    path = path.resolve()
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def read_mapping(path: Path, advice: str = START_OVER) -> dict:
    """Return the mapping in a file of JSON; raise TuningError, in a line that ends in `advice`, where there is none."""
    try:
        value = json.loads(read_text(path, shown(path), LARGEST))
    except BookError as error:
        raise TuningError(f"{error}; {advice}") from None
    except (ValueError, RecursionError) as error:
        raise TuningError(f"{shown(path)} is damaged ({one_line(error)}); {advice}") from None
    if not isinstance(value, dict):
        raise TuningError(f"{shown(path)} is damaged (it holds no mapping); {advice}")
    return value


def write_state(path: Path, state: dict) -> None:
    """Write a state with its seal, in one step; raises `OutputError`."""
    write_json(path, {**state, SEAL: sha256(json.dumps(state))})


def read_state(path: Path) -> dict:
    """Return the state in a file, without its seal; raise TuningError where it is not as `write_state` wrote it."""
    state = read_mapping(path)
    if state.pop(SEAL, None) != sha256(json.dumps(state)):
        raise TuningError(f"{shown(path)} is not as a search wrote it; {START_OVER}")
    return state


def note(journal: Path, event: str, **what) -> None:
    """Append one event to a trial's journal; raises `BookError` where it cannot be written."""
    append_line(journal, json.dumps({"event": event, "time": round(time.time(), 3), **what}))


def events(journal: Path) -> list[dict]:
    """Return the events of a trial's journal; a line that is none, and a journal that is no file, are left out."""
    if what_lies(journal) != "a file" or journal.stat().st_size > LARGEST:
        return []
    found = []
    for line in journal.read_bytes().split(b"\n"):
        try:
            noted = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if _is_event(noted):
            found.append(noted)
    return found


def _is_event(noted: object) -> bool:
    if not isinstance(noted, dict) or noted.get("event") not in ("start", "epoch", "end", "failed"):
        return False
    numbers = [value for name, value in noted.items() if name not in ("event", "worker", "error")]
    texts = [noted[name] for name in ("worker", "error") if noted.get(name) is not None]
    right = all(type(number) in (int, float) for number in numbers) and all(isinstance(text, str) for text in texts)
    return right and "time" in noted and math.isfinite(noted["time"])


def check_worker(name: str) -> None:
    """Raise TuningError unless `name` can be a worker's, on the command line and in what arrives at the chief."""
    if not re.fullmatch(r"[\w.-]+", name) or "chief" in name:
        raise TuningError(f"worker is {short(name)}; allowed: letters, digits, _ . - and not the word chief")
    if len(os.fsencode(name)) > LONGEST_NAME:
        raise TuningError(f"worker is {short(name)}; allowed: names of up to {LONGEST_NAME} bytes")


def check_trial(name: object) -> str:
    """Return the name of a trial, which is part of a folder's name; raise TuningError where it is none."""
    if not isinstance(name, str) or not re.fullmatch(r"[0-9]{1,20}", name):
        raise TuningError(f"trial is {short(name)}; allowed: a number of KerasTuner's, such as '0007'")
    return name
