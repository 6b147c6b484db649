"""Tokens: ids of words and of runs of words."""

import numpy as np

from gru_book.data.tokens import FIRST, START, UNKNOWN, Tokens

TEXTS = ["Not good, not good!", "good film", "A bad film", "not bad"]


def test_a_text_becomes_ids_of_tokens_and_of_runs():
    tokens, encoded = Tokens.fit(TEXTS, max_words=10, longest=3, fewest=1, max_runs=100)
    for ids, again in zip(encoded, tokens.encode(TEXTS), strict=True):
        np.testing.assert_array_equal(ids, again)
    words = ["not", "good", ",", "not", "good", "!"]
    assert encoded[0].shape == (7, 3)
    assert [tokens.words[i - FIRST] for i in encoded[0][1:, 0]] == words
    assert encoded[0][0].tolist() == [START] * 3
    pairs = encoded[0][:, 1]
    assert pairs[1] == UNKNOWN  # no pair ends at the first word
    assert pairs[2] == pairs[5] >= FIRST  # "not good" twice
    assert len(set(pairs[2:].tolist())) == 4
    assert (encoded[0][1:3, 2] == UNKNOWN).all()
    assert tokens.encode(["zebra good"])[0][1:].tolist() == [[UNKNOWN] * 3, [encoded[0][2, 0], UNKNOWN, UNKNOWN]]
    assert tokens.encode([""])[0].tolist() == [[START] * 3]


def test_rare_runs_are_left_out_and_tables_have_a_limit():
    tokens, _ = Tokens.fit(TEXTS, max_words=3, longest=2, fewest=2, max_runs=100)
    assert tokens.words == ["not", "good", "film"]
    assert len(tokens.runs[0]) == 1
    assert tokens.sizes == [FIRST + 3, FIRST + 1]
    assert len(Tokens.fit(TEXTS, 10, 2, 1, 2)[0].runs[0]) == 2
