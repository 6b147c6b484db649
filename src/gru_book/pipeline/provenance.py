"""What made a notebook or a study's table: hashes over committed content only, so every clone comes to the same answer.

A record names the code, the helpers it imports (transitively), the artifacts it reads, the locked versions of the
packages that its numbers come from, what it wrote and what it printed. What differs from the record is stale.
"""

import ast
import hashlib
import io
import json
import re
import tokenize
from pathlib import Path

import nbformat

from gru_book.pipeline.errors import BookError
from gru_book.pipeline.pages import ROOT, Page

PACKAGE = "gru_book"
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


def sha256(data: bytes | str) -> str:
    """Return the SHA-256 of bytes or of a text's UTF-8, in hexadecimal."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def essence(source: str) -> str:
    """Return Python source without comments, docstrings and blank lines: what can change a number.

    Works by line numbers, so that every supported Python gives the same text.
    """
    lines = source.splitlines()
    dropped = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            dropped.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and token.start[0] not in dropped:
            lines[token.start[0] - 1] = lines[token.start[0] - 1][: token.start[1]]
    kept = (line.rstrip() for number, line in enumerate(lines, 1) if number not in dropped)
    return "\n".join(line for line in kept if line)


def imports(source: str, package: str = "") -> set[str]:
    """Return the full names of all modules that `source` may import, `from x import y` counted as x and x.y.

    `package` is the package of the module, for relative imports. Lines of notebook magic are passed over.
    """
    plain = re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)
    names: set[str] = set()
    for node in ast.walk(ast.parse(plain)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] + "." if node.level else ""
            module = (base + (node.module or "")).rstrip(".")
            names.update([module, *(f"{module}.{alias.name}" for alias in node.names)])
    return names


def _module_file(name: str, root: Path) -> Path | None:
    path = root / "src" / Path(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def closure(sources: list[str], root: Path = ROOT) -> tuple[dict[str, str], set[str]]:
    """Return the helpers that `sources` import, transitively (module → hash), and all top-level names imported."""
    helpers: dict[str, str] = {}
    waiting = set().union(*(imports(source) for source in sources)) if sources else set()
    outside: set[str] = set()
    while waiting:
        name = waiting.pop()
        top = name.split(".")[0]
        if top != PACKAGE:
            outside.add(top)
            continue
        file = _module_file(name, root)
        if file is None or name in helpers:
            continue
        source = file.read_text(encoding="utf-8")
        helpers[name] = sha256(essence(source))
        inside = name if file.name == "__init__.py" else name.rsplit(".", 1)[0]
        waiting |= imports(source, inside)
    return dict(sorted(helpers.items())), outside


def locked_versions(names: set[str], root: Path = ROOT) -> dict[str, str]:
    """Return the locked versions (from requirements.txt) of the distributions behind imported names."""
    text = (root / "requirements.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, flags=re.MULTILINE))
    wanted = {distribution for name in names for distribution in NUMERIC.get(name, ())}
    return {name: locked[name] for name in sorted(wanted)}


def hash_files(folder: Path) -> dict[str, str]:
    """Return the hash of every file below `folder`, by its relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in files}


def artifacts_read(names: list[str], root: Path = ROOT) -> dict[str, str]:
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


def page_inputs(page: Page) -> dict:
    """Return all that decides what `page` computes; raise `BookError` naming a cell that is no Python."""
    cells = code_cells(page.read_manuscript())
    for cell in cells:
        try:
            imports(cell.source)
        except SyntaxError as error:
            line = cell.source.splitlines()[error.lineno - 1].strip()
            raise BookError(f"page {page.name}: a code cell is no Python: {error.msg} in {line!r}") from None
    helpers, outside = closure([cell.source for cell in cells], page.root)
    code = [[cell.source.strip(), sorted(cell.metadata.get("tags", []))] for cell in cells]
    return {
        "code": sha256(json.dumps(code)),
        "helpers": helpers,
        "packages": locked_versions(outside, page.root),
        "parameters": {name: parameter.default for name, parameter in page.parameters().items()},
        "reads": artifacts_read(page.reads(), page.root),
    }


def hash_outputs(notebook: nbformat.NotebookNode) -> str:
    """Return a hash over all outputs and execution counts of a notebook."""
    outputs = [[c.get("execution_count"), c.get("outputs")] for c in notebook.cells if c.cell_type == "code"]
    return sha256(json.dumps(outputs, sort_keys=True))


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
    notebook = page.read_notebook()
    if notebook is None:
        return "stale", "has never been executed"
    record = notebook.metadata.get("provenance")
    if not record:
        return "stale", "has no record of the run that made it"
    reason = differences(record, page_inputs(page))
    if reason:
        return "stale", reason
    if hash_outputs(notebook) != record.get("outputs"):
        return "stale", "its outputs are not those of the recorded run (edited, or saved over)"
    if hash_files(page.artifacts) != record.get("writes"):
        return "stale", "its artifacts are not those of the recorded run"
    if prose(notebook) != prose(page.read_manuscript()):
        return "prose", "its text differs from the manuscript"
    return "fresh", ""
