"""Texts and labels as callers have them: what gives one after another is taken, and nothing else is read as a list."""

import array
import collections
import io
import types

import numpy as np
import pandas as pd
import pytest

from gru_book import recipes
from gru_book.models.texts import checked_labels, checked_texts

TEXTS, LABELS = ["a joy", "a bore", "joy again", "bored again"], [1, 0, 1, 0]


class Table:
    """What other libraries call a frame: going through it gives the names of its columns."""

    columns = ("text", "label")

    def __iter__(self):
        return iter(self.columns)


class Exchange:
    """A frame that says what it is by the interchange protocol alone."""

    def __dataframe__(self):
        return None

    def __iter__(self):
        return iter(["text", "label"])


class Labelled:
    """An array with names for its axes, of two dimensions."""

    dims, ndim = ("row", "column"), 2

    def __iter__(self):
        return iter(["row", "column"])


class Store:
    """What has keys but is no registered mapping."""

    def keys(self):
        return ["text"]

    def __getitem__(self, key):
        return TEXTS

    def __iter__(self):
        return iter(self.keys())


FRAME = pd.DataFrame({"text": TEXTS, "label": LABELS})

NO_LISTS = [
    (FRAME[["text"]], r"is a DataFrame; allowed: .*: pass one of its columns, for example df\['"),
    (FRAME, r"is a DataFrame; allowed: .*: pass one of its columns"),
    (FRAME.iloc[:0], r"is a DataFrame"),
    (Table(), r"is a Table; allowed: .*: pass one of its columns"),
    (Exchange(), r"is a Exchange; allowed: .*: pass one of its columns"),
    (Labelled(), r"is a Labelled of 2 dimensions; allowed: .*, of one dimension"),
    (FRAME[["text"]].to_numpy(), r"is a ndarray of 2 dimensions; allowed: .*, of one dimension"),
    (np.array("a joy"), r"is a ndarray of 0 dimensions"),
    ({"text": TEXTS}, r"is a dict; allowed: .*: write list\(….values\(\)\)"),
    (collections.Counter(TEXTS), r"is a Counter; allowed"),
    (types.MappingProxyType({"text": TEXTS}), r"is a mappingproxy; allowed"),
    (Store(), r"is a Store; allowed"),
    (set(TEXTS), r"is a set, which has no order; allowed"),
    (frozenset(TEXTS), r"is a frozenset, which has no order"),
    ({"a joy": 1}.keys(), r"is a dict_keys, which has no order"),
    (b"a joy", r"is bytes; allowed"),
    (bytearray(b"a joy"), r"is bytearray; allowed"),
    (memoryview(b"a joy"), r"is memoryview; allowed"),
    (io.StringIO("a joy\na bore\n"), r"is a file; allowed: .*: write file.read\(\).splitlines\(\)"),
    (io.BytesIO(b"a joy"), r"is a file; allowed"),
    (None, r"is None; allowed"),
    (7, r"is 7; allowed"),
    (len, r"is <built-in function len>; allowed"),
]


@pytest.mark.parametrize(("values", "message"), NO_LISTS, ids=[type(values).__name__ for values, _ in NO_LISTS])
def test_tables_dictionaries_and_the_like_are_no_lists_of_texts(values, message):
    with pytest.raises(ValueError, match=f"^texts {message}") as error:
        checked_texts(values)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=f"^labels {message}"):
        checked_labels(values, 4)


def test_a_table_is_refused_by_every_door_with_the_column_to_pass():
    model = recipes.fit("linear", FRAME["text"], FRAME["label"])
    said = r"texts is a DataFrame; allowed: a list of strings: pass one of its columns, for example df\['text'\]$"
    with pytest.raises(ValueError, match=f"^{said}"):
        model.predict_proba(FRAME[["text"]])
    with pytest.raises(ValueError, match=f"^{said}"):
        recipes.fit("linear", FRAME[["text"]], LABELS)
    with pytest.raises(ValueError, match=f"^validation {said}"):
        recipes.fit("linear", TEXTS, LABELS, validation=(FRAME[["text"]], LABELS))
    with pytest.raises(ValueError, match=r"^labels is a DataFrame; .* for example df\['label'\]$"):
        recipes.fit("linear", TEXTS, FRAME[["label"]])
    with pytest.raises(ValueError, match="^validation labels is a dict"):
        recipes.fit("linear", TEXTS, LABELS, validation=(TEXTS, dict.fromkeys(range(4), 1)))


@pytest.mark.parametrize(
    "texts",
    [
        tuple(TEXTS),
        iter(TEXTS),
        (text for text in TEXTS),
        map(str, TEXTS),
        dict(enumerate(TEXTS)).values(),
        collections.deque(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        FRAME["text"],
        FRAME["text"].astype("category"),
        FRAME["text"].astype("string"),
        FRAME["text"].to_numpy(),
        pd.Index(TEXTS),
        pd.Series(TEXTS, index=["columns", "keys", "readline", "shape_"]),  # names that a table or a file has, too
    ],
    ids=lambda texts: type(texts).__name__,
)
def test_whatever_gives_one_text_after_another_is_taken(texts):
    assert checked_texts(texts) == TEXTS


@pytest.mark.parametrize(
    "labels",
    [
        tuple(LABELS),
        iter(LABELS),
        [True, False, True, False],
        [1.0, 0.0, 1.0, 0.0],
        np.array(LABELS),
        np.array(LABELS, dtype=bool),
        np.array(LABELS, dtype=np.float16),
        list(np.array(LABELS)),
        [np.array(value) for value in LABELS],
        FRAME["label"],
        FRAME["label"].astype("Int64"),
        FRAME["label"].astype("boolean"),
        pd.Series(LABELS, index=["columns", "keys", "readline", "shape_"]),
        array.array("b", LABELS),
    ],
    ids=lambda labels: type(labels).__name__,
)
def test_whatever_gives_one_label_after_another_is_taken(labels):
    assert checked_labels(labels, 4).tolist() == LABELS


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 0, 1, pd.NA], r"labels\[3\] is <NA>; allowed: 0 and 1"),
        (np.ma.masked_array(LABELS, [False, True, False, False]), r"labels\[1\] is masked"),
        ([1, 0, 1, [0]], r"labels\[3\] is \[0\]"),
        ([1, 0, 1, np.zeros((50, 50))], r"labels\[3\] is array\(\[\[0\., .{0,50}; allowed: 0 and 1"),
        ([1, 0, 1, 10**5000], r"labels\[3\] is a value of type int; allowed"),
        ("1010", r"labels\[0\] is '1'"),
        (np.array(["1", "0", "1", "0"]), r"labels\[0\] is '1'"),
        ([1, 0, 1, 0.5], r"labels\[3\] is 0.5"),
        ([1, 0, 1], "labels has 3 entries; allowed: 4, one for each text"),
    ],
)
def test_a_label_that_is_none_is_named(labels, message):
    with pytest.raises(ValueError, match=message) as error:
        checked_labels(labels, 4)
    assert "\n" not in str(error.value)


HALVES = ["\ud83d", "a joy \ude0d here", "\udc00\ud800", "\ud83dx\ude0d"]


@pytest.mark.parametrize(("name", "half"), [*(("linear", half) for half in HALVES), ("original", " ".join(HALVES))])
def test_half_an_emoji_is_read_saved_and_loaded(name, half, tmp_path):
    small = {} if name == "linear" else {"units": 2, "embedding_dim": 2, "epochs": 1}
    model = recipes.fit(name, [*TEXTS, half], [*LABELS, 1], settings=small)
    model.save(tmp_path / "m")
    model.save(tmp_path / "m")
    again = recipes.load(tmp_path / "m")
    seen = [half, "joy", f"{half} joy"]
    np.testing.assert_array_equal(again.predict_proba(seen), model.predict_proba(seen))
    for file in (tmp_path / "m").glob("*.json"):
        file.read_text(encoding="utf-8")  # as every other program reads it
