"""Fixtures shared by the tests: what is made once a test run, the built site, a server for it, a browser."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from filelock import FileLock

# Nothing that a browser does by itself may look like a request of the page.
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Return `once(name, make)`: the folder that `make` fills, once a test run, whichever process asks first."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def get(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return get


@pytest.fixture(scope="session")
def site(once) -> Path:
    """Folder of the site, built from scratch once a test run; any warning or unresolved reference fails here."""
    from gru_book.site.build import build

    return once("site", lambda folder: build(folder / "_build", strict=True)) / "_build/html"


@pytest.fixture(scope="session")
def soups(site) -> dict[Path, BeautifulSoup]:
    """Every HTML page of the site, parsed."""
    pages = [f for f in site.rglob("*.html") if not {"_static", "_sources"} & set(f.relative_to(site).parts)]
    return {file: BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser") for file in pages}


@pytest.fixture(scope="session")
def site_url(site):
    """Address (ending in /) at which the site is served, on 127.0.0.1."""
    from serving import serve
    from site_pages import PREFIX

    with serve(site, PREFIX) as address:
        yield address


@pytest.fixture(scope="module")
def chromium():
    """A running browser; for one module only, since Playwright's event loop must not outlive it."""
    from playwright.sync_api import sync_playwright

    from browser import find_browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium):
    """A fresh page of 1280 × 900 pixels with its own storage."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()
