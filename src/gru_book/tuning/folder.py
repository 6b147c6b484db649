"""The folder of a search: whose it is, who works in it, what may be replaced there."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import filelock

from gru_book import files
from gru_book.allowed import shown as short
from gru_book.errors import TuningError
from gru_book.files import WRITING, runs_folder, sha256, what_lies, write_json, write_text
from gru_book.tuning.records import JOURNAL, START_OVER, read_mapping, shown
from gru_book.tuning.search import Search

FINISHED, IDENTITY, LOCK, TABLE = "finished", "search.json", "search.lock", "trials.csv"

WORKERS = "workers"  # folder of heartbeats, locks and logs, one file each a worker

KIND = "the folder of a search"

# All that a search makes in its folder, by relative names. `X.json` holding {} are of the book's first edition.
_FILES = re.compile(
    rf"{re.escape(IDENTITY)}|{re.escape(LOCK)}|{FINISHED}|oracle\.json|{re.escape(TABLE)}"
    rf"|trial_[0-9]+/(trial\.json|{re.escape(JOURNAL)}|build_config\.json|checkpoint\.weights\.h5)"
    rf"|{WORKERS}/[\w.-]+\.(json|lock|log)"
)
_FOLDERS = re.compile(rf"trial_[0-9]+|{WORKERS}")
_BEGUN = re.compile(rf"(.*/)?{re.escape(WRITING)}[0-9a-f]{{16}}")  # written first, and left there by a kill
_OLD_STATE = re.compile(r"[\w.-]+\.json")


def search_folder(name: str, search: Search | None = None) -> Path:
    """Return the folder under `_runs/tuning/` of a search called `name`; with `search`, one for just its settings."""
    if search is not None:
        digest = sha256(json.dumps(search.identity(), sort_keys=True))[:12]
        name = f"{name}-{digest}"
    return runs_folder() / "tuning" / name


def is_finished(folder: Path) -> bool:
    """Return whether the search in `folder` came to its end."""
    return what_lies(folder / FINISHED) == "a file"


def mark_finished(folder: Path, table: str = "") -> None:
    """Note that the search in `folder` came to its end, with the hash of its table where it has one."""
    write_text(folder / FINISHED, table)


def write_table(folder: Path, text: str) -> Path:
    """Write the table of a finished search; one that somebody edited is kept under `_runs/kept/`, and said so."""
    path, before = folder / TABLE, folder / FINISHED
    if what_lies(path) == "a file" and sha256(path) not in (sha256(text), before.read_text("utf-8", "replace")):
        kept = files.keep(path, runs_folder())
        print(f"{shown(path)} was edited; what was there is kept as {shown(kept)}", file=sys.stderr)
    mark_finished(folder, sha256(text))
    write_text(path, text)
    return path


def foreign(folder: Path) -> list[str]:
    """Return what lies in `folder` and no search made, by relative names: another name, a link, an edited table."""
    found = []
    for path in sorted(folder.rglob("*")):
        name, kind = path.relative_to(folder).as_posix(), what_lies(path)
        ours = bool(_FOLDERS.fullmatch(name)) if kind == "a folder" else kind == "a file" and _is_made(folder, name)
        if kind and not ours:
            found.append(name)
    return found


def _is_made(folder: Path, name: str) -> bool:
    path = folder / name
    if name == TABLE:
        return is_finished(folder) and sha256(path) == (folder / FINISHED).read_text("utf-8", "replace")
    if _FILES.fullmatch(name) or _BEGUN.fullmatch(name):
        return True
    return bool(_OLD_STATE.fullmatch(name)) and path.stat().st_size == 2 and path.read_bytes() == b"{}"


def is_search(folder: Path) -> bool:
    """Return whether `folder` holds a search and nothing else, or nothing at all."""
    try:
        _check_contents(folder, again=True)
    except TuningError:
        return False
    return True


def _check_contents(folder: Path, again: bool) -> None:
    """Raise TuningError, naming what is in the way, unless a search may go on in `folder`, or start over there.

    To go on nothing may lie where the search writes but what it made itself; other files stay as they are.
    """
    names = [path.name for path in folder.iterdir()]
    if IDENTITY in names:
        _read_identity(folder)
    elif any(name != LOCK and not _BEGUN.fullmatch(name) for name in names):
        raise TuningError(
            f"folder is {shown(folder)}, which holds no search but other files; give a new or empty folder"
        )
    for name in foreign(folder):
        taken = name != TABLE and (_FILES.fullmatch(name) or _FOLDERS.fullmatch(name))
        if again or taken or (name == TABLE and what_lies(folder / name) != "a file"):
            raise TuningError(
                f"folder is {shown(folder)}, which holds {name!r}, {what_lies(folder / name)} that no search made or "
                "somebody changed; move it elsewhere, or give another folder"
            )


def check_place(search: Search, folder: Path, again: bool = False) -> None:
    """Raise the errors of `claimed` that can be known before any work, without a lock and without a new folder."""
    files.claim(folder, KIND, Path.is_dir, "folder")
    files.sweep(folder.parent)  # puts a search back that a kill left between its place and the new one's
    if what_lies(folder):
        _check_contents(folder, again)
        if (folder / IDENTITY).exists() and not again:
            check_identity(search, folder)


@contextlib.contextmanager
def claimed(search: Search, folder: Path, again: bool = False) -> Iterator[None]:
    """Hold `folder` for `search`: make it, or check that it holds this search; with `again` put an empty one there.

    Raises TuningError where another process holds it, where it holds another search (naming what differs), and where
    it is no folder of a search or holds what no search made; `OutputError` where it may be no folder of ours.
    """
    check_place(search, folder, again)
    folder.mkdir(parents=True, exist_ok=True)
    files.check_room(folder, f"folder {shown(folder)}")
    with contextlib.ExitStack() as held:
        held.enter_context(_locked(folder))
        if again and (folder / IDENTITY).exists():
            with files.replacing(folder, KIND, is_search, "folder") as new:
                new.mkdir()
                held.enter_context(_locked(new))
                write_json(new / IDENTITY, search.identity())
        for inner in (folder, *folder.glob("trial_*"), folder / WORKERS):
            files.sweep(inner)
        if (folder / IDENTITY).exists():
            check_identity(search, folder)
        else:
            write_json(folder / IDENTITY, search.identity())
        yield


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise TuningError(
            f"folder is {shown(folder)}, in which another search is running; wait for it, or give another folder"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _read_identity(folder: Path) -> dict:
    identity = read_mapping(folder / IDENTITY, "give another folder")
    if not {"name", "method", "objective", "space"} <= set(identity):
        raise TuningError(f"folder is {shown(folder)}, whose {IDENTITY} is none of a search; give another folder")
    return identity


def check_identity(search: Search, folder: Path) -> None:
    """Raise TuningError naming what differs where `folder` holds another search than `search`."""
    then, now = (_flat(part) for part in (_read_identity(folder), search.identity()))
    pairs = {name: (then.get(name, "nothing"), now.get(name, "nothing")) for name in {**then, **now}}
    differing = [f"{name} is {old} there, {new} here" for name, (old, new) in pairs.items() if old != new]
    if differing:
        raise TuningError(
            f"folder is {shown(folder)}, which holds another search: {'; '.join(differing)}; {START_OVER}"
        )


def check_engine(folder: Path, engine: str, again: bool = False) -> None:
    """Raise TuningError where `folder` holds a search by another engine than `engine`, unless it is to start over.

    engine: "keras-tuner", which is not noted in the folder, or "optuna".
    """
    try:
        if again or what_lies(folder) != "a folder" or what_lies(folder / IDENTITY) != "a file":
            return
    except (OSError, ValueError):  # no place for a folder: `check_place` says why
        return
    there = _read_identity(folder).get("engine", "keras-tuner")
    if there != engine:
        raise TuningError(
            f"folder is {shown(folder)}, which holds a search by {short(there)}, not by {engine!r}; {START_OVER}"
        )


def _flat(tree: dict, before: str = "") -> dict:
    flat = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) and value else {f"{before}{name}": value}
    return flat
