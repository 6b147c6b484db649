"""Artifacts of a run and the published ones."""

import json

import pytest

from gru_book.notebook import artifacts


def test_artifacts_of_a_run_stay_apart_from_the_published_ones(tmp_path, monkeypatch):
    monkeypatch.setenv(artifacts.ENVIRONMENT, str(tmp_path))
    artifacts.write_json("99_none", "numbers.json", {"ü": 1})
    assert json.loads((tmp_path / "99_none/numbers.json").read_text()) == {"ü": 1}
    with pytest.raises(
        FileNotFoundError, match="99_none/numbers.json is missing; make it with: gru-book execute 99_none"
    ):
        artifacts.read("99_none", "numbers.json")
    with pytest.raises(FileNotFoundError, match="gru-book study none"):
        artifacts.read("studies", "none.csv")
    monkeypatch.delenv(artifacts.ENVIRONMENT)
    assert artifacts.output_folder().parts[-2:] == ("_runs", "artifacts")
