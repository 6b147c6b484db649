"""Pairs of short reviews that differ in one phrase and have opposite labels, written for page 39."""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """Two texts, the first with label 1, the second with label 0; `kind` says what turns the one into the other."""

    kind: str
    positive: str
    negative: str


PAIRS = (
    Pair(
        "word",
        "We saw it on a rainy Sunday, the whole family together, and it was a delightful two hours.",
        "We saw it on a rainy Sunday, the whole family together, and it was a dreadful two hours.",
    ),
    Pair(
        "word",
        "The second half, set on the island, is the most gripping part of the story.",
        "The second half, set on the island, is the most tedious part of the story.",
    ),
    Pair(
        "word",
        "He wrote it, he directed it, he plays the lead, and he succeeds at all three.",
        "He wrote it, he directed it, he plays the lead, and he fails at all three.",
    ),
    Pair(
        "negation",
        "There is not one moment at which I was bored by these people.",
        "There is not one moment at which I was moved by these people.",
    ),
    Pair(
        "negation",
        "I would recommend this to anyone who likes a good thriller.",
        "I would not recommend this to anyone who likes a good thriller.",
    ),
    Pair(
        "negation",
        "The jokes never get old, and neither do the actors.",
        "The jokes never get going, and neither do the actors.",
    ),
    Pair(
        "contrast",
        "The beginning is slow and the plot is thin, but I loved every minute of it.",
        "The beginning is lovely and the plot is clever, but I hated every minute of it.",
    ),
    Pair(
        "contrast",
        "Although the critics called it awful, it turns out to be a great film.",
        "Although the critics called it great, it turns out to be an awful film.",
    ),
    Pair(
        "contrast",
        "A weak script, wooden dialogue, and yet I left the cinema happy.",
        "A strong script, sparkling dialogue, and yet I left the cinema annoyed.",
    ),
    Pair(
        "expectation",
        "I expected a dull film with a poor cast. I was wrong on both counts.",
        "I expected a brilliant film with a superb cast. I was wrong on both counts.",
    ),
    Pair(
        "expectation",
        "If only more comedies were as funny as this one.",
        "If only this one were as funny as other comedies.",
    ),
    Pair(
        "expectation",
        "My friends said that it would be a waste of time. They could not have been further off.",
        "My friends said that it would be a masterpiece. They could not have been further off.",
    ),
)
