"""The most accurate recipe of the book: one network, which reads naive Bayes' log-odds beside the tokens."""

from __future__ import annotations

import keras
import numpy as np

from gru_book import progress
from gru_book.data.batching import batches_by_length, padded
from gru_book.models import keras_classifier
from gru_book.models.classifier import held_back
from gru_book.models.gru_classifier import GRUClassifier
from gru_book.models.log_odds import LogOdds, folds_of, teacher
from gru_book.models.log_odds_network import log_odds_network, trained_part
from gru_book.models.original import _Bar
from gru_book.models.word_vectors import word_vectors
from gru_book.training.lazy_adam import LazyAdam


class LogOddsBatches(keras.utils.PyDataset):
    """Batches of texts of similar length: ((ids, log-odds), targets), the first two (batch, steps, tables).

    Args:
        encoded: ids of the texts, int32 arrays (steps, tables).
        odds: what is known of the ids.
        fold: of each text, int array (texts,); None for texts that were not counted.
        targets: P(1) of each text, (texts,).
        batch_size: texts in a batch, at most.
        multiple: steps of a batch are rounded up to a multiple of this.
        seed: of an order that changes every epoch; None for texts by length.
        passes: times that an epoch goes through all texts.
    """

    def __init__(
        self,
        encoded: list[np.ndarray],
        odds: LogOdds,
        fold: np.ndarray | None,
        targets: np.ndarray,
        batch_size: int,
        multiple: int,
        seed: int | None = None,
        passes: int = 1,
    ):
        """Put the first epoch in order."""
        super().__init__()
        self.encoded, self.odds, self.fold = encoded, odds, fold
        self.targets = np.asarray(targets, np.float32)[:, None]
        self.batch_size, self.multiple, self.passes = batch_size, multiple, passes
        self.rng = None if seed is None else np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return len(self.batches)

    def __getitem__(self, number: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Return batch `number` of this epoch."""
        rows = self.batches[number]
        ids = padded([self.encoded[row] for row in rows], self.multiple)
        odds = np.zeros(ids.shape, np.float32)
        for line, row in zip(odds, rows, strict=True):
            of_text = self.encoded[row]
            line[: len(of_text)] = self.odds.read(of_text, None if self.fold is None else self.fold[row])
        return (ids, odds), self.targets[rows]

    def on_epoch_end(self) -> None:
        """Put the next epoch in order; Keras calls it."""
        cut = self.encoded, self.batch_size, self.multiple, self.rng
        self.batches = [batch for _ in range(self.passes) for batch in batches_by_length(*cut)]
        # Keras looks at the first two batches of a fit and, were they of one length, would refuse all others.
        steps = [-(-max(len(self.encoded[row]) for row in rows) // self.multiple) for rows in self.batches]
        other = next((number for number, length in enumerate(steps) if length != steps[0]), 0)
        if other > 1:
            self.batches[1], self.batches[other] = self.batches[other], self.batches[1]


class LogOddsClassifier(GRUClassifier):
    """A GRU whose inputs hold the cross-fitted log-odds of tokens and runs, and whose targets a teacher softens.

    settings: those of `LogOddsSettings`. All is learnt from the texts and labels of the fit: the log-odds are counts of
    theirs, and the teacher is an NB-SVM that has learnt from the folds that a text is not in. Only the network is kept.
    """

    def fit(self, texts, labels, validation=None):
        """Count, train, and keep the epoch with the least loss on the validation texts."""
        keras.utils.set_random_seed(self.seed)
        if validation is None and (held := held_back(labels, self.seed)).any():
            rows, others = np.flatnonzero(~held), np.flatnonzero(held)
            validation = [texts[row] for row in others], labels[others]
            texts, labels = [texts[row] for row in rows], labels[rows]
        settings = self.settings
        encoded = self.fit_tables(progress.bar(texts, f"{self.recipe}: reading"))
        fold = folds_of(texts, labels, settings.folds)
        odds = LogOdds(encoded, labels, fold, self._sizes())
        targets = labels.astype(float)
        if settings.teacher:
            learnt = teacher(encoded, labels, fold, odds, self.seed)
            targets = settings.teacher * learnt + (1 - settings.teacher) * targets
        self.model = self.build()
        for table, known in enumerate(odds.tables):
            self.model.get_layer(f"log_odds_{table}").set_weights([known[:, None]])
        if settings.vectors:
            table = self.model.get_layer("vectors_0").embeddings
            table.assign(word_vectors([ids[:, 0] for ids in encoded], *table.shape, settings.vectors, self.seed))
        multiple = settings.window or settings.multiple
        updates = settings.epochs * len(batches_by_length(encoded, settings.batch_size, multiple))
        passes = max(1, keras_classifier.FEWEST_UPDATES // updates)
        batches = LogOddsBatches(encoded, odds, fold, targets, settings.batch_size, multiple, self.seed, passes)
        of_held = None
        if validation is not None:
            known, size = self.encode(validation[0]), keras_classifier.PREDICTION_BATCH
            of_held = LogOddsBatches(known, odds, None, validation[1], size, multiple)
        self.chosen = {"history": self._train(batches, of_held)}
        if validation is not None:
            best = min(self.chosen["history"], key=lambda epoch: epoch["loss"])
            self.chosen |= {"epoch": best["epoch"], "validation_texts": len(validation[1])}

    def build(self):
        """Return the network of these settings and tables, untrained and without log-odds."""
        names = ("embedding_dim", "units", "pooling", "window", "bidirectional", "word_dropout", "embedding_dropout")
        names += ("recurrent_dropout", "dropout", "vote_dropout", "channels", "votes")
        return log_odds_network(self._sizes(), seed=self.seed, **{name: self.settings[name] for name in names})

    def _train(self, batches: LogOddsBatches, held: LogOddsBatches | None) -> list[dict]:
        """Train on all batches; return for each epoch its number and, of the held texts, `accuracy` and `loss`."""
        settings = self.settings
        epochs, rate = settings.epochs, settings.learning_rate
        if settings.schedule == "linear":
            rate = keras.optimizers.schedules.PolynomialDecay(rate, epochs * len(batches), 0.0)
        network = trained_part(self.model)
        network.compile(
            (LazyAdam if settings.lazy else keras.optimizers.Adam)(rate),
            keras.losses.BinaryCrossentropy(from_logits=True),
            metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)],
            jit_compile=False,  # XLA would compile anew for every length
        )
        keep = keras.callbacks.EarlyStopping("val_loss", patience=epochs, restore_best_weights=True)
        history = network.fit(
            batches,
            validation_data=held,
            epochs=epochs,
            shuffle=False,  # the batches come in the order of the seed
            callbacks=[_Bar(self.recipe), *([keep] if held else [])],
            verbose=0,
        ).history
        if held is None:
            return []
        pairs = zip(history["val_accuracy"], history["val_loss"], strict=True)
        return [{"epoch": n, "accuracy": float(a), "loss": float(loss)} for n, (a, loss) in enumerate(pairs, 1)]
