"""Manuscript → executed notebook: in a folder of its own, checked, then put in place in one step."""

import contextlib
import logging
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import papermill
import psutil
from jupyter_client.kernelspec import KernelSpecManager
from papermill.exceptions import PapermillExecutionError

from gru_book import progress
from gru_book.errors import BookError
from gru_book.files import replace_folder, runs_folder, write_text
from gru_book.notebook.artifacts import ENVIRONMENT as ARTIFACTS
from gru_book.pipeline import provenance
from gru_book.pipeline.pages import Page, in_order

TIMEOUT = 24 * 3600  # seconds a cell may take: the full-size search of page 41 runs for hours


def check_kernel() -> None:
    """Raise `BookError` unless the kernel `python3` is that of this environment."""
    specs = KernelSpecManager().find_kernel_specs()
    if not Path(specs.get("python3", "/")).is_relative_to(sys.prefix):
        raise BookError(
            f"the kernel python3 is {specs.get('python3', 'missing')}, not this environment's; run: make env"
        )


@contextlib.contextmanager
def work_folder(root: Path, name: str) -> Iterator[Path]:
    """Yield an empty folder on the same file system, named after this process; sweep up what dead processes left."""
    parent = runs_folder(root) / "tmp"
    parent.mkdir(exist_ok=True)
    for left in parent.iterdir():
        pid = left.name.rsplit("-", 1)[-1]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    folder = parent / f"{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Remove what differs from run to run (ids, times, split streams), so that equal runs give equal bytes."""
    for key in ("papermill", "widgets"):
        notebook.metadata.pop(key, None)
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    notebook.metadata["jupytext"] = {"default_lexer": "ipython3"}  # as a save in JupyterLab leaves it
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index:03d}"
        for key in ("papermill", "execution", "collapsed", "jupyter"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]  # papermill gives each cell a list of them
        if cell.cell_type == "code":
            cell.outputs = _coalesced(cell.outputs)
    return notebook


def _coalesced(outputs: list) -> list:
    merged: list = []
    for output in outputs:
        if output.output_type == "stream" and merged and merged[-1].get("name") == output.name:
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged


def _check_executed(page: Page, notebook: nbformat.NotebookNode) -> None:
    """Raise `BookError` unless every code cell ran, without error and without a word on stderr."""
    for index, cell in enumerate(c for c in notebook.cells if c.cell_type == "code" and c.source.strip()):
        where = f"page {page.name}, code cell {index + 1} ({cell.source.strip().splitlines()[0][:60]!r})"
        if cell.get("execution_count") is None:
            raise BookError(f"{where} did not run")
        for output in cell.outputs:
            if output.output_type == "error":
                raise BookError(f"{where} failed: {output.ename}: {output.evalue}")
            if output.get("name") == "stderr":
                raise BookError(f"{where} wrote to stderr: {output.text.strip().splitlines()[-1][:200]}")


def _keep_failed(page: Page, executed: Path) -> str:
    """Move a partial run to `_runs/failed/`; return where it is, in words."""
    if not executed.is_file():
        return ""
    failed = runs_folder(page.root) / "failed" / executed.name
    failed.parent.mkdir(exist_ok=True)
    os.replace(executed, failed)
    return f" (partial run: {failed.relative_to(page.root).as_posix()})"


def execute(page: Page, values: dict, folder: Path) -> nbformat.NotebookNode:
    """Execute `page` with the parameters `values` inside `folder`; return the cleaned notebook.

    The page's artifacts are written below `folder/artifacts`. Raises `BookError` naming page and cell where one
    fails; the partial run is then kept under `_runs/failed/`.
    """
    check_kernel()
    source, executed = folder / "manuscript.ipynb", folder / f"{page.name}.ipynb"
    notebook = page.read_manuscript()
    notebook.metadata.pop("jupytext", None)
    nbformat.write(notebook, source)
    channel = folder / "progress.jsonl"
    logging.getLogger("papermill").setLevel(logging.ERROR)
    environment = {ARTIFACTS: str(folder / "artifacts"), progress.CHANNEL: str(channel)}
    try:
        with _environment(**environment), progress.shown(channel):
            papermill.execute_notebook(
                source,
                executed,
                parameters=values,
                kernel_name="python3",
                cwd=page.notebook.parent,
                progress_bar={"desc": page.name, "unit": "cell"},
                execution_timeout=TIMEOUT,
                start_timeout=180,
                extra_arguments=["--IPKernelApp.log_level=40"],  # only errors: the kernel talks on the terminal
            )
    except PapermillExecutionError as error:
        code = [c for c in nbformat.read(executed, as_version=4).cells if c.cell_type == "code"]
        ours = [c for c in code if "papermill-error-cell-tag" not in c.metadata.get("tags", [])]
        number = 1 + next(i for i, c in enumerate(ours) if any(o.output_type == "error" for o in c.outputs))
        first = error.source.strip().splitlines()[0][:60]
        said = f"{error.ename}: {error.evalue}".strip().replace("\n", " ")
        kept = _keep_failed(page, executed)
        raise BookError(f"page {page.name}, code cell {number} ({first!r}) failed: {said}{kept}") from None
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"page {page.name} was interrupted{_keep_failed(page, executed)}") from None
    except (RuntimeError, OSError) as error:
        kept = _keep_failed(page, executed)
        raise BookError(
            f"page {page.name} could not be run: {type(error).__name__}: {error}{kept}".replace("\n", " ")
        ) from error
    result = clean(nbformat.read(executed, as_version=4))
    try:
        _check_executed(page, result)
    except BookError as error:
        raise BookError(f"{error}{_keep_failed(page, executed)}") from None
    return result


def run(page: Page, values: dict, output: Path | None = None) -> Path:
    """Execute `page` with a reader's parameters; return the path of the notebook under `_runs/` (or `output`).

    The artifacts of the run lie in a folder of the same name beside it. Nothing under `notebooks/` changes.
    """
    values = page.check(values)
    label = "-".join([page.name, *(f"{n}_{v}" for n, v in values.items())])
    label = re.sub(r"[^\w.-]+", "_", label)[:120]
    output = output or runs_folder(page.root) / f"{label}.ipynb"
    with work_folder(page.root, page.name) as folder:
        notebook = execute(page, values, folder)
        output.parent.mkdir(parents=True, exist_ok=True)
        write_text(output, as_text(notebook))
        if (folder / "artifacts").is_dir():
            replace_folder(folder / "artifacts", output.with_suffix(""))
    return output


def publish(page: Page) -> None:
    """Execute `page` with its published parameters and put notebook and artifacts in place, or change nothing."""
    inputs = provenance.page_inputs(page)
    with work_folder(page.root, page.name) as folder:
        notebook = execute(page, {}, folder)
        made = folder / "artifacts" / page.name
        record = {**inputs, "writes": provenance.hash_files(made), "outputs": provenance.hash_outputs(notebook)}
        notebook.metadata["provenance"] = provenance.sealed(record)
        if provenance.page_inputs(page) != inputs:
            raise BookError(
                f"page {page.name}: its manuscript, helpers or artifacts were edited while it ran; run it again"
            )
        if made.is_dir():
            replace_folder(made, page.artifacts)
        elif page.artifacts.is_dir():
            shutil.rmtree(page.artifacts)
        write_text(page.notebook, as_text(notebook))


def refreshed(page: Page, old: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the manuscript's text with the outputs and the record of the executed notebook `old`."""
    new = page.read_manuscript()
    ran = iter([c for c in old.cells if c.cell_type == "code"])
    for cell in (c for c in new.cells if c.cell_type == "code"):
        before = next(ran)
        cell.outputs, cell.execution_count = before.outputs, before.execution_count
    new.metadata["provenance"] = old.metadata["provenance"]
    return clean(new)


def refresh_prose(page: Page) -> None:
    """Bring the manuscript's text into its executed notebook; code, outputs and record stay as they are."""
    write_text(page.notebook, as_text(refreshed(page, page.read_notebook())))


def bring_up_to_date(pages: list[Page], force: bool = False) -> list[str]:
    """Execute what is stale among `pages` (all with `force`), refresh what differs in prose; say what was done."""
    done = []
    for page in in_order(pages):
        state, reason = ("stale", "asked for") if force else provenance.page_state(page)
        if state == "stale":
            print(f"{page.name}: {reason}; executing", file=sys.stderr)
            publish(page)
            done.append(f"{page.name}: executed")
        elif state == "prose":
            refresh_prose(page)
            done.append(f"{page.name}: text refreshed")
    return done


def as_text(notebook: nbformat.NotebookNode) -> str:
    """Return the text of a notebook's file; raise where it is no valid notebook."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def stop_at_sigterm() -> None:
    """Let a polite kill (SIGTERM) end a run the way Ctrl-C does: kernel shut down, partial run kept.

    A shell script starts what it sends to the background with SIGINT ignored; such a run can be ended all the same.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
