"""The original: the classifier that the book grew from, exactly."""

from __future__ import annotations

import keras
import numpy as np

from gru_book import progress
from gru_book.data.batching import MOST_STEPS
from gru_book.data.vocabulary import Vocabulary
from gru_book.models.keras_classifier import PREDICTION_BATCH, KerasClassifier, read_vocabulary, traced
from gru_book.models.networks import original_network


class OriginalClassifier(KerasClassifier):
    """The original's recipe: fixed length, padding in front and read, last state, the last epoch's weights.

    Validation chooses nothing. Without validation texts `fit` cuts off the original's share, a fifth of the rows.
    """

    def fit(self, texts, labels, validation=None):
        """Train for all epochs, as the original does, on rows in an order drawn by the seed."""
        keras.utils.set_random_seed(self.seed)
        settings = self.settings
        self.vocabulary = Vocabulary.fit(texts, settings.max_features)
        self.model = self.build()
        optimizer = keras.optimizers.Adam(settings.learning_rate)
        self.model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
        # `validation_split` takes the last rows as they stand, and texts often come sorted by label.
        order = np.random.default_rng(self.seed).permutation(len(texts))
        split = settings.validation_split if validation is None and len(texts) > 1 else 0.0
        if not int(len(texts) * (1 - split)):
            raise ValueError(f"validation_split = {split} leaves none of {len(texts)} texts to learn from")
        history = self.model.fit(
            self.encode([texts[row] for row in order]),
            labels[order],
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            validation_split=split,
            validation_data=None if validation is None else (self.encode(validation[0]), validation[1]),
            callbacks=[_Bar(self.recipe)],
            verbose=0,
        ).history
        self.chosen = {
            "history": [dict(zip(history, map(float, row), strict=True)) for row in zip(*history.values(), strict=True)]
        }

    def build(self):
        """Return the network of these settings, untrained."""
        return original_network(self.settings.max_features, self.settings.embedding_dim, self.settings.units)

    def encode(self, texts):
        """Return the ids of texts, int32 array (texts, maxlen), padding in front."""
        return keras.utils.pad_sequences(self.vocabulary.encode(texts), maxlen=self.settings.maxlen)

    def _predict(self, texts):
        answer, number = traced(self.model), max(1, min(PREDICTION_BATCH, MOST_STEPS // self.settings.maxlen))
        starts = range(0, len(texts), number)
        return np.concatenate([answer(self.encode(texts[row : row + number]))[:, 0] for row in starts]).astype(float)

    def _write_tables(self, folder):
        self.vocabulary.save(folder / "vocabulary.json")

    def _read_tables(self, folder):
        self.vocabulary = read_vocabulary(folder, self.settings.max_features)


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
