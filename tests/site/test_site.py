"""The built site in a real browser: whole offline, accessible, readable on a phone, every link alive."""

import json
import re
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

from gru_book.errors import BookError
from gru_book.site.build import build
from site_pages import CHAPTERS, CHECKOUT, MADE, PAGES, PREFIX
from watching import CONTRAST, axe_violations, contrast_violations, watch

SETTLED = """async () => {
  await document.fonts.ready;
  for (const img of document.images) { img.loading = "eager"; if (!img.complete) await img.decode().catch(() => {}); }
}"""
# Texts that a careless reader of notebooks evaluates, and a table as pandas writes it.
GLUED = ["0.870", "98,688", "1e-07", "1 of 2", "-0.0", "None"]
TABLE = """<table border="1" class="dataframe">
<thead>
  <tr style="text-align: right;"><th></th> <th>one</th> <th>two</th></tr>
  <tr><th>row</th> <th></th> <th></th></tr>
</thead>
<tbody><tr><th>0</th> <td>1</td> <td>2</td></tr></tbody>
</table>"""
STYLED = """<style type="text/css">#T_1_row0_col0 { color: #800000 }</style>
<table id="T_1"><thead><tr><th>&nbsp;</th> <th>three</th></tr></thead>
<tbody><tr><th>0</th> <td id="T_1_row0_col0">3</td></tr></tbody></table>"""
# Everything in the article that sticks out of the window and that no ancestor makes scroll by itself.
STICKS_OUT = """() => [...document.querySelectorAll("article *")].filter((e) => {
  const box = e.getBoundingClientRect();
  if (!box.width || !box.height || box.right <= innerWidth + 1 || e.closest("mjx-assistive-mml")) return false;
  for (let p = e; p && p.tagName !== "ARTICLE"; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== "visible" && p.getBoundingClientRect().right <= innerWidth + 1) return false;
  return true;
}).map((e) => e.tagName + "." + e.className).slice(0, 5)"""

# Most elements of a page colour a word of code or place a sign of a formula, and axe has no other rule for them.
PLAIN = """() => {
  for (const e of document.querySelectorAll("pre, mjx-math")) e.replaceChildren(e.textContent);
}"""

# Pictures in dark colours have a frame.
DISTORTED = """() => [...document.querySelectorAll("article img")].filter((e) => {
  const frame = 2 * parseFloat(getComputedStyle(e).paddingTop), ratio = e.naturalHeight / e.naturalWidth;
  return e.offsetParent && Math.abs(e.clientHeight - frame - (e.clientWidth - frame) * ratio) > 2;
}).map((e) => e.src)"""
PLACE = '<div data-gru-book="playground">Words for readers without scripts.</div>'


@pytest.fixture(scope="module")
def visit(chromium):
    """Open an address in a window of some width and colour scheme; yield the page and the list of its troubles."""
    contexts = {}

    @contextmanager
    def open_page(url: str, width: int = 1280, scheme: str = "light"):
        if (width, scheme) not in contexts:  # one each, so that what all pages share comes from the browser's cache
            size = {"width": width, "height": 900}
            contexts[width, scheme] = chromium.new_context(viewport=size, color_scheme=scheme)
        page = contexts[width, scheme].new_page()
        troubles = watch(page)
        page.goto(url)
        page.evaluate(SETTLED)
        yield page, troubles
        page.close()

    return open_page


def assert_mathematics(page) -> None:
    """Every formula was set when the site was built, and none failed."""
    count = "() => ({formulas: document.querySelectorAll('.math').length, "
    count += "set: document.querySelectorAll('.math mjx-container').length, "
    count += "failed: document.querySelectorAll('mjx-merror, [data-mjx-error]').length})"
    found = page.evaluate(count)
    assert found["set"] >= found["formulas"], found
    assert found["failed"] == 0, found


@pytest.fixture(scope="module")
def seen() -> dict[str, set[str]]:
    """The looks of texts whose contrast was found to be enough, by colour scheme."""
    return {"light": set(), "dark": set()}


@pytest.mark.parametrize("name", PAGES + MADE + ["404"])
def test_page_served_in_light_colours(visit, site_url, seen, name):
    with visit(f"{site_url}{name}.html") as (page, troubles):
        assert page.evaluate("document.documentElement.dataset.theme") == "light"
        assert_mathematics(page)
        assert not contrast_violations(page, seen["light"])
        page.evaluate(PLAIN)
        assert not axe_violations(page, without=(CONTRAST,))
        icons = page.evaluate("document.fonts.check('900 16px \"Font Awesome 6 Free\"')")
        assert icons, "the icons' font has not been loaded"
        assert not troubles


@pytest.mark.parametrize("name", PAGES + MADE + ["404"])
def test_page_on_a_dark_phone(visit, site_url, seen, name):
    """What other colours and a narrow window change; the page itself is that of the test above."""
    with visit(f"{site_url}{name}.html", width=360, scheme="dark") as (page, troubles):
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert not page.evaluate(STICKS_OUT)
        assert not page.evaluate(DISTORTED)
        assert not axe_violations(page, only=("link-in-text-block", "scrollable-region-focusable"))
        assert not contrast_violations(page, seen["dark"])
        assert not troubles


def script_of(tag) -> str:
    """Return what tells a script from others: its file, or its text without what is said in quotation marks."""
    return re.sub(r"^(\.+/)+", "", tag.get("src", "")) or re.sub(r"'[^']*'|\"[^\"]*\"", "", tag.text)


@pytest.fixture(scope="module")
def kinds(site, soups) -> list[str]:
    """One page of each kind, small ones first: together they have every script that any page has."""
    names, known = [], set()
    for file, soup in sorted(soups.items(), key=lambda item: (len(item[1].find_all(True)), item[0])):
        scripts = {script_of(tag) for tag in soup.find_all("script")}
        if not scripts <= known:
            names.append(file.relative_to(site).with_suffix("").as_posix())
            known |= scripts
    assert {"search", "404"} < set(names)
    return names


def test_axe_finds_nothing_on_a_page_of_each_kind(visit, site_url, kinds):
    """All rules, in turn on a wide light screen and on a narrow dark one; on all elements of the smaller pages."""
    for number, name in enumerate(kinds):
        width, scheme = ((1280, "light"), (360, "dark"))[number % 2]
        with visit(f"{site_url}{name}.html", width, scheme) as (page, _):
            if number > 3:
                page.evaluate(PLAIN)
            assert not axe_violations(page), name


def test_a_page_of_each_kind_opened_as_a_file(visit, site, kinds):
    for name in set(kinds) - {"404"}:  # the server shows this one at any address
        with visit((site / f"{name}.html").as_uri()) as (page, troubles):
            assert_mathematics(page)
            assert not troubles, name


def test_no_page_has_what_a_browser_refuses_from_a_file(site, soups):
    """Modules, and what asks for other rights; that all addresses are relative is the test of the links."""
    for file, soup in soups.items():
        where = file.relative_to(site).as_posix()
        assert not soup.select('script[type="module"], link[rel="modulepreload"], link[rel="manifest"]'), where
        assert not soup.select("[crossorigin], base"), where
        formulas = soup.select(".math")
        assert all(formula.select_one("mjx-container") for formula in formulas), where
        assert not soup.select("mjx-merror, [data-mjx-error]"), where


def test_the_site_has_the_pages_of_the_toc_and_no_others(site, soups):
    found = {file.relative_to(site).with_suffix("").as_posix() for file in soups}
    extra = {name for name in found if name.endswith("-prf") or name.startswith("prf-")}
    assert found - extra == {*PAGES, *MADE, "index", "404"}


def test_internal_links_and_anchors_resolve(site, soups):
    anchors = {file: {tag["id"] for tag in soup.find_all(id=True)} for file, soup in soups.items()}
    broken = []
    for file, soup in soups.items():
        links = [(tag, tag[key]) for key in ("href", "src") for tag in soup.find_all(attrs={key: True})]
        for tag, link in links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = unquote(parts.path)
            if path.startswith("/"):  # only there: the server shows this page at any address
                assert file.name == "404.html", link
            base = site / path.removeprefix(PREFIX) if path.startswith("/") else file.parent / path
            target = base.resolve() if path else file
            if target.is_dir():
                target /= "index.html"
            known = anchors.get(target, set()) | {"", "top"}
            if not target.is_file() or (target.suffix == ".html" and unquote(parts.fragment) not in known):
                broken.append(f"{file.relative_to(site)}: <{tag.name}> {link}")
    assert not broken


def test_every_figure_says_in_words_what_it_shows(site, soups):
    bad = []
    for file, soup in soups.items():
        for image in soup.select("article img"):
            alt = image.get("alt", "").strip()
            # Without an alternative text myst-nb writes the file's name, which is a hash.
            if len(alt) < 10 or re.search(r"[0-9a-f]{16}|\.(png|svg|jpe?g)$", alt):
                bad.append(f"{file.relative_to(site)}: {image.get('src')} has the alternative text {alt!r}")
    assert not bad


def test_no_page_names_another_host_for_something_it_loads(site, soups):
    loads = "script[src], img[src], iframe[src], source[src], link[rel=stylesheet][href], link[rel=preload][href]"
    for file, soup in soups.items():
        for tag in soup.select(loads):
            address = tag.get("src") or tag.get("href")
            assert not urlsplit(address).netloc, f"{file.relative_to(site)} loads {address}"


def test_no_built_file_holds_a_path_of_this_machine(site):
    machine = {str(CHECKOUT), str(site), sys.prefix, f"{Path.home()}/"} - {"//"}
    for file in site.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            found = [path for path in machine if path.encode() in content]
            assert not found, f"{file.relative_to(site)} holds {found}"


def test_the_parts_that_block_or_call_out_are_gone(site):
    static = site / "_static"
    assert not list(static.glob("*thebe*"))
    assert (static / "scripts/fontawesome.js").stat().st_size < 100
    size = sum(file.stat().st_size for file in (static / "mathjax").rglob("*") if file.is_file())
    assert size < 2.5e6


def test_little_blocks_the_first_paint(site, soups):
    """One style sheet, no script from a file before the text except for the search, and only icons that are used."""
    for file, soup in soups.items():
        if file.relative_to(site).as_posix() in ("index.html", "search.html"):  # a redirection, and the search itself
            continue
        assert len(soup.select('link[rel="stylesheet"]')) == 1, file
        assert not [
            t["src"] for t in soup.select("head script[src]") if not t.has_attr("defer") and not t.has_attr("async")
        ]
    fonts = [file for file in (site / "_static/vendor").rglob("*") if file.is_file()]
    assert {file.suffix for file in fonts} == {".woff"}
    assert sum(file.stat().st_size for file in fonts) < 20_000


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_notebook_of_a_chapter_can_be_downloaded(site, soups, name):
    links = [tag["href"] for tag in soups[site / f"{name}.html"].select(".article-header-buttons a")]
    assert f"../_sources/{name}.ipynb" in links
    assert (site / f"_sources/{name}.ipynb").read_bytes() == (CHECKOUT / f"{name}.ipynb").read_bytes()


def test_previous_and_next_follow_the_toc(site, soups):
    for before, after in zip(PAGES, PAGES[1:], strict=False):
        step = soups[site / f"{before}.html"].select_one("a.right-next")["href"]
        assert (site / f"{before}.html").parent.joinpath(step).resolve() == site / f"{after}.html"
        back = soups[site / f"{after}.html"].select_one("a.left-prev")["href"]
        assert (site / f"{after}.html").parent.joinpath(back).resolve() == site / f"{before}.html"


def test_every_page_has_one_description(site, soups):
    for name in PAGES:
        descriptions = {tag["content"] for tag in soups[site / f"{name}.html"].select('meta[name="description"]')}
        assert len(descriptions) == 1, f"{name} needs one myst.html_meta.description, has {descriptions}"
        assert 20 <= len(descriptions.pop()) <= 160, name


def test_the_search_finds_words_without_a_server(browser_page, site):
    troubles = watch(browser_page)
    browser_page.goto((site / "search.html").as_uri() + "?q=update")
    browser_page.wait_for_selector("#search-results li a")
    targets = [a.get_attribute("href") for a in browser_page.query_selector_all("#search-results li a")]
    assert any("glossary.html" in target for target in targets)
    assert not [t for t in troubles if "another host" in t]


def test_the_search_dialog_opens_from_the_keyboard(browser_page, site_url):
    troubles = watch(browser_page)
    browser_page.goto(f"{site_url}{PAGES[0]}.html", wait_until="networkidle")  # or leaving cuts a request off
    browser_page.keyboard.press("Control+k")
    browser_page.keyboard.type("gate")
    browser_page.keyboard.press("Enter")
    browser_page.wait_for_url("**/search.html?q=gate")
    browser_page.wait_for_selector("#search-results li p.context")
    assert not troubles


def test_the_colours_can_be_switched_and_stay(browser_page, site_url):
    def state():
        return browser_page.evaluate(
            "[document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]"
        )

    browser_page.goto(f"{site_url}{PAGES[0]}.html")
    button = browser_page.locator("button.theme-switch-button:visible").first
    seen = {}
    for _ in range(3):
        button.click()
        theme, background = state()
        seen[theme] = background
        if theme == "dark":
            browser_page.goto(f"{site_url}{PAGES[1]}.html")
            assert state()[0] == "dark"
    assert set(seen) == {"light", "dark"}
    assert seen["light"] != seen["dark"]


def test_solutions_open_from_the_keyboard(browser_page, site, site_url, soups):
    name = next(name for name in CHAPTERS if soups[site / f"{name}.html"].select("div.solution.dropdown"))
    browser_page.goto(f"{site_url}{name}.html")
    solution = browser_page.locator("div.solution.dropdown").first
    button = solution.locator("button.toggle-button")
    assert button.get_attribute("aria-expanded") == "false"
    button.focus()
    browser_page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    assert solution.locator("section, .cell, p").nth(1).is_visible()


@pytest.fixture
def small_book(tmp_path) -> Path:
    """A book of two plain pages and one notebook with the settings of the real one."""
    root = tmp_path / "root"
    shutil.copytree(CHECKOUT / "book/_static", root / "book/_static")
    shutil.copy(CHECKOUT / "book/references.bib", root / "book")
    shutil.copy(CHECKOUT / "_config.yml", root)
    chapters = [{"file": "book/second"}, {"file": "notebooks/11_third"}]
    toc = {"format": "jb-book", "root": "book/intro", "parts": [{"caption": "Part", "chapters": chapters}]}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    (root / "book/intro.md").write_text("# First\n\nWords.\n", encoding="utf-8")
    second = f"# Second $h_t$\n\n{PLACE}\n\n```html\n{PLACE}\n```\n\n$$a < b$$ (ours)\n"
    (root / "book/second.md").write_text(second, encoding="utf-8")
    (root / "notebooks/artifacts/second/web").mkdir(parents=True)
    (root / "notebooks/artifacts/second/web/data.js").write_text("window.data = 1;\n", encoding="utf-8")
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": "✘ **short: no.** Not here."}},
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": TABLE}},
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": STYLED}},
    ]
    for number, value in enumerate(GLUED):
        record = "application/papermill.record/"
        scrapbook = {"scrapbook": {"name": f"n{number}", "mime_prefix": record}}
        outputs.append({"output_type": "display_data", "metadata": scrapbook, "data": {f"{record}text/plain": value}})
    code = {"cell_type": "code", "id": "b", "metadata": {}, "source": "1", "execution_count": 1, "outputs": outputs}
    words = "# Third\n\n" + "\n".join(f"<{{glue:text}}`n{number}`>" for number in range(len(GLUED)))
    text = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": words}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    notebook = {"cells": [text, code], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (root / "notebooks/11_third.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return root


def test_building_again_after_changes(small_book):
    """Pages that are gone disappear; a warning is not forgotten by the next build."""
    out = small_book / "_build"
    first = build(out, strict=True, root=small_book)
    assert first == out / "html/index.html"
    third = (out / "html/notebooks/11_third.html").read_text(encoding="utf-8")
    soup = BeautifulSoup(third, "html.parser")
    assert soup.select_one("p.claim.claim-contradicted")
    assert [tag.text for tag in soup.select(".pasted-text")] == GLUED
    assert [(tag.text, tag["scope"]) for tag in soup.select("table th")] == [
        *[("row", "col"), ("one", "col"), ("two", "col"), ("0", "row")],
        *[("three", "col"), ("0", "row")],
    ]
    assert [tag.parent.name for tag in soup.find_all("style") if "#T_1_row0_col0" in tag.text] == ["head"]

    assets = out / "html/_static/assets"
    assert (assets / "second/data.js").read_text(encoding="utf-8") == "window.data = 1;\n"
    for name, places in {"book/intro": 0, "book/second": 1, "notebooks/11_third": 0}.items():
        page = BeautifulSoup((out / f"html/{name}.html").read_text(encoding="utf-8"), "html.parser")
        scripts = [tag for tag in page.select("script[src]") if "/assets/" in tag["src"]]
        assert len(page.select("[data-gru-book]")) == len(scripts) == places, name
        for tag in scripts:
            assert re.fullmatch(r"\.\./_static/assets/playground\.js\?v=[0-9a-f]{8}", tag["src"])
            assert tag.has_attr("defer")

    second = BeautifulSoup((out / "html/book/second.html").read_text(encoding="utf-8"), "html.parser")
    places = [".bd-sidenav", "h1", "div.math > .eqno + mjx-container[display]"]
    assert all(second.select_one(f"{place} mjx-math") for place in places)
    assert "<mo><</mo>" in str(second.select_one("div.math math").decode(formatter=None)).replace(" ", "")
    assert "\\(" not in second.select_one("article").text
    assert "mathjax" not in "".join(str(tag) for tag in second.select("script")).lower()

    (small_book / "book/second.md").write_text("# Second\n\n$\\nowhere{1}$ and $x$\n", encoding="utf-8")
    with pytest.raises(BookError, match=r"book/second.*cannot be set: Undefined control sequence \\nowhere"):
        build(out, strict=True, root=small_book)
    (small_book / "book/second.md").write_text("# Second\n\n{ref}`nowhere`\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(BookError, match="book/second.md.*nowhere"):
            build(out, strict=True, root=small_book)
    (small_book / "book/second.md").write_text(f"# Second\n\n{PLACE.replace('ground', 'pen')}\n", encoding="utf-8")
    with pytest.raises(BookError, match="book/second.*unknown component.*playpen"):
        build(out, strict=True, root=small_book)

    (small_book / "book/second.md").unlink()
    toc = yaml.safe_load((small_book / "_toc.yml").read_text(encoding="utf-8"))
    toc["parts"][0]["chapters"].pop(0)
    (small_book / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    build(out, strict=True, root=small_book)
    assert not (out / "html/book/second.html").exists()


def test_building_elsewhere_is_refused(tmp_path):
    with pytest.raises(ValueError, match="_build"):
        build(tmp_path / "html")
    with pytest.raises(BookError, match="_config.yml"):
        build(tmp_path / "_build", root=tmp_path)


def test_the_contrast_of_a_look_is_judged_once_and_never_passed_over(browser_page):
    """Of equal texts one stands for all; the same colours on another ground, or smaller, are another look."""
    light, grounds = "color: #888", ("#fff", "#ddd")
    texts = [f'<p style="background: {ground}; {light}">text</p>' for ground in grounds for _ in range(3)]
    browser_page.set_content(f"<html lang=en><title>t</title><main><h1>Head</h1>{''.join(texts)}</main></html>")
    seen = set()
    assert [finding[:19] for finding in contrast_violations(browser_page, seen)] == ["color-contrast (2×)"]
    assert len(seen) == 3
    assert contrast_violations(browser_page, seen) == []
