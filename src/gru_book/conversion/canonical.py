"""One GRU in the notation of papers and frameworks: weights from and to each, exactly or not at all.

Papers and programs write the same cell in ways that differ in five points: what the update gate ``z`` weighs, where the
reset gate ``r`` acts, how many biases a block has, the order of the blocks, and whether matrices are transposed.
`CanonicalWeights` holds what all of them need. Weights go in by a ``from_...`` and come out by a ``to_...``::

    canonical = CanonicalWeights.from_torch(**{name: t.numpy() for name, t in gru.state_dict().items()})
    keras_layer.set_weights(canonical.to_keras())

No framework has to be installed: all arrays are NumPy's. A conversion is exact (up to one rounding where two biases
are added) or raises `ValueError` that says why it cannot be. The chapter on conventions (``54_conventions``) checks
every one against what the frameworks compute.

Weights alone do not say what a program does with sequences of different lengths, and no conversion changes it. Past a
sequence's length this library (`gru_book.layers.gru.GRU.forward`) and Keras repeat the last state. PyTorch (packed
sequences) and ONNX Runtime (``sequence_lens``) return zeros there: ``hidden_state * mask[..., None]`` here. The last
state is the same in all. At length 0 it is the initial state here and in Keras; ONNX Runtime returns zeros, even where
an initial state was given, and PyTorch refuses to pack such a sequence. ONNX's own reference evaluator ignores
``sequence_lens``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np

from gru_book.errors import did_you_mean
from gru_book.layers.gru import GRU
from gru_book.layers.weights import GRUWeights, as_weights


class Paper(NamedTuple):
    """How a paper writes the cell: what the update gate weighs ("new" or "old" state), where the reset gate acts."""

    z_weighs: str
    reset_after: bool


PAPERS = {
    "cho2014v1": Paper(z_weighs="old", reset_after=True),  # arXiv:1406.1078v1
    "cho2014v3": Paper(z_weighs="old", reset_after=False),  # arXiv:1406.1078v3, the version that was presented
    "chung2014": Paper(z_weighs="new", reset_after=False),  # arXiv:1412.3555
}


class ONNXWeights(NamedTuple):
    """The inputs W, R and B of ONNX's operator GRU, and the attribute without which they mean nothing."""

    W: np.ndarray
    R: np.ndarray
    B: np.ndarray
    linear_before_reset: int


@dataclass(frozen=True, eq=False)
class CanonicalWeights:
    """The weights of one GRU layer with two biases a block, in the book's symbols (``W @ column``).

    With ``reset_after``::

        r  = sigmoid(W_xr x + b_r + W_hr h + c_r)
        z  = sigmoid(W_xz x + b_z + W_hz h + c_z)
        h~ = tanh(W_xh x + b_h + r * (W_hh h + c_h))
        h' = (1 - z) * h + z * h~

    and without it ``h~ = tanh(W_xh x + b_h + W_hh (r * h) + c_h)``. The update gate weighs the *new* state, as
    everywhere in the book; where it weighs the old one, the conversions negate its weights and biases, which loses
    nothing, since ``1 - sigmoid(a) = sigmoid(-a)``.

    Shapes: ``W_x.`` (units, input_dim), ``W_h.`` (units, units), biases ``b_.`` (beside the input) and ``c_.`` (beside
    the state) (units,). All arrays are copied and brought to one floating dtype: the one that they promote to,
    float64 for integers.

    Raises:
        ValueError: an array has the wrong shape, no real numbers in it, or a value that is not finite. The message
            names the array, what it has and what was expected.
    """

    W_xr: np.ndarray
    W_hr: np.ndarray
    b_r: np.ndarray
    c_r: np.ndarray
    W_xz: np.ndarray
    W_hz: np.ndarray
    b_z: np.ndarray
    c_z: np.ndarray
    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    c_h: np.ndarray
    reset_after: bool = True

    def __post_init__(self):
        """Check every array and copy it in the common dtype."""
        arrays = {name: _real(name, getattr(self, name)) for name in ARRAYS}
        if arrays["W_xr"].ndim != 2 or 0 in arrays["W_xr"].shape:
            _refuse_shape("W_xr", arrays["W_xr"], "(units, input_dim), both at least 1")
        units, input_dim = arrays["W_xr"].shape
        expected = {"W_x": (units, input_dim), "W_h": (units, units), "b_": (units,), "c_": (units,)}
        dtype = np.result_type(*arrays.values())
        for name, array in arrays.items():
            _check(name, array, expected[name[:-1]])
            object.__setattr__(self, name, np.array(array, dtype, order="C"))
        object.__setattr__(self, "reset_after", _flag("reset_after", self.reset_after))

    @property
    def units(self) -> int:
        """Length of the hidden state."""
        return self.W_xr.shape[0]

    @property
    def input_dim(self) -> int:
        """Length of one input vector."""
        return self.W_xr.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """The floating dtype of all arrays."""
        return self.W_xr.dtype

    @classmethod
    def random(
        cls, input_dim: int, units: int, rng: np.random.Generator, *, reset_after: bool = True, dtype=np.float64
    ) -> CanonicalWeights:
        """Draw all twelve arrays, the biases too, from normal distributions around 0.

        Standard deviation: 1/2 for biases, one over the root of the number of columns for matrices. That is large
        enough for a wrong conversion to show, and small enough that rounding does not grow from step to step. As a
        start of training see `gru_book.layers.weights.GRUWeights.random`.

        Raises:
            ValueError: ``input_dim`` or ``units`` is not a positive integer.
        """
        for name, value in (("input_dim", input_dim), ("units", units)):
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"{name} = {value!r}; expected a positive integer")
        shapes = [(units, input_dim), (units, units), (units,), (units,)] * 3
        arrays = (rng.normal(0, shape[1] ** -0.5 if shape[1:] else 0.5, shape).astype(dtype) for shape in shapes)
        return cls(*arrays, reset_after=reset_after)

    # --- exact changes of form --------------------------------------------------------------------------------------

    def with_one_bias(self) -> CanonicalWeights:
        """Return the same layer with ``c_r = c_z = c_h = 0``: each is added to its ``b``.

        Raises:
            ValueError: the reset gate acts after the projection and ``c_h`` is not zero: it stands behind the gate,
                ``r * (W_hh h + c_h)``, so no constant bias can replace it. Or a sum is too large for the dtype.
        """
        if self.reset_after and self.c_h.any():
            raise ValueError(
                f"c_h cannot be merged into b_h: it is not zero (largest entry {np.abs(self.c_h).max():.3g}), and with "
                "reset_after=True the reset gate multiplies it, r * (W_hh h + c_h), so that its effect changes from "
                "step to step; a single bias has the same effect at every step"
            )
        merged = {f"b_{k}": self._summed(k) for k in "rzh"}
        return replace(self, **merged, **{f"c_{k}": np.zeros_like(self.c_h) for k in "rzh"})

    def _summed(self, k: str) -> np.ndarray:
        """Return the sum of the two biases of block `k`; refuse one that the dtype cannot hold."""
        with np.errstate(over="ignore"):
            total = getattr(self, f"b_{k}") + getattr(self, f"c_{k}")
        if not np.isfinite(total).all():
            raise ValueError(
                f"b_{k} + c_{k} is beyond {np.finfo(self.dtype).max:.4g}, the largest number of {self.dtype}; convert "
                "arrays of a wider dtype, such as float32"
            )
        return total

    def with_reset(self, reset_after: bool) -> CanonicalWeights:
        """Return the same layer with the reset gate after (True) or before (False) the projection ``W_hh``.

        Nothing changes where it acts there already. Elsewhere the two forms are two models, and only weights with a
        diagonal ``W_hh`` (one unit, for instance) and, after the projection, ``c_h = 0`` belong to both.

        Raises:
            ValueError: these weights belong to one form only.
        """
        if _flag("reset_after", reset_after) == self.reset_after:
            return self
        names = {True: "after the projection, r * (W_hh h)", False: "before the projection, W_hh (r * h)"}
        refused = (
            f"reset_after is {self.reset_after} for these weights: the reset gate acts {names[self.reset_after]}. "
            f"The target has it {names[bool(reset_after)]}. "
        )
        mixing = self.W_hh[~np.eye(self.units, dtype=bool)]
        if mixing.any():
            raise ValueError(
                f"{refused}The two agree for every r only where W_hh is diagonal, and its largest entry off the "
                f"diagonal is {np.abs(mixing).max():.3g}: train the layer anew in the target's form"
            )
        if self.reset_after and self.c_h.any():
            raise ValueError(
                f"{refused}W_hh is diagonal, but c_h is not zero, and only after the projection r scales it"
            )
        merged = {} if self.reset_after else {"b_h": self._summed("h"), "c_h": np.zeros_like(self.c_h)}
        return replace(self, reset_after=bool(reset_after), **merged)

    # --- the book and the papers ------------------------------------------------------------------------------------

    @classmethod
    def from_book(cls, weights: GRUWeights) -> CanonicalWeights:
        """Take the book's nine arrays: z weighs the new state, r acts after the projection, one bias a block."""
        arrays = {name: getattr(weights, name) for name in ARRAYS if not name.startswith("c_")}
        return cls(**arrays, **{f"c_{k}": np.zeros(weights.units, weights.dtype) for k in "rzh"})

    def to_book(self) -> GRUWeights:
        """Return the book's nine arrays, `gru_book.layers.weights.GRUWeights`.

        Raises:
            ValueError: the reset gate acts before the projection, or ``c_h`` is not zero.
        """
        one = self.with_reset(True).with_one_bias()
        return GRUWeights(**{name: getattr(one, name) for name in ARRAYS if not name.startswith("c_")})

    def to_cell(self) -> GRU:
        """Return the layer as `gru_book.layers.gru.GRU`, which runs it, forwards and backwards, with NumPy alone."""
        one = replace(self, c_h=np.zeros_like(self.c_h)) if self.reset_after else self
        one = one.with_one_bias()
        weights = GRUWeights(**{name: getattr(one, name) for name in ARRAYS if not name.startswith("c_")})
        return GRU(weights, reset_after=self.reset_after, c_h=self.c_h if self.reset_after else None)

    @classmethod
    def from_paper(cls, paper: str, *, W_r, U_r, W_z, U_z, W, U, b_r=None, b_z=None, b=None) -> CanonicalWeights:
        """Take the arrays of a paper's equations: ``W`` for the input, ``U`` for the state.

        Args:
            paper: "cho2014v1", "cho2014v3" or "chung2014" (see `PAPERS`).
            W_r, W_z, W: matrices from the input, (units, input_dim).
            U_r, U_z, U: matrices from the state, (units, units).
            b_r, b_z, b: one bias a block, (units,). The papers write none; zeros when not given.

        Raises:
            ValueError: an unknown paper, or an array with a wrong shape, dtype or value.
        """
        _known("paper", paper, PAPERS)
        form = PAPERS[paper]
        U_r, W_r = _real("U_r", U_r), _real("W_r", W_r)
        units = _units("U_r", U_r, U_r.shape[1:], "(units, units)")
        input_dim = _check("W_r", W_r, (units, "input_dim")).shape[1]
        W_z, W = (_check(n, _real(n, a), (units, input_dim)) for n, a in (("W_z", W_z), ("W", W)))
        U_r, U_z, U = (_check(n, _real(n, a), (units, units)) for n, a in (("U_r", U_r), ("U_z", U_z), ("U", U)))
        zero = np.zeros(units, W_r.dtype)
        given = (("b_r", b_r), ("b_z", b_z), ("b", b))
        b_r, b_z, b = (zero if a is None else _check(n, _real(n, a), (units,)) for n, a in given)
        if form.z_weighs == "old":
            W_z, U_z, b_z = (_negated(array) for array in (W_z, U_z, b_z))
        return cls(W_r, U_r, b_r, zero, W_z, U_z, b_z, zero, W, U, b, zero, form.reset_after)

    def to_paper(self, paper: str) -> dict[str, np.ndarray]:
        """Return the arrays of a paper's equations by name: W_r, U_r, b_r, W_z, U_z, b_z, W, U, b.

        Raises:
            ValueError: an unknown paper, the reset gate acts elsewhere there, or two biases do not merge into one.
        """
        _known("paper", paper, PAPERS)
        form = PAPERS[paper]
        one = self.with_reset(form.reset_after).with_one_bias()
        z = [one.W_xz, one.W_hz, one.b_z]
        W_z, U_z, b_z = (_negated(array) for array in z) if form.z_weighs == "old" else z
        reset = {"W_r": one.W_xr, "U_r": one.W_hr, "b_r": one.b_r}
        return reset | {"W_z": W_z, "U_z": U_z, "b_z": b_z} | {"W": one.W_xh, "U": one.W_hh, "b": one.b_h}

    # --- Keras ------------------------------------------------------------------------------------------------------

    @classmethod
    def from_keras(
        cls, kernel, recurrent_kernel, bias=None, *more, reset_after: bool | None = None
    ) -> CanonicalWeights:
        """Take the arrays of a Keras ``GRU``, in the order of ``layer.get_weights()``; blocks z, r, h in columns.

        One layer, one direction: a ``Bidirectional`` has the weights of two, forwards before backwards.

        Args:
            kernel: (input_dim, 3 units).
            recurrent_kernel: (units, 3 units).
            bias: (2, 3 units) with ``reset_after=True``: beside the input, beside the state; (3 units,) with
                ``reset_after=False``. None (``use_bias=False``): zeros.
            reset_after: the layer's argument. It may be left out where ``bias`` tells it by its shape.

        Raises:
            ValueError: wrong shape, dtype or value, more arrays than one layer has, or no way to tell ``reset_after``.
        """
        if more:
            raise ValueError(
                f"from_keras got {3 + len(more)} arrays; expected the 2 or 3 of {ONE}: of a "
                "Bidirectional's get_weights() the first half, then the second"
            )
        kernel, recurrent_kernel = _real("kernel", kernel), _real("recurrent_kernel", recurrent_kernel)
        units = _units("recurrent_kernel", recurrent_kernel, recurrent_kernel.shape[:1], "(units, 3 * units)")
        _check("recurrent_kernel", recurrent_kernel, (units, 3 * units))
        _check("kernel", kernel, ("input_dim", 3 * units))
        if bias is None and reset_after is None:
            raise ValueError("reset_after = None; expected True or False, since without a bias nothing else tells it")
        bias = None if bias is None else _real("bias", bias)
        after = bias.ndim == 2 if reset_after is None else _flag("reset_after", reset_after)
        shape = (2, 3 * units) if after else (3 * units,)
        if bias is None:
            bias = np.zeros(shape, kernel.dtype)
        elif bias.shape == (6 * units,):
            _refuse_shape("bias", bias, f"{(2, 3 * units)}; {CUDNN}")
        elif reset_after is None and bias.shape not in ((2, 3 * units), (3 * units,)):
            _refuse_shape("bias", bias, f"{(2, 3 * units)} (reset_after=True) or {(3 * units,)} (reset_after=False)")
        _check("bias", bias, shape)
        b, c = bias if after else (bias, np.zeros_like(bias))
        return cls._from_blocks(kernel.T, recurrent_kernel.T, b, c, order="zrh", reset_after=after)

    def to_keras(self, reset_after: bool | None = None) -> list[np.ndarray]:
        """Return kernel, recurrent_kernel and bias for ``layer.set_weights`` of a Keras ``GRU``.

        Args:
            reset_after: the argument of the target layer; None takes these weights' own form.

        Raises:
            ValueError: the target's reset gate acts elsewhere (see `with_reset`).
        """
        after = self.reset_after if reset_after is None else reset_after
        source = self.with_reset(after) if after else self.with_reset(after).with_one_bias()
        W, R, b, c = source._blocks("zrh")
        return [np.ascontiguousarray(W.T), np.ascontiguousarray(R.T), np.stack([b, c]) if after else b]

    # --- PyTorch ----------------------------------------------------------------------------------------------------

    @classmethod
    def from_torch(
        cls, weight_ih_l0=None, weight_hh_l0=None, bias_ih_l0=None, bias_hh_l0=None, *more, **others
    ) -> CanonicalWeights:
        """Take the arrays of PyTorch's ``nn.GRU`` by their names in ``state_dict()``; blocks r, z, n in rows.

        One layer, one direction. For the others, hand in ``weight_ih_l1``, ``weight_ih_l0_reverse`` and so on under
        these four names. A layer with ``bias=False`` has no biases: zeros. An ``nn.GRUCell`` has the same arrays, its
        names lack the ``_l0``.

        Args:
            weight_ih_l0: (3 units, input_dim).
            weight_hh_l0: (3 units, units).
            bias_ih_l0: (3 units,), beside the input.
            bias_hh_l0: (3 units,), beside the state.

        Raises:
            ValueError: wrong shape, dtype or value; a missing matrix; arrays beyond the four, or under other names.
        """
        if more:
            raise ValueError(f"from_torch got {4 + len(more)} arrays; expected the 4 of {ONE}")
        if others:
            _refuse_names(others)
        for name, array in (("weight_ih_l0", weight_ih_l0), ("weight_hh_l0", weight_hh_l0)):
            if array is None:
                raise ValueError(f"{name} is missing; expected {', '.join(TORCH[:2])} and, with biases, the other two")
        W, R = _real("weight_ih_l0", weight_ih_l0), _real("weight_hh_l0", weight_hh_l0)
        units = _units("weight_hh_l0", R, R.shape[1:], "(3 * units, units)")
        _check("weight_hh_l0", R, (3 * units, units))
        _check("weight_ih_l0", W, (3 * units, "input_dim"))
        zero = np.zeros(3 * units, W.dtype)
        given = (("bias_ih_l0", bias_ih_l0), ("bias_hh_l0", bias_hh_l0))
        b, c = (zero if a is None else _check(n, _real(n, a), (3 * units,)) for n, a in given)
        return cls._from_blocks(W, R, b, c, order="rzh", reset_after=True)

    def to_torch(self) -> dict[str, np.ndarray]:
        """Return weight_ih_l0, weight_hh_l0, bias_ih_l0 and bias_hh_l0 of PyTorch's ``nn.GRU``, by name.

        Raises:
            ValueError: the reset gate of these weights acts before the projection; PyTorch's acts after it.
        """
        return dict(zip(TORCH, self.with_reset(True)._blocks("rzh"), strict=True))

    # --- ONNX -------------------------------------------------------------------------------------------------------

    @classmethod
    def from_onnx(cls, W, R, B=None, *, linear_before_reset: int) -> CanonicalWeights:
        """Take the inputs of ONNX's operator ``GRU`` (direction "forward"); blocks z, r, h in rows.

        For a bidirectional node convert ``W[:1]`` and ``W[1:]`` (and so on) one after the other.

        Args:
            W: (1, 3 units, input_dim).
            R: (1, 3 units, units).
            B: (1, 6 units): the biases beside the input, then those beside the state. None: zeros.
            linear_before_reset: the node's attribute, 0 or 1. ONNX takes 0 where a node does not say; so there is no
                default here.

        Raises:
            ValueError: wrong shape, dtype or value.
        """
        after = _flag("linear_before_reset", linear_before_reset)
        W, R = _real("W", W), _real("R", R)
        if R.ndim == 3 and len(R) == 2:
            _refuse_shape("R", R, f"{(1, *R.shape[1:])}, {ONE}: W[:1], R[:1] and B[:1], then W[1:], R[1:] and B[1:]")
        units = _units("R", R, R.shape[2:], "(1, 3 * units, units)")
        _check("R", R, (1, 3 * units, units))
        _check("W", W, (1, 3 * units, "input_dim"))
        B = np.zeros((1, 6 * units), W.dtype) if B is None else _check("B", _real("B", B), (1, 6 * units))
        b, c = np.split(B[0], 2)
        return cls._from_blocks(W[0], R[0], b, c, order="zrh", reset_after=after)

    def to_onnx(self, linear_before_reset: int | None = None) -> ONNXWeights:
        """Return W, R and B of ONNX's operator ``GRU`` with the attribute ``linear_before_reset`` they hold for.

        Args:
            linear_before_reset: the target's attribute; None takes these weights' own form.

        Raises:
            ValueError: the target's reset gate acts elsewhere (see `with_reset`).
        """
        own = int(self.reset_after)
        flag = own if linear_before_reset is None else int(_flag("linear_before_reset", linear_before_reset))
        W, R, b, c = self.with_reset(bool(flag))._blocks("zrh")
        return ONNXWeights(W[None], R[None], np.concatenate([b, c])[None], flag)

    # --- what the frameworks share: stacked blocks, z weighs the old state -------------------------------------------

    @classmethod
    def _from_blocks(cls, W, R, b, c, order: str, reset_after: bool) -> CanonicalWeights:
        """Take blocks stacked along the first axis in `order`; z weighs the old state there."""
        arrays = {}
        for prefix, stacked in (("W_x", W), ("W_h", R), ("b_", b), ("c_", c)):
            for letter, block in zip(order, np.split(stacked, 3), strict=True):
                arrays[prefix + letter] = _negated(block) if letter == "z" else block
        return cls(**arrays, reset_after=reset_after)

    def _blocks(self, order: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return W (3 units, input_dim), R (3 units, units), b and c (3 units,), blocks in `order`, z negated."""
        signed = {name: _negated(getattr(self, name)) if name[-1] == "z" else getattr(self, name) for name in ARRAYS}
        return tuple(np.concatenate([signed[prefix + k] for k in order]) for prefix in ("W_x", "W_h", "b_", "c_"))


CUDNN = (
    "a flat one is that of a CuDNNGRU: hand in bias.reshape(2, -1), and for each third k of the columns of kernel "
    "k.T.reshape(k.shape, order='F'), for each third k of those of recurrent_kernel k.T"
)

ONE = "one layer in one direction"

TORCH = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")

ARRAYS = tuple(field.name for field in fields(CanonicalWeights) if field.name != "reset_after")


def _known(name: str, value: str, allowed) -> None:
    if value not in allowed:
        raise ValueError(f"{name} = {value!r}; expected one of {', '.join(map(repr, allowed))}")


def _negated(array: np.ndarray) -> np.ndarray:
    """Return ``-array``, without turning 0 into -0."""
    return 0 - array


def _refuse_names(others: dict) -> None:
    """Raise ValueError that says what to do with arrays of PyTorch under names that are not those of one layer."""
    told = [re.fullmatch(r"(.*\.)?((?:weight|bias)_[ih]h)(_l\d+)?(_reverse)?", name) for name in others]
    parts = next(filter(None, told), None)
    name = parts[0] if parts else next(iter(others))
    if parts and parts[1]:
        hint = f"hand in the arrays of one layer, without the prefix {parts[1]!r}"
    elif parts and not parts[3]:
        hint = "these are the names of nn.GRUCell: add _l0 to each"
    elif parts:
        hint = f"hand in {ONE}, under these names: {parts[2]}_l0=state[{name!r}] and so on"
    else:
        hint = "hand in nothing else"
    raise ValueError(f"unknown array {name!r}{did_you_mean(name, TORCH)}; expected {', '.join(TORCH)}; {hint}")


def _flag(name: str, value: bool | int) -> bool:
    """Return `value` as a bool if it is one, or 0 or 1."""
    if not isinstance(value, (bool, np.bool_, int, np.integer)) or value not in (0, 1):
        raise ValueError(f"{name} = {value!r}; expected True or False (1 or 0)")
    return bool(value)


def _real(name: str, array) -> np.ndarray:
    """Return `array` as a floating array; refuse what holds no real numbers."""
    floating = as_weights(name, array)
    if np.asarray(array).dtype == bool:
        raise ValueError(f"{name} has dtype bool and shape {floating.shape}; expected an array of real numbers")
    return floating


def _units(name: str, array: np.ndarray, size: tuple[int, ...], expected: str) -> int:
    """Return the units that the recurrent weights tell by the size of one axis: no other size enters their shape."""
    if len(size) != 1 or not size[0]:
        _refuse_shape(name, array, f"{expected}, units at least 1")
    return size[0]


def _check(name: str, array: np.ndarray, expected: tuple[int | str, ...]) -> np.ndarray:
    """Return `array` if it has the expected shape and only finite values; a word stands for any size but 0."""
    fits = array.ndim == len(expected) and all(
        size >= 1 if isinstance(want, str) else size == want for size, want in zip(array.shape, expected, strict=True)
    )
    if not fits:
        words = any(isinstance(want, str) for want in expected)
        _refuse_shape(name, array, f"({', '.join(map(str, expected))})" if words else expected)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} of shape {array.shape} holds values that are not finite; all weights must be finite")
    return array


def _refuse_shape(name: str, array: np.ndarray, expected: tuple[int, ...] | str) -> None:
    raise ValueError(f"{name} has shape {array.shape}; expected {expected}")
