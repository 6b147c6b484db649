"""The original's vocabulary: Keras's own ids, inputs that are no texts or ids, a file that is whole or the old one."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_book import files
from gru_book.data.tokens import FIRST, START, UNKNOWN
from gru_book.data.vocabulary import Vocabulary, words
from gru_book.errors import BookError, ReviewsError

RANKS = {"the": 1, "good": 3, "and": 2, "bad": 4}


def one_line(error) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def vocabulary():
    return Vocabulary.fit(["good film", "good"])


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
