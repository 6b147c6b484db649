"""The pages of the book: which there are, where their two halves lie, what their manuscripts say."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jupytext
import nbformat
import yaml
from jupytext.config import load_jupytext_config

from gru_book.errors import BookError, ParameterError, did_you_mean
from gru_book.files import CHECKOUT
from gru_book.notebook.parameters import Parameter, check_values, read_parameters

PROFILES = ("smoke", "full")


@cache
def _config(folder: Path):
    return load_jupytext_config(str(folder / "page.md"))


@dataclass(frozen=True)
class Page:
    """A chapter: its manuscript in `book/` and its executed notebook in `notebooks/`."""

    name: str
    root: Path = CHECKOUT

    @property
    def manuscript(self) -> Path:
        """The MyST text that authors write."""
        return self.root / "book" / f"{self.name}.md"

    @property
    def notebook(self) -> Path:
        """The executed notebook that readers open and the site renders."""
        return self.root / "notebooks" / f"{self.name}.ipynb"

    @property
    def artifacts(self) -> Path:
        """The folder of what this page makes for other pages."""
        return self.root / "notebooks" / "artifacts" / self.name

    def read_manuscript(self) -> nbformat.NotebookNode:
        """Return the manuscript as a notebook without outputs; raise `BookError` where it is no Jupytext manuscript."""
        try:
            notebook = jupytext.read(self.manuscript, fmt="md:myst", config=_config(self.manuscript.parent))
        except FileNotFoundError:
            raise BookError(f"page {self.name} has no manuscript: book/{self.name}.md is missing") from None
        except Exception as error:
            raise BookError(f"book/{self.name}.md is no Jupytext manuscript: {error}") from error
        return notebook

    def read_notebook(self) -> nbformat.NotebookNode | None:
        """Return the committed notebook, or None where there is none yet."""
        if not self.notebook.is_file():
            return None
        try:
            # Not nbformat.read: what is written is validated, and validating it again takes ten times as long.
            return nbformat.v4.reads_json(self.notebook.read_text(encoding="utf-8"))
        except Exception as error:
            raise BookError(f"notebooks/{self.name}.ipynb cannot be read: {error}") from error

    def parameters(self, manuscript: nbformat.NotebookNode | None = None) -> dict[str, Parameter]:
        """Return what the parameters cell defines; raise `BookError` where there is not exactly one such cell.

        `manuscript` is what `read_manuscript` returned, where the caller has it.
        """
        cells = [c for c in (manuscript or self.read_manuscript()).cells if "parameters" in c.metadata.get("tags", [])]
        if len(cells) != 1:
            raise BookError(f"book/{self.name}.md has {len(cells)} cells tagged `parameters`; a page needs exactly one")
        try:
            return read_parameters(cells[0].source)
        except ParameterError as error:
            raise BookError(f"book/{self.name}.md: {error}") from None

    def reads(self, manuscript: nbformat.NotebookNode | None = None) -> list[str]:
        """Return the names of the pages and studies (`studies/NAME`) whose artifacts this page reads."""
        return list((manuscript or self.read_manuscript()).metadata.get("gru_book", {}).get("reads", []))

    def check(self, values: dict) -> dict:
        """Return `values` checked against this page's parameters; raise `BookError` in one line."""
        try:
            return check_values(self.parameters(), values)
        except ParameterError as error:
            raise BookError(f"page {self.name}: {error}") from None


def all_pages(root: Path = CHECKOUT) -> list[Page]:
    """Return every page named in `_toc.yml`, in its order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [c for part in toc["parts"] for c in part["chapters"]] if "parts" in toc else toc["chapters"]
    names = [re.fullmatch(r"notebooks/(\w+)", chapter.get("file", "")) for chapter in chapters]
    return [Page(match[1], root) for match in names if match]


def find_page(name: str, root: Path = CHECKOUT) -> Page:
    """Return the page `name` (or `book/name.md`, `notebooks/name.ipynb`); raise `BookError` with the nearest name."""
    stem = Path(name).stem
    pages = {page.name: page for page in all_pages(root)}
    if stem not in pages:
        raise BookError(f"unknown page {name!r}{did_you_mean(stem, pages)}; pages: {', '.join(pages)}")
    return pages[stem]


def in_order(pages: list[Page]) -> list[Page]:
    """Return `pages` so that each comes after the pages whose artifacts it reads."""
    names = {page.name: page for page in pages}
    done: dict[str, Page] = {}

    def visit(page: Page, waiting: tuple[str, ...]) -> None:
        if page.name in waiting:
            raise BookError(f"these pages read each other's artifacts in a circle: {' → '.join([*waiting, page.name])}")
        for other in page.reads():
            if other in names and other not in done:
                visit(names[other], (*waiting, page.name))
        done[page.name] = page

    for page in pages:
        if page.name not in done:
            visit(page, ())
    return list(done.values())


@cache
def _read_profile(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def profile(name: str, page: Page) -> dict:
    """Return the checked parameters of `page` in a profile (`smoke`, `full`, or the path of a YAML file keyed by page).

    A page that the profile does not name runs with its published parameters (an empty dict).
    """
    path = page.root / "profiles" / f"{name}.yml" if name in PROFILES else Path(name)
    if not path.is_file():
        raise BookError(f"unknown profile {name!r}: neither one of {', '.join(PROFILES)} nor a YAML file keyed by page")
    try:
        values = _read_profile(path.resolve())
    except yaml.YAMLError as error:
        raise BookError(f"profile {path} is no YAML: {error}".replace("\n", " ")) from None
    if not isinstance(values, dict):
        raise BookError(f"profile {path} must map page names to parameters")
    return page.check(values.get(page.name) or {})


def normal_form(page: Page) -> str:
    """Return the text of a manuscript as Jupytext writes it: a save in JupyterLab then changes only what was edited."""
    return jupytext.writes(page.read_manuscript(), fmt="md:myst", config=_config(page.manuscript.parent))
