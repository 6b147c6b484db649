"""Editors: what they do to manuscripts and notebooks by the way is no change; what somebody edited is never lost."""

import copy
import json
import os

import pytest

from gru_book.cli import main
from gru_book.errors import BookError
from gru_book.pipeline import execute, provenance
from gru_book.pipeline.address import SETUP_WITH
from gru_book.pipeline.pages import all_pages, find_page

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@pytest.fixture
def page(published, monkeypatch):
    monkeypatch.setattr(execute, "publish", lambda page: pytest.fail("must not run"))
    return find_page("01_first", published)


def save(page, change, **form) -> None:
    """Save the notebook of `page` as another program does: with `change` made to its content, in another form."""
    content = json.loads(page.notebook.read_text())
    change(content)
    page.notebook.write_text(json.dumps(content, **form))


# ---- manuscripts


@pytest.mark.parametrize(
    "change",
    [
        lambda text: BYTE_ORDER_MARK + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: BYTE_ORDER_MARK + text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: text + b"\n\n\n",
        lambda text: text.rstrip(b"\n"),
    ],
)
def test_an_editors_line_ends_and_marks_are_no_change_and_format_removes_them(page, change, monkeypatch, capsys):
    text = page.manuscript.read_bytes()
    page.manuscript.write_bytes(change(text))
    assert provenance.page_state(page) == ("fresh", "")
    assert list(page.parameters()) == ["number", "label"]
    monkeypatch.setattr("gru_book.pipeline.pages.find_page", lambda name: page)
    assert main(["format", "01_first"]) == 0
    assert "brought into the normal form" in capsys.readouterr().out
    assert page.manuscript.read_bytes() == text
    assert main(["format", "01_first"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_manuscript_in_another_encoding_is_named(page, encoding):
    text = page.manuscript.read_text().replace("Some words.", "Söme words.")
    page.manuscript.write_bytes(text.encode(encoding))
    with pytest.raises(BookError, match="book/01_first.md is not UTF-8"):
        page.read_manuscript()


def test_a_manuscript_that_is_no_file_is_named_and_nothing_waits_for_it(page):
    page.manuscript.unlink()
    os.mkfifo(page.manuscript)
    with pytest.raises(BookError, match="book/01_first.md is a pipe"):
        page.read_manuscript()


@pytest.mark.parametrize("reads", ["3", "{a: 1}", "[1, 2]", "plain"])
def test_a_header_of_another_form_is_named(page, reads):
    text = page.manuscript.read_text()
    page.manuscript.write_text(text.replace("reads: []", f"reads: {reads}"))
    with pytest.raises(BookError, match="book/01_first.md: reads is .*; it must be a list"):
        page.reads()


# ---- notebooks


def vs_code(content) -> None:
    content["metadata"]["kernelspec"] = {"display_name": ".venv", "language": "python", "name": "python3"}
    content["metadata"]["language_info"] |= {"version": "3.12.1", "file_extension": ".py"}
    for cell in content["cells"]:
        cell["metadata"]["vscode"] = {"languageId": "python"}


def colab(content) -> None:
    content["nbformat_minor"] = 0
    content["metadata"] |= {"colab": {"provenance": []}, "accelerator": "GPU", "widgets": {}}
    for number, cell in enumerate(content["cells"]):
        del cell["id"]
        cell["metadata"] |= {"id": f"x{number}", "outputId": "y", "colab": {"height": 34}}


def jupyter(content) -> None:
    for number, cell in enumerate(content["cells"]):
        cell["id"] = f"a1b2c3d{number}"
        cell["metadata"]["execution"] = {"iopub.status.busy": "2026-01-01T00:00:00Z"}
        cell["metadata"]["collapsed"] = False
        cell["source"] = "".join(cell["source"])
        for output in cell.get("outputs", []):
            output["text"] = "".join(output["text"])


def empty_cell(content) -> None:
    content["cells"].append({"cell_type": "code", "metadata": {}, "source": [], "outputs": [], "execution_count": None})


@pytest.mark.parametrize("change", [vs_code, colab, jupyter, empty_cell])
def test_a_notebook_saved_by_another_program_is_told_so_and_tidied_without_a_run(page, published, change, capsys):
    before = page.notebook.read_bytes()
    save(page, change, indent=2)
    state, reason = provenance.page_state(page)
    assert state == "prose"
    assert reason.startswith("saved by another program: text, code and outputs are the same; gru-book execute tidies")
    assert execute.bring_up_to_date([page]) == ["01_first: text refreshed"]
    assert page.notebook.read_bytes() == before
    assert not (published / "_runs/kept").exists()


@pytest.mark.parametrize("form", [{}, {"indent": 4}, {"separators": (",", ":")}, {"ensure_ascii": False}])
def test_another_way_to_write_the_same_is_fresh(page, form):
    save(page, lambda content: content["metadata"].update(language_info={"name": "python", "version": "3"}), **form)
    assert provenance.page_state(page) == ("fresh", "")
    page.notebook.write_bytes(BYTE_ORDER_MARK + page.notebook.read_bytes().replace(b"\n", b"\r\n"))
    assert provenance.page_state(page) == ("fresh", "")


def test_pictures_are_the_same_on_any_number_of_lines(page):
    notebook = page.read_notebook()
    notebook.cells[-1].outputs = [{"output_type": "display_data", "metadata": {}, "data": {"image/png": "aGFsbG8="}}]
    other = copy.deepcopy(notebook)
    other.cells[-1].outputs[0]["data"]["image/png"] = "aGFs\nbG8=\n"
    assert provenance.hash_outputs(other) == provenance.hash_outputs(notebook)
    other.cells[-1].outputs[0]["data"]["image/png"] = "aGFsbG9="
    assert provenance.hash_outputs(other) != provenance.hash_outputs(notebook)


@pytest.mark.parametrize(("old", "new"), [("Some words.", "My words."), ("print(", "print ( ")])
def test_text_and_code_that_were_edited_in_the_notebook_are_kept(page, published, old, new, capsys):
    page.notebook.write_text(page.notebook.read_text().replace(old, new))
    state, reason = provenance.page_state(page)
    assert state == "prose"
    assert reason.startswith("its text was edited in the notebook, but the manuscript is the source")
    assert execute.bring_up_to_date([page]) == ["01_first: text refreshed"]
    assert provenance.page_state(page) == ("fresh", "")
    assert new in (published / "_runs/kept/01_first.ipynb").read_text()
    assert "kept as _runs/kept/01_first.ipynb" in capsys.readouterr().err


def test_an_edit_of_the_manuscript_alone_keeps_nothing(page, published):
    page.manuscript.write_text(page.manuscript.read_text().replace("Some words.", "Other words."))
    assert provenance.page_state(page) == ("prose", "its text differs from the manuscript")
    assert execute.bring_up_to_date([page]) == ["01_first: text refreshed"]
    assert not (published / "_runs/kept").exists()
    page.manuscript.write_text(page.manuscript.read_text().replace("Other words.", "Once more."))
    assert execute.bring_up_to_date([page]) == ["01_first: text refreshed"]
    assert not (published / "_runs/kept").exists()


def test_an_edit_of_both_halves_in_jupyterlab_is_fresh(page):
    for path in (page.manuscript, page.notebook):
        path.write_text(path.read_text().replace("Some words.", "Other words."))
    assert provenance.page_state(page) == ("fresh", "")


def test_an_address_in_the_set_up_cell_is_no_edit(page):
    notebook = page.read_notebook()
    notebook.cells[1].metadata["tags"] = ["setup"]
    before = provenance.hash_text(notebook)
    notebook.cells[1].source = SETUP_WITH
    assert provenance.hash_text(notebook) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read as a notebook"),
        ("<<<<<<< HEAD\n{}", "cannot be read as a notebook"),
        ("[]", "cannot be read as a notebook"),
        ("{}", "cannot be read as a notebook"),
        ("\0\0", "is not UTF-8"),
        (
            '{"metadata": {"provenance": [1]}, "nbformat": 4, "nbformat_minor": 5, "cells": []}',
            "has no record of the run",
        ),
        ('{"metadata": {"provenance": {}}, "nbformat": 4, "nbformat_minor": 5, "cells": []}', "changed since it ran"),
    ],
)
def test_a_notebook_that_cannot_be_read_is_stale_and_says_why(page, text, said):
    page.notebook.write_text(text)
    state, reason = provenance.page_state(page)
    assert state == "stale"
    assert said in reason
    assert "\n" not in reason


# ---- check goes on


def test_check_names_what_is_broken_and_goes_on(published, monkeypatch, capsys):
    monkeypatch.setattr(all_pages, "__defaults__", (published,))
    monkeypatch.setattr("gru_book.pipeline.study.all_studies", list)
    (published / "book/02_second.md").unlink()
    assert main(["check"]) == 1
    broken, fresh = capsys.readouterr().out.splitlines()
    assert broken == "broken 02_second: page 02_second has no manuscript: book/02_second.md is missing"
    assert fresh == "fresh  01_first"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parts: [", "_toc.yml is no YAML"),
        ("", "_toc.yml must have parts"),
        ("[1]", "_toc.yml must have parts"),
        ("parts: 3", "_toc.yml must have parts"),
        ("parts: [{chapters: [3]}]", "_toc.yml must have parts"),
        ("chapters: [{file: 3}]", "_toc.yml must have parts"),
        ("parts: [{caption: x}]", "_toc.yml must have parts"),
        (None, "no _toc.yml in"),
    ],
)
def test_a_broken_table_of_contents_is_one_line(published, monkeypatch, capsys, text, said):
    monkeypatch.setattr(all_pages, "__defaults__", (published,))
    (published / "_toc.yml").unlink()
    if text is not None:
        (published / "_toc.yml").write_text(text)
    for command in ("check", "list", "execute"):
        assert main([command]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
