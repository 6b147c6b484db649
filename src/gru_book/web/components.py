"""What runs in the reader's browser: components in plain JavaScript, on the site and in JupyterLab from one source.

A component is one file here, an ES module without imports that uses the names of `forward.js` and `dom.js` and ends
with `export default { render };`, in anywidget's form: ``render({ model, el })`` fills the element ``el``.
``addStyle("gru-NAME", css, el)`` puts its styles on the page once; each of their selectors begins with ``.gru-NAME``.

The site mounts it wherever a page has an element ``<div data-gru-book="NAME">``; until then, and wherever there is no
script, the element's own words are shown. ``model.get("max_steps")`` reads ``data-max-steps``, as JSON where it is
that, and ``model.get("assets")`` is the address (ending in /) of the folder with the components. A page's own files
(``notebooks/artifacts/PAGE/web/``) lie below it: ``new URL("PAGE/weights.js", model.get("assets"))``. Pages opened as
files can neither fetch nor import, so data comes as a classic script that leaves it at ``window``.
"""

import json
import re
from pathlib import Path

from gru_book.data.tokens import reading

FOLDER = Path(__file__).parent

SHARED = ("forward", "dom", "mount")

LAST_LINE = re.compile(r"^export default (\{ render \});\s*\Z", re.MULTILINE)

READING = "const READING = {};"  # where a component wants the table by which the recipes read texts

EXPORT = re.compile(r"^export (?=(?:async )?function|const|let|class)", re.MULTILINE)


def components() -> list[str]:
    """Return the names of all components."""
    return sorted(file.stem for file in FOLDER.glob("*.js") if file.stem not in SHARED)


def _read(name: str) -> str:
    text = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
    return text.replace(READING, f"const READING = {json.dumps(reading())};") if READING in text else text


def module(name: str) -> str:
    """Return the text of one ES module without imports: the forward pass, what elements need, component `name`.

    Its default export is ``{ render }`` (what anywidget takes as ``_esm``); it also exports what `forward.js` does.

    Raises `ValueError` where there is no such component, or where its last line is not ``export default { render };``.
    """
    if name not in components():
        raise ValueError(f"unknown component {name!r}; there are: {', '.join(components())}")
    text = _read(name)
    if not LAST_LINE.search(text) or re.search(r"^import\b", text, re.MULTILINE):
        raise ValueError(f"web/{name}.js must import nothing and end with the line: export default {{ render }};")
    return "\n".join([_read("forward"), _read("dom"), text])


def classic(name: str) -> str:
    """Return component `name` as a classic script, which also works on pages that are opened as files.

    It registers ``window.gruBook[NAME] = { render }`` and mounts itself on every ``[data-gru-book="NAME"]``.
    """
    text = EXPORT.sub("", LAST_LINE.sub("", module(name)))
    return f'(() => {{\n"use strict";\n{text}\n{_read("mount")}\nmountOnPage("{name}", {{ render }});\n}})();\n'


def widget(name: str, **values):
    """Return component `name` as a Jupyter widget, the last value of a cell shows it; `values` are what it gets.

    Raises `ImportError` where anywidget is not installed, and `ValueError` as `module` does.
    """
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise ImportError(f"the {name} needs the package anywidget in Jupyter; run: pip install anywidget") from error
    traits = {key: traitlets.Any(value).tag(sync=True) for key, value in values.items()}
    return type("ComponentWidget", (anywidget.AnyWidget,), {"_esm": module(name), **traits})()
