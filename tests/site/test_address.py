"""The site of a small book without an address, with one on GitHub, and with one elsewhere."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell, new_notebook
from sphinx.errors import ConfigError

from gru_book.site.build import build
from gru_book.site.extension import set_addresses, site_address
from serving import serve
from site_pages import CHECKOUT, CONFIG
from watching import axe_violations, watch

GITHUB = "https://github.com/Some-One/the-book"
ELSEWHERE = "https://git.example.org/some-one/the-book"
BASE = "https://some-one.github.io/the-book/"
PAGES = ("book/intro", "notebooks/11_page")
HOSTS = ("colab.research.google.com", "mybinder.org", "github.com", "github.io", "example.org")


def build_book(root: Path, url: str, revision: str = "") -> Path:
    """Build a book of one plain page and one notebook, with the settings of the real one and this address."""
    shutil.copytree(CHECKOUT / "book/_static", root / "book/_static")
    shutil.copy(CHECKOUT / "book/references.bib", root / "book")
    config = yaml.safe_load((CHECKOUT / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"], config["sphinx"]["config"]["notebook_revision"] = url, revision
    config["html"]["baseurl"] = ""
    (root / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    toc = {"format": "jb-book", "root": PAGES[0], "chapters": [{"file": PAGES[1]}]}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    description = "---\nmyst:\n  html_meta:\n    description: Some words about it.\n---\n"
    (root / f"{PAGES[0]}.md").write_text(f"{description}# First\n\nWords.\n", encoding="utf-8")
    (root / "notebooks").mkdir()
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Second")], metadata=kernel), root / f"{PAGES[1]}.ipynb")
    return build(root / "_build", strict=True, root=root).parent


@pytest.fixture(scope="module")
def without(tmp_path_factory) -> Path:
    return build_book(tmp_path_factory.mktemp("without"), "")


@pytest.fixture(scope="module")
def on_github(tmp_path_factory) -> Path:
    return build_book(tmp_path_factory.mktemp("github"), GITHUB, "v9.8.7")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Path:
    return build_book(tmp_path_factory.mktemp("elsewhere"), ELSEWHERE, "v9.8.7")


def parsed(site: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


def buttons(site: Path, name: str) -> list[str]:
    """Return where the buttons above a page lead, other than to files of the site."""
    links = [tag["href"] for tag in parsed(site, name).select(".article-header-buttons a[href]")]
    return [link for link in links if urlsplit(link).netloc]


def own_addresses(site: Path, name: str) -> list[str]:
    """Return what a page says about its own address, to search engines and in previews."""
    tags = parsed(site, name).select('link[rel="canonical"], meta[property^="og:"]')
    return [text for text in (tag.get("href") or tag["content"] for tag in tags) if "/" in text]


@pytest.mark.parametrize("name", [*PAGES, "404"])
def test_without_an_address_no_page_has_one(without, name):
    assert buttons(without, name) == []
    assert own_addresses(without, name) == []
    assert not parsed(without, name).select(".dropdown-launch-buttons, .btn-source-repository-button")
    page = (without / f"{name}.html").read_text(encoding="utf-8")
    assert not [host for host in HOSTS if host in page]
    assert not (without / "sitemap.xml").exists()


def test_without_an_address_the_notebook_can_be_downloaded(without):
    links = [tag["href"] for tag in parsed(without, PAGES[1]).select(".article-header-buttons a[href]")]
    assert links == ["../_sources/notebooks/11_page.ipynb"]


def test_the_links_of_the_missing_page_begin_at_the_root_of_the_site(without, on_github):
    for site, prefix in ((without, "/"), (on_github, "/the-book/")):
        links = [tag["href"] for tag in parsed(site, "404").select("a[href], link[href]")]
        inside = [link for link in links if not urlsplit(link).netloc and urlsplit(link).path]
        assert f"{prefix}search.html" in inside
        assert all(link.startswith(prefix) and (site / urlsplit(link).path[len(prefix) :]).is_file() for link in inside)


@pytest.mark.parametrize("prefix", ["/", "/any/where/"])
def test_without_an_address_the_site_works_at_every_one(chromium, without, prefix):
    with serve(without, prefix) as url:
        page = chromium.new_page()
        troubles = watch(page)
        page.goto(url)
        page.wait_for_url(f"{url}{PAGES[0]}.html", wait_until="networkidle")
        page.click("a.right-next")
        page.wait_for_url(f"{url}{PAGES[1]}.html", wait_until="networkidle")
        page.close()
    assert not troubles


def test_on_github_every_button_leads_to_the_repository(on_github):
    start = f"{GITHUB}/issues/new?title=Issue%20on%20page%20%2F"
    project = urlsplit(GITHUB).path
    plain, chapter = (buttons(on_github, name) for name in PAGES)
    assert plain[:2] == [GITHUB, f"{GITHUB}/edit/main/book/intro.md"]
    assert plain[2].startswith(f"{start}book/intro.html")
    assert chapter[:4] == [
        f"https://mybinder.org/v2/gh{project}/v9.8.7?urlpath=lab/tree/notebooks/11_page.ipynb",
        f"https://colab.research.google.com/github{project}/blob/v9.8.7/notebooks/11_page.ipynb",
        GITHUB,
        f"{GITHUB}/edit/main/book/11_page.md",
    ]
    assert chapter[4].startswith(f"{start}notebooks/11_page.html")
    assert len(parsed(on_github, PAGES[1]).select(".btn-launch-jupyterhub, .btn-launch-other-hub")) == 2
    assert not parsed(on_github, PAGES[0]).select(".dropdown-launch-buttons")


def test_on_github_every_page_says_where_it_is(on_github):
    sitemap = (on_github / "sitemap.xml").read_text(encoding="utf-8")
    assert sitemap.count("<loc>") == len(PAGES)
    for name in PAGES:
        here = f"{BASE}{name}.html"
        soup = parsed(on_github, name)
        assert soup.select_one('link[rel="canonical"]')["href"] == here
        assert soup.select_one('meta[property="og:url"]')["content"] == here
        assert soup.select_one('meta[property="og:image"]')["content"] == f"{BASE}_static/screenshot.png"
        assert f"<loc>{here}</loc>" in sitemap
    assert (on_github / "_static/screenshot.png").is_file()


def test_elsewhere_there_is_a_button_to_the_repository_and_no_guess(elsewhere):
    for name in (*PAGES, "404"):
        assert buttons(elsewhere, name) == [ELSEWHERE]
        assert own_addresses(elsewhere, name) == []
    assert not (elsewhere / "sitemap.xml").exists()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("state", ["without", "on_github", "elsewhere"])
def test_the_buttons_are_accessible_and_fit(chromium, request, state, width):
    context = chromium.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    troubles = watch(page)
    page.goto((request.getfixturevalue(state) / f"{PAGES[1]}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not axe_violations(page)
    assert not troubles
    context.close()


@pytest.fixture
def github_url(on_github):
    with serve(on_github, "/the-book/") as address:
        yield address


def test_a_readers_own_hub_from_the_keyboard(browser_page, github_url):
    """The menu asks for the hub's address once, refuses what is none, and remembers it."""
    name = PAGES[1]
    opened = []
    browser_page.context.route("https://hub.example.org/**", lambda route: route.fulfill(body="a hub"))
    browser_page.context.on("request", lambda r: opened.append(r.url) if "hub.example.org" in r.url else None)
    press = browser_page.keyboard.press

    def choose(steps):
        browser_page.locator(".dropdown-launch-buttons > button").focus()
        press("Enter")
        for _ in range(steps):
            press("ArrowDown")

    browser_page.goto(f"{github_url}{name}.html")
    entries = browser_page.locator(".dropdown-launch-buttons .dropdown-item")
    order = entries.evaluate_all("list => list.map((e) => e.className.includes('btn-launch-jupyterhub'))")
    steps = order.index(True) + 1
    choose(steps)
    press("Enter")
    browser_page.wait_for_selector("#hub-dialog[open]")
    assert not axe_violations(browser_page)
    browser_page.keyboard.type("ftp://nowhere")
    press("Enter")
    assert "no web address" in browser_page.locator("#hub-error").inner_text()
    browser_page.locator("#hub-address").fill("https://hub.example.org/hub/home")
    with browser_page.context.expect_page() as popup:
        press("Enter")
    popup.value.wait_for_load_state()
    address = urlsplit(opened[-1])
    assert (address.netloc, address.path) == ("hub.example.org", "/hub/user-redirect/git-pull")
    wanted = {"repo": [GITHUB], "branch": ["main"], "urlpath": [f"lab/tree/the-book/{name}.ipynb"]}
    assert parse_qs(address.query) == wanted

    browser_page.bring_to_front()
    choose(steps)
    with browser_page.context.expect_page():
        press("Enter")
    choose(steps + 1)
    press("Enter")
    browser_page.wait_for_selector("#hub-dialog[open]")
    assert browser_page.locator("#hub-address").input_value() == "https://hub.example.org/"
    press("Escape")
    assert not browser_page.locator("#hub-dialog").is_visible()


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        ("https://github.com/Some-One/book", "https://some-one.github.io/book/"),
        ("https://github.com/some-one/book.git", "https://some-one.github.io/book/"),
        ("https://github.com/some-one/some-one.github.io/", "https://some-one.github.io/"),
        ("https://gitlab.com/some-one/book", ""),
        ("https://github.com.example.org/some-one/book", ""),
    ],
)
def test_the_sites_address_follows_from_the_repository(repository, address):
    assert site_address(repository) == address


@pytest.mark.parametrize("repository", ["", "github.com/a/b", "https://github.com/a", "git@github.com:a/b.git"])
def test_an_odd_repository_address_is_refused(repository):
    with pytest.raises(ConfigError, match="repository.url must be"):
        site_address(repository)


def configured(repository: str, own: str = "", revision: str = "") -> SimpleNamespace:
    """Return Sphinx's configuration of a site with this repository, and with its own address where that is told."""
    options = {"repository_url": repository, "repository_branch": "main", "launch_buttons": CONFIG["launch_buttons"]}
    config = SimpleNamespace(html_theme_options=options, html_baseurl=own, notebook_revision=revision)
    config.html_context, config.suppress_warnings = {}, []
    set_addresses(None, config)
    return config


def test_gitlab_has_no_colab_and_its_own_form_of_an_edit():
    config = configured("https://gitlab.com/some-one/book.git/", revision="v9.8.7")
    options = config.html_theme_options
    assert options["repository_url"] == "https://gitlab.com/some-one/book"
    assert options["repository_branch"] == "v9.8.7"
    assert set(options["launch_buttons"]) == {"notebook_interface", "binderhub_url"}
    assert config.html_context["edit_page_url_template"].startswith(f"{options['repository_url']}/-/edit/main/")
    assert config.html_baseurl == ""


def test_a_site_that_is_told_its_own_address_uses_that():
    for repository in ("", GITHUB, ELSEWHERE):
        config = configured(repository, own="https://gru.example.org/book")
        assert config.html_baseurl == config.ogp_site_url == "https://gru.example.org/book/"
        assert config.notfound_urls_prefix == "/book/"
        assert config.html_theme_options["use_edit_page_button"] is (repository == GITHUB)
