"""Outputs of commands: refused before any work, nothing lost that a run did not make, nothing half in place."""

import errno
import json
import os
import shutil
from pathlib import Path

import nbformat
import pytest

from gru_book import files
from gru_book.errors import BookError, OutputError
from gru_book.files import WRITING, is_sealed, seal
from gru_book.pipeline import execute, study
from gru_book.pipeline.address import set_address
from gru_book.pipeline.outputs import artifacts_beside, check_output, free_output, is_rerun
from gru_book.pipeline.pages import all_pages, find_page
from gru_book.site import build as site
from pretence import all_files, pretend_to_run


@pytest.fixture
def desk(published, tmp_path) -> Path:
    """A folder of a reader's own, with all that somebody may name after -o."""
    desk = tmp_path / "desk"
    desk.mkdir()
    (desk / "thesis.ipynb").write_text("years of work")
    shutil.copy(published / "notebooks/01_first.ipynb", desk / "copied.ipynb")
    (desk / "forged.ipynb").write_text('{"metadata": {"rerun": {"content": "0"}}, "nbformat": 4, "cells": []}')
    (desk / "a_list.ipynb").write_text("[]")
    (desk / "folder.ipynb").mkdir()
    (desk / "link.ipynb").symlink_to("elsewhere.ipynb")
    (desk / "to_ours.ipynb").symlink_to(published / "notebooks/01_first.ipynb")
    os.mkfifo(desk / "pipe.ipynb")
    (desk / "file").write_text("no folder")
    (desk / "door").symlink_to(published / "notebooks")
    (desk / "results").mkdir()
    (desk / "results/data.csv").write_text("1,2\n")
    (desk / "mine.artifacts").mkdir()
    (desk / "mine.artifacts/data.csv").write_text("1,2\n")
    (desk / "sealed.artifacts/inner").mkdir(parents=True)
    (desk / "sealed.artifacts/inner/a.csv").write_text("1\n")
    seal(desk / "sealed.artifacts")
    (desk / "sealed.artifacts/notes.txt").write_text("added later")
    (desk / "linked.artifacts").symlink_to("results")
    return desk


REFUSED = {
    "": "must end in .ipynb",
    ".": "must end in .ipynb",
    "results": "must end in .ipynb",
    "out.txt": "must end in .ipynb",
    ".ipynb": "must end in .ipynb",
    "/dev/null": "must end in .ipynb",
    "thesis.ipynb": "a file that is not a notebook that gru-book run made",
    "copied.ipynb": "a file that is not a notebook that gru-book run made",
    "forged.ipynb": "a file that is not a notebook that gru-book run made",
    "a_list.ipynb": "a file that is not a notebook that gru-book run made",
    "folder.ipynb": "a folder that holds anything but a notebook",
    "link.ipynb": "a link",
    "to_ours.ipynb": "a link",
    "pipe.ipynb": "no plain file",
    "file/x.ipynb": "which is no folder",
    "thesis.ipynb/x.ipynb": "which is no folder",
    f"{'x' * 300}.ipynb": "longer than the 255 bytes",
    f"{'ü' * 130}.ipynb": "longer than the 255 bytes",
    f"{'x' * 246}.ipynb": "the folder of the output's artifacts is",  # the longer of the two names
    "~nobody_of_that_name/x.ipynb": "home",
    "door/new.ipynb": "in notebooks/, which holds the book itself",
    "door/artifacts/new.ipynb": "in notebooks/, which holds the book itself",
    "results/../door/new.ipynb": "in notebooks/, which holds the book itself",
    "{root}/notebooks/new.ipynb": "in notebooks/, which holds the book itself",
    "{root}/notebooks/01_first.ipynb": "is not a notebook that gru-book run made",
    "{root}/notebooks/deep/er/new.ipynb": "in notebooks/, which holds the book itself",
    "{root}/book/new.ipynb": "in book/, which holds the book itself",
    "{root}/src/../book/new.ipynb": "in book/, which holds the book itself",
    "mine.ipynb": "a folder that holds anything but a folder that gru-book run made",
    "sealed.ipynb": "a folder that holds anything but a folder that gru-book run made",
    "linked.ipynb": "a link",
}


@pytest.mark.parametrize("output", REFUSED)
def test_an_output_is_refused_before_the_page_runs_and_nothing_is_touched(output, desk, published, monkeypatch):
    ran = pretend_to_run(monkeypatch)
    monkeypatch.chdir(desk)
    before = all_files(desk), all_files(published)
    with pytest.raises(BookError) as error:
        execute.run(find_page("01_first", published), {}, output.format(root=published))
    assert REFUSED[output] in str(error.value)
    assert "\n" not in str(error.value)
    assert ran == []
    assert (all_files(desk), all_files(published)) == before


def test_a_notebook_beside_a_folder_of_its_name_leaves_that_folder_alone(desk, published, monkeypatch):
    pretend_to_run(monkeypatch)
    before = all_files(desk)
    output = execute.run(find_page("01_first", published), {}, desk / "results.ipynb")
    after = all_files(desk)
    assert {name: after[name] for name in before} == before
    assert sorted({name.split("/")[0] for name in {*after} - {*before}}) == ["results.artifacts", "results.ipynb"]
    assert json.loads((artifacts_beside(output) / "01_first/numbers.json").read_text()) == {"twice": 6}


def test_a_rerun_replaces_what_a_rerun_made_and_nothing_that_was_edited_since(desk, published, monkeypatch):
    pretend_to_run(monkeypatch)
    page, output = find_page("01_first", published), desk / "deep/er/out.ipynb"
    for number in (3, 4):
        assert execute.run(page, {"number": number}, output) == output
        assert json.loads((artifacts_beside(output) / "01_first/numbers.json").read_text()) == {"twice": 2 * number}
    assert is_rerun(output)
    assert is_sealed(artifacts_beside(output))
    assert not list(output.parent.glob(f"{WRITING}*"))
    execute.run(find_page("02_second", published), {}, output)  # this page writes nothing
    assert not artifacts_beside(output).exists()
    text = output.read_text()
    output.write_text(json.dumps(json.loads(text)))  # saved by another program, with other spaces: still what was made
    execute.run(page, {}, output)
    output.write_text(output.read_text().replace("Some words.", "My own words."))
    with pytest.raises(OutputError, match="a file that is not a notebook that gru-book run made and nobody changed"):
        execute.run(page, {}, output)
    assert "My own words." in output.read_text()


def test_what_is_added_to_artifacts_or_changed_in_them_is_safe(desk, published, monkeypatch):
    ran = pretend_to_run(monkeypatch)
    page = find_page("01_first", published)
    for number, change in enumerate(("01_first/numbers.json", "01_first/notes.txt", "new/notes.txt", ".gru-book.json")):
        output = execute.run(page, {}, desk / f"out{number}.ipynb")
        changed = artifacts_beside(output) / change
        changed.parent.mkdir(exist_ok=True)
        changed.write_text("mine")
        with pytest.raises(OutputError, match="artifacts"):
            execute.run(page, {}, output)
        assert changed.read_text() == "mine"
    assert len(ran) == 4


def test_without_a_name_an_edited_rerun_gets_a_neighbour(published, monkeypatch):
    pretend_to_run(monkeypatch)
    page = find_page("01_first", published)
    first = execute.run(page, {"number": 5})
    assert execute.run(page, {"number": 5}) == first == published / "_runs/01_first-number_5.ipynb"
    first.write_text(first.read_text().replace("Some words.", "My own words."))
    assert execute.run(page, {"number": 5}) == published / "_runs/01_first-number_5-2.ipynb"
    assert "My own words." in first.read_text()


def test_names_made_of_values_are_short_and_differ(book):
    names = [free_output("01_first", {"label": label}, book).name for label in ("a/b", "a b", "ü" * 500, "ü" * 501)]
    assert len({*names}) == 4
    assert max(len(os.fsencode(name)) for name in names) < 200
    assert free_output("01_first", {"number": 3}, book).name == "01_first-number_3.ipynb"


def test_a_file_that_appears_during_the_run_is_not_overwritten_and_the_run_is_kept(desk, published, monkeypatch):
    output = desk / "new.ipynb"
    pretend_to_run(monkeypatch, lambda executed: output.write_text("mine"))
    with pytest.raises(BookError, match=r"new.ipynb.*the run as far as it came: _runs/failed/01_first.ipynb"):
        execute.run(find_page("01_first", published), {}, output)
    assert output.read_text() == "mine"
    assert not artifacts_beside(output).exists()
    assert (published / "_runs/failed/01_first.ipynb").is_file()


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_that_fills_up_while_results_are_put_in_place_leaves_the_old_ones(desk, published, monkeypatch):
    pretend_to_run(monkeypatch)
    page = find_page("01_first", published)
    output = execute.run(page, {}, desk / "out.ipynb")
    before = all_files(desk), all_files(published)
    with monkeypatch.context() as patched:
        patched.setattr(execute, "as_text", full)
        for act in (lambda: execute.run(page, {"number": 4}, output), lambda: execute.publish(page)):
            with pytest.raises(BookError, match="No space left.*_runs/failed/01_first.ipynb"):
                act()
    monkeypatch.setattr(files.os, "rename", full)
    with pytest.raises(BookError, match="No space left"):
        execute.run(page, {"number": 4}, output)
    assert (all_files(desk), all_files(published)) == before


def test_artifacts_come_whole_from_another_file_system(desk, published, monkeypatch):
    pretend_to_run(monkeypatch)
    rename = os.rename

    def other_file_system(old, new):
        if f"_runs{os.sep}" in os.fspath(old) and f"_runs{os.sep}" not in os.fspath(new):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        rename(old, new)

    monkeypatch.setattr(files.os, "rename", other_file_system)
    page = find_page("01_first", published)
    output = execute.run(page, {}, desk / "out.ipynb")
    assert is_sealed(artifacts_beside(output))
    execute.publish(page)
    assert execute.bring_up_to_date([page]) == []
    monkeypatch.setattr(files.shutil, "copytree", full)
    before = all_files(published)
    with pytest.raises(BookError, match="No space left"):
        execute.publish(page)
    assert all_files(published) == before


# ---- what `execute` replaces


def test_execute_keeps_what_is_not_its_own(published, monkeypatch, capsys):
    pretend_to_run(monkeypatch)
    page = find_page("01_first", published)
    execute.publish(page)
    assert not (published / "_runs/kept").exists()
    (page.artifacts / "notes.txt").write_text("mine")
    page.notebook.write_text(page.notebook.read_text().replace("Some words.", "My own words."))
    execute.publish(page)
    assert "My own words." in (published / "_runs/kept/01_first.ipynb").read_text()
    assert (published / "_runs/kept/01_first/notes.txt").read_text() == "mine"
    assert sorted(path.name for path in page.artifacts.iterdir()) == ["numbers.json"]
    said = capsys.readouterr().err
    assert "kept as _runs/kept/01_first.ipynb" in said
    assert "kept as _runs/kept/01_first" in said
    page.notebook.write_text("<<<<<<< a conflict that git left")
    assert execute.bring_up_to_date([page]) == ["01_first: executed"]
    assert (published / "_runs/kept/01_first-2.ipynb").read_text().startswith("<<<<<<<")


def test_execute_refuses_at_once_what_it_cannot_replace(published, monkeypatch):
    ran = pretend_to_run(monkeypatch)
    page = find_page("01_first", published)
    page.notebook.unlink()
    os.mkfifo(page.notebook)
    with pytest.raises(BookError, match="the notebook of page 01_first is .*no plain file"):
        execute.publish(page)
    page.notebook.unlink()
    shutil.rmtree(page.artifacts)
    page.artifacts.write_text("a file")
    with pytest.raises(BookError, match="the folder of the artifacts of page 01_first is"):
        execute.publish(page)
    assert ran == []
    assert page.artifacts.read_text() == "a file"


def test_a_notebook_that_is_a_link_stays_one(published, tmp_path, monkeypatch):
    pretend_to_run(monkeypatch, shows="7\n")
    page, target = find_page("01_first", published), tmp_path / "on_another_disk.ipynb"
    page.notebook.rename(target)
    page.notebook.symlink_to(target)
    execute.publish(page)
    assert page.notebook.is_symlink()
    assert nbformat.read(target, 4).cells[1].outputs[0].text == "7\n"


def test_pages_that_were_finished_before_a_failure_are_named(published, monkeypatch):
    def fail(executed):
        if executed.stem == "02_second":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    pretend_to_run(monkeypatch, fail)
    with pytest.raises(BookError, match="02_second could not be run.*; finished before: 01_first: executed"):
        execute.bring_up_to_date(all_pages(published), force=True)


# ---- study, site, address


def test_an_edited_table_of_a_study_is_kept(book, monkeypatch, capsys):
    (book / "src/gru_book/studies/ones.py").write_text(
        'TITLE = "Ones"\n\n\ndef cases():\n    return [{"n": 1}]\n\n\ndef run_case(n):\n    return [{"one": n}]\n'
    )
    monkeypatch.setattr("gru_book.studies.__path__", [str(book / "src/gru_book/studies")])
    table = study.run_study("ones", book)
    assert not (book / "_runs/kept").exists()
    table.write_text("n,one\n1,2\n")
    study.run_study("ones", book)
    assert table.read_text() == "n,one\n1,1\n"
    assert (book / "_runs/kept/ones.csv").read_text() == "n,one\n1,2\n"
    assert "kept as _runs/kept/ones.csv" in capsys.readouterr().err
    table.unlink()
    table.mkdir()
    with pytest.raises(OutputError, match="the table of study ones is"):
        study.run_study("ones", book, again=True)


@pytest.fixture
def small_site(book, monkeypatch) -> Path:
    """A book whose site is "built" without Sphinx."""
    (book / "_config.yml").write_text("title: A book\n")

    def build(*arguments, **options):
        (book / "_build/html/index.html").write_text("new")
        return site.subprocess.CompletedProcess(arguments, 0, "", "")

    monkeypatch.setattr(site.subprocess, "run", build)
    return book


def test_a_folder_that_no_build_made_is_not_taken_for_the_site(small_site):
    html = small_site / "_build/html"
    html.mkdir(parents=True)
    (html / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="the folder of the site is .*anything but a site that gru-book built"):
        site.build(small_site / "_build", root=small_site)
    assert (html / "thesis.txt").read_text() == "years of work"
    html.rename(small_site / "elsewhere")
    html.symlink_to(small_site / "elsewhere")
    with pytest.raises(OutputError, match="a link"):
        site.build(small_site / "_build", root=small_site)
    html.unlink()
    html.write_text("a file")
    with pytest.raises(OutputError, match="the folder of the site is"):
        site.build(small_site / "_build", root=small_site)


def test_the_site_replaces_the_site_before_it_also_one_cut_short(small_site):
    for _ in range(2):
        assert site.build(small_site / "_build", root=small_site).read_text() == "new"
        (small_site / "_build/html/old.html").write_text("a page that went")
    assert site.build(small_site / "_build", root=small_site).is_file()
    assert not (small_site / "_build/html/old.html").exists()


def test_an_address_is_written_everywhere_or_nowhere(tmp_path, monkeypatch):
    texts = {tmp_path / name: "new" for name in ("a", "b", "c")}
    for path in texts:
        path.write_text("old")
    (tmp_path / "b").unlink()
    (tmp_path / "b").mkdir()
    monkeypatch.setattr("gru_book.pipeline.address.changes", lambda address, root: texts)
    with pytest.raises(OutputError, match="b: it is a folder"):
        set_address(None, tmp_path)
    assert (tmp_path / "a").read_text() == (tmp_path / "c").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


def test_checking_an_output_leaves_nothing_behind(desk, published):
    before = all_files(desk)
    assert check_output(desk / "not/yet/there.ipynb", published) == desk / "not/yet/there.ipynb"
    assert all_files(desk) == before
