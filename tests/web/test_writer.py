"""The character model of the page on backpropagation in the browser: its numbers are NumPy's, its controls work."""

import base64
import json

import numpy as np
import pytest

from gru_book.conversion.canonical import CanonicalWeights
from gru_book.export.writer import load_writer, read_packed
from gru_book.files import CHECKOUT
from gru_book.web import components
from watching import axe_violations, watch

PAGE = "notebooks/23_backpropagation.html"
PLACE = '[data-gru-book="writer"]'
WEIGHTS = CHECKOUT / "notebooks/artifacts/23_backpropagation/web/weights.js"
TEXTS = ["\n", "\nthe film is ", "\n" + "not a bad movie , but it's too long . " * 6]


@pytest.fixture(scope="module")
def js(chromium):
    """Return what a JavaScript expression over the module `m` and the page's network `n` gives."""
    context = chromium.new_context()
    page = context.new_page()
    text = components.module("writer")
    address = "data:text/javascript;base64," + base64.b64encode(text.encode()).decode()
    load = "async ([address, packed]) => { window.m = await import(address); window.n = m.unpack(packed); }"
    page.evaluate(load, [address, read_packed(WEIGHTS)])
    plain = "(_, v) => ArrayBuffer.isView(v) ? [...v] : v"
    yield lambda code, argument=None: json.loads(
        page.evaluate(f"(a) => {{ return JSON.stringify({code}, {plain}) ?? 'null'; }}", argument)
    )
    context.close()


def by_numpy(text: str, temperature: float) -> np.ndarray:
    """Return the probabilities of the next symbol after each symbol of a text, (len(text), symbols), in float64."""
    model = load_writer(WEIGHTS)
    arrays = [array.astype(float) for array in (model.kernel, model.recurrent_kernel, model.bias)]
    cell = CanonicalWeights.from_keras(*arrays, reset_after=True).to_cell()
    x = np.eye(len(model.symbols))[[model.symbols.index(symbol) for symbol in text]]
    scores = cell.forward(x[None]).hidden_state[0] @ model.output.astype(float) / temperature
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    return chances / chances.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("temperature", [0.1, 1.0, 1.5])
def test_the_browser_expects_what_numpy_expects(js, text, temperature):
    wanted = by_numpy(text, temperature)[-1]
    found = np.array(js("m.probabilities(n, m.read(n, a[0]), a[1])", [text, temperature]))
    assert np.abs(found - wanted).max() < 1e-5
    # Symbol by symbol, as it writes, is the same.
    code = "m.probabilities(n, [...a[0]].reduce((state, symbol) => m.read(n, symbol, state), null), a[1])"
    assert np.abs(np.array(js(code, [text, temperature])) - wanted).max() < 1e-5


def test_a_lower_temperature_is_surer(js):
    most = [max(js("m.probabilities(n, m.read(n, '\\nthe f'), a)", temperature)) for temperature in (0.2, 0.7, 1.5)]
    assert most[0] > most[1] > most[2]


def test_a_number_picks_in_proportion_to_the_chances(js):
    chances = [0.5, 0.25, 0.25] + [0.0] * (js("n.symbols.length") - 3)
    numbers = (np.arange(1000) + 0.5) / 1000
    picked = js("a[1].map((number) => m.pick(n, a[0], number))", [chances, numbers.tolist()])
    first = js("n.symbols.slice(0, 3)")
    assert [picked.count(symbol) for symbol in first] == [500, 250, 250]
    assert js("m.pick(n, a, 1)", chances) == first[0]  # beyond the sum, which rounding may leave below 1


def test_only_symbols_that_the_network_has_are_read(js):
    assert js("m.known(n, a)", "The FILM 映画\n is") == "the film  is"


def test_a_damaged_array_is_refused(js):
    with pytest.raises(Exception, match="the weights are damaged"):
        js("m.unpack({symbols: 'ab', units: 1, arrays: {kernel: {data: 'AAAA'}}})")


# --- on the page ----------------------------------------------------------------------------------------------------


def opened(page, address: str):
    page.goto(address)
    place = page.locator(PLACE)
    place.get_by_role("button", name="Go").wait_for()
    return place


def written(place) -> str:
    return place.locator(".gru-output").inner_text()


@pytest.mark.parametrize("served", [True, False])
def test_it_writes_on_from_the_keyboard_and_stops(browser_page, site, site_url, served):
    troubles = watch(browser_page)
    place = opened(browser_page, site_url + PAGE if served else (site / PAGE).as_uri())
    field = place.get_by_role("textbox")
    field.fill("Not a bad ")
    field.press("Enter")
    stop = place.get_by_role("button", name="Stop")
    stop.wait_for()
    written_or_ended = """() => document.querySelector('.gru-output').innerText.length > 14
      || [...document.querySelectorAll('button')].some((button) => button.innerText === 'Go')"""
    browser_page.wait_for_function(written_or_ended)  # a line may end after a few letters
    assert written(place).startswith("not a bad ")
    browser_page.keyboard.press("Escape")
    place.get_by_role("button", name="Go").wait_for()
    status = place.get_by_role("status").inner_text()
    assert status in ("Stopped. Go writes on.", "The line has ended.")  # it may have ended just before
    percents = place.locator(".gru-percent").all_inner_texts()
    shown = [int(text.rstrip("%")) for text in percents]
    assert shown == sorted(shown, reverse=True)
    assert 0 < sum(shown) <= 105
    place.get_by_role("button", name="Start again").click()
    browser_page.wait_for_function("() => document.querySelector('.gru-output').innerText.trim() === 'not a bad'")
    assert not troubles


def test_the_temperature_moves_from_the_keyboard_and_the_bars_with_it(browser_page, site_url):
    place = opened(browser_page, site_url + PAGE)
    place.get_by_role("button", name="Start again").click()
    most = place.locator(".gru-percent").first
    browser_page.wait_for_function("() => document.querySelector('.gru-percent').innerText !== '–'")
    before = int(most.inner_text().rstrip("%"))
    slider = place.get_by_role("slider")
    slider.focus()
    for _ in range(4):
        browser_page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "0.1"
    assert int(most.inner_text().rstrip("%")) > before


def test_without_motion_a_line_comes_at_once_on_a_dark_phone(chromium, site_url):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark", reduced_motion="reduce")
    page = context.new_page()
    troubles = watch(page)
    place = opened(page, site_url + PAGE)
    place.get_by_role("button", name="Go").click()
    page.wait_for_function("() => document.querySelector('.gru-writer [role=status]').innerText.startsWith('The line')")
    assert len(written(place)) > len("the film is ")
    assert place.get_by_role("button", name="Go").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert not axe_violations(page, PLACE)
    assert not troubles
    context.close()


def test_a_missing_file_is_said_and_not_silence(browser_page, site_url):
    browser_page.route("**/weights.js", lambda route: route.abort())
    place = opened(browser_page, site_url + PAGE)
    place.get_by_role("button", name="Go").click()
    browser_page.wait_for_function("() => document.querySelector('.gru-writer [role=status]').innerText.length > 0")
    assert place.get_by_role("status").inner_text() == "The network could not be loaded: the file is missing."


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_moves_when_it_appears(browser_page, site_url, width):
    """How high its place is while the component's script is held back and after it."""
    browser_page.set_viewport_size({"width": width, "height": 900})
    held = []
    browser_page.route("**/writer.js*", lambda route: held.append(route))
    browser_page.goto(site_url + PAGE, wait_until="commit")
    place = browser_page.locator(PLACE)
    place.wait_for()
    browser_page.locator("#exercises").wait_for()
    before = place.bounding_box()["height"]
    assert place.locator("button").count() == 0
    held[0].continue_()
    place.get_by_role("button", name="Go").wait_for()
    assert abs(place.bounding_box()["height"] - before) < 1


def test_without_scripts_a_sentence_and_no_empty_room(page_without_scripts, site_url):
    page = page_without_scripts
    page.goto(site_url + PAGE)
    place = page.locator(PLACE)
    assert "a browser that runs JavaScript" in place.inner_text()
    assert place.bounding_box()["height"] < 200
