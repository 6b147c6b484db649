"""How the recipes cut texts of any language into tokens, and the ids of tokens, pairs and triples.

`tokenize` is the one reading of the recipes; the browser reads by the same table (`reading`). It follows Unicode's
rules for words (UAX #29) where they matter to a classifier, and stays simple elsewhere:

- A word is a run of letters, numbers and the marks that belong to them (vowel signs, points, accents), apostrophes
  inside included: "don't" is one. Joiners inside a word stay.
- Where words are not divided by spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese and their kin), each character
  with its marks is a token; pairs and triples of tokens then hold the words.
- An emoji is one token, with its skin tone, its joined parts, or as a flag or keycap.
- Marks that carry mood or end a phrase are tokens. Curly quotes and apostrophes, long dashes and the full stops,
  commas, question and exclamation marks of other scripts are read as the typewriter's.
- All else divides tokens: every kind of space and line end, symbols, control characters. What is invisible (soft
  hyphens, direction marks, variation selectors, a byte-order mark) is left out.
- Tokens are in lower case and in Unicode's composed form (NFC), so that é is é however it was typed.

The page on how to use the book has a section on it.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from gru_book.errors import ReviewsError

# Ids, as in Keras's `imdb.load_data`: padding, before every text, a token outside the table; then the first known one.
PAD, START, UNKNOWN, FIRST = 0, 1, 2, 3

# A text in ASCII: a word, apostrophes inside included, or one of the marks that carry mood or end a phrase.
TOKEN = r"[^\W_]+(?:'[^\W_]+)*|[!?.,;:()\"-]"

# Any text, for Python and JavaScript alike; `_classes` has the characters of the names in braces.
ANY_TOKEN = (
    "[0-9#*]\u20e3"  # a keycap
    "|[{flag}][{flag}]?"  # two letters are a flag
    "|[{picture}][{tone}]?[{tag}]*(?:\u200d[{picture}][{tone}]?[{tag}]*)*"
    "|[{letter}][{letter}{mark}\u200d]*(?:['\u200c][{letter}][{letter}{mark}\u200d]*)*"
    "|[{unspaced}](?:[{stacker}][{unspaced}]|[{mark}\u200d])*"
    '|[!?.,;:()"-]'
)

# Pictures: the characters that Unicode lists as emoji, with the whole blocks around them, since new ones go there.
PICTURES = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa\u24c2"
    "\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d"
    "\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff"
)

# Scripts that are written without spaces: Han, kana, and those that UAX #14 (line breaking) calls SA.
UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x3005, 0x30FF),  # kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),  # Burmese
    (0xAA60, 0xAADF),  # Burmese, Tai Viet
    (0xF900, 0xFAFF),  # Han
    (0xFF66, 0xFF9F),  # kana
    (0x11700, 0x1174F),  # Ahom
    (0x1AFF0, 0x1B16F),  # kana
    (0x20000, 0x323FF),  # Han
)

_LETTERS_LIKE_MARKS = "\u0e33\u0eb3\uff9e\uff9f"  # Thai and Lao "am", voiced marks of narrow kana: parts of a character

# Read as: rarer forms. From \x80 to \x9f stand quotes and dashes that were saved as Windows-1252.
_FORMS = {
    "'": "\u2018\u2019\u201b\u02bb\u02bc\u00b4\u2032\uff07\u055a\u05f3\x91\x92",
    '"': "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02\u301d-\u301f\u300c-\u300f\uff62\uff63\u05f4\x84\x93\x94",
    "-": "\u2010-\u2015\u05be\ufe58\ufe63\uff0d\x96\x97",
    "...": "\u2026",
    ".": "\uff0e\uff61\u3002\u06d4\u0964\u0965\u0589\u1362\u104b\u17d4\u0f0d",
    ",": "\uff0c\uff64\u3001\u060c\u104a\u1363",
    "!": "\uff01",
    "?": "\uff1f\u061f\u1367",
    ";": "\uff1b\u037e\u061b",
    ":": "\uff1a",
    "(": "\uff08",
    ")": "\uff09",
    "": "\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0e\ufe0f\ufeff",
}

_ALL_FORMS = {
    rare: common
    for common, forms in _FORMS.items()
    for first, last in re.findall("(.)(?:-(.))?", forms, re.DOTALL)
    for rare in map(chr, range(ord(first), ord(last or first) + 1))
}

_RARE = re.compile(f"[{''.join(_FORMS.values())}]")

_ASCII_TOKEN = re.compile(TOKEN)

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")

_LAST_SIGMA = re.compile("(?<=[^\n])\u03a3(?=\n|$)")

# A stretch of text, from space to space, that has characters beyond ASCII; from one to the next at most 40 in ASCII.
_STRETCH = re.compile(r"((?<![!-~])[!-~]*+[^\x00-\x7f](?:[\x00-\x7f]{0,40}?[^\x00-\x7f])*+[!-~]*+)")


def tokenize(text: str) -> list[str]:
    """Return the tokens of a text, in lower case: words, marks and emoji, as this module's first lines say.

    `<br />` is read as a space. Half a character (a lone surrogate) is no token.

    >>> tokenize("Don\u2019t go,<br />it\u2019s BAD \U0001f44e\U0001f3fd!")
    ["don't", 'go', ',', "it's", 'bad', '\U0001f44e\U0001f3fd', '!']
    """
    text = text.replace("<br />", " ")
    if text.isascii():
        return _ASCII_TOKEN.findall(text.lower())
    found = []
    for number, part in enumerate(_STRETCH.split(text)):
        found += _any_tokens(part) if number % 2 else _ASCII_TOKEN.findall(part.lower())
    return found


def _any_tokens(text: str) -> list[str]:
    text = join_surrogates(_RARE.sub(lambda found: _ALL_FORMS[found[0]], text))
    found = "\n".join(_any_token().findall(text))
    # Only now in lower case and composed: then characters that are newer than this Python's Unicode play no part. Nor
    # do they in the two forms of the Greek sigma, which `lower` would choose by the kind of the letters around it.
    found = _LAST_SIGMA.sub("\u03c2", found).replace("\u03a3", "\u03c3").lower()
    return unicodedata.normalize("NFC", found).split("\n") if found else []


def join_surrogates(text: str) -> str:
    """Return the text with each pair of surrogates as the one character that it stands for; lone ones stay."""
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


@functools.cache
def _any_token() -> re.Pattern:
    return re.compile(ANY_TOKEN.format(**_classes()))


@functools.cache
def _classes() -> dict[str, str]:
    """Return the characters of each class in `ANY_TOKEN`, as what stands between the brackets of a set."""
    kinds = "".join([unicodedata.category(chr(code))[0] for code in range(0x32400)])  # beyond are no letters
    for first, last in UNSPACED:
        kinds = kinds[:first] + kinds[first : last + 1].replace("L", "u") + kinds[last + 1 :]
    for letter in _LETTERS_LIKE_MARKS:
        kinds = kinds[: ord(letter)] + "M" + kinds[ord(letter) + 1 :]

    def ranges(wanted: str) -> str:
        found = re.finditer(f"[{wanted}]+", kinds)
        return "".join(f"{chr(run.start())}-{chr(run.end() - 1)}" for run in found)

    return {
        "letter": ranges("LN"),
        "mark": ranges("M") + "\U000e0100-\U000e01ef",  # forms of Han characters
        "unspaced": ranges("u"),
        "stacker": "\u1039\u17d2\u1a60",  # a Burmese, Khmer or Tai Tham consonant stands below the one before
        "picture": PICTURES,
        "tone": "\U0001f3fb-\U0001f3ff",
        "tag": "\U000e0020-\U000e007f",  # which of a country's flags
        "flag": "\U0001f1e6-\U0001f1ff",
    }


def reading() -> dict:
    """Return what the browser needs to read as `tokenize` does: the pattern, its classes, and rarer forms."""
    return {"token": ANY_TOKEN, "classes": _classes(), "forms": _ALL_FORMS}


def each_text(texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts one by one; TypeError where `texts` is no list, ReviewsError where one of them is no text."""
    kind = type(texts).__name__
    if isinstance(texts, (str, bytes)):
        raise TypeError(f"texts must be a list of reviews, not one {kind}: write [text]")
    if isinstance(texts, Mapping) or hasattr(texts, "columns") or not isinstance(texts, Iterable):
        raise TypeError(f"texts is a {kind}; allowed: a list of strings, such as one column of a table")
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            shown = "NaN" if isinstance(text, float) and math.isnan(text) else " ".join(repr(text).split())[:40]
            raise ReviewsError(f"texts[{row}] is {shown} ({type(text).__name__}); allowed: strings")
        yield text


class Tokens:
    """The tokens, and runs of tokens, that a network knows, and texts as arrays of their ids.

    Table 0 holds single tokens as `tokenize` cuts them, table n runs of n + 1 tokens. In every table the ids PAD,
    START and UNKNOWN come first.

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
    ) -> tuple[Tokens, list[np.ndarray]]:
        """Return the tables for `texts`: at most `max_words` tokens, and per length up to `longest` at most `max_runs`.

        Runs that occur fewer than `fewest` times are left out, tokens only beyond `max_words`. The second value is
        what `encode` gives for `texts`. Raises ReviewsError where a text is no string.
        """
        number = defaultdict(itertools.count().__next__)
        read = [np.array([number[word] for word in tokenize(text)], np.int64) for text in each_text(texts)]
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
        known = ([self._id_of.get(word, UNKNOWN) for word in tokenize(text)] for text in each_text(texts))
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
