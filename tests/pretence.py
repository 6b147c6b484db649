"""Runs without a kernel, and the state of a folder: for tests of all that happens around a run."""

import os
from collections.abc import Callable
from pathlib import Path

import nbformat


def pretend_to_run(monkeypatch, act: Callable[[Path], object] = lambda executed: None, shows: str = "6\n") -> list[str]:
    """Let pages "run" without a kernel: each code cell shows `shows`, and 01_first writes its file.

    act: called with the path of the executed notebook at the end of a run. Returns a list: each run adds its page.
    """
    from gru_book.pipeline import execute

    ran: list[str] = []

    def run(source, executed, parameters, **rest):
        page = Path(executed).stem
        ran.append(page)
        notebook = nbformat.read(source, as_version=4)
        for count, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
            cell.execution_count = count
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=shows)]
        if page == "01_first":
            made = Path(os.environ["GRU_BOOK_ARTIFACTS"]) / page / "numbers.json"
            made.parent.mkdir(parents=True)
            made.write_text(f'{{"twice": {2 * parameters.get("number", 3)}}}\n')
        nbformat.write(notebook, executed)
        act(Path(executed))

    monkeypatch.setattr(execute.papermill, "execute_notebook", run)
    monkeypatch.setattr(execute, "_build_font_cache", lambda environment: None)
    return ran


def all_files(root: Path) -> dict[str, bytes | str]:
    """Return what lies below `root`, links by where they lead; without `_runs/` and the package."""
    found: dict[str, bytes | str] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name.split("/")[0] in ("_runs", "src"):
            continue
        if path.is_symlink():
            found[name] = f"link to {os.readlink(path)}"
        elif path.is_file():
            found[name] = path.read_bytes()
        else:
            found[name] = "a folder" if path.is_dir() else "a pipe"
    return found
