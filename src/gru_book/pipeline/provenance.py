"""What made a notebook or a study's table: hashes over committed content only, so every clone comes to the same answer.

A record names the code, each definition of the package that it uses (`gru_book.pipeline.content`), the artifacts it
reads, the locked versions of the packages that its numbers come from, what it wrote and what it printed, pictures
included; last a hash of the record itself. What differs from the record is stale.
"""

import ast
import json
import re
from functools import lru_cache
from pathlib import Path

import nbformat

from gru_book.errors import BookError
from gru_book.files import CHECKOUT, hash_files, read_text, sha256
from gru_book.pipeline import content
from gru_book.pipeline.pages import Page

# Import name → locked distributions that its numbers come from.
NUMERIC = {
    "keras": ("keras", "tensorflow"),
    "keras_tuner": ("keras-tuner",),
    "matplotlib": ("matplotlib",),
    "numpy": ("numpy",),
    "pandas": ("pandas",),
    "scipy": ("scipy",),
    "sklearn": ("scikit-learn",),
    "tensorflow": ("tensorflow", "keras"),
}

RUNNING_TAGS = {"parameters", "raises-exception"}  # tags of a cell that decide how it runs; all others are looks


@lru_cache(maxsize=4)
def _locked(requirements: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", requirements, flags=re.MULTILINE))


def locked_versions(names: set[str], root: Path = CHECKOUT) -> dict[str, str]:
    """Return the locked versions (from requirements.txt) of the distributions behind imported names."""
    locked = _locked(read_text(root / "requirements.txt", "requirements.txt"))
    wanted = {distribution for name in names for distribution in NUMERIC.get(name, ())}
    if missing := sorted(wanted - set(locked)):
        raise BookError(f"requirements.txt locks no version of {', '.join(missing)}")
    return {name: locked[name] for name in sorted(wanted)}


def artifacts_read(names: list[str], root: Path = CHECKOUT) -> dict[str, str]:
    """Return the hashes of the artifacts of the named pages and studies (`studies/NAME`)."""
    folder = root / "notebooks" / "artifacts"
    found: dict[str, str] = {}
    for name in names:
        if name.startswith("studies/"):
            table = folder / f"{name}.csv"
            found[f"{name}.csv"] = sha256(table.read_bytes()) if table.is_file() else "missing"
        else:
            found.update({f"{name}/{file}": digest for file, digest in hash_files(folder / name).items()})
    return found


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return the code cells whose text can change a number: all but `setup`, which only brings the package."""
    tags = [(cell, cell.metadata.get("tags", [])) for cell in notebook.cells if cell.cell_type == "code"]
    return [cell for cell, tag in tags if "setup" not in tag]


def page_inputs(page: Page, manuscript: nbformat.NotebookNode | None = None) -> dict:
    """Return all that decides what `page` computes; raise `BookError` naming a cell that is no Python."""
    manuscript = manuscript or page.read_manuscript()
    cells = code_cells(manuscript)
    own, used = content.used_by([_tree(page, cell.source) for cell in cells], page.root)
    tags = [sorted(RUNNING_TAGS & set(cell.metadata.get("tags", []))) for cell in cells]
    # The last section of a page shows the meanings of its parameters, which stand in comments.
    shown = [cell.source.strip() for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    return {
        "code": content.digest(json.dumps([own, tags, shown])),
        "definitions": used.definitions,
        "packages": locked_versions(used.outside, page.root),
        "parameters": {name: parameter.default for name, parameter in page.parameters(manuscript).items()},
        "reads": artifacts_read(page.reads(manuscript), page.root),
    }


def _tree(page: Page, source: str) -> ast.Module:
    try:
        return content.parsed(source)
    except SyntaxError as error:
        line = source.splitlines()[error.lineno - 1].strip()
        raise BookError(f"page {page.name}: a code cell is no Python: {error.msg} in {line!r}") from None


def sealed(record: dict) -> dict:
    """Return `record` with a hash of itself as its last entry, so that a changed figure in it is noticed."""
    plain = {name: value for name, value in record.items() if name != "record"}
    return {**plain, "record": sha256(json.dumps(plain, sort_keys=True))}


def hash_outputs(notebook: nbformat.NotebookNode) -> str:
    """Return a hash over all outputs and execution counts of a notebook, however another program wrote them down."""
    outputs = [[c.get("execution_count"), [_plain(output) for output in c.get("outputs", [])]] for c in ran(notebook)]
    return sha256(json.dumps(outputs, sort_keys=True))


def ran(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return the code cells that say or show something; editors like to add an empty one."""
    return [c for c in notebook.cells if c.cell_type == "code" and (c.source.strip() or c.get("outputs"))]


def _plain(output: dict) -> dict:
    """Return an output with its pictures in one line, as only some programs write them."""
    data = output.get("data", {})
    pictures = {name: "".join(data[name].split()) for name in data if name == "image/png"}
    return {**output, "data": {**data, **pictures}} if pictures else output


def hash_text(notebook: nbformat.NotebookNode) -> str:
    """Return a hash of the text of all cells but the set-up cell, in which the book's address stands."""
    return sha256(json.dumps(texts(notebook, setup=False)))


def texts(notebook: nbformat.NotebookNode, setup: bool = True) -> list[list[str]]:
    """Return kind and text of each cell that has one; without the set-up cell where `setup` is false."""
    cells = [c for c in notebook.cells if setup or "setup" not in c.metadata.get("tags", [])]
    return [[c.cell_type, c.source.strip()] for c in cells if c.source.strip()]


def record_run(notebook: nbformat.NotebookNode, record: dict) -> None:
    """Write `record` into a notebook that is otherwise complete, with a hash of its text and of the record itself."""
    notebook.metadata["provenance"] = sealed({**record, "text": hash_text(notebook)})


def differences(record: dict, inputs: dict) -> str:
    """Return in words what differs between a record and today's inputs; an empty text where nothing does."""
    found = []
    for part, now in inputs.items():
        then = record.get(part)
        if then == now:
            continue
        if isinstance(now, dict) and isinstance(then, dict):
            changed = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
            found.append(f"{part}: {', '.join(changed)}")
        else:
            found.append(part)
    return f"changed since it ran: {'; '.join(found)}" if found else ""


def prose(notebook: nbformat.NotebookNode) -> list:
    """Return what a notebook shares with its manuscript: the header's own keys, each cell's type, text and metadata."""
    header = {key: notebook.metadata.get(key) for key in ("gru_book", "kernelspec", "myst")}
    cells = [[c.cell_type, c.source.strip(), c.metadata] for c in notebook.cells]
    return json.loads(json.dumps([header, cells]))


def page_state(page: Page) -> tuple[str, str]:
    """Return the state of a page and its reason: `fresh`, `prose` (only text differs), or `stale` (has to run)."""
    try:
        notebook = page.read_notebook()
    except BookError as error:
        return "stale", str(error)
    if notebook is None:
        return "stale", "has never been executed"
    record = notebook.metadata.get("provenance")
    if not isinstance(record, dict):
        return "stale", "has no record of the run that made it"
    manuscript = page.read_manuscript()
    reason = differences(record, page_inputs(page, manuscript)) or damage(page, notebook)
    if reason:
        return "stale", reason
    if prose(notebook) == prose(manuscript):
        return "fresh", ""
    if texts(notebook) == texts(manuscript):
        return "prose", "saved by another program: text, code and outputs are the same; gru-book execute tidies it"
    if is_edited(notebook):
        return "prose", (
            "its text was edited in the notebook, but the manuscript is the source; gru-book execute brings back the "
            "manuscript's and keeps the edited notebook under _runs/kept/"
        )
    return "prose", "its text differs from the manuscript"


def is_edited(notebook: nbformat.NotebookNode) -> bool:
    """Return whether the text of an executed notebook is another than what the pipeline wrote into it."""
    record = notebook.metadata.get("provenance")
    return not isinstance(record, dict) or record.get("text", hash_text(notebook)) != hash_text(notebook)


def damage(page: Page, notebook: nbformat.NotebookNode) -> str:
    """Return in words how what lies there differs from what the recorded run made; an empty text where it does not."""
    record = notebook.metadata["provenance"]
    if sealed(record) != record:
        return "its record is not that of the run (edited)"
    if hash_outputs(notebook) != record.get("outputs"):
        return "its outputs are not those of the recorded run (edited, or saved over)"
    if hash_files(page.artifacts) != record.get("writes"):
        return "its artifacts are not those of the recorded run"
    return ""
