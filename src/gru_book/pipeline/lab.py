"""The reader's copies of the notebooks: what JupyterLab shows, and what nobody else ever changes.

A copy is the published notebook made readable there (`readable`). For each copy the folder remembers the hash of how
it came. When a chapter has a new version, a copy that is still that notebook makes way for it; any other copy is the
reader's and gets a name of its own. File times decide nothing: a pull, a clone or an unpacked archive sets them anyhow.
"""

import json
from pathlib import Path

from gru_book.errors import BookError
from gru_book.files import free_name, read_text, runs_folder, sha256, what_lies, write_json, write_text
from gru_book.pipeline.pages import all_pages
from gru_book.pipeline.readable import citations, readable

ORIGINS = ".copied-from.json"  # in the folder: name of a copy → its hash as it came


def copy_notebooks(root: Path) -> tuple[Path, list[str]]:
    """Bring the published notebooks to `_runs/lab/`; return that folder, and in words which copies were set aside.

    A copy that the reader changed is kept as `NAME-yours.ipynb`, or with the next free number, once the chapter has a
    new version. Raises `BookError` where something else than a file lies at the place of a copy.
    """
    folder = runs_folder(root) / "lab"
    folder.mkdir(exist_ok=True)
    origins, works = _read_origins(folder), citations(root / "book/references.bib")
    kept = []
    for page in all_pages(root):
        if page.notebook.is_file():
            kept += _bring(page.notebook, folder / page.notebook.name, origins, works)
            write_json(folder / ORIGINS, origins, indent=1)
    return folder, kept


def _bring(published: Path, copy: Path, origins: dict[str, str], works: dict[str, str]) -> list[str]:
    """Bring one notebook; return what was kept of the reader's, if anything. Notes in `origins` where it came from."""
    if what_lies(copy) not in ("", "a file"):
        raise BookError(f"{copy} is {what_lies(copy)}, where the copy of a notebook should be; move it away")
    text = readable(read_text(published), works)
    new, origin = sha256(text), origins.get(copy.name)
    now = sha256(copy) if what_lies(copy) else None
    origins[copy.name] = new
    if now == new or (now is not None and origin == new):  # there already, as it came or with the reader's changes
        return []
    said = []
    if now not in (None, origin):
        yours = free_name(copy.with_stem(f"{copy.stem}-yours"))
        copy.replace(yours)
        said = [f"{copy.name} has a new version; your copy is now {yours.name}"]
    write_text(copy, text)
    return said


def _read_origins(folder: Path) -> dict[str, str]:
    """Return what the folder remembers; nothing where it does not, so that every copy there counts as the reader's."""
    try:
        origins = json.loads(read_text(folder / ORIGINS)) if what_lies(folder / ORIGINS) else {}
    except (BookError, ValueError):
        return {}
    return origins if isinstance(origins, dict) else {}
