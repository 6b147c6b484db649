"""The pages of the book: which there are, where their two halves lie, what their manuscripts say."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jupytext
import nbformat
import yaml
from jupytext.config import load_jupytext_config

from gru_book.errors import BookError, ParameterError, did_you_mean, one_line
from gru_book.files import CHECKOUT, read_text
from gru_book.notebook.parameters import Parameter, check_values, read_parameters


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
        """Return the manuscript as a notebook without outputs; raise `BookError` where it is no Jupytext manuscript.

        A byte-order mark and other line ends, as editors on Windows write them, are no part of the text.
        """
        if not self.manuscript.exists():
            raise BookError(f"page {self.name} has no manuscript: book/{self.name}.md is missing")
        text = read_text(self.manuscript, f"book/{self.name}.md")
        try:
            return jupytext.reads(text, fmt="md:myst", config=_config(self.manuscript.parent))
        except Exception as error:
            raise BookError(f"book/{self.name}.md is no Jupytext manuscript: {one_line(error)}") from error

    def read_notebook(self) -> nbformat.NotebookNode | None:
        """Return the committed notebook, or None where there is none yet."""
        if not self.notebook.exists():
            return None
        return read_notebook(self.notebook, f"notebooks/{self.name}.ipynb")

    def recorded_run(self) -> dict:
        """Return the record of the run that made the committed notebook, empty where there is none."""
        try:
            notebook = self.read_notebook()
        except BookError:
            return {}
        record = notebook.metadata.get("provenance") if notebook else None
        return record if isinstance(record, dict) else {}

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
        header = (manuscript or self.read_manuscript()).metadata.get("gru_book", {})
        reads = header.get("reads", []) if isinstance(header, dict) else header
        if not isinstance(reads, list) or not all(isinstance(name, str) for name in reads):
            raise BookError(f"book/{self.name}.md: reads is {reads!r}; it must be a list of pages and studies/NAME")
        return list(reads)

    def check(self, values: dict) -> dict:
        """Return `values` checked against this page's parameters; raise `BookError` in one line."""
        try:
            return check_values(self.parameters(), values)
        except ParameterError as error:
            raise BookError(f"page {self.name}: {error}") from None


def read_notebook(path: Path, name: str = "") -> nbformat.NotebookNode:
    """Return the notebook in a file; raise `BookError` that calls it `name` where it is none."""
    text = read_text(path, name)
    try:
        # Not nbformat.read: what is written is validated, and validating it again takes ten times as long.
        return nbformat.v4.reads_json(text)
    except Exception as error:
        raise BookError(f"{name or path} cannot be read as a notebook: {one_line(error)}") from None


def all_pages(root: Path = CHECKOUT) -> list[Page]:
    """Return every page named in `_toc.yml`, in its order; raise `BookError` where that cannot be read."""
    if not (root / "_toc.yml").exists():
        raise BookError(f"no _toc.yml in {root}: run gru-book as .venv/bin/gru-book of a checkout of the book")
    text = read_text(root / "_toc.yml", "_toc.yml")
    try:
        toc = yaml.safe_load(text)
        chapters = [c for part in toc["parts"] for c in part["chapters"]] if "parts" in toc else toc["chapters"]
        names = [re.fullmatch(r"notebooks/(\w+)", chapter.get("file", "")) for chapter in chapters]
    except (yaml.YAMLError, RecursionError) as error:
        raise BookError(f"_toc.yml is no YAML: {one_line(error)}") from None
    except (KeyError, TypeError, AttributeError):
        raise BookError("_toc.yml must have parts with chapters, or chapters, each a `file: PATH`") from None
    return [Page(match[1], root) for match in names if match]


def find_page(name: str, root: Path = CHECKOUT) -> Page:
    """Return the page `name` (or `book/name.md`, `notebooks/name.ipynb`); raise `BookError` with the nearest name."""
    pages = {page.name: page for page in all_pages(root)}
    if name in pages:
        return pages[name]
    paths = {Path(name).resolve(), (root / name).resolve()}
    for page in pages.values():  # one of its own two halves, and no file elsewhere that has their name
        if paths & {page.manuscript.resolve(), page.notebook.resolve()}:
            return page
    raise BookError(f"unknown page {name!r}{did_you_mean(Path(name).stem, pages)}; pages: {', '.join(pages)}")


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


def normal_form(page: Page) -> str:
    """Return the text of a manuscript as Jupytext writes it: a save in JupyterLab then changes only what was edited."""
    return jupytext.writes(page.read_manuscript(), fmt="md:myst", config=_config(page.manuscript.parent))
