"""The one reading of the recipes: words of any language, emoji, typographic forms, and whatever else a text holds."""

import re
import time
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_book import recipes
from gru_book.data import tokens
from gru_book.data.reviews import load_reviews
from gru_book.data.tokens import FIRST, PAD, START, UNKNOWN, Tokens, tokenize
from gru_book.errors import ReviewsError

ANY = st.text(st.characters(exclude_categories=[]))  # unassigned characters and lone surrogates, too
LETTERS_AND_MARKS = st.text(st.characters(categories=["L", "M", "Nd", "Zs"]))
PIECES = [
    *["don't", "Don\u2019t", "'", "\u2019", '"', "\u201c", "\u00ab", " ", "\n", "\r\n", "<br />", "<br/>", "7/10", "_"],
    *["e\u0301", "\u00e9", "\u1100\u1161\u11a8", "\uac01", "\u0130", "I\u0307", "\u039f\u03a3", "\u03a3", "\u00df"],
    *["\u0939\u0940\u0930\u093e", "\u0e19\u0e49\u0e33", "\u5f88\u597d", "\uff76\uff9e", "\u17d2", "\u0300", "\u20e3"],
    *["\U0001f468\u200d\U0001f469", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea", "\U0001f1e9", "1\ufe0f\u20e3"],
    *["\u200d", "\u200c", "\u200b", "\ufe0f", "\u00ad", "\ufeff", "\u202e", "\x00", "\x85", "\x92", "\u2028", "\x7f"],
    *["\ud83d", "\ude00", "\ud83d\ude00", "\U000e0067", "\U000e007f", "\U0001f3f4", "\u2764", "\u00a9", "\uf0b7"],
]
HOSTILE = st.lists(st.sampled_from(PIECES) | ANY, max_size=12).map("".join)
quiet = settings(deadline=None)


def of(text):
    return text.split()


# ---- words


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "English",
            "It's GREAT -- really!<br /><br />Don't\tmiss\nit. 7/10",
            "it's great - - really ! don't miss it . 7 10",
        ),
        ("Hindi", "यह फ़िल्म हीरा है, हारा नहीं।", "यह फ़िल्म हीरा है , हारा नहीं ."),
        ("Bengali", "ছবিটি খুব ভালো!", "ছবিটি খুব ভালো !"),
        ("Telugu", "ప్రధానమంత్రిని కలుసుకున్నారు", "ప్రధానమంత్రిని కలుసుకున్నారు"),
        ("Tamil", "மிகவும் நல்ல படம்", "மிகவும் நல்ல படம்"),
        ("Malayalam, joiner", "നന്‍മ അവന്‍", "നന്‍മ അവന്‍"),
        ("Sinhala, joiner", "ශ්‍රී ලංකා", "ශ්‍රී ලංකා"),
        ("Arabic, pointed", "فِيلْمٌ جَمِيلٌ، أَلَيْسَ كَذٰلِكَ؟", "فِيلْمٌ جَمِيلٌ , أَلَيْسَ كَذٰلِكَ ?"),
        ("Persian, non-joiner", "می\u200cخواهم", "می\u200cخواهم"),
        ("Urdu", "فلم اچھی تھی۔", "فلم اچھی تھی ."),
        ("Hebrew, pointed", "סֶרֶט טוֹב־מְאֹד", "סֶרֶט טוֹב - מְאֹד"),
        ("Russian", "«Фильм» — ХОРОШИЙ…", '" фильм " - хороший . . .'),
        ("Ukrainian", "п’ять пʼять п'ять", "п'ять п'ять п'ять"),
        ("Greek", "Ο ΚΑΛΟΣ ΚΟΣΜΟΣ;", "ο καλος κοσμος ;"),
        ("Turkish", "İstanbul", "i̇stanbul"),
        ("Vietnamese", "Phim rất hay", "phim rất hay"),
        ("German", "„STRAẞE“ Straße", '" straße " straße'),
        ("Korean", "이 영화는 재미있다.", "이 영화는 재미있다 ."),
        ("Amharic", "ፊልሙ ጥሩ ነው።", "ፊልሙ ጥሩ ነው ."),
        ("Armenian", "Լավ ֆիլմ է։", "լավ ֆիլմ է ."),
        ("Georgian", "კარგი ფილმია", "კარგი ფილმია"),
        ("Chinese", "这部电影2023年很好看！", "这 部 电 影 2023 年 很 好 看 !"),
        ("Japanese", "この映画は「スゴイ」。", 'こ の 映 画 は " ス ゴ イ " .'),
        ("narrow kana", "ｽｺﾞｲ", "ｽ ｺﾞ ｲ"),
        ("Thai", "หนังน้ำดี ๒๕๖๐", "ห นั ง น้ำ ดี ๒๕๖๐"),
        ("Lao", "ຮູບເງົາດີ", "ຮູ ບ ເ ງົ າ ດີ"),
        ("Khmer", "ភាពយន្តល្អ។", "ភា ព យ ន្ត ល្អ ."),
        ("Burmese", "ဇာတ်ကားကောင်း။", "ဇာ တ် ကား ကော င်း ."),
        ("Latin inside Chinese", "iPhone手机", "iphone 手 机"),
    ],
)
def test_words_of_many_languages(language, text, expected):
    assert tokenize(text) == of(expected)
    assert tokenize(unicodedata.normalize("NFD", text)) == of(expected)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("हीरा", "हारा"),  # Hindi: diamond, lost
        ("মন্দ", "মান্দ"),
        ("మంచి", "మంచు"),
        ("ดี", "ดู"),  # Thai
        ("سِلْم", "سُلَّم"),  # Arabic, pointed
        ("שָׂם", "שֵׁם"),  # Hebrew, pointed
        ("很好", "不好"),
        ("すき", "きす"),  # the same characters: only their pairs differ
        ("\U0001f60d", "\U0001f621"),
        ("\U0001f44d\U0001f3fb", "\U0001f44d\U0001f3ff"),
        ("\u2764\ufe0f", "\U0001f494"),
        ("\U0001f1e9\U0001f1ea", "\U0001f1ea\U0001f1e9"),
    ],
)
def test_a_recipe_learns_what_hangs_on_a_mark_or_an_emoji(one, other):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 120)
    texts = [f"film{n % 7} {one if label else other} nr{n % 5}" for n, label in enumerate(labels)]
    model = recipes.fit("linear", texts[:80], labels[:80])
    assert ((model.predict_proba(texts[80:]) > 0.5) == labels[80:]).all()


def test_emoji_alone_are_texts_to_learn_from():
    model = recipes.fit("linear", ["\U0001f60d", "\U0001f621\U0001f621"] * 20, [1, 0] * 20)
    assert model.predict_proba(["\U0001f60d"])[0] > 0.5 > model.predict_proba(["\U0001f621"])[0]


# ---- emoji


@pytest.mark.parametrize(
    "emoji",
    [
        *["\U0001f60d", "\u2764\ufe0f", "\u2764", "\u263a\ufe0f", "\u2605", "\u2606", "\u203c\ufe0f", "\u00a9\ufe0f"],
        *["\U0001f44d\U0001f3fd", "\u270c\U0001f3ff", "\U0001f9d1\U0001f3fd\u200d\U0001f91d\u200d\U0001f9d1\U0001f3fb"],
        *["\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f3f3\ufe0f\u200d\U0001f308"],
        *["\u2764\ufe0f\u200d\U0001f525", "\U0001f642\u200d\u2194\ufe0f", "\U0001f937\U0001f3fd\u200d\u2640\ufe0f"],
        *["\U0001f1e9\U0001f1ea", "\U0001f1e9", "1\ufe0f\u20e3", "1\u20e3", "#\ufe0f\u20e3", "*\u20e3"],
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
        "\U0001fae8",  # newer than the Unicode of the oldest Python that the book runs on
    ],
)
def test_an_emoji_is_one_token(emoji):
    plain = emoji.replace("\ufe0f", "")
    assert tokenize(emoji) == [plain]
    assert tokenize(f"good {emoji} {emoji}bad.") == ["good", plain, plain, "bad", "."]
    assert tokenize(f"good.{emoji} {emoji}!") == ["good", ".", plain, plain, "!"]


def test_emoji_stand_next_to_words_and_to_each_other():
    assert tokenize("good\U0001f60d\U0001f60d\u2764\ufe0f\u2764bad") == [
        "good",
        *"\U0001f60d\U0001f60d\u2764\u2764",
        "bad",
    ]
    assert tokenize("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7") == ["\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"]
    assert tokenize("1\ufe0f\u20e32\ufe0f\u20e3") == ["1\u20e3", "2\u20e3"]


# ---- typographic forms, spaces, what is invisible


@pytest.mark.parametrize("form", [*"\u2019\u2018\u201b\u02bc\u02bb\u00b4\u2032\uff07\u055a\u05f3\x91\x92"])
def test_an_apostrophe_may_have_any_form(form):
    assert tokenize(f"I don{form}t. {form}Good{form}") == tokenize("I don't. 'Good'") == of("i don't . good")


@pytest.mark.parametrize(
    ("straight", "forms"),
    [
        (
            '"',
            "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02\u301d\u301e\u301f\u300c\u300d\u300e\u300f\u05f4\x84\x93\x94",
        ),
        ("-", "\u2010\u2011\u2012\u2013\u2014\u2015\u05be\uff0d\x96\x97"),
        (".", "\u3002\uff0e\u0964\u06d4"),
        (",", "\uff0c\u3001\u060c"),
        ("!", "\uff01"),
        ("?", "\uff1f\u061f"),
        (";", "\uff1b\u061b\u037e"),
        (":", "\uff1a"),
        ("(", "\uff08"),
        (")", "\uff09"),
        ("...", "\u2026"),
    ],
)
def test_other_forms_of_marks_are_the_typewriters(straight, forms):
    for form in forms:
        assert tokenize(f"a {form}b{form}") == tokenize(f"a {straight}b{straight}"), hex(ord(form))


def test_every_space_and_line_end_divides():
    spaces = [chr(code) for code in range(0x3001) if chr(code).isspace()] + ["\u200b", "\r\n"]
    assert len(spaces) > 25
    for space in spaces:
        assert tokenize(f"good{space}film{space}") == ["good", "film"], hex(ord(space[0]))


def test_what_is_invisible_is_left_out():
    for sign in "\u00ad\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2069\ufe0e\ufe0f\ufeff":
        assert tokenize(f"{sign}go{sign}od film{sign}.") == ["good", "film", "."], hex(ord(sign))


def test_half_a_character_is_no_token_and_two_halves_are_one():
    assert tokenize("good\ud83d film \ude00") == ["good", "film"]
    assert tokenize("\ud83d\ude00 \ud83d\ufeff\ude00") == ["\U0001f600"] * 2
    assert tokenize("\ud835\udd38\ud835\udd39") == ["\U0001d538\U0001d539"]


# ---- any text


@quiet
@given(HOSTILE)
def test_tokens_are_words_in_lower_case_and_composed(text):
    for token in tokenize(text):
        assert token
        assert unicodedata.is_normalized("NFC", token)
        assert token == token.lower()
        assert tokenize(token) == [token]
        token.encode()  # no half characters


@quiet
@given(HOSTILE)
def test_the_quick_way_gives_what_the_general_one_gives(text):
    assert tokenize(text) == tokens._any_tokens(text.replace("<br />", " "))
    ascii_only = text.encode("ascii", "ignore").decode()
    assert tokenize(ascii_only) == re.findall(tokens.TOKEN, ascii_only.replace("<br />", " ").lower())


@quiet
@given(HOSTILE, HOSTILE)
def test_a_space_divides_any_two_texts(a, b):
    assert tokenize(f"{a} {b}") == tokenize(a) + tokenize(b)


@quiet
@given(LETTERS_AND_MARKS)
def test_composed_and_decomposed_texts_are_the_same(text):
    assert (
        tokenize(unicodedata.normalize("NFD", text)) == tokenize(unicodedata.normalize("NFC", text)) == tokenize(text)
    )


@pytest.mark.parametrize(
    "text",
    ["a" * 300_000, "\u00e9" * 300_000, "a" * 300_000 + "\u00e9", "\u00e9" + "a " * 150_000, "\u0301" * 300_000]
    + ["\u00e9'" * 150_000, "\u200d" * 300_000, "\U0001f468\u200d" * 100_000, "\ud83d" * 300_000, "\u00e9 " * 150_000],
)
def test_no_text_takes_long(text):
    tokenize("\u00e9")  # makes the table
    seconds = []
    for part in (text[: len(text) // 8], text):
        started = time.process_time()
        tokenize(part)
        seconds.append(time.process_time() - started)
    assert seconds[1] < max(32 * seconds[0], 2.0)  # the square of the length would take 64 times as long


def test_english_reviews_are_read_as_ever():
    """Words, numbers and marks of ASCII; only typographic forms make a difference."""
    typographic = re.compile(f"[{''.join(tokens.reading()['forms'])}{tokens.PICTURES}]")
    reviews = load_reviews().validation.texts
    differ = []
    for text in reviews:
        before = re.findall(tokens.TOKEN, text.replace("<br />", " ").lower())
        if before != tokenize(text):
            differ.append(text)
            assert typographic.search(text), text
    assert 0 < len(differ) < 0.05 * len(reviews)


def test_the_table_is_the_same_for_python_and_the_browser():
    table = tokens.reading()
    assert set(re.findall(r"\{(\w+)\}", table["token"])) == set(table["classes"])
    assert all(len(rare) == 1 and ord(rare) > 127 for rare in table["forms"])
    assert all(common.isascii() for common in table["forms"].values())
    numbers_too = re.compile(f"[{table['classes']['letter']}{table['classes']['unspaced']}]")
    for code in [*range(0x32400)]:
        letter = chr(code).isalnum() and chr(code) not in tokens._LETTERS_LIKE_MARKS
        assert bool(numbers_too.match(chr(code))) == letter, hex(code)


# ---- ids


def test_special_ids_are_keras_own():
    """`keras.datasets.imdb.load_data` has start_char=1 and oov_char=2 as its defaults; 0 is padding."""
    import inspect

    from keras.datasets import imdb

    defaults = {name: value.default for name, value in inspect.signature(imdb.load_data).parameters.items()}
    assert (PAD, START, UNKNOWN, FIRST) == (0, defaults["start_char"], defaults["oov_char"], defaults["index_from"])
    known, encoded = Tokens.fit(["good film", "good"], 10)
    assert [ids[:, 0].tolist() for ids in encoded] == [[START, FIRST, FIRST + 1], [START, FIRST]]
    assert known.encode(["bad film"])[0][:, 0].tolist() == [START, UNKNOWN, FIRST + 1]


TEXTS = ["Not good, not good!", "good film", "A bad film", "not bad"]


def test_a_text_becomes_ids_of_tokens_and_of_runs():
    known, encoded = Tokens.fit(TEXTS, max_words=10, longest=3, fewest=1, max_runs=100)
    for ids, again in zip(encoded, known.encode(TEXTS), strict=True):
        np.testing.assert_array_equal(ids, again)
    words = ["not", "good", ",", "not", "good", "!"]
    assert encoded[0].shape == (7, 3)
    assert [known.words[i - FIRST] for i in encoded[0][1:, 0]] == words
    assert encoded[0][0].tolist() == [START] * 3
    pairs = encoded[0][:, 1]
    assert pairs[1] == UNKNOWN  # no pair ends at the first word
    assert pairs[2] == pairs[5] >= FIRST  # "not good" twice
    assert len(set(pairs[2:].tolist())) == 4
    assert (encoded[0][1:3, 2] == UNKNOWN).all()
    assert known.encode(["zebra good"])[0][1:].tolist() == [[UNKNOWN] * 3, [encoded[0][2, 0], UNKNOWN, UNKNOWN]]
    assert known.encode([""])[0].tolist() == [[START] * 3]


def test_rare_runs_are_left_out_and_tables_have_a_limit():
    known, _ = Tokens.fit(TEXTS, max_words=3, longest=2, fewest=2, max_runs=100)
    assert known.words == ["not", "good", "film"]
    assert len(known.runs[0]) == 1
    assert known.sizes == [FIRST + 3, FIRST + 1]
    assert len(Tokens.fit(TEXTS, 10, 2, 1, 2)[0].runs[0]) == 2


@pytest.mark.parametrize("bad", [None, float("nan"), b"x", 3, ["a"], np.array([["a"], ["b"]])])
def test_a_text_that_is_none_is_named_by_its_row(bad):
    known, _ = Tokens.fit(["good film"], 10)
    for call in (known.encode, lambda texts: Tokens.fit(texts, 10)):
        with pytest.raises(ReviewsError, match=r"texts\[1\] is .*; allowed: strings") as error:
            call(["good", bad])
        assert "\n" not in str(error.value)
