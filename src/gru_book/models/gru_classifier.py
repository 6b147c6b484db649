"""The recipes that train a GRU with Keras: what `gru_book.recipes` does for the names whose networks read in order.

`original_network` is the network of the notebook that this book grew from. `network` is every other one: its arguments
are the choices that page 33 tries one at a time, and a recipe is a set of them. Page 33 shows the code of both
functions, as it stands here.

Tokens become ids by `Tokens`; texts of similar length come together in `batches_by_length`; `train` is the loop.
"""

from __future__ import annotations

import json

import keras
import numpy as np
from keras import layers

from gru_book import progress
from gru_book.data.tokens import Tokens
from gru_book.data.vocabulary import Vocabulary
from gru_book.models import classifier
from gru_book.models.keras_classifier import _KerasClassifier, predict, train
from gru_book.models.networks import network
from gru_book.models.word_vectors import word_vectors


class GRUClassifier(_KerasClassifier):
    """A GRU that reads batches of similar length; its settings are those of `network`, `train` and the ids.

    settings: `reading` "keras" (the words of a `Vocabulary`, as the original reads them) or "tokens" (words and marks,
    and runs of them up to `longest` tokens, each kind in a table of its own); `max_words`, `fewest`, `max_runs`: see
    `Tokens.fit`; `maxlen`: the tokens of a text that are read (0 for all), `keep`: its "last" or "first" ones;
    `vectors`: 0, or the length of the `word_vectors` that single tokens begin with.
    """

    def _fit(self, texts, labels, validation):
        keras.utils.set_random_seed(self.seed)
        held = np.zeros(len(texts), bool) if validation else classifier.held_back(labels, self.seed)
        encoded = self._fit_tables(progress.bar(texts, f"{self.recipe}: reading"))
        of_held = None
        if validation is not None:
            of_held = self._encode(validation[0]), validation[1]
        elif held.any():
            of_held = [encoded[row] for row in np.flatnonzero(held)], labels[held]
        kept = np.flatnonzero(~held)
        rows = [encoded[row] for row in kept]
        self.model = self._network()
        if length := self.settings["vectors"]:
            table = next(layer for layer in self.model.layers if isinstance(layer, layers.Embedding)).embeddings
            table.assign(word_vectors([ids[:, 0] for ids in rows], *table.shape, length, self.seed))
        history = train(self.model, rows, labels[kept], self.settings, self.seed, of_held, self.recipe)
        self.chosen = {"history": history}
        if history:
            best = min(history, key=lambda epoch: epoch["loss"])
            self.chosen |= {"epoch": best["epoch"], "validation_texts": len(of_held[1])}

    def _network(self):
        names = ("embedding_dim", "units", "mask", "pooling", "window", "bidirectional", "word_dropout")
        names += ("embedding_dropout", "recurrent_dropout", "dropout")
        return network(self._sizes(), seed=self.seed, **{name: self.settings[name] for name in names})

    def _fit_tables(self, texts):
        """Make the tables of ids from the texts, and return the texts encoded and cut."""
        settings = self.settings
        if settings["reading"] == "keras":
            self.tables = Vocabulary.fit(texts, settings["max_words"])
            return self._encode(texts)
        names = ("max_words", "longest", "fewest", "max_runs")
        self.tables, encoded = Tokens.fit(texts, *(settings[name] for name in names))
        return self._cut(encoded)

    def _sizes(self):
        return [self.settings["max_words"]] if self.settings["reading"] == "keras" else self.tables.sizes

    def _encode(self, texts):
        encoded = self.tables.encode(texts)
        if self.settings["reading"] == "keras":
            encoded = [np.array(ids, np.int32)[:, None] for ids in encoded]
        return self._cut(encoded)

    def _cut(self, encoded):
        maxlen = self.settings["maxlen"] or max(map(len, encoded))
        kept = slice(-maxlen, None) if self.settings["keep"] == "last" else slice(maxlen)
        return [np.concatenate([ids[:1], ids[1:][kept]]) for ids in encoded]

    def _predict(self, texts):
        return predict(self.model, self._encode(texts), self.settings["window"] or self.settings["multiple"])

    def _write_tables(self, folder):
        if self.settings["reading"] == "keras":
            self.tables.save(folder / "vocabulary.json")
            return
        words = json.dumps(self.tables.words, ensure_ascii=False, indent=0)
        (folder / "vocabulary.json").write_text(words + "\n", encoding="utf-8")
        np.savez_compressed(folder / "runs.npz", *self.tables.runs)

    def _read_tables(self, folder):
        if self.settings["reading"] == "keras":
            self.tables = Vocabulary.load(folder / "vocabulary.json")
            return
        words = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        with np.load(folder / "runs.npz", allow_pickle=False) as arrays:
            self.tables = Tokens(words, [arrays[name] for name in arrays.files])
