"""The most accurate recipe of the book: a GRU beside a linear model, weighed on texts that neither has learnt from."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from gru_book.models.classifier import held_back
from gru_book.models.gru_classifier import GRUClassifier
from gru_book.models.ngrams import NGramClassifier

SURE = 1e-6  # probabilities are kept this far from 0 and 1 before their logit is taken


class BestClassifier(GRUClassifier):
    """A `GRUClassifier` whose logit is added to that of an NB-SVM, each with a weight.

    The two learn from the same texts, apart from each other. A logistic regression with two weights and a constant then
    learns from the validation texts, or from those held back, how far to trust each. It also repairs what networks get
    wrong most often, the size of their probabilities. Where there are too few texts to hold some back the weights are
    those of `even`.

    settings: those of a `GRUClassifier`; `linear`, the settings of the `NGramClassifier`, or None for the GRU alone;
    `even`, the two weights and the constant where there is nothing to learn them from.
    """

    def _fit(self, texts, labels, validation):
        if validation is None and (held := held_back(labels, self.seed)).any():
            rows, others = np.flatnonzero(~held), np.flatnonzero(held)
            validation = [texts[row] for row in others], labels[others]
            texts, labels = [texts[row] for row in rows], labels[rows]
        super()._fit(texts, labels, validation)
        if self.settings["linear"] is None:
            return
        self.linear = NGramClassifier("nbsvm", self.settings["linear"], self.seed)
        self.linear._fit(texts, labels, validation)
        self.weights = list(self.settings["even"])
        if validation is not None and len(set(validation[1].tolist())) == 2:
            from sklearn.linear_model import LogisticRegression

            model = LogisticRegression(C=1.0).fit(self._logits(validation[0]), validation[1])
            self.weights = [*model.coef_[0].tolist(), float(model.intercept_[0])]
        self.chosen |= {"linear": self.linear.chosen, "weights": self.weights}

    def _predict(self, texts):
        if self.settings["linear"] is None:
            return super()._predict(texts)
        return expit(self._logits(texts) @ self.weights[:2] + self.weights[2])

    def gru_alone(self, texts: list[str]) -> np.ndarray:
        """Return P(label 1) as the GRU sees it without the linear model, float array (texts,)."""
        return super()._predict(texts)

    def _logits(self, texts):
        """Return the logits of the GRU and of the linear model, float array (texts, 2)."""
        both = self.gru_alone(texts), self.linear._predict(texts)
        return np.stack([logit(np.clip(probability, SURE, 1 - SURE)) for probability in both], axis=1)

    def _write(self, folder):
        super()._write(folder)
        if self.settings["linear"] is not None:
            self.linear._write(folder, "linear_")

    def _read(self, folder):
        super()._read(folder)
        if self.settings["linear"] is not None:
            self.linear, self.weights = NGramClassifier("nbsvm", self.settings["linear"]), self.chosen["weights"]
            self.linear._read(folder, "linear_")
