"""Manuscript → executed notebook: in a folder of its own, checked, then put in place in one step."""

import contextlib
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import papermill
import psutil
from jupyter_client.kernelspec import KernelSpecManager
from papermill.exceptions import PapermillExecutionError

from gru_book import progress
from gru_book.environment import own_folders
from gru_book.errors import BookError, one_line
from gru_book.files import (
    check_room,
    claim,
    foreign_files,
    hash_files,
    is_sealed,
    keep,
    replace,
    replacing,
    runs_folder,
    seal,
    sweep,
)
from gru_book.notebook.artifacts import ENVIRONMENT as ARTIFACTS
from gru_book.pipeline import outputs, provenance
from gru_book.pipeline.pages import Page, in_order

WORK = ".gru-book-work"  # the file that proves a folder under `_runs/tmp/` ours

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
    """Yield an empty folder under `_runs/tmp/`, named after this process; sweep up what dead processes left."""
    parent = runs_folder(root) / "tmp"
    parent.mkdir(exist_ok=True)
    sweep_up(root)
    folder = parent / f"{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / WORK).touch()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_up(root: Path) -> None:
    """Remove what dead processes left: their folders under `_runs/tmp/`, and what they had begun to write elsewhere."""
    for left in (root / "_runs" / "tmp").glob("*-*"):
        pid = left.name.rsplit("-", 1)[-1]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            if (left / WORK).is_file():
                shutil.rmtree(left, ignore_errors=True)
            with contextlib.suppress(OSError):
                left.rmdir()  # refuses where something is in it, or it is no folder
    for folder in (root, root / "book", root / "notebooks", root / "notebooks" / "artifacts"):
        sweep(folder)
    sweep(root / "notebooks" / "artifacts" / "studies")


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
    failed = page.root / "_runs" / "failed" / f"{page.name}.ipynb"
    try:
        failed.parent.mkdir(exist_ok=True)
        os.replace(executed, failed)
    except OSError:  # there is none, or not even this can be done: what went wrong first is what has to be said
        return ""
    return f" (the run as far as it came: {failed.relative_to(page.root).as_posix()})"


def execute(page: Page, values: dict, folder: Path) -> nbformat.NotebookNode:
    """Execute `page` with the parameters `values` inside `folder`; return the cleaned notebook.

    The page's artifacts are written below `folder/artifacts`. Raises `BookError` naming page and cell where one
    fails; the partial run is then kept under `_runs/failed/`.
    """
    check_kernel()
    source, executed = folder / "manuscript.ipynb", folder / f"{page.name}.ipynb"
    notebook = page.read_manuscript()
    notebook.metadata.pop("jupytext", None)
    channel = folder / "progress.jsonl"
    logging.getLogger("papermill").setLevel(logging.ERROR)
    environment = {ARTIFACTS: str(folder / "artifacts"), progress.CHANNEL: str(channel)}
    environment |= own_folders(runs_folder() / "cache", folder)
    try:
        _build_font_cache(environment)
        nbformat.write(notebook, source)
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
        result = clean(nbformat.read(executed, as_version=4))
    except PapermillExecutionError as error:
        first = error.source.strip().splitlines()[0][:60]
        said = f"{error.ename}: {error.evalue}".strip().replace("\n", " ")
        number = _failed_cell(executed)
        kept = _keep_failed(page, executed)
        raise BookError(f"page {page.name}, code cell {number} ({first!r}) failed: {said}{kept}") from None
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"page {page.name} was interrupted{_keep_failed(page, executed)}") from None
    except (RuntimeError, OSError) as error:
        said = ": ".join(filter(None, [type(error).__name__, one_line(error), getattr(error, "filename", None)]))
        raise BookError(f"page {page.name} could not be run: {said}{_keep_failed(page, executed)}") from error
    try:
        _check_executed(page, result)
    except BookError as error:
        raise BookError(f"{error}{_keep_failed(page, executed)}") from None
    return result


def _build_font_cache(environment: dict[str, str]) -> None:
    """Let Matplotlib build its list of fonts before a page does: where that takes long, it says so on stderr."""
    if not list(Path(environment["MPLCONFIGDIR"]).glob("fontlist-*.json")):
        command = [sys.executable, "-c", "import matplotlib.font_manager"]
        subprocess.run(command, env={**os.environ, **environment}, capture_output=True)


def _failed_cell(executed: Path) -> int | str:
    """Return the number of the code cell that failed in a partial run; a question mark where that cannot be read."""
    try:
        code = [c for c in nbformat.read(executed, as_version=4).cells if c.cell_type == "code"]
    except Exception:
        return "?"
    ours = [c for c in code if "papermill-error-cell-tag" not in c.metadata.get("tags", [])]
    failed = (i for i, c in enumerate(ours, 1) if any(o.output_type == "error" for o in c.outputs))
    return next(failed, "?")


def run(page: Page, values: dict, output: str | Path | None = None) -> Path:
    """Execute `page` with a reader's parameters; return the path of the notebook under `_runs/` (or `output`).

    The artifacts of the run lie beside it, in a folder of the same name that ends in `.artifacts`. Nothing under
    `notebooks/` changes. Raises `BookError` before anything runs where a value or `output` is not allowed.
    """
    values = page.check(values)
    if output is None:
        output = outputs.free_output(page.name, values, page.root)
    output = outputs.check_output(output, page.root)
    with work_folder(page.root, page.name) as folder:
        notebook = execute(page, values, folder)
        outputs.mark(notebook, page.name, values)
        made, beside = folder / "artifacts", outputs.artifacts_beside(output)
        try:
            with replacing(output, outputs.NOTEBOOK, outputs.is_rerun, "output") as new:
                new.write_text(as_text(notebook), encoding="utf-8")
                if made.is_dir():
                    seal(made)
                    replace(made, beside, outputs.ARTIFACTS, is_sealed)
                elif is_sealed(beside):
                    shutil.rmtree(beside)
        except (BookError, OSError) as error:
            raise BookError(f"{one_line(error)}{_keep_failed(page, folder / f'{page.name}.ipynb')}") from None
    return output


def check_places(page: Page) -> None:
    """Raise `BookError` where the page's notebook or artifacts cannot be put in place: before it runs."""
    check_room(page.root / "notebooks")
    claim(page.notebook.resolve(), "a notebook", Path.is_file, f"the notebook of page {page.name}")
    claim(page.artifacts.resolve(), "a folder", Path.is_dir, f"the folder of the artifacts of page {page.name}")


def publish(page: Page) -> None:
    """Execute `page` with its published parameters and put notebook and artifacts in place, or change nothing."""
    check_places(page)
    inputs = provenance.page_inputs(page)
    with work_folder(page.root, page.name) as folder:
        notebook = execute(page, {}, folder)
        made = folder / "artifacts" / page.name
        record = {**inputs, "writes": hash_files(made), "outputs": provenance.hash_outputs(notebook)}
        provenance.record_run(notebook, record)
        try:
            if provenance.page_inputs(page) != inputs:
                raise BookError(
                    f"page {page.name}: its manuscript, helpers or artifacts were edited while it ran; run it again"
                )
            _put_in_place(page, notebook, made)
        except (BookError, OSError) as error:
            raise BookError(f"{one_line(error)}{_keep_failed(page, folder / f'{page.name}.ipynb')}") from None


def _put_in_place(page: Page, notebook: nbformat.NotebookNode, made: Path) -> None:
    """Put notebook and artifacts in place; the notebook last, so that a kill leaves what `check` notices."""
    place = page.artifacts.resolve()
    old = page.recorded_run().get("writes", {})
    if place.is_dir() and foreign_files(place, old):
        _say_kept(page, "some of its artifacts are not those of its run", keep(place, runs_folder(page.root)))
    with _replacing_notebook(page) as new:
        new.write_text(as_text(notebook), encoding="utf-8")
        if made.is_dir():
            replace(made, place, "a folder", Path.is_dir)
        elif place.is_dir():
            shutil.rmtree(place)


@contextlib.contextmanager
def _replacing_notebook(page: Page) -> Iterator[Path]:
    """Yield where to write the new notebook of `page`; of one that was edited by hand a copy is kept."""
    if page.notebook.is_file() and _holds_foreign_text(page):
        _say_kept(page, "its notebook was edited", keep(page.notebook, runs_folder(page.root)))
    with replacing(page.notebook.resolve(), "a notebook", Path.is_file) as new:
        yield new


def _holds_foreign_text(page: Page) -> bool:
    """Return whether the notebook of `page` holds text that neither the pipeline wrote nor the manuscript has."""
    try:
        notebook = page.read_notebook()
    except BookError:
        return True
    return provenance.is_edited(notebook) and provenance.texts(notebook) != provenance.texts(page.read_manuscript())


def _say_kept(page: Page, why: str, kept: Path) -> None:
    where = kept.relative_to(page.root).as_posix()
    print(f"{page.name}: {why}; what was there is kept as {where}", file=sys.stderr)


def refreshed(page: Page, old: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the manuscript's text with the outputs and the record of the executed notebook `old`."""
    new = page.read_manuscript()
    ran = iter(provenance.ran(old))
    for cell in provenance.ran(new):
        before = next(ran)
        cell.outputs, cell.execution_count = before.outputs, before.execution_count
    new = clean(new)
    provenance.record_run(new, old.metadata["provenance"])
    return new


def refresh_prose(page: Page) -> None:
    """Bring the manuscript's text into its executed notebook; code, outputs and record stay as they are."""
    write_notebook(page, refreshed(page, page.read_notebook()))


def write_notebook(page: Page, notebook: nbformat.NotebookNode) -> None:
    """Write the notebook of `page` in one step; of one that was edited by hand a copy is kept."""
    with _replacing_notebook(page) as new:
        new.write_text(as_text(notebook), encoding="utf-8")


def bring_up_to_date(pages: list[Page], force: bool = False) -> list[str]:
    """Execute what is stale among `pages` (all with `force`), refresh what differs in prose; say what was done.

    Raises `BookError` where a page cannot be executed, naming those that were finished before.
    """
    done: list[str] = []
    try:
        for page in in_order(pages):
            state, reason = ("stale", "asked for") if force else provenance.page_state(page)
            if state == "stale":
                print(f"{page.name}: {reason}; executing", file=sys.stderr)
                publish(page)
                done.append(f"{page.name}: executed")
            elif state == "prose":
                refresh_prose(page)
                done.append(f"{page.name}: text refreshed")
    except (BookError, KeyboardInterrupt) as error:
        finished = f"; finished before: {', '.join(done)}" if done else ""
        raise type(error)(f"{str(error) or 'interrupted'}{finished}") from None
    return done


def as_text(notebook: nbformat.NotebookNode) -> str:
    """Return the text of a notebook's file; raise where it is no valid notebook."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"
