"""Many texts read at once."""

import numpy as np
import pytest

from gru_book.analysis import attribution
from gru_book.analysis.traces import read_all

IDS = np.array([1, 5, 7, 5, 2, 9, 3])


def test_reading_many_texts_is_reading_each(reader, monkeypatch):
    texts = [IDS, IDS[:2], IDS[2:], IDS[:1]]
    monkeypatch.setattr(attribution, "MOST_STEPS", 10)  # several batches
    read = read_all(reader, texts)
    assert read.id.tolist() == np.concatenate(texts).tolist()
    assert read.text.tolist() == [0] * 7 + [1] * 2 + [2] * 5 + [3]
    assert read.place[7:9].tolist() == [0, 1]
    halvings = []
    for n, ids in enumerate(texts):
        trace, rows = reader.cell.forward(reader.table[ids][None]), read.text == n
        np.testing.assert_allclose(read.last_state[n], trace.last_state[0])
        np.testing.assert_allclose(read.update_gate[rows], trace.update_gate[0].mean(axis=1))
        np.testing.assert_allclose(read.reset_gate[rows], trace.reset_gate[0].mean(axis=1))
        states = np.concatenate([np.zeros((1, 4)), trace.hidden_state[0]])
        np.testing.assert_allclose(read.moved[rows], np.linalg.norm(np.diff(states, axis=0), axis=1), atol=1e-12)
        for step in range(len(ids)):  # the score of the text that ends here
            assert read.score[rows][step] == pytest.approx(reader.score(ids[: step + 1]))
        halvings.append(-np.log2(1 - trace.update_gate[0]))
    np.testing.assert_allclose(read.unit_copies, np.concatenate(halvings).mean(axis=0))
