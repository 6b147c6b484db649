"""The recipes that train a GRU with Keras: what `gru_book.recipes` does for the names whose networks read in order.

`original_network` is the network of the notebook that this book grew from. `network` is every other one: its arguments
are the choices that page 34 explains, and a recipe is a set of them.

Tokens become ids by `Tokens`; texts of similar length come together in `batches_by_length`; `train` is the loop.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from gru_book import progress
from gru_book.data.tokens import FIRST, Tokens
from gru_book.data.vocabulary import Vocabulary
from gru_book.errors import ModelError
from gru_book.files import write_json
from gru_book.models import classifier, saving
from gru_book.models.keras_classifier import KerasClassifier, predict, read_vocabulary, train
from gru_book.models.networks import network
from gru_book.models.opposites import opposites
from gru_book.models.word_vectors import word_vectors


class GRUClassifier(KerasClassifier):
    """A GRU that reads batches of similar length; its settings are those of `GRUSettings`."""

    def fit(self, texts, labels, validation=None):
        """Make the tables of ids, train, and keep the epoch with the least loss on the validation texts."""
        keras.utils.set_random_seed(self.seed)
        held = np.zeros(len(texts), bool) if validation else classifier.held_back(labels, self.seed)
        encoded = self.fit_tables(progress.bar(texts, f"{self.recipe}: reading"))
        of_held = None
        if validation is not None:
            of_held = self.encode(validation[0]), validation[1]
        elif held.any():
            of_held = [encoded[row] for row in np.flatnonzero(held)], labels[held]
        kept = np.flatnonzero(~held)
        rows = [encoded[row] for row in kept]
        self.model = self.build()
        if length := self.settings.vectors:
            table = next(layer for layer in self.model.layers if isinstance(layer, layers.Embedding)).embeddings
            table.assign(word_vectors([ids[:, 0] for ids in rows], *table.shape, length, self.seed))
        wanted = labels[kept]
        if number := round(self.settings.opposites * len(kept)):
            more, answers = opposites([texts[row] for row in kept], wanted, number, self.seed)
            rows, wanted = rows + self.encode(more), np.concatenate([wanted, answers])
        history = train(self.model, rows, wanted, self.settings, self.seed, of_held, self.recipe)
        self.chosen = {"history": history}
        if history:
            best = min(history, key=lambda epoch: epoch["loss"])
            self.chosen |= {"epoch": best["epoch"], "validation_texts": len(of_held[1])}

    def build(self):
        """Return the network of these settings and tables, untrained."""
        names = ("embedding_dim", "units", "mask", "pooling", "window", "bidirectional", "word_dropout")
        names += ("embedding_dropout", "recurrent_dropout", "dropout")
        return network(self._sizes(), seed=self.seed, **{name: self.settings[name] for name in names})

    def fit_tables(self, texts):
        """Make the tables of ids from the texts, and return the texts encoded and cut."""
        settings = self.settings
        if settings.reading == "keras":
            self.tables = Vocabulary.fit(texts, settings.max_words)
            return self.encode(texts)
        names = ("max_words", "longest", "fewest", "max_runs")
        self.tables, encoded = Tokens.fit(texts, *(settings[name] for name in names))
        return self._cut(encoded)

    def _sizes(self):
        return [self.settings.max_words] if self.settings.reading == "keras" else self.tables.sizes

    def encode(self, texts):
        """Return the ids of texts, cut to `maxlen`: an int32 array (steps, tables) each."""
        encoded = self.tables.encode(texts)
        if self.settings.reading == "keras":
            encoded = [np.array(ids, np.int32)[:, None] for ids in encoded]
        return self._cut(encoded)

    def _cut(self, encoded):
        maxlen = self.settings.maxlen or max(map(len, encoded), default=0)
        kept = slice(-maxlen, None) if self.settings.keep == "last" else slice(maxlen)
        return [np.concatenate([ids[:1], ids[1:][kept]]) for ids in encoded]

    def _predict(self, texts):
        return predict(self.model, self.encode(texts), self.settings.window or self.settings.multiple)

    @property
    def files(self):
        """Return the names of its files; those of the original's words have no runs."""
        return super().files | (set() if self.settings.reading == "keras" else {"runs.npz"})

    def _write_tables(self, folder):
        if self.settings.reading == "keras":
            self.tables.save(folder / "vocabulary.json")
            return
        write_json(folder / "vocabulary.json", self.tables.words, indent=0)
        np.savez_compressed(folder / "runs.npz", *self.tables.runs)

    def _read_tables(self, folder):
        settings = self.settings
        if settings.reading == "keras":
            self.tables = read_vocabulary(folder, settings.max_words)
            return
        words = saving.read_words(folder / "vocabulary.json", settings.max_words)
        lengths = range(2, settings.longest + 1)
        expected = {f"arr_{place}": (np.int64, (range(settings.max_runs + 1),)) for place, _ in enumerate(lengths)}
        runs = list(saving.read_arrays(folder / "runs.npz", expected).values())
        for length, codes in zip(lengths, runs, strict=True):
            if len(codes) and not (0 <= codes[0] and codes[-1] < (len(words) + FIRST) ** length):
                raise ModelError(f"{folder / 'runs.npz'} has runs of words that its vocabulary lacks")
            if (np.diff(codes) <= 0).any():
                raise ModelError(f"{folder / 'runs.npz'} has runs that are not sorted")
        self.tables = Tokens(words, runs)
