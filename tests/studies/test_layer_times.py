"""The study of layer times: what it says where a peer is missing."""

import importlib.util

import pytest

from gru_book.errors import BookError
from gru_book.studies import layer_times


def test_a_missing_peer_is_one_line_that_says_what_to_do(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    case = layer_times.cases()[0]
    with pytest.raises(BookError) as raised:
        layer_times.run_case(**case)
    assert str(raised.value) == (
        'study layer_times: onnxruntime and torch not installed; the extra "peers" has them: '
        '.venv/bin/pip install -e ".[peers]"'
    )
