"""Staleness: what can change a number makes a page stale, what cannot does not."""

import re

from gru_book.pipeline import execute, provenance
from gru_book.pipeline.pages import all_pages, find_page
from small_book import FIRST, states, write_page


def test_what_can_change_a_number_makes_a_page_stale(published):
    page = find_page("01_first", published)

    def reason_after(path: str, old: str, new: str) -> tuple[str, str]:
        file = published / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        state = provenance.page_state(page)
        file.write_text(text)
        assert provenance.page_state(page) == ("fresh", "")
        return state

    assert reason_after("book/01_first.md", "number: int = 3", "number: int = 4") == (
        "stale", "changed since it ran: code; parameters: number",
    )  # fmt: skip
    assert reason_after("src/gru_book/small.py", "2 * n", "3 * n") == (
        "stale", "changed since it ran: definitions: twice",
    )  # fmt: skip
    assert reason_after("src/gru_book/small.py", "# why", "# because")[0] == "fresh"
    assert reason_after("src/gru_book/small.py", "Doc.", "Other documentation.")[0] == "fresh"
    assert reason_after("notebooks/01_first.ipynb", '"6\\n"', '"7\\n"')[1].startswith("its outputs are not those")
    assert reason_after("notebooks/01_first.ipynb", '"packages": {', '"packages": {"x": "1"')[0] == "stale"
    assert reason_after("notebooks/01_first.ipynb", '"writes": {', '"seconds": 3,\n   "writes": {')[1].startswith(
        "its record"
    )
    assert reason_after("notebooks/artifacts/01_first/numbers.json", "6", "7")[1].startswith("its artifacts are not")


def test_what_only_looks_or_lives_elsewhere_makes_nothing_stale(published):
    page = find_page("01_first", published)
    path = published / "book/01_first.md"
    text = path.read_text()
    path.write_text(text.replace(FIRST, f":tags: [hide-input]\n\n# Twice.\n{FIRST}"))
    assert provenance.page_state(page) == ("prose", "its text differs from the manuscript")
    helper = published / "src/gru_book/small.py"
    (published / "src/gru_book/tiny.py").write_text(helper.read_text())
    helper.unlink()
    path.write_text(text.replace("gru_book.small", "gru_book.tiny"))
    assert provenance.page_state(page)[0] == "prose"
    assert execute.bring_up_to_date([page]) == ["01_first: text refreshed"]
    assert "gru_book.tiny" in page.notebook.read_text()


def test_a_locked_version_counts_only_where_it_is_used(published):
    write_page(published, "01_first", FIRST.replace("print", "import numpy\nprint", 1))
    execute.bring_up_to_date(all_pages(published))
    lock = published / "requirements.txt"
    lock.write_text(re.sub("^keras==.*$", "keras==0.0", lock.read_text(), flags=re.M))
    assert states(published)["01_first"] == "fresh"
    lock.write_text(re.sub("^numpy==.*$", "numpy==0.0", lock.read_text(), flags=re.M))
    assert provenance.page_state(find_page("01_first", published))[1] == "changed since it ran: packages: numpy"
