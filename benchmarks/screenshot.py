"""The pictures of the gate explorer on README and front page: `.venv/bin/python benchmarks/screenshot.py`.

Build the site first (`make book`); after a change of page 37, take them again and commit `book/_static/`.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from browser import find_browser
from gru_book.files import CHECKOUT

PAGE = CHECKOUT / "_build/html/notebooks/37_inside.html"
STATIC = CHECKOUT / "book/_static"
READY = ".gru-panels[aria-busy=false]"


def main() -> None:
    if not PAGE.is_file():
        sys.exit(f"no page in {PAGE}: run make book first")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        for theme in ("light", "dark"):
            size = {"width": 1280, "height": 720}
            page = browser.new_page(viewport=size, color_scheme=theme, device_scale_factor=1.5)
            page.goto(f"{PAGE.as_uri()}#explorer?a=This+movie+is+good.&b=This+movie+is+not+good.&at=4-4")
            page.wait_for_selector(READY)
            page.wait_for_timeout(1000)  # the page scrolls to the explorer
            if theme == "light":
                page.screenshot(path=STATIC / "screenshot.png")
            page.add_style_tag(content=".bd-header-article, .pst-skiplink, .skip-link { display: none !important; }")
            page.set_viewport_size({"width": 1280, "height": 1000})
            page.locator(".gru-panels").scroll_into_view_if_needed()
            top, box = page.locator(".gru-verdict").first.bounding_box(), page.locator(".gru-panels").bounding_box()
            bottom = page.locator(".gru-numbers").first.bounding_box()["y"]
            clip = {**box, "y": top["y"], "height": bottom - top["y"]}
            page.screenshot(path=STATIC / f"explorer-{theme}.png", clip=clip)
        browser.close()


if __name__ == "__main__":
    main()
