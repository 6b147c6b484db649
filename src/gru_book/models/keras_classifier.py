"""What every classifier with a Keras network has: training, prediction by length, saving."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from gru_book import progress
from gru_book.data.batching import batches_by_length, padded
from gru_book.data.vocabulary import Vocabulary
from gru_book.errors import ModelError
from gru_book.evaluation.metrics import log_loss
from gru_book.models import classifier, saving
from gru_book.models.networks import Adversary
from gru_book.models.settings import GRUSettings

FEWEST_UPDATES = 200

PREDICTION_BATCH = 256  # texts at most; only speed and memory depend on it


def predict(model: keras.Model, encoded: list[np.ndarray], multiple: int = 1) -> np.ndarray:
    """Return P(1) of encoded texts, float64 array (texts,)."""
    answer = traced(model)
    probability = np.zeros(len(encoded))
    for rows in batches_by_length(encoded, PREDICTION_BATCH, multiple):
        probability[rows] = answer(padded([encoded[row] for row in rows], multiple))[:, 0]
    return probability


def traced(model: keras.Model):
    """Return `model` as a function that TensorFlow traces once; `model.predict` would trace anew for new shapes."""
    if not hasattr(model, "traced"):
        shape = tf.TensorSpec([None] * len(model.input_shape), tf.int32)
        model.traced = tf.function(lambda ids: model(ids, training=False), input_signature=[shape])
    return model.traced


def training_step(trained: keras.Model, model: keras.Model):
    """Return Keras's own step of training as a function (ids, labels) that TensorFlow traces once.

    `trained` is compiled, and is `model` or trains it. `train_on_batch` would trace anew for the first batch of another
    length and for the first of another number of texts, which takes seconds each time.
    """
    trained.optimizer.build(trained.trainable_variables)
    shapes = tf.TensorSpec([None] * len(model.input_shape), tf.int32), tf.TensorSpec([None, 1], tf.float32)
    return tf.function(lambda ids, labels: trained.train_step((ids, labels)), input_signature=shapes)


def train(
    model: keras.Model,
    encoded: list[np.ndarray],
    labels: np.ndarray,
    settings: GRUSettings,
    seed: int,
    held: tuple[list[np.ndarray], np.ndarray] | None = None,
    name: str = "training",
) -> list[dict]:
    """Train `model` in place; return for each epoch its number and, of the held texts, `accuracy` and `loss`.

    Of the settings it takes those of training. There are more epochs than `epochs` where the texts are so few that
    these would have fewer updates than FEWEST_UPDATES. With `averaging` each epoch ends with the average.
    With held texts the weights of the epoch with the least loss are kept, else the last ones.
    """
    rng = np.random.default_rng(seed)
    multiple = settings.window or settings.multiple
    batch_size, rate = settings.batch_size, settings.learning_rate
    updates = len(batches_by_length(encoded, batch_size, multiple))  # of an epoch
    epochs = max(settings.epochs, -(-FEWEST_UPDATES // updates))
    if settings.schedule == "linear":
        rate = keras.optimizers.schedules.PolynomialDecay(rate, epochs * updates, 0.0)
    averaging = {"use_ema": True, "ema_momentum": settings.averaging} if settings.averaging else {}
    trained = Adversary(model, settings.adversary) if settings.adversary else model
    trained.compile(keras.optimizers.Adam(rate, **averaging), "binary_crossentropy")
    step = training_step(trained, model)
    history, best = [], None
    for epoch in range(1, epochs + 1):
        batches = batches_by_length(encoded, batch_size, multiple, rng)
        for rows in progress.bar(batches, f"{name}: epoch {epoch} of {epochs}"):
            step(padded([encoded[row] for row in rows], multiple), labels[rows, None].astype("float32"))
        if settings.averaging:
            trained.optimizer.finalize_variable_values(trained.trainable_variables)
        if held is None:
            continue
        probability = predict(model, held[0], multiple)
        right = (probability > 0.5) == held[1]
        history.append({"epoch": epoch, "accuracy": float(right.mean()), "loss": log_loss(held[1], probability)})
        if best is None or history[-1]["loss"] < best[0]:
            best = history[-1]["loss"], model.get_weights()
    if best is not None:
        model.set_weights(best[1])
    return history


class KerasClassifier(classifier.Classifier):
    """What both classifiers share: `model`, the network, saved as its weights beside the tables of ids.

    Keras saves the network alone, for use without `load`, when it is a clone with the same weights:
    `clone = keras.models.clone_model(model)`, `clone.set_weights(model.get_weights())`, `clone.save("network.keras")`.
    """

    @property
    def files(self):
        """Return the names of the files that every network has."""
        return {"network.npz", "vocabulary.json"}

    def write(self, folder):
        """Write the weights of the network, and the tables of ids."""
        weights = self.model.get_weights()
        if not all(np.isfinite(array).all() for array in weights):
            rate = self.settings.learning_rate
            raise ModelError(f"the network has weights that are not finite; train it with a smaller step than {rate}")
        np.savez(folder / "network.npz", *weights)
        self._write_tables(folder)

    def read(self, folder):
        """Make the network that settings and tables call for, and give it the weights that were saved."""
        self._read_tables(folder)
        self.model = self.build()
        expected = {f"arr_{place}": (array.dtype, array.shape) for place, array in enumerate(self.model.get_weights())}
        self.model.set_weights(list(saving.read_arrays(folder / "network.npz", expected).values()))


def read_vocabulary(folder: Path, max_features: int) -> Vocabulary:
    """Return the vocabulary of a saved classifier; ModelError unless it has `max_features`, as the settings say."""
    path = folder / "vocabulary.json"
    try:
        vocabulary = Vocabulary.load(path)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not what save wrote ({error}); {saving.AGAIN}") from error
    if vocabulary.max_features != max_features:
        raise ModelError(f"{path} has max_features {vocabulary.max_features}; allowed: {max_features}, as in settings")
    return vocabulary
