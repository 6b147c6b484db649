"""The browser reads as Python does: every character, every emoji, any text; and ICU's words as a third opinion."""

import base64
import json
import unicodedata

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gru_book.data.tokens import tokenize
from gru_book.web import components, conformance
from gru_book.web.markup import text_to_words

SENTENCES = [
    *["I don't think it's a good film, but the 2nd half wasn't bad.", "Ce n'était pas un mauvais film : ça m'a plu !"],
    *["Der Film gefällt mir überhaupt nicht.", "¿Te gustó la película? ¡Sí, muchísimo!", "Filmen var ikke så dårlig"],
    *[
        "Фильм мне очень понравился, хотя он длинный.",
        "Η ταινία ήταν ΠΟΛΥ ΚΑΛΗ, αλλά μεγάλη.",
        "Film hiç güzel değildi",
    ],
    *["यह फ़िल्म बहुत अच्छी है, हीरा है।", "ছবিটি আমার খুব ভালো লেগেছে।", "ఈ సినిమా చాలా బాగుంది", "இந்த படம் மிகவும் நன்றாக உள்ளது"],
    *["ಈ ಚಿತ್ರ ತುಂಬಾ ಚೆನ್ನಾಗಿದೆ", "ഈ സിനിമ വളരെ നല്ലതാണ്", "ਇਹ ਫ਼ਿਲਮ ਬਹੁਤ ਵਧੀਆ ਹੈ", "આ ફિલ્મ ખૂબ સારી છે", "මේ චිත්‍රපටය ඉතා හොඳයි"],
    *["هٰذَا الفِيلْمُ جَمِيلٌ جِدًّا", "این فیلم را دوست نمی‌دارم", "یہ فلم بہت اچھی تھی", "הַסֶּרֶט הַזֶּה טוֹב מְאֹד"],
    *[
        "이 영화는 정말 재미있었다",
        "ይህ ፊልም በጣም ጥሩ ነው",
        "ეს ფილმი ძალიან კარგია",
        "Այս ֆիլմը շատ լավն է",
        "Bộ phim này rất hay",
    ],
]


@pytest.fixture(scope="module")
def words_of(chromium):
    """Return a function of texts that gives the words the browser finds in each; half characters go over as JSON."""
    page = chromium.new_page()
    source = base64.b64encode(components.module("explorer").encode()).decode()
    page.evaluate(
        "async (source) => { window.explorer = await import(`data:text/javascript;base64,${source}`); }", source
    )

    def words_of(texts, reading="tokens", by="explorer.tokenize(text, reading)"):
        code = f"([texts, reading]) => JSON.stringify(JSON.parse(texts).map((text) => {by}))"
        return json.loads(page.evaluate(code, [json.dumps(texts), reading]))

    yield words_of
    page.close()


def same(words_of, texts, reading="tokens"):
    for text, found in zip(texts, words_of(texts, reading), strict=True):
        assert found == text_to_words(reading, text), (reading, text[:200])


def hostile_texts(number, characters):
    """Return that many texts from hypothesis, the same each time."""
    pieces = [
        "don't",
        "\u2019",
        "\u201c",
        "<br />",
        "<br>",
        "\n",
        "\r\n",
        "e\u0301",
        "\u0130",
        "\u03a3",
        "\u03b1",
        "7/10",
    ]
    pieces += [
        "\u0939\u0940\u0930\u093e",
        "\u0e19\u0e49\u0e33",
        "\u5f88\u597d",
        "\uff76\uff9e",
        "\u0345",
        "\u20e3",
        "#",
    ]
    pieces += [
        "\U0001f468\u200d\U0001f469",
        "\U0001f44d\U0001f3fd",
        "\U0001f1e9",
        "\u200d",
        "\u200c",
        "\ufe0f",
        "\u00ad",
    ]
    pieces += ["\ud83d", "\ude00", "\ud83d\ude00", "\U000e0067", "\U000e007f", "\x00", "\x92", "'", "_", "__proto__"]
    found = []

    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.sampled_from(pieces) | st.text(characters, max_size=8), max_size=15).map("".join))
    def collect(text):
        found.append(text)

    collect()
    return found


def test_any_text_is_read_alike(words_of):
    texts = hostile_texts(1000, st.characters(exclude_categories=[]))
    assert len(texts) >= 900
    assert sum(len(tokenize(text)) for text in texts) > 2000
    same(words_of, texts)


def test_any_text_is_read_alike_as_the_original_reads(words_of):
    """What is newer than Python's Unicode has no lower case there yet."""
    same(words_of, hostile_texts(500, st.characters(exclude_categories=["Cn"])), "keras")


def test_long_texts_are_read_alike(words_of):
    long = ["Word\u2019s! " * 17_000, "a" * 100_000, "\u00e9" * 100_000, "<br />" * 5000, "\U0001f468\u200d" * 20_000]
    for reading in ("tokens", "keras"):
        same(words_of, long, reading)


def test_the_texts_of_the_page_are_read_alike(words_of):
    for reading in ("tokens", "keras"):
        same(words_of, [text for text, _ in conformance.golden_texts(["good"])], reading)


def test_every_character_is_read_alike_alone_and_in_a_word(words_of):
    """Also those that this Python's Unicode does not know yet."""
    letters = [*map(chr, [*range(0x33500), *range(0xE0000, 0xE0200), 0xF0000, 0x10FFFF])]
    blocks = [letters[start : start + 256] for start in range(0, len(letters), 256)]
    same(words_of, ["".join(f" a{c}b {c}" for c in block) for block in blocks])
    known = [[c for c in block if unicodedata.category(c) != "Cn"] for block in blocks]
    same(words_of, ["".join(f" a{c}b {c}" for c in block) for block in known], "keras")


def test_a_sigma_is_read_alike_before_and_after_every_character(words_of):
    """Unicode's rule for the last sigma asks which letters have two cases, and versions of Unicode differ in that."""
    letters = [chr(code) for code in range(0x20000) if unicodedata.category(chr(code)) != "Cs"]
    blocks = [letters[start : start + 256] for start in range(0, len(letters), 256)]
    same(words_of, ["".join(f" \u03b1\u03a3{c} {c}\u03a3" for c in block) for block in blocks])


def test_every_pair_of_marks_is_composed_alike(words_of):
    marks = [chr(code) for code in range(0x3100) if unicodedata.combining(chr(code))]
    texts = [f"e{a}{b} a{b}{a}x" for a in marks[::7] for b in marks[::11]]
    assert len(texts) > 2000
    same(words_of, texts)


def test_every_emoji_is_one_token(words_of):
    """The emoji that the browser's own Unicode recommends; joined ones from parts of every kind."""
    by = r"""(() => {
      const whole = /^\p{RGI_Emoji}$/v, found = new Set();
      const add = (emoji) => { if (whole.test(emoji)) found.add(emoji); };
      const single = [];
      for (let code = 0x23; code < 0x1fc00; code++) {
        const one = String.fromCodePoint(code);
        if (/\p{Emoji}/u.test(one)) single.push(one, one + "\ufe0f");
      }
      const tones = ["", ..."🏻🏼🏽🏾🏿"], flags = [..."🇦🇧🇨🇩🇪🇫🇬🇭🇮🇯🇰🇱🇲🇳🇴🇵🇶🇷🇸🇹🇺🇻🇼🇽🇾🇿"];
      for (const one of single) {
        add(one); add(one + "\u20e3");
        for (const tone of tones) for (const sex of ["", "\u200d♀\ufe0f", "\u200d♂\ufe0f"]) add(one + tone + sex);
        for (const person of "🧑👨👩") for (const tone of tones) add(person + tone + "\u200d" + one);
        for (const first of [..."🏴🐻🐈🙂😶", "❤\ufe0f", "🏳\ufe0f", "👁\ufe0f"]) add(first + "\u200d" + one);
      }
      for (const a of flags) for (const b of flags) add(a + b);
      for (const a of "👨👩") {
        for (const b of ["👨", "👩", "❤\ufe0f\u200d👨"]) {
          add(`${a}\u200d${b}`);
          for (const c of ["👧", "👦", "👧\u200d👦"]) { add(`${a}\u200d${b}\u200d${c}`); add(`${a}\u200d${c}`); }
        }
      }
      for (const a of tones) for (const b of tones) add(`🧑${a}\u200d🤝\u200d🧑${b}`);
      for (const land of ["gbeng", "gbsct", "gbwls"]) {
        add("🏴" + [...land].map((x) => String.fromCodePoint(0xe0000 + x.charCodeAt())).join("") + "\u{e007f}");
      }
      return [...found];
    })()"""
    (emoji,) = words_of([""], by=by)
    assert len(emoji) > 3000
    texts = [f"good {one} {one}bad" for one in emoji]
    for one, found in zip(emoji, words_of(texts), strict=True):
        first, *_ = found[1:]
        assert len(found) == 4 or first == "\u2139", (one, found)  # the letter "i" in a square frame begins a word
    assert len({tuple(found) for found in words_of(emoji)}) == len(emoji)  # and each is another one
    same(words_of, texts)


def test_words_are_those_of_unicodes_own_rules(words_of):
    """ICU, the library in the browser, cuts words by UAX #29; where words have spaces between them both agree."""
    by = """[...new Intl.Segmenter("en", { granularity: "word" }).segment(text)].filter((part) => part.isWordLike)
      .map((part) => part.segment.toLowerCase().normalize("NFC"))"""
    for text, expected in zip(SENTENCES, words_of(SENTENCES, by=by), strict=True):
        found = [token for token in tokenize(text) if any(unicodedata.category(c)[0] in "LN" for c in token)]
        assert found == expected


def test_characters_of_scripts_without_spaces_are_graphemes(words_of):
    by = """[...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)].map((part) => part.segment)"""
    texts = ["หนังเรื่องนี้ดีมากน้ำ", "ຮູບເງົານີ້ດີຫຼາຍນ້ຳ", "这部电影很好看", "この映画はとても面白かったガギグ", "ｽｺﾞｲ", "ကောင်းတယ်"]
    for text, expected in zip(texts, words_of(texts, by=by), strict=True):
        if text.startswith("က"):  # ICU parts the Burmese letter from its long vowel; a token has both
            assert tokenize(text) == ["ကော", "င်း", "တ", "ယ်"]
        else:
            assert tokenize(text) == expected
