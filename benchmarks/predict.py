"""`predict_proba` of 24,904 reviews beside PyTorch: `.venv/bin/python benchmarks/predict.py [--rounds N] [NAME …]`.

The recipe's network, with random weights, against `torch.nn.GRU` of the same shape and weights, on the same ids in the
same batches of similar length; both answers are compared first. The two take turns, round by round; the table shows the
median of the ratios of a round, with the smallest and the largest. Reading the texts into ids is the same for both and
stands apart. Needs PyTorch: `pip install .[peers]`.
"""

import argparse
import time

import keras
import numpy as np

from gru_book import recipes
from gru_book.data import tokens
from gru_book.data.batching import batches_by_length, padded
from gru_book.data.reviews import load_in_file_order, without_duplicates
from gru_book.models import keras_classifier
from gru_book.models.gru_classifier import GRUClassifier

NAMES = ("fast", "web")


def torch_reader(classifier: GRUClassifier):
    """Return a function of encoded texts that gives P(1), computed by PyTorch with the weights of the classifier."""
    import torch

    settings = classifier.settings
    of_kind = {
        kind: [w for layer in classifier.model.layers if isinstance(layer, kind) for w in layer.get_weights()]
        for kind in (keras.layers.Embedding, keras.layers.GRU, keras.layers.Dense)
    }
    tables, (kernel, recurrent, bias, *_), (dense, constant) = of_kind.values()
    units, window = settings["units"], settings["window"]
    order = [slice(n * units, (n + 1) * units) for n in (1, 0, 2)]  # Keras has z, r, h; PyTorch r, z, n
    layer = torch.nn.GRU(len(kernel), units, batch_first=True)
    state = {
        "weight_ih_l0": np.concatenate([kernel[:, part].T for part in order]),
        "weight_hh_l0": np.concatenate([recurrent[:, part].T for part in order]),
        "bias_ih_l0": np.concatenate([bias[0, part] for part in order]),
        "bias_hh_l0": np.concatenate([bias[1, part] for part in order]),
    }
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    *tables, dense, constant = (torch.from_numpy(array) for array in (*tables, dense, constant))
    multiple = window or settings["multiple"]

    def answer(ids):
        x = sum(table[ids[..., number]] for number, table in enumerate(tables))
        read = ids[..., 0] != tokens.PAD
        if settings["pooling"] == "last":
            lengths = read.sum(dim=1)
            packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            pooled = layer(packed)[1][0]
        else:
            states = layer(x.reshape(-1, window, x.shape[-1]))[0].reshape(len(ids), -1, units)
            read = read[..., None].float()
            highest = (states - 4 * (1 - read)).amax(dim=1)
            pooled = torch.cat([highest, (states * read).sum(dim=1) / read.sum(dim=1)], dim=1)
        return torch.sigmoid(pooled @ dense + constant)[:, 0].numpy()

    def predict(encoded):
        probability = np.zeros(len(encoded))
        with torch.no_grad():
            for rows in batches_by_length(encoded, keras_classifier.PREDICTION_BATCH, multiple):
                ids = torch.from_numpy(padded([encoded[row] for row in rows], multiple)).long()
                probability[rows] = answer(ids)
        return probability

    return predict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; default both")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"unknown recipe {', '.join(sorted(unknown))}; allowed: {', '.join(NAMES)}")
    texts = without_duplicates(load_in_file_order()).texts
    print(f"{'recipe':7} {'ids, s':>7} {'Keras, s':>9} {'PyTorch, s':>11}   PyTorch's time / Keras's")
    for name in options.names or NAMES:
        keras.utils.set_random_seed(0)
        classifier = GRUClassifier(name, recipes.RECIPES[name].settings)
        classifier.fit_tables(texts)
        classifier.model = classifier.build()
        multiple = classifier.settings["window"] or classifier.settings["multiple"]
        started = time.perf_counter()
        encoded = classifier.encode(texts)
        reading = time.perf_counter() - started
        peer = torch_reader(classifier)
        few = encoded[:500]
        assert np.abs(keras_classifier.predict(classifier.model, few, multiple) - peer(few)).max() < 1e-5, (
            "they disagree"
        )
        seconds = []
        for _ in range(options.rounds):
            started = time.perf_counter()
            keras_classifier.predict(classifier.model, encoded, multiple)
            middle = time.perf_counter()
            peer(encoded)
            seconds.append((middle - started, time.perf_counter() - middle))
        ours, theirs = np.median(seconds, axis=0)
        ratios = [other / own for own, other in seconds]
        spread = f"{np.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:7} {reading:7.1f} {ours:9.2f} {theirs:11.2f}   {spread}")


if __name__ == "__main__":
    main()
