"""Verification: a record is renewed only where a run shows and writes the same."""

import subprocess

import pytest

from gru_book.errors import BookError
from gru_book.pipeline import execute, provenance, verify
from gru_book.pipeline.pages import find_page
from small_book import FIRST, printed, snapshot, write_page


def test_verify_renews_a_record_only_where_everything_is_equal(published):
    page = find_page("01_first", published)
    helper, record = published / "src/gru_book/small.py", page.read_notebook().metadata["provenance"]
    helper.write_text(helper.read_text().replace("2 * n", "n + n"))
    assert provenance.page_state(page) == ("stale", "changed since it ran: definitions: twice")
    outputs = [cell.get("outputs") for cell in page.read_notebook().cells]
    assert verify.verify_page(page) == "1 outputs equal, 0 of them pictures"
    assert provenance.page_state(page) == ("fresh", "")
    renewed = page.read_notebook()
    assert [cell.get("outputs") for cell in renewed.cells] == outputs
    assert renewed.metadata["provenance"]["verified"] == "executed again: 1 outputs equal, 0 of them pictures"
    assert "verified" not in record
    before = snapshot(published)
    helper.write_text(helper.read_text().replace("n + n", "3 * n"))
    with pytest.raises(BookError, match=r"page 01_first, code cell 2 \('from gru.*'\): published '6', now '9'"):
        verify.verify_page(page)
    write_page(
        published, "01_first", FIRST.replace("print(twice(number))", "print(6)").replace(": twice(", ": 1 + twice(")
    )
    helper.write_text(helper.read_text().replace("3 * n", "2 * n"))
    with pytest.raises(BookError, match="page 01_first writes another numbers.json"):
        verify.verify_page(page)
    assert snapshot(published) == before


def test_verify_compares_pictures_by_what_they_show(published):
    code = "import matplotlib.pyplot as plt\n\nfig, ax = plt.subplots()\nax.plot([0, {}], [0, 1])\nplt.show()"
    write_page(published, "01_first", code.format(1))
    page = find_page("01_first", published)
    execute.publish(page)
    write_page(published, "01_first", code.format("2 - 1"))
    assert verify.verify_page(page) == "1 outputs equal, 1 of them pictures"
    write_page(published, "01_first", code.format(2))
    with pytest.raises(BookError, match="its picture is another"):
        verify.verify_page(page)


def test_verify_against_a_revision_runs_both_sides_here(published, monkeypatch):
    """As on a processor that rounds otherwise: what is published cannot be made again, old and new code agree."""
    (published / "weather").write_text("1")
    write_page(published, "01_first", FIRST.replace("print(", "print(open('../weather').read(), "))
    page = find_page("01_first", published)
    execute.publish(page)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    for step in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *step], cwd=published, check=True)
    before = page.notebook.read_bytes()
    (published / "weather").write_text("2")
    subprocess.run([*git, "commit", "-qam", "weather"], cwd=published, check=True)
    helper = published / "src/gru_book/small.py"
    helper.write_text(helper.read_text().replace("2 * n", "n + n"))
    with pytest.raises(BookError, match="published '1 6', now '2 6'"):
        verify.verify_page(page)
    with verify.checkout_of("HEAD", published) as checkout:
        assert verify.verify_page(page, checkout) == "1 outputs equal, 0 of them pictures"
        assert provenance.page_state(page) == ("fresh", "")
        said = page.read_notebook().metadata["provenance"]["verified"]
        assert said.startswith(f"executed again with the code of today and of {checkout.name}: ")
        helper.write_text(helper.read_text().replace("n + n", "3 * n"))
        with pytest.raises(BookError, match="published '2 6', now '2 9'"):
            verify.verify_page(page, checkout)
    assert not checkout.exists()
    assert printed(page.notebook) == "1 6\n" != before
    with pytest.raises(BookError, match="--against 'nowhere' is no commit"), verify.checkout_of("nowhere", published):
        pass


def test_verify_refuses_what_was_not_made_by_a_run(published):
    page = find_page("01_first", published)
    page.notebook.write_text(page.notebook.read_text().replace('"6\\n"', '"7\\n"'))
    with pytest.raises(BookError, match="cannot be verified: its outputs are not those of the recorded run"):
        verify.verify_page(page)
    page.notebook.unlink()
    with pytest.raises(BookError, match="has never been executed"):
        verify.verify_page(page)
