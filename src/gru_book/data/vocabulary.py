"""The original's reading: words as Keras cuts them, and their ids by frequency."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    pass
from gru_book.data.split import plural
from gru_book.errors import ReviewsError

# Text to words exactly as Keras's `text_to_word_sequence` does it: lower case, these characters become spaces, split.
FILTERED = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'

_TO_SPACES = str.maketrans(FILTERED, " " * len(FILTERED))


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
        for text in plural(texts):
            counts.update(words(text))
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls([word for word, _ in ranked[: max_features - cls.FIRST_WORD]], max_features)

    def __len__(self) -> int:
        """Return the number of ids in use: the words and the three markers."""
        return len(self.words) + self.FIRST_WORD

    def encode(self, texts: Iterable[str]) -> list[list[int]]:
        """Return the ids of each text: START, then one id a word, OOV for a word that the vocabulary lacks."""
        get, oov = self._id_of.get, self.OOV
        return [[self.START, *[get(word, oov) for word in words(text)]] for text in plural(texts)]

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
