"""The original: the classifier that the book grew from, exactly."""

from __future__ import annotations

import keras
import numpy as np

from gru_book import progress
from gru_book.data.vocabulary import Vocabulary
from gru_book.models.keras_classifier import PREDICTION_BATCH, _KerasClassifier, _traced
from gru_book.models.networks import original_network


class OriginalClassifier(_KerasClassifier):
    """The original's recipe: fixed length, padding in front and read, last state, the last epoch's weights.

    Validation chooses nothing. Without validation texts `fit` cuts off the original's share, a fifth of the rows.
    """

    def _fit(self, texts, labels, validation):
        keras.utils.set_random_seed(self.seed)
        settings = self.settings
        self.vocabulary = Vocabulary.fit(texts, settings["max_features"])
        self.model = original_network(*(settings[name] for name in ("max_features", "embedding_dim", "units")))
        optimizer = keras.optimizers.Adam(settings["learning_rate"])
        self.model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
        # `validation_split` takes the last rows as they stand, and texts often come sorted by label.
        order = np.random.default_rng(self.seed).permutation(len(texts))
        split = settings["validation_split"] if validation is None and len(texts) > 1 else 0.0
        history = self.model.fit(
            self._ids([texts[row] for row in order]),
            labels[order],
            batch_size=settings["batch_size"],
            epochs=settings["epochs"],
            validation_split=split,
            validation_data=None if validation is None else (self._ids(validation[0]), validation[1]),
            callbacks=[_Bar(self.recipe)],
            verbose=0,
        ).history
        self.chosen = {
            "history": [dict(zip(history, map(float, row), strict=True)) for row in zip(*history.values(), strict=True)]
        }

    def _predict(self, texts):
        answer, ids = _traced(self.model), self._ids(texts)
        starts = range(0, len(ids), PREDICTION_BATCH)
        return np.concatenate([answer(ids[start : start + PREDICTION_BATCH])[:, 0] for start in starts]).astype(float)

    def _ids(self, texts):
        return keras.utils.pad_sequences(self.vocabulary.encode(texts), maxlen=self.settings["maxlen"])

    def _write_tables(self, folder):
        self.vocabulary.save(folder / "vocabulary.json")

    def _read_tables(self, folder):
        self.vocabulary = Vocabulary.load(folder / "vocabulary.json")


class _Bar(keras.callbacks.Callback):
    """The progress of `model.fit`, shown as that of the other recipes."""

    def __init__(self, name: str):
        super().__init__()
        self.name = name

    def on_epoch_begin(self, epoch, logs=None):
        what = f"{self.name}: epoch {epoch + 1} of {self.params['epochs']}"
        self.steps = iter(progress.bar(range(self.params["steps"]), what))
        next(self.steps, None)

    def on_train_batch_end(self, batch, logs=None):
        next(self.steps, None)
