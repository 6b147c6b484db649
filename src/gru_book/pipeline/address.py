"""The address of the book's repository: which it is, and every place where it stands.

A copy of the book has none until `gru-book address URL` writes one. The address comes with a revision, a tag or a
commit: what Colab and Binder open, and what the set-up cell of a page installs there. CONTRIBUTING.md explains both.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml

from gru_book import __version__
from gru_book.errors import BookError
from gru_book.files import CHECKOUT, read_text, write_texts
from gru_book.pipeline.pages import all_pages

URL = re.compile(r"(https://[a-z0-9][a-z0-9.-]*)/([\w-][\w.-]*)/([\w-][\w.-]*)", re.ASCII | re.IGNORECASE)

REVISION = re.compile(r"\w[\w.+/-]*", re.ASCII)

MOVING = ("HEAD", "main", "master")

# Every place is found by a pattern that fits it with an address and without one.
CLONE = r"(?<=```bash\n)(?:git clone \S+\n)?cd \S+\n(?=make book)"

SETUP = r"(?s)(?:(?<=^:tags: \[setup, hide-cell\]\n\n)|(?<=^:tags: \[setup, remove-cell\]\n\n)).*?(?=\n```$)"

SETUP_WITHOUT = """import importlib.util

if importlib.util.find_spec("gru_book") is None:  # not in the book's environment
    raise ModuleNotFoundError(
        "the package gru_book is missing: open this page with `make lab` in a clone of the book, "
        "or run first: %pip install git+URL, with the URL of the book's repository"
    )"""

SETUP_WITH = """import importlib.util

if importlib.util.find_spec("gru_book") is None:  # on Colab: bring the book's helpers
    %pip install --quiet "gru-book @ {source}\""""


@dataclass(frozen=True)
class Address:
    """Where the repository is (`https://HOST/OWNER/NAME`), and the tag or commit of it that readers get."""

    url: str
    revision: str

    @property
    def source(self) -> str:
        """What pip installs the package from."""
        return f"git+{self.url}@{self.revision}"


def parse_address(url: str, revision: str | None = None) -> Address:
    """Return the address that `url` and `revision` mean; the revision is the tag of this version where it is left out.

    A slash or `.git` at the end of `url` is taken off. Raises `BookError` where one of them is not allowed.
    """
    match = URL.fullmatch(url.removesuffix("/").removesuffix(".git"))
    if not match:
        raise BookError(f"url is {url!r}; it must be https://HOST/OWNER/NAME, as in https://github.com/OWNER/NAME")
    if revision is None:
        revision = f"v{__version__}"
    if not REVISION.fullmatch(revision) or revision in MOVING:
        raise BookError(f"revision is {revision!r}; it must be a tag or a commit, which does not move as a branch does")
    host, owner, name = match.groups()
    return Address(f"{host.lower()}/{owner}/{name}", revision)


def read_address(root: Path = CHECKOUT) -> Address | None:
    """Return the address of the book in `root`, None where it has none; raise `BookError` where `root` is no book."""
    try:
        if not (root / "_config.yml").exists():
            raise BookError(f"no _config.yml in {root}: the address is kept in a checkout of the book")
        config = yaml.safe_load(read_text(root / "_config.yml", "_config.yml"))
        url, revision = config["repository"]["url"], config["sphinx"]["config"]["notebook_revision"]
    except (yaml.YAMLError, KeyError, TypeError):
        raise BookError("_config.yml has no repository.url with sphinx.config.notebook_revision") from None
    return Address(url, revision) if url else None


def setup_cell(address: Address | None) -> str:
    """Return the set-up cell of every page: it installs the package where that is missing, or says what to do."""
    return SETUP_WITH.format(source=address.source) if address else SETUP_WITHOUT


def changes(address: Address | None, root: Path = CHECKOUT) -> dict[Path, str]:
    """Return the files of the book in `root` that `address` (None: no address) changes, with their new texts.

    Raises `BookError` naming the first file that lacks a place for the address.
    """
    url, revision = (address.url, address.revision) if address else ("", "")
    clone, package = "cd path/to/the/clone\n", "path/to/the/clone[tensorflow]"
    if address:
        clone, package = f"git clone {url}\ncd {Path(url).name}\n", f"gru-book[tensorflow] @ {address.source}"
    code = rf"\1repository-code: {url}\n" if address else ""
    places = {
        "_config.yml": {
            r'(?<=^  url: )".*"$': f'"{url}"',
            r'(?<=^    notebook_revision: )".*"$': f'"{revision}"',
        },
        "CITATION.cff": {r"^( *)(license: .*\n)(?: *repository-code: .*\n)?": rf"\1\2{code}"},
        "README.md": {CLONE: clone, r"^(> .* Version [\d.]+\.)(?: https://\S+)?$": rf"\1 {url}".rstrip()},
        "book/how_to_use.md": {CLONE: clone, r'(?<=^pip install ").*(?="$)': package},
    }
    pages = all_pages(root)
    setup = setup_cell(address)
    places |= {f"book/{page.name}.md": {SETUP: setup} for page in pages}
    texts = {}
    for name, patterns in places.items():
        text = read_text(root / name)
        for pattern, new in patterns.items():
            text, count = re.subn(pattern, new, text, flags=re.MULTILINE)
            if not count:
                raise BookError(f"{name} has no place for the address: nothing in it fits {pattern!r}")
        texts[root / name] = text
    for page in pages:
        notebook = page.read_notebook()
        for cell in notebook.cells if notebook else ():
            if "setup" in cell.metadata.get("tags", []):
                cell.source = setup
        if notebook:
            texts[page.notebook] = nbformat.writes(notebook) + "\n"
    return {path: text for path, text in texts.items() if text != read_text(path)}


def set_address(address: Address | None, root: Path = CHECKOUT) -> list[Path]:
    """Write `address` (None: no address) wherever it stands in the book in `root`; return the files that changed.

    No page becomes stale by it: the set-up cell computes nothing.
    """
    new = changes(address, root)
    write_texts(new)
    return list(new)
