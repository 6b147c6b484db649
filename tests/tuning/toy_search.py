"""A search without a network, for the tests of chief and workers: `gru-book tune toy_search:toy`."""

import os
import sys
import time
from pathlib import Path

from gru_book.cli import main
from gru_book.tuning.search import ScoredModel, Search


class Toy(ScoredModel):
    def __init__(self, bad: str, hold: str, widest: int):
        super().__init__()
        self.bad, self.hold, self.widest = bad.split(","), hold, widest

    def build(self, hp):
        hp.Int("units", 1, self.widest)

    def fit(self, hp, model, epochs, **_):
        time.sleep(0.1)
        while self.hold and Path(self.hold).exists():
            time.sleep(0.05)
        if str(hp.get("units")) in self.bad:
            raise ValueError(f"{hp.get('units')} units do not fit")
        return {"val_accuracy": 1 - abs(hp.get("units") - 5.2) / 20}


def toy(*, bad: str = "", hold: str = "", widest: int = 16, seed: int = 0, **search) -> Search:
    """bad: units whose trials raise, with commas. hold: a file; while it exists no trial ends."""
    return Search("toy", Toy(bad, hold, widest), dict, {"widest": widest}, seed=seed, **search)


def empty(*, seed: int = 0, **search) -> Search:
    return Search("empty", lambda hp: None, dict, seed=seed, **search)


def command(arguments: list[str], log: Path) -> None:
    """Be the command line in this new process."""
    _apart(log)
    sys.exit(main(arguments))


def script(text: str, programs: Path, log: Path) -> None:
    """Be a shell in this new process, which finds the programs in that folder first."""
    _apart(log)
    os.environ["PATH"] = f"{programs}:{os.environ['PATH']}"
    os.execvp("bash", ["bash", "-c", text])


def dense_search(folder: Path, stop_at: int, log: Path) -> None:
    """Be a search for dense networks in this new process, killed when it builds one after `stop_at` trials."""
    import keras
    import numpy as np

    from gru_book.training.seeding import set_seed
    from gru_book.tuning.tuner import run_search

    _apart(log)
    set_seed(0)
    x, y = np.arange(80).reshape(16, 5) % 20, np.arange(16) % 2

    def model(hp):
        if len(list(folder.glob("trial_*"))) > stop_at:
            os._exit(9)
        keras.utils.set_random_seed(0)
        hidden = keras.layers.Dense(hp.Int("units", 1, 8), activation="tanh")
        dense = keras.layers.Dense(1, activation="sigmoid")
        embedding = [keras.Input((5,)), keras.layers.Embedding(20, 2), keras.layers.Flatten()]
        network = keras.Sequential([*embedding, hidden, dense])
        network.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
        return network

    data = {"x": x, "y": y, "validation_data": (x, y)}
    run_search(Search("small", model, lambda: data, max_epochs=3), folder)


def _apart(log: Path) -> None:
    """Give this process a group of its own; what it and its children say goes into `log`, and they find this module."""
    os.setsid()
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    with open(log, "w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
