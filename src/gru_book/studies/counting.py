"""Counting beyond the training lengths: LSTM, GRU and plain RNN on a^n b^n, ten and more seeds each.

All networks learn from the same sequences (every n up to ``MAX_N``, all of them in every update), with the same
optimiser and the same number of updates, fixed beforehand; the weights after the last update count. Every network is
trained three times from the same initial weights, once with each learning rate. The chosen run is the one that is right
about the most lengths, from n = 1 on, up to ``2 * MAX_N`` (those beyond ``MAX_N`` are the validation lengths); of equal
ones, that with the lower training loss. The validation loss would be a poor judge: it is lower for a network that does
not count at all than for one that counts a little too far with great confidence.

What is measured is how far the chosen run counts: the largest n such that every n' from 1 to n is predicted without a
single error. A run *goes on counting* if it reaches ``3 * MAX_N``, lengths that neither training nor choice has seen.
The third model is a GRU with more parameters than the LSTM. The page ``26_limits`` runs one seed live.
"""

import numpy as np

from gru_book.models import counter as counting
from gru_book.tasks.counting import anbn

TITLE = "Counting: how far beyond its training lengths an LSTM, a GRU and a plain RNN predict a^n b^n"

SEEDS = range(12)
MAX_N = 20  # training lengths: every n from 1 to this
LIMIT = 500  # the largest n tested
UPDATES = 3000  # each on all MAX_N sequences
LEARNING_RATES = (0.01, 0.03, 0.1)  # Adam's first step size; it falls to zero in a straight line
MODELS = {  # name: cell, units
    "LSTM": ("LSTM", 10),
    "GRU": ("GRU", 10),
    "GRU, 12 units": ("GRU", 12),  # 579 parameters; the LSTM has 553
    "RNN": ("RNN", 10),
}


def cases() -> list[dict]:
    """Return one case for every model and seed."""
    return [{"model": model, "seed": seed} for seed in SEEDS for model in MODELS]


def run_case(model: str, seed: int) -> list[dict]:
    """Train a network with every learning rate and measure how far it counts.

    Returns:
        One row a learning rate: ``parameters`` of the network, ``training_loss`` and ``validation_loss`` (nats a
        symbol), ``largest_n`` and ``chosen``, 1 for one row and 0 for the others.
    """
    cell, units = MODELS[model]
    training, validation = anbn(range(1, MAX_N + 1)), anbn(range(MAX_N + 1, 2 * MAX_N + 1))
    rows = []
    for learning_rate in LEARNING_RATES:
        untrained = counting.new_counter(cell, units, np.random.default_rng(seed))
        counter = counting.train(untrained, training, UPDATES, learning_rate)
        rows.append(
            {
                "learning_rate": learning_rate,
                "parameters": counter.num_parameters,
                "training_loss": counting.loss(counter, training),
                "validation_loss": counting.loss(counter, validation),
                "largest_n": counting.largest_n(counter, LIMIT),
            }
        )
    best = max(rows, key=lambda row: (min(row["largest_n"], 2 * MAX_N), -row["training_loss"]))
    return [row | {"chosen": int(row is best)} for row in rows]
