"""How the recipes cut texts into tokens, and the ids of tokens, pairs and triples."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from gru_book.data import tokens as classifier

# A word, apostrophes inside included ("don't" is one), or one of the marks that carry mood or end a phrase.
TOKEN = r"[^\W_]+(?:'[^\W_]+)*|[!?.,;:()\"-]"


def plain(text: str) -> str:
    """Return the text in lower case, with spaces for `<br />`."""
    return text.replace("<br />", " ").lower()


PAD, UNKNOWN, START, FIRST = 0, 1, 2, 3  # ids: padding, a token outside the table, before every text, the first known


class Tokens:
    """The tokens, and runs of tokens, that a network knows, and texts as arrays of their ids.

    Table 0 holds single tokens (`classifier.TOKEN`: words and marks), table n runs of n + 1 tokens. In every table the
    ids PAD, UNKNOWN and START come first.

    words: the known tokens, the more frequent the smaller the id. runs: for tables 1 and up the sorted codes of the
    known runs, int64 arrays; a code is the number that the ids of the run form in base `len(words) + FIRST`.
    """

    def __init__(self, words: list[str], runs: list[np.ndarray]):
        """Take the tables."""
        self.words, self.runs = words, runs
        self._id_of = {word: number for number, word in enumerate(words, FIRST)}

    @property
    def sizes(self) -> list[int]:
        """Return the number of ids of each table."""
        return [FIRST + len(self.words)] + [FIRST + len(codes) for codes in self.runs]

    @classmethod
    def fit(
        cls, texts: list[str], max_words: int, longest: int = 1, fewest: int = 2, max_runs: int = 200_000
    ) -> Tokens:
        """Return the tables for `texts`: at most `max_words` tokens, and per length up to `longest` at most `max_runs`.

        Runs that occur fewer than `fewest` times are left out, tokens only beyond `max_words`.
        """
        number = defaultdict(itertools.count().__next__)
        read = [np.array([number[word] for word in _tokens(text)], np.int64) for text in texts]
        counts = np.bincount(np.concatenate([*read, [0]]), minlength=len(number))
        names = list(number) or [""]
        kept = np.argsort(-counts[: len(names)], kind="stable")[:max_words]
        tokens = cls([names[row] for row in kept], [])
        new = np.full(len(names) + 1, UNKNOWN)
        new[kept] = np.arange(FIRST, FIRST + len(kept))
        read = [new[ids] for ids in read]
        for length in range(2, longest + 1):
            codes = np.concatenate([tokens._codes(ids, length)[0] for ids in read])
            codes, counts = np.unique(codes[codes >= 0], return_counts=True)
            often = np.flatnonzero(counts >= fewest)
            often = often[np.argsort(-counts[often], kind="stable")[:max_runs]]
            tokens.runs.append(np.sort(codes[often]))
        return tokens, [tokens._encode(ids) for ids in read]

    def encode(self, texts: Iterable[str]) -> list[np.ndarray]:
        """Return ids, one int32 array (steps, tables) a text: START, then its tokens."""
        known = ([self._id_of.get(word, UNKNOWN) for word in _tokens(text)] for text in texts)
        return [self._encode(np.array(ids, np.int64)) for ids in known]

    def _encode(self, ids: np.ndarray) -> np.ndarray:
        kept = np.full((1 + len(ids), 1 + len(self.runs)), UNKNOWN, np.int32)
        kept[0], kept[1:, 0] = START, ids
        for column, known in enumerate(self.runs, 1):
            codes, begin = self._codes(ids, column + 1)
            if len(codes) and len(known):
                place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
                kept[1 + begin :, column] = np.where(known[place] == codes, FIRST + place, UNKNOWN)
        return kept

    def _codes(self, ids: np.ndarray, length: int) -> tuple[np.ndarray, int]:
        """Return the code of the run that ends at each token from number `length` - 1 on, -1 where one is unknown."""
        begin = length - 1
        if len(ids) < length:
            return np.zeros(0, np.int64), begin
        ends = [ids[place : len(ids) - begin + place] for place in range(length)]
        codes = ends[0]
        for other in ends[1:]:
            codes = codes * (len(self.words) + FIRST) + other
        return np.where(np.min(ends, axis=0) >= FIRST, codes, -1), begin


def _tokens(text: str) -> list[str]:
    return _PATTERN.findall(classifier.plain(text))


_PATTERN = re.compile(classifier.TOKEN)
