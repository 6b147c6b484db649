"""What `make_onnx.py` and `make_torch.py` share: sizes of the recorded layers, and writing or comparing a record."""

import hashlib
import sys
from pathlib import Path

import numpy as np

SIZES = ((1, 1, 1, 1), (5, 3, 2, 7), (4, 8, 1, 12), (2, 16, 3, 30))  # input_dim, units, batch, num_steps


def write_or_compare(name: str, program: str, arrays: dict[str, np.ndarray]) -> None:
    """Write the record `name` of conversion.reference (with ``--write``), or print how far `program` is from it now."""
    path = Path(__file__).parents[2] / "src" / "gru_book" / "conversion" / f"{name}.npz"
    if "--write" in sys.argv:
        np.savez(path, **arrays)
        print(f"{program}: SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
        return
    with np.load(path) as recorded:
        assert set(recorded.files) == set(arrays), "the cases of the record are not those of this script"
        differences = {key: np.abs(recorded[key] - arrays[key]).max() for key in arrays}
    largest = max(differences.values())
    print(f"{program}: {len(arrays)} arrays, largest difference from the record {largest:.1e}")
    if largest >= 1e-6:
        raise SystemExit(f"the installed {program} computes something else than the record")
