"""Every page runs again and shows the same, as nbval sees it.

A page that is quick as published is compared with its committed notebook, pictures included. Any other is run with the
profile `smoke` first, by the command line, and compared with what that showed.
"""

import os
from pathlib import Path

import pytest
import yaml
from nbval.plugin import IPyNbFile, NbCellError

from gru_book import progress
from gru_book.cli import main
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

    def run_again(path: Path, pictures: bool) -> None:
        notebook = IPyNbFile.from_parent(request.session, path=path)
        cells = list(notebook.collect())
        assert cells
        notebook.setup()
        try:
            for cell in cells:
                run_cell(cell)
                if pictures and NOT_COMPARED not in cell.cell.metadata.get("tags", []):
                    compare_pictures(cell)
        finally:
            notebook.teardown()

    return run_again


def run_cell(cell) -> None:
    cell.output_timeout = PATIENCE
    try:
        cell.runtest()
    except NbCellError as error:
        pytest.fail(f"code cell {error.cell_num + 1}: {error}\n{error.source}\n{error.inner_traceback}", pytrace=False)


def compare_pictures(cell) -> None:
    shown, published = (
        [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
        for outputs in (cell.test_outputs, cell.cell.outputs)
    )
    assert len(shown) == len(published), f"code cell {cell.cell_num + 1}"
    for one, other in zip(shown, published, strict=True):
        assert same_picture(one, other), f"code cell {cell.cell_num + 1} shows another picture"


@pytest.mark.parametrize("name", [pytest.param(p.name, marks=pytest.mark.xdist_group(p.name)) for p in all_pages()])
def test_a_page_shows_the_same_when_it_runs_again(name, validate, monkeypatch):
    path, quick = CHECKOUT / "notebooks" / f"{name}.ipynb", name not in SMOKE
    if not quick:
        path = CHECKOUT / "_runs/smoke" / path.name
        with monkeypatch.context() as own:
            own.delenv(ARTIFACTS)
            assert main(["run", name, "--profile", "smoke", "--output", str(path)]) == 0
    validate(path, pictures=quick)
