"""Files: where the checkout is, what a file holds, writing in one step."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from gru_book.errors import BookError

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parents[1]  # the root of the repository; only the package's folder lies below it once installed


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
    """Write `text` to `path` in one step: a reader sees the old file or the new one, never half of one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BookError(f"cannot write {path}: {error.strerror}") from None


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON in one step."""
    write_text(path, json.dumps(value, ensure_ascii=False))


def replace_folder(new: Path, place: Path) -> None:
    """Put the folder `new` where `place` is."""
    place.parent.mkdir(parents=True, exist_ok=True)
    old = place.with_name(f".{place.name}.{os.getpid()}")
    if place.exists():
        os.replace(place, old)
    shutil.move(new, place)
    shutil.rmtree(old, ignore_errors=True)
