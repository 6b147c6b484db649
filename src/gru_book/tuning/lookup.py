"""From the words of a command line to a search: one with a name, or a reader's own as "module:function".

A reader's own search is a function with keyword arguments that returns a `Search`; its module is looked for in the
current folder first. What is given after -p is read by the type of the argument's default.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gru_book.allowed import Parameter, plain
from gru_book.allowed import shown as short
from gru_book.errors import BookError, ParameterError, TuningError, did_you_mean, one_line
from gru_book.tuning.catalogue import SEARCHES
from gru_book.tuning.search import Search

COMMON = ("method", "max_epochs", "factor", "max_trials", "patience", "seed")  # options of the command itself

TYPES = (bool, int, float, str)


def find_search(name: str) -> Callable[..., Search]:
    """Return the function that makes the search `name`: one of SEARCHES, or "module:function".

    Raises TuningError for an unknown name, naming the nearest, and for a module that cannot be imported, saying why.
    """
    if ":" not in name:
        if name not in SEARCHES:
            hint = did_you_mean(name, SEARCHES)
            raise TuningError(f"search is {name!r}{hint}; allowed: {', '.join(SEARCHES)}, or module:function")
        return SEARCHES[name]
    module, _, function = name.partition(":")
    made = _import(module, name)
    if not hasattr(made, function):
        own = [key for key, value in vars(made).items() if callable(value) and not key.startswith("_")]
        raise TuningError(f"search is {name!r}, but {module} has no {function!r}{did_you_mean(function, own)}")
    found = getattr(made, function)
    if not callable(found) or isinstance(found, type):
        raise TuningError(f"search is {name!r}, which is {short(found)}; allowed: a function that returns a Search")
    return found


def _import(module: str, name: str) -> types.ModuleType:
    if not all(part.isidentifier() for part in module.split(".")):
        near = did_you_mean(module, _modules_here())
        raise TuningError(f"search is {name!r}{near}; allowed: module:function, the module as Python imports it")
    here = str(Path.cwd())
    sys.path.insert(0, here)  # as for a script; a console script does not look there
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        hint = did_you_mean(module, _modules_here()) if module.startswith(missing) else ""
        raise TuningError(f"search is {name!r}{hint}, which cannot be imported: {one_line(error)}") from None
    except (Exception, SystemExit) as error:
        raise TuningError(
            f"search is {name!r}, which cannot be imported: {type(error).__name__}: {one_line(error)}"
        ) from None
    finally:
        sys.path.remove(here)
        sys.path.append(here)  # for what the module imports later, after everything installed


def _modules_here() -> list[str]:
    return [path.stem for path in Path.cwd().glob("*.py")]


def make_search(name: str, pairs: list[tuple[str, str]], common: dict[str, Any]) -> Search:
    """Return the search `name` with the texts of -p and the command's own options.

    Raises TuningError where the function does not take them, fails, or returns no search.
    """
    function = find_search(name)
    values = parse_options(function, pairs)
    parameters = _signature(function).parameters.values()
    open_ended = any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters)
    named = {one.name for one in parameters if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)}
    if missing := [option for option in common if option not in named and not open_ended]:
        raise TuningError(
            f"search is {name!r}, whose function does not take {', '.join(missing)}; give it **search, for Search"
        )
    needed = [one.name for one in parameters if one.name in named and one.default is one.empty]
    if lacking := [one for one in needed if one not in values and one not in common]:
        raise TuningError(f"search is {name!r}, whose function needs {', '.join(lacking)}; give -p {lacking[0]} VALUE")
    try:
        search = function(**values, **common)
    except BookError:
        raise
    except (Exception, SystemExit) as error:
        raise TuningError(
            f"search is {name!r}, whose function fails: {type(error).__name__}: {one_line(error)}"
        ) from None
    if not isinstance(search, Search):
        raise TuningError(f"search is {name!r}, whose function returns {short(search)}; allowed: a Search")
    return search


def parse_options(function: Callable[..., Search], pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return texts from a command line as values of the search function's arguments, in the types of their defaults.

    Raises TuningError for a name that the function does not take or that is given twice, and a text that is no such
    value.
    """
    arguments = {
        name: parameter
        for name, parameter in _signature(function).parameters.items()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD) and name not in COMMON
    }
    values: dict[str, Any] = {}
    for name, text in pairs:
        if name in COMMON:
            raise TuningError(f"-p {name} is an option of its own: give --{name.replace('_', '-')} {text}")
        if name not in arguments:
            hint = did_you_mean(name, arguments)
            allowed = ", ".join(arguments) or "none"
            raise TuningError(f"-p {name}{hint}: the search has no such argument; allowed: {allowed}")
        if name in values:
            raise TuningError(f"-p {name} is given twice; give it once")
        try:
            values[name] = _parse(arguments[name], text)
        except ParameterError as error:
            raise TuningError(f"-p {error}") from None
    return values


def _signature(function: Callable) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)
    except Exception:  # an annotation that names what is not there
        with contextlib.suppress(ValueError, TypeError):
            return inspect.signature(function)
    raise TuningError(f"search is {short(function)}, whose arguments cannot be seen; allowed: a function of Python's")


def _parse(parameter: inspect.Parameter, text: str) -> Any:
    """Return `text` in the type of the default or, where that says nothing, of the annotation."""
    name, default = parameter.name, plain(parameter.default)
    if isinstance(default, (list, tuple)) and default:
        return type(default)(_parse_list(name, default, text))
    if isinstance(default, TYPES):
        return _parse_one(name, type(default), text)
    kinds = typing.get_args(parameter.annotation) or (parameter.annotation,)
    if default is None and text.lower() == "none":
        return None
    for kind in TYPES:
        if (default is None or default is parameter.empty) and kind in kinds:
            return _parse_one(name, kind, text)
    raise ParameterError(f"{name} cannot be given here: its default says no type; allowed: {_known()}")


def _known() -> str:
    return "defaults that are true or false, a number, a text, or a list of one of them"


def _parse_list(name: str, default: list | tuple, text: str) -> list:
    kinds = {type(plain(one)) for one in default}
    kind = float if kinds == {int, float} else kinds.pop() if len(kinds) == 1 else None
    if kind not in TYPES:
        raise ParameterError(f"{name} cannot be given here: its default says no type; allowed: {_known()}")
    inner = text.strip()
    if inner[:1] + inner[-1:] in ("[]", "()"):
        inner = inner[1:-1]
    parts = [part.strip() for part in inner.split(",")]
    return [_parse_one(f"{name}[{place}]", kind, part) for place, part in enumerate(parts)]


def _parse_one(name: str, kind: type, text: str) -> Any:
    return text if kind is str and not text else Parameter(name, kind, None, "").parse(text)
