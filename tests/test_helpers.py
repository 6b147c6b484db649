"""What pages use to report, keep and train: report, artifacts, training, export."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from gru_book.export import arrays
from gru_book.notebook import artifacts, report
from gru_book.training import callbacks, seeding


def test_a_claim_says_which_way_it_went(monkeypatch):
    shown = []
    monkeypatch.setattr(report, "display", lambda text, metadata: shown.append((text.data, metadata["claim"])))
    report.claim("Snow is white", np.bool_(True), "It is.", "It is not.")
    report.claim("Snow is black", False, "It is.", "It is not.")
    assert shown == [
        ("✔ **Snow is white: the claim holds in this run.** It is.", {"name": "Snow is white", "holds": True}),
        (
            "✘ **Snow is black: the claim does not hold in this run.** It is not.",
            {"name": "Snow is black", "holds": False},
        ),
    ]


def test_only_formatted_numbers_are_glued():
    with pytest.raises(TypeError, match="value of 'a' must be a formatted text, not float"):
        report.glue("a", 0.5)


def test_artifacts_of_a_run_stay_apart_from_the_published_ones(tmp_path, monkeypatch):
    monkeypatch.setenv(artifacts.ENVIRONMENT, str(tmp_path))
    artifacts.write_json("99_none", "numbers.json", {"ü": 1})
    assert json.loads((tmp_path / "99_none/numbers.json").read_text()) == {"ü": 1}
    with pytest.raises(
        FileNotFoundError, match="99_none/numbers.json is missing; make it with: gru-book execute 99_none"
    ):
        artifacts.read("99_none", "numbers.json")
    with pytest.raises(FileNotFoundError, match="gru-book study none"):
        artifacts.read("studies", "none.csv")
    monkeypatch.delenv(artifacts.ENVIRONMENT)
    assert artifacts.output_folder().parts[-2:] == ("_runs", "artifacts")


@pytest.mark.parametrize("module", ["reviews", "cells", "tasks", "parameters", "report", "artifacts"])
def test_light_helpers_load_no_tensorflow(module):
    heavy = {"tensorflow", "keras", "pandas", "sklearn"}
    code = f"import sys, gru_book.{module}; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def small_model(units=3):
    layers = [keras.Input((5,)), keras.layers.Embedding(20, 4), keras.layers.GRU(units), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(optimizer="sgd", loss="mse")
    return model


def test_training_is_repeatable_and_its_progress_goes_to_the_channel(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", str(tmp_path / "progress.txt"))
    x, y = np.arange(40).reshape(8, 5) % 20, np.ones(8)
    weights = []
    for _ in range(2):
        seeding.set_seed(7)
        model = small_model()
        history = model.fit(x, y, epochs=2, batch_size=4, verbose=0, callbacks=[callbacks.Progress("a model", every=0)])
        weights.append(np.concatenate([w.ravel() for w in model.get_weights()]))
    assert np.array_equal(*weights)
    assert "a model: epoch 2/2, batch 2/2, loss" in (tmp_path / "progress.txt").read_text()
    assert capsys.readouterr().out == ""
    table = callbacks.history_table(history)
    assert list(table.columns) == ["epoch", "loss"]
    assert list(table["epoch"]) == [1, 2]


def test_weights_are_kept_small_and_come_back(tmp_path):
    seeding.set_seed(0)
    model, other = small_model(), small_model()
    x = np.arange(20).reshape(4, 5)
    arrays.save_weights(tmp_path / "a.npz", model)
    arrays.save_weights(tmp_path / "b.npz", model)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert not np.allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-3)
    arrays.load_weights(tmp_path / "a.npz", other)
    assert np.allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-3)
    with pytest.raises(ValueError, match="the model expects"):
        arrays.load_weights(tmp_path / "a.npz", small_model(units=2))
