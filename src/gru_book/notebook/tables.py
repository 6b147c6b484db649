"""Tables that a page shows with more than their rows."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


# Without the script the table is a plain one. With it every heading becomes a button that sorts, and says so.
_SORT = """<script>
document.querySelectorAll("table.sortable:not([data-ready])").forEach((table) => {
  table.dataset.ready = "";
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  const value = (row, column) => row.cells[column].textContent.trim();
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.style.cssText = "all: unset; cursor: pointer; text-decoration: underline dotted; outline: revert;";
    button.onclick = () => {
      const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
      const compare = (a, b) => (isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b);
      [...body.rows].sort((a, b) => down * compare(value(a, column), value(b, column))).forEach((r) => body.append(r));
    };
    head.replaceChildren(button);
  });
});
</script>"""


def sortable_table(frame: pd.DataFrame, caption: str) -> str:
    """Return a table as HTML with a caption, whose headings sort it where scripts run; its index is the first column.

    Everything in it is shown as text: what looks like a tag in a cell stays text.
    """
    wide = {name for name in frame if frame[name].astype(str).str.len().max() > 20}  # sentences: to the left, with room
    left = ' style="text-align: left; min-width: 14rem"'

    def cells(tag: str, values: Sequence) -> str:
        shown = zip(frame.columns, values, strict=True)
        return "".join(f"<{tag}{left * (name in wide)}>{html.escape(str(v))}</{tag[:2]}>" for name, v in shown)

    heads = f'<th scope="col">{html.escape(str(frame.index.name))}</th>' + cells('th scope="col"', frame.columns)
    rows = [
        f'<tr><th scope="row">{html.escape(str(index))}</th>{cells("td", values)}</tr>'
        for index, *values in frame.itertuples()
    ]
    body = "\n".join(rows)
    return (
        f'<table class="dataframe sortable">\n<caption>{html.escape(caption)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n{_SORT}"
    )
