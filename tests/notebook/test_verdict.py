"""Three verdicts: an interval on one side of the threshold, on the other, or on both."""

import json

import pytest

from gru_book.notebook import artifacts, report

SENTENCES = {"shown": "It is.", "contradicted": "It is not.", "undecided": "It may be."}


@pytest.fixture(autouse=True)
def displayed(monkeypatch):
    texts = []
    monkeypatch.setattr(report, "display", lambda text, metadata: texts.append((text.data, metadata["claim"])))
    monkeypatch.setattr(report, "_claims", [])
    return texts


@pytest.mark.parametrize(
    ("effect", "threshold", "word"),
    [
        ((2, 1, 3), {"above": 0}, "shown"),
        ((-2, -3, -1), {"above": 0}, "contradicted"),
        ((1, -1, 3), {"above": 0}, "undecided"),
        ((1, 0, 2), {"above": 0}, "undecided"),  # touching is not beyond
        ((2, 1, 3), {"below": 0}, "contradicted"),
        ((-2, -3, -1), {"below": 0}, "shown"),
        ((-1, -3, 1), {"below": 0}, "undecided"),
        (3e-8, {"below": 1e-6}, "shown"),
        (1e-3, {"below": 1e-6}, "contradicted"),
    ],
)
def test_the_interval_decides(effect, threshold, word, displayed):
    report.verdict("Snow is white", effect, **threshold, **SENTENCES)
    text, metadata = displayed[-1]
    assert text.startswith(f"{report.MARKS[word]} **{word.capitalize()}: Snow is white.** {SENTENCES[word]} *(")
    assert metadata == {"name": "Snow is white", "verdict": word}


def test_the_rule_stands_in_the_text(displayed):
    options = {"form": "{:.1f}", "unit": "points", "comparisons": 3}
    report.verdict("a", (1.84, -0.1, 3.8), above=0, **options, **SENTENCES)
    said = "1.8 (-0.1 to 3.8) points; claimed: above 0.0; only an effect above 1.9 could have been shown"
    assert f"*({said}; one of 3 comparisons)*" in displayed[-1][0]
    report.verdict("a", (52, 46, 59), above=50, form="{:.0f}", **SENTENCES)
    assert "only an effect above 56 could have been shown" in displayed[-1][0]
    report.verdict("a", (0.6, -0.1, 1.6), below=1, form="{:.1f}", **SENTENCES)
    assert "only an effect below 0.0 could have been shown" in displayed[-1][0]
    report.verdict("b", 2e-8, below=1e-6, **SENTENCES)
    assert "*(2e-08; claimed: below 1e-06)*" in displayed[-1][0]


@pytest.mark.parametrize(
    ("effect", "threshold", "said"),
    [
        (1, {}, "expected one of them"),
        (1, {"above": 0, "below": 1}, "expected one of them"),
        (float("nan"), {"above": 0}, "expected a finite number"),
        ((1, 2, 0), {"above": 0}, "expected a finite number"),
    ],
)
def test_what_cannot_be_decided_is_refused(effect, threshold, said):
    with pytest.raises(ValueError, match=said):
        report.verdict("a", effect, **threshold, **SENTENCES)


def test_numbers_and_claims_are_published_for_other_pages(tmp_path, monkeypatch):
    monkeypatch.setenv(artifacts.ENVIRONMENT, str(tmp_path))
    report.verdict("a", (1, 0.5, 2), above=0, unit="points", **SENTENCES)
    report.publish("77_page", {"steps": 3})
    assert json.loads((tmp_path / "77_page/numbers.json").read_text()) == {"steps": 3}
    entry = {"name": "a", "verdict": "shown", "effect": 1.0, "low": 0.5, "high": 2.0, "side": "above"}
    entry |= {"threshold": 0.0, "unit": "points", "comparisons": 1}
    assert json.loads((tmp_path / "77_page/claims.json").read_text()) == [entry]
