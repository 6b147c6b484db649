"""A book of two pages, for tests of the way from manuscript to notebook; the second reads what the first writes."""

import shutil
from pathlib import Path

import nbformat

from gru_book.files import CHECKOUT
from gru_book.pipeline import provenance
from gru_book.pipeline.pages import all_pages

HEADER = """---
gru_book:
  reads: {reads}
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Count

Some words.

```{{code-cell}} ipython3
:tags: [parameters]

number: int = 3  # what is counted [1..9]
label: str = "a"  # what it is called
```

```{{code-cell}} ipython3
{code}
```
"""
FIRST = """from gru_book.notebook import artifacts
from gru_book.small import twice

print(twice(number))
artifacts.write_json("01_first", "numbers.json", {"twice": twice(number)})"""
SECOND = """import json
from pathlib import Path

print(json.loads(Path("artifacts/01_first/numbers.json").read_text()))"""
TOC = """format: jb-book
root: book/intro
parts:
- caption: One
  chapters:
  - file: notebooks/02_second
  - file: book/plain
  - file: notebooks/01_first
"""


def write_book(root: Path) -> Path:
    """Write the book, with a package of its own in `src/`, into the new folder `root`."""
    for folder in ("book", "notebooks/artifacts", "profiles"):
        (root / folder).mkdir(parents=True)
    shutil.copytree(CHECKOUT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "src/gru_book/small.py").write_text('"""Doc."""\n\n\ndef twice(n):\n    return 2 * n  # why\n')
    for name in ("pyproject.toml", "requirements.txt"):
        shutil.copy(CHECKOUT / name, root)
    (root / "profiles/smoke.yml").write_text("01_first: {number: 1}\n")
    (root / "_toc.yml").write_text(TOC)
    write_page(root, "01_first", FIRST)
    write_page(root, "02_second", SECOND, "[01_first]")
    return root


def write_page(root: Path, name: str, code: str, reads: str = "[]") -> None:
    (root / "book" / f"{name}.md").write_text(HEADER.format(code=code, reads=reads), encoding="utf-8")


def printed(notebook: Path) -> str:
    cells = nbformat.read(notebook, as_version=4).cells
    return "".join(o.text for c in cells if c.cell_type == "code" for o in c.outputs if o.output_type == "stream")


def snapshot(root: Path) -> dict:
    return provenance.hash_files(root / "notebooks")


def states(root: Path) -> dict[str, str]:
    return {page.name: provenance.page_state(page)[0] for page in all_pages(root)}
