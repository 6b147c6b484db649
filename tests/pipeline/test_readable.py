"""A notebook as JupyterLab shows it: numbers, works, figures and terms in the prose, captions, folded code."""

import json

import nbformat
import pytest

from gru_book.files import CHECKOUT
from gru_book.pipeline.pages import all_pages
from gru_book.pipeline.readable import ROLE, citations, readable

WORKS = {"cho2014": "Cho et al. 2014", "wang2012": "Wang and Manning 2012"}


def prose(source: str) -> str:
    """Return a line of prose as it is shown between a named figure and a number."""
    glued = nbformat.v4.new_output(
        "display_data", {"application/papermill.record/text/plain": "7.5 s"}, metadata={"scrapbook": {"name": "took"}}
    )
    figure = {"figure": {"caption": "Two lines {cite}`cho2014`.", "name": "fig-lines"}}
    cells = [
        nbformat.v4.new_markdown_cell(source),
        nbformat.v4.new_code_cell("glue('took', '7.5 s')", outputs=[glued]),
        nbformat.v4.new_code_cell("plot()", metadata={"mystnb": {"figure": {"caption": "First."}}}),
        nbformat.v4.new_code_cell("plot()", metadata={"mystnb": figure}),
    ]
    copy = nbformat.reads(readable(nbformat.writes(nbformat.v4.new_notebook(cells=cells)), WORKS), as_version=4)
    nbformat.validate(copy)
    assert [cell.cell_type for cell in copy.cells] == ["markdown", "code", "code", "markdown", "code", "markdown"]
    assert copy.cells[3].source == "*Figure 1.* First."
    assert copy.cells[5].source == "*Figure 2.* Two lines (Cho et al. 2014)."
    return copy.cells[0].source


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("It took {glue:text}`took`.", "It took 7.5 s."),
        ("So says {cite}`cho2014`.", "So says (Cho et al. 2014)."),
        ("So say {cite}`cho2014, wang2012`.", "So say (Cho et al. 2014; Wang and Manning 2012)."),
        ("As {cite:t}`cho2014` say", "As Cho et al. 2014 say"),
        ("see {numref}`fig-lines`", "see Figure 2"),
        ("an {term}`update gate` that is {term}`closed <gate>`", "an update gate that is closed"),
        ("an {ref}`exercise <ex-one>`", "an exercise"),
        ("see {eq}`eq-one` and $h_t$", "see {eq}`eq-one` and $h_t$"),
    ],
)
def test_what_a_page_only_names_is_filled_in(source, shown):
    assert prose(source) == shown


@pytest.mark.parametrize("role", ["{glue:text}`other`", "{cite}`other2000`", "{numref}`fig-other`", "{ref}`ex-other`"])
def test_what_is_not_known_stays(role):
    assert prose(f"see {role}") == f"see {role}"


@pytest.mark.parametrize("text", ["no notebook", "[1, 2]", "{}", "null"])
def test_what_is_no_notebook_stays(text):
    assert readable(text, WORKS) == text


def test_works_are_quoted_by_names_and_year(tmp_path):
    file = tmp_path / "references.bib"
    file.write_text(
        """@book{one, author = {van der Berg, A.}, title = {T}, year = {2001}}
@book{two, author = {{\\"O}zg{\\"u}r, A. and Lee, B.}, title = {T}, year = {2002}}
@book{three, author = {A, A. and B, B. and C, C.}, title = {T}, year = {2003}}
@misc{none, title = {A {Title}}}
""",
        encoding="utf-8",
    )
    quoted = {"one": "van der Berg 2001", "two": "Özgür and Lee 2002", "three": "A et al. 2003", "none": "A Title"}
    assert citations(file) == quoted
    assert citations(tmp_path / "missing.bib") == {}


@pytest.fixture(scope="module")
def works():
    return citations(CHECKOUT / "book/references.bib")


@pytest.mark.parametrize("name", [page.name for page in all_pages()])
def test_no_page_keeps_a_name_in_place_of_what_it_names(name, works):
    text = (CHECKOUT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    for cell in json.loads(readable(text, works))["cells"]:
        if cell["cell_type"] == "markdown":
            assert not ROLE.search(cell["source"]), ROLE.search(cell["source"])[0]
