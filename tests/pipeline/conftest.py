"""The small book of the tests of the pipeline: as written, and as published."""

import os
import shutil
from pathlib import Path

import pytest

from gru_book.pipeline import execute
from gru_book.pipeline.pages import all_pages
from small_book import write_book


def use_sources(patched: pytest.MonkeyPatch, root: Path) -> None:
    """Let kernels import the book's own helpers; without bytecode, which hides a second change within a second."""
    patched.setenv("PYTHONPATH", os.fspath(root / "src"))
    patched.setenv("PYTHONDONTWRITEBYTECODE", "1")


@pytest.fixture
def book(tmp_path, monkeypatch) -> Path:
    """A book of two pages that was never executed. Helpers come from its own `src/`, in kernels, too."""
    root = write_book(tmp_path / "book_root")
    use_sources(monkeypatch, root)
    return root


@pytest.fixture(scope="session")
def published_once(once) -> Path:
    """The book, executed once a test run: it is for copying only."""

    def publish(folder: Path) -> None:
        root = write_book(folder / "book_root")
        with pytest.MonkeyPatch.context() as patched:
            use_sources(patched, root)
            execute.bring_up_to_date(all_pages(root))

    return once("published", publish) / "book_root"


@pytest.fixture
def published(published_once, tmp_path, monkeypatch) -> Path:
    """A copy of the executed book."""
    root = shutil.copytree(published_once, tmp_path / "book_root", ignore=shutil.ignore_patterns("__pycache__"))
    use_sources(monkeypatch, root)
    return root
