"""What every classifier with a Keras network has: training, prediction by length, saving."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from gru_book import progress
from gru_book.data.batching import batches_by_length, padded
from gru_book.models import classifier
from gru_book.models.networks import Adversary

FEWEST_UPDATES = 200

PREDICTION_BATCH = 256  # texts; only speed and memory depend on it


def predict(model: keras.Model, encoded: list[np.ndarray], multiple: int = 1) -> np.ndarray:
    """Return P(1) of encoded texts, float64 array (texts,)."""
    answer = _traced(model)
    probability = np.zeros(len(encoded))
    for rows in batches_by_length(encoded, PREDICTION_BATCH, multiple):
        probability[rows] = answer(padded([encoded[row] for row in rows], multiple))[:, 0]
    return probability


def _traced(model: keras.Model):
    """Return `model` as a function that TensorFlow traces once; `model.predict` would trace anew for new shapes."""
    if not hasattr(model, "traced"):
        shape = tf.TensorSpec([None] * len(model.input_shape), tf.int32)
        model.traced = tf.function(lambda ids: model(ids, training=False), input_signature=[shape])
    return model.traced


def train(
    model: keras.Model,
    encoded: list[np.ndarray],
    labels: np.ndarray,
    settings: dict,
    seed: int,
    held: tuple[list[np.ndarray], np.ndarray] | None = None,
    name: str = "training",
) -> list[dict]:
    """Train `model` in place; return for each epoch its number and, of the held texts, `accuracy` and `loss`.

    settings: `epochs` (more where the texts are so few that these would be under FEWEST_UPDATES), `batch_size`,
    `learning_rate` at the first step, `schedule` ("constant", or "linear" down to zero at the last step), `adversary`
    (0, or the strength of an `Adversary`), `averaging` (0, or the share of a running average of the weights that is
    kept at each step; each epoch ends with the average).
    With held texts the weights of the epoch with the least loss are kept, else the last ones.
    """
    rng = np.random.default_rng(seed)
    multiple = settings["window"] or settings["multiple"]
    batch_size, rate = settings["batch_size"], settings["learning_rate"]
    updates = -(-len(encoded) // batch_size)  # of an epoch
    epochs = max(settings["epochs"], -(-FEWEST_UPDATES // updates))
    if settings["schedule"] == "linear":
        rate = keras.optimizers.schedules.PolynomialDecay(rate, epochs * updates, 0.0)
    averaging = {"use_ema": True, "ema_momentum": settings["averaging"]} if settings["averaging"] else {}
    trained = Adversary(model, settings["adversary"]) if settings["adversary"] else model
    trained.compile(keras.optimizers.Adam(rate, **averaging), "binary_crossentropy")
    history, best = [], None
    for epoch in range(1, epochs + 1):
        batches = batches_by_length(encoded, batch_size, multiple, rng)
        for rows in progress.bar(batches, f"{name}: epoch {epoch} of {epochs}"):
            batch = padded([encoded[row] for row in rows], multiple)
            trained.train_on_batch(batch, labels[rows, None].astype("float32"))
        if held is None:
            continue
        if settings["averaging"]:
            trained.optimizer.finalize_variable_values(trained.trainable_variables)
        probability = predict(model, held[0], multiple)
        right = (probability > 0.5) == held[1]
        of_truth = np.clip(np.where(held[1] == 1, probability, 1 - probability), 1e-7, 1)
        history.append({"epoch": epoch, "accuracy": float(right.mean()), "loss": float(-np.log(of_truth).mean())})
        if best is None or history[-1]["loss"] < best[0]:
            best = history[-1]["loss"], model.get_weights()
    if best is not None:
        model.set_weights(best[1])
    return history


class _KerasClassifier(classifier.Classifier):
    """What both classifiers share: the network as a `.keras` file without optimizer, beside the tables of ids."""

    def _write(self, folder):
        plain = keras.models.clone_model(self.model)  # never compiled: the file holds no state of the optimizer
        plain.set_weights(self.model.get_weights())
        plain.save(folder / "network.keras")
        self._write_tables(folder)

    def _read(self, folder):
        self.model = keras.saving.load_model(folder / "network.keras", compile=False)
        self._read_tables(folder)
