"""The gate explorer of page 37 in Jupyter, for a network of your own.

>>> from gru_book.web.jupyter import Explorer  # doctest: +SKIP
>>> Explorer.from_keras(model, vocabulary)  # doctest: +SKIP

It shows what the site shows, with the same code (`web/explorer.js`): gates, states and the running probability word
by word, and what the verdict would be without a word. Everything is computed in the browser; the kernel only hands
the weights over. Needs the package anywidget.
"""

from __future__ import annotations

from collections.abc import Sequence

from gru_book.export.web import Packed, pack
from gru_book.web import components

TEXTS = ("This movie is good.", "This movie is not good.")


class Explorer:
    """An explorer for one network; the last value of a cell shows it.

    packed: the network, from `gru_book.export.web.pack`. texts: the two texts to begin with; after the reader has
    typed others, `texts` holds those.
    """

    def __init__(self, packed: Packed, texts: Sequence[str] = TEXTS):
        """Take the network and two texts; ValueError where it is no `Packed`, or they are not two strings."""
        if not isinstance(packed, Packed):
            raise ValueError(f"packed is a {type(packed).__name__}; expected what gru_book.export.web.pack returns")
        if isinstance(texts, str) or len(texts) != 2 or not all(isinstance(text, str) for text in texts):
            raise ValueError(f"texts is {texts!r}; expected two strings")
        self.packed, self._texts, self._widget = packed, list(texts), None

    @classmethod
    def from_keras(cls, model, vocabulary, texts: Sequence[str] = TEXTS) -> Explorer:
        """Return an explorer for a Keras model with one Embedding, one GRU and one Dense(1, sigmoid).

        vocabulary: what turns texts into the model's ids, a `gru_book.data.vocabulary.Vocabulary` or
        `gru_book.data.tokens.Tokens` of single tokens. The table of vectors is rounded to int8, with a scale a row.

        The explorer reads texts without padding. A network that does not mask padding answers otherwise where it pads
        a text: then a warning says so, and so does the line above the texts.

        Raises ValueError, with the reason, where the model is of another shape or computes something else besides, in
        another dtype than float32 or float64, or with weights that are not finite; and where the vocabulary has ids
        that the Embedding lacks. Page 37 shows what can be seen.
        """
        return cls(pack(model, vocabulary), texts)

    @property
    def texts(self) -> list[str]:
        """Return the two texts, as the reader left them."""
        return list(self._widget.texts) if self._widget is not None else list(self._texts)

    def traits(self) -> dict:
        """Return what the browser gets: the network's bytes, the texts, and pairs of texts to pick from."""
        examples = [{"name": "good and not good", "a": TEXTS[0], "b": TEXTS[1]}]
        return {"weights": self.packed.data, "texts": list(self._texts), "examples": examples}

    def widget(self):
        """Return the widget, made once; ImportError where anywidget is not installed."""
        if self._widget is None:
            self._widget = components.widget("explorer", **self.traits())
        return self._widget

    def _repr_mimebundle_(self, **settings):
        return self.widget()._repr_mimebundle_(**settings)
