"""Make the tables that cells display valid HTML that a screen reader can follow, without moving what is in them.

pandas writes the names of the columns and of the index into rows of their own, pads those with blank headings, and
says of no heading what it heads. Here every heading says whether it heads a column or a row, those of columns take over
the blanks above and below them, and a blank that is left is a plain cell.
"""

from dataclasses import dataclass
from itertools import groupby, product, takewhile

from bs4 import BeautifulSoup, Tag

OBSOLETE = ("border", "halign", "valign")  # attributes of pandas that HTML no longer has


@dataclass
class Place:
    """A cell of a table's head, and the rows and columns that it fills: from top to before bottom, left to right."""

    cell: Tag
    top: int
    bottom: int
    left: int
    right: int


def correct_tables(output: str) -> tuple[str, str]:
    """Return an HTML output with each of its tables corrected, and the style sheets that belong in the page's head.

    The style that pandas adds to every table is left out, since the book has its own; that of a Styler is kept.
    """
    soup = BeautifulSoup(output, "html.parser")
    styles = [style.extract() for style in soup.find_all("style")]
    for table in soup.find_all("table"):
        correct_table(table)
    return str(soup), "".join(str(style) for style in styles if style.text.strip() and not style.has_attr("scoped"))


def correct_table(table: Tag) -> None:
    """Rewrite the headings of a `<table>` in place. Each cell keeps its text and the columns that it stands in."""
    head, body = rows_of(table, "thead"), rows_of(table, "tbody")
    index = takewhile(lambda cell: cell.name == "th", cells_of(body[0])) if body else ()
    num_index = sum(span(cell, "colspan") for cell in index)  # columns of row headings
    places = lay_out(head)
    mark_index_names(places, len(head), num_index)
    for place in places:
        mark(place.cell, "col")
    write_head(head, fill_blanks(places))
    for cell in (cell for row in body for cell in cells_of(row)):
        mark(cell, "row")
    for element in [table, *table.find_all(["tr", "th", "td"])]:
        for name in OBSOLETE:
            del element[name]


def rows_of(table: Tag, group: str) -> list[Tag]:
    """Return the rows of a table's `thead` or `tbody`, not those of a table inside one of its cells."""
    return [row for part in table.find_all(group, recursive=False) for row in part.find_all("tr", recursive=False)]


def cells_of(row: Tag) -> list[Tag]:
    """Return the cells of a row."""
    return row.find_all(["th", "td"], recursive=False)


def span(cell: Tag, name: str) -> int:
    """Return how many rows or columns a cell fills (`name` is `rowspan` or `colspan`)."""
    return max(int(cell.get(name, 1)), 1)


def is_blank(cell: Tag) -> bool:
    """Return whether a cell holds neither text (a non-breaking space is none) nor an element."""
    return not cell.text.strip() and not cell.find(True)


def mark(cell: Tag, scope: str) -> None:
    """Say of a heading what it heads, unless it says so itself; a blank one becomes a plain cell."""
    if is_blank(cell):
        cell.name = "td"
        del cell["scope"]
    elif cell.name == "th":
        cell["scope"] = cell.get("scope", scope)


def lay_out(rows: list[Tag]) -> list[Place]:
    """Return the places of all cells in some rows of a table, row by row."""
    taken, places = set(), []
    for top, row in enumerate(rows):
        left = 0
        for cell in cells_of(row):
            while (top, left) in taken:
                left += 1
            place = Place(cell, top, top + span(cell, "rowspan"), left, left + span(cell, "colspan"))
            taken.update(product(range(top, place.bottom), range(left, place.right)))
            places.append(place)
    return places


def mark_index_names(places: list[Place], num_rows: int, num_index: int) -> None:
    """Mark what stands in a head above the `num_index` columns of row headings.

    In the last row they are names of the index, if all beside them is blank. Otherwise they are names of the columns,
    each in front of its row of column headings: headings of that row.
    """
    last = [place.cell for place in places if place.bottom == num_rows and place.left >= num_index]
    names_row = num_rows if all(map(is_blank, last)) else None
    for place in places:
        if place.left < num_index and not is_blank(place.cell):
            classes = [*place.cell.get("class", []), "index_name"]  # as a Styler calls both
            place.cell["class"] = list(dict.fromkeys(classes))
            mark(place.cell, "col" if place.bottom == names_row else "row")


def fill_blanks(places: list[Place]) -> list[Place]:
    """Return the places of a head after headings of columns took over the blanks above and below them.

    Nothing leaves its columns, and nothing leaves a row: a heading only gets higher.
    """
    filled = []
    columns = sorted(places, key=lambda place: (place.left, place.right, place.top))
    for _, column in groupby(columns, key=lambda place: (place.left, place.right)):
        done = []
        for place in column:
            above = done[-1] if done and done[-1].bottom == place.top else None
            if above and is_blank(place.cell) and above.cell.get("scope", "col") == "col":
                above.bottom = place.bottom
                continue
            if above and is_blank(above.cell) and place.cell.get("scope") == "col":
                place.top = done.pop().top
            done.append(place)
        filled += done
    return filled


def write_head(rows: list[Tag], places: list[Place]) -> None:
    """Write the cells of a head into its rows, and take out rows in which none begins.

    After each cell goes white space: the search, which strips tags, would otherwise take all of them for one word.
    """
    kept = {place.top for place in places}
    for row in rows:
        row.clear()
    for place in sorted(places, key=lambda place: place.left):
        height = len(kept & set(range(place.top, place.bottom)))
        place.cell["rowspan"] = str(height)
        if height == 1:
            del place.cell["rowspan"]
        rows[place.top].extend([place.cell, "\n"])
    for number, row in enumerate(rows):
        if number not in kept:
            row.decompose()
