"""Files: where the checkout is, what a file holds, writing in one step, and replacing nothing but what is ours.

A result goes to a place that somebody names, and there the rule is: only what we can prove that we made is replaced.
`claim` says before any work whether a place may be had; `replacing` gives a path to write at beside it, and puts what
was written there in place when all of it is there. `replace` does the same with what lies elsewhere.

>>> def is_ours(place):
...     return place.read_text().startswith("made by us")
>>> with replacing("out.txt", "a list of ours", is_ours) as new:  # doctest: +SKIP
...     new.write_text("made by us, again")
"""

import codecs
import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import IO

from gru_book.errors import BookError, OutputError, one_line

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parents[1]  # the root of the repository; only the package's folder lies below it once installed


WRITING = ".gru-book-"  # how the name of what we have begun to write, beside the place where it will be, begins

MANIFEST = ".gru-book.json"  # in a folder that we made: the hash of every file in it

LARGEST_TEXT = 2**28  # bytes of a file that is read as text

ROOM = 2**20  # bytes that must fit where something is to be written

MARKER = "writing"  # the file in such a folder that proves it ours; locked while the process that writes lives


def runs_folder(root: Path | None = None) -> Path:
    """Return `_runs/`, the git-ignored folder of all that is not published, made where it is missing.

    It lies in the checkout, or below the current folder where the package is installed without one. Raises `BookError`
    where it cannot be written.
    """
    folder = (root or (CHECKOUT if (CHECKOUT / "notebooks").is_dir() else Path.cwd())) / "_runs"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise BookError(f"cannot write to {folder.name}/ ({one_line(error)})") from None
    check_room(folder)
    return folder


def check_room(folder: Path, name: str = "") -> None:
    """Raise `BookError`, which calls `folder` `name`, where no megabyte can be written: no right to, or a full disk."""
    name = name or f"{folder.name}/"
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * ROOM)
            file.flush()
    except OSError as error:
        raise BookError(
            f"cannot write to {name} ({one_line(error)}); it must be a folder that you may write to, with room"
        ) from None


def sha256(content: bytes | str | Path) -> str:
    """Return the SHA-256 of bytes, of a text's UTF-8, or of a file, in hexadecimal."""
    if isinstance(content, Path):
        content = content.read_bytes()
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def hash_files(folder: Path) -> dict[str, str]:
    """Return the hash of every file below `folder`, by its relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in files}


def what_lies(path: Path) -> str:
    """Return in words what lies at `path` itself, a link not followed; an empty text where nothing does."""
    try:
        return _in_words(path.lstat())
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _in_words(status: os.stat_result) -> str:
    named = {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link", stat.S_IFREG: "a file", stat.S_IFIFO: "a pipe"}
    return named.get(stat.S_IFMT(status.st_mode), "a device or socket")


def home_expanded(path: str | Path) -> Path:
    """Return `path` with a leading `~` as the home folder; raise `BookError` where there is none of that user."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise BookError(f"{path}: {error}") from None


def read_text(path: Path, name: str = "", largest: int = LARGEST_TEXT) -> str:
    """Return the text of a file without a byte-order mark, its lines ending in a line feed.

    Raises `BookError`, in one line that calls the file `name` (by default its path), where it is missing, no regular
    file (reading a pipe or a device could wait for ever), larger than `largest` bytes, or not UTF-8.
    """
    name = name or str(path)
    try:
        there = path.stat()
        if not stat.S_ISREG(there.st_mode):
            raise BookError(f"{name} is {_in_words(there)}; it must be a file")
        if there.st_size > largest:
            raise BookError(f"{name} has {there.st_size:,} bytes; allowed: up to {largest:,}")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise BookError(f"{name} cannot be read: {one_line(error)}") from None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content:
        raise BookError(f"{name} is not UTF-8 but UTF-16 or no text at all; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BookError(
            f"{name} is not UTF-8: line {line} has the byte 0x{content[error.start]:02x}; save it as UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def write_texts(texts: Mapping[Path, str]) -> None:
    """Write files of the book itself in one step each, all of them beside their places before the first is replaced.

    A reader sees an old file or a new one, never half of one. A link stays one: its target is replaced. Half a
    surrogate pair, which UTF-8 cannot hold, is written as its escape, backslash and u, as JSON has it. Raises
    `OutputError` in one line where something cannot be written; then nothing was replaced.
    """
    path = Path()
    with contextlib.ExitStack() as written:
        try:
            ready = {}
            for path, text in texts.items():
                path = path.resolve()
                if what_lies(path) not in ("", "a file"):
                    raise OutputError(f"cannot write {path}: it is {what_lies(path)}")
                ready[path] = written.enter_context(_file_beside(path, text))
            for path, new in ready.items():
                os.replace(new, path)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {one_line(error)}") from None


@contextlib.contextmanager
def _file_beside(path: Path, text: str) -> Iterator[Path]:
    """Yield a new file that holds `text`, in the folder of `path` and with its permissions; locked by this process."""
    sweep(path.parent)
    with _locked_file(path.parent) as file:
        new = Path(file.name)
        try:
            file.write(text)
            file.flush()
            if path.exists():
                new.chmod(stat.S_IMODE(path.stat().st_mode))
            yield new
        finally:
            new.unlink(missing_ok=True)


def _locked_file(folder: Path) -> IO[str]:
    while True:
        new = folder / f"{WRITING}{secrets.token_hex(8)}"
        file = new.open("x", encoding="utf-8", errors="backslashreplace")
        with contextlib.suppress(BlockingIOError):  # another process sweeps it up at this moment
            with contextlib.suppress(ImportError):
                _lock(file)
            if what_lies(new):
                return file
        file.close()


def _lock(file: IO) -> None:
    """Lock an open file as long as it is open; raise `BlockingIOError` where another process holds the lock."""
    import fcntl  # only systems of the family of Unix have it

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in one step, as `write_texts` does."""
    write_texts({path: text})


def write_json(path: Path, value: object, indent: int | None = None) -> None:
    """Write `value` as JSON in one step."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=indent) + "\n" * (indent is not None))


def append_line(path: Path, line: str) -> None:
    """Append `line` to a file of lines; where a kill cut its last line short, the new one begins after it.

    Raises `BookError` where it cannot be written.
    """
    try:
        if what_lies(path) not in ("", "a file"):
            raise BookError(f"cannot write {path}: it is {what_lies(path)}")
        with open(path, "a+b") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 1))
            cut = file.read(1) not in (b"", b"\n")
            file.write(b"\n" * cut + line.encode("utf-8") + b"\n")
    except OSError as error:
        raise BookError(f"cannot write {path}: {one_line(error)}") from None


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

    A folder is known by its name and the marker in it, a file by its name; a living process holds a lock on either.
    """
    from filelock import FileLock, Timeout

    for folder in parent.glob(f"{WRITING}*"):
        with contextlib.suppress(OSError, Timeout, ImportError):
            if what_lies(folder) == "a file" and re.fullmatch(rf"{re.escape(WRITING)}[0-9a-f]{{16}}", folder.name):
                with folder.open("rb") as file:
                    _lock(file)
                    folder.unlink()
            if what_lies(folder) != "a folder":
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
        # Another process may sweep it up before it is locked.
        with contextlib.suppress(Timeout, FileNotFoundError, FileExistsError):
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


def seal(folder: Path) -> None:
    """Write into `folder` which files it holds, with their hashes, so that `is_sealed` knows it again."""
    content = json.dumps({"made by": "gru-book", "files": hash_files(folder)}, indent=1) + "\n"
    (folder / MANIFEST).write_text(content, encoding="utf-8")


def is_sealed(folder: Path) -> bool:
    """Return whether `folder` holds exactly what it held when it was sealed, or nothing at all."""
    if what_lies(folder) != "a folder":
        return False
    try:
        files = dict(json.loads(read_text(folder / MANIFEST))["files"])
    except (BookError, ValueError, KeyError, TypeError):
        return not any(folder.iterdir())
    return not foreign_files(folder, files, MANIFEST)


def foreign_files(folder: Path, made: Mapping[str, str], manifest: str = "") -> list[str]:
    """Return what lies below `folder` and is not proved to be ours, by relative paths.

    made: the hash of every file that we wrote there, but for the `manifest` itself. A file of another content, a link,
    and a folder in which we wrote nothing are foreign.
    """
    folders = {str(above) for name in made for above in PurePosixPath(name).parents}
    foreign = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if what_lies(path) == "a folder":
            ours = name in folders
        else:
            ours = what_lies(path) == "a file" and (name == manifest or sha256(path) == made.get(name))
        if not ours:
            foreign.append(name)
    return foreign


def free_name(path: Path) -> Path:
    """Return `path`, or where that is taken `NAME-2`, `NAME-3`, …; an empty file of that name now keeps it free."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = chain([path], (path.with_stem(f"{path.stem}-{number}") for number in count(2)))
    return next(name for name in names if _claims(name))


def _claims(path: Path) -> bool:
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    return True


def keep(path: Path, runs: Path) -> Path:
    """Copy what is about to be replaced, and not proved to be ours, to `kept/` under `runs`; return where it is now."""
    kept = free_name(runs / "kept" / path.name)
    if what_lies(path) == "a folder":
        kept.unlink()
        shutil.copytree(path, kept, symlinks=True)
    else:
        shutil.copyfile(path, kept)
    return kept
