"""Files: where the checkout is, what a file holds, writing in one step, and replacing nothing but what is ours.

A result goes to a place that somebody names, and there the rule is: only what we can prove that we made is replaced.
`claim` says before any work whether a place may be had; `replacing` gives a path to write at beside it, and puts what
was written there in place when all of it is there. `replace` does the same with what lies elsewhere.

>>> def is_ours(place):
...     return place.read_text().startswith("made by us")
>>> with replacing("out.txt", "a list of ours", is_ours) as new:  # doctest: +SKIP
...     new.write_text("made by us, again")
"""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from gru_book.errors import BookError, OutputError

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parents[1]  # the root of the repository; only the package's folder lies below it once installed


WRITING = ".gru-book-"  # how the name of what we have begun to write, beside the place where it will be, begins

MARKER = "writing"  # the file in such a folder that proves it ours; locked while the process that writes lives


def runs_folder(root: Path | None = None) -> Path:
    """Return `_runs/`, the git-ignored folder of all that is not published, made where it is missing.

    It lies in the checkout, or below the current folder where the package is installed without one. Raises `BookError`
    where it cannot be written.
    """
    folder = (root or (CHECKOUT if (CHECKOUT / "notebooks").is_dir() else Path.cwd())) / "_runs"
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise BookError(
            f"cannot write to {folder.name}/ ({error.strerror}); it must be a folder that you may write to"
        ) from None


def sha256(content: bytes | str | Path) -> str:
    """Return the SHA-256 of bytes, of a text's UTF-8, or of a file, in hexadecimal."""
    if isinstance(content, Path):
        content = content.read_bytes()
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in one step: a reader sees the old file or the new one, never half of one.

    Half a surrogate pair, which UTF-8 cannot hold, is written as its escape, backslash and u, as JSON has it.
    """
    beside = path.with_name(f"{WRITING}{secrets.token_hex(8)}")
    try:
        beside.write_text(text, encoding="utf-8", errors="backslashreplace")
        os.replace(beside, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from None


def write_json(path: Path, value: object, indent: int | None = None) -> None:
    """Write `value` as JSON in one step."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=indent) + "\n" * (indent is not None))


def replace_folder(new: Path, place: Path) -> None:
    """Put the folder `new` where `place` is."""
    place.parent.mkdir(parents=True, exist_ok=True)
    old = place.with_name(f".{place.name}.{os.getpid()}")
    if place.exists():
        os.replace(place, old)
    shutil.move(new, place)
    shutil.rmtree(old, ignore_errors=True)


def claim(place: str | Path, kind: str, is_ours: Callable[[Path], bool], argument: str = "path") -> Path:
    """Return `place`, ~ expanded, if a file or folder may be put there; else raise `OutputError`, before any work.

    Allowed is a place where nothing is, and a file or folder of which `is_ours` says that we made it, all of it; never
    a link, a device, or a place in a folder where nothing can be written. kind: what `is_ours` knows, such as "a saved
    classifier", and argument: what the caller calls the place, for the message.
    """
    try:
        text = os.path.expanduser(os.fspath(place))
        path = Path(text)
        obstacle = "in no home folder" if text.startswith("~") else _obstacle(path, kind, is_ours)
    except TypeError:
        raise OutputError(f"{argument} is {place!r}; allowed: the path of a new place, or of {kind}") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte, or half a surrogate pair
        obstacle = f"which is not possible ({getattr(error, 'strerror', None) or error})"
    if obstacle:
        raise OutputError(f"{argument} is {str(place)!r}, {obstacle}; allowed: a new place, or {kind}") from None
    return path


def _obstacle(path: Path, kind: str, is_ours: Callable[[Path], bool]) -> str:
    """Return what `path` is, in words, where nothing may be put there, else an empty text."""
    if path.name in ("", ".."):
        return "the name of no new file or folder"
    parent = path.parent
    while not os.path.lexists(parent):
        parent = parent.parent
    if not parent.is_dir():
        return f"below {str(parent)!r}, which is no folder"
    most = os.pathconf(parent, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255
    if any(len(os.fsencode(part)) > most for part in path.relative_to(parent).parts):
        return f"a name longer than the {most} bytes that are possible"
    try:
        tempfile.TemporaryFile(dir=parent).close()
    except OSError as error:
        return f"in {str(parent)!r}, where nothing can be written ({error.strerror})"
    with contextlib.suppress(FileNotFoundError):
        os.lstat(path.parent / ("x" * most) / path.name)  # as long as what is written beside it first
    while os.path.lexists(path):
        with contextlib.suppress(FileNotFoundError):  # another process is replacing it at this moment
            found = path.lstat()
            is_file = stat.S_ISREG(found.st_mode)
            if not (is_file or stat.S_ISDIR(found.st_mode)) or path.is_mount():
                return "a link" if stat.S_ISLNK(found.st_mode) else "no plain file or folder"
            if _is(path, is_ours):
                return ""
            if os.path.samestat(found, path.lstat()):  # else it has been replaced while we looked
                return f"a file that is not {kind}" if is_file else f"a folder that holds anything but {kind}"
    return ""


def _is(path: Path, is_ours: Callable[[Path], bool]) -> bool:
    try:
        return is_ours(path)
    except (OSError, ValueError):  # what cannot be read is not proven
        return False


@contextlib.contextmanager
def replacing(place: str | Path, kind: str, is_ours: Callable[[Path], bool], argument: str = "path") -> Iterator[Path]:
    """Yield a path beside `place` where nothing is yet: write a file or a folder there, and it is put at `place`.

    Arguments as those of `claim`, which is asked first, and again before anything is replaced. If the block raises, or
    this process dies in it, what lay at `place` stays. What a dead process left beside is swept up by the next one.
    Raises `OutputError` where something cannot be written.
    """
    place = claim(place, kind, is_ours, argument)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        sweep(place.parent)
        with _folder_beside(place.parent) as folder:
            ready, old = folder / "new" / place.name, folder / "old" / place.name
            yield ready
            while True:
                claim(place, kind, is_ours, argument)
                if ready.is_dir() or place.is_dir():  # a file replaces a file in one step, a folder nothing
                    _take(place, old, kind, is_ours)
                try:
                    os.replace(ready, place)
                    break
                except OSError as error:  # another process was as fast: what it put there is ours, too, or refused
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
    except OSError as error:
        raise OutputError(f"cannot write {argument} {str(place)!r}: {error.strerror or error}") from error


def _take(place: Path, old: Path, kind: str, is_ours: Callable[[Path], bool]) -> None:
    """Move what is at `place`, if anything, to `old`, and look once more that it is ours."""
    if not os.path.lexists(place):
        return
    shutil.rmtree(old, ignore_errors=True)  # taken before, and replaced by another process since
    with contextlib.suppress(FileNotFoundError):
        os.rename(place, old)
        if not _is(old, is_ours):
            raise OutputError(f"{str(place)!r} has become anything but {kind} in the meantime; it was left as it is")


def replace(new: Path, place: str | Path, kind: str, is_ours: Callable[[Path], bool], argument: str = "path") -> None:
    """Put the file or folder `new` at `place`, as `replacing` does; across file systems it is copied and compared."""
    with replacing(place, kind, is_ours, argument) as ready:
        try:
            os.rename(new, ready)
            return
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        shutil.copytree(new, ready, symlinks=True) if new.is_dir() else shutil.copy2(new, ready)
        if _hashes(new) != _hashes(ready):
            raise OutputError(f"{str(new)!r} could not be copied unchanged; it lies there still")
    shutil.rmtree(new) if new.is_dir() else new.unlink()


def _hashes(path: Path) -> dict[str, str]:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {str(file.relative_to(path)): sha256(file) for file in files if file.is_file()}


def sweep(parent: Path) -> None:
    """Remove what dead processes began to write in `parent`, and put back what they had already taken out of its place.

    It is known by its name and the marker in it, and a living process holds the marker's lock.
    """
    from filelock import FileLock, Timeout

    for folder in parent.glob(f"{WRITING}*"):
        with contextlib.suppress(OSError, Timeout):
            if folder.is_symlink() or not folder.is_dir():
                continue
            if not (folder / MARKER).is_file():
                folder.rmdir()  # which refuses where anything is in it
                continue
            with FileLock(folder / MARKER, timeout=0):
                _clear(folder)
            (folder / MARKER).unlink()
            folder.rmdir()


@contextlib.contextmanager
def _folder_beside(parent: Path) -> Iterator[Path]:
    """Yield a new folder in `parent` for what becomes `new` and what was `old`, locked by this process."""
    from filelock import FileLock, Timeout

    while True:
        folder = Path(tempfile.mkdtemp(prefix=WRITING, dir=parent))
        lock = FileLock(folder / MARKER)
        with contextlib.suppress(
            Timeout, FileNotFoundError, FileExistsError
        ):  # another process sweeps it up at this moment
            lock.acquire(timeout=0)
            (folder / "new").mkdir()
            (folder / "old").mkdir()
            break
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            _clear(folder)
            lock.release()
            (folder / MARKER).unlink()
            folder.rmdir()
        lock.release(force=True)


def _clear(folder: Path) -> None:
    """Empty a folder of `_folder_beside` but for its marker.

    What is in its `old` goes back, unless what was `new` lies in its place; where something else lies there, both stay.
    """
    for old in (folder / "old").iterdir() if (folder / "old").is_dir() else ():
        place = folder.parent / old.name
        if not os.path.lexists(place):
            os.rename(old, place)
        elif os.path.lexists(folder / "new" / old.name):
            raise FileExistsError(errno.EEXIST, "taken by something else", str(place))
    for name in ("new", "old"):
        shutil.rmtree(folder / name, ignore_errors=True)
