"""The errors that this package raises on purpose: each says in one line what is wrong and what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


class BookError(Exception):
    """Something a reader or an author can set right: says what is wrong and what is allowed."""


class ParameterError(ValueError):
    """A parameter that does not exist, has the wrong type, or lies outside of what is allowed."""


class ReviewsError(ValueError):
    """The reviews, or a vocabulary file, cannot be read as asked; the message is one line that says what to do."""


class TuningError(ValueError):
    """A search that cannot be made or cannot go on: names the argument, its value and what is allowed."""
