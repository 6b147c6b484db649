"""What a page reports: claims and glued numbers."""

import numpy as np
import pytest

from gru_book.notebook import report


def test_a_claim_says_which_way_it_went(monkeypatch):
    shown = []
    monkeypatch.setattr(report, "display", lambda text, metadata: shown.append((text.data, metadata["claim"])))
    report.claim("Snow is white", np.bool_(True), "It is.", "It is not.")
    report.claim("Snow is black", False, "It is.", "It is not.")
    assert shown == [
        ("✔ **Snow is white: the claim holds in this run.** It is.", {"name": "Snow is white", "holds": True}),
        (
            "✘ **Snow is black: the claim does not hold in this run.** It is not.",
            {"name": "Snow is black", "holds": False},
        ),
    ]


def test_only_formatted_numbers_are_glued():
    with pytest.raises(TypeError, match="value of 'a' must be a formatted text, not float"):
        report.glue("a", 0.5)
