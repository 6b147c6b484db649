"""Precomputed examples of a live component, as elements of a page."""

from __future__ import annotations

import html
import json

import numpy as np

from gru_book.analysis.attribution import occlusion
from gru_book.data.tokens import tokenize
from gru_book.data.vocabulary import words as keras_words
from gru_book.export.web import Packed
from gru_book.layers.activations import sigmoid


def text_to_words(reading: str, text: str) -> list[str]:
    """Return the words of a text as the browser has them."""
    return keras_words(text) if reading == "keras" else tokenize(text)


def precomputed(packed: Packed, vocabulary, texts: list[str]) -> list[dict]:
    """Return what the explorer shows of `texts` until its weights have arrived, numbers in thousandths.

    Units are ordered by their weight in the answer, those that raise it first.
    """
    reader, header = packed.reader(), packed.header
    order, found = np.argsort(-reader.w, kind="stable"), []
    for text in texts:
        ids = first_column(vocabulary.encode([text])[0])
        trace, whole = reader.trace(ids[None]), reader.score(ids)
        entry = {"text": text, "words": ["[start]", *text_to_words(header["reading"], text)]}
        entry["known"] = (ids != header["unknown"]).astype(int).tolist()
        entry["score"] = _thousandths(reader.log_odds(trace.hidden_state[0]))
        entry["without"] = _thousandths(whole - occlusion(reader, ids))
        for name in ("update_gate", "reset_gate", "hidden_state"):
            entry[name] = _thousandths(getattr(trace, name)[0][:, order].ravel())
        found.append(entry)
    return found


def _thousandths(values: np.ndarray) -> list[int]:
    return np.round(1000 * values).astype(int).tolist()


def element(weights_file: str, examples: list[dict], ready: list[dict], words: str) -> str:
    """Return the HTML that becomes the explorer on the site; everywhere else it shows `words` and tables of `ready`.

    weights_file: the script of `Packed.write`, as PAGE/NAME.js. examples: `name`, `a` and `b` of pairs of texts, the
    first pair shown at once. ready: `precomputed` of these two texts.
    """
    as_json = {"examples": examples, "precomputed": ready}
    data = {name: json.dumps(value, ensure_ascii=False, separators=(",", ":")) for name, value in as_json.items()}
    data["weights-file"] = weights_file
    attributes = "".join(f' data-{name}="{html.escape(value)}"' for name, value in data.items())
    still = "".join(map(_still, ready))
    return f'<div data-gru-book="explorer"{attributes}><div><p>{html.escape(words)}</p>{still}</div></div>'


def _still(entry: dict) -> str:
    """Return a table of one precomputed text: its words, the probability after each, the gates' means over units."""
    import pandas as pd

    score, steps = np.array(entry["score"]) / 1000, len(entry["words"])
    rows = {"probability so far": sigmoid(score)}
    for name in ("update_gate", "reset_gate"):
        values = np.reshape(entry[name], (steps, -1)) / 1000  # (steps, units)
        rows[f"{name.replace('_', ' ')}, mean"] = values.mean(axis=1)
    table = pd.DataFrame(rows, index=pd.Index(entry["words"], name="word"))
    return table.map("{:.2f}".format).to_html()


def first_column(ids) -> np.ndarray:
    """Return the ids of single tokens, (steps,), of a text's ids (steps,) or (steps, tables)."""
    ids = np.asarray(ids)
    return ids[:, 0] if ids.ndim == 2 else ids
