"""What holds for all tests: their order, no skips, their durations; what is made once a test run; a browser."""

import os
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from filelock import FileLock

from gru_book.files import CHECKOUT, runs_folder
from patience import PATIENCE

# Where tests run side by side, what takes longest begins first, and the others fill the gaps.
FIRST = ("tests/site/test_site", "tests/book/test_reruns", "tests/site", "tests/web", "tests/tuning", "tests/pipeline")

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Bring what takes longest to the front (`make test` gives all tests of one file to one process)."""
    items.sort(key=lambda item: next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST)))


def _fail_where_skipped(report):
    """Make a failure of a skip, and of an expected failure: what is not tested here has to be said in another way."""
    if report.skipped or hasattr(report, "wasxfail"):
        report.longrepr = f"skipped or expected to fail: {getattr(report, 'wasxfail', report.longrepr)}"
        report.outcome = "failed"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    return _fail_where_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _fail_where_skipped((yield))


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # the one process that hears of all tests
        config.pluginmanager.register(Durations(), "durations")


class Durations:
    """Adds the durations of a test run to `_runs/durations.txt`: the whole, and each test of a second or more."""

    def __init__(self):
        self.started, self.seconds, self.processes = time.time(), Counter(), defaultdict(set)

    def pytest_runtest_logreport(self, report):
        self.seconds[report.nodeid] += report.duration
        self.processes[getattr(report, "worker_id", "one")].add(report.nodeid.partition("::")[0])

    def pytest_sessionfinish(self, exitstatus):
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.started))
        files = Counter(file for files in self.processes.values() for file in files)
        lines = [
            f"{when}: {len(self.seconds)} tests in {time.time() - self.started:.0f} s, "
            f"processes: {len(self.processes)}, files in more than one: {sum(n > 1 for n in files.values())}, "
            f"load at the end: {os.getloadavg()[0]:.1f}, exit status: {exitstatus:d}"
        ]
        lines += [f"{seconds:8.1f} {name}" for name, seconds in self.seconds.most_common() if seconds >= 1]
        with open(runs_folder(CHECKOUT) / "durations.txt", "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n\n")


@pytest.fixture(autouse=True)
def _steps_are_traced_once():
    """Spare Keras half of its work before the first step, in the tests that have imported it."""
    if "keras" in sys.modules:
        from tracing import build_before_tracing

        build_before_tracing()


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Return `once(name, make)`: the folder that `make` fills, once a test run, whichever process asks first.

    Where `make` fails, it is not tried again: every test that needs the folder fails with the first one's reason.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def get(name: str, make: Callable[[Path], object]) -> Path:
        folder, ended = shared / name, shared / f"{name}.ended"
        with FileLock(shared / f"{name}.lock"):
            if not ended.exists():
                folder.mkdir()
                try:
                    make(folder)
                except Exception:
                    ended.write_text(traceback.format_exc(), encoding="utf-8")
                    raise
                ended.touch()
        if reason := ended.read_text(encoding="utf-8"):
            pytest.fail(f"what was made for all tests failed:\n{reason}", pytrace=False)
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

    def patient(make):
        def made(**options):
            new = make(**options)
            new.set_default_timeout(1000 * PATIENCE)
            return new

        return made

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=CHROMIUM, timeout=1000 * PATIENCE)
        browser.new_context, browser.new_page = patient(browser.new_context), patient(browser.new_page)
        yield browser
        browser.close()


@pytest.fixture
def page_without_scripts(chromium):
    """A fresh page of a browser that runs no JavaScript."""
    context = chromium.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def browser_page(chromium):
    """A fresh page of 1280 × 900 pixels with its own storage."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()
