"""Batches of sequences of similar length, each padded only to its own longest.

A batch must be a rectangle. Where one length serves all, a network reads filling for most of its time; where sequences
of similar length come together, it hardly reads any. `LengthBatches` feeds `model.fit` either way, from the same
seed, so that the two can be compared. The chapter ``35_padding_masking`` does.

>>> batches = LengthBatches([[5, 3], [7], [4, 4, 4, 4], [9]], [1, 0, 1, 0], batch_size=2)
>>> sorted(x.shape for x, labels in (batches[0], batches[1]))
[(2, 1), (2, 4)]
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

import keras
import numpy as np

from gru_book.data.tokens import PAD

MOST_STEPS = 2**19  # of a batch of several texts, padding included: a longer text is read alone

MOST_PADDED = 4  # times the steps of its own texts that a batch may have: a text far longer than others is read alone


class LengthBatches(keras.utils.PyDataset):
    """Every sequence once an epoch, in batches of similar length and in a seeded order that changes every epoch.

    In each epoch all sequences are shuffled, sorted by length (those of the same length stay shuffled), cut into
    batches, and the batches are shuffled. (The second batch is of another length than the first where there is one:
    Keras takes a length that the first two share for that of all.) One batch is an int32 array of ids, (batch, steps),
    and a float32 array of labels, (batch,); ``steps`` is the length of its longest sequence.

    Pass it to ``model.fit(batches, shuffle=False)``: then ``seed`` alone decides the order (Keras would shuffle the
    batches once more by its own seed). The ids 0 are padding: build the model with ``Embedding(mask_zero=True)``.

    Args:
        sequences: lists of ids from 1 up, at least one id each.
        labels: one number for each sequence.
        batch_size: sequences in a batch; the batch that holds the longest ones is smaller where they do not divide.
        maxlen: ids that are kept of a longer sequence; None keeps all.
        by_length: True as above. False mixes all lengths and pads every batch to ``maxlen`` (to the longest sequence
            where that is None): the usual way, for comparison.
        multiple: ``steps`` is rounded up to a multiple of this (not beyond ``maxlen``). Fewer different shapes, so less
            to compile under XLA, and sequences of the same rounded length are mixed freely; a little more padding.
        padding: "post" fills after the sequence, "pre" before it.
        truncating: "pre" cuts the beginning of a long sequence and keeps its last ids, "post" keeps its first.
        seed: of the order; the same seed gives the same batches in every epoch.

    Raises:
        ValueError: an argument is not as described; the message names it and what is allowed.
    """

    def __init__(
        self,
        sequences: Sequence[Sequence[int]],
        labels: Sequence[float],
        batch_size: int = 32,
        *,
        maxlen: int | None = None,
        by_length: bool = True,
        multiple: int = 1,
        padding: str = "post",
        truncating: str = "pre",
        seed: int = 0,
    ):
        """Check, truncate, and put the first epoch in order."""
        super().__init__()
        for name, value, least in (("batch_size", batch_size, 1), ("multiple", multiple, 1), ("seed", seed, 0)):
            _check_whole(name, value, least)
        if maxlen is not None:
            _check_whole("maxlen", maxlen, 1)
        for name, value in (("padding", padding), ("truncating", truncating)):
            if value not in ("pre", "post"):
                raise ValueError(f'{name} is {value!r}; allowed: "pre" and "post"')
        sequences = [_checked(number, ids) for number, ids in enumerate(sequences)]
        self.labels = np.asarray(labels, dtype="float32")
        if not sequences or self.labels.shape != (len(sequences),):
            raise ValueError(
                f"{len(sequences)} sequences, labels of shape {self.labels.shape}; expected at least one sequence and "
                "one label for each"
            )
        if maxlen is not None:
            sequences = [ids[-maxlen:] if truncating == "pre" else ids[:maxlen] for ids in sequences]
        self.sequences = sequences
        self.lengths = np.array([len(ids) for ids in sequences])
        longest = int(self.lengths.max()) if maxlen is None else int(maxlen)
        rounded = -(-self.lengths // multiple) * multiple
        most = longest if maxlen is not None else int(rounded.max())
        self.padded = np.minimum(rounded, most) if by_length else np.full(len(sequences), most)
        self.batch_size, self.padding, self.seed, self.epoch = int(batch_size), padding, int(seed), 0
        self._order()

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return -(-len(self.sequences) // self.batch_size)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return batch `number` of this epoch: ids (batch, steps) and labels (batch,); IndexError beyond the last."""
        rows = self.rows[number]
        x = np.full((len(rows), int(self.padded[rows].max())), PAD, "int32")
        for line, row in zip(x, rows, strict=True):
            length = self.lengths[row]
            line[slice(length) if self.padding == "post" else slice(len(line) - length, None)] = self.sequences[row]
        return x, self.labels[rows]

    def on_epoch_end(self) -> None:
        """Put the next epoch in order; Keras calls it."""
        self.epoch += 1
        self._order()

    def padding_share(self) -> float:
        """Return the share of this epoch's steps that read padding, between 0 and 1."""
        steps = sum(len(rows) * int(self.padded[rows].max()) for rows in self.rows)
        return 1 - int(self.lengths.sum()) / steps

    def shapes(self) -> list[tuple[int, int]]:
        """Return the different shapes (batch, steps) of this epoch's batches, sorted."""
        return sorted({(len(rows), int(self.padded[rows].max())) for rows in self.rows})

    def _order(self) -> None:
        rng = np.random.default_rng([self.seed, self.epoch])
        self.rows = _cut_by_length(self.padded, self.batch_size, rng)
        # Keras looks at the first two batches of a fit and, were they of one length, would refuse all others.
        steps = [int(self.padded[rows].max()) for rows in self.rows]
        other = next((number for number, length in enumerate(steps) if length != steps[0]), 0)
        if other > 1:
            self.rows[1], self.rows[other] = self.rows[other], self.rows[1]


def _check_whole(name: str, value, least: int) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is {value!r}; allowed: whole numbers from {least} up")


def _checked(number: int, ids) -> np.ndarray:
    ids = np.asarray(ids)
    if ids.ndim != 1 or len(ids) == 0 or not np.issubdtype(ids.dtype, np.integer) or ids.min() <= PAD:
        raise ValueError(
            f"sequence {number} has shape {ids.shape} and dtype {ids.dtype}; expected a list of at least one id, whole "
            "numbers from 1 up (0 is padding)"
        )
    return ids.astype("int32")


def batches_by_length(encoded: list[np.ndarray], batch_size: int, multiple: int, rng=None) -> list[np.ndarray]:
    """Return the rows of each batch: texts of similar length together, in random order where `rng` is given.

    `multiple` is that of `padded`; texts that it makes equally long are mixed freely. A batch has at most `batch_size`
    texts, and fewer where one text is so much longer than the others that most of the batch would be padding, or where
    all are so long that the batch would not fit into memory: see MOST_STEPS and MOST_PADDED.
    """
    steps = np.array([-(-len(ids) // multiple) * multiple for ids in encoded])
    return _cut_by_length(steps, batch_size, rng, bounded=True)


def _cut_by_length(steps: np.ndarray, batch_size: int, rng=None, bounded: bool = False) -> list[np.ndarray]:
    """Return the rows of sequences of `steps`, shortest first, cut into batches; shuffled by `rng` before and after."""
    order = np.arange(len(steps)) if rng is None else rng.permutation(len(steps))
    order = order[np.argsort(steps[order], kind="stable")]
    starts = _bounded_starts(steps[order], batch_size) if bounded else range(batch_size, len(order), batch_size)
    batches = np.split(order, starts)
    return batches if rng is None else [batches[number] for number in rng.permutation(len(batches))]


def _bounded_starts(steps: np.ndarray, batch_size: int) -> list[int]:
    """Return where batches but the first begin; `steps` rise, and all of a batch are padded to those of its last."""
    starts, begin, own = [], 0, 0  # own: steps of the batch's texts themselves
    for place, length in enumerate(steps.tolist()):
        texts = place - begin + 1
        whole = texts * length
        if texts > 1 and (texts > batch_size or whole > MOST_STEPS or whole > MOST_PADDED * (own + length)):
            starts.append(place)
            begin, own = place, 0
        own += length
    return starts


def padded(encoded: list[np.ndarray], multiple: int) -> np.ndarray:
    """Return one batch: ids (batch, steps, tables), padding behind, steps rounded up to a multiple of `multiple`."""
    steps = -(-max(map(len, encoded)) // multiple) * multiple
    batch = np.full((len(encoded), steps, encoded[0].shape[1]), PAD, np.int32)
    for row, ids in zip(batch, encoded, strict=True):
        row[: len(ids)] = ids
    return batch
