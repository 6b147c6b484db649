"""Naive Bayes' log-odds of tokens and runs of tokens, counted on texts other than the one that reads them.

The log-odds of a token, log p(token | 1) - log p(token | 0), say how much a text's label follows from the token's being
there (Wang & Manning 2012, equation 2, with alpha = 1 on the texts that hold it). A network that reads them learns too
much trust in them if the text itself was counted: a rare token then gives the label away. Cross-fitting keeps them
honest: the texts are dealt into folds, and a text reads the log-odds of the other folds. New texts read those of all.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from gru_book.data.tokens import FIRST

TEACHER_C = 0.1  # inverse strength of the teacher's penalty: the middle of the grid of the recipe "nbsvm"


def folds_of(texts: list[str], labels: np.ndarray, folds: int) -> np.ndarray:
    """Return the fold of each text, int array (texts,): equal blocks of each label, in the order of the texts.

    Texts that stand side by side share a fold. So reviews that are listed film by film are held apart by film, and a
    list in any other order text by text. A text that comes twice has the fold of the first.
    """
    fold = np.empty(len(labels), int)
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        fold[rows] = np.arange(len(rows)) * folds // max(len(rows), 1)
    first = {text: row for row, text in reversed(list(enumerate(texts)))}
    return fold[[first[text] for text in texts]]


class LogOdds:
    """The log-odds of every id, counted on all texts and on those of all folds but one.

    After the counting: `tables`, float32 arrays (ids,), one a table of ids, from all texts; `without`, float32 arrays
    (folds, ids), from the texts outside of each fold. Ids below FIRST, which stand for no token, have log-odds 0.
    """

    def __init__(self, encoded: list[np.ndarray], labels: np.ndarray, fold: np.ndarray, sizes: list[int]):
        """Count: ids of the texts, int arrays (steps, tables); labels and folds, int arrays (texts,); ids a table.

        With a single fold there are no others, and a text reads what it was counted for itself.
        """
        folds = int(fold.max()) + 1
        self.tables, self.without = [], []
        for table, size in enumerate(sizes):
            counts = np.zeros((folds, 2, size), np.float32)  # texts of a fold and label that hold the id
            for ids, label, own in zip(encoded, labels, fold, strict=True):
                counts[own, label, ids[:, table]] += 1  # once, however often the text has the id: so NumPy indexes
            total = counts.sum(axis=0)
            others = total - counts if folds > 1 else total[None]
            self.tables.append(_log_odds(total))
            self.without.append(np.stack([_log_odds(of_others) for of_others in others]))

    def read(self, ids: np.ndarray, fold: int | None = None) -> np.ndarray:
        """Return what a text of a fold, or a new text, reads: float32 array (steps, tables), for ids of that shape."""
        known = self.tables if fold is None else [rows[fold] for rows in self.without]
        return np.stack([of_ids[ids[:, table]] for table, of_ids in enumerate(known)], axis=1)


def _log_odds(counts: np.ndarray) -> np.ndarray:
    """Return the log-odds of ids, (ids,), from the numbers of texts that hold them, (2, ids)."""
    smoothed = counts.astype(float)[:, FIRST:] + 1
    odds = np.log(smoothed / smoothed.sum(axis=1, keepdims=True))
    return np.concatenate([np.zeros(FIRST), odds[1] - odds[0]]).astype(np.float32)


def teacher(
    encoded: list[np.ndarray], labels: np.ndarray, fold: np.ndarray, odds: LogOdds, seed: int = 0
) -> np.ndarray:
    """Return P(1) of each text as an NB-SVM sees it that has learnt from the other folds, float array (texts,).

    It is the model of the recipe "nbsvm" on the ids that the network reads: a text's columns hold the log-odds of the
    ids in it, and a logistic regression weighs them. Where the other folds hold one label only there is nothing to
    learn, and the text's own label stands.
    """
    from sklearn.linear_model import LogisticRegression

    starts = np.cumsum([0, *map(len, odds.tables)])  # the first column of each table

    def known(ids: np.ndarray) -> np.ndarray:
        return np.concatenate([start + np.unique(of[of >= FIRST]) for start, of in zip(starts, ids.T, strict=False)])

    columns = [known(ids) for ids in encoded]

    def features(rows: np.ndarray, scale: np.ndarray) -> sparse.csr_matrix:
        there = np.concatenate([columns[row] for row in rows])
        ends = np.cumsum([0, *(len(columns[row]) for row in rows)])
        return sparse.csr_matrix((scale[there], there.astype(np.int32), ends), (len(rows), len(scale)))

    probability = labels.astype(float)
    for number in range(int(fold.max()) + 1):
        own, others = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        if len(own) and len(set(labels[others].tolist())) == 2:
            scale = np.concatenate([rows[number] for rows in odds.without])
            model = LogisticRegression(C=TEACHER_C, solver="liblinear", dual=True, max_iter=1000, random_state=seed)
            model.fit(features(others, scale), labels[others])
            probability[own] = model.predict_proba(features(own, scale))[:, 1]
    return probability
