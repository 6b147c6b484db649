"""Take weight off the finished pages: on a slow connection each file that blocks the first paint costs a round trip.

The theme brings ten style sheets, the search's index on every page, and 270 KB of icons of which thirty are used; it
loads every picture at once, and text moves when one arrives.
"""

import re
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from PIL import Image

from gru_book.files import sha256

SHEET = re.compile(r'[ \t]*<link\b[^>]*\brel="stylesheet"[^>]*>\n?')

HREF = re.compile(r'href="((?:[^"]*/)?_static/)([^"?]+)[^"]*"')

IMPORT = re.compile(r'@import\s+(?:url\()?"([^"]+)"\)?\s*;')

ADDRESS = re.compile(r"url\((?!data:|[\"']?data:)[\"']?([^)\"']+)[\"']?\)")

# Only the page of the search needs these: elsewhere its dialogue leads to that page.
SEARCH = re.compile(r'[ \t]*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>\n?')

OPTIONS = re.compile(r'<script src="[^"]*documentation_options\.js[^"]*"></script>')

LATER = re.compile(r'<script (?=src="[^"]*(?:doctools|sphinx_highlight)\.js)')

PICTURE = re.compile(r'(<img\b[^>]*\bsrc="([^"]*/_images/[^"]+\.png)")([^>]*>)')

ICON = re.compile(r"\bfa-[a-z0-9-]+")

ICON_CODE = re.compile(r'content:\s*"\\([0-9a-f]{2,4})"')

ICON_RULE = re.compile(r'([^{}]*)\{content:"\\([0-9a-f]{2,4})"\}')
CSS_DPI = 96  # pixels of an inch in CSS


def lighten(static: Path, pages: dict[Path, str]) -> dict[Path, str]:
    """Return the texts of all pages of the site, lighter, and rewrite the icons' fonts and style sheets in `static`."""
    subset_icons(static, list(pages.values()))
    options = (static / "documentation_options.js").read_text(encoding="utf-8")
    sheets: dict[tuple[str, ...], str] = {}
    lighter = {}
    for file, text in pages.items():
        text = place_pictures(one_style_sheet(text, static, sheets), file.parent)
        if file.name != "search.html":
            text = LATER.sub('<script defer="defer" ', SEARCH.sub("", text))
            text = OPTIONS.sub(lambda _: f"<script>{options}</script>", text)
        lighter[file] = text
    return lighter


def place_pictures(text: str, folder: Path) -> str:
    """Return the page in `folder` with the size of each of its pictures; all but the first wait until they are near.

    A figure is shown in the size that it was drawn in: its inches are those of CSS, 96 pixels, however fine it is.
    """
    seen = 0

    def placed(match):
        nonlocal seen
        seen += 1
        with Image.open(folder / match[2]) as picture:
            scale = CSS_DPI / picture.info.get("dpi", (CSS_DPI,))[0]
            width, height = (round(pixels * scale) for pixels in picture.size)
        wait = ' loading="lazy"' if seen > 1 else ""
        return f'{match[1]} width="{width}" height="{height}"{wait}{match[3]}'

    return PICTURE.sub(placed, text)


def one_style_sheet(text: str, static: Path, sheets: dict[tuple[str, ...], str]) -> str:
    """Return a page with one style sheet in the place of its first; `sheets` remembers which were joined before."""
    found = [(link[0], HREF.search(link[0])) for link in SHEET.finditer(text)]
    found = [(link, href) for link, href in found if href and (static / href[2]).is_file()]
    if len(found) < 2:
        return text
    names = tuple(href[2] for _, href in found)
    if names not in sheets:
        joined = "\n".join(_style(static, static / name) for name in names)
        sheets[names] = f"styles/book-{sha256(joined)[:12]}.css"
        (static / sheets[names]).write_text(joined, encoding="utf-8")
    for number, (link, href) in enumerate(found):
        new = f'<link rel="stylesheet" href="{href[1]}{sheets[names]}" />\n'
        text = text.replace(link, "" if number else new, 1)
    return text


def _style(static: Path, file: Path) -> str:
    """Return a style sheet as it reads in `_static/styles/`, with what it imports in place."""
    text = file.read_text(encoding="utf-8").replace('@charset "UTF-8";', "")
    text = IMPORT.sub(lambda match: _style(static, (file.parent / match[1]).resolve()), text)
    up = "../" if file.parent == static else ""

    def moved(match):
        return f"url({match[1] if match[1].startswith(('../', '/', '#')) else up + match[1]})"

    return ADDRESS.sub(moved, text)


def subset_icons(static: Path, pages: list[str]) -> None:
    """Keep of the icons' fonts what pages, scripts and style sheets name."""
    theme = static / "styles/pydata-sphinx-theme.css"
    css = theme.read_text(encoding="utf-8")
    scripts = [file.read_text(encoding="utf-8") for file in static.rglob("*.js") if "mathjax" not in file.parts]
    named = set(ICON.findall("\n".join([*pages, *scripts])))
    codes = set()

    def keep_named(rule):
        icons = set(ICON.findall(rule[1]))
        if icons and not icons & named:
            return ""
        codes.add(rule[2])
        return rule[0]

    css = ICON_RULE.sub(keep_named, css)
    for file in static.rglob("*.css"):
        text = css if file == theme else file.read_text(encoding="utf-8")
        if file != theme:
            codes |= set(ICON_CODE.findall(text))
        codes |= {f"{ord(letter):x}" for letter in text if "\ue000" <= letter <= "\uf8ff"}
    for file in (static / "vendor/fontawesome/webfonts").glob("*.ttf"):
        font = TTFont(file, recalcTimestamp=False)
        kept = Subsetter(Options(layout_features=[], notdef_outline=True))
        kept.populate(unicodes=[int(code, 16) for code in codes])
        kept.subset(font)
        font.flavor = "woff"
        font.save(file.with_suffix(".woff"))
        source = f'src:url(../vendor/fontawesome/webfonts/{file.stem}.woff) format("woff")'
        css = re.sub(rf"src:url\([^)]*{file.stem}\.woff2\)[^}}]*", lambda _, source=source: source, css)
        file.unlink()
        file.with_suffix(".woff2").unlink()
    theme.write_text(css, encoding="utf-8")
