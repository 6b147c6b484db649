"""The linear recipes: a logistic regression on n-grams, weighted by TF-IDF or by naive Bayes' log-count ratios.

Page 32 explains both step by step. Importing this module imports neither TensorFlow nor scikit-learn.
"""

from __future__ import annotations

import numpy as np

from gru_book import progress
from gru_book.data.tokens import tokenize
from gru_book.files import write_json
from gru_book.models import saving
from gru_book.models.classifier import Classifier, held_back

FEW_TEXTS = 100  # up to here n-grams that occur in a single text are kept


class NGramClassifier(Classifier):
    """A logistic regression on n-grams, weighted by TF-IDF ("tfidf") or by naive Bayes' log-count ratios ("nbsvm").

    settings: those of `NGramSettings`.
    After the fit: `vocabulary` (n-grams in the order of the columns), `scale` (columns,), the factor of each column
    (idf, or log-count ratio), `weights` (columns,), `intercept`.

    "nbsvm" is the NB-SVM of Wang & Manning (2012), "Baselines and Bigrams", equations 3 and 4 with alpha = 1 on
    binarised counts, in the variant with the logistic loss in place of their squared hinge loss, so that it gives
    probabilities, and without their interpolation (beta = 1): as in the program of Mesnil et al. (2014).
    """

    prefix = ""  # before the names of the files that it writes

    def fit(self, texts, labels, validation=None):
        """Count n-grams, choose C on the validation texts, and fit on all others."""
        reader = self.reader(min_df=2 if len(texts) > FEW_TEXTS else 1)
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
        C = self.settings.default
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
        for C in progress.bar(self.settings.grid, f"{self.recipe}: choosing C"):
            self._fit_weights(features, labels, C)
            right = (held_features @ self.weights + self.intercept > 0) == held_labels
            accuracy.append(float(np.mean(right)))
        return self.settings.grid[int(np.argmax(accuracy))], accuracy  # on a tie the smaller C: more regularised

    def _fit_scale(self, counts, labels):
        from sklearn.feature_extraction.text import TfidfTransformer

        if self.settings.weighting == "tfidf":
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
        features.data = 1 + np.log(features.data) if self.settings.weighting == "tfidf" else np.ones(features.nnz)
        features = features.multiply(self.scale).tocsr()
        return normalize(features) if self.settings.weighting == "tfidf" else features

    def _predict(self, texts):
        from scipy.special import expit

        counts = self.reader(vocabulary=self.vocabulary).transform(texts)
        return expit(self._features(counts) @ self.weights + self.intercept)

    def reader(self, **settings):
        """Return the scikit-learn vectorizer that counts n-grams; `settings` go to it."""
        from sklearn.feature_extraction.text import CountVectorizer

        reading = {"tokenizer": tokenize, "token_pattern": None, "lowercase": False}
        return CountVectorizer(**reading, ngram_range=(1, self.settings.longest), **settings)

    @property
    def files(self):
        """Return the names of its two files."""
        return {f"{self.prefix}vocabulary.json", f"{self.prefix}weights.npz"}

    def write(self, folder):
        """Write n-grams, and the scale and weight of each."""
        write_json(folder / f"{self.prefix}vocabulary.json", self.vocabulary, indent=0)
        arrays = {"scale": self.scale, "weights": self.weights, "intercept": np.array(self.intercept)}
        np.savez_compressed(folder / f"{self.prefix}weights.npz", **arrays)

    def read(self, folder):
        """Read n-grams, and the scale and weight of each."""
        self.vocabulary = saving.read_words(folder / f"{self.prefix}vocabulary.json")
        columns = (len(self.vocabulary),)
        expected = {"scale": (float, columns), "weights": (float, columns), "intercept": (float, ())}
        arrays = saving.read_arrays(folder / f"{self.prefix}weights.npz", expected)
        self.scale, self.weights, self.intercept = arrays["scale"], arrays["weights"], float(arrays["intercept"])
