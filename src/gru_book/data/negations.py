"""Short sentences that praise or blame, plain and with *not* and its kin, written for page 37.

Two parts with words and forms of their own: "choice", on which settings may be chosen, and "test". No sentence comes
from a review. Each form stands once with a word of praise and once with a word of blame, so a part is balanced: whoever
guesses, or looks for a negation without reading on, is right half of the time.
"""

from __future__ import annotations

from typing import NamedTuple

from gru_book.errors import ParameterError, did_you_mean


class Sentence(NamedTuple):
    """A text, its label (1 praises, 0 blames), and the kind of its form."""

    kind: str
    text: str
    label: int


class _Part(NamedTuple):
    praise: list[str]
    blame: list[str]
    verbs: list[tuple[str, str]]
    forms: dict[str, list[str]]


TURNS = ("not", "n't", "never", "far from", "verb")  # the kinds whose forms turn the word around
KEEPS = ("plain", "filler", "intensifier", "not only", "but")  # those whose label is that of the (last) word

_PARTS = {
    "choice": _Part(
        ["funny", "brilliant", "moving", "superb"],
        ["dull", "awful", "silly", "poor"],
        [("love", "dislike"), ("admire", "despise")],
        {
            "plain": ["This movie is {}.", "To me the whole thing was {}."],
            "filler": ["This movie, made in 1974, is {}.", "I was at home on Friday and saw it, and it is {}."],
            "intensifier": ["This movie is really {}.", "To me the whole thing was absolutely {}."],
            "not": ["This movie is not {}.", "The acting was not at all {}."],
            "n't": ["This movie isn't {}.", "I don't think that the acting was {}."],
            "never": ["This movie is never {}.", "The acting was never {} for me."],
            "far from": ["This movie is far from {}.", "The acting was anything but {}."],
            "verb": ["I did not {} this movie.", "You won't {} the acting."],
            "not only": ["This movie is not only {}, it is also {}.", "The acting was nothing but {}."],
            "but": ["The acting is {}, but this movie is {}.", "It sounds {}, but it is {}."],
        },
    ),
    "test": _Part(
        ["wonderful", "clever", "gripping", "beautiful"],
        ["terrible", "stupid", "tedious", "ugly"],
        [("like", "hate"), ("enjoy", "regret")],
        {
            "plain": ["The film is {}.", "All in all it was {}.", "I found the story {}.", "What we saw was {}."],
            "filler": [
                "We saw it on a Sunday with my sister, and it was {}.",
                "The film, which runs for two hours, is {}.",
                "Shot in Spain and set in the fifties, the story is {}.",
                "My neighbour told me last week that it was {}.",
            ],
            "intensifier": [
                "The film is very {}.",
                "All in all it was so {}!",
                "I found the story extremely {}.",
                "What we saw was truly {}.",
            ],
            "not": [
                "The film is not {}.",
                "All in all it was not {}.",
                "I did not find the story {}.",
                "What we saw was not {} at all.",
            ],
            "n't": [
                "The film isn't {}.",
                "All in all it wasn't {}.",
                "I couldn't call the story {}.",
                "What we saw didn't seem {} to us.",
            ],
            "never": [
                "The film is never {}.",
                "At no point was it {}.",
                "I never found the story {}.",
                "Nobody in the room thought it {}.",
            ],
            "far from": [
                "The film is far from {}.",
                "All in all it was anything but {}.",
                "I found the story hardly {}.",
                "What we saw was by no means {}.",
            ],
            "verb": [
                "I did not {} the film.",
                "You will not {} it.",
                "We didn't {} a minute of the story.",
                "Nobody will {} what we saw.",
            ],
            "not only": [
                "The film is not just {}, it is truly {}.",
                "All in all it was nothing but {}.",
                "I have not often found a story so {}.",
                "What we saw was not merely {}.",
            ],
            "but": [
                "The start is {}, but the film is {}.",
                "It looked {}, but all in all it was {}.",
                "My friends found it {}, but I found the story {}.",
                "Some of it was {}, but most of what we saw was {}.",
            ],
        },
    ),
}


def negations(part: str = "test") -> list[Sentence]:
    """Return the sentences of a part, "test" or "choice", kind by kind; ValueError for any other.

    With "but" the word before it has the other tone than the word behind it, whose label counts. With "not only" both
    words are the same.
    """
    if part not in _PARTS:
        raise ParameterError(f"part is {part!r}{did_you_mean(part, _PARTS)}; allowed: {', '.join(map(repr, _PARTS))}")
    praise, blame, verbs, forms = _PARTS[part]
    sentences = []
    for kind, texts in forms.items():
        pairs = verbs if kind == "verb" else zip(praise, blame, strict=True)
        for pair in pairs:
            for text in texts:
                for label, word in zip((1, 0), pair, strict=True):
                    first = pair[label] if kind == "but" else word
                    label = 1 - label if kind in TURNS else label
                    sentences.append(Sentence(kind, text.format(first, word), label))
    return sentences
