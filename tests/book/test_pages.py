"""The real pages: both halves agree, nothing is stale, what they show is what they may show."""

import ast
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from jupytext.sync_contentsmanager import build_sync_jupytext_contents_manager_class

from gru_book.files import CHECKOUT
from gru_book.notebook.parameters import rerun_markdown
from gru_book.pipeline import provenance, study
from gru_book.pipeline.address import read_address, setup_cell
from gru_book.pipeline.pages import all_pages, find_page, normal_form
from gru_book.pipeline.profiles import PROFILES, profile

PAGES = all_pages()
# Cells whose output holds a time, so that nbval cannot compare it: one (the last section) on every page, and these.
TIMED = {"22_from_scratch": 2, "23_backpropagation": 1, "32_baselines": 1, "34_better": 1}
TIMED |= {"36_rnn_lstm_gru": 1, "41_tuning": 2}
TIMED |= {"56_successors": 3}
TIMED |= {"42_distributed_tuning": 5}  # who runs which trial, and which run a kill meets, is decided by time
LONGEST_CELL = 15
LONGEST_SCRIPT = 60  # a cell tagged `script`: a program that runs when it is copied into an empty file

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def code_cells(page):
    return [cell for cell in page.read_notebook().cells if cell.cell_type == "code"]


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def test_no_half_is_orphaned():
    names = {page.name for page in PAGES}
    assert {path.stem for path in (CHECKOUT / "notebooks").glob("*.ipynb")} == names
    assert {path.stem for path in (CHECKOUT / "book").glob("[0-9][0-9]_*.md")} == names
    made = {path.name for path in (CHECKOUT / "notebooks/artifacts").iterdir() if path.is_dir()}
    assert made - {"studies"} <= names
    assert {path.stem for path in (CHECKOUT / "notebooks/artifacts/studies").glob("*.csv")} == set(study.all_studies())


@every_page
def test_the_notebook_is_that_of_todays_manuscript_and_helpers(page):
    assert provenance.page_state(page) == ("fresh", ""), "run: make book"


@pytest.mark.parametrize("name", study.all_studies())
def test_the_table_is_that_of_todays_study(name):
    assert study.study_state(name) == ("fresh", ""), f"run: gru-book study {name}"


@every_page
def test_every_cell_ran_once_from_top_to_bottom_without_error(page):
    cells = code_cells(page)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert not [o for o in cell.outputs if o.output_type == "error" or o.get("name") == "stderr"], cell.source


@every_page
def test_the_manuscript_is_in_normal_form(page):
    assert page.manuscript.read_text(encoding="utf-8") == normal_form(page), f"run: gru-book format {page.name}"


@every_page
def test_the_frame_of_a_page(page):
    cells = code_cells(page)
    assert tags(cells[0]) in (["setup", "hide-cell"], ["setup", "remove-cell"])
    assert cells[0].source == setup_cell(read_address())
    assert cells[0].outputs == []
    found = ["parameters" in tags(cell) for cell in cells]
    assert found.count(True) == 1
    assert "check_parameters()" in cells[found.index(True) + 1].source
    assert "rerun" in tags(cells[-1])
    assert cells[-1].source == f'rerun_table("{page.name}")'
    text = "\n".join(cell.source for cell in page.read_notebook().cells if cell.cell_type == "markdown")
    for part in (
        "**You will learn**",
        "**You need**",
        "## Exercises",
        "## Summary",
        "## Sources",
        "## Rerun this page",
    ):
        assert part in text, part
    assert 2 <= text.count("{exercise-start}") <= 4
    assert text.count("{exercise-start}") == text.count("{solution-start}")


@every_page
def test_the_last_section_is_made_from_the_parameters_cell(page):
    shown = "".join(o.data["text/markdown"] for o in code_cells(page)[-1].outputs)
    assert shown.startswith(rerun_markdown(page.name, page.parameters()))


@every_page
def test_cells_are_short_and_few_are_not_compared(page):
    for cell in code_cells(page):
        longest = LONGEST_SCRIPT if "script" in tags(cell) else LONGEST_CELL
        imports_only = all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.parse(cell.source).body)
        assert imports_only or "parameters" in tags(cell) or len(cell.source.splitlines()) <= longest, cell.source
    ignored = [cell for cell in code_cells(page) if "nbval-ignore-output" in tags(cell)]
    assert len(ignored) == 1 + TIMED.get(page.name, 0)


@every_page
def test_every_picture_has_a_name_a_caption_and_words_for_it(page):
    for cell in code_cells(page):
        if any("image/png" in o.get("data", {}) for o in cell.outputs):
            shown = cell.metadata.get("mystnb", {})
            assert len(shown.get("image", {}).get("alt", "")) > 20, cell.source
            assert shown["figure"]["name"].startswith("fig-")
            assert shown["figure"]["caption"]


@every_page
def test_a_page_checks_its_claims_and_quotes_what_it_prints(page):
    cells = code_cells(page)
    claims = [o.metadata.claim for cell in cells for o in cell.outputs if "claim" in o.get("metadata", {})]
    assert claims or page.name == "57_conclusion", "a page checks at least its headline claim"  # 57 lists all of them
    assert len({claim.name for claim in claims}) == len(claims)
    printed = "".join(o.text for cell in cells for o in cell.outputs if o.output_type == "stream")
    printed += "".join(
        o.data.get("text/plain", "") for c in cells for o in c.outputs if o.output_type == "execute_result"
    )
    for cell in cells:
        for output in cell.outputs:
            if "scrapbook" in output.get("metadata", {}):
                value = output.data["application/papermill.record/text/plain"]
                assert value in printed, f"{output.metadata.scrapbook.name} = {value} is quoted, but not printed"


def test_glued_names_figures_and_labels_are_unique():
    glued, labels = Counter(), Counter()
    for page in PAGES:
        for cell in page.read_notebook().cells:
            for output in cell.get("outputs", []):
                if "scrapbook" in output.get("metadata", {}):
                    glued[output.metadata.scrapbook.name] += 1
            labels.update(re.findall(r"^:label: (\S+)|^\((\S+)\)=$|\(eq-(\S+)\)$", cell.source, flags=re.MULTILINE))
            figure = cell.metadata.get("mystnb", {}).get("figure", {})
            labels.update([figure["name"]] if "name" in figure else [])
    assert [name for name, count in (glued | labels).items() if count > 1] == []


def test_the_same_name_means_the_same_type_on_every_page():
    kinds = {}
    for page in PAGES:
        for name, parameter in page.parameters().items():
            assert kinds.setdefault(name, parameter.type) is parameter.type, f"{page.name}: {name}"
    assert {"seed", "source", "max_features", "maxlen", "embedding_dim", "units", "batch_size", "epochs"} <= set(kinds)


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_name_pages_and_their_parameters(name):
    named = yaml.safe_load((CHECKOUT / "profiles" / f"{name}.yml").read_text())
    for page in named:
        assert profile(name, find_page(page)) == named[page]


def test_no_committed_notebook_names_a_folder_of_the_machine_that_made_it():
    for path in [*(CHECKOUT / "notebooks").rglob("*.ipynb"), *(CHECKOUT / "notebooks").rglob("*.json")]:
        text = path.read_text(encoding="utf-8")
        for folder in (str(CHECKOUT), str(Path.home()) + "/", sys.prefix, "/tmp/", "site-packages"):
            assert folder not in text, f"{path.name} holds {folder}"


@pytest.fixture
def author(tmp_path):
    """JupyterLab's view of a copy of the book: Jupytext's contents manager over the real pairs."""
    for name in ("book", "notebooks"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("artifacts", "_static"))
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    manager = build_sync_jupytext_contents_manager_class(LargeFileManager)()
    manager.root_dir = str(tmp_path)
    return manager, tmp_path


@every_page
def test_saving_without_an_edit_changes_neither_half(author, page):
    manager, root = author
    for entry in (f"notebooks/{page.name}.ipynb", f"book/{page.name}.md"):
        model = manager.get(entry, type="notebook")
        manager.save(model, entry)
        assert (root / "book" / f"{page.name}.md").read_bytes() == page.manuscript.read_bytes()
        assert (root / "notebooks" / f"{page.name}.ipynb").read_bytes() == page.notebook.read_bytes()


def test_an_authors_edit_reaches_the_manuscript_and_nothing_else_changes(author):
    manager, root = author
    page = PAGES[0]
    model = manager.get(f"notebooks/{page.name}.ipynb", type="notebook")
    cell = next(c for c in model["content"]["cells"] if c["cell_type"] == "markdown" and "## Summary" in c["source"])
    cell["source"] = cell["source"].replace("## Summary", "## Summary\n\nOne more sentence.", 1)
    model["content"]["metadata"]["language_info"] = {"name": "python", "version": "3.12.0"}  # as a kernel adds it
    manager.save(model, f"notebooks/{page.name}.ipynb")
    before = page.manuscript.read_text(encoding="utf-8")
    after = (root / "book" / f"{page.name}.md").read_text(encoding="utf-8")
    assert after == before.replace("## Summary", "## Summary\n\nOne more sentence.", 1)
    shutil.copy(CHECKOUT / "_toc.yml", root)
    shutil.copy(CHECKOUT / "requirements.txt", root)
    shutil.copytree(CHECKOUT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(CHECKOUT / "notebooks/artifacts", root / "notebooks/artifacts")
    assert provenance.page_state(find_page(page.name, root)) == ("fresh", "")
    manuscript = root / "book" / f"{page.name}.md"
    manuscript.write_text(after.replace("seed: int = 0", "seed: int = 1"), encoding="utf-8")
    assert provenance.page_state(find_page(page.name, root))[0] == "stale"
