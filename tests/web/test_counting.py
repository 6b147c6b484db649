"""The live component of the page on counting: its two units against NumPy, and what it shows in a browser."""

import base64
import json

import numpy as np
import pytest

from gru_book.layers.gru import gru_forward
from gru_book.layers.lstm import LSTM
from gru_book.layers.weights import GRUWeights, LSTMWeights
from gru_book.models.counter_by_hand import gru_by_hand
from gru_book.web import components
from watching import axe_violations, outside_of, watch

PAGE = "notebooks/26_limits.html"
PLACE = '[data-gru-book="counting"]'
TEXTS = ("", "a", "b", "aaaaabbbbb", "abababba", "a" * 40 + "b" * 41)
OPEN, FULL = 40.0, 20.0


@pytest.fixture(scope="module")
def js(chromium):
    """Return what a JavaScript expression over the component's module `m` gives, as Python data."""
    context = chromium.new_context()
    page = context.new_page()
    address = "data:text/javascript;base64," + base64.b64encode(components.module("counting").encode()).decode()
    page.evaluate("async (address) => { window.m = await import(address); }", address)
    plain = "(_, v) => ArrayBuffer.isView(v) ? [...v] : v"
    yield lambda code, argument=None: json.loads(page.evaluate(f"(a) => JSON.stringify({code}, {plain})", argument))
    context.close()


def one_hot(letters: str) -> np.ndarray:
    return np.array([[letter == "a", letter == "b"] for letter in letters], float).reshape(1, -1, 2)


def setting(letters: str, **given) -> dict:
    return {"letters": letters, "way": "average", "z": 0.1, "decimals": 17} | given


@pytest.mark.parametrize("letters", TEXTS[1:])
def test_the_lstm_unit_is_numpys(js, letters):
    none, opened = np.zeros((1, 2)), [OPEN]
    gate = (none, np.zeros((1, 1)), opened)
    candidate = (np.array([[FULL, -FULL]]), np.zeros((1, 1)), np.zeros(1))
    wanted = LSTM(LSTMWeights(*gate, *gate, *candidate, *gate)).forward(one_hot(letters)).cell_state[0, :, 0]
    np.testing.assert_allclose(js("m.lstmStates(a)", setting(letters)), wanted, atol=1e-9)
    assert wanted[-1] == letters.count("a") - letters.count("b")


@pytest.mark.parametrize("letters", TEXTS[1:])
@pytest.mark.parametrize("z", [0.02, 0.1, 0.5])
def test_the_averaging_unit_is_numpys(js, letters, z):
    zero, none = np.zeros(1), np.zeros((1, 2))
    weights = GRUWeights(
        W_xr=none, W_hr=[[0.0]], b_r=zero, W_xz=none, W_hz=[[0.0]], b_z=[np.log(z / (1 - z))],
        W_xh=[[FULL, -FULL]], W_hh=[[0.0]], b_h=zero,
    )  # fmt: skip
    wanted = gru_forward(one_hot(letters), weights).hidden_state[0, :, 0]
    np.testing.assert_allclose(js("m.gruStates(a)", setting(letters, z=z)), wanted, atol=1e-12)


@pytest.mark.parametrize("letters", TEXTS[1:])
def test_the_halving_unit_is_the_counter_set_by_hand(js, letters):
    by_hand = gru_by_hand(dtype=np.float64)
    wanted = by_hand.run(one_hot(letters)).hidden_state[0, :, 0]
    found = js("m.gruStates(a)", setting(letters, way="halve"))
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
    says = by_hand.logits(one_hot(letters))[0, :, 2] > 0
    at_b = np.array([letter == "b" for letter in letters])  # only there the component says it
    assert js("m.saysEnd(a).gru", setting(letters, way="halve")) == (says & at_b).tolist()


def test_decimals_round_the_state_after_every_letter(js):
    letters, h, wanted = "aaaaaabbbbbb", 1 / 16, []
    for letter in letters:
        h = np.floor((h / 2 + (letter == "b") * np.tanh(3 * h) / 2) * 1e4 + 0.5) / 1e4
        wanted.append(h)
    found = js("m.gruStates(a)", setting(letters, way="halve", decimals=4))
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_each_says_end_where_its_state_is_back(js):
    for n in (1, 3, 30):
        right = [False] * (2 * n - 1) + [True]
        assert js("m.saysEnd(a)", setting("a" * n + "b" * n, way="halve")) == {"lstm": right, "gru": right}
    early = js("m.saysEnd(a)", setting("a" * 30 + "b" * 30))
    assert sum(early["lstm"]) == 1
    assert early["gru"].index(True) < 2 * 30 - 1  # an average comes back too early
    assert js("m.saysEnd(a)", setting("aaa")) == {"lstm": [False] * 3, "gru": [False] * 3}


def test_only_the_two_letters_are_read_and_not_too_many(js):
    assert js("m.lettersOf(a)", "A bx\nab<b>") == "ababb"
    assert len(js("m.lettersOf(a)", "ab" * 1000)) == 300


# --- on the page ----------------------------------------------------------------------------------------------------


def opened(page, address: str):
    """Open the page and wait until the component has drawn; return where it is."""
    page.goto(address)
    place = page.locator(PLACE)
    place.locator("path[data-curve=gru]").wait_for()
    return place


def test_letters_come_from_buttons_and_from_the_keyboard(browser_page, site_url):
    troubles = watch(browser_page)
    place = opened(browser_page, site_url + PAGE)
    typed = place.get_by_role("textbox", name="Type a and b")
    assert typed.input_value() == "aaaaabbbbb"
    place.get_by_role("button", name="clear").click()
    assert typed.input_value() == ""
    button = place.get_by_role("button", name="a", exact=True)
    button.focus()
    for _ in range(3):
        browser_page.keyboard.press("Enter")
    assert typed.input_value() == "aaa"
    typed.focus()
    browser_page.keyboard.type("bXb")
    assert typed.input_value() == "aaabb"
    status = place.get_by_role("status")
    status.get_by_text("3 a's and 2 b's").wait_for()
    assert "LSTM: c = 1, has not said “end”" in status.inner_text()
    browser_page.keyboard.type("b")
    status.get_by_text("LSTM: c = 0, first said “end” at letter 6").wait_for()

    place.locator("summary").focus()
    browser_page.keyboard.press("Enter")
    rows = place.locator("tbody tr")
    rows.nth(5).wait_for()
    assert rows.nth(5).locator("td").all_inner_texts()[:2] == ["b", "0"]
    place.get_by_role("button", name="take back").click()
    assert rows.count() == 5
    assert not troubles


def test_another_way_of_counting_and_fewer_decimals_move_the_gru_and_not_the_lstm(browser_page, site_url):
    place = opened(browser_page, site_url + PAGE)

    def curve(cell):
        return place.locator(f"path[data-curve={cell}]").get_attribute("d")

    lstm, averaging = curve("lstm"), curve("gru")
    gate = place.get_by_role("slider", name="Update gate z")
    gate.focus()
    browser_page.keyboard.press("ArrowRight")
    assert gate.get_attribute("aria-valuetext") == "0.11"
    assert curve("gru") != averaging
    place.get_by_role("combobox", name="How the GRU counts").select_option("halve")
    assert gate.is_disabled()
    halving = curve("gru")
    place.get_by_role("slider", name="Decimals").fill("2")
    assert curve("gru") != halving
    assert curve("lstm") == lstm
    # Two decimals stop the halving at 0.01, after the third a: five b's are two too many.
    place.get_by_role("status").get_by_text("GRU: h = 0.3, first said “end” at letter 8").wait_for()


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_moves_when_it_appears(browser_page, site_url, width):
    """Where the next section begins, while the component's script is held back and after it."""
    browser_page.set_viewport_size({"width": width, "height": 900})
    held = []
    browser_page.route("**/counting.js*", lambda route: held.append(route))
    browser_page.goto(site_url + PAGE, wait_until="commit")
    browser_page.locator("#counters-set-by-hand").wait_for()
    place = browser_page.locator(PLACE)
    room = """e => document.getElementById("counters-set-by-hand").getBoundingClientRect().top
      - e.getBoundingClientRect().top"""
    before = place.evaluate(room)
    assert place.locator("svg").count() == 0
    held[0].continue_()
    place.locator("path[data-curve=gru]").wait_for()
    assert abs(place.evaluate(room) - before) < 1


def test_a_dark_phone_with_a_long_text_and_the_table(chromium, site_url):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark", reduced_motion="reduce")
    page = context.new_page()
    troubles = watch(page)
    place = opened(page, site_url + PAGE)
    for _ in range(6):
        place.get_by_role("button", name="10 a").click()
    place.get_by_role("combobox", name="How the GRU counts").select_option("halve")
    place.locator("summary").click()
    place.locator("tbody tr").nth(69).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert outside_of(place) == []
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert not axe_violations(page, PLACE)
    assert not troubles
    context.close()


def test_without_scripts_a_sentence_and_no_empty_room(page_without_scripts, site_url):
    page = page_without_scripts
    page.goto(site_url + PAGE)
    place = page.locator(PLACE)
    assert "a browser that runs JavaScript" in place.inner_text()
    assert place.bounding_box()["height"] < 200
    assert page.locator("#fig-limits-averaging img").count() == 1  # the still picture
