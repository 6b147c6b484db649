"""Gates and states of a trained layer over many texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gru_book.analysis.attribution import MOST_STEPS
from gru_book.models.reader import PAD, Reader


class Reading(NamedTuple):
    """What a network did with many texts, one row a word: all texts one after another, in their order.

    text, place: which text, and which step of it. id: of the word. update_gate, reset_gate: means over units.
    score: log-odds after this step. moved: length of the change of the state. last_state: one row a text, (texts,
    units). unit_copies: for each unit the mean of -log2(1 - z) over all steps, (units,): the halvings in a step of
    what is merely copied.
    """

    text: np.ndarray
    place: np.ndarray
    id: np.ndarray
    update_gate: np.ndarray
    reset_gate: np.ndarray
    score: np.ndarray
    moved: np.ndarray
    last_state: np.ndarray
    unit_copies: np.ndarray


def read_all(reader: Reader, encoded: Sequence[np.ndarray]) -> Reading:
    """Read texts (each ids (steps,), at least one) in batches of similar length and note what happened at each step."""
    rows, states = [None] * len(encoded), np.empty((len(encoded), len(reader.w)))
    halvings = np.zeros(len(reader.w))
    for members in _batches([len(ids) for ids in encoded]):
        ids = np.full((len(members), max(len(encoded[n]) for n in members)), PAD)
        for line, n in zip(ids, members, strict=True):
            line[: len(encoded[n])] = encoded[n]
        trace = reader.trace(ids)
        opened = trace.update_gate if reader.cell.z_weighs == "new" else 1 - trace.update_gate
        score, (update, reset) = reader.log_odds(trace.hidden_state), (a.mean(2) for a in (opened, trace.reset_gate))
        before = np.concatenate([trace.initial_state[:, None], trace.hidden_state], axis=1)[:, :-1]
        moved = np.linalg.norm(trace.hidden_state - before, axis=2)
        halvings -= np.log2(np.maximum(1 - opened[ids != PAD], 1e-300)).sum(axis=0)
        states[members] = trace.last_state
        for line, n in enumerate(members):
            steps = len(encoded[n])
            columns = [np.full(steps, n), np.arange(steps), ids[line, :steps]]
            rows[n] = columns + [a[line, :steps] for a in (update, reset, score, moved)]
    columns = [np.concatenate(parts) for parts in zip(*rows, strict=True)]
    return Reading(*columns, states, halvings / len(columns[0]))


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield row numbers in groups of similar length, each of at most `MOST_STEPS` steps with its padding."""
    members = []
    for n in np.argsort(lengths, kind="stable"):
        if members and (len(members) + 1) * lengths[n] > MOST_STEPS:
            yield members
            members = []
        members.append(int(n))
    if members:
        yield members
