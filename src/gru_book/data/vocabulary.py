"""The original's reading: words as Keras cuts them, and their ids by frequency."""

from __future__ import annotations

import json
import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from gru_book.data.tokens import FIRST, START, UNKNOWN, each_text, join_surrogates
from gru_book.errors import ReviewsError
from gru_book.files import write_json

# Text to words exactly as Keras's `text_to_word_sequence` does it: lower case, these characters become spaces, split.
FILTERED = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'

_TO_SPACES = str.maketrans(FILTERED, " " * len(FILTERED))


def words(text: str) -> list[str]:
    """Return the words of a text: `<br />` becomes a space, then exactly Keras's `text_to_word_sequence`.

    Lower case, every character of FILTERED becomes a space (the apostrophe is not among them: "don't" is one word),
    split at spaces. Two surrogates that stand for one character are that character.
    """
    text = join_surrogates(text.replace("<br />", " "))
    return [word for word in text.lower().translate(_TO_SPACES).split(" ") if word]


class Vocabulary:
    """The numbers of the most frequent words: review to list of ids and back.

    Ids as in Keras's IMDB data: 0 is padding (`PAD` in `gru_book.data.tokens`), 1 opens every review (`START`), 2
    stands for every word out of the vocabulary (`UNKNOWN`); the words follow from 3 (`FIRST`) by falling frequency,
    ties alphabetically, all ids below `max_features`. Keras's own words begin at 4, since its rank counts from 1 and it
    adds 3: for a model that was trained on Keras's ids, `from_keras` makes the vocabulary.

    `words` has the words by id, `first` is the id of the first one.
    """

    MARKERS = ("[pad]", "[start]", "[oov]")

    def __init__(self, words: Sequence[str], max_features: int, first: int = FIRST):
        """Take the words by falling frequency, at most `max_features` - `first`; ReviewsError where they do not fit."""
        _check_max_features(max_features)
        if not _is_whole(first) or first < FIRST:
            raise ReviewsError(f"first is {first!r}; allowed: whole numbers from {FIRST} up, the id of the first word")
        self.max_features, self.first = int(max_features), int(first)
        self.words = tuple(words)
        if isinstance(words, str) or not all(isinstance(word, str) for word in self.words):
            raise ReviewsError("the words of a vocabulary must be a list of strings")
        if len(self.words) > self.max_features - self.first:
            raise ReviewsError(
                f"{len(self.words):,} words do not fit under max_features {self.max_features:,}, "
                f"which leaves room for {max(self.max_features - self.first, 0):,}"
            )
        self._id_of = {word: index for index, word in enumerate(self.words, self.first)}
        if len(self._id_of) != len(self.words):
            raise ReviewsError("the words of a vocabulary must all be different")

    @classmethod
    def fit(cls, texts: Iterable[str], max_features: int = 10_000) -> Vocabulary:
        """Return the vocabulary of the `max_features` - 3 most frequent words of the texts (of training reviews only).

        Raises ReviewsError where max_features is not a whole number from 4 up, or a text is no string.
        """
        _check_max_features(max_features)
        counts: Counter[str] = Counter()
        for text in each_text(texts):
            counts.update(words(text))
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls([word for word, _ in ranked[: max_features - FIRST]], max_features)

    @classmethod
    def from_keras(
        cls, word_index: Mapping[str, int], max_features: int | None = None, index_from: int = 3
    ) -> Vocabulary:
        """Return the vocabulary with the ids of `keras.datasets.imdb.load_data(num_words=max_features)`.

        word_index: the rank of each word, from 1, as `keras.datasets.imdb.get_word_index()` gives it.
        max_features: all ids are below it, as `num_words` has it; None keeps all words.
        index_from: what `load_data` adds to a rank; with 3 the most frequent word has id 4, and id 3 stands for none.

        Raises ReviewsError where the ranks are not 1, 2, 3 and so on, or where index_from leaves no room for padding,
        start and unknown words.
        """
        if not isinstance(word_index, Mapping):
            raise ReviewsError(f"word_index is a {type(word_index).__name__}; allowed: a dict of words and their ranks")
        if not _is_whole(index_from) or index_from < FIRST - 1:
            raise ReviewsError(
                f"index_from is {index_from!r}; allowed: whole numbers from {FIRST - 1} up, since the ids 0 to "
                f"{FIRST - 1} are padding, start and unknown words"
            )
        for word, rank in word_index.items():
            if not _is_whole(rank):
                raise ReviewsError(f"word_index[{word!r}] is {rank!r}; allowed: ranks, whole numbers from 1 up")
        ranked = sorted(word_index, key=word_index.get)
        for expected, word in enumerate(ranked, 1):
            if word_index[word] != expected:
                raise ReviewsError(
                    f"word_index[{word!r}] is {word_index[word]}, where rank {expected} is missing; allowed: the ranks "
                    f"1 to {len(ranked):,}, each once"
                )
        first = int(index_from) + 1
        if max_features is None:
            max_features = max(first + len(ranked), FIRST + 1)
        _check_max_features(max_features)
        return cls(ranked[: max(max_features - first, 0)], max_features, first)

    def __len__(self) -> int:
        """Return the number of ids in use: the words and what stands before the first of them."""
        return len(self.words) + self.first

    def encode(self, texts: Iterable[str]) -> list[list[int]]:
        """Return the ids of each text: START, then one id a word, UNKNOWN for a word that the vocabulary lacks.

        Raises ReviewsError where a text is no string.
        """
        get = self._id_of.get
        return [[START, *[get(word, UNKNOWN) for word in words(text)]] for text in each_text(texts)]

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """Return what each id of one text stands for: a word, [pad], [start], [oov], or [unused] before the first word.

        Raises ReviewsError where `ids` are not those of one text, or one of them is unknown.
        """
        if getattr(ids, "ndim", 1) != 1 or isinstance(ids, (str, bytes)) or not isinstance(ids, Iterable):
            shape = f" of shape {tuple(ids.shape)}" if hasattr(ids, "shape") else ""
            raise ReviewsError(f"ids is a {type(ids).__name__}{shape}; allowed: the ids of one text, a row of a batch")
        names = (*self.MARKERS, *["[unused]"] * (self.first - FIRST), *self.words)
        tokens = []
        for row, index in enumerate(ids):
            try:
                index = operator.index(index)
            except TypeError:
                raise ReviewsError(
                    f"ids[{row}] is of type {type(index).__name__}; allowed: the ids of one text, whole numbers"
                ) from None
            if not 0 <= index < len(names):
                raise ReviewsError(f"id {index} is not in the vocabulary; allowed: 0 to {len(names) - 1}")
            tokens.append(names[index])
        return tokens

    def decode(self, ids: Iterable[int]) -> str:
        """Return the review as readable words: padding and start left out, an out-of-vocabulary word as [oov]."""
        return " ".join(token for token in self.tokens(ids) if token not in self.MARKERS[:UNKNOWN])

    def oov_rate(self, texts: Iterable[str]) -> float:
        """Return the share of the texts' running words that the vocabulary lacks, 0 to 1 (0 where there are none)."""
        total = missing = 0
        for ids in self.encode(texts):
            total += len(ids) - 1  # without START
            missing += ids.count(UNKNOWN)
        return missing / total if total else 0.0

    def save(self, path: str | Path) -> None:
        """Write the vocabulary as JSON: {"max_features": int, "words": [word of id 3, word of id 4, ...]}.

        Where the words begin at another id, "first" says so. The file is whole or the old one stays: raises BookError
        where it cannot be written.
        """
        content = {"max_features": self.max_features, "words": self.words}
        if self.first != FIRST:
            content["first"] = self.first
        write_json(Path(path), content, indent=0)

    @classmethod
    def load(cls, path: str | Path) -> Vocabulary:
        """Read what `save` wrote. Raises ReviewsError, in one line, where the file is missing or is no vocabulary."""
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ReviewsError(f"the vocabulary {path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise ReviewsError(f"{path} is no vocabulary: not JSON ({error})") from error
        if not isinstance(content, dict) or set(content) - {"first"} != {"max_features", "words"}:
            raise ReviewsError(f'{path} is no vocabulary: it must be an object with "max_features" and "words"')
        listed = content["words"]
        # "not [word]" also refuses capitals, spaces and filtered characters: no review could ever contain such a word.
        # Keras's own list was cut by other rules.
        own = "first" not in content
        if not isinstance(listed, list) or not all(
            isinstance(word, str) and (words(word) == [word] if own else word) for word in listed
        ):
            raise ReviewsError(f'{path} is no vocabulary: "words" must be a list of single lower-case words')
        try:
            return cls(listed, content["max_features"], content.get("first", FIRST))
        except ReviewsError as error:
            raise ReviewsError(f"{path} is no vocabulary: {error}") from error


def _check_max_features(max_features) -> None:
    if not _is_whole(max_features) or max_features <= FIRST:
        raise ReviewsError(f"max_features is {max_features!r}; allowed: whole numbers from {FIRST + 1} up")


def _is_whole(value) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
