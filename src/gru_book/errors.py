"""The errors that this package raises on purpose: each says in one line what is wrong and what is allowed."""

from collections.abc import Iterable
from difflib import get_close_matches


class BookError(Exception):
    """What went wrong, in one line that names the argument, its value and what is allowed."""


class ParameterError(BookError, ValueError):
    """A parameter that does not exist, has the wrong type, or lies outside of what is allowed."""


class OutputError(BookError, ValueError):
    """A place where a result may not be written, or cannot."""


class ModelError(BookError, ValueError):
    """A saved classifier that cannot be read, or is not as it was saved."""


class ReviewsError(BookError, ValueError):
    """Reviews that cannot be read, or are not those that were asked for."""


class TuningError(BookError, ValueError):
    """A search that cannot be made or cannot go on."""


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return " (did you mean 'NEAREST'?)" where one of the `known` names is near `name`, else an empty text."""
    near = get_close_matches(name.lower(), list(known), n=1, cutoff=0.4) if isinstance(name, str) else []
    return f" (did you mean {near[0]!r}?)" if near else ""


def one_line(error: object) -> str:
    """Return what an error says, in one line: of one of the operating system its reason, without numbers and names."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(said).split())[:300]
