"""Where a reader's run goes: a notebook, and beside it the folder of its artifacts, checked before anything runs.

The notebook carries a mark that a run made it, with a hash of its content; the folder carries the hashes of its files.
So a later run replaces what an earlier one made, and never what somebody has edited since, nor anything else.
"""

import os
import re
from itertools import count
from pathlib import Path

import nbformat

from gru_book.errors import BookError, OutputError
from gru_book.files import check_room, claim, home_expanded, is_sealed, runs_folder, sha256, what_lies
from gru_book.pipeline.pages import read_notebook
from gru_book.pipeline.provenance import hash_outputs, texts

NOTEBOOK = "a notebook that gru-book run made and nobody changed since"

ARTIFACTS = "a folder that gru-book run made and nobody changed since"

MARK = "rerun"  # in the notebook's metadata

SOURCES = ("book", "notebooks")  # folders of the book itself


def mark(notebook: nbformat.NotebookNode, page: str, parameters: dict) -> None:
    """Write into a reader's notebook what made it, and a hash by which `is_rerun` knows it again."""
    notebook.metadata[MARK] = {"page": page, "parameters": parameters, "content": _hash_content(notebook)}


def is_rerun(path: Path) -> bool:
    """Return whether the file at `path` is a notebook as a run made it."""
    try:
        notebook = read_notebook(path)
        return what_lies(path) == "a file" and notebook.metadata[MARK]["content"] == _hash_content(notebook)
    except (BookError, KeyError, TypeError, AttributeError):
        return False


def _hash_content(notebook: nbformat.NotebookNode) -> str:
    return sha256(f"{texts(notebook)} {hash_outputs(notebook)}")


def artifacts_beside(output: Path) -> Path:
    """Return the folder of the artifacts that belong to the notebook `output`."""
    return output.with_suffix(".artifacts")


def check_output(output: str | Path, root: Path) -> Path:
    """Return where a run may put its notebook; raise `OutputError`, in one line, where it may not, before it begins."""
    path = home_expanded(output)
    if path.suffix != ".ipynb":
        raise OutputError(f"output is {str(output)!r}; it must end in .ipynb")
    claim(path, NOTEBOOK, is_rerun, "output")
    for name in SOURCES:
        if _lies_in(path, root / name):
            raise OutputError(
                f"output is {str(output)!r}, in {name}/, which holds the book itself; give another folder"
            )
    claim(artifacts_beside(path), ARTIFACTS, is_sealed, "the folder of the output's artifacts")
    check_room(next(folder for folder in path.absolute().parents if folder.exists()), f"the folder of {output}")
    return path


def _lies_in(path: Path, folder: Path) -> bool:
    """Return whether `path` is below `folder`, whatever links, dots or cases of letters lead there."""
    there = [above for above in path.resolve().parents if above.exists()]
    return folder.exists() and any(os.path.samefile(above, folder) for above in there)


def free_output(page: str, values: dict, root: Path) -> Path:
    """Return where under `_runs/` the run of `page` with `values` goes: named after both, numbered where it must."""
    said = "-".join([page, *(f"{name}_{value}" for name, value in values.items())])
    label = re.sub(r"[^\w.-]+", "_", said, flags=re.ASCII)[:120]
    label += "" if label == said else f"-{sha256(said)[:8]}"
    names = (runs_folder(root) / (label + f"-{number}" * (number > 1) + ".ipynb") for number in count(1))
    return check_output(next(path for path in names if _is_free(path)), root)


def _is_free(path: Path) -> bool:
    folder = artifacts_beside(path)
    return (not what_lies(path) or is_rerun(path)) and (not what_lies(folder) or is_sealed(folder))
