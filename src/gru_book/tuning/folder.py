"""The folder of a search: whose it is, who works in it, what has been noted."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from gru_book.errors import TuningError
from gru_book.files import sha256, write_json
from gru_book.notebook.artifacts import runs_folder
from gru_book.tuning.search import Search

FINISHED, IDENTITY, LOCK, JOURNAL = "finished", "search.json", "search.lock", "journal.jsonl"


def search_folder(name: str, search: Search | None = None) -> Path:
    """Return the folder under `_runs/tuning/` of a search called `name`; with `search`, one for just its settings."""
    if search is not None:
        digest = sha256(json.dumps(search.identity(), sort_keys=True))[:12]
        name = f"{name}-{digest}"
    return runs_folder() / "tuning" / name


def is_finished(folder: Path) -> bool:
    """Return whether the search in `folder` came to its end."""
    return (folder / FINISHED).exists()


def mark_finished(folder: Path) -> None:
    """Note that the search in `folder` came to its end."""
    (folder / FINISHED).touch()


@contextlib.contextmanager
def claimed(search: Search, folder: Path, again: bool = False) -> Iterator[None]:
    """Hold `folder` for `search`: make it, or check that it holds this search; with `again` empty it first.

    Raises TuningError where another process holds it, where it holds another search (naming what differs), or where
    it is no folder of a search.
    """
    folder.mkdir(parents=True, exist_ok=True)
    identity, there = search.identity(), folder / IDENTITY
    if not there.exists() and any(path.name != LOCK for path in folder.iterdir()):
        raise TuningError(
            f"folder is {shown(folder)}, which holds no search but other files; give a new or empty folder"
        )
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise TuningError(
            f"folder is {shown(folder)}, in which another search is running; wait for it, or give another folder"
        ) from None
    try:
        if again:
            _empty(folder)
        if there.exists():
            check_identity(search, folder)
        else:
            write_json(there, identity)
        yield
    finally:
        lock.release()


def check_identity(search: Search, folder: Path) -> None:
    """Raise TuningError naming what differs where `folder` holds another search than `search`."""
    then, now = (_flat(part) for part in (json.loads((folder / IDENTITY).read_text("utf-8")), search.identity()))
    pairs = {name: (then.get(name, "nothing"), now.get(name, "nothing")) for name in {**then, **now}}
    differing = [f"{name} is {old} there, {new} here" for name, (old, new) in pairs.items() if old != new]
    if differing:
        raise TuningError(
            f"folder is {shown(folder)}, which holds another search: {'; '.join(differing)}. "
            "Give another folder, or start over (again=True, on the command line --again)"
        )


def _flat(tree: dict, before: str = "") -> dict:
    flat = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) and value else {f"{before}{name}": value}
    return flat


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


def shown(path: Path) -> str:
    """Return a path as a reader would type it."""
    path = path.resolve()
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def note(journal: Path, event: str, **what) -> None:
    """Append one event to a trial's journal."""
    line = json.dumps({"event": event, "time": round(time.time(), 3), **what})
    with open(journal, "a", encoding="utf-8") as file:
        file.write(line + "\n")


WORKERS = "workers"  # folder of heartbeats, locks and logs, one file each a worker
