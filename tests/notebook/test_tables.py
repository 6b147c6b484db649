"""Tables that a page shows with more than their rows."""

import re

import pandas as pd

from gru_book.notebook.tables import sortable_table


def test_a_sortable_table_shows_text_as_text():
    frame = pd.DataFrame({"P": ["0.9"], "end": ["<b>&"]}, index=pd.Index([7], name="review"))
    page = sortable_table(frame, "Errors")
    assert "<caption>Errors</caption>" in page
    assert "&lt;b&gt;&amp;" in page
    assert re.findall(r'scope="(\w+)"', page) == ["col"] * 3 + ["row"]
