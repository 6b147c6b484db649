"""Words and their ids: against Keras, there and back, saved and loaded, refused."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_book import files
from gru_book.data.reviews import load_reviews
from gru_book.data.tokens import FIRST, START, UNKNOWN
from gru_book.data.vocabulary import Vocabulary, words
from gru_book.errors import BookError, ReviewsError

RANKS = {"the": 1, "good": 3, "and": 2, "bad": 4}


def one_line(error) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture(scope="module")
def package():
    return load_reviews("package")


@pytest.fixture
def vocabulary():
    return Vocabulary.fit(["good film", "good"])


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
        assert ids[0] == START
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


# ---- inputs


@pytest.mark.parametrize("bad", [None, float("nan"), b"x", 3, ["a"], np.array([["a"], ["b"]]), pd.NA])
def test_a_text_that_is_none_is_named_by_its_row(vocabulary, bad):
    for call in (vocabulary.encode, vocabulary.oov_rate, Vocabulary.fit):
        with pytest.raises(ReviewsError, match=r"texts\[1\] is .*; allowed: strings") as error:
            call(["good", bad])
        one_line(error)


@pytest.mark.parametrize("bad", [None, 3, b"good", {"a": "b"}, pd.DataFrame({"text": ["good"], "label": [1]})])
def test_what_is_no_list_of_texts_is_refused(vocabulary, bad):
    for call in (vocabulary.encode, vocabulary.oov_rate, Vocabulary.fit):
        with pytest.raises(TypeError, match="texts .*list") as error:
            call(bad)
        one_line(error)


def test_texts_may_come_in_any_row(vocabulary):
    for texts in (("good",), np.array(["good"]), pd.Series(["good"], index=[7]), iter(["good"]), {"good"}):
        assert vocabulary.encode(texts) == [[START, FIRST]]


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((2, 3), int),
        [[1, 3], [1]],
        [1.0, 3.0],
        np.array([1.0, 3.0]),
        [None],
        [float("nan")],
        "13",
        3,
        None,
        ["3"],
    ]
    + [np.array(3), np.zeros((1, 2, 2))],
)
def test_ids_of_a_batch_and_floats_are_refused(vocabulary, bad):
    for call in (vocabulary.decode, vocabulary.tokens):
        with pytest.raises(ReviewsError, match="ids.* is .*; allowed: the ids of one text") as error:
            call(bad)
        one_line(error)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.uint64])
def test_whole_numbers_of_any_type_are_ids(vocabulary, dtype):
    assert vocabulary.decode(np.array([0, 1, 3, 2, 4], dtype)) == "good [oov] film"


@pytest.mark.parametrize("bad", ["good", ["good", 3], [None]])
def test_words_are_a_list_of_strings(bad):
    with pytest.raises(ReviewsError, match="list of strings"):
        Vocabulary(bad, 10)


# ---- files


def test_half_a_character_is_saved_and_loaded(tmp_path):
    text = "good\ud83d \ud83d\ude00 bad\ude00 \ud83d"
    vocabulary = Vocabulary.fit([text])
    vocabulary.save(tmp_path / "v.json")
    loaded = Vocabulary.load(tmp_path / "v.json")
    assert loaded.words == vocabulary.words
    assert set(loaded.words) == {"good\ud83d", "\U0001f600", "bad\ude00", "\ud83d"}
    assert loaded.encode([text]) == vocabulary.encode([text])
    assert UNKNOWN not in loaded.encode([text])[0]


@given(st.lists(st.text(st.characters(exclude_categories=[])), max_size=5))
def test_any_text_is_saved_and_loaded(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("vocabulary") / "v.json"
    vocabulary = Vocabulary.fit(texts)
    vocabulary.save(path)
    assert Vocabulary.load(path).words == vocabulary.words
    assert all(word in words(word) for word in vocabulary.words)


def test_a_save_that_fails_leaves_the_old_file(vocabulary, tmp_path, monkeypatch):
    path = tmp_path / "v.json"
    vocabulary.save(path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(BookError, match="cannot write .*No space left") as error:
        Vocabulary.fit(["another film"]).save(path)
    one_line(error)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["v.json"]


# ---- Keras's ids


def test_keras_ids_are_those_of_load_data(tmp_path, monkeypatch):
    import keras.src.datasets.imdb as imdb

    rows = np.empty(2, object)
    rows[:] = [[1, 3, 2], [4, 1]]  # ranks
    np.savez(tmp_path / "imdb.npz", x_train=rows, y_train=[0, 1], x_test=rows, y_test=[0, 1])
    monkeypatch.setattr(imdb, "get_file", lambda fname, **_: str(tmp_path / "imdb.npz"))
    by_rank = sorted(RANKS, key=RANKS.get)
    for limit in (100, 7):  # with None Keras turns the highest id into unknown
        (x, _), _ = imdb.load_data(num_words=limit)
        vocabulary = Vocabulary.from_keras(RANKS, limit)
        shuffled = [" ".join(by_rank[rank - 1] for rank in row) for row in rows]
        assert sorted(vocabulary.encode(shuffled)) == sorted(map(list, x))
    (x, _), _ = imdb.load_data(num_words=100, index_from=6)
    assert sorted(Vocabulary.from_keras(RANKS, index_from=6).encode(shuffled)) == sorted(map(list, x))


def test_keras_ids_are_saved_loaded_and_read_back(tmp_path):
    vocabulary = Vocabulary.from_keras(RANKS | {"''Odd": 5}, 100)
    assert (len(vocabulary), vocabulary.first, vocabulary.max_features) == (9, 4, 100)
    assert vocabulary.tokens(range(6)) == ["[pad]", "[start]", "[oov]", "[unused]", "the", "and"]
    vocabulary.save(tmp_path / "v.json")
    loaded = Vocabulary.load(tmp_path / "v.json")
    assert (loaded.words, loaded.first, loaded.max_features) == (vocabulary.words, 4, 100)
    assert loaded.decode(loaded.encode(["the good film"])[0]) == "the good [oov]"
    Vocabulary(["a"], 10).save(tmp_path / "own.json")
    assert set(json.loads((tmp_path / "own.json").read_text())) == {"max_features", "words"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (([("a", 1)],), "word_index is a list; allowed: a dict"),
        (({"a": 0, "b": 1},), r"word_index\['a'\] is 0, where rank 1 is missing"),
        (({"a": 1, "b": 3},), r"word_index\['b'\] is 3, where rank 2 is missing; allowed: the ranks 1 to 2"),
        (({"a": 1, "b": 1},), r"word_index\['b'\] is 1, where rank 2 is missing"),
        (({"a": 1, "b": None},), r"word_index\['b'\] is None; allowed: ranks"),
        (({"a": 1, "b": "2"},), r"word_index\['b'\] is '2'; allowed: ranks"),
        (({"a": 1, "b": 2.0},), r"word_index\['b'\] is 2.0; allowed: ranks"),
        ((RANKS, None, 0), "index_from is 0; allowed: whole numbers from 2 up"),
        ((RANKS, None, 1), "index_from is 1; allowed"),
        ((RANKS, None, 2.5), "index_from is 2.5; allowed"),
        ((RANKS, 3), "max_features is 3; allowed: whole numbers from 4 up"),
        ((RANKS, "5"), "max_features is '5'; allowed"),
    ],
)
def test_ranks_that_are_none_are_refused(arguments, expected):
    with pytest.raises(ReviewsError, match=expected) as error:
        Vocabulary.from_keras(*arguments)
    one_line(error)


@pytest.mark.parametrize("bad", [2, 0, -1, 3.5, "4", None, True])
def test_the_first_id_is_checked(tmp_path, bad):
    with pytest.raises(ReviewsError, match="first is .*; allowed: whole numbers from 3 up"):
        Vocabulary(["a"], 10, bad)
    path = tmp_path / "v.json"
    path.write_text(json.dumps({"max_features": 10, "words": ["a"], "first": bad}))
    with pytest.raises(ReviewsError, match="v.json is no vocabulary: first is"):
        Vocabulary.load(path)
