"""The gradient that fades backwards, in a real browser: NumPy's numbers, keys, pointer, phone, dark, no script."""

import base64
import json
from types import SimpleNamespace

import numpy as np
import pytest

from gru_book.analysis.gradients import carry_back, rms
from gru_book.files import CHECKOUT
from gru_book.layers.gru import GRU
from gru_book.layers.lstm import LSTM
from gru_book.layers.rnn import RNN
from gru_book.layers.weights import GRUWeights, LSTMWeights, RNNWeights
from gru_book.web import components
from watching import axe_violations, watch

PAGE = "24_vanishing_gradients"
LAYERS = {"RNN": (RNN, RNNWeights), "LSTM": (LSTM, LSTMWeights), "GRU": (GRU, GRUWeights)}
PRESETS = ("fresh", "equal", "keep", "large")
SETTINGS = {
    "longest": {"num_steps": 200, "b_z": -2.5, "b_f": 3, "scale": 1},
    "forgets": {"num_steps": 10, "b_z": 2, "b_f": -2, "scale": 10},
}
PLACE = '[data-gru-book="fading"]'


@pytest.fixture(scope="module")
def js(chromium):
    """Return what a JavaScript expression over the module `m` gives, as Python data."""
    page = chromium.new_page()
    address = "data:text/javascript;base64," + base64.b64encode(components.module("fading").encode()).decode()
    page.evaluate("async (address) => { window.m = await import(address); }", address)
    plain = "(_, v) => ArrayBuffer.isView(v) ? [...v] : v"
    yield lambda code, argument=None: json.loads(
        page.evaluate(f"(a) => JSON.stringify({code}, {plain}) ?? 'null'", argument)
    )
    page.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """Address of a page with the component as the site has it, opened as a file."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "fading.js").write_text(components.classic("fading"), encoding="utf-8")
    css = (CHECKOUT / "book/_static/book.css").read_text(encoding="utf-8")
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A page</title>'
    head += f'<style>{css}</style><script src="fading.js" defer></script>'
    body = '<main><h1>A page</h1><div data-gru-book="fading"><p>The table.</p></div></main>'
    text = f'<!doctype html><html lang="en" data-theme="light"><head>{head}</head><body>{body}</body></html>'
    (folder / "page.html").write_text(text, encoding="utf-8")
    return (folder / "page.html").as_uri()


def setting_of(js, name: str) -> dict:
    return SETTINGS.get(name) or js("m.PRESETS[a][2]", name)


def layers_of(js, setting: dict) -> SimpleNamespace:
    """Return the layers that the browser draws for a setting, as layers of the book, their inputs and directions."""
    drawn, layers = js("m.drawn(a)", setting), {}
    u = 24
    for name, (layer, weights) in LAYERS.items():
        found = {key: np.array(array) for key, array in drawn["layers"][name].items()}
        fields = list(weights.__dataclass_fields__)
        blocks = len(fields) // 3
        parts = {
            "W_x": found["W_x"].reshape(blocks, u, u),
            "W_h": found["W_h"].reshape(blocks, u, u),
            "b_": found["b"].reshape(blocks, u),
        }
        arrays = {field: parts[field[:-1]][number // 3] for number, field in enumerate(fields)}
        layers[name] = layer(weights(**arrays))
    shapes = np.reshape(drawn["inputs"], (-1, u)), np.reshape(drawn["directions"], (-1, u))
    return SimpleNamespace(layers=layers, inputs=shapes[0], directions=shapes[1])


def opened(page, address: str):
    """Open the page and wait until the component has drawn; return where it is."""
    page.goto(address)
    place = page.locator(PLACE)
    place.locator("path[data-curve=GRU]").wait_for()
    return place


@pytest.mark.parametrize("name", [*PRESETS, *SETTINGS])
def test_what_is_retained_is_what_numpy_says(js, name):
    setting = setting_of(js, name)
    drawn, found = layers_of(js, setting), js("m.retained(a)", setting)
    many = np.repeat(drawn.inputs[None], len(drawn.directions), axis=0)
    for cell, layer in drawn.layers.items():
        back = carry_back(layer, many, drawn.directions, np.arange(1, setting["num_steps"] + 1))
        wanted = rms(np.linalg.norm(back, axis=2))
        assert found[cell][0] == pytest.approx(1, abs=1e-12)
        np.testing.assert_allclose(found[cell][1:], wanted, rtol=1e-8, err_msg=cell)


def test_layers_are_drawn_as_keras_draws_them(js):
    setting = {"num_steps": 200, "b_z": -1.5, "b_f": 1, "scale": 3}
    drawn = layers_of(js, setting)
    for name, layer in drawn.layers.items():
        fields = {key: getattr(layer.weights, key) for key in layer.weights.__dataclass_fields__}
        recurrent = np.concatenate([array for key, array in fields.items() if key.startswith("W_h")])
        np.testing.assert_allclose(recurrent.T @ recurrent, np.eye(24), atol=1e-12)
        inputs = np.concatenate([array for key, array in fields.items() if key.startswith("W_x")])
        limit = np.sqrt(6 / (24 + len(inputs)))
        assert 0.98 * limit < np.abs(inputs).max() <= limit
        biases = {key: set(array) for key, array in fields.items() if key.startswith("b_")}
        moved = {"LSTM": {"b_f": {1}}, "GRU": {"b_z": {-1.5}}}.get(name, {})
        assert biases == {key: {0} for key in biases} | moved
    assert drawn.inputs.std() == pytest.approx(3, rel=0.03)
    assert abs(drawn.inputs.mean()) < 0.15
    np.testing.assert_allclose(np.linalg.norm(drawn.directions, axis=1), 1)
    assert js("m.drawn(a).inputs", setting) == drawn.inputs.ravel().tolist()  # the same at every call


def test_the_notes_of_the_presets_are_true(js):
    assert tuple(js("Object.keys(m.PRESETS)")) == PRESETS
    drawn = {name: layers_of(js, setting_of(js, name)) for name in PRESETS}

    def gate(name, cell, which):
        return getattr(drawn[name].layers[cell].forward(drawn[name].inputs[None]), which).mean()

    # Both gates keep one half a step; about 99%.
    assert [gate("equal", "LSTM", "forget_gate"), 1 - gate("equal", "GRU", "update_gate")] == pytest.approx(
        [0.5, 0.5], abs=0.01
    )
    assert [gate("keep", "LSTM", "forget_gate"), 1 - gate("keep", "GRU", "update_gate")] == pytest.approx(
        [0.99, 0.99], abs=0.005
    )
    # Large inputs push every tanh into its flat parts: the slopes are small, those of small inputs are not.
    for name, low, high in (("large", 0, 0.4), ("fresh", 0.9, 1)):
        x = drawn[name].inputs[None]
        layers = drawn[name].layers
        slopes = [1 - layers["RNN"].forward(x).hidden_state ** 2]
        slopes += [1 - layers[cell].forward(x).candidate_state ** 2 for cell in ("LSTM", "GRU")]
        assert all(low < slope.mean() < high for slope in slopes)


def test_numbers_are_written_for_readers(js):
    values = [1.234, 1, 0.31, 0.01, 0.0099, 2.44e-7, 1e-45, 0]
    wanted = ["1.23", "1.00", "0.31", "0.01", "9.9 × 10⁻³", "2.4 × 10⁻⁷", "1.0 × 10⁻⁴⁵", "0"]
    assert js("a.map(m.shown)", values) == wanted
    assert js("[m.half([1, 0.7, 0.5, 0.1]), m.half([1, 0.9])]") == [2, None]


def test_a_gradient_travels_by_keys_pointer_and_button(browser_page, address):
    troubles = watch(browser_page)
    place = opened(browser_page, address)
    travel = place.get_by_role("slider", name="How far it has come")
    numbers = place.locator("text[data-number]")
    assert travel.input_value() == "60"
    far = numbers.evaluate_all("l => l.map((e) => e.textContent)")
    travel.focus()
    browser_page.keyboard.press("Home")
    assert numbers.evaluate_all("l => l.map((e) => e.textContent)") == ["1.00"] * 3
    browser_page.keyboard.press("ArrowRight")
    assert travel.get_attribute("aria-valuetext") == "1 of 60 steps back"
    place.get_by_text("Retained 1 steps back").wait_for()

    chart = place.locator(".gru-chart")
    box = chart.bounding_box()
    browser_page.mouse.click(box["x"] + 46 + (box["width"] - 60) * 0.5, box["y"] + 150)
    assert travel.input_value() == "30"

    # The button sends it all the way, once more from the start.
    send = place.get_by_role("button", name="Send the gradient back")
    send.focus()
    browser_page.keyboard.press("Enter")
    place.get_by_role("button", name="Stop").wait_for()
    browser_page.wait_for_function("document.querySelector('.gru-send').textContent.startsWith('Send')")
    assert travel.input_value() == "60"
    assert numbers.evaluate_all("l => l.map((e) => e.textContent)") == far

    # It stops where it is told to.
    send.click()
    place.get_by_role("button", name="Stop").click()
    stopped = travel.input_value()
    assert int(stopped) < 60
    browser_page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert travel.input_value() == stopped
    assert not troubles


def test_another_setting_draws_other_curves(browser_page, address):
    place = opened(browser_page, address)
    curves = "l => l.map((e) => e.getAttribute('d'))"
    seen = [place.locator("path[data-curve]").evaluate_all(curves)]
    fresh, keep = (place.get_by_role("button", name=name) for name in ("As Keras starts", "Gates that keep"))
    assert fresh.get_attribute("aria-pressed") == "true"
    keep.click()
    assert (fresh.get_attribute("aria-pressed"), keep.get_attribute("aria-pressed")) == ("false", "true")
    seen.append(place.locator("path[data-curve]").evaluate_all(curves))
    moves = (
        ("Steps of the sequence", 4 * ["ArrowRight"], "100"),
        ("GRU: bias", ["ArrowLeft"], "−5.5"),
        ("LSTM: bias", ["ArrowLeft"], "4.5"),
        ("Size", ["ArrowRight"], "0.1"),
    )
    for name, keys, value in moves:
        slider = place.get_by_role("slider", name=name)
        slider.focus()
        for key in keys:
            browser_page.keyboard.press(key)
        assert slider.get_attribute("aria-valuetext") == value
        assert slider.evaluate("e => document.activeElement === e")
        seen.append(place.locator("path[data-curve]").evaluate_all(curves))
    assert all(one != other for one, other in zip(seen, seen[1:], strict=False))
    assert keep.get_attribute("aria-pressed") == "false"
    assert "Your own setting" in place.inner_text()
    place.locator("summary").click()
    place.locator("tbody tr").first.wait_for()
    assert place.locator("tbody th").all_inner_texts() == ["1", "2", "5", "10", "20", "50", "100"]
    ends = place.locator("text[data-number]").evaluate_all("l => l.map((e) => e.textContent)")
    assert place.locator("tbody tr").last.locator("td").all_inner_texts() == ends


def test_who_wants_no_motion_gets_none(chromium, address):
    context = chromium.new_context(reduced_motion="reduce")
    place = opened(context.new_page(), address)
    travel = place.get_by_role("slider", name="How far it has come")
    travel.fill("5")
    place.get_by_role("button", name="Send the gradient back").click()
    assert travel.input_value() == "60"
    assert place.get_by_role("button", name="Stop").count() == 0
    context.close()


@pytest.mark.parametrize("width", [1280, 390, 360])
def test_nothing_moves_when_it_appears_or_is_used(browser_page, site_url, width):
    browser_page.set_viewport_size({"width": width, "height": 900})
    held = []
    browser_page.route("**/fading.js*", lambda route: held.append(route))
    browser_page.goto(f"{site_url}notebooks/{PAGE}.html", wait_until="commit")
    browser_page.locator("#one-jacobian").wait_for()
    place = browser_page.locator(PLACE)
    room = "e => document.getElementById('one-jacobian').getBoundingClientRect().top - e.getBoundingClientRect().top"
    before = place.evaluate(room)
    held[0].continue_()
    place.locator("path[data-curve=GRU]").wait_for()
    assert abs(place.evaluate(room) - before) < 1
    for name in ("Equal gates", "Large inputs", "Gates that keep"):
        place.get_by_role("button", name=name).click()
        place.get_by_role("slider", name="How far it has come").fill("40")
        place.get_by_text("Retained 40 steps back").wait_for()
        assert abs(place.evaluate(room) - before) < 1


def test_a_dark_phone(chromium, site_url):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark", reduced_motion="reduce")
    page = context.new_page()
    troubles = watch(page)
    place = opened(page, f"{site_url}notebooks/{PAGE}.html")
    place.locator("summary").click()
    place.locator("tbody tr").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    sizes = place.locator("svg text").evaluate_all("l => l.map((e) => parseFloat(getComputedStyle(e).fontSize))")
    assert min(sizes) >= 11
    assert not axe_violations(page, PLACE)
    assert not troubles
    context.close()


def test_without_scripts_a_table_says_what_is_retained(page_without_scripts, site_url):
    page = page_without_scripts
    page.goto(f"{site_url}notebooks/{PAGE}.html")
    place = page.locator(PLACE)
    assert "a browser that runs JavaScript" in place.inner_text()
    assert place.locator("thead th").all_inner_texts() == ["steps back", "RNN", "LSTM", "GRU"]
    assert place.locator("tbody tr").count() == 5
    assert place.bounding_box()["height"] < 400
