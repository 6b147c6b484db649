"""The character model as a script: what the browser gets back, what is refused."""

import numpy as np
import pytest

from gru_book.export.writer import export_writer, load_writer, read_packed


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    shapes = {"kernel": (4, 9), "recurrent_kernel": (3, 9), "bias": (2, 9), "output": (3, 4)}
    return {name: rng.standard_normal(shape).astype("float32") for name, shape in shapes.items()}


def test_what_is_read_is_what_was_written_but_for_one_byte_a_weight(tmp_path, arrays):
    path = tmp_path / "weights.js"
    written = export_writer(path, "PAGE", "ab \n", **arrays)
    assert written.symbols == "ab \n"
    for name, array in arrays.items():
        largest = np.abs(array).max(axis=0)
        allowed = 0 if name == "bias" else largest / 254 + 1e-7  # half a step of 1/127
        assert (np.abs(getattr(written, name) - array) <= allowed).all(), name
        assert np.array_equal(getattr(load_writer(path), name), getattr(written, name))
    again = tmp_path / "again.js"
    export_writer(again, "PAGE", "ab \n", **arrays)
    assert again.read_bytes() == path.read_bytes()
    assert set(read_packed(path)) == {"symbols", "units", "arrays"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"symbols": "aab\n"}, "a symbol twice"),
        ({"name": "a b"}, "name is 'a b'"),
        ({"kernel": np.zeros((5, 9))}, r"kernel has shape \(5, 9\); expected \(4, 9\)"),
        ({"bias": np.full((2, 9), np.nan)}, "bias .* all numbers finite"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path, arrays, change, message):
    given = {"name": "PAGE", "symbols": "ab \n", **arrays} | change
    with pytest.raises(ValueError, match=message):
        export_writer(tmp_path / "weights.js", **given)
    assert not (tmp_path / "weights.js").exists()


@pytest.mark.parametrize("text", ["", "window.x = 1;\n", '(window)["a"] = {"symbols": "a"};\n'])
def test_a_script_without_a_model_is_refused(tmp_path, text):
    path = tmp_path / "weights.js"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="holds no character model"):
        load_writer(path)
