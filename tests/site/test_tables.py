"""What the site shows is what the cells displayed: each table by row, column and heading, each text by its words."""

import json

import pandas as pd
import pytest
from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt

from gru_book.notebook.tables import sortable_table
from gru_book.site.tables import correct_tables
from site_pages import CHAPTERS, CHECKOUT
from watching import axe_violations, watch

SHOWN = ["text/html", "image/png", "text/markdown", "text/plain"]  # a reader sees the first of these
MARKDOWN = MarkdownIt("commonmark").enable("table")
STRAIGHT = str.maketrans("‘’“”", "''\"\"")  # the site sets quotation marks of Markdown as a printer does


def parse(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def words(element: Tag) -> str:
    return " ".join(element.get_text().split()).translate(STRAIGHT)


def grid(table: Tag, group: str) -> dict[tuple[int, int], Tag]:
    """Return which cell fills each row and column of a table's head or body."""
    cells = {}
    rows = [row for row in table.find_all("tr") if row.parent.name == group and row.find_parent("table") is table]
    for y, row in enumerate(rows):
        x = 0
        for cell in row.find_all(["th", "td"], recursive=False):
            while (y, x) in cells:
                x += 1
            for down in range(int(cell.get("rowspan", 1))):
                for right in range(int(cell.get("colspan", 1))):
                    assert (y + down, x + right) not in cells
                    cells[y + down, x + right] = cell
    assert {y for y, _ in cells} == set(range(len(rows)))
    return dict(sorted(cells.items()))


def once(cells: list[Tag]) -> tuple[str, ...]:
    """Return the words of some cells: of one that fills several places once, of a blank one never."""
    return tuple(words(cell) for cell in {id(cell): cell for cell in cells}.values() if words(cell))


def read(table: Tag) -> dict:
    """Return what a table says, however its headings are laid out: what stands in each cell, and the words around it.

    columns: the headings of each column. rows: those of each row. beside: pairs of headings of the head that share a
    row, each with its column.
    """
    head, body = grid(table, "thead"), grid(table, "tbody")
    cells = [cell for cell in table.find_all(["th", "td"]) if cell.find_parent("table") is table]
    assert len({*map(id, head.values()), *map(id, body.values())}) == len(cells)
    pairs = [(one, x, other, also) for (y, x), one in head.items() for (row, also), other in head.items() if row == y]
    headings = [(y, cell) for (y, _), cell in body.items() if cell.name == "th"]
    return {
        "captions": [words(caption) for caption in table.find_all("caption", recursive=False)],
        "columns": {x: once([cell for (_, column), cell in head.items() if column == x]) for _, x in head},
        "rows": {y: once([cell for row, cell in headings if row == y]) for y, _ in body},
        "cells": {place: words(cell) for place, cell in body.items()},
        "beside": {(words(a), x, words(b), y) for a, x, b, y in pairs if x < y and words(a) and words(b)},
    }


def differences(found: dict, expected: dict) -> dict:
    """Return what differs between two tables. Headings that share a row must still do so; others may, too."""
    seen = {**found, "beside": found["beside"] & expected["beside"]}
    return {key: (seen[key], value) for key, value in expected.items() if seen[key] != value}


# --- the pages of the site -------------------------------------------------------------------------------------------


def block(element: Tag) -> tuple[str, list[Tag]]:
    """Return an element's text without its tables, with its lines where it is preformatted, and the tables."""
    if element.name in ("figure", "img"):
        return "a picture", []
    element = parse(str(element))
    tables = [table.extract() for table in element.find_all("table")]
    for code in element.find_all(["script", "style"]):
        code.extract()
    return lines(element.get_text()) if element.find("pre") else words(element), tables


def lines(text: str) -> str:
    """Return a text without what nobody sees at its ends."""
    return text.lstrip("\n").rstrip()


def displayed(cell: dict) -> list[tuple[str, list[Tag]]]:
    """Return the blocks, one below the other, that a notebook's cell displayed: of each the text and the tables."""
    blocks, stream = [], None
    for output in cell["outputs"]:
        data = output.get("data", {})
        kind = next((kind for kind in SHOWN if kind in data), None)
        content = "".join(data[kind] if kind else output.get("text", ""))
        if output["output_type"] == "stream" and stream == output["name"]:
            blocks[-1] = (blocks[-1][0] + "\n" + lines(content), [])
        elif kind == "text/html":
            blocks.append(block(parse(content)))
        elif kind == "text/markdown":
            blocks += [block(part) for part in parse(MARKDOWN.render(content)).find_all(True, recursive=False)]
        elif kind == "image/png":
            blocks.append(("a picture", []))
        elif content:
            blocks.append((lines(content), []))
        else:  # a value that the page's prose quotes; what is printed before and after it stands together
            assert [*data] == ["application/papermill.record/text/plain"]
            continue
        stream = output.get("name")
    return blocks


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_page_shows_what_its_cells_displayed(site, soups, name):
    notebook = json.loads((CHECKOUT / f"{name}.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    cells = [cell for cell in code if "remove-cell" not in cell["metadata"].get("tags", [])]
    page = soups[site / f"{name}.html"]
    texts, tables = [], []  # pairs: on the page, in the notebook
    for cell, place in zip(cells, page.select("div.cell"), strict=True):
        parts = [
            part for outputs in place.select("div.cell_output") for part in outputs.find_all(True, recursive=False)
        ]
        for (text, inside), (original, originals) in zip(map(block, parts), displayed(cell), strict=True):
            texts.append((text, original))
            tables += zip(inside, originals, strict=True)
    assert [found for found, _ in texts] == [expected for _, expected in texts]
    wrong = [differences(read(found), read(expected)) for found, expected in tables]
    assert not [(number, difference) for number, difference in enumerate(wrong) if difference]
    outputs = [output.get("data", {}) for cell in cells for output in cell["outputs"]]
    html = "".join("".join(data.get("text/html", "")) for data in outputs)
    markdown = "".join("".join(data.get("text/markdown", "")) for data in outputs)
    assert (
        html.count("<table") + markdown.count("\n| ---") == len(page.select("div.cell_output table")) == len(tables) > 0
    )


# --- tables of all kinds ---------------------------------------------------------------------------------------------


def axes(labels: list, *names) -> list[pd.Index]:
    """Return the labels of an axis with different names of its levels."""
    if isinstance(labels[0], tuple):
        return [pd.MultiIndex.from_tuples(labels, names=name) for name in names]
    return [pd.Index(labels, name=name) for name in names]


ROWS = [
    *axes(["p", "q", "r", "s"], None, "row"),
    *axes(
        [("x", 0.1), ("x", 0.2), ("y", 0.1), ("y", 0.1)], [None, None], ["cell", "rate"], ["cell", None], [None, "rate"]
    ),
    *axes([("x", 1, "p"), ("x", 1, "q"), ("x", 2, "q"), ("y", 2, "")], ["cell", "rate", "seed"]),
    *axes(["", "", "", ""], None, "row"),
]
COLUMNS = [
    *axes(["a", "b", "c"], None, "kind"),
    *axes(["", "b", ""], None, "kind"),
    *axes(
        [("GRU", "train"), ("GRU", "test"), ("LSTM", "test")],
        [None, None],
        ["model", "part"],
        ["model", None],
        [None, "part"],
    ),
    *axes([("total", ""), ("GRU", "train"), ("GRU", "test")], [None, None], ["model", "part"]),
    *axes([("", "rest"), ("GRU", ""), ("GRU", "test")], [None, None], ["model", "part"]),
    *axes([("M", "GRU", "a"), ("M", "GRU", "b"), ("M", "LSTM", "a")], [None, None, None], ["k", "l", "m"]),
]


def frames(rows: list[pd.Index] = ROWS, columns: list[pd.Index] = COLUMNS) -> list[pd.DataFrame]:
    """Return a table for each pair of axes; every number in it is another."""
    numbers = [[10 * y + x for x in range(3)] for y in range(1, 5)]
    return [pd.DataFrame(numbers, row, column) for row in rows for column in columns]


def truncated(frame: pd.DataFrame) -> str:
    with pd.option_context("display.max_rows", 2, "display.max_columns", 2):
        return frame._repr_html_()


def styled(frame: pd.DataFrame) -> str:
    """Return what a Styler shows of a table; it wants labels that differ."""
    return frame.loc[~frame.index.duplicated(), ~frame.columns.duplicated()].style.to_html()


DISPLAYS = {
    "as it is": pd.DataFrame._repr_html_,
    "each label written out": lambda frame: frame.to_html(sparsify=False),
    "without its index": lambda frame: frame.to_html(index=False),
    "truncated": truncated,
    "without rows": lambda frame: frame.iloc[:0]._repr_html_(),
    "without columns": lambda frame: frame.iloc[:, :0]._repr_html_(),
    "empty": lambda frame: frame.iloc[:0, :0]._repr_html_(),
    "by a Styler": styled,
    "by a Styler without its index": lambda frame: frame.iloc[:1, :1].style.hide(axis="index").to_html(),
    "as it is already": lambda frame: correct_tables(frame._repr_html_())[0],
}


@pytest.mark.parametrize("display", DISPLAYS.values(), ids=DISPLAYS)
def test_a_table_says_what_it_said_and_each_heading_what_it_heads(display):
    for frame in frames():
        original = display(frame)
        table = parse(correct_tables(original)[0]).table
        assert not differences(read(table), read(parse(original).table))
        assert all(words(heading) and heading["scope"] in ("row", "col") for heading in table.find_all("th"))
        assert not table.find_all(border=True) + table.find_all(valign=True) + table.find_all(halign=True)


def head(html: str) -> list[list[str]]:
    """Return the rows of a table's head: of each cell its text, scope and size (`text|scope|rows×columns`)."""
    rows = parse(correct_tables(html)[0]).thead.find_all("tr")
    return [
        [
            f"{words(c)}|{c.get('scope', '')}|{c.get('rowspan', 1)}×{c.get('colspan', 1)}"
            for c in row.find_all(["th", "td"])
        ]
        for row in rows
    ]


def test_names_of_levels_stand_where_pandas_puts_them():
    (plain, kind), (simple, deep, half) = COLUMNS[:2], COLUMNS[4:7]
    unnamed, named, levels = ROWS[0], ROWS[1], ROWS[3]
    of = {
        (i, j): head(frames([row], [column])[0]._repr_html_())
        for i, row in {"unnamed": unnamed, "named": named, "levels": levels}.items()
        for j, column in {"plain": plain, "kind": kind, "simple": simple, "deep": deep, "half": half}.items()
    }
    assert of["unnamed", "plain"] == [["||1×1", "a|col|1×1", "b|col|1×1", "c|col|1×1"]]
    assert of["unnamed", "kind"] == [["kind|row|1×1", "a|col|1×1", "b|col|1×1", "c|col|1×1"]]
    assert of["named", "plain"] == [["row|col|1×1", "a|col|1×1", "b|col|1×1", "c|col|1×1"]]
    assert of["levels", "plain"] == [["cell|col|1×1", "rate|col|1×1", "a|col|1×1", "b|col|1×1", "c|col|1×1"]]
    assert of["levels", "kind"] == [
        ["cell|col|2×1", "kind|row|1×1", "a|col|2×1", "b|col|2×1", "c|col|2×1"],
        ["rate|col|1×1"],
    ]
    assert of["levels", "simple"] == [
        ["cell|col|2×1", "rate|col|2×1", "GRU|col|1×2", "LSTM|col|1×1"],
        ["train|col|1×1", "test|col|1×1", "test|col|1×1"],
    ]
    assert of["levels", "deep"] == [
        ["cell|col|3×1", "model|row|1×1", "GRU|col|1×2", "LSTM|col|1×1"],
        ["part|row|1×1", "train|col|2×1", "test|col|2×1", "test|col|2×1"],
        ["rate|col|1×1"],
    ]
    assert of["levels", "half"] == [
        ["cell|col|2×1", "model|row|1×1", "GRU|col|1×2", "LSTM|col|1×1"],
        ["rate|col|1×1", "train|col|1×1", "test|col|1×1", "test|col|1×1"],
    ]


def test_headings_stay_words_of_their_own_where_tags_are_stripped():
    table = parse(correct_tables(frames([ROWS[3]], [COLUMNS[1]])[0]._repr_html_())[0])
    assert table.thead.get_text().split() == ["cell", "kind", "a", "b", "c", "rate"]


def test_rows_of_several_levels_keep_their_headings():
    table = parse(correct_tables(frames([ROWS[6]], [COLUMNS[1]])[0]._repr_html_())[0]).table
    rows = [[(words(c), c.get("scope"), c.get("rowspan")) for c in r.find_all(["th", "td"])] for r in table.tbody("tr")]
    assert rows[0][:4] == [("x", "row", "3"), ("1", "row", "2"), ("p", "row", None), ("10", None, None)]
    assert rows[1][:2] == [("q", "row", None), ("20", None, None)]
    assert rows[3][:4] == [("y", "row", None), ("2", "row", None), ("", None, None), ("40", None, None)]


def test_what_stands_in_a_cell_stays_as_it_is():
    odd = [
        "<b> & &lt; \"'",
        "a\u00a0b — é 語",
        '<a href="x.html?a=1&amp;b=2">a <em>link</em></a>',
        "<img alt='' src='i.png'>",
    ]
    odd.append(
        "<table><thead><tr><th></th><th>in</th></tr></thead><tbody><tr><th>side</th><td>1</td></tr></tbody></table>"
    )
    for escape in (True, False):
        original = pd.DataFrame([odd], index=pd.Index(odd[2:3], name=odd[1]), columns=odd).to_html(escape=escape)
        found, expected = (
            [
                "nested" if cell.table else cell.decode_contents().strip()
                for cell in parse(html).table.find_all(["th", "td"])
                if cell.find_parent("table").find_parent("table") is None and cell.contents
            ]
            for html in (correct_tables(original)[0], original)
        )
        assert sorted(found) == sorted(expected)
        assert len(found) == 2 * len(odd) + 2
    assert parse(correct_tables(original)[0]).img.parent.name == "th"
    nested = parse(correct_tables(original)[0]).table.table
    assert [(cell.name, cell.text) for cell in nested.find_all(["th", "td"])][:2] == [("td", ""), ("th", "in")]


def test_style_sheets_leave_the_output_and_only_those_of_a_styler_stay():
    table, style = correct_tables(frames()[0]._repr_html_())
    assert "<style" not in table
    assert style == ""
    table, style = correct_tables(pd.DataFrame({"a": [1]}).style.highlight_min(color="red").to_html())
    assert "<style" not in table
    selector = "#" + parse(table).select_one("tbody td")["id"]
    assert parse(style).style.text.split() == [selector, "{", "background-color:", "red;", "}"]


SORTABLE = pd.DataFrame({"P": [0.9, 0.1], "end": ["<b>&", "a > b"]}, index=pd.Index([7, 8], name="review"))


def test_a_sortable_table_stays_as_it_is():
    original = sortable_table(SORTABLE, "Errors & ends")
    corrected = parse(correct_tables(original)[0])
    assert not differences(read(corrected.table), read(parse(original).table))
    assert [heading["scope"] for heading in corrected.find_all("th")] == ["col"] * 3 + ["row"] * 2
    assert corrected.script.string == parse(original).script.string


def test_tables_of_all_kinds_are_accessible(browser_page, tmp_path):
    tables = [display(frame) for display in DISPLAYS.values() for frame in frames()[::7]]
    tables = [correct_tables(table)[0] for table in [*tables, sortable_table(SORTABLE, "Errors")]]
    page = (
        f"<!DOCTYPE html><html lang='en'><head><title>Tables</title></head><body><main><h1>Tables</h1>{''.join(tables)}"
    )
    (tmp_path / "tables.html").write_text(page + "</main></body></html>", encoding="utf-8")
    troubles = watch(browser_page)
    browser_page.goto((tmp_path / "tables.html").as_uri())
    assert not axe_violations(browser_page)
    assert browser_page.locator("table").count() == len(tables)
    browser_page.get_by_role("button", name="P").click()
    assert browser_page.locator("table.sortable tbody th").all_inner_texts() == ["8", "7"]
    assert not troubles
