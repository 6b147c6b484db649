"""A value with a name: its type, its default, its meaning, and what is allowed, written once and checked from there.

The parameters of a page and the settings of a recipe are such values. What is allowed stands in one notation::

    [1..4096]           both ends included; ( and ) exclude theirs, an end left out is open
    (0..1]
    [package | keras]   one of these words

A value that is not allowed is refused in one line with its name, itself, and what is allowed.
"""

import math
import re
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from gru_book.errors import ParameterError

_RANGE = re.compile(r"^(?P<open>[\[(])(?P<low>[^.\s]*(?:\.\d+)?)\.\.(?P<high>[^\])]*)(?P<close>[\])])$")

_INTEGER = r"[+-]?[0-9]+(_[0-9]+)*"

_NUMBERS = {  # as the command line takes them: no spaces, no digits of other scripts, neither nan nor inf
    int: re.compile(_INTEGER),
    float: re.compile(rf"{_INTEGER}\.?([0-9]+)?(e[+-]?[0-9]+)?|[+-]?\.[0-9]+(e[+-]?[0-9]+)?", re.IGNORECASE),
}

LONGEST_NUMBER = 400  # characters of a number on the command line

_NO_TEXT = re.compile("[\ud800-\udfff]")  # what stands for bytes that are no UTF-8

_ANY = {int: "whole numbers", float: "finite numbers", str: "a text", bool: "True and False", list: "numbers"}

LONGEST_SHOWN = 60  # characters of a value in a message


def shown(value: Any) -> str:
    """Return a value as a message shows it: its `repr` in one line, cut where it is long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a whole number of more digits than Python writes, or an object that cannot show itself
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def plain(value: Any) -> Any:
    """Return a scalar of NumPy, or an array without dimensions, as Python's own number, bool or text; else `value`."""
    if getattr(value, "shape", None) != () or not callable(getattr(value, "item", None)):
        return value
    if getattr(value, "mask", False):  # NumPy's number that is missing
        return value
    value = value.item()
    return value if isinstance(value, (bool, int, float)) or not isinstance(value, Real) else float(value)


@dataclass(frozen=True)
class Parameter:
    """A name with its type (int, float, str, bool, or list of numbers), default, meaning and allowed values."""

    name: str
    type: type
    default: Any
    meaning: str
    allowed: str = ""

    def check(self, value: Any) -> Any:
        """Return `value` in this parameter's type; raise `ParameterError` naming it and what is allowed.

        An int is taken for a float (`learning_rate: 1`), a scalar of NumPy for the number that it is, a tuple or an
        array of one dimension for a list; nothing else is converted.
        """
        value = plain(value)
        if self.type is list:
            return self._check_list(value)
        if self.type is float and type(value) is int:
            value = float(value) if abs(value) < 2**1023 else value  # beyond, no float holds it
        if type(value) is not self.type:
            raise ParameterError(f"{self.name} must be of type {self.type.__name__}, not {shown(value)}{self._hint()}")
        if not self.holds(value):
            raise ParameterError(f"{self.name} = {shown(value)} is not allowed{self._hint()}")
        return value

    def parse(self, text: str) -> Any:
        """Return the value that a command line's `text` stands for, checked.

        Numbers are written in ASCII digits without spaces (`1_000` is one), a bool is true or false in any case.
        """
        if self.type is str:
            return self.check(text)
        if self.type is bool:
            if text.lower() not in ("true", "false"):
                raise ParameterError(f"{self.name} must be true or false, not {shown(text)}")
            return text.lower() == "true"
        if not _NUMBERS[self.type].fullmatch(text) or len(text) > LONGEST_NUMBER:
            raise ParameterError(f"{self.name} must be of type {self.type.__name__}, not {shown(text)}{self._hint()}")
        return self.check(self.type(text))

    def holds(self, value: Any) -> bool:
        """Return whether `value`, of this parameter's type, is allowed."""
        if isinstance(value, float) and not math.isfinite(value):
            return False
        if not self.allowed:
            return self.type is not str or bool(value.strip() and not _NO_TEXT.search(value))
        if "|" in self.allowed:
            return str(value) in [choice.strip() for choice in self.allowed.strip("[]()").split("|")]
        low, high, includes_low, includes_high = _bounds(self.allowed)
        return (value > low or (includes_low and value == low)) and (value < high or (includes_high and value == high))

    def _check_list(self, value: Any) -> list[float]:
        value = value.tolist() if len(getattr(value, "shape", ())) == 1 else value
        if not isinstance(value, (list, tuple)) or not value:
            each = f", each {self.allowed}" if self.allowed else ""
            raise ParameterError(f"{self.name} is {shown(value)}; allowed: a list of numbers{each}")
        one = replace(self, type=float)
        return [replace(one, name=f"{self.name}[{place}]").check(number) for place, number in enumerate(value)]

    def _hint(self) -> str:
        return f"; allowed: {self.allowed or _ANY[self.type]}"


def _bounds(allowed: str) -> tuple[float, float, bool, bool]:
    match = _RANGE.match(allowed)
    if not match:
        raise ParameterError(f"{allowed!r} is no range: write it as [a..b], (a..b], [a..) or [x | y]")
    low = float(match["low"]) if match["low"] else -math.inf
    high = float(match["high"]) if match["high"] else math.inf
    return low, high, match["open"] == "[", match["close"] == "]"
