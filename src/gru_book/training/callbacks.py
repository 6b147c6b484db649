"""What a training with Keras shows: a progress bar that leaves no output in the notebook, and its history as a table.

Early stopping is Keras's own callback; searches use it, in `tuning/tuner.py`.
"""

import time
from collections.abc import Callable

import keras
import numpy as np
import pandas as pd
from IPython.display import display

from gru_book.progress import has_channel, send


class Progress(keras.callbacks.Callback):
    """Shows epoch, batch, loss and time left while a model trains.

    In Jupyter it is one line under the cell. When the pipeline runs the page (the environment variable
    GRU_BOOK_PROGRESS names a file) the line goes there, the command line shows it, and the notebook stays clean.
    """

    def __init__(self, name: str | Callable[[], str] = "training", every: float = 2.0):
        """Show `name` (a text, or a function asked at each start) and a new state at most every `every` seconds."""
        super().__init__()
        self.asked_name, self.every = name, every

    def on_train_begin(self, logs=None):
        """Start the clock."""
        self.started = self.shown = time.monotonic()
        self.name = self.asked_name() if callable(self.asked_name) else self.asked_name
        self.line = None if has_channel() else display({"text/plain": f"{self.name} …"}, raw=True, display_id=True)

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch."""
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Show the state, now and then."""
        now = time.monotonic()
        if now - self.shown < self.every:
            return
        self.shown = now
        epochs, steps = self.params["epochs"], self.params["steps"]
        done = (self.epoch * steps + batch + 1) / (epochs * steps)
        self._show(
            "state",
            f"{self.name}: epoch {self.epoch + 1}/{epochs}, batch {batch + 1}/{steps}, "
            f"loss {logs['loss']:.3f}, {(now - self.started) * (1 - done) / done:.0f} s left",
        )

    def on_train_end(self, logs=None):
        """Say that it is done."""
        self._show("line", f"{self.name}: done in {time.monotonic() - self.started:.0f} s")

    def _show(self, kind: str, text: str) -> None:
        send(kind, text)
        if self.line is not None:
            self.line.update({"text/plain": text}, raw=True)


def history_table(history: keras.callbacks.History) -> pd.DataFrame:
    """Return a `fit`'s history as a table: one row an epoch (from 1), one column a measure."""
    table = pd.DataFrame(history.history)
    table.insert(0, "epoch", np.arange(1, len(table) + 1))
    return table
