"""Every page runs again, as nbval sees it.

A page that is quick as published must show what its committed notebook shows, pictures included. Any other runs once
with the parameters of the profile `smoke`, which papermill writes into it, and must end without an error or a word on
stderr. A cell that is a whole script is run from a file, which knows no name of the page.
"""

import os
import re
from pathlib import Path

import nbformat
import pytest
import yaml
from jupyter_client.provisioning import local_provisioner
from nbval.plugin import IPyNbFile, NbCellError
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from forks import ForkedKernel
from gru_book import progress
from gru_book.files import CHECKOUT
from gru_book.notebook.artifacts import ENVIRONMENT as ARTIFACTS
from gru_book.pipeline.pages import all_pages
from gru_book.pipeline.verify import NOT_COMPARED, same_picture
from patience import PATIENCE

SMOKE = yaml.safe_load((CHECKOUT / "profiles/smoke.yml").read_text(encoding="utf-8"))
# A script's parameters stand in its lines.
SHORTER = {r"\bepochs=\d+": "epochs=1", r"\bupdates=\d+": "updates=25"}
# Solutions train a network for each of three seeds; two are enough for an interval.
SEEDS = re.compile(r"(for (?:number|run) in range)\(3\)")
# Recipes of a GRU train few texts for many epochs, so that they learn something; here they need not.
GRU_RECIPE = re.compile(r'"(fast|web|best|blend)"')
FEW_UPDATES = """
from gru_book.models import keras_classifier

keras_classifier.FEWEST_UPDATES = 3
"""
# XLA compiles for longer than these few steps take; the tests of the studies and of the timing compile with it.
WITHOUT_XLA = """
import tensorflow as tf

_function = tf.function
tf.function = lambda *given, jit_compile=None, **options: _function(*given, **options)
"""
FROM_A_FILE = """import runpy
globals().update((name, value) for name, value in runpy.run_path({path!r}).items() if not name.startswith("__"))
"""


@pytest.fixture
def validate(request, monkeypatch, tmp_path):
    """Return a function that runs a notebook's cells by nbval and compares what they show with what it holds."""
    monkeypatch.setenv(progress.CHANNEL, os.devnull)
    monkeypatch.setenv(ARTIFACTS, str(tmp_path / "artifacts"))
    monkeypatch.setattr(local_provisioner, "launch_kernel", ForkedKernel)
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
                run_cell(cell)
                shown, published = pictures_of(cell.test_outputs), pictures_of(cell.cell.outputs)
                assert len(shown) == len(published), f"code cell {cell.cell_num + 1} shows {len(shown)} pictures"
                if as_published and NOT_COMPARED not in cell.cell.metadata.get("tags", []):
                    pairs = zip(shown, published, strict=True)
                    assert all(same_picture(*pair) for pair in pairs), f"code cell {cell.cell_num + 1}: another picture"
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


def shortened(notebook):
    """Return a notebook with its parameters injected, after which all that learns takes few steps."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    with_recipe = "import recipes" in code and GRU_RECIPE.search(code)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "script" in tags:
            for long, short in SHORTER.items():
                cell.source = re.sub(long, short, cell.source)
        elif cell.cell_type == "code":
            cell.source = SEEDS.sub(r"\1(2)", cell.source)
        if "injected-parameters" in tags:
            cell.source += (FEW_UPDATES if with_recipe else "") + (WITHOUT_XLA if "import keras" in code else "")
    return notebook


def run_scripts_from_files(notebook, folder: Path) -> None:
    """Write each cell that is meant to be copied into a file, and put in its place a call of that file."""
    for number, cell in enumerate(notebook.cells):
        if "script" in cell.metadata.get("tags", []):
            assert "gru_book" not in cell.source
            path = folder / f"script_{number}.py"
            path.write_text(cell.source, encoding="utf-8")
            cell.source = FROM_A_FILE.format(path=str(path))


def pictures_of(outputs) -> list[str]:
    return [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]


@pytest.mark.parametrize("name", [page.name for page in all_pages()])
def test_a_page_runs_again(name, validate, tmp_path):
    path, quick = CHECKOUT / "notebooks" / f"{name}.ipynb", name not in SMOKE
    notebook = load_notebook_node(str(path))
    if not quick:
        notebook = shortened(parameterize_notebook(notebook, SMOKE[name]))
    run_scripts_from_files(notebook, tmp_path)
    copy = tmp_path / path.name
    nbformat.write(notebook, copy)
    validate(copy, as_published=quick)
