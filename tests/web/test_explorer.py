"""The gate explorer in a real browser: Keras's numbers, Python's words, and whatever a reader may type or lose."""

import base64
import gzip
import json
import random
import re
import sys
import unicodedata

import keras
import numpy as np
import pytest

from gru_book.analysis import attribution
from gru_book.data.tokens import Tokens
from gru_book.data.vocabulary import Vocabulary
from gru_book.export import web as explorer
from gru_book.export.web import export_web, load_web, pack
from gru_book.files import CHECKOUT
from gru_book.notebook import artifacts
from gru_book.web import components, markup
from gru_book.web.jupyter import Explorer
from watching import SHIFTS, axe_violations, watch, work_of

PAGE = "37_inside"
STYLE = (CHECKOUT / "book/_static/book.css").read_text(encoding="utf-8")
A, B = "This movie is good.", "This movie is not good."
EXAMPLES = [{"name": "good and not good", "a": A, "b": B}, {"name": "one word", "a": "Dull", "b": ""}]
PARTS = ("update_gate", "reset_gate", "hidden_state")
STATUS = ".gru-explorer [role=status]"


@pytest.fixture(scope="module")
def weights():
    return artifacts.committed_folder() / PAGE / "web" / "weights.js"


@pytest.fixture(scope="module")
def packed(weights):
    return load_web(weights)


@pytest.fixture(scope="module")
def vocabulary(packed):
    words = packed.header["words"]
    return Vocabulary(words, len(words) + 3)


@pytest.fixture(scope="module")
def element(packed, vocabulary):
    ready = markup.precomputed(packed, vocabulary, [A, B])
    return markup.element(f"{PAGE}/weights.js", EXAMPLES, ready, "Words for Jupyter.")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, element, weights):
    """A page with the explorer as the site has it, opened as a file: no server, no module, no fetch."""
    folder = tmp_path_factory.mktemp("page")
    (folder / PAGE).mkdir()
    (folder / PAGE / "weights.js").write_bytes(weights.read_bytes())
    (folder / "explorer.js").write_text(components.classic("explorer"), encoding="utf-8")
    dark = "html[data-theme=dark] body { background: #14181e; color: #e6edf3 }"
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A page</title><style>{dark}'
    )
    head += f'body {{ font-family: sans-serif; margin: 15px }}{STYLE}</style><script src="explorer.js" defer></script>'
    body = f"<main><h1>A page</h1>{element}<p id='after'>What follows.</p></main>"
    page = f'<!doctype html><html lang="en" data-theme="light"><head>{head}</head><body>{body}</body></html>'
    (folder / "page.html").write_text(page, encoding="utf-8")
    return folder


@pytest.fixture
def view(browser_page, folder):
    """The explorer with its network there; nothing goes wrong until the end of the test."""
    troubles = watch(browser_page)
    browser_page.goto((folder / "page.html").as_uri())
    wait_for_network(browser_page)
    yield browser_page
    assert not troubles


def rested(page):
    """Wait until nothing more comes without a further key: no word left to leave out, the live region told."""
    page.wait_for_selector(".gru-panels[aria-busy=false]")
    return page


def reach_for(page):
    page.locator(".gru-explorer").dispatch_event("pointerover")


def wait_for_network(page):
    """Reach for the explorer, and wait until its network has come."""
    reach_for(page)
    page.wait_for_function("() => window.gruBookWeights")
    rested(page)


def texts(page):
    return page.locator(".gru-explorer textarea")


def status_after(page, fill, number=0):
    """Type a text, wait until the live region has been told, and return what it says."""
    rested(page)
    texts(page).nth(number).fill(fill)
    return rested(page).locator(STATUS).inner_text()


@pytest.fixture(scope="module")
def script(chromium, packed):
    """A page with the module's functions at window.explorer and the unpacked network at window.network."""
    page = chromium.new_page()
    source = base64.b64encode(components.module("explorer").encode()).decode()
    data = base64.b64encode(packed.data).decode()
    page.evaluate(
        """async ([source, data]) => {
          window.explorer = await import(`data:text/javascript;base64,${source}`);
          window.network = explorer.unpack(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)));
        }""",
        [source, data],
    )
    yield page
    page.close()


# --- the same numbers ------------------------------------------------------------------------------------------------


def test_gates_states_and_answers_are_those_of_keras(script):
    golden = artifacts.read_json(PAGE, "explorer_golden.json")
    assert max(entry["num_steps"] for entry in golden) > 3000
    for entry in golden:
        found = script.evaluate(
            """(entry) => {
              const ids = explorer.encode(network, explorer.tokenize(entry.text.repeat(entry.times), network.reading));
              const found = explorer.read(network, ids), u = network.cell.units;
              const at = (name) => entry.steps.map((t) => Array.from(found[name].subarray(t * u, (t + 1) * u)));
              return { num_steps: ids.length, ids: ids.slice(0, 40), answer: found.probability.at(-1),
                probability: entry.steps.map((t) => found.probability[t]),
                update_gate: at("update_gate"), reset_gate: at("reset_gate"), hidden_state: at("hidden_state") };
            }""",
            entry,
        )
        assert (found["num_steps"], found["ids"]) == (entry["num_steps"], entry["ids"]), entry["text"]
        for name in ("answer", "probability", *PARTS):
            assert np.abs(np.array(found[name]) - np.array(entry[name])).max() < 1e-5, (name, entry["text"])


def test_leaving_a_word_out_is_the_occlusion_of_the_book(script, packed, vocabulary):
    reader = packed.reader()
    for text in (A, "it is not a bad film, but the end was dull", ""):
        ids = vocabulary.encode([text])[0]
        found = script.evaluate(
            """(ids) => { const found = explorer.read(network, ids);
              return ids.map((_, step) => found.score.at(-1) - explorer.scoreWithout(network, found, step)); }""",
            ids,
        )
        expected = (
            attribution.occlusion(reader, np.array(ids)) if len(ids) > 1 else [reader.score(np.array(ids)) - reader.b]
        )
        np.testing.assert_allclose(found, expected, atol=1e-6)


def random_texts(number):
    """Return strings of everything that Python and the browser both know: letters, marks, emoji, nulls, HTML."""
    rng = random.Random(0)
    known = [chr(c) for c in range(0x20000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
    blocks = [known, known[:128], known[:600], [chr(c) for c in range(0x590, 0x700) if chr(c) in known]]
    blocks.append(
        ["<br />", "<b>", "&amp;", "<script>", "\0", "don't", "'", "''", "_", "İ", "ı", "ΑΣ", "😀", "\u200d", "\ufeff"]
    )
    for _ in range(number):
        yield "".join(rng.choice(rng.choice(blocks)) for _ in range(rng.randrange(60)))


def test_words_are_those_of_python(script):
    cases = [*random_texts(2000), "Word! " * 17_000, "a" * 100_000, "<br />" * 5000]
    for reading in ("keras", "tokens"):
        found = script.evaluate(
            "([texts, reading]) => texts.map((text) => explorer.tokenize(text, reading))", [cases, reading]
        )
        for text, words in zip(cases, found, strict=True):
            assert words == markup.text_to_words(reading, text), (reading, text[:200])


def test_no_text_makes_the_network_fail(script):
    bad = script.evaluate(
        """(texts) => texts.filter((text) => {
          const shown = explorer.analyse(network, text);
          return shown.score.some((s) => !Number.isFinite(s)) || shown.hidden_state.some((h) => !(Math.abs(h) <= 1));
        })""",
        [*random_texts(200), "Word! " * 17_000, "\ud800"],
    )
    assert bad == []


def test_two_hundred_words_take_less_than_a_frame(view):
    """From the letter that is typed to the drawing, in the mean of 40 letters."""
    work = work_of(view)
    before = work()
    view.evaluate(
        """() => {
          const box = document.querySelector(".gru-explorer textarea");
          for (let n = 0; n < 40; n++) {
            box.value = "it is not a bad film at all but ".repeat(25) + n;
            box.dispatchEvent(new Event("input"));
          }
        }"""
    )
    assert (work() - before) / 40 < 0.016


def altered(text):
    """Return the script with one letter of its base64 changed."""
    place = text.index("\n", len(text) // 2) + 1
    return text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1 :]


def test_the_file_is_small_and_whole(weights, packed, tmp_path):
    assert len(gzip.compress(weights.read_bytes(), mtime=0)) < 900_000
    assert packed.arrays["table"].dtype == np.int8
    assert len(packed.header["words"]) + 3 <= len(packed.arrays["table"])
    text = weights.read_text(encoding="utf-8")
    for number, wrong in enumerate([text[:5000], altered(text), text[:5000] + "`;\n", ""]):
        path = tmp_path / f"{number}.js"
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(ValueError, match="incomplete or altered"):
            load_web(path)


# --- the view --------------------------------------------------------------------------------------------------------


def test_the_examples_stand_there_before_the_network(browser_page, folder):
    browser_page.route("**/weights.js", lambda route: None)  # never answered
    browser_page.goto((folder / "page.html").as_uri())
    browser_page.wait_for_selector(".gru-explorer")
    early = (
        browser_page.locator(".gru-verdict b").all_inner_texts(),
        browser_page.locator(".gru-numbers").all_inner_texts(),
    )
    browser_page.unroute_all(behavior="ignoreErrors")
    browser_page.reload()
    wait_for_network(browser_page)
    late = (
        browser_page.locator(".gru-verdict b").all_inner_texts(),
        browser_page.locator(".gru-numbers").all_inner_texts(),
    )
    assert re.fullmatch(r"0\.\d\d (positive|negative)", early[0][0])
    assert early == late


def test_typing_and_moving_along_the_words_by_keyboard_alone(view, packed, vocabulary):
    texts(view).first.focus()
    view.keyboard.press("Control+a")
    view.keyboard.type("A dull, dull film!")
    slider = view.locator("[role=slider]").first
    assert slider.get_attribute("aria-valuemax") == "4"
    view.keyboard.press("Tab")  # words
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.getAttribute('role')") == "slider"
    view.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext").startswith("[start], the marker before every text")
    for _ in range(2):
        view.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuenow") == "2"
    assert slider.get_attribute("aria-valuetext").startswith("dull, word 2 of 4")
    reader, ids = packed.reader(), np.array(vocabulary.encode(["A dull, dull film!"])[0])
    running = 1 / (1 + np.exp(-reader.log_odds(reader.trace(ids[None]).hidden_state[0])))
    assert f"probability so far {running[2]:.2f}" in view.locator(".gru-numbers").first.inner_text()
    assert view.locator(".gru-verdict b").first.inner_text().startswith(f"{running[-1]:.2f} ")
    without = reader.score(np.delete(ids, 2))
    rested(view)
    assert f"the verdict is {1 / (1 + np.exp(-without)):.2f}" in view.locator(".gru-numbers").first.inner_text()
    assert f"Text A: {running[-1]:.2f}" in status_after(view, "A dull, dull film!")


# What a panel says about the selected word, in five places, and where the word is within its strip.
SELECTED = """(number) => {
  const panel = document.querySelectorAll(".gru-panel")[number], find = (place) => panel.querySelector(place);
  const strip = find(".gru-words"), word = document.getElementById(strip.getAttribute("aria-activedescendant"));
  const chosen = [...strip.querySelectorAll("[aria-selected=true], .gru-at")].map((other) => other.dataset.step);
  const step = find("[role=slider]").getAttribute("aria-valuenow");
  const numbers = `${word.textContent} (${step === "0" ? "the marker" : `word ${step} of `}`;
  const [outer, inner] = [strip.getBoundingClientRect(), word.getBoundingClientRect()];
  return { step: Number(step), chosen: [...new Set([step, word.dataset.step, ...chosen])],
    numbers: find(".gru-numbers").textContent.startsWith(numbers),
    inside: strip.contains(word) && inner.top >= outer.top && inner.bottom <= outer.bottom };
}"""
LONG = "it is not a bad film at all but the end was dull and far too long for me " * 18  # 342 words, three windows


def selected(page, number=0):
    """Return the selected step of a panel; all its parts must agree, and the strip must show the word."""
    found = page.evaluate(SELECTED, number)
    assert found["chosen"] == [str(found["step"])], found
    assert found["numbers"], found
    assert found["inside"], found
    return found["step"]


def pressed(page, *keys):
    """Press keys, and return the step that is selected in the first panel after each."""
    steps = []
    for key in keys:
        page.keyboard.press(key)
        steps.append(selected(page))
    return steps


def focused(page):
    """Return the name of what has the focus, as screen readers say it."""
    return page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.tagName")


RING = """(element) => { const style = getComputedStyle(element), ground = document.querySelector(".gru-words");
  return [style.outlineStyle, parseFloat(style.outlineWidth), style.outlineColor,
    getComputedStyle(ground).backgroundColor]; }"""


def is_seen(locator, pixels=2):
    """Say whether an element has an outline: solid, of some pixels or more, and with a contrast of 3 to the ground."""
    kind, width, *colours = locator.evaluate(RING)
    parts = np.array([[int(part) for part in re.findall(r"\d+", colour)[:3]] for colour in colours]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    dark, light = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return kind == "solid" and width >= pixels and (light + 0.05) / (dark + 0.05) > 3


def test_the_strip_of_words_is_one_tab_stop_and_moves_by_keys(view):
    texts(view).first.focus()
    view.keyboard.press("Control+a")
    view.keyboard.type("It is a dull, dull film, and far too long for an evening!")
    view.keyboard.press("Tab")
    assert focused(view).startswith("Words of text A")
    assert selected(view) == 13
    assert pressed(view, "ArrowRight", "ArrowDown", "End", "PageDown") == [13] * 4
    assert pressed(view, "ArrowLeft", "ArrowUp", "PageUp", "ArrowRight", "ArrowDown") == [12, 11, 1, 2, 3]
    assert pressed(view, "Home", "ArrowLeft", "ArrowUp", "PageUp") == [0] * 4
    assert pressed(view, "PageDown", "End", "Home", "ArrowRight") == [10, 13, 0, 1]
    assert selected(view, 1) == 5  # the other text stays where it was
    view.keyboard.press("Tab")
    assert focused(view) == "Word of text A"
    assert pressed(view, "ArrowUp", "ArrowRight", "ArrowDown") == [2, 3, 2]  # a slider: up is more
    view.keyboard.press("Shift+Tab")
    assert focused(view).startswith("Words of text A")
    view.keyboard.press("Shift+Tab")
    assert focused(view) == "TEXTAREA"
    strip = view.locator(".gru-words").first
    assert re.search(r'listbox "Words of text A.*option "is" \[selected\]', strip.aria_snapshot(), re.DOTALL)
    assert not axe_violations(view, ".gru-explorer")


def test_keys_in_the_text_box_stay_there(view):
    box = texts(view).first
    box.focus()
    view.keyboard.press("Control+a")
    view.keyboard.type("not good")
    carets = []
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowLeft", "ArrowUp"):
        view.keyboard.press(key)
        carets.append(box.evaluate("box => box.selectionStart"))
        assert selected(view) == 2
    assert carets == [0, 1, 2, 1, 8, 7, 0]


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_a_click_on_a_word_and_then_arrows_in_a_long_text(view, width, theme):
    view.set_viewport_size({"width": width, "height": 900})
    view.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    status_after(view, LONG)
    assert selected(view) == 342
    strip = view.locator(".gru-words").first
    strip.scroll_into_view_if_needed()
    place = view.evaluate("scrollY")
    strip.locator("bdi").nth(-8).click()
    assert selected(view) == 335
    assert pressed(view, "ArrowRight", "ArrowLeft", "ArrowLeft") == [336, 335, 334]
    assert is_seen(strip)
    assert is_seen(view.locator(".gru-at").first, pixels=1)
    # Lines pass below the pointer, which rests on the strip: the word that it happens to be on is not shown.
    assert pressed(view, *["ArrowUp"] * 60) == list(range(333, 273, -1))
    view.wait_for_timeout(300)
    assert selected(view) == 274
    # From one window to another.
    assert pressed(view, *["PageUp"] * 4, "ArrowRight") == [264, 254, 244, 234, 235]
    assert "words 120 to 239" in view.locator(".gru-pages").first.inner_text()
    assert pressed(view, *["ArrowRight"] * 5) == [236, 237, 238, 239, 240]
    assert "words 240 to 342" in view.locator(".gru-pages").first.inner_text()
    assert pressed(view, "Home", "End", "ArrowRight") == [0, 342, 342]
    assert focused(view).startswith("Words of text A")
    assert view.evaluate("scrollY") == place
    view.wait_for_function("() => location.hash.includes('at=342-')")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_whatever_has_the_focus_shows_it(view, theme):
    view.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    places = []
    view.get_by_label("Examples").focus()
    while view.evaluate("document.activeElement.closest('.gru-explorer') !== null"):
        places.append(focused(view))
        assert is_seen(view.locator(":focus")), places
        view.keyboard.press("Tab")
    panel = ["TEXTAREA", "Words of text", "Word of text", "Numbers of the word", "SUMMARY"]
    assert len(places) == 12
    for place, wanted in zip(places[2:], panel * 2, strict=True):
        assert place.startswith(wanted)


def test_keys_on_the_strip_of_an_empty_text_do_nothing(view):
    status_after(view, "")
    texts(view).first.focus()
    view.keyboard.press("Tab")
    assert pressed(view, "ArrowRight", "ArrowLeft", "Home", "End", "ArrowDown", "PageDown") == [0] * 6


def test_keys_on_the_strip_before_the_network_do_nothing_and_turn_no_page(browser_page, folder):
    troubles = watch(browser_page)
    browser_page.route("**/weights.js", lambda route: None)  # never answered
    browser_page.goto((folder / "page.html").as_uri())
    texts(browser_page).first.fill("another text")
    browser_page.keyboard.press("Tab")
    assert focused(browser_page).startswith("Words of text A")
    browser_page.evaluate("() => { window.heard = []; addEventListener('keydown', (e) => window.heard.push(e.key)); }")
    for key in ("ArrowRight", "ArrowLeft", "Home", "End", "ArrowDown", "Control+ArrowLeft"):
        browser_page.keyboard.press(key)
    assert browser_page.evaluate("window.heard") == ["Control", "ArrowLeft"]  # the site and JupyterLab listen, too
    strip = browser_page.locator(".gru-words").first
    assert strip.inner_text() == "waiting for the network …"
    assert strip.get_attribute("aria-activedescendant") is None
    assert not axe_violations(browser_page, ".gru-explorer")
    assert not troubles


def test_hovering_shows_a_word_and_leaving_returns(view):
    chart, numbers = view.locator(".gru-chart").first, view.locator(".gru-numbers").first
    before = numbers.inner_text()
    box = chart.bounding_box()
    view.mouse.move(box["x"] + 40, box["y"] + 60)
    assert numbers.inner_text().startswith("[start]")
    view.mouse.move(5, 5)
    assert numbers.inner_text() == before
    view.locator(".gru-words").nth(1).locator("bdi", has_text="not").click()
    assert view.locator(".gru-numbers").nth(1).inner_text().startswith("not (word 4 of 5)")


def test_the_maps_show_the_gates(view, packed, vocabulary):
    """Each pixel of the update gate's map: darkest where the gate is shut."""
    reader = packed.reader()
    gate = reader.trace(np.array(vocabulary.encode([A])))[1][0]  # update gate, (steps, units)
    gate = gate[:, np.argsort(-reader.w, kind="stable")].T
    pixels = view.evaluate(
        """() => { const map = document.querySelector(".gru-chart canvas");
          return [map.height, map.width, ...map.getContext("2d").getImageData(0, 0, map.width, map.height).data]; }"""
    )
    assert tuple(pixels[:2]) == gate.shape
    red_green = np.array(pixels[2:]).reshape(*gate.shape, 4)[..., :2].sum(axis=2)  # rises along cividis
    assert attribution.agreement(red_green.ravel(), gate.ravel()) > 0.99


def test_a_link_holds_the_view(view, folder, chromium):
    texts(view).nth(1).fill("Ünïcode & 100 % <b>not</b> #good? \U0001f600")
    view.locator("[role=slider]").nth(1).press("Home")
    view.wait_for_function("() => location.hash.startsWith('#explorer?') && location.hash.endsWith('-0')")
    address = view.url
    other = chromium.new_page()
    other.goto(address)
    wait_for_network(other)
    assert texts(other).nth(1).input_value() == texts(view).nth(1).input_value()
    assert texts(other).first.input_value() == A
    assert other.locator("[role=slider]").nth(1).get_attribute("aria-valuenow") == "0"
    other.goto((folder / "page.html").as_uri() + "#explorer?a=%E0%A4%A&at=99999-x&b")  # whatever somebody makes of it
    other.reload()
    wait_for_network(other)
    assert other.locator(".gru-verdict b").first.inner_text()
    other.close()
    assert "long for a link" in copy_of_long_text(view)


def copy_of_long_text(page):
    texts(page).first.fill("long " * 2000)
    page.get_by_role("button", name="Copy a link").click()
    return page.locator(STATUS).inner_text()


def test_examples_can_be_picked(view):
    view.get_by_label("Examples").select_option("one word")
    assert [box.input_value() for box in texts(view).all()] == ["Dull", ""]
    assert "(no word)" in rested(view).locator(STATUS).inner_text()


def test_odd_texts(view):
    assert "(no word that the network knows)" in status_after(view, "xyzzy qwrtzx")
    assert "2 unknown" in view.locator(".gru-verdict").first.inner_text()
    assert "(no word):" in status_after(view, "")
    assert "the first 5,000 of 17,000 words are read" in status_after(view, "Dull film. " * 8500)
    assert "words 4,920 to 5,000 of 5,000" in view.locator(".gru-pages").first.inner_text()
    view.get_by_role("button", name="Earlier words of text A").click()
    assert "words 4,800 to 4,919" in view.locator(".gru-pages").first.inner_text()
    assert view.locator(".gru-words").first.locator("bdi").count() == 120


def test_nothing_that_is_typed_becomes_part_of_the_page(view):
    before = view.evaluate("document.querySelectorAll('*').length")
    evil = '<img src=x onerror=window.hit=1> <script>window.hit=1</script> "><svg/onload=window.hit=1> ‮abc \0'
    status_after(view, evil)
    status_after(view, evil, 1)
    view.locator("details summary").first.click()
    assert view.evaluate("window.hit") is None
    assert view.locator(".gru-explorer img, .gru-explorer script").count() == 0
    assert view.evaluate("document.querySelectorAll('*').length") < before + 400
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", components.module("explorer"))


def test_the_table_says_what_the_maps_show(view):
    view.locator("details summary").nth(1).click()
    shown = view.locator("details table").nth(1).locator("tbody tr")
    shown.nth(5).wait_for()  # the table is filled once it is open
    rows = shown.all_inner_texts()
    assert len(rows) == 6
    assert rows[4].split("\t")[0] == "not"
    assert (
        view.locator(".gru-numbers").nth(1).inner_text().split("probability so far ")[1][:4] == rows[5].split("\t")[1]
    )


@pytest.mark.parametrize("loss", ["missing", "truncated", "altered"])
def test_without_whole_weights_there_is_a_message(browser_page, folder, weights, loss):
    text = weights.read_text(encoding="utf-8")
    body = {"truncated": text[:5000] + "`;\n", "altered": altered(text)}
    answer = {"missing": lambda r: r.abort()}.get(
        loss, lambda r: r.fulfill(body=body[loss], content_type="text/javascript")
    )
    browser_page.route("**/weights.js", answer)
    browser_page.goto((folder / "page.html").as_uri())
    reach_for(browser_page)
    browser_page.wait_for_selector(".gru-status.gru-trouble")
    assert "cannot be used" in browser_page.locator(STATUS).inner_text()
    assert browser_page.locator(".gru-verdict b").first.inner_text()  # the examples need no network
    texts(browser_page).first.fill("another text")
    assert "not available" in browser_page.locator(".gru-words").first.inner_text()
    assert browser_page.locator(".gru-verdict b").first.inner_text() == ""


def test_without_javascript_words_and_a_table_of_each_text_stay(chromium, folder, packed, vocabulary):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "page.html").as_uri())
    assert page.get_by_text("Words for Jupyter.").is_visible()
    rows = page.locator("table").nth(1).locator("tbody tr").all_inner_texts()
    score = packed.reader().log_odds(packed.reader().trace(np.array(vocabulary.encode([B]))).hidden_state[0])
    assert [row.split()[:2] for row in rows] == [
        [word, f"{1 / (1 + np.exp(-value)):.2f}"]
        for word, value in zip(["[start]", "this", "movie", "is", "not", "good"], score, strict=True)
    ]
    context.close()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark"), (360, "light")])
def test_it_fits_is_accessible_and_moves_nothing(chromium, folder, width, theme):
    context = chromium.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(SHIFTS)
    if theme == "dark":
        page.add_init_script(
            "addEventListener('DOMContentLoaded', () => { document.documentElement.dataset.theme = 'dark'; })"
        )
    page.goto((folder / "page.html").as_uri())
    wait_for_network(page)
    page.locator("details summary").first.click()
    page.locator("details tbody tr").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not axe_violations(page)
    assert page.evaluate("window.shifts") == []
    sides = page.locator(".gru-panel").evaluate_all("list => list.map((panel) => panel.getBoundingClientRect().left)")
    assert (sides[0] == sides[1]) == (width == 360)
    context.close()


def test_the_room_that_is_kept_is_as_high_as_the_explorer(browser_page, folder):
    for width in (360, 1280):
        browser_page.set_viewport_size({"width": width, "height": 900})
        browser_page.goto((folder / "page.html").as_uri())
        wait_for_network(browser_page)
        root = browser_page.locator(".gru-explorer")
        kept = root.bounding_box()["height"]
        root.evaluate("element => { element.style.minHeight = 0 }")
        assert 0 <= kept - root.bounding_box()["height"] < 20


# --- in Jupyter ------------------------------------------------------------------------------------------------------


@pytest.fixture
def network():
    def make(units=3, **changes):
        keras.utils.set_random_seed(0)
        gru = {name: changes.pop(name) for name in list(changes) if name not in ("activation", "between")}
        layers = [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(12, 4, mask_zero=True),
            keras.layers.GRU(units, **gru),
        ]
        layers += changes.get("between", [])
        layers.append(keras.layers.Dense(1, activation=changes.get("activation", "sigmoid")))
        return keras.Sequential(layers)

    return make


SMALL = Vocabulary(["good", "bad", "not"], 6)


def test_a_readers_own_network(network, script):
    model = network()
    shown = Explorer.from_keras(model, SMALL, ("good", "not good"))
    traits = shown.traits()
    assert traits["texts"] == shown.texts == ["good", "not good"]
    data = base64.b64encode(traits["weights"]).decode()
    answers = script.evaluate(
        """([data, texts]) => {
          const network = explorer.unpack(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)));
          return texts.map((text) => explorer.analyse(network, text).found.probability.at(-1));
        }""",
        [data, traits["texts"]],
    )
    ids = [np.array([row]) for row in SMALL.encode(traits["texts"])]
    np.testing.assert_allclose(answers, [float(model(row)[0, 0]) for row in ids], atol=1e-3)  # int8
    shown.packed.apply(model)
    np.testing.assert_allclose(answers, [float(model(row)[0, 0]) for row in ids], atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"return_sequences": True}, "return_sequences=True; expected one whose last state"),
        ({"reset_after": False}, "'reset_after': False.*expected .*'reset_after': True"),
        ({"use_bias": False}, "'use_bias': False"),
        ({"go_backwards": True}, "'go_backwards': True"),
        ({"activation": "tanh"}, "activation 'tanh'; expected 'sigmoid'"),
    ],
)
def test_other_networks_are_refused(network, changes, message):
    with pytest.raises(ValueError, match=message):
        Explorer.from_keras(network(**changes), SMALL)


def test_other_layers_and_vocabularies_are_refused(network):
    with pytest.raises(ValueError, match="expected one Embedding, one GRU and one Dense"):
        Explorer.from_keras(network(between=[keras.layers.Dense(2)]), SMALL)
    with pytest.raises(ValueError, match="nothing between them that computes"):
        Explorer.from_keras(network(between=[keras.layers.ReLU()]), SMALL)
    with pytest.raises(ValueError, match="ids up to 12; expected them below input_dim, 12"):
        Explorer.from_keras(network(), Vocabulary(list("abcdefghij"), 13))
    with pytest.raises(ValueError, match="vocabulary is a list; expected"):
        Explorer.from_keras(network(), ["good"])
    with pytest.raises(ValueError, match=r"vocabulary is a dict; expected .*Vocabulary.from_keras makes one"):
        Explorer.from_keras(network(), {"good": 1, "bad": 2})
    with pytest.raises(ValueError, match="ids up to 12; expected them below input_dim, 12"):  # 9 words from id 4 on
        Explorer.from_keras(network(), Vocabulary.from_keras({word: rank for rank, word in enumerate("abcdefghi", 1)}))
    with pytest.raises(ValueError, match="expected two strings"):
        Explorer.from_keras(network(), SMALL, ["one"])


@pytest.mark.parametrize(
    "vocabulary",
    [
        Vocabulary(["good", "bad", "not"], 6),
        Vocabulary.from_keras({"good": 1, "bad": 2, "not": 3}, 100),
        Vocabulary.from_keras({"good": 1, "bad": 2, "not": 3}, index_from=5),
        Vocabulary.fit(["good\ud83d caf\u00e9"]),
        Tokens.fit(["Good, \u0939\u0940\u0930\u093e \U0001f44d\U0001f3fd", "not good"], 9)[0],
    ],
    ids=["own ids", "Keras's ids", "shifted further", "half a character", "tokens"],
)
def test_the_browser_gives_the_ids_of_the_vocabulary_and_the_answers_of_keras(network, script, vocabulary):
    model, texts = (
        network(),
        ["good", "Not good, \u201cbad\u201d", "good\ud83d", "\u0939\u0940\u0930\u093e\U0001f44d\U0001f3fd", ""],
    )
    data = base64.b64encode(pack(model, vocabulary).data).decode()
    found = script.evaluate(
        """([data, texts]) => {
          const network = explorer.unpack(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)));
          return JSON.parse(texts).map((text) => {
            const ids = explorer.encode(network, explorer.tokenize(text, network.reading));
            return [ids, explorer.read(network, ids).probability.at(-1)];
          });
        }""",
        [data, json.dumps(texts)],
    )
    load_into = network()
    pack(model, vocabulary).apply(load_into)
    for ids, (in_browser, answer) in zip(vocabulary.encode(texts), found, strict=True):
        ids = np.reshape(ids, -1)
        assert ids.tolist() == in_browser
        assert answer == pytest.approx(float(load_into(ids[None].astype("int32"))[0, 0]), abs=1e-5)
    assert len({tuple(ids) for ids, _ in found}) > 2


def test_the_widget_gets_these_traits_and_gives_texts_back(network):
    shown = Explorer.from_keras(network(), SMALL)
    widget = shown.widget()
    assert widget._esm == components.module("explorer")
    assert shown.widget() is widget
    assert {name: getattr(widget, name) for name in shown.traits()} == shown.traits()
    widget.texts = ["bad", "not bad"]
    assert shown.texts == ["bad", "not bad"]
    assert "application/vnd.jupyter.widget-view+json" in shown._repr_mimebundle_()[0]


def test_without_anywidget_it_says_what_to_install(network, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match="pip install anywidget"):
        Explorer.from_keras(network(), SMALL).widget()


def test_as_a_widget_it_shows_itself_and_tells_the_kernel(script, network):
    """The module as anywidget calls it: bytes as a DataView, no site around it."""
    shown = Explorer.from_keras(network(), SMALL, ("good", "bad"))
    data = base64.b64encode(shown.traits()["weights"]).decode()
    told = script.evaluate(
        """async ([data, texts]) => {
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const values = { weights: new DataView(bytes.buffer), texts, examples: [] };
          const model = { get: (key) => values[key], set: (key, value) => { values[key] = value; },
            save_changes: () => { values.saved = true; }, on: () => {}, off: () => {} };
          const el = document.body.appendChild(document.createElement("div"));
          const stop = explorer.default.render({ model, el });
          const box = el.querySelector("textarea");
          box.value = "not good";
          box.dispatchEvent(new Event("input"));
          await new Promise((done) => setTimeout(done, 500));
          stop();
          return [values.saved, values.texts, el.querySelector(".gru-verdict b").textContent, location.hash];
        }""",
        [data, list(shown.texts)],
    )
    assert told[:2] == [True, ["not good", "bad"]]
    assert re.match(r"0\.\d\d ", told[2])
    assert told[3] == ""


def test_it_exports_what_pages_use():
    assert explorer.export_web is export_web
    assert json.loads(json.dumps(EXAMPLES)) == EXAMPLES
