"""What runs in the reader's browser: the forward pass against NumPy, and the playground of the page on the cell."""

import base64
import json
import re
import shutil

import numpy as np
import pytest

from gru_book.analysis.gradients import half_life
from gru_book.conversion.canonical import CanonicalWeights
from gru_book.files import CHECKOUT
from gru_book.layers.gru import gru_forward
from gru_book.layers.rnn import RNN
from gru_book.layers.weights import GRUWeights, RNNWeights
from gru_book.web import components
from watching import axe_violations, outside_of, watch, work_of

PAGE = "notebooks/21_cell.html"
PLACE = '[data-gru-book="playground"]'
STATES = ("reset_gate", "update_gate", "candidate_state", "hidden_state")
PRESETS = ("fresh", "rnn", "copier", "memoryless", "half_life", "parity", "two", "clock")


def module_address(name: str) -> str:
    """Return an address from which a browser can import a component's module."""
    return "data:text/javascript;base64," + base64.b64encode(components.module(name).encode()).decode()


@pytest.fixture(scope="module")
def js(chromium):
    """Return what a JavaScript expression over the module `m` (forward pass and playground) gives, as Python data."""
    context = chromium.new_context()
    page = context.new_page()
    page.evaluate("async (address) => { window.m = await import(address); }", module_address("playground"))
    plain = "(_, v) => ArrayBuffer.isView(v) ? [...v] : v"
    yield lambda code, argument=None: json.loads(
        page.evaluate(f"(a) => {{ return JSON.stringify({code}, {plain}) ?? 'null'; }}", argument)
    )
    context.close()


def weights_of(setting: dict) -> GRUWeights:
    """Return the weights of a setting of the playground, in the form of the equations."""
    u = setting["units"]
    shapes = {"W_x": (u, 1), "W_h": (u, u), "b_": (u,)}
    return GRUWeights(
        **{name: np.reshape(setting[name], shapes[name[:-1]]) for name in GRUWeights.__dataclass_fields__}
    )


def preset_of(js, name: str) -> tuple[dict, dict[str, np.ndarray], np.ndarray]:
    """Return a preset's setting, the states that the browser computes for it (num_steps, units), and its inputs."""
    setting = js("m.PRESETS[a][2]", name)
    run = js("m.simulate(a)", setting)
    return setting, {key: np.reshape(run[key], (-1, setting["units"])) for key in STATES}, np.array(run["inputs"])


@pytest.mark.parametrize(("input_dim", "units", "num_steps"), [(1, 1, 60), (1, 2, 60), (3, 2, 1), (64, 32, 200)])
def test_the_forward_pass_is_that_of_numpy_and_so_of_keras(js, input_dim, units, num_steps):
    rng = np.random.default_rng(units)
    weights = CanonicalWeights.random(input_dim, units, rng)
    x, h = rng.standard_normal((num_steps, input_dim)), rng.uniform(-1, 1, units)
    wanted = weights.to_cell().forward(x[None], h[None])
    names = ("kernel", "recurrent_kernel", "bias")
    arrays = dict(zip(names, (array.tolist() for array in weights.to_keras()), strict=True))
    given = {"weights": arrays | {"input_dim": input_dim, "units": units}, "x": x.tolist(), "h": h.tolist()}
    found = js("m.bookGates(m.forward(a.weights, a.x, a.h))", given)
    for name in STATES:
        difference = np.abs(np.reshape(found[name], (num_steps, units)) - getattr(wanted, name)[0]).max()
        assert difference < 1e-12, name
    keras = js("m.forward(a.weights, a.x, a.h)", given)
    np.testing.assert_allclose(keras["update_gate"], 1 - np.array(found["update_gate"]), atol=1e-15)


def test_the_forward_pass_from_zeros_without_steps_and_with_wrong_sizes(js):
    given = {"input_dim": 1, "units": 1, "kernel": [0, 0, 1], "recurrent_kernel": [0, 0, 0], "bias": [0] * 6}
    assert js("m.forward(a, [1]).hidden_state", given) == pytest.approx([np.tanh(1) / 2])
    assert js("m.forward(a, []).hidden_state", given) == []
    for code in (
        "m.forward({...a, kernel: [0, 0]}, [1])",
        "m.forward(a, [1], [0, 0])",
        "m.forward({...a, units: 2}, [1])",
    ):
        with pytest.raises(Exception, match="RangeError.*expected"):
            js(code, given)


def test_the_sigmoid_never_overflows(js):
    values = js("[-1e308, -800, -36, 0, 36, 800, 1e308].map(m.sigmoid)")
    assert values == pytest.approx([0, 0, 2.3195e-16, 0.5, 1, 1, 1], rel=1e-4)


def test_two_hundred_words_take_less_than_a_frame(chromium):
    page = chromium.new_page()
    page.evaluate("async (address) => { window.m = await import(address); }", module_address("playground"))
    work = work_of(page)
    before = work()
    page.evaluate("""() => {
      const draw = (n) => Float32Array.from({ length: n }, (_, i) => Math.sin(i) / 8);
      const arrays = { kernel: draw(64 * 96), recurrent_kernel: draw(32 * 96), bias: draw(192) };
      const weights = { input_dim: 64, units: 32, ...arrays }, x = draw(200 * 64);
      for (let n = 0; n < 20; n++) m.forward(weights, x);
    }""")
    assert (work() - before) / 20 < 0.016
    page.close()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_gives_what_the_cell_of_the_book_gives(js, name):
    setting, states, x = preset_of(js, name)
    wanted = gru_forward(x[None, :, None], weights_of(setting), np.array([setting["initial_state"]], float))
    for key in STATES:
        np.testing.assert_allclose(states[key], getattr(wanted, key)[0], atol=1e-12, err_msg=key)


def test_the_presets_are_those_tested(js):
    assert tuple(js("Object.keys(m.PRESETS)")) == PRESETS
    # Each has a sentence or two, and its setting survives the way through an address.
    for name in PRESETS:
        title, words, setting = js("m.PRESETS[a]", name)
        assert title
        assert 40 < len(words) < 140
        assert js("m.decode(m.encode(a))", setting) == setting


@pytest.mark.parametrize(("name", "limit"), [("rnn", 0), ("copier", 1), ("memoryless", 2)])
def test_a_limit_is_reached_by_its_preset_and_by_no_other(js, name, limit):
    setting, states, x = preset_of(js, name)
    plain = {key: np.reshape(setting[key], (1, 1)) for key in ("W_xh", "W_hh")} | {"b_h": setting["b_h"]}
    start = np.array([setting["initial_state"]], float)
    networks = [
        RNN(RNNWeights(**plain)).forward(x[None, :, None], start).hidden_state[0],
        np.full((len(x), 1), start),
        RNN(RNNWeights(**plain | {"W_hh": [[0.0]]})).forward(x[None, :, None], start).hidden_state[0],
    ]
    for number, network in enumerate(networks):
        distance = np.abs(states["hidden_state"] - network).max()
        assert (distance < 1e-6) if number == limit else (distance > 0.1)
    shown = js("m.distancesOf(a, m.simulate(a), 0)", setting)
    wanted = [np.abs(states["hidden_state"] - network).max() for network in networks]
    assert [distance for _, distance in shown] == pytest.approx(wanted, abs=1e-12)
    if name == "copier":
        assert np.abs(states["hidden_state"] - 0.6).max() < 1e-3


def test_the_memoryless_preset_ignores_what_was_before(js):
    setting, states, x = preset_of(js, "memoryless")
    other = js("m.simulate({...a, initial_state: [-1], W_hh: [4]})", setting)
    np.testing.assert_allclose(other["hidden_state"], states["hidden_state"][:, 0], atol=1e-7)


def test_the_half_life_is_that_of_the_chapter_on_gradients(js):
    setting, states, _ = preset_of(js, "half_life")
    written = setting["start"] - 1
    left = states["hidden_state"][written:, 0] / states["hidden_state"][written, 0]
    measured = half_life(np.arange(1, len(left)), left[1:])
    assert measured == pytest.approx(8, abs=0.1)
    assert js("m.halfLife(a)", setting["b_z"][0]) == pytest.approx(measured, abs=0.02)


def test_the_machines_do_what_their_words_say(js):
    _, parity, bits = preset_of(js, "parity")
    even = np.cumsum(bits) % 2 == 0
    assert 0 < even.sum() < len(even)
    assert ((parity["hidden_state"][:, 0] > 0) == even).all()
    setting, two, x = preset_of(js, "two")
    assert np.abs(two["hidden_state"][:, 0] - 0.6).max() < 1e-3
    assert np.abs(two["hidden_state"][:, 1] - np.tanh(x * setting["W_xh"][1])).max() < 1e-3
    _, clock, _ = preset_of(js, "clock")
    late = clock["hidden_state"][12:, 0]
    upward = np.flatnonzero((late[:-1] < 0) & (late[1:] >= 0))
    assert len(upward) >= 2
    assert set(np.diff(upward)) <= {11, 12, 13}
    assert late[-12:].max() > 0.5


def test_inputs_begin_where_they_should_and_stay_the_same(js):
    base = {"size": -2, "start": 3, "num_steps": 6}
    assert js("m.inputsOf({...a, kind: 'impulse'})", base) == [0, 0, -2, 0, 0, 0]
    assert js("m.inputsOf({...a, kind: 'step'})", base) == [0, 0, -2, -2, -2, -2]
    assert js("m.inputsOf({...a, kind: 'alternating'})", base) == [0, 0, -2, 2, -2, 2]
    noise = np.array(js("m.inputsOf({...a, kind: 'noise', num_steps: 60})", base))
    assert (noise == js("m.inputsOf({...a, kind: 'noise', num_steps: 60})", base)).all()
    assert (np.abs(noise) <= 2).all()
    assert noise[2:].std() > 0.5
    assert set(js("m.inputsOf({...a, kind: 'bits', size: 1, num_steps: 60})", base)) == {0, 1}


ORDINARY = "1,noise,1,5,40,0.5,0.5,0,0.5,-0.5,0,1,0.9,0,0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "<img src=x onerror=alert(1)>",
        "__proto__,constructor",
        "1,__proto__" + ORDINARY[7:],
        ORDINARY.replace("0.9", "NaN"),
        ORDINARY.replace("0.9", "Infinity"),
        ORDINARY.replace("0.9", "1e999"),
        ORDINARY.replace("0.9", ""),
        ORDINARY.replace("0.9", "<b>"),
        ORDINARY + ",1",
        "2" + ORDINARY[1:],
        "1," * 100000,
    ],
)
def test_an_address_that_means_no_setting_is_ignored(js, text):
    assert js("m.decode(a)", text) is None


def test_numbers_of_an_address_stay_within_the_sliders(js):
    assert js("m.decode(a)", ORDINARY) == js("m.PRESETS.fresh[2]")
    found = js("m.decode(a)", "1,noise,1e300,-7,1e9,1e300,-1e300,99,0,0,0,99,-99,0,5")
    assert (found["size"], found["start"], found["num_steps"]) == (3, 1, 60)
    assert (found["W_xr"], found["W_hr"], found["b_r"]) == ([20], [-20], [20])
    assert (found["W_xh"], found["W_hh"], found["initial_state"]) == ([4], [-4], [1])


# --- on the page ----------------------------------------------------------------------------------------------------


def opened(page, address: str):
    """Open the page and wait until the playground has drawn; return where it is."""
    page.goto(address)
    place = page.locator(PLACE)
    place.locator("path[data-curve=hidden_state]").first.wait_for()
    return place


def curves(place) -> dict[str, str]:
    return dict(
        place.locator("path[data-curve]").evaluate_all("l => l.map((p) => [p.dataset.curve, p.getAttribute('d')])")
    )


def test_a_slider_moves_from_the_keyboard_and_the_curves_with_it(browser_page, site_url):
    troubles = watch(browser_page)
    place = opened(browser_page, site_url + PAGE)
    fresh = place.get_by_role("button", name="Fresh unit")
    assert fresh.get_attribute("aria-pressed") == "true"
    before, said = curves(place), place.get_by_role("status").inner_text()
    slider = place.get_by_role("slider", name="bz bias")
    slider.focus()
    for _ in range(3):
        browser_page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "0.3"
    assert slider.evaluate("e => e.previousElementSibling.textContent") == "0.3"
    after = curves(place)
    assert set(before) == set(after) == set(STATES)
    assert after["reset_gate"] != before["reset_gate"]  # through the state
    assert after["update_gate"] != before["update_gate"]
    assert fresh.get_attribute("aria-pressed") == "false"
    browser_page.wait_for_function("(said) => document.querySelector('[role=status]').innerText !== said", arg=said)
    assert "Half-life by the bias of z alone: 0.8 steps" in place.get_by_role("status").inner_text()

    # Back to a preset with the keyboard; the table holds the numbers of the curves.
    copier = place.get_by_role("button", name="Copier")
    copier.focus()
    browser_page.keyboard.press("Enter")
    assert copier.get_attribute("aria-pressed") == "true"
    assert "stays at its start, 0.6" in place.inner_text()
    place.locator("summary").focus()
    browser_page.keyboard.press("Enter")
    rows = place.locator("tbody tr")
    rows.nth(39).wait_for()
    assert rows.count() == 40
    assert set(place.locator("tbody td:last-child").all_inner_texts()) == {"0.600"}

    # Two units and back: the second has sliders of its own.
    place.get_by_role("combobox", name="Units").select_option("2")
    assert place.locator("svg[role=img]").count() == 2
    assert place.get_by_role("slider", name="Whz from unit 2 to unit 1").count() == 1
    place.get_by_role("combobox", name="Units").select_option("1")
    assert place.locator("svg[role=img]").count() == 1
    assert not troubles


def test_the_pointer_reads_the_values_of_a_step(browser_page, site_url):
    place = opened(browser_page, site_url + PAGE)
    place.get_by_role("button", name="Half-life").click()
    reader = place.get_by_role("slider", name="Read the values at step")
    reader.fill("5")
    assert "Step 5: x = 1.00" in place.inner_text()
    assert "h = 1.00" in reader.get_attribute("aria-valuetext")
    chart = place.locator(".gru-chart")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    browser_page.mouse.move(box["x"] + 38 + (box["width"] - 66) * 13 / 40, box["y"] + 200)
    assert reader.input_value() == "13"
    assert "Step 13: x = 0.00" in place.inner_text()
    assert "h = 0.50" in place.inner_text()
    assert place.get_by_role("button", name="Half-life").get_attribute("aria-pressed") == "true"


def test_a_setting_returns_from_its_address_also_without_a_server(browser_page, site):
    troubles = watch(browser_page)
    address = (site / PAGE).as_uri()
    place = opened(browser_page, address)
    place.get_by_role("button", name="Clock").click()
    place.get_by_role("slider", name="Length").fill("60")
    browser_page.wait_for_function("location.hash.startsWith('#playground=2,impulse,1,5,60,')")
    drawn = curves(place)
    link = browser_page.url
    browser_page.goto("about:blank")
    place = opened(browser_page, link)
    assert curves(place) == drawn
    assert place.evaluate("e => e.getBoundingClientRect().top < innerHeight")

    browser_page.goto("about:blank")
    place = opened(browser_page, f"{address}#playground=<img src=x onerror=alert(1)>")
    assert place.get_by_role("button", name="Fresh unit").get_attribute("aria-pressed") == "true"
    assert place.locator("img").count() == 0
    assert not troubles


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_moves_when_it_appears(browser_page, site_url, width):
    """Where the next section begins, while the component's script is held back and after it."""
    browser_page.set_viewport_size({"width": width, "height": 900})
    held = []
    browser_page.route("**/playground.js*", lambda route: held.append(route))
    browser_page.goto(site_url + PAGE, wait_until="commit")
    browser_page.locator("#why-two-gates-and-not-one").wait_for()
    place = browser_page.locator(PLACE)
    room = """e => document.getElementById("why-two-gates-and-not-one").getBoundingClientRect().top
      - e.getBoundingClientRect().top"""
    before = place.evaluate(room)
    assert place.locator("svg").count() == 0
    held[0].continue_()
    place.locator("path[data-curve=hidden_state]").wait_for()
    assert abs(place.evaluate(room) - before) < 1


def test_a_dark_phone_with_two_units_and_the_table(chromium, site_url):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark", reduced_motion="reduce")
    page = context.new_page()
    troubles = watch(page)
    place = opened(page, site_url + PAGE)
    place.get_by_role("button", name="Clock").click()
    place.locator("summary").click()
    place.locator("tbody tr").first.wait_for()
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


# --- any component --------------------------------------------------------------------------------------------------

PROBE = """let count = 0;
export const helper = (x) => sigmoid(x);
function render({ model, el }) {
  if (model.get("fails")) throw new Error("cannot");
  const heard = [];
  const listener = () => heard.push(model.get("max_steps"));
  model.on("change:max_steps", listener);
  model.set("max_steps", 7);
  model.save_changes();
  model.off("change:max_steps", listener);
  model.set("max_steps", 8);
  el.textContent = JSON.stringify([model.get("label"), model.get("none") === undefined, heard, helper(0), ++count]);
}

export default { render };
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of components with one that only tells what it was given."""
    for name in components.SHARED:
        shutil.copy(components.FOLDER / f"{name}.js", tmp_path)
    (tmp_path / "probe.js").write_text(PROBE, encoding="utf-8")
    monkeypatch.setattr(components, "FOLDER", tmp_path)
    return tmp_path


def test_a_component_mounts_at_every_place_and_its_words_stay_where_it_fails(folder, browser_page):
    places = (
        '<div data-gru-book="probe" data-max-steps="5" data-label="a b"><p>words</p></div>'
        '<div data-gru-book="probe" data-fails="true"><p>words</p></div><div data-gru-book="other">others</div>'
    )
    (folder / "script.js").write_text(components.classic("probe"), encoding="utf-8")
    script = '<script defer src="script.js"></script>'
    (folder / "page.html").write_text(f"<!DOCTYPE html>{script}{script}<body>{places}</body>", encoding="utf-8")
    troubles = watch(browser_page)
    browser_page.goto((folder / "page.html").as_uri())
    browser_page.wait_for_function("document.querySelector('div').textContent.startsWith('[')")
    texts = browser_page.locator("[data-gru-book]").all_inner_texts()
    assert json.loads(texts[0]) == ["a b", True, [7], 0.5, 1]
    assert texts[1:] == ["words", "others"]
    assert browser_page.evaluate("typeof gruBook.probe.render") == "function"
    assert [t for t in troubles if "cannot" not in t] == []
    assert len(troubles) == 1


def test_a_module_has_one_default_export_and_imports_nothing(folder, browser_page):
    assert components.components() == ["probe"]
    keys = "async (address) => Object.keys(await import(address)).sort()"
    names = browser_page.evaluate(keys, module_address("probe"))
    assert names == ["bookGates", "default", "forward", "helper", "sigmoid"]
    with pytest.raises(ValueError, match="unknown component 'prob'; there are: probe"):
        components.module("prob")
    for text in ("import x from 'y';\n" + PROBE, PROBE.replace("export default", "export")):
        (folder / "probe.js").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="must import nothing and end with"):
            components.classic("probe")


# --- the styles of all components -----------------------------------------------------------------------------------

# The selectors of a component's style rules, inside @media and the like, too, and whole rules that have none (@import).
SELECTORS = """(root) => {
  const read = (rules) => [...rules].flatMap((rule) => rule.selectorText ? [rule.selectorText, ...read(rule.cssRules)]
    : rule.cssRules ? read(rule.cssRules) : [rule.cssText]);
  return read(document.querySelector(`style[data-root="${root}"]`).sheet.cssRules);
}"""
# Where all elements of a component are, from its corner in hundredths of a pixel, and how they look.
LOOK = """async (root) => {
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);  // drawn once its width is observed
  return [...document.querySelectorAll(`.${root} *`)].map((element) => {
    const corner = element.closest(`.${root}`).getBoundingClientRect(), box = element.getBoundingClientRect();
    const place = [box.x - corner.x, box.y - corner.y, box.width, box.height], style = getComputedStyle(element);
    return [element.tagName, ...place.map((length) => box.width && Math.round(100 * length)), style.color, style.font,
      style.backgroundColor, style.border, style.outline, style.padding, style.margin].join(" ");
  });
}"""
# Shows a component in an element as a notebook does, which loads its module anew.
RENDER = """async ([address, el]) => {
  const model = { get() {}, set() {}, on() {}, off() {}, save_changes() {} };
  (await import(address)).default.render({ model, el });
}"""


@pytest.fixture
def two_of_each(browser_page, tmp_path):
    """A page that has each component twice, and the styles of the site, which can be switched off."""
    examples = json.dumps([{"name": "two words", "a": "good", "b": "bad"}])
    for name in components.components():
        (tmp_path / f"{name}.js").write_text(components.classic(name), encoding="utf-8")
    css = (CHECKOUT / "book/_static/book.css").read_text(encoding="utf-8")
    head = f'<meta charset="utf-8"><title>A page</title><style id="site">{css}</style>'
    head += "".join(f'<script src="{name}.js" defer></script>' for name in components.components())
    body = "".join(
        f"<div data-gru-book='{name}' data-examples='{examples}'></div>"
        for name in components.components()
        for _ in range(2)
    )
    page = f'<!doctype html><html lang="en" data-theme="light"><head>{head}</head><body>{body}</body></html>'
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    browser_page.goto((tmp_path / "page.html").as_uri())
    for name in components.components():
        browser_page.wait_for_function(f"document.querySelectorAll('.gru-{name}').length === 2")
    return browser_page


@pytest.mark.parametrize("name", components.components())
def test_every_style_begins_with_the_class_of_its_component(two_of_each, name):
    found = two_of_each.evaluate(SELECTORS, f"gru-{name}")
    assert len(found) > 20
    for text in found:
        plain = text
        while "(" in plain:  # what stands in :is(...) only narrows
            plain = re.sub(r"\([^()]*\)", "", plain)
        for selector in plain.split(","):
            assert re.fullmatch(rf"\s*\.gru-{name}(?![\w-])[^+~]*", selector), text


@pytest.mark.parametrize("name", components.components())
def test_styles_come_once_a_page_and_so_does_every_id(two_of_each, name):
    page, style = two_of_each, two_of_each.locator(f"style[data-root=gru-{name}]")
    assert page.locator("style:not([id])").count() == len(components.components())
    style.evaluate("element => { element.textContent = '.gru-older { color: red }' }")
    element = page.evaluate_handle("() => document.body.appendChild(document.createElement('div'))")
    page.evaluate(RENDER, [module_address(name), element])
    assert page.locator(f".gru-{name}").count() == 3
    assert style.count() == 1
    assert ".gru-older" not in page.evaluate(SELECTORS, f"gru-{name}")
    ids = page.locator("body [id]").evaluate_all("list => list.map((element) => element.id)")
    assert len(ids) > 20
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", components.components())
def test_a_component_needs_no_style_of_the_site(two_of_each, name, width):
    two_of_each.set_viewport_size({"width": width, "height": 900})
    with_site = two_of_each.evaluate(LOOK, f"gru-{name}")
    assert len(with_site) > 100
    two_of_each.locator("#site").evaluate("style => { style.disabled = true }")
    assert two_of_each.evaluate(LOOK, f"gru-{name}") == with_site
    two_of_each.locator(f"style[data-root=gru-{name}]").evaluate("style => { style.disabled = true }")
    assert two_of_each.evaluate(LOOK, f"gru-{name}") != with_site


@pytest.mark.parametrize("name", components.components())
def test_styles_follow_a_component_into_a_shadow(browser_page, name):
    """Some notebooks show a widget in a shadow root, where no style of the page holds."""
    element = browser_page.evaluate_handle(
        """() => document.body.appendChild(document.createElement("div")).attachShadow({ mode: "open" })
          .appendChild(document.createElement("div"))"""
    )
    browser_page.evaluate(RENDER, [module_address(name), element])
    height = browser_page.locator(f".gru-{name}").evaluate("element => getComputedStyle(element).lineHeight")
    assert height.endswith("px")
    assert browser_page.evaluate("document.head.querySelector('style')") is None
