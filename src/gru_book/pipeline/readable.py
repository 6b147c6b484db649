"""A published notebook as JupyterLab can show it.

The site fills in what a page only names: numbers, works, figures, terms. JupyterLab fills in none of them and shows the
names instead, shows no caption, and folds nothing. Here the text of a notebook gets all of it.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}  # tags of code that the site does not show at once
ROLE = re.compile(r"\{(glue:text|cite|cite:t|numref|ref|term)\}`([^`]+)`")
TITLED = re.compile(r"\s*([^<]+?)\s*<[^>]*>\s*")  # what is shown, and what it leads to


def readable(text: str, works: Mapping[str, str]) -> str:
    """Return the text of a notebook with its numbers, works and figures named in the prose, captions, and folded code.

    works: how each key of the references is quoted, see `citations`. What is not known stays as it is, and so does a
    text that is no notebook: JupyterLab says so when it is opened.
    """
    try:
        notebook = json.loads(text)
        cells = notebook["cells"]
    except (ValueError, KeyError, TypeError):
        return text
    glued = {}
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        if name := output.get("metadata", {}).get("scrapbook", {}).get("name"):
            glued[name] = "".join(output["data"].get("application/papermill.record/text/plain", ""))
    figures = {cell["id"]: figure for cell in cells if (figure := _figure(cell))}
    numbers = {place: f"Figure {number}" for number, place in enumerate(figures, start=1)}
    named = {figure.get("name"): numbers[place] for place, figure in figures.items()}

    def fill(source: str) -> str:
        return ROLE.sub(lambda role: _shown(role, glued, works, named), source)

    notebook["cells"] = []
    for cell in cells:
        notebook["cells"].append(cell)
        if cell["cell_type"] == "markdown":
            cell["source"] = fill("".join(cell["source"]))
        elif FOLDED & set(cell["metadata"].get("tags", [])):
            cell["metadata"]["jupyter"] = {"source_hidden": True}
        if figure := figures.get(cell.get("id")):
            caption = f"*{numbers[cell['id']]}.* {fill(figure['caption'])}"
            below = {"cell_type": "markdown", "id": f"{cell['id']}-caption"[-64:], "metadata": {}, "source": caption}
            notebook["cells"].append(below)
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def citations(references: Path) -> dict[str, str]:
    """Return how each work of a BibTeX file is quoted, key to "Cho et al. 2014"; nothing where there is no file."""
    from pybtex.database import parse_file
    from pybtex.richtext import Text

    if not references.is_file():
        return {}
    works = {}
    for key, entry in parse_file(str(references), bib_format="bibtex").entries.items():
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        names = [" ".join([*person.prelast_names, *person.last_names]) for person in people]
        names = names if len(names) < 3 else [names[0], "et al."]
        joined = " ".join(names) if "et al." in names else " and ".join(names)
        quoted = f"{joined or entry.fields.get('title', key)} {entry.fields.get('year', '')}"
        works[key] = str(Text.from_latex(quoted)).strip()
    return works


def _figure(cell: Mapping) -> Mapping | None:
    figure = cell["metadata"].get("mystnb", {}).get("figure")
    return figure if cell.get("id") and figure and figure.get("caption") else None


def _shown(role: re.Match, glued: Mapping, works: Mapping, figures: Mapping) -> str:
    """Return what a reader sees of a role."""
    kind, content = role.groups()
    if kind == "glue:text":
        return glued.get(content, role[0])
    if kind == "numref":
        return figures.get(content, role[0])
    if kind.startswith("cite"):
        keys = [key.strip() for key in content.split(",")]
        if not all(key in works for key in keys):
            return role[0]
        quoted = "; ".join(works[key] for key in keys)
        return quoted if kind == "cite:t" else f"({quoted})"
    titled = TITLED.fullmatch(content)
    return titled[1] if titled else content if kind == "term" else role[0]
