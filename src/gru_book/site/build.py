"""Build the site from the executed notebooks and the plain pages."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from gru_book.errors import BookError, OutputError, one_line
from gru_book.files import CHECKOUT, check_room, claim

MARK, SPHINX = ".gru-book-site", ".buildinfo"  # files in a folder that a build made

MESSAGE = re.compile(r"\b(WARNING|ERROR|CRITICAL|Exception|\w*Error)\b")


def build(out: Path = CHECKOUT / "_build", strict: bool = False, root: Path = CHECKOUT) -> Path:
    """Build the site of the book in `root` and return the path of its first page (`index.html`).

    out: the folder that gets `html/` (the site) and `.doctrees/` (what makes the next build fast). jupyter-book
    insists that it is called `_build`; another name is refused.
    strict: whether any warning, a missing reference included, is an error.

    Pages of an earlier build never remain; a folder `html/` that no build made is refused. Raises `BookError` with what
    Sphinx complained about.
    """
    out = Path(out).resolve()
    if out.name != "_build":
        raise OutputError(f"out must be a folder called _build, not {out.name!r}")
    html, doctrees = out / "html", out / ".doctrees"
    for name in ("_config.yml", "_toc.yml"):
        if not (root / name).is_file():
            raise BookError(f"no {name} in {root}: the site is built from a checkout of the book's repository")
    _make_room(out, html)
    # Without the module of which `cli.main` says why it is left out.
    start = "import sys; sys.modules['rfc3987_syntax'] = None; from jupyter_book.cli.main import main; sys.exit(main())"
    arguments = ["build", ".", "--path-output", str(out.parent), "-q"] + (
        ["-W", "-n", "--keep-going"] if strict else []
    )
    run = subprocess.run(
        [sys.executable, "-c", start, *arguments],
        cwd=root,
        env={**os.environ, "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    messages = _messages(run.stderr, root)
    index = html / "index.html"
    if messages or run.returncode:
        # Sphinx would not repeat the warnings of pages that it has already stored.
        shutil.rmtree(doctrees, ignore_errors=True)
    if run.returncode or not index.is_file():
        detail = messages or (run.stderr + run.stdout).strip().splitlines()[-5:]
        raise BookError("the site could not be built:\n  " + "\n  ".join(detail))
    for message in messages:
        print(message, file=sys.stderr)
    return index


def is_site(html: Path) -> bool:
    """Return whether a build made the folder `html`: it is empty, or holds our mark or Sphinx's."""
    return html.is_dir() and (not any(html.iterdir()) or any((html / name).is_file() for name in (MARK, SPHINX)))


def _make_room(out: Path, html: Path) -> None:
    """Make `html` anew, marked as ours; raise `BookError` where it is not, or where nothing can be written."""
    claim(html, "a site that gru-book built", is_site, "the folder of the site")
    try:
        # Written anew from the stored documents in a second or two; so no page outlives its source.
        if html.exists():
            shutil.rmtree(html)
        html.mkdir(parents=True)
        (html / MARK).touch()
    except OSError as error:
        raise BookError(f"the site cannot be written to {html}: {one_line(error)}") from None
    check_room(out)


def _messages(log: str, root: Path) -> list[str]:
    """Return what went wrong according to Sphinx's log, with paths from `root`."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", log).replace(f"{root}{os.sep}", "")
    return [line.strip() for line in plain.splitlines() if MESSAGE.search(line)]
