"""The recipe "blend": a GRU beside a linear model, weighed on texts that neither has learnt from."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from gru_book.errors import ModelError, ParameterError
from gru_book.models.classifier import held_back
from gru_book.models.gru_classifier import GRUClassifier
from gru_book.models.ngrams import NGramClassifier

SURE = 1e-6  # probabilities are kept this far from 0 and 1 before their logit is taken


class _Beside(NGramClassifier):
    """The linear model beside the GRU."""

    prefix = "linear_"


class BlendClassifier(GRUClassifier):
    """A `GRUClassifier` whose logit is added to that of an NB-SVM, each with a weight.

    The two learn from the same texts, apart from each other. A logistic regression with two weights and a constant then
    learns from the validation texts, or from those held back, how far to trust each. It also repairs what networks get
    wrong most often, the size of their probabilities. Where there are too few texts to hold some back the weights are
    those of `even`.

    settings: those of `BlendSettings`.
    """

    def fit(self, texts, labels, validation=None):
        """Fit both models on the same texts, then their weights on texts that neither has learnt from."""
        if validation is None and (held := held_back(labels, self.seed)).any():
            rows, others = np.flatnonzero(~held), np.flatnonzero(held)
            validation = [texts[row] for row in others], labels[others]
            texts, labels = [texts[row] for row in rows], labels[rows]
        super().fit(texts, labels, validation)
        if self.settings.linear is None:
            return
        self.linear = _Beside("nbsvm", self.settings.linear, self.seed)
        self.linear.fit(texts, labels, validation)
        self.weights = list(self.settings.even)
        if validation is not None and len(set(validation[1].tolist())) == 2:
            from sklearn.linear_model import LogisticRegression

            model = LogisticRegression(C=1.0).fit(self._logits(validation[0]), validation[1])
            self.weights = [*model.coef_[0].tolist(), float(model.intercept_[0])]
        self.chosen |= {"linear": self.linear.chosen, "weights": self.weights}

    def _predict(self, texts):
        if self.settings.linear is None:
            return super()._predict(texts)
        return expit(self._logits(texts) @ self.weights[:2] + self.weights[2])

    def gru_alone(self, texts: list[str]) -> np.ndarray:
        """Return P(label 1) as the GRU sees it without the linear model, float array (texts,)."""
        return super()._predict(texts)

    def _logits(self, texts):
        """Return the logits of the GRU and of the linear model, float array (texts, 2)."""
        both = self.gru_alone(texts), self.linear.predict_proba(texts)
        return np.stack([logit(np.clip(probability, SURE, 1 - SURE)) for probability in both], axis=1)

    @property
    def files(self):
        """Return the names of the files of both models."""
        alone = self.settings.linear is None
        return super().files | (set() if alone else {"linear_vocabulary.json", "linear_weights.npz"})

    def write(self, folder):
        """Write both models."""
        super().write(folder)
        if self.settings.linear is not None:
            self.linear.write(folder)

    def read(self, folder):
        """Read both models and their weights, which are in `chosen`."""
        super().read(folder)
        if self.settings.linear is None:
            return
        self.linear = _Beside("nbsvm", self.settings.linear, self.seed, self.chosen.get("linear"))
        self.linear.read(folder)
        try:
            self.weights = (self.settings | {"even": self.chosen.get("weights")}).even
        except ParameterError as error:
            raise ModelError(f"{folder}: its two weights and constant are not what `even` can be: {error}") from error
