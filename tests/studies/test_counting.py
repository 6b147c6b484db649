"""The study of counting: every model gets the same."""

from gru_book.studies import counting as study


def test_the_study_gives_every_model_the_same_and_chooses_one_run_of_each(monkeypatch):
    assert len(study.cases()) == len(study.MODELS) * len(study.SEEDS)
    assert len(study.SEEDS) >= 10
    for name, value in {"MAX_N": 2, "LIMIT": 6, "UPDATES": 30, "MODELS": {"GRU": ("GRU", 3)}}.items():
        monkeypatch.setattr(study, name, value)
    rows = study.run_case("GRU", 0)
    assert [row["learning_rate"] for row in rows] == list(study.LEARNING_RATES)
    assert sorted(row["chosen"] for row in rows) == [0, 0, 1]
    best = max(rows, key=lambda row: (min(row["largest_n"], 4), -row["training_loss"]))
    assert best["chosen"] == 1
    assert rows == study.run_case("GRU", 0)
