"""The study of the best network: its rows are what they say."""

from gru_book import recipes
from gru_book.studies import better as study


def test_each_row_is_one_change_away_from_the_row_before_it():
    best = recipes.RECIPES["best"].settings
    rows = [best | changes for changes in study.ROWS.values()]
    assert rows[0] == best
    for (before, after), changed in zip(
        zip(rows, rows[1:], strict=False),
        [{"teacher"}, {"folds"}, {"folds", "channels", "votes"}, {"lazy"}],
        strict=True,
    ):
        assert {name for name in best if before[name] != after[name]} == changed
    assert not rows[3].channels
    assert not rows[3].votes


def test_every_row_is_judged_on_every_fold():
    cases = study.cases()
    assert len(cases) == len(study.FOLDS) * (1 + len(study.ROWS))
    assert {case["fold"] for case in cases} <= set(range(study.NUM_FOLDS))
