"""Staleness by content: what is no content changes no record, what is content does."""

import ast
import textwrap

import pytest

from gru_book.pipeline import content

CELLS = ["from gru_book.shapes import area\nfrom gru_book import paint", "print(area(3), paint.PALETTE[0])"]
SHAPES = '''"""Shapes."""
import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from gru_book.units import SCALE as FACTOR

PI = 3.14


def unused():
    return 1


@cache
def _square(x, power=2):
    """The square."""
    return np.power(x, power)  # fast


def area(r):
    from gru_book.units import convert

    return convert(PI * _square(r) * FACTOR)
'''
UNITS = "SCALE = 10\nOFFSET = 2\n\n\ndef convert(x):\n    return x + OFFSET\n\n\ndef other():\n    return SCALE\n"
PAINT = 'PALETTE = ("red",)\nUNUSED = 1\n'


@pytest.fixture
def package(tmp_path):
    """A small package; `used(**edits)` gives what the cells use after edits of its files (module → text, or None)."""
    folder = tmp_path / "src" / "gru_book"
    folder.mkdir(parents=True)

    def used(cells=CELLS, **files):
        content._package.cache_clear()
        for name, text in (
            {"shapes": SHAPES, "units": UNITS, "paint": PAINT, "__init__": '"""Doc."""\n'} | files
        ).items():
            path = folder / f"{name.replace('__init__', 'INIT').replace('__', '/').replace('INIT', '__init__')}.py"
            path.parent.mkdir(exist_ok=True)
            path.unlink(missing_ok=True) if text is None else path.write_text(text)
        return content.used_by([content.parsed(cell) for cell in cells], tmp_path)

    return used


def changed(before, after):
    """Names of the definitions that differ, with "code" where the cells' own hash does."""
    (own, one), (now, other) = before, after
    names = {n for n in {*one.definitions, *other.definitions} if one.definitions.get(n) != other.definitions.get(n)}
    return names | ({"code"} if own != now else set())


def test_each_used_definition_is_named_once_and_nothing_else(package):
    _, used = package()
    assert list(used.definitions) == ["OFFSET", "PALETTE", "PI", "SCALE", "_square", "area", "convert"]
    assert used.outside == {"functools", "numpy"}


SAME = {
    "a neighbour that is not used": {"shapes": SHAPES.replace("return 1", "return 2")},
    "a neighbour that goes": {"shapes": SHAPES.replace("def unused():\n    return 1\n", "")},
    "a docstring": {"shapes": SHAPES.replace("The square.", "Its square.")},
    "a docstring that goes": {"shapes": SHAPES.replace('    """The square."""\n', "")},
    "a comment": {"shapes": SHAPES.replace("# fast", "# faster")},
    "the layout": {"shapes": SHAPES.replace("np.power(x, power)", "np.power(\n        x,\n        power,\n    )")},
    "the order of definitions": {"units": UNITS.replace("SCALE = 10\nOFFSET = 2", "OFFSET = 2\nSCALE = 10")},
    "the name under which something is imported": {
        "shapes": SHAPES.replace(" as FACTOR", "").replace("FACTOR", "SCALE"),
    },
    "the name of an outer package": {
        "shapes": SHAPES.replace("import numpy as np", "import numpy").replace("np.", "numpy."),
    },
    "an outer name imported by itself": {
        "shapes": SHAPES.replace("import numpy as np", "from numpy import power as p").replace("np.power(", "p("),
    },
    "a module used by its name": {
        "shapes": SHAPES.replace("import SCALE as FACTOR", "import convert").replace("FACTOR", "units.SCALE").replace(
            "import math", "from gru_book import units"
        ),
    },
    "an import that nothing uses": {"shapes": SHAPES.replace("import math", "import os")},
    "an annotation-only import": {
        "shapes": SHAPES.replace("import math", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os"),
    },
}  # fmt: skip


@pytest.mark.parametrize("edit", SAME.values(), ids=SAME)
def test_what_is_no_content_changes_nothing(package, edit):
    assert changed(package(), package(**edit)) == set()


def test_moving_a_helper_to_another_module_changes_nothing(package):
    helper = SHAPES[SHAPES.index("@cache") : SHAPES.index("def area")]
    head = "from functools import cache\n\nimport numpy as np\n\n\n"
    rest = SHAPES.replace(helper, "").replace("import math", "from gru_book.powers import _square")
    assert changed(package(), package(shapes=rest, powers=head + helper)) == set()


def test_renaming_a_module_changes_nothing_in_helpers_and_cells(package):
    before = package()
    cells = [CELLS[0].replace("shapes", "room.forms").replace("from gru_book import paint", ""), CELLS[1]]
    cells[0] += "from gru_book.room import colours as paint"
    moved = {
        "room__forms": SHAPES,
        "room__colours": PAINT,
        "room____init__": '"""Room."""\n',
        "shapes": None,
        "paint": None,
    }
    assert changed(before, package(cells, **moved)) == set()
    by_name = [cells[0].replace("colours as paint", "colours"), CELLS[1].replace("paint.", "colours.")]
    assert changed(before, package(by_name, **moved)) == set()


DIFFERENT = {
    "a line": ({"shapes": SHAPES.replace("np.power(x, power)", "x**power")}, {"_square"}),
    "a default": ({"shapes": SHAPES.replace("power=2", "power=3")}, {"_square"}),
    "a decorator": ({"shapes": SHAPES.replace("@cache\n", "")}, {"_square"}),
    "a constant": ({"shapes": SHAPES.replace("3.14", "3.15")}, {"PI"}),
    "the type of a constant": ({"units": UNITS.replace("OFFSET = 2", "OFFSET = 2.0")}, {"OFFSET"}),
    "a constant behind an import": ({"units": UNITS.replace("SCALE = 10", "SCALE = 11")}, {"SCALE"}),
    "a string": ({"paint": PAINT.replace("red", "blue")}, {"PALETTE"}),
    "a constant that is set twice": ({"units": UNITS + "\nSCALE = 12\n"}, {"SCALE"}),
    "where a name comes from": ({"shapes": SHAPES.replace("numpy as", "jax.numpy as")}, {"_square"}),
    "a statement at import": ({"shapes": SHAPES + "\nnp.seterr(all='raise')\n"}, {content.AT_IMPORT}),
    "a constant changed at import": ({"paint": PAINT + "\nPALETTE += ('green',)\n"}, {content.AT_IMPORT}),
    "something registered": (
        {"shapes": SHAPES + "\n\n@np.register\nclass Layer:\n    pass\n"},
        {content.AT_IMPORT},
    ),
    "a statement of a package above": ({"__init__": '"""Doc."""\nprint(1)\n'}, {content.AT_IMPORT}),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "names"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_is_content_is_noticed_and_named(package, edit, names):
    assert changed(package(), package(**edit)) == names


def test_a_cells_own_text_counts_without_its_layout_and_its_imports_of_the_package(package):
    before = package()
    assert changed(before, package([CELLS[0], "# said\nprint(\n    area(3), paint.PALETTE[0]\n)"])) == set()
    assert changed(before, package([CELLS[0], CELLS[1].replace("3", "4")])) == {"code"}
    assert "code" in changed(before, package([CELLS[0] + "\nimport os", CELLS[1]]))
    assert changed(package(["%pip install x\na = 1"]), package(["%pip install y\na = 1"])) == set()


def test_of_two_definitions_with_one_name_each_user_has_its_own(package):
    one = "def _check(x):\n    return x + 1\n\n\ndef plus(x):\n    return _check(x)\n"
    two = one.replace("+ 1", "- 1").replace("plus", "minus")
    cells = ["from gru_book.one import plus\nfrom gru_book.two import minus\nplus(minus(1))"]
    before = package(cells, one=one, two=two)
    assert before[1].definitions["_check"].count(" ") == 1
    swapped = package(cells, one=one.replace("+ 1", "- 1"), two=two.replace("- 1", "+ 1"))
    assert changed(before, swapped) == {"plus", "minus"}


def test_a_module_that_is_used_as_an_object_counts_whole(package):
    cells = ["from gru_book import paint\nprint(getattr(paint, 'PALETTE'))"]
    assert changed(package(cells), package(cells, paint=PAINT.replace("UNUSED = 1", "UNUSED = 2"))) == {"UNUSED"}


def test_source_that_a_page_shows_counts_with_its_words(package):
    source = {"source": "def show_code(thing):\n    return thing\n"}
    cells = ["from gru_book import shapes\nfrom gru_book.source import show_code\nshow_code(shapes._square)"]
    before = package(cells, **source)
    assert changed(before, package(cells, **source, shapes=SHAPES.replace("# fast", "# faster"))) == {
        "source of _square"
    }
    assert changed(before, package(cells, **source, shapes=SHAPES.replace("return 1", "return 2"))) == set()


def test_a_name_that_the_package_has_not_is_named(package):
    cells = [CELLS[0].replace("gru_book.shapes", "gru_book.form"), CELLS[1]]
    assert package(cells)[1].definitions["gru_book.form.area"] == "missing"


def test_every_supported_python_writes_the_same(tmp_path):
    source = '''
    import os.path as p
    async def f(a, /, b: int = 1, *c, d=None, **e) -> "x":
        """Doc."""
        global g
        async with a as b, c: yield
        async for i in a: await i
        return f"{a!r:>{b}} {d=} t" "u", b"\\0", 1.5, -2j, ..., lambda: {**e}, {1, 2}, a[1:2, ::3], a if b else c
    class K(p.B, metaclass=M):
        x: list[int] = [i for i in y if i for j in z]
        try:
            pass
        except* (A, B) as e: raise C from e
        else: del a, b.c
    match a:
        case {"k": [1, *rest], **more} | K(x=1) if rest: pass
        case _: assert a, "no"
    while (n := 1) is not None: continue
    '''
    tree = ast.parse(textwrap.dedent(source))
    piece = content.Scope(content.Package(tmp_path), content.imported([tree])).read([tree], "")
    assert piece.hash() == "85f929e1b9ed160b"
