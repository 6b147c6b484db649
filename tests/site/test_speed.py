"""Floors for what `benchmarks/lighthouse.py` measures, without Node: weight, work and movement of each page.

Work is the processor's time of the page's main thread, which other work on the machine does not change.
"""

import gzip
from urllib.parse import urlsplit

import pytest

from site_pages import PAGES
from watching import SHIFTS, work_of

# As wide as a phone; higher, so that what moves below the first screen counts as well.
PHONE = {"viewport": {"width": 360, "height": 3000}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
PLAIN, MOST = "book/changelog", 8  # a page of plain text, and how many times its work a page may be
COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg")


def load(chromium, address):
    """Open a page as a phone does, fonts last; return bytes on the wire by path, seconds of work, and what moved."""
    context = chromium.new_context(**PHONE)
    page = context.new_page()
    page.add_init_script(SHIFTS)
    work = work_of(page)
    responses = []
    page.on("response", lambda response: responses.append(response))
    fonts = []
    page.route("**/*.woff", lambda route: fonts.append(route) if fonts is not None else route.continue_())
    page.goto(address, wait_until="domcontentloaded")
    page.wait_for_timeout(200)  # the page is drawn while its fonts are on their way
    late, fonts = fonts, None
    for route in late:
        route.continue_()
    page.wait_for_load_state("networkidle")
    seconds = work()
    sizes = {}
    for response in responses:
        body, kind = response.body(), response.headers.get("content-type", "")
        sizes[urlsplit(response.url).path] = len(gzip.compress(body) if kind.startswith(COMPRESSED) else body)
    shifts = page.evaluate("window.shifts")
    context.close()
    return sizes, seconds, shifts


@pytest.fixture(scope="module")
def plain_work(chromium, site_url):
    """Seconds of work for a page of plain text: what this machine needs for the theme alone."""
    return min(load(chromium, f"{site_url}{PLAIN}.html")[1] for _ in range(5))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light_and_quick_and_lies_still(chromium, site_url, plain_work, name):
    address, plain = f"{site_url}{name}.html", f"{site_url}{PLAIN}.html"
    sizes, work, shifts = load(chromium, address)
    # Drawn before its font of lines is decoded, a fraction gets a little lower. Below 0.1 a page is called still.
    assert sum(value for value, *_ in shifts) < 0.05, shifts
    assert sum(size for path, size in sizes.items() if not path.endswith(".png")) < 300_000, sizes
    assert sum(sizes.values()) < 1_000_000, sizes
    # Beside other work a thread's seconds grow, so that in doubt both pages are loaded in turns.
    turns = (load(chromium, address)[1] / load(chromium, plain)[1] for _ in range(3))
    assert work < MOST * plain_work or min(turns) < MOST


def test_pictures_keep_their_place_and_wait(soups):
    """Each picture has its size in the page, and those below the first wait until a reader comes near."""
    for file, soup in soups.items():
        pictures = [image for image in soup.select("article img") if "/_images/" in image["src"]]
        assert all(int(image["width"]) > 0 and int(image["height"]) > 0 for image in pictures), file
        assert [image.get("loading") for image in pictures] == [None, *["lazy"] * len(pictures)][: len(pictures)], file
