"""What the tests of the site look for while a page is open."""

from axe_playwright_python.sync_playwright import Axe

# Without preload: axe would fetch style sheets a second time, from wrong addresses.
AXE_RULES = {"resultTypes": ["violations"], "preload": False}

# Fills window.shifts with everything on the page that moved by itself.
SHIFTS = """window.shifts = [];
const seen = (e) => e.hadRecentInput ? [] : [[e.value, ...e.sources.map((s) => s.node?.outerHTML?.slice(0, 100))]];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().flatMap(seen)))
  .observe({ type: "layout-shift", buffered: true });"""


def watch(page) -> list[str]:
    """Return a list that fills with foreign and failed requests, script errors, complaints of the console, dialogs."""
    troubles = []
    own = ("http://127.0.0.1:", "file://", "data:", "blob:")

    def on_request(request):
        if not request.url.startswith(own):
            troubles.append(f"asks another host: {request.url}")

    def on_response(response):
        if response.status >= 400:
            troubles.append(f"status {response.status}: {response.url}")

    page.on("request", on_request)
    page.on("dialog", lambda dialog: (troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("response", on_response)
    page.on("requestfailed", lambda request: troubles.append(f"failed: {request.url}"))
    page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    page.on("console", lambda m: troubles.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
    return troubles


def axe_violations(page, place: str | None = None) -> list[str]:
    """Return the findings of axe on a page, or on the element `place` (a selector), with the first place of each."""
    found = Axe().run(page, context=place, options=AXE_RULES).response["violations"]
    return [f"{v['id']} ({len(v['nodes'])}×): {v['nodes'][0]['html'][:200]}" for v in found]
