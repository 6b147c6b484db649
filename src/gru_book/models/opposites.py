"""Copies of short pieces of texts that say the opposite, from which a network can learn what *not* does.

Reviews are long, and their label seldom hangs on one *not*. A piece such as "the story is great" does not come with a
label of its own, but a linear model that has learnt from the whole texts is sure of it. Turned into "the story is not
great" it means the opposite, and that is the answer it gets. English only; page 37 measures what is learnt from it.
"""

from __future__ import annotations

import re

import numpy as np

from gru_book.models.ngrams import NGramClassifier
from gru_book.models.settings import NBSVM

TEACHER = NBSVM | {"longest": 2, "grid": [NBSVM.default]}  # nothing is chosen, and pairs are enough for short pieces
SURE = 0.75  # answers above it, or below 1 - SURE, are sure
WORDS = range(3, 13)  # in a piece
BREAK = re.compile(r"(?:<br\s*/?>|[.!?;:,()\"\n]|--)+")
NEGATION = re.compile(r"\b(?:not|\w+n['’]t|never|no|nobody|nothing|none|neither|nor|hardly|without|but|cannot)\b", re.I)
BE = re.compile(r"\b(is|was|are|were)\b(?! (?:it|there|this|that|he|she|they|the|a|an)\b)", re.I)
LIKE = re.compile(r"\b(I|we|you|they)(?: \w+ly)? (like|love|enjoy|hate|recommend|regret|dislike|admire)d?\b", re.I)
TURNED_BE = ["{} not", "{}n't", "{} never", "{} not at all", "{} far from", "{} by no means", "{} hardly"]
TURNED_BE += ["{} anything but"]
TURNED_LIKE = ["{} did not {}", "{} didn't {}", "{} never {}", "{} don't {}", "{} won't {}"]
CLAUSE = ["I can't say that {}", "I don't think that {}", "nobody would say that {}", "at no point did I think that {}"]
SAME = ["{} not only", "{} nothing but", "{} not just", "{} never less than"]
BUT = ["{}, but {}", "{}, but on the whole {}", "although {}, {}", "{}; but then {}"]


def pieces_of(texts: list[str]) -> list[str]:
    """Return the pieces of 3 to 12 words between marks, without a negation or a *but*, each once, as they come."""
    found = {}
    for text in texts:
        for piece in BREAK.split(text):
            piece = " ".join(piece.split())
            if piece.count(" ") + 1 in WORDS and not NEGATION.search(piece):
                found[piece] = None
    return list(found)


def opposites(texts: list[str], labels: np.ndarray, number: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Return `number` short texts, and what a network should answer to them, float array (number,).

    texts, labels: whole texts with labels 0 and 1. An NB-SVM learns from them, and says what each piece of them means;
    only pieces of which it is sure are used. Where it is sure of none, or none has a verb to turn, there are no texts.

    Of four texts one is a piece as it stands, one is turned by a negation, one is turned in another way or keeps its
    sense beside a *not*, and one puts two pieces of opposite sense around a *but*; about half are good.
    """
    made, wanted = [], []
    pieces = [piece for piece in pieces_of(texts) if BE.search(piece) or LIKE.search(piece)]
    if not pieces:
        return made, np.zeros(0)
    linear = NGramClassifier("nbsvm", TEACHER, seed)
    linear.fit(texts, labels)
    probability = linear.predict_proba(pieces)
    sides = [np.flatnonzero(probability < 1 - SURE), np.flatnonzero(probability > SURE)]
    rng = np.random.default_rng(seed)
    for count in range(number if all(map(len, sides)) else 0):
        piece, other = (int(rng.choice(sides[side])) for side in (count % 2, 1 - count % 2))
        text, turned = _variant(pieces[piece], pieces[other], count // 2 % 4, rng)
        made.append(text)
        wanted.append(1 - probability[piece] if turned else probability[piece])
    return made, np.array(wanted, float)


def _variant(piece, other, kind, rng):
    """Return one of the four kinds of text from a piece and another of opposite sense, and whether it is turned."""
    if kind == 0:
        return piece, False
    if kind == 3:
        return str(rng.choice(BUT)).format(other, piece), False
    be, like = BE.search(piece), LIKE.search(piece)
    if kind == 2 and be and rng.random() < 0.5:
        return BE.sub(lambda m: str(rng.choice(SAME)).format(m[1]), piece, count=1), False
    if kind == 2:
        return str(rng.choice(CLAUSE)).format(piece), True
    if like:
        return LIKE.sub(lambda m: str(rng.choice(TURNED_LIKE)).format(m[1], m[2]), piece, count=1), True
    return BE.sub(lambda m: str(rng.choice(TURNED_BE)).format(m[1]), piece, count=1), True
