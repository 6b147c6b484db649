"""The rules of the house: what a room may import, what stays light, what is named after a page, where tests lie."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gru_book.files import CHECKOUT, PACKAGE
from gru_book.pipeline.pages import all_pages

ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
FRAMEWORKS = {"keras", "tensorflow"}
KERAS_LAYERS = {"layers/ablated", "layers/min_gru"}
# What stays unloaded when one of these is imported.
LIGHT = {
    "recipes": {"tensorflow", "keras", "pandas", "sklearn", "scipy", "tqdm"},
    "data.reviews": {"tensorflow", "keras", "pandas", "sklearn"},
    "conversion.canonical": {"tensorflow", "keras", "torch", "onnx", "pandas", "matplotlib"},
    "analysis.attribution": FRAMEWORKS,
    "analysis.gradients": FRAMEWORKS,
    "notebook.artifacts": {"pandas", "sklearn"} | FRAMEWORKS,
    "notebook.parameters": {"pandas", "sklearn"} | FRAMEWORKS,
    "notebook.report": {"pandas", "sklearn"} | FRAMEWORKS,
}
# A page's name that is also the field's own word for what is in the module.
WORDS = {"errors", "data/reviews", "layers/history", "analysis/attribution"}
# Test files about more than one module, or about what a module makes.
SUBJECTS = {
    "data/test_faults_reviews",  # these and the next: what strangers do, by kind of fault
    "notebook/test_faults_parameters",
    "pipeline/test_faults_door",
    "pipeline/test_faults_editors",
    "pipeline/test_faults_lab",
    "pipeline/test_faults_outputs",
    "pipeline/test_faults_profiles",
    "pipeline/test_faults_records",
    "pipeline/test_faults_surroundings",
    "conversion/test_faults",  # what is no layer's weights, in `canonical`, `forms` and `layers`; ends of sequences
    "web/test_refusals",  # what the explorer refuses, in `export` and in `explorer.js`
    "models/test_long_texts",  # what a step beyond a classifier's length costs, in `classifier` and `texts`
    "models/test_threads",  # `word_vectors` with one thread of BLAS and with several
    "notebook/test_verdict",  # claims of a page, as `report` displays them
    "site/test_site",  # all pages as built, in a browser
    "site/test_speed",  # all pages as built: weight, work and movement
    "site/test_address",  # the site with and without a repository's address
    "web/test_tokens_in_the_browser",  # `data/tokens` and its twin in `web/explorer.js`
    "tuning/test_faults_arguments",
    "tuning/test_faults_outputs",
    "tuning/test_faults_records",
    "tuning/test_faults_searches",
    "tuning/test_faults_workers",
    "tuning/test_optuna_faults",  # the same for Optuna, from the command to the journal
    "tuning/test_kerastuner",  # what KerasTuner does by itself
}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def imports(path: Path) -> set[str]:
    """Return the dotted names that a module imports, at its top and inside of its functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} has a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_the_door_of_a_room_is_a_docstring(room):
    (only,) = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8")).body
    assert isinstance(only, ast.Expr)
    assert isinstance(only.value.value, str)


def test_the_pipeline_imports_no_model_code():
    allowed = re.compile(r"gru_book\.(__version__|errors|files|progress|environment|notebook|pipeline)\b")
    for path in PACKAGE.glob("pipeline/*.py"):
        own = {name for name in imports(path) if name.split(".")[0] == "gru_book"}
        assert not [name for name in own if not allowed.match(name)], name_of(path)


@pytest.mark.parametrize("room", ["layers", "conversion", "tasks"])
def test_the_mathematics_imports_no_framework(room):
    for path in PACKAGE.glob(f"{room}/*.py"):
        loads = {name.split(".")[0] for name in imports(path)} & FRAMEWORKS
        assert bool(loads) == (name_of(path) in KERAS_LAYERS), name_of(path)
        keras_layers = {f"gru_book.{name.replace('/', '.')}" for name in KERAS_LAYERS}
        assert not [name for name in imports(path) if name.startswith(tuple(keras_layers))] or loads, name_of(path)


def test_helpers_read_no_notebooks():
    """Only the pipeline knows what a notebook is; a notebook imports helpers, never the other way round."""
    readers = {"nbformat", "nbclient", "papermill", "jupytext", "nbconvert"}
    for path in MODULES:
        names = {name.split(".")[0] for name in imports(path)}
        assert not names & readers or path.parent.name == "pipeline", name_of(path)
        assert "notebooks" not in names, name_of(path)


@pytest.mark.parametrize("module", LIGHT)
def test_importing_it_is_light(module):
    code = f"import sys, gru_book.{module}; print(sorted({LIGHT[module]} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_only_figures_and_studies_bear_a_pages_name():
    pages = {page.name.partition("_")[2] for page in all_pages()}
    named = {name_of(path) for path in MODULES if path.stem in pages}
    assert {name for name in named if name.split("/")[0] not in ("plotting", "studies")} <= WORDS


def test_tests_mirror_the_package():
    tests = CHECKOUT / "tests"
    known = {name_of(path) for path in MODULES} | {name_of(path) for path in PACKAGE.glob("web/*.js")}
    known |= {"package"}  # this file
    for path in tests.rglob("test_*.py"):
        name = path.relative_to(tests).with_suffix("").as_posix()
        if name not in SUBJECTS and not name.startswith("book/"):
            assert name.replace("test_", "") in known, f"tests/{name}.py: no such module"
    assert {f"{name}.py" for name in SUBJECTS} <= {path.relative_to(tests).as_posix() for path in tests.rglob("*.py")}
