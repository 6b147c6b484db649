"""What the tests of the site look for while a page is open."""

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe

# Without preload: axe would fetch style sheets a second time, from wrong addresses.
AXE_OPTIONS = {"resultTypes": ["violations"], "preload": False}
CONTRAST = "color-contrast"

# Marks the first element of each look: colour and size of its own text, and the grounds below it down to an opaque one.
# Returns the looks, without those in `seen`.
LOOKS = """(seen) => {
  const known = new Set(seen), grounds = new Map();
  const ground = (e) => {
    if (!e) return "";
    if (!grounds.has(e)) {
      const { backgroundColor: color, backgroundImage: image, opacity } = getComputedStyle(e);
      const own = [color, image, opacity].join(), clear = own === "rgba(0, 0, 0, 0),none,1";
      const opaque = /^rgb\\(/.test(color) && opacity === "1";
      grounds.set(e, (clear ? "" : own) + (opaque ? "" : ground(e.parentElement)));
    }
    return grounds.get(e);
  };
  return [...document.body.querySelectorAll("*")].flatMap((e) => {
    if (![...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || !e.checkVisibility()) return [];
    const style = getComputedStyle(e);
    const look = [style.color, style.fontSize, style.fontWeight, style.textShadow, ground(e)].join(" ");
    if (known.has(look)) return [];
    known.add(look);
    e.dataset.look = "new";
    return [look];
  });
}"""

# What of an element lies beyond the right edge of the window.
OUTSIDE = """e => [...e.querySelectorAll("*")].filter((x) => !x.closest(".gru-scroll table")
  && x.getBoundingClientRect().right > innerWidth).map((x) => x.tagName + x.className)"""

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


def work_of(page) -> Callable[[], float]:
    """Return a function that says for how many seconds the page's main thread has worked so far.

    They are seconds of the processor, so other work on the machine does not change them.
    """
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def seconds() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    return seconds


def outside_of(place) -> list[str]:
    """Return what of a component (a locator) lies beyond the right edge of the window; tables there may scroll."""
    return place.evaluate(OUTSIDE)


def axe_violations(page, place: str | None = None, only: tuple = (), without: tuple = ()) -> list[str]:
    """Return the findings of axe on a page, or on the elements `place` (a selector), with the first place of each.

    only, without: rules that are to be looked for, or not to be.
    """
    options = AXE_OPTIONS | {"rules": {rule: {"enabled": False} for rule in without}}
    options |= {"runOnly": list(only)} if only else {}
    found = Axe().run(page, context=place, options=options).response["violations"]
    return [f"{v['id']} ({len(v['nodes'])}×): {v['nodes'][0]['html'][:200]}" for v in found]


def contrast_violations(page, seen: set[str]) -> list[str]:
    """Return axe's findings about the contrast of texts whose look is not in `seen`, and add their looks to it.

    Contrast follows from the look alone, and a page has a few dozen looks among thousands of elements.
    """
    looks = page.evaluate(LOOKS, list(seen))
    seen |= set(looks)
    return axe_violations(page, "[data-look=new]", only=(CONTRAST,)) if looks else []
