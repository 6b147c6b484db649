"""Words and their ids: against Keras, there and back, saved and loaded, refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_book.data.reviews import load_reviews
from gru_book.data.vocabulary import Vocabulary, words
from gru_book.errors import ReviewsError


@pytest.fixture(scope="module")
def package():
    return load_reviews("package")


def one_line(error) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_words():
    assert words("It's GREAT -- really!<br /><br />Don't\tmiss\nit.") == [
        "it's",
        "great",
        "really",
        "don't",
        "miss",
        "it",
    ]
    assert words("one<br />two") == ["one", "two"]
    assert words("...") == words("") == []


def test_words_equal_keras(package):
    from keras.src.legacy.preprocessing.text import text_to_word_sequence

    for text in package.test.texts[::20]:
        assert words(text) == text_to_word_sequence(text.replace("<br />", " "))


@given(st.text())
def test_words_equal_keras_on_any_text(text):
    from keras.src.legacy.preprocessing.text import text_to_word_sequence

    assert words(text) == text_to_word_sequence(text.replace("<br />", " "))


TEXTS = ["b a c a", "a b!", "C d", "e"]


def test_ids_by_frequency_then_alphabet():
    vocabulary = Vocabulary.fit(TEXTS)
    assert vocabulary.words == ("a", "b", "c", "d", "e")
    assert len(vocabulary) == 8
    assert vocabulary.encode(["a e zebra", ""]) == [[1, 3, 7, 2], [1]]
    assert Vocabulary.fit(reversed(TEXTS)).words == vocabulary.words


def test_max_features_bounds_the_ids():
    vocabulary = Vocabulary.fit(TEXTS, max_features=5)
    assert vocabulary.words == ("a", "b")
    assert vocabulary.encode(TEXTS) == [[1, 4, 3, 2, 3], [1, 3, 4], [1, 2, 2], [1, 2]]
    assert vocabulary.oov_rate(TEXTS) == pytest.approx(4 / 9)
    assert vocabulary.oov_rate([]) == vocabulary.oov_rate([""]) == 0.0


def test_tokens_and_decode():
    vocabulary = Vocabulary.fit(TEXTS, max_features=5)
    ids = [0, 0, 1, 3, 2, 4]
    assert vocabulary.tokens(ids) == ["[pad]", "[pad]", "[start]", "a", "[oov]", "b"]
    assert vocabulary.decode(ids) == "a [oov] b"
    assert vocabulary.decode(np.array(ids)) == "a [oov] b"
    for bad in (-1, 5):
        with pytest.raises(ReviewsError, match=f"id {bad} is not in the vocabulary; allowed: 0 to 4"):
            vocabulary.decode([bad])


@given(st.lists(st.text(), max_size=6), st.lists(st.text(), max_size=6), st.integers(4, 12))
def test_encode_and_decode(known, unknown, max_features):
    vocabulary = Vocabulary.fit(known, max_features)
    for text, ids in zip(known + unknown, vocabulary.encode(known + unknown), strict=True):
        assert ids[0] == Vocabulary.START
        assert all(2 <= index < max_features for index in ids[1:])
        expected = [word if word in vocabulary.words else "[oov]" for word in words(text)]
        assert vocabulary.tokens(ids)[1:] == expected
        assert vocabulary.decode([0, 0, *ids]) == " ".join(expected)


@given(st.lists(st.text(), max_size=6))
def test_roomy_vocabulary_loses_nothing(texts):
    vocabulary = Vocabulary.fit(texts)
    assert vocabulary.oov_rate(texts) == 0
    decoded = [vocabulary.decode(ids) for ids in vocabulary.encode(texts)]
    assert decoded == [" ".join(words(text)) for text in texts]


def test_whole_package(package):
    vocabulary = Vocabulary.fit(package.train.texts)
    assert len(vocabulary) == vocabulary.max_features == 10_000
    assert vocabulary.words[:3] == ("the", "and", "a")
    encoded = vocabulary.encode(package.test.texts)
    assert max(max(ids) for ids in encoded) == 9_999
    assert len(encoded) == 4_981


@given(st.lists(st.text(), max_size=6))
def test_save_and_load(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("vocabulary") / "vocabulary.json"
    vocabulary = Vocabulary.fit(texts, max_features=8)
    vocabulary.save(path)
    loaded = Vocabulary.load(path)
    assert (loaded.words, loaded.max_features) == (vocabulary.words, 8)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "not JSON"),
        ("[]", "must be an object"),
        ('{"words": []}', "must be an object"),
        ('{"words": ["a"], "max_features": 10, "more": 1}', "must be an object"),
        ('{"words": "ab", "max_features": 10}', "single lower-case words"),
        ('{"words": ["a", 2], "max_features": 10}', "single lower-case words"),
        ('{"words": ["A"], "max_features": 10}', "single lower-case words"),
        ('{"words": ["a b"], "max_features": 10}', "single lower-case words"),
        ('{"words": [""], "max_features": 10}', "single lower-case words"),
        ('{"words": ["a", "a"], "max_features": 10}', "must all be different"),
        ('{"words": ["a", "b"], "max_features": 4}', "do not fit under max_features 4"),
        ('{"words": ["a"], "max_features": 3}', "whole numbers from 4"),
        ('{"words": ["a"], "max_features": true}', "whole numbers from 4"),
        ('{"words": ["a"], "max_features": "10"}', "whole numbers from 4"),
    ],
)
def test_load_refuses(tmp_path, content, expected):
    path = tmp_path / "vocabulary.json"
    path.write_text(content)
    with pytest.raises(ReviewsError, match=expected) as error:
        Vocabulary.load(path)
    assert str(path) in one_line(error)


def test_load_missing(tmp_path):
    with pytest.raises(ReviewsError, match="vocabulary .*none.json cannot be read: No such file"):
        Vocabulary.load(tmp_path / "none.json")


@pytest.mark.parametrize("bad", [3, 0, -1, 2.5, True, "100", None])
def test_max_features_checked(bad):
    with pytest.raises(ReviewsError, match="max_features is .*; allowed: whole numbers from 4 up"):
        Vocabulary.fit(TEXTS, max_features=bad)


def test_one_string_is_no_list_of_texts():
    for call in (Vocabulary.fit, Vocabulary.fit(TEXTS).encode, Vocabulary.fit(TEXTS).oov_rate):
        with pytest.raises(TypeError, match=r"write \[text\]"):
            call("a review")
