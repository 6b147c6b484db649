"""Set the formulas of the finished pages: what a reader gets is text, styles and fonts, and no script that makes them.

MathJax itself does it, once, in V8. In the browser it needed a second of a phone's time on a page of mathematics.
"""

import base64
import html
import importlib.util
import json
import re
import shutil
from pathlib import Path

from py_mini_racer import MiniRacer, mini_racer
from sphinx.util import logging

logger = logging.getLogger(__name__)

FORMULA = re.compile(
    r'(?P<start><(?P<tag>span|div) class="math notranslate nohighlight"[^>]*>(?:\s*<span class="eqno">.*?</span>)?)\s*'
    r"\\(?P<kind>[(\[])(?P<tex>.*?)\\[)\]]\s*(?P<end></(?P=tag)>)",
    re.DOTALL,
)

COMPONENTS = (
    "loader.js",
    "core.js",
    "adaptors/liteDOM.js",
    "input/tex-full.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml.js",
)

FONTS = "mathjax"

ZERO = "MathJax_Zero.woff"  # lines of formulas are laid out by its measures: it comes with the page

# MathJax's documented way on a server, with its DOM of its own. Styles are those of the glyphs that a page has.
TYPESET = """
const parts = MathJax._, adaptor = parts.adaptors.liteAdaptor.liteAdaptor();
parts.a11y["assistive-mml"].AssistiveMmlHandler(parts.handlers.html_ts.RegisterHTMLHandler(adaptor));

function typeset(formulas, fontURL) {
  const packages = ["base", "ams", "newcommand", "boldsymbol", "cancel", "color", "mathtools"];
  const formatError = (_, error) => { throw new Error(error.message); };
  const InputJax = new parts.input.tex_ts.TeX({ packages, formatError });
  const font = new parts.output.chtml.fonts.tex_ts.TeXFont({ fontURL });
  const OutputJax = new parts.output.chtml_ts.CHTML({ font });
  const page = parts.mathjax.mathjax.document("<html></html>", { InputJax, OutputJax });
  const set = formulas.map(([tex, display]) => {
    try {
      return adaptor.outerHTML(page.convert(tex, { display }));
    } catch (error) {
      return { error: error.message };
    }
  });
  return { set, styles: adaptor.textContent(OutputJax.styleSheet(page)) };
}
"""


def set_mathematics(static: Path, pages: dict[Path, str]) -> dict[Path, str]:
    """Return the texts of all pages of the site with their TeX set, and copy the fonts to `static`, the site's folder.

    TeX that MathJax refuses is a warning.
    """
    # The distribution's folder has hyphens in its name: it can be found, not imported.
    source = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent / "static/mathjax"
    shutil.copytree(source / "output/chtml/fonts/woff-v2", static / FONTS, dirs_exist_ok=True)
    zero = base64.b64encode((static / FONTS / ZERO).read_bytes()).decode()
    done = dict(pages)
    with mini_racer() as engine:
        engine.eval("globalThis.MathJax = {};")
        for name in COMPONENTS:
            engine.eval((source / name).read_text(encoding="utf-8"))
        engine.eval(TYPESET)
        for file, text in sorted(pages.items()):
            if FORMULA.search(text):
                name = file.relative_to(static.parent).with_suffix("").as_posix()
                fonts = "../" * name.count("/") + f"{static.name}/{FONTS}"
                page = _page(engine, text, fonts, name)
                done[file] = page.replace(f"{fonts}/{ZERO}", f"data:font/woff;base64,{zero}")
    return done


def _page(engine: MiniRacer, text: str, fonts: str, name: str) -> str:
    """Return a page with its formulas set and their styles in its head."""
    found = [(html.unescape(match["tex"]).strip(), match["kind"] == "[") for match in FORMULA.finditer(text)]
    result = json.loads(engine.eval(f"JSON.stringify(typeset({json.dumps(found)}, {json.dumps(fonts)}))"))
    formulas = iter(zip(found, result["set"], strict=True))

    def formula(match):
        (tex, _), made = next(formulas)
        if isinstance(made, dict):
            logger.warning("TeX that cannot be set: %s: %r", made["error"], tex, location=name)
            return match[0]
        return match["start"] + made + match["end"]

    styles = re.sub(r"\s+", " ", result["styles"])
    return FORMULA.sub(formula, text).replace("</head>", f"<style>{styles}</style>\n</head>", 1)
