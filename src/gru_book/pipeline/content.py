"""What code uses, by content: each definition of the package that a text of Python reaches, with a hash of it.

A definition (a function, a class, a constant of a module) is known by its name and its content, not by the module it
lives in. So moving it, renaming its module or changing its neighbours changes nothing here; changing a line of it
does. Docstrings, comments and formatting are no content. Where names cannot tell what is used, more is taken than
needed: all of a module that is handed around as an object, and every statement that acts when a module is imported.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from gru_book.files import sha256

PACKAGE = "gru_book"

AT_IMPORT = "(acts when imported)"

# Decorators that only wrap what they decorate. Any other may register it, so the definition counts once its module is
# imported.
WRAPPING = {
    "contextlib.contextmanager",
    "dataclasses.dataclass",
    "functools.cache",
    "functools.cached_property",
    "functools.lru_cache",
    "functools.wraps",
}

SHOWN = "show_code"  # displays the source of its argument, with docstrings and comments

_SKIPPED = {"ctx", "kind", "type_comment", "type_ignores"}

Key = tuple[str, str]  # module, name

_MARK, _MARKED = "\0{0}:{1}\0", re.compile("\0([^:\0]+):([^\0]+)\0")  # a definition of the package in a text


def digest(content: str) -> str:
    """Return a short hash of a text."""
    return sha256(content)[:16]


def parsed(source: str) -> ast.Module:
    """Return the syntax tree of Python or of a notebook's cell, whose lines of magic are passed over."""
    return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE))


def _imports(nodes: list[ast.AST]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the import statements in `nodes`, at any depth of statements."""
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            if isinstance(inner := getattr(node, block, None), list):
                yield from _imports(inner)


def _origin(node: ast.ImportFrom, package: str) -> str:
    base = package.rsplit(".", node.level - 1)[0] + "." if node.level else ""
    return (base + (node.module or "")).rstrip(".")


def imported(nodes: list[ast.AST], package: str = "") -> dict[str, str]:
    """Return what the import statements in `nodes` bind: local name → full dotted name.

    `package` is the package of the module, for relative imports.
    """
    names = {}
    for node in _imports(nodes):
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                names[alias.asname or alias.name] = f"{_origin(node, package)}.{alias.name}"
            elif alias.asname:
                names[alias.asname] = alias.name
            else:
                names[alias.name.split(".")[0]] = alias.name.split(".")[0]
    return names


def loaded_by(nodes: list[ast.AST], package: str = "") -> set[str]:
    """Return the dotted names that the imports in `nodes` may load, each with the packages above it."""
    names = set()
    for node in _imports(nodes):
        start = f"{_origin(node, package)}." if isinstance(node, ast.ImportFrom) else ""
        names |= {start + alias.name for alias in node.names}
    return {name.rsplit(".", cut)[0] for name in names for cut in range(name.count(".") + 1)}


@dataclass
class Module:
    """A module of the package: what it defines, what it imports, and what it does when it is imported."""

    name: str
    imports: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, list[ast.stmt]] = field(default_factory=lambda: defaultdict(list))
    acting: list[ast.stmt] = field(default_factory=list)
    loads: set[str] = field(default_factory=set)
    source: str = ""


def _is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).split(".")[-1] == "TYPE_CHECKING"


def _names_bound(node: ast.stmt) -> list[str]:
    """Return the names that a statement defines; an empty list where it does anything else."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return []
    names = [e for target in targets for e in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])]
    return [name.id for name in names] if all(isinstance(name, ast.Name) for name in names) else []


class Package:
    """The modules below `root/src`, parsed when they are first asked for."""

    def __init__(self, root: Path):
        self.folder = root / "src"
        self._modules: dict[str, Module | None] = {}
        self._pieces: dict[Key, Piece] = {}

    def module(self, name: str) -> Module | None:
        """Return the module of that dotted name, or None where the package has none."""
        if name not in self._modules:
            self._modules[name] = self._read(name) if name.split(".")[0] == PACKAGE else None
        return self._modules[name]

    def _read(self, name: str) -> Module | None:
        path = self.folder / Path(*name.split("."))
        file = next((f for f in (path.with_suffix(".py"), path / "__init__.py") if f.is_file()), None)
        if file is None:
            return None
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        source = file.read_text(encoding="utf-8")
        found = Module(name, source=source)
        body = [node for node in ast.parse(source).body if not _is_type_checking(node)]
        top = [node for node in body if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
        found.imports, found.loads = imported(top, package), loaded_by(top, package)
        for node in body:
            bound = _names_bound(node)
            for one in bound:
                found.definitions[one].append(node)
            if isinstance(node, ast.Import | ast.ImportFrom) or _is_text(node):
                continue
            if not bound or not all(self._only_wraps(d, found) for d in getattr(node, "decorator_list", [])):
                found.acting.append(node)
        return found

    @staticmethod
    def _only_wraps(decorator: ast.expr, module: Module) -> bool:
        name = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
        first, _, rest = name.partition(".")
        return ".".join(filter(None, [module.imports.get(first, first), rest])) in WRAPPING

    def resolve(self, dotted: str) -> tuple[Key | str | None, list[str]]:
        """Return what a dotted name stands for, and the attributes that are left over.

        That is a definition (module, name), a module of the package (its name), or None where it is not the package's.
        """
        parts = dotted.split(".")
        if parts[0] != PACKAGE:
            return None, []
        name = parts.pop(0)
        while parts and self.module(f"{name}.{parts[0]}"):
            name = f"{name}.{parts.pop(0)}"
        module = self.module(name)
        if not parts or module is None:
            return name, parts
        if parts[0] in module.definitions:
            return (name, parts[0]), parts[1:]
        if parts[0] in module.imports:
            return self.resolve(".".join([module.imports[parts[0]], *parts[1:]]))
        return None, []

    def piece(self, key: Key) -> "Piece":
        """Return the definition `key` (or, as `AT_IMPORT`, the acting statements of its module), read once."""
        if key not in self._pieces:
            module = self.module(key[0])
            nodes = module.acting if key[1] == AT_IMPORT else module.definitions[key[1]]
            inside = key[0].rpartition(".")[0]
            self._pieces[key] = Scope(self, module.imports | imported(nodes, inside), module).read(nodes, inside)
        return self._pieces[key]


@lru_cache(maxsize=8)
def _package(root: Path, stamp: tuple) -> Package:
    return Package(root)


def package(root: Path) -> Package:
    """Return the package below `root/src`, parsed anew only where a file has changed."""
    files = sorted((root / "src" / PACKAGE).rglob("*.py"))
    return _package(root, tuple((str(f), s.st_mtime_ns, s.st_size) for f in files for s in [f.stat()]))


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    """Return the parts of an f-string with neighbouring texts joined and no empty ones: Pythons differ in that."""
    joined: list[ast.expr] = []
    for part in parts:
        if joined and isinstance(part, ast.Constant) and isinstance(joined[-1], ast.Constant):
            part = ast.Constant(joined.pop().value + part.value)
        joined.append(part)
    return [part for part in joined if getattr(part, "value", None) != ""]


class Scope:
    """How the names of one piece of code are read: its imports and the definitions of its module around it."""

    def __init__(self, package: Package, imports: dict[str, str], module: Module | None = None):
        self.package, self.imports, self.module = package, imports, module

    def reference(self, node: ast.AST) -> tuple[Key | str | None, list[str], str]:
        """Return the target of a name or chain of attributes (see `Package.resolve`), what is left, and its full name.

        The full name is empty where the name is local or built in.
        """
        chain: list[str] = []
        while isinstance(node, ast.Attribute):
            chain.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None, [], ""
        if node.id in self.imports:
            dotted = ".".join([self.imports[node.id], *chain])
            return *self.package.resolve(dotted), dotted
        if self.module and node.id in self.module.definitions:
            return (self.module.name, node.id), chain, node.id
        return None, [], ""

    def read(self, nodes: list[ast.AST], inside: str) -> "Piece":
        """Return `nodes` in canonical form, with all that they refer to; `inside` is their package."""
        piece = Piece("", set(), loaded_by(nodes, inside), set(), {})
        written: list[str] = []
        for node in nodes:
            self._write(node, written, piece)
            written.append("\n")
        piece.text = "".join(written)
        return piece

    def _write(self, node: ast.AST, written: list[str], piece: "Piece") -> None:
        """Write a node: no docstrings, imports and positions; names as what they stand for.

        Only fields that hold something are written, so that all supported Pythons write the same.
        """
        kind = type(node)
        if kind is ast.Name or kind is ast.Attribute:
            target, left, dotted = self.reference(node)
            if dotted and self._refer(target, dotted, piece):
                name = _MARK.format(*target) if target else dotted
                written.append(f"<{'.'.join([name, *left])}>")
                return
        elif kind is ast.Import or kind is ast.ImportFrom:
            names = sorted(name for name in imported([node]).values() if name.split(".")[0] not in (PACKAGE, ""))
            written += names
            return
        elif kind is ast.Call:
            self._show(node, piece)
        written.append(f"{kind.__name__}(")
        for name in kind._fields:
            value = getattr(node, name, None)
            if value is None or name in _SKIPPED or value == []:
                continue
            written.append(f"{name}=")
            if kind is ast.JoinedStr:
                value = _joined(value)
            for part in value if isinstance(value, list) else (value,):
                if not isinstance(part, ast.AST):
                    written.append(f"{part!r},")
                elif name != "body" or not _is_text(part):
                    self._write(part, written, piece)
        written.append(")")

    def _refer(self, target: Key | str | None, dotted: str, piece: "Piece") -> bool:
        """Note a reference; return whether the name can be written as what it stands for: no module as an object."""
        if isinstance(target, tuple):
            piece.targets.add(target)
        elif target is None and dotted.split(".")[0] == PACKAGE:
            piece.shown[dotted] = "missing"
        elif target is None:
            piece.outside.add(dotted.split(".")[0])
        else:  # a module used as an object: all that it defines
            piece.loads.add(target)
            module = self.package.module(target)
            piece.targets |= {(target, name) for name in module.definitions} if module else set()
        return not isinstance(target, str)

    def _show(self, call: ast.Call, piece: "Piece") -> None:
        """Note the source of what a page shows of the package: docstrings and comments count there."""
        shows = self.reference(call.func)[0]
        for target, left, _ in map(self.reference, call.args if shows and shows[-1] == SHOWN else []):
            if isinstance(target, tuple):
                module = self.package.module(target[0])
                node = module.definitions[target[1]][-1]
                for name in left:
                    node = next((n for n in getattr(node, "body", []) if getattr(n, "name", None) == name), node)
                first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
                text = "\n".join(module.source.splitlines()[first - 1 : node.end_lineno])
                piece.shown[f"source of {'.'.join([target[1], *left])}"] = digest(text)


@dataclass
class Piece:
    """A piece of code in canonical form, and what it refers to."""

    text: str
    targets: set[Key]
    loads: set[str]
    outside: set[str]
    shown: dict[str, str]

    def hash(self, called: Callable[[Key], str] = lambda key: key[1]) -> str:
        """Return the hash of the text, with the package's definitions named by `called`."""
        return digest(_MARKED.sub(lambda match: called((match[1], match[2])), self.text))


@dataclass
class Used:
    """What code uses: the package's definitions (name → hash) and the outer packages (their top-level names)."""

    definitions: dict[str, str]
    outside: set[str]


def _reach(known: Package, first: Piece) -> Used:
    """Follow the references of `first` to all definitions that it reaches, and name each with its content."""
    found: dict[Key, Piece] = {}
    loaded: set[str] = set()
    outside: set[str] = set()
    shown: dict[str, str] = {}
    waiting = [first]
    while waiting:
        piece = waiting.pop()
        outside |= piece.outside | {name.split(".")[0] for name in piece.loads if name.split(".")[0] != PACKAGE}
        shown |= piece.shown
        keys = set(piece.targets)
        loads = piece.loads | {key[0] for key in keys}
        while loads:  # importing a module runs its statements, and imports what it imports
            module = known.module(loads.pop())
            if module and module.name not in loaded:
                loaded.add(module.name)
                loads |= {name for name in module.loads if name.split(".")[0] == PACKAGE}
                keys |= {(module.name, AT_IMPORT)} if module.acting else set()
        for key in keys - set(found):
            found[key] = known.piece(key)
            waiting.append(found[key])
    return Used(dict(sorted({**_named(found), **shown}.items())), outside)


def _named(found: dict[Key, Piece]) -> dict[str, str]:
    """Return name → hash; where several definitions have one name, their users name theirs by its content."""
    own = {key: piece.hash() for key, piece in found.items()}
    contents = defaultdict(set)
    for key, value in own.items():
        contents[key[1]].add(value)
    several = {key for key in found if len(contents[key[1]]) > 1 and key[1] != AT_IMPORT}
    for key, piece in found.items():
        if piece.targets & several:
            contents[key[1]].discard(own[key])
            contents[key[1]].add(piece.hash(lambda k: f"{k[1]} {own[k]}" if k in several else k[1]))
    return {name: " ".join(sorted(values)) for name, values in contents.items()}


def used_by(trees: list[ast.Module], root: Path) -> tuple[str, Used]:
    """Return a hash of what `trees` (parsed cells that run one after the other) say, and all that they use."""
    known = package(root)
    piece = Scope(known, imported(trees)).read(trees, "")
    return piece.hash(), _reach(known, piece)


def used_by_module(name: str, entries: list[str], root: Path) -> Used:
    """Return all that the definitions `entries` of module `name` use, themselves included."""
    known = package(root)
    targets = {(name, entry) for entry in entries if entry in known.module(name).definitions}
    return _reach(known, Piece("", targets, set(), set(), {}))
