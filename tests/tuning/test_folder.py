"""Folders of searches: one search at a time, other settings apart, nothing of others deleted."""

import json

import pytest

from gru_book.errors import TuningError
from gru_book.tuning.folder import IDENTITY, claimed, search_folder
from toy_search import toy


def test_a_folder_belongs_to_one_search_at_a_time(tmp_path):
    search, folder = toy(), tmp_path / "search"
    with claimed(search, folder):
        assert json.loads((folder / IDENTITY).read_text()) == search.identity()
        with (
            pytest.raises(TuningError, match="in which another search is running"),
            claimed(search, folder),
        ):
            pass
    with claimed(search, folder):
        pass
    with (
        pytest.raises(TuningError, match=r"space.units.max_value is 16 there, 9 here.*--again"),
        claimed(toy(widest=9), folder),
    ):
        pass
    (folder / "trial_0").mkdir()
    with claimed(toy(widest=9), folder, again=True):
        assert not (folder / "trial_0").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with (
        pytest.raises(TuningError, match="holds no search but other files"),
        claimed(search, tmp_path / "mine", again=True),
    ):
        pass
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_folders_of_other_settings_are_apart(tmp_path, monkeypatch):
    monkeypatch.setattr("gru_book.tuning.folder.runs_folder", lambda: tmp_path)
    assert search_folder("a") == tmp_path / "tuning" / "a"
    assert search_folder("a", toy()) == search_folder("a", toy())
    assert search_folder("a", toy()) != search_folder("a", toy(seed=1))
