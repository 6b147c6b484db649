"""Profiles: the parameters of several pages in one YAML file, read with limits and checked like `-p`.

A profile is a mapping of pages to mappings of parameters to single values::

    33_imdb_gru: {epochs: 1, units: 64}
    21_cell:
      seed: 1

A value is taken as `gru-book run -p` takes it. Of YAML's other means (lists, aliases, tags, several documents) none is
needed here, and none is read.
"""

import os

import yaml

from gru_book.errors import BookError, ParameterError, did_you_mean, one_line
from gru_book.files import home_expanded, read_text
from gru_book.notebook.parameters import Parameter, check_values
from gru_book.pipeline.pages import Page, all_pages

PROFILES = ("smoke", "full")

LARGEST = 100_000  # bytes of a file

DEEPEST = 3  # levels that are looked at; two are allowed

FORM = "a profile maps pages to parameters, as in 21_cell: {seed: 1}"

_NULL = "tag:yaml.org,2002:null"


def profile(name: str, page: Page) -> dict:
    """Return the checked parameters of `page` in a profile (`smoke`, `full`, or the path of a YAML file keyed by page).

    A page that the profile does not name runs with its published parameters (an empty dict). Raises `BookError`, in one
    line, for a profile that is no such file, names what does not exist, or holds a value that is not allowed.
    """
    path = page.root / "profiles" / f"{name}.yml" if name in PROFILES else home_expanded(name)
    if not name.strip() or not os.path.exists(path):
        raise BookError(
            f"unknown profile {name!r}{did_you_mean(name, PROFILES)}; allowed: {', '.join(PROFILES)}, or the path of a "
            "YAML file keyed by page"
        )
    shown = f"profile {name}"
    values = read_profile(read_text(path, shown, LARGEST), shown)
    if not values:
        raise BookError(f"{shown} names no page; {FORM}")
    parameters = page.parameters()
    _check_pages(values, page, parameters, shown)
    try:
        return {key: _value(parameters, key, node) for key, node in values.get(page.name, {}).items()}
    except ParameterError as error:
        raise BookError(f"{shown}, page {page.name}: {error}") from None


def _check_pages(values: dict, page: Page, parameters: dict[str, Parameter], shown: str) -> None:
    """Raise `BookError` where a profile has something else than known pages, each with parameters."""
    pages = [one.name for one in all_pages(page.root)]
    for key, given in values.items():
        if key not in pages and key in parameters and isinstance(given, yaml.ScalarNode):
            raise BookError(
                f"{shown} has {key!r} where a page should stand, as in a parameter file of papermill; here a profile "
                f"is keyed by page: {page.name}: {{{key}: {given.value[:60]}}}"
            )
        if key not in pages:
            near = did_you_mean(key, pages)
            raise BookError(f"{shown} has the unknown page {key[:60]!r}{near}; pages: {', '.join(pages)}")
        if isinstance(given, yaml.ScalarNode):
            raise BookError(f"{shown} has {_named(given)} for page {key}; {FORM}")


def _value(parameters: dict[str, Parameter], name: str, node: yaml.Node) -> object:
    if name not in parameters:
        check_values(parameters, {name: None})
    if not isinstance(node, yaml.ScalarNode) or (node.style is None and node.tag == _NULL):
        raise ParameterError(f"{name} is {_named(node)}; allowed: one value, as -p takes it")
    return parameters[name].parse(node.value) if node.style is None else parameters[name].check(node.value)


def read_profile(text: str, shown: str = "profile") -> dict[str, dict[str, yaml.ScalarNode] | yaml.ScalarNode]:
    """Return what a profile says: page → parameter → what stands there.

    Raises `BookError`, which calls the profile `shown`, where it is no YAML or has another form. Nothing is built of a
    text that is nested too deep or refers to itself.
    """
    try:
        _check_events(text, shown)
        root = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        raise BookError(f"{shown} is no YAML: {one_line(error)}") from None
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise BookError(f"{shown} is {_named(root)}; {FORM}")
    return {page: _parameters(page, node, shown) for page, node in _pairs(root, shown)}


def _check_events(text: str, shown: str) -> None:
    """Raise `BookError` for an alias, a tag, or too many levels: seen while reading, before anything is built."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BookError(f"{shown}, line {event.start_mark.line + 1}, has an alias (& or *); write the values out")
        if getattr(event, "tag", None):
            raise BookError(f"{shown}, line {event.start_mark.line + 1}, has the tag {event.tag!r}; write plain values")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise BookError(f"{shown}, line {event.start_mark.line + 1}, is nested too deep; {FORM}")


def _parameters(page: str, node: yaml.Node, shown: str) -> dict[str, yaml.ScalarNode] | yaml.ScalarNode:
    if isinstance(node, yaml.ScalarNode):
        return {} if node.style is None and node.tag == _NULL else node
    if not isinstance(node, yaml.MappingNode):
        raise BookError(f"{shown} has {_named(node)} for page {page}; {FORM}")
    return dict(_pairs(node, f"{shown}, page {page}"))


def _pairs(mapping: yaml.MappingNode, shown: str) -> list[tuple[str, yaml.Node]]:
    pairs: dict[str, yaml.Node] = {}
    for key, value in mapping.value:
        if not isinstance(key, yaml.ScalarNode):
            raise BookError(f"{shown} has {_named(key)} for a name; {FORM}")
        if key.value in pairs:
            raise BookError(f"{shown} has {key.value!r} twice, again in line {key.start_mark.line + 1}")
        pairs[key.value] = value
    return list(pairs.items())


def _named(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return f"the single value {node.value[:60]!r}" if node.value else "empty"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
