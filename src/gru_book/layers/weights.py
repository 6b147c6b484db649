"""The weights of the three layers: named arrays whose shapes are checked."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, eq=False)
class Weights:
    """What the weights of all cells share: three arrays a block, named ``W_x?``, ``W_h?``, ``b_?``."""

    def __post_init__(self):
        """Turn every field into a floating array and check it."""
        for field in fields(self):
            object.__setattr__(self, field.name, as_weights(field.name, getattr(self, field.name)))
        first = fields(self)[0].name
        shape = getattr(self, first).shape
        if len(shape) != 2 or 0 in shape:
            raise ValueError(f"{first} has shape {shape}; expected (units, input_dim), both at least 1")
        units, input_dim = shape
        expected_shapes = {"W_x": (units, input_dim), "W_h": (units, units), "b_": (units,)}
        for field in fields(self):
            array, expected = getattr(self, field.name), expected_shapes[field.name[:-1]]
            if array.shape != expected:
                raise ValueError(f"{field.name} has shape {array.shape}; expected {expected}")
            check_finite(field.name, array)

    @property
    def units(self) -> int:
        """Length of the hidden state."""
        return getattr(self, fields(self)[0].name).shape[0]

    @property
    def input_dim(self) -> int:
        """Length of one input vector."""
        return getattr(self, fields(self)[0].name).shape[1]

    @property
    def dtype(self) -> np.dtype:
        """The floating dtype that all arrays promote to."""
        return np.result_type(*(getattr(self, field.name) for field in fields(self)))

    @property
    def num_parameters(self) -> int:
        """Numbers held in the arrays: blocks (input_dim * units + units**2 + units)."""
        return sum(getattr(self, field.name).size for field in fields(self))

    @classmethod
    def random(cls, input_dim: int, units: int, rng: np.random.Generator, dtype=np.float64):
        """Draw weights the way Keras initialises the layer.

        Input matrices: Glorot-uniform over the blocks together, that is uniform within
        ``sqrt(6 / (input_dim + blocks * units))`` (Glorot and Bengio 2010, equation 16). Recurrent matrices: the
        transposed blocks of one (units, blocks * units) matrix with orthonormal rows (Saxe et al. 2014). Biases: zero;
        the LSTM's forget gate 1.

        Raises:
            ValueError: ``input_dim`` or ``units`` is not a positive integer.
        """
        for name, value in (("input_dim", input_dim), ("units", units)):
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"{name} = {value!r}; expected a positive integer")
        blocks = len(fields(cls)) // 3
        limit = np.sqrt(6 / (input_dim + blocks * units))
        inputs = rng.uniform(-limit, limit, (blocks, units, input_dim)).astype(dtype)
        q, upper = np.linalg.qr(rng.standard_normal((blocks * units, units)))  # orthonormal columns
        q = q * np.sign(np.diag(upper))  # without this the draw would not be uniform over orthonormal frames
        recurrent = q.reshape(blocks, units, units).astype(dtype)  # the transposed blocks of Keras's matrix
        arrays = {}
        for field in fields(cls):
            block = len(arrays) // 3
            bias = np.full(units, 1 if field.name == "b_f" else 0, dtype)
            arrays[field.name] = {"W_x": inputs[block], "W_h": recurrent[block], "b_": bias}[field.name[:-1]]
        return cls(**arrays)


@dataclass(frozen=True, eq=False)
class RNNWeights(Weights):
    """The three weight arrays of a plain recurrent layer (Elman 1990).

    ``W_xh``: (units, input_dim), ``W_hh``: (units, units), ``b_h``: (units,). Accepted and refused as in `GRUWeights`.
    """

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray


@dataclass(frozen=True, eq=False)
class LSTMWeights(Weights):
    """The twelve weight arrays of an LSTM layer: input gate, forget gate, candidate, output gate (Keras's order).

    ``W_x?``: (units, input_dim), ``W_h?``: (units, units), ``b_?``: (units,). Accepted and refused as in `GRUWeights`.
    """

    W_xi: np.ndarray
    W_hi: np.ndarray
    b_i: np.ndarray
    W_xf: np.ndarray
    W_hf: np.ndarray
    b_f: np.ndarray
    W_xc: np.ndarray
    W_hc: np.ndarray
    b_c: np.ndarray
    W_xo: np.ndarray
    W_ho: np.ndarray
    b_o: np.ndarray


@dataclass(frozen=True, eq=False)
class GRUWeights(Weights):
    """The nine weight arrays of one GRU layer, shaped as in the equations (``W @ column``).

    Matrices from the input, ``W_xr``, ``W_xz``, ``W_xh``: (units, input_dim). Matrices from the hidden state,
    ``W_hr``, ``W_hz``, ``W_hh``: (units, units). Biases ``b_r``, ``b_z``, ``b_h``: (units,). Anything that
    ``np.asarray`` takes is accepted if it holds real numbers; integers become float64.

    Raises:
        ValueError: an array has the wrong shape or dtype, or holds a value that is not finite. The message names the
            array, its shape and the expected one.
    """

    W_xr: np.ndarray
    W_hr: np.ndarray
    b_r: np.ndarray
    W_xz: np.ndarray
    W_hz: np.ndarray
    b_z: np.ndarray
    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray


def as_floating(name: str, array) -> np.ndarray:
    """Return ``array`` as a floating array; integers and booleans become float64, everything else is refused.

    Raises:
        ValueError: rows of unequal lengths, masked entries (NumPy would read what lies below the mask), a tensor that
            NumPy cannot read, such as PyTorch's with ``requires_grad`` or on a GPU, or anything but real numbers. The
            message names the array.
    """
    if np.ma.is_masked(array):
        raise ValueError(f"{name} has masked entries, which would count like the others; hand in {name}.filled(value)")
    kind = type(array).__name__
    try:
        array = np.asarray(array)
    except (ValueError, TypeError, RuntimeError) as error:
        if "inhomogeneous" in str(error):
            raise ValueError(f"{name} is not an array: its rows have unequal lengths; pad them first") from None
        reason = str(error).splitlines()[0]
        raise ValueError(f"{name} is a {kind} that NumPy cannot read: {reason}") from error
    if np.issubdtype(array.dtype, np.floating):
        return array
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    hint = ""
    if array.dtype.name == "bfloat16":
        hint = f", such as {name}.astype('float32')"
    elif array.dtype == object and kind != "ndarray":  # a RaggedTensor, a sparse matrix
        hint = f", not a {kind}"
    raise ValueError(f"{name} has dtype {array.dtype} and shape {array.shape}; expected an array of real numbers{hint}")


def as_weights(name: str, array) -> np.ndarray:
    """Return weights as `as_floating` does; refuse integers of 8 bits too, which are weights over a scale."""
    floating = as_floating(name, array)
    dtype = np.asarray(array).dtype
    if dtype in (np.int8, np.uint8):
        raise ValueError(
            f"{name} has dtype {dtype}: quantised weights mean nothing without their scale; multiply by it"
        )
    return floating


def check_finite(name: str, array: np.ndarray) -> None:
    """Raise ValueError unless all entries are finite."""
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds values that are not finite; its shape is {array.shape} and all its entries must be finite"
        )


def checked(name: str, array: np.ndarray, expected: tuple[int | str, ...]) -> np.ndarray:
    """Return ``array`` as a floating array if its shape fits; a word in ``expected`` stands for any size."""
    array = as_floating(name, array)
    if array.ndim != len(expected) or any(
        isinstance(want, (int, np.integer)) and size != want for size, want in zip(array.shape, expected, strict=True)
    ):
        raise ValueError(f"{name} has shape {array.shape}; expected ({', '.join(map(str, expected))})")
    return array
