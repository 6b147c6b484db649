"""Every page runs again, as nbval sees it.

A page that is quick as published must show what its committed notebook shows, pictures included. Any other runs once
with the parameters of the profile `smoke`, which papermill writes into it, and must end without an error or a word on
stderr. A cell that is a whole script is also run from a file.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbval.plugin import IPyNbFile, NbCellError
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from gru_book import progress
from gru_book.files import CHECKOUT
from gru_book.notebook.artifacts import ENVIRONMENT as ARTIFACTS
from gru_book.pipeline.pages import all_pages
from gru_book.pipeline.verify import NOT_COMPARED, same_picture
from patience import PATIENCE

SMOKE = yaml.safe_load((CHECKOUT / "profiles/smoke.yml").read_text(encoding="utf-8"))


@pytest.fixture
def validate(request, monkeypatch, tmp_path):
    """Return a function that runs a notebook's cells by nbval and compares what they show with what it holds."""
    monkeypatch.setenv(progress.CHANNEL, os.devnull)
    monkeypatch.setenv(ARTIFACTS, str(tmp_path / "artifacts"))
    for name in ("nbval_kernel_startup_timeout", "nbval_cell_timeout"):
        monkeypatch.setattr(request.config.option, name, PATIENCE)

    def run_again(path: Path, as_published: bool) -> None:
        notebook = IPyNbFile.from_parent(request.session, path=path)
        notebook.compare_outputs = as_published
        cells = list(notebook.collect())
        assert cells
        notebook.setup()
        try:
            for cell in cells:
                tags = cell.cell.metadata.get("tags", [])
                run_cell(cell)
                if "script" in tags:
                    compare_script(cell, tmp_path / "script.py")
                if as_published and NOT_COMPARED not in tags:
                    compare_pictures(cell)
                said = [output.text for output in cell.test_outputs if output.get("name") == "stderr"]
                assert not said, f"code cell {cell.cell_num + 1}"
        finally:
            notebook.teardown()

    return run_again


def run_cell(cell) -> None:
    cell.output_timeout = PATIENCE
    try:
        cell.runtest()
    except NbCellError as error:
        pytest.fail(f"code cell {error.cell_num + 1}: {error}\n{error.source}\n{error.inner_traceback}", pytrace=False)


def compare_script(cell, path: Path) -> None:
    """A cell that is meant to be copied prints the same from a file of its own."""
    assert "gru_book" not in cell.cell.source
    path.write_text(cell.cell.source, encoding="utf-8")
    done = subprocess.run([sys.executable, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "".join(output["text"] for output in cell.test_outputs if output.get("name") == "stdout")


def compare_pictures(cell) -> None:
    shown, published = (
        [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
        for outputs in (cell.test_outputs, cell.cell.outputs)
    )
    assert len(shown) == len(published), f"code cell {cell.cell_num + 1}"
    for one, other in zip(shown, published, strict=True):
        assert same_picture(one, other), f"code cell {cell.cell_num + 1} shows another picture"


@pytest.mark.parametrize("name", [pytest.param(p.name, marks=pytest.mark.xdist_group(p.name)) for p in all_pages()])
def test_a_page_runs_again(name, validate, tmp_path):
    path, quick = CHECKOUT / "notebooks" / f"{name}.ipynb", name not in SMOKE
    if not quick:
        notebook = parameterize_notebook(load_notebook_node(str(path)), SMOKE[name])
        for cell in notebook.cells:
            if "script" in cell.metadata.get("tags", []):  # its parameters stand in its lines
                cell.source = re.sub(r"\bepochs=\d+", "epochs=1", cell.source)
        path = tmp_path / path.name
        nbformat.write(notebook, path)
    validate(path, as_published=quick)
