"""The linear recipes: a logistic regression on n-grams, weighted by TF-IDF or by naive Bayes' log-count ratios.

Page 32 explains both step by step. Importing this module imports neither TensorFlow nor scikit-learn.
"""

from __future__ import annotations

import json

import numpy as np

from gru_book import progress
from gru_book.data.tokens import tokenize
from gru_book.models.classifier import Classifier, held_back

FEW_TEXTS = 100  # up to here n-grams that occur in a single text are kept

LINEAR = {"weighting": "tfidf", "longest": 2, "grid": [1.0, 3.0, 10.0, 30.0, 100.0], "default": 10.0}

NBSVM = {"weighting": "nbsvm", "longest": 3, "grid": [0.01, 0.03, 0.1, 0.3, 1.0], "default": 0.3}


class NGramClassifier(Classifier):
    """A logistic regression on n-grams, weighted by TF-IDF ("tfidf") or by naive Bayes' log-count ratios ("nbsvm").

    settings: `weighting`; `longest`, the tokens of the longest n-gram; `grid`, the values of C (the inverse strength
    of the L2 penalty) that validation chooses from; `default`, the C where there are too few texts to choose by.
    After the fit: `vocabulary` (n-grams in the order of the columns), `scale` (columns,), the factor of each column
    (idf, or log-count ratio), `weights` (columns,), `intercept`.

    "nbsvm" is the NB-SVM of Wang & Manning (2012), "Baselines and Bigrams", equations 3 and 4 with alpha = 1 on
    binarised counts, in the variant with the logistic loss in place of their squared hinge loss, so that it gives
    probabilities, and without their interpolation (beta = 1): as in the program of Mesnil et al. (2014).
    """

    def _fit(self, texts, labels, validation):
        reader = self._reader(min_df=2 if len(texts) > FEW_TEXTS else 1)
        try:
            counts = reader.fit_transform(progress.bar(texts, f"{self.recipe}: reading"))
        except ValueError as error:
            raise ValueError(
                f"texts: the {len(texts)} texts share no word that could be counted; allowed: texts with words"
            ) from error
        self.vocabulary = reader.get_feature_names_out().tolist()
        held, of_held = np.zeros(len(texts), dtype=bool), None
        if validation is not None:
            of_held, held_labels = reader.transform(validation[0]), validation[1]
        elif (held := held_back(labels, self.seed)).any():
            of_held, held_labels = counts[held], labels[held]
        C = self.settings["default"]
        if of_held is not None:
            C, accuracy = self._choose(counts[~held], labels[~held], of_held, held_labels)
            self.chosen = {"validation_texts": len(held_labels), "validation_accuracy": accuracy}
        self.chosen["C"] = C
        self._fit_scale(counts, labels)  # what was held back inside is learnt from, too
        self._fit_weights(self._features(counts), labels, C)

    def _choose(self, counts, labels, of_held, held_labels):
        """Return the C of the grid that is best on the held texts, and the accuracy of each."""
        self._fit_scale(counts, labels)
        features, held_features = self._features(counts), self._features(of_held)
        accuracy = []
        for C in progress.bar(self.settings["grid"], f"{self.recipe}: choosing C"):
            self._fit_weights(features, labels, C)
            right = (held_features @ self.weights + self.intercept > 0) == held_labels
            accuracy.append(float(np.mean(right)))
        return self.settings["grid"][int(np.argmax(accuracy))], accuracy  # on a tie the smaller C: more regularised

    def _fit_scale(self, counts, labels):
        from sklearn.feature_extraction.text import TfidfTransformer

        if self.settings["weighting"] == "tfidf":
            self.scale = TfidfTransformer().fit(counts).idf_
            return
        present = counts > 0
        p = 1 + np.asarray(present[labels == 1].sum(axis=0)).ravel()
        q = 1 + np.asarray(present[labels == 0].sum(axis=0)).ravel()
        self.scale = np.log((p / p.sum()) / (q / q.sum()))

    def _fit_weights(self, features, labels, C):
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=C, solver="liblinear", dual=True, max_iter=1000, random_state=self.seed)
        model.fit(features, labels)
        self.weights, self.intercept = model.coef_[0], float(model.intercept_[0])

    def _features(self, counts):
        """Return the weighted counts, a sparse array of shape (texts, columns)."""
        from sklearn.preprocessing import normalize

        features = counts.astype(np.float64)
        features.data = 1 + np.log(features.data) if self.settings["weighting"] == "tfidf" else np.ones(features.nnz)
        features = features.multiply(self.scale).tocsr()
        return normalize(features) if self.settings["weighting"] == "tfidf" else features

    def _predict(self, texts):
        from scipy.special import expit

        counts = self._reader(vocabulary=self.vocabulary).transform(texts)
        return expit(self._features(counts) @ self.weights + self.intercept)

    def _reader(self, **settings):
        from sklearn.feature_extraction.text import CountVectorizer

        reading = {"tokenizer": tokenize, "token_pattern": None, "lowercase": False}
        return CountVectorizer(**reading, ngram_range=(1, self.settings["longest"]), **settings)

    def _write(self, folder, prefix=""):
        (folder / f"{prefix}vocabulary.json").write_text(
            json.dumps(self.vocabulary, ensure_ascii=False, indent=0) + "\n", encoding="utf-8"
        )
        arrays = {"scale": self.scale, "weights": self.weights, "intercept": np.array(self.intercept)}
        np.savez_compressed(folder / f"{prefix}weights.npz", **arrays)

    def _read(self, folder, prefix=""):
        self.vocabulary = json.loads((folder / f"{prefix}vocabulary.json").read_text(encoding="utf-8"))
        with np.load(folder / f"{prefix}weights.npz", allow_pickle=False) as arrays:
            self.scale, self.weights, self.intercept = arrays["scale"], arrays["weights"], float(arrays["intercept"])
