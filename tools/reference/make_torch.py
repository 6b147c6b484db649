"""Record what PyTorch's `nn.GRU` computes, or compare it with the record.

    python tools/reference/make_torch.py           # compare the installed PyTorch with conversion/torch_gru.npz
    python tools/reference/make_torch.py --write   # make the file anew; its SHA-256 goes into conversion/reference.py

PyTorch is no dependency of the book (its usual build takes gigabytes), so the arrays are committed. They were made with
PyTorch 2.13.0 for CPUs. Only NumPy and PyTorch are needed, and nothing of this package.
"""

import numpy as np
import torch

from record import SIZES, write_or_compare

NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def record() -> dict[str, np.ndarray]:
    """Return weights, inputs `x`, initial states `h0` and PyTorch's outputs `y` of every case as "case/array"."""
    arrays = {}
    for number, (input_dim, units, batch, num_steps) in enumerate(SIZES):
        for biases in ("zero", "random"):
            rng = np.random.default_rng([number, biases == "random"])
            shapes = ((3 * units, input_dim), (3 * units, units), (3 * units,), (3 * units,))
            weights = {n: rng.normal(0, 0.5, s).astype("float32") for n, s in zip(NAMES, shapes, strict=True)}
            if biases == "zero":
                weights |= {name: np.zeros_like(weights[name]) for name in NAMES[2:]}
            x = rng.standard_normal((batch, num_steps, input_dim)).astype("float32")
            h0 = rng.uniform(-1, 1, (batch, units)).astype("float32")
            case = {**weights, "x": x, "h0": h0, "y": compute(weights, x, h0)}
            name = f"d{input_dim}_u{units}_b{batch}_t{num_steps}_{biases}"
            arrays |= {f"{name}/{key}": value for key, value in case.items()}
    return arrays


def compute(weights: dict[str, np.ndarray], x: np.ndarray, h0: np.ndarray) -> np.ndarray:
    """Return PyTorch's hidden states, (batch, num_steps, units)."""
    layer = torch.nn.GRU(x.shape[2], h0.shape[1], batch_first=True)
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    with torch.no_grad():
        return layer(torch.from_numpy(x), torch.from_numpy(h0[None]))[0].numpy()


if __name__ == "__main__":
    write_or_compare("torch_gru", f"PyTorch {torch.__version__}", record())
