"""The order task over many seeds: tiny recurrent networks beside an order-blind control, word order shuffled at test.

For every seed all models learn from the same sentences, with the same optimiser, batches and number of epochs,
and answer the same test sentences, whose words are then shuffled a little, more, and completely. Sentences with
"dog", "man" and again "dog" tell whether a network goes by the first of the deciding words or by the last. The stopping
rule is fixed beforehand: a number of epochs, no choice by a score. The page ``11_tour`` runs one seed live.
"""

import keras
import numpy as np

from gru_book.tasks import order
from gru_book.training import seeding

TITLE = "Order task: a tiny GRU, RNN and LSTM and a bag-of-words control, word order shuffled at test"

SEEDS = range(10)
NUM_STEPS = 12  # words per sentence
NUM_TRAIN = 2000  # sentences
NUM_TEST = 10_000  # sentences: one seed's accuracy is then known to about half a point
EPOCHS = 5
BATCH_SIZE = 32
LEARNING_RATE = 0.01
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # of the words of a test sentence, shuffled


def tiny_network(recurrent: keras.layers.Layer) -> keras.Sequential:
    """Return a classifier with this recurrent layer: word ids (batch, num_steps) to P("dog" first), (batch, 1)."""
    return keras.Sequential(
        [
            keras.layers.Embedding(len(order.ORDER_WORDS), 4),
            recurrent,
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


def bag_control() -> keras.Sequential:
    """Return an order-blind classifier of 385 parameters: word counts (batch, num_words) to P("dog" first)."""
    return keras.Sequential(
        [
            keras.Input((len(order.ORDER_WORDS),)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


MODELS = {
    "GRU": lambda: tiny_network(keras.layers.GRU(8)),  # 385 parameters
    "RNN": lambda: tiny_network(keras.layers.SimpleRNN(16)),  # 393
    "LSTM": lambda: tiny_network(keras.layers.LSTM(7)),  # 384
    "bag of words": bag_control,
}


def cases() -> list[dict]:
    """Return one case for every seed."""
    return [{"seed": seed} for seed in SEEDS]


def run_case(seed: int) -> list[dict]:
    """Train all models with this seed and test them at every share of shuffled words.

    Returns:
        Rows with ``model``, ``share`` (of words shuffled), ``measure`` and ``value``. Measures: ``accuracy`` (against
        the order before shuffling), ``accuracy as read`` (against the order of the shuffled sentence, the one that the
        model reads), ``goes by the last`` (share of "dog man dog" sentences answered "man first"; nothing shuffled).
    """
    rng = np.random.default_rng(seed)
    train, test = (order.order_task(number, NUM_STEPS, rng) for number in (NUM_TRAIN, NUM_TEST))
    rows = []
    for name, build in MODELS.items():
        encode = _counts if name == "bag of words" else np.asarray
        seeding.set_seed(seed)
        model = build()
        model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss="binary_crossentropy")
        model.fit(encode(train.inputs), train.targets, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
        shuffle_rng = np.random.default_rng([seed, 1])  # all models meet the same shuffled sentences
        for share in SHARES:
            inputs = order.shuffle_words(test.inputs, share, shuffle_rng)
            says_dog = _says_dog(model, encode(inputs))
            for measure, targets in (("accuracy", test.targets), ("accuracy as read", order.order_targets(inputs))):
                value = float(np.mean(says_dog == targets))
                rows.append({"model": name, "share": share, "measure": measure, "value": value})
        says_dog = _says_dog(model, encode(order.dog_man_dog(NUM_TEST, NUM_STEPS, shuffle_rng)))
        value = float(np.mean(~says_dog))
        rows.append({"model": name, "share": 0.0, "measure": "goes by the last", "value": value})
    keras.backend.clear_session()
    return rows


def _says_dog(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    return model.predict(inputs, batch_size=NUM_TEST, verbose=0)[:, 0] > 0.5


def _counts(inputs: np.ndarray) -> np.ndarray:
    return order.bag_of_words(inputs, len(order.ORDER_WORDS))
