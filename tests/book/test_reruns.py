"""Every page runs again and shows the same."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
import yaml

from gru_book.files import CHECKOUT
from gru_book.pipeline.pages import all_pages

PAGES = all_pages()
AT_ONCE = 2  # pages that run side by side: most of them leave a core idle most of the time


@pytest.fixture(scope="module")
def shown_again(tmp_path_factory) -> list[Path]:
    """Return what nbval runs: quick pages as committed, the others as run just now with the profile `smoke`."""
    quick = yaml.safe_load((CHECKOUT / "profiles/smoke.yml").read_text())

    def shown(page) -> Path:
        if page.name not in quick:
            return page.notebook
        path = CHECKOUT / "_runs" / "smoke" / page.notebook.name
        command = [sys.executable, "-m", "gru_book.cli", "run", page.name, "-f", "smoke", "-o", path]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return path

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(shown, PAGES))


@pytest.mark.timeout(1800)
def test_every_page_shows_the_same_when_it_runs_again(shown_again, tmp_path):
    environment = os.environ | {"GRU_BOOK_PROGRESS": os.devnull}
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-kernel-name", "python3", "-p", "no:cacheprovider"]

    def run_again(path: Path) -> None:
        own = environment | {"GRU_BOOK_ARTIFACTS": str(tmp_path / path.stem)}
        done = subprocess.run([*command, path], cwd=CHECKOUT, env=own, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        compared = len([cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"])
        assert f"{compared} passed" in done.stdout

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run_again, shown_again))
