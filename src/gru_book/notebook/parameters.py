"""The parameters of a page: what the `parameters` cell says, checked before anything is computed.

A parameters cell holds one annotated literal a line; its comment gives the meaning (and unit) and, in brackets,
what is allowed::

    units: int = 128  # GRU units [1..4096]
    learning_rate: float = 1e-3  # Adam's step size (0..1]
    source: str = "package"  # where the reviews come from [package | keras | folder]

`gru_book.allowed` reads the brackets. The same text is read by the page itself (`check_parameters`), by its last
section (`rerun_table`) and by the command line, so it is written once.
"""

import ast
import platform
import re
import sys
import time
from typing import Any

from gru_book.allowed import Parameter, shown
from gru_book.errors import ParameterError, did_you_mean

_LINE = re.compile(
    r"^(?P<name>\w+)\s*:\s*(?P<type>int|float|str|bool)\s*=\s*(?P<value>[^#]+?)\s*"
    r"#\s*(?P<meaning>.*?)\s*(?P<allowed>[\[(][^\[\]()]*(?:\.\.|\|)[^\[\]()]*[\])])?$"
)

_TYPES = {"int": int, "float": float, "str": str, "bool": bool}


def read_parameters(source: str) -> dict[str, Parameter]:
    """Return the parameters that the text of a parameters cell defines, by name, in their order.

    Raises `ParameterError` naming the line where it is not `name: type = literal  # meaning [allowed]`, or where
    a default is not itself allowed.
    """
    found = {}
    for line in filter(str.strip, source.splitlines()):
        match = _LINE.match(line.strip())
        if not match:
            raise ParameterError(
                f"not a parameter line: {line.strip()!r}; write `name: type = literal  # meaning [allowed]`"
            )
        try:
            default = ast.literal_eval(match["value"])
        except (ValueError, SyntaxError):
            raise ParameterError(f"the default of {match['name']} is no literal: {match['value']!r}") from None
        parameter = Parameter(match["name"], _TYPES[match["type"]], default, match["meaning"], match["allowed"] or "")
        parameter.check(default)
        found[parameter.name] = parameter
    return found


def check_values(parameters: dict[str, Parameter], values: dict[str, Any]) -> dict[str, Any]:
    """Return `values` checked against `parameters`; raise `ParameterError` for an unknown name or a bad value."""
    checked = {}
    for name, value in values.items():
        if name not in parameters:
            there = f"{did_you_mean(name, parameters)}; this page has: {', '.join(parameters) or 'none'}"
            raise ParameterError(f"unknown parameter {shown(name)}{there}")
        checked[name] = parameters[name].check(value)
    return checked


_ran: list[str] = []  # the parameters cells that ran since this module was imported, in their order


def _remember(info: Any) -> None:
    """Keep the text of a parameters cell as it runs (IPython's own history is empty in some runners)."""
    if re.match(r"\w+\s*:\s*(int|float|str|bool)\s*=", info.raw_cell.lstrip()):
        _ran.append(info.raw_cell)


def _shell() -> Any:
    """Return the IPython shell that runs this page, or None outside of one."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


if _shell() is not None:
    _shell().events.register("pre_run_cell", _remember)


def _page_parameters() -> tuple[dict[str, Parameter], dict[str, Any]]:
    """Return the parameters of the page that is running and its namespace, read from its own executed cells."""
    if _shell() is None:
        raise ParameterError("check_parameters() and rerun_table() read a parameters cell: run them in a notebook")
    if not _ran:
        raise ParameterError("no parameters cell has run yet: run the cells from the top")
    return read_parameters(_ran[0]), _shell().user_ns


class _PlainErrors:
    """Shows a `ParameterError` in a notebook as its one line, without a traceback."""

    @staticmethod
    def handler(shell, kind, error, traceback, tb_offset=None):
        return shell._showtraceback(kind, error, [f"{kind.__name__}: {error}"])


def check_parameters() -> None:
    """Check the parameters of the running page; raise `ParameterError` before any data is read."""
    parameters, namespace = _page_parameters()
    _shell().set_custom_exc((ParameterError,), _PlainErrors.handler)
    for name, parameter in parameters.items():
        namespace[name] = parameter.check(namespace[name])


def rerun_markdown(page: str, parameters: dict[str, Parameter], values: dict[str, Any] | None = None) -> str:
    """Return the section 'Rerun this page' as Markdown: the table of parameters and the commands.

    `values` are the values of this run; where one differs from the published default, a column shows it.
    """
    values = {name: p.default for name, p in parameters.items()} | (values or {})
    changed = any(values[name] != p.default for name, p in parameters.items())
    head = ["parameter", "type", "published", "meaning", "allowed"]
    head[3:3] = ["this run"] if changed else []
    rows = [head, ["---"] * len(head)]
    for name, p in parameters.items():
        row = [
            f"`{name}`",
            p.type.__name__,
            f"`{p.default!r}`",
            p.meaning,
            f"`{p.allowed}`".replace("|", "\\|") if p.allowed else "any",
        ]
        row[3:3] = [f"`{values[name]!r}`"] if changed else []
        rows.append(row)
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    example = _example(parameters)
    return (
        f"{table}\n\nFrom the root of the repository, with other values:\n\n```bash\n"
        f".venv/bin/gru-book run {page} {example}\n"
        f".venv/bin/papermill notebooks/{page}.ipynb out.ipynb {example}\n```"
    )


def _example(parameters: dict[str, Parameter]) -> str:
    """Return `-p name value` for one or two parameters that a reader is likely to change."""
    liked = [name for name in ("epochs", "units", "num_steps", "max_features", "seed") if name in parameters]
    chosen = liked[:2]
    return " ".join(f"-p {name} {_other(parameters[name])}" for name in chosen)


def _other(parameter: Parameter) -> Any:
    """Return an allowed value that is not the default."""
    half = parameter.default // 2 if parameter.type is int else parameter.default / 2
    for value in (half, parameter.default + 1):
        if value != parameter.default and parameter.holds(value):
            return value
    return parameter.default


def rerun_table(page: str) -> None:
    """Display 'Rerun this page' for the running page: its parameters, the commands, and how long this run took."""
    import os

    import psutil
    from IPython.display import Markdown, display

    parameters, namespace = _page_parameters()
    values = {name: namespace[name] for name in parameters}
    seconds = time.time() - psutil.Process().create_time()
    took = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.1f} minutes"
    machine = f"{os.cpu_count()} cores ({platform.system()}, {platform.machine()}, Python {platform.python_version()})"
    style = sys.modules.get("gru_book.plotting.style")
    display(
        Markdown(f"{rerun_markdown(page, parameters, values)}\n\nThe run shown here took {took} on {machine}."),
        metadata={"figures": {"smallest_texts": style.smallest_texts() if style else []}},
    )
