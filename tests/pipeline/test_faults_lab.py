"""The reader's copies in JupyterLab: what was edited survives every new version, and every new version arrives."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from gru_book.errors import BookError
from gru_book.pipeline.lab import ORIGINS, copy_notebooks


@pytest.fixture
def lab(book):
    """`lab(text)` publishes a version of 01_first and brings it; returns what lies in the folder, and what was said."""
    (book / "notebooks/02_second.ipynb").write_text("the other")

    def bring(text: str) -> tuple[dict[str, str], list[str]]:
        (book / "notebooks/01_first.ipynb").write_text(text)
        folder, said = copy_notebooks(book)
        return {p.name: p.read_text() for p in folder.iterdir() if p.name not in (ORIGINS, "02_second.ipynb")}, said

    bring.folder = book / "_runs/lab"
    return bring


def edit(lab, text: str) -> None:
    (lab.folder / "01_first.ipynb").write_text(text)


def test_an_edited_copy_survives_any_number_of_versions(lab):
    assert lab("v1") == ({"01_first.ipynb": "v1"}, [])
    edit(lab, "v1 mine")
    assert lab("v1") == ({"01_first.ipynb": "v1 mine"}, [])
    files, said = lab("v2")
    assert files == {"01_first.ipynb": "v2", "01_first-yours.ipynb": "v1 mine"}
    assert said == ["01_first.ipynb has a new version; your copy is now 01_first-yours.ipynb"]
    assert lab("v3")[0] == {"01_first.ipynb": "v3", "01_first-yours.ipynb": "v1 mine"}
    edit(lab, "v3 mine")
    assert lab("v4")[0] == {
        "01_first.ipynb": "v4", "01_first-yours.ipynb": "v1 mine", "01_first-yours-2.ipynb": "v3 mine",
    }  # fmt: skip
    edit(lab, "v4 mine")
    assert lab("v1")[0]["01_first-yours-3.ipynb"] == "v4 mine"  # back to an older version


def test_a_copy_has_its_numbers_in_the_prose_and_folds_what_the_site_folds(lab):
    glued = nbformat.v4.new_output(
        "display_data", {"application/papermill.record/text/plain": "7.5 s"}, metadata={"scrapbook": {"name": "took"}}
    )
    cells = [
        nbformat.v4.new_markdown_cell("It took {glue:text}`took`, not {glue:text}`unknown`."),
        nbformat.v4.new_code_cell("glue('took', '7.5 s')", metadata={"tags": ["hide-input"]}, outputs=[glued]),
        nbformat.v4.new_code_cell("the_lesson()"),
    ]
    published = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    copy = nbformat.reads(lab(published)[0]["01_first.ipynb"], as_version=4)
    nbformat.validate(copy)
    assert copy.cells[0].source == "It took 7.5 s, not {glue:text}`unknown`."
    assert copy.cells[1].metadata.jupyter.source_hidden
    assert copy.cells[1].outputs == [glued]
    assert "jupyter" not in copy.cells[2].metadata
    assert lab(published)[1] == []
    edit(lab, "mine")
    assert lab("v2")[1] == ["01_first.ipynb has a new version; your copy is now 01_first-yours.ipynb"]


@pytest.mark.parametrize("copy_is_newer", [True, False])
def test_file_times_decide_nothing(lab, copy_is_newer):
    """Row 21 and 22: the copy was edited after the new version was pulled, or before."""
    lab("v1")
    edit(lab, "v1 mine")
    times = (2e9, 2e9) if copy_is_newer else (1e9, 1e9)
    os.utime(lab.folder / "01_first.ipynb", times)
    assert lab("v2")[0] == {"01_first.ipynb": "v2", "01_first-yours.ipynb": "v1 mine"}
    os.utime(lab.folder / "01_first.ipynb", times)
    assert lab("v3")[0] == {"01_first.ipynb": "v3", "01_first-yours.ipynb": "v1 mine"}


def test_without_a_memory_every_other_copy_is_the_readers(lab):
    lab("v1")
    (lab.folder / ORIGINS).unlink()  # as the first edition left it
    assert lab("v1") == ({"01_first.ipynb": "v1"}, [])
    for damage in ("", "[1]", '{"01_first.ipynb": 3}', "\0"):
        (lab.folder / ORIGINS).write_text(damage)
        assert "01_first-yours" in "".join(lab(f"after {damage!r}")[1])


def test_a_reader_who_edits_to_what_comes_next_is_left_alone(lab):
    lab("v1")
    edit(lab, "v2")
    assert lab("v2") == ({"01_first.ipynb": "v2"}, [])
    assert lab("v3") == ({"01_first.ipynb": "v3"}, [])


def test_a_copy_that_was_deleted_comes_again(lab):
    lab("v1")
    (lab.folder / "01_first.ipynb").unlink()
    assert lab("v1") == ({"01_first.ipynb": "v1"}, [])


def test_a_copy_can_be_saved_though_the_published_notebook_cannot(lab, book):
    (book / "notebooks/01_first.ipynb").write_text("v1")
    (book / "notebooks/01_first.ipynb").chmod(0o444)
    copy_notebooks(book)
    assert (lab.folder / "01_first.ipynb").stat().st_mode & 0o200


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("../../notebooks/01_first.ipynb", path)])
def test_what_is_no_file_is_left_and_named(lab, book, make):
    lab("v1")
    (lab.folder / "01_first.ipynb").unlink()
    make(lab.folder / "01_first.ipynb")
    with pytest.raises(BookError, match=r"_runs/lab/01_first.ipynb is a (folder|pipe|link).*move it away"):
        lab("v2")
    assert (book / "notebooks/01_first.ipynb").read_text() == "v2"


def test_a_kill_between_two_copies_costs_nothing(lab, book):
    lab("v1")
    edit(lab, "v1 mine")
    code = (
        "import os, sys, pathlib; from gru_book.pipeline import lab\n"
        "lab.write_text = lambda *_: os._exit(9)\n"
        "lab.copy_notebooks(pathlib.Path(sys.argv[1]))"
    )
    (book / "notebooks/01_first.ipynb").write_text("v2")
    assert subprocess.run([sys.executable, "-c", code, book]).returncode == 9
    assert lab("v2")[0] == {"01_first.ipynb": "v2", "01_first-yours.ipynb": "v1 mine"}


def test_the_folder_may_be_moved_away(lab):
    lab("v1")
    shutil.rmtree(lab.folder)
    assert lab("v1") == ({"01_first.ipynb": "v1"}, [])
