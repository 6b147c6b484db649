"""A saved classifier: a folder of JSON and arrays with a manifest, believed only as far as it has been checked.

The manifest names the recipe, its settings, and the SHA-256 of every other file, and holds one of itself. Whoever can
write the folder can compute those anew, so each part is also checked for what it must be: exactly the files of that
recipe, plain ones and no links or pipes, of a size that can be; arrays of the shapes that follow from the settings, and
finite numbers in them.
"""

from __future__ import annotations

import json
import os
import re
import stat
import zipfile
from pathlib import Path

import numpy as np

from gru_book.errors import ModelError
from gru_book.files import sha256

FORMAT = 2  # of a saved folder; 1 was that of the first edition

MANIFEST = "model.json"

KEYS = ("format", "recipe", "seed", "settings", "chosen", "files", "sha256")

KIND = "a saved classifier"

# Every name that a file beside the manifest can have; network.keras was one in format 1.
NAMES = {
    *("vocabulary.json", "runs.npz", "network.npz", "weights.npz", "linear_vocabulary.json", "linear_weights.npz"),
    "network.keras",
}

MOST_BYTES = 2**32  # of a file

MOST_OF_MANIFEST = 2**24

AGAIN = "save the classifier again, in a new folder"


def write_manifest(folder: Path, recipe: str, seed: int, settings: dict, chosen: dict) -> None:
    """Write the manifest of the files in `folder`, which is complete but for it."""
    content = {"format": FORMAT, "recipe": recipe, "seed": seed, "settings": settings, "chosen": chosen}
    content["files"] = {file.name: sha256(file) for file in sorted(folder.iterdir())}
    content["sha256"] = sha256(json.dumps(content))
    (folder / MANIFEST).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict:
    """Return what the manifest says, its own hash and its form checked; ModelError where anything is not as it must."""
    path = folder / MANIFEST
    if not os.path.lexists(path):
        raise ModelError(f"path is {str(folder)!r}: no saved classifier, {MANIFEST} is missing")
    content = read_json(path)
    if not isinstance(content, dict) or set(content) != set(KEYS):
        raise ModelError(f"{path} is not what save wrote; {AGAIN}")
    if content["sha256"] != sha256(json.dumps({key: value for key, value in content.items() if key != "sha256"})):
        raise ModelError(f"{path} was altered: its SHA-256 differs; {AGAIN}")
    if type(content["format"]) is not int or not 1 <= content["format"] <= FORMAT:
        raise ModelError(f"{path} has format {content['format']!r}; allowed: {FORMAT}")
    files, seed = content["files"], content["seed"]
    named = isinstance(files, dict) and files and set(files) <= NAMES
    hashed = named and all(isinstance(d, str) and re.fullmatch("[0-9a-f]{64}", d) for d in files.values())
    if not hashed or type(seed) is not int or not 0 <= seed < 2**32 or not isinstance(content["chosen"], dict):
        raise ModelError(f"{path} is not what save wrote; {AGAIN}")
    return content


def check_files(folder: Path, content: dict) -> None:
    """Compare the files that a manifest names with their hashes; ModelError where one is not as it was saved."""
    for name, digest in content["files"].items():
        if sha256(_plain_file(folder / name)) != digest:
            raise ModelError(f"{folder / name} was altered: its SHA-256 differs; {AGAIN}")


def is_saved(folder: Path) -> bool:
    """Return whether `folder` holds a saved classifier as it was saved and nothing else, or nothing at all."""
    try:
        names = set(os.listdir(folder))
        if names:
            content = read_manifest(folder)
            check_files(folder, content)
        return not names or names == {MANIFEST, *content["files"]}
    except (OSError, ModelError):
        return False


def read_json(path: Path) -> object:
    """Return what a JSON file of a saved classifier holds; ModelError where it cannot be read."""
    path = _plain_file(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ModelError(f"{path} is not what save wrote; {AGAIN}") from error


def read_words(path: Path, most: int | None = None) -> list[str]:
    """Return the words of a vocabulary, all different, at least one and at most `most`; ModelError for all else."""
    words = read_json(path)
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise ModelError(f"{path} holds no list of words; {AGAIN}")
    if len(set(words)) < len(words) or (most is not None and len(words) > most):
        raise ModelError(f"{path} holds {len(words)} words; allowed: different ones, at most {most}")
    return words


def read_arrays(path: Path, expected: dict[str, tuple[type, tuple[int | range, ...]]]) -> dict[str, np.ndarray]:
    """Return the arrays of an npz file by name; ModelError unless they are those of `expected`, with finite numbers.

    expected: for each name the type and the shape; a range stands for a length that may be any number in it. No array
    is made before its type and shape have been read and found right.
    """
    found = {}
    try:
        with zipfile.ZipFile(_plain_file(path)) as archive:
            if sorted(archive.namelist()) != sorted(f"{name}.npy" for name in expected):
                raise ModelError(f"{path} holds {len(archive.namelist())} arrays; allowed: {', '.join(expected)}")
            for name, (dtype, shape) in expected.items():
                with archive.open(f"{name}.npy") as file:
                    found[name] = _read_array(file, np.dtype(dtype), shape, f"{path}, {name}")
    except ModelError:
        raise
    except (
        Exception
    ) as error:  # zip, its kinds of compression and NumPy's headers each have their own for damaged bytes
        raise ModelError(f"{path} is not what save wrote ({error}); {AGAIN}") from error
    return found


def _read_array(file, dtype: np.dtype, shape: tuple[int | range, ...], what: str) -> np.ndarray:
    if np.lib.format.read_magic(file) != (1, 0):
        raise ModelError(f"{what} has another format than save writes; {AGAIN}")
    lengths, by_columns, kind = np.lib.format.read_array_header_1_0(file)
    right = (
        not by_columns
        and len(lengths) == len(shape)
        and all(
            length in allowed if isinstance(allowed, range) else length == allowed
            for length, allowed in zip(lengths, shape, strict=True)
        )
    )
    if kind != dtype or not right:
        raise ModelError(f"{what} has type {kind} and shape {lengths}; allowed: {dtype} and {shape}")
    size = dtype.itemsize * int(np.prod(lengths))
    data = file.read(size + 1)
    if len(data) != size:
        raise ModelError(f"{what} has not as many numbers as it says; {AGAIN}")
    array = np.frombuffer(data, dtype).reshape(lengths)
    if not np.isfinite(array).all():
        raise ModelError(f"{what} holds numbers that are not finite; allowed: finite ones")
    return array


def _plain_file(path: Path) -> Path:
    """Return `path` if a plain file of a possible size lies there; else raise ModelError."""
    try:
        found = path.lstat()
    except OSError as error:
        missing = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise ModelError(f"{path} {missing}; {AGAIN}") from error
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f"{path} is a link, a folder or a device; allowed: a plain file")
    most = MOST_OF_MANIFEST if path.name == MANIFEST else MOST_BYTES
    if found.st_size > most:
        raise ModelError(f"{path} has {found.st_size:,} bytes; allowed: at most {most:,}")
    return path
