"""Training is repeatable and says how far it is."""

import keras
import numpy as np

from gru_book.training import callbacks, seeding


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
