"""Answers of Python that the browser's code has to repeat."""

from __future__ import annotations

import numpy as np

from gru_book.export.web import Packed
from gru_book.layers.activations import sigmoid
from gru_book.web.markup import first_column


def golden_texts(words: list[str]) -> list[tuple[str, int]]:
    """Return texts that a tokeniser or a loop can stumble over: (text, how often it is repeated)."""
    marks = "".join(chr(code) for code in range(32, 127) if not chr(code).isalnum())
    return [
        ("", 1),
        (words[0], 1),
        ("This movie is not good.", 1),
        (f"don't{marks}stop", 1),
        ("Good.<br /><br />BAD<br/>film\tand\nso\u00a0on the\u00a0end", 1),
        ("\u00c9t\u00e9 CAF\u00c9 \u0130stanbul I\u0131 stra\u00dfe \u039f\u0394\u039f\u03a3 \u00b2\u00bd 7/10", 1),
        ("I don\u2019t \u201clike\u201d it \U0001f44e\U0001f3fd! \u0939\u0940\u0930\u093e \u5f88\u597d\u3002", 1),
        ("it is not a bad film at all, ", 375),  # 3,000 words
    ]


def golden(model, packed: Packed, vocabulary, texts: list[tuple[str, int]], digits: int = 8) -> list[dict]:
    """Return what the network says of texts at a few of their steps: probability by Keras, gates and states by NumPy.

    model: a Keras model that has the weights of `packed`. Gates are in the book's convention. Each entry has `text`,
    `times`, `num_steps`, `ids` (of up to 40 steps), `answer`, `steps`, and for these `probability`, `update_gate`,
    `reset_gate` and `hidden_state`.
    """
    reader, entries = packed.reader(), []
    for text, times in texts:
        ids = np.array(first_column(vocabulary.encode([text * times])[0]))
        trace = reader.trace(ids[None])
        steps = sorted({0, 1, len(ids) // 2, len(ids) - 2, len(ids) - 1} & set(range(len(ids))))
        asked = ids.reshape(1, -1, *[1] * (len(model.input_shape) - 2)).astype("int32")
        entry = {"text": text, "times": times, "num_steps": len(ids), "ids": ids[:40].tolist()}
        entry["answer"] = round(float(np.ravel(model.predict_on_batch(asked))[0]), digits)
        entry["steps"] = steps
        entry["probability"] = sigmoid(reader.log_odds(trace.hidden_state[0, steps])).round(digits).tolist()
        for name in ("update_gate", "reset_gate", "hidden_state"):
            entry[name] = getattr(trace, name)[0, steps].round(digits).tolist()
        entries.append(entry)
    return entries
