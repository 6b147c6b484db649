"""The forms in which a GRU's weights can be written, by name: one table, and conversions between all of them.

The page on conventions (``54_conventions``) checks each against what the frameworks compute.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from gru_book.conversion.canonical import ARRAYS, PAPERS, CanonicalWeights
from gru_book.layers.weights import GRUWeights


@dataclass(frozen=True)
class Form:
    """A way to write a GRU's weights.

    reset_after: whether the reset gate acts after the projection there. write: canonical weights to arrays by their
    names there. read: the way back.
    """

    reset_after: bool
    write: Callable[[CanonicalWeights], dict[str, np.ndarray]]
    read: Callable[..., CanonicalWeights]


def _book() -> Form:
    names = [name for name in ARRAYS if not name.startswith("c_")]

    def write(weights: CanonicalWeights) -> dict[str, np.ndarray]:
        book = weights.to_book()
        return {name: getattr(book, name) for name in names}

    def read(*, W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h) -> CanonicalWeights:
        return CanonicalWeights.from_book(GRUWeights(W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h))

    return Form(True, write, read)


def _paper(name: str) -> Form:
    return Form(
        PAPERS[name].reset_after,
        lambda weights: weights.to_paper(name),
        partial(CanonicalWeights.from_paper, name),
    )


def _keras(reset_after: bool) -> Form:
    names = ("kernel", "recurrent_kernel", "bias")
    return Form(
        reset_after,
        lambda weights: dict(zip(names, weights.to_keras(reset_after), strict=True)),
        partial(CanonicalWeights.from_keras, reset_after=reset_after),
    )


def _onnx(flag: int) -> Form:
    return Form(
        bool(flag),
        lambda weights: {name: weights.to_onnx(flag)._asdict()[name] for name in ("W", "R", "B")},
        partial(CanonicalWeights.from_onnx, linear_before_reset=flag),
    )


FORMS = {
    "book": _book(),
    "cho2014v1": _paper("cho2014v1"),
    "keras, reset_after=True": _keras(True),
    "torch": Form(True, CanonicalWeights.to_torch, CanonicalWeights.from_torch),
    "onnx, linear_before_reset=1": _onnx(1),
    "cho2014v3": _paper("cho2014v3"),
    "chung2014": _paper("chung2014"),
    "keras, reset_after=False": _keras(False),
    "onnx, linear_before_reset=0": _onnx(0),
}


def _form(argument: str, name: str) -> Form:
    if name not in FORMS:
        raise ValueError(f"{argument} = {name!r}; expected one of {', '.join(map(repr, FORMS))}")
    return FORMS[name]


def to_form(weights: CanonicalWeights, target: str) -> dict[str, np.ndarray]:
    """Return the arrays of one of `FORMS` by their names there.

    Raises:
        ValueError: an unknown target, or these weights cannot be written exactly in its form.
    """
    return _form("target", target).write(weights)


def from_form(source: str, **arrays: np.ndarray) -> CanonicalWeights:
    """Take the arrays of one of `FORMS` by their names there.

    Raises:
        ValueError: an unknown source, an array that is missing or not of this form, or one with a wrong shape, dtype
            or value.
    """
    read = _form("source", source).read
    try:
        inspect.signature(read).bind(**arrays)
    except TypeError as error:
        raise ValueError(f"source = {source!r}: {error}; its arrays are {', '.join(mapping(source))}") from None
    return read(**arrays)


def convert(arrays: dict[str, np.ndarray], source: str, target: str) -> dict[str, np.ndarray]:
    """Return weights written as in `target`, given as in `source` (both of `FORMS`), arrays by name.

    Raises:
        ValueError: an unknown name, a bad array, or the target cannot hold these weights exactly.
    """
    return to_form(from_form(source, **arrays), target)


def mapping(target: str) -> dict[str, list[str]]:
    """Say which canonical weights lie where in a target's arrays, found by sending marked weights through.

    Every canonical array is filled with a power of two of its own, so that the number in each block of what comes out
    tells which arrays, with which sign, were added up there.

    Args:
        target: one of `FORMS`.

    Returns:
        For each array of the target, by name, the contents of its blocks in their order, such as ``"-W_xz"`` or
        ``"b_r + c_r"``.

    Raises:
        ValueError: an unknown target.
    """
    form = _form("target", target)
    units, input_dim = 2, 4  # 3 and 6 times the units differ from both, so that an axis of blocks is told by its size
    shapes = [(units, input_dim), (units, units), (units,), (units,)] * 3
    marks = {name: np.full(shape, 2.0**i) for i, (name, shape) in enumerate(zip(ARRAYS, shapes, strict=True))}
    if target in ("book", "cho2014v1"):
        marks["c_h"] = np.zeros(units)  # these two have no place for it
    found = {}
    for name, array in form.write(CanonicalWeights(**marks, reset_after=form.reset_after)).items():
        axes = [axis for axis, size in enumerate(array.shape) if size in (3 * units, 6 * units)]
        rows = np.moveaxis(array, axes[0], -1)[..., ::units] if axes else array.flat[:1]
        found[name] = [_marked(value) for value in dict.fromkeys(rows.ravel().tolist())]
    return found


def _marked(value: float) -> str:
    """Return the sum of arrays whose marks add up to `value`."""
    names = [name for i, name in enumerate(ARRAYS) if int(abs(value)) >> i & 1]
    return "-" + " - ".join(names) if value < 0 else " + ".join(names)
