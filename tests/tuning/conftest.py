"""Processes of a search, ended after each test; the toy's small searches."""

import contextlib
import os
import signal
from pathlib import Path

import pytest

from gru_book.tuning.search import Search
from gru_book.tuning.tuner import run_search
from hands import Hands
from toy_search import toy


@pytest.fixture
def hands(tmp_path):
    hands = Hands(tmp_path / "search")
    yield hands
    for process in hands.started:
        process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.join()


@pytest.fixture
def small(monkeypatch) -> Search:
    """A search of two trials without a network; it takes a moment."""
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    return toy(method="random", max_trials=2, max_epochs=1)


@pytest.fixture
def finished(small, tmp_path) -> Path:
    """The folder of the small search, finished."""
    run_search(small, tmp_path / "search")
    return tmp_path / "search"
