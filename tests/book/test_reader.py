"""What a reader meets on a page: how soon a picture comes, how much of the code is plumbing, what fits a phone."""

import re

import pytest

from gru_book.pipeline.pages import all_pages
from gru_book.pipeline.readable import FOLDED

PLUMBING = re.compile(
    r"^\s*(import |from \S+ import|glue\(|verdict\(|check_parameters|rerun_table|style\.use|publish\(|print\(|"
    r"artifacts\.|f\"|[\])}]+,?$|%pip)|\.map\(|\.format\b|\.rename_axis|\.style\b|set_index\("
)
WIDEST = 80  # characters of a code line that the site shows whole
SMALLEST_TEXT = 11  # pixels, on a phone that is 390 pixels wide
# Pages that have not been rewritten for the reader yet.
FIRST_EDITION = {
    "41_tuning",
    "54_conventions",
}
PAGES = [page for page in all_pages() if page.name not in FIRST_EDITION]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def is_picture(output) -> bool:
    data = output.get("data", {})
    return any(kind.startswith("image/") or "data-gru-book" in str(text) for kind, text in data.items())


def meets(page) -> dict:
    """Return words and lines of unfolded code before the first picture, all unfolded lines, their plumbing."""
    found = {"words": 0, "lines": 0, "shown": [], "plumbing": 0}
    seen = False
    for cell in page.read_notebook().cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"\$\$.*?\$\$|```.*?```|:::.*?:::|\{[a-z:]+\}", " ", cell.source, flags=re.DOTALL)
            seen = seen or "data-gru-book" in cell.source
            found["words"] += 0 if seen else len(text.split())
            continue
        if not FOLDED & set(cell.metadata.get("tags", [])):
            lines = [line for line in cell.source.splitlines() if line.strip()]
            found["shown"] += lines
            found["plumbing"] += sum(bool(PLUMBING.search(line)) for line in lines)
            found["lines"] += 0 if seen else len(lines)
        seen = seen or any(map(is_picture, cell.outputs))
    return found


def test_the_list_of_old_pages_holds_only_pages():
    assert {page.name for page in all_pages()} >= FIRST_EDITION


@every_page
def test_a_picture_comes_on_the_first_screen(page):
    found = meets(page)
    assert found["words"] <= 150
    assert found["lines"] <= 15


@every_page
def test_the_code_in_sight_is_the_lesson(page):
    found = meets(page)
    assert found["plumbing"] <= 0.1 * max(len(found["shown"]), 1), f"{found['plumbing']} of {len(found['shown'])} lines"


@every_page
def test_no_line_of_code_in_sight_is_cut_off(page):
    assert [line for line in meets(page)["shown"] if len(line) > WIDEST] == []


@every_page
def test_the_text_in_every_picture_can_be_read_on_a_phone(page):
    last = [cell for cell in page.read_notebook().cells if cell.cell_type == "code"][-1]
    sizes = last.outputs[0].metadata.figures.smallest_texts
    assert sizes
    assert min(sizes) >= SMALLEST_TEXT, sizes


@every_page
def test_the_frame_of_a_page_for_the_reader(page):
    cells = [cell for cell in page.read_notebook().cells if cell.cell_type == "code"]
    tags = [tuple(cell.metadata.get("tags", [])) for cell in cells]
    assert tags[:4] == [("setup", "remove-cell"), ("hide-input",), ("parameters", "remove-cell"), ("remove-cell",)]
    assert cells[1].metadata.mystnb.code_prompt_show == "Set-up and parameters"
    assert cells[3].source.startswith("check_parameters()")
    text = "\n".join(cell.source for cell in page.read_notebook().cells if cell.cell_type == "markdown")
    assert text.index("**You will learn**") < text.index("\n## ")
    for grade in ("Warm-up", "Practice"):
        assert f"{{exercise-start}} {grade}: " in text, grade
    assert not re.search(r"\bclaim\(", "".join(cell.source for cell in cells)), "verdict() has three outcomes"
