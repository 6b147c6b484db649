"""RNN, LSTM, GRU and GRUs with parts taken out, at equal parameters, on the movie reviews, with paired seeds.

Every network is an embedding with a mask, one recurrent layer whose last state is read, and one dense unit. The
recurrent layers have the same number of parameters within one percent, so their units differ. The arms of one seed
share the sample of training reviews, the order of the batches and the first embedding. Every arm gets the same trials:
each learning rate of `LEARNING_RATES` on each of `TRIAL_SEEDS`, which the comparison does not use; the rate with the
highest mean accuracy on one half of the validation reviews is taken. On that half the epoch is chosen too, the one with
the least loss, in trials and comparison alike. What counts is the accuracy at that epoch on the *other* half of the
validation reviews. The halves are neighbouring blocks of the file's order, in which reviews of a film stand together.
The test part is not touched. The page ``36_rnn_lstm_gru`` runs two of the arms live with the same `Trainer`.
"""

import time
from functools import cache

import keras
import numpy as np

from gru_book.data.batching import LengthBatches
from gru_book.data.parts import Split
from gru_book.data.reviews import load_reviews
from gru_book.data.split import VALIDATION_BLOCKS
from gru_book.data.vocabulary import Vocabulary
from gru_book.evaluation.metrics import log_loss
from gru_book.layers import ablated

TITLE = "RNN, LSTM, GRU and ablated GRUs at equal parameters: accuracy on reviews, paired seeds"
TIMES = ("seconds",)

SEEDS = range(8)
TRIAL_SEEDS = (100, 101)
LEARNING_RATES = (0.001, 0.003, 0.01, 0.03)
NUM_TRAIN = 4_000  # reviews; a seed draws its own
NUM_HALF = 1_200  # reviews of each half of the validation part; the same for all seeds and arms
MAX_FEATURES = 5_000
MAXLEN = 200  # last words of a review that are read
EMBEDDING_DIM = 32
GRU_UNITS = 37  # of 26 to 40 the size at which the layers' parameters agree best
BATCH_SIZE = 32
EPOCHS = 6
MULTIPLE = 50  # to which the lengths of the batches are rounded up: four shapes, each compiled once
CLIP_NORM = 1.0  # of the whole gradient, for all arms alike


def units_of(input_dim: int = EMBEDDING_DIM, gru_units: int = GRU_UNITS) -> dict[str, int]:
    """Return the units of every arm at which it has as many parameters as the GRU, as nearly as they come."""
    return ablated.best_size(ablated.LAYERS, "GRU", input_dim, [gru_units])


def halves(part: Split) -> tuple[Split, Split]:
    """Return the validation part as two halves of neighbouring rows, each with the same shares of both labels.

    Rows stand film by film within a label, in two blocks of the negatives and one of the positives
    (`gru_book.data.split.VALIDATION_BLOCKS`). Each block is cut in its middle, so that only films at a cut can have
    reviews in both halves.
    """
    shared, others = (end - start for start, end in VALIDATION_BLOCKS[0])
    negatives, positives = np.flatnonzero(part.labels == 0), np.flatnonzero(part.labels == 1)
    cut = round(len(negatives) * shared / (shared + others))
    blocks = [negatives[:cut], negatives[cut:], positives]
    first = [block[: len(block) // 2] for block in blocks]
    second = [block[len(block) // 2 :] for block in blocks]
    return part.take(np.concatenate(first)), part.take(np.concatenate(second))


@cache
def _reviews(source: str):
    reviews = load_reviews(source)
    return reviews, Vocabulary.fit(reviews.train.texts, MAX_FEATURES)


def train_data(seed: int, rows: int = NUM_TRAIN, source: str = "package") -> tuple[list[list[int]], np.ndarray]:
    """Return ids and labels of the training reviews that this seed draws, half of them positive."""
    reviews, vocabulary = _reviews(source)
    sample = reviews.train.sample(rows, seed)
    return vocabulary.encode(sample.texts), sample.labels


@cache
def validation_data(rows: int = NUM_HALF, source: str = "package") -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return ids (rows, MAXLEN) and labels of both halves of the validation part: to "choose" and to "report"."""
    reviews, vocabulary = _reviews(source)
    found = {}
    for name, half in zip(("choose", "report"), halves(reviews.validation), strict=True):
        sample = half.sample(rows, 0)
        x = keras.utils.pad_sequences(vocabulary.encode(sample.texts), maxlen=MAXLEN, padding="post")
        found[name] = x, sample.labels
    return found


class Trainer:
    """Trains networks around one kind of recurrent layer, again and again with other seeds or learning rates.

    The network is compiled once (by XLA: several times faster here, but every new shape of a batch costs seconds); for
    a new run its weights and its optimiser go back to the start. ``model`` holds it as it was trained last.

    Args:
        make: a function like those of `gru_book.layers.ablated.LAYERS`.
        units: of the recurrent layer.
        source, train_rows, half_rows: where the reviews come from and how many are used.
        jit_compile: False leaves XLA out.
    """

    def __init__(
        self,
        make,
        units: int,
        *,
        source: str = "package",
        train_rows: int = NUM_TRAIN,
        half_rows: int = NUM_HALF,
        jit_compile: bool = True,
    ):
        self.source, self.train_rows, self.half_rows = source, train_rows, half_rows
        self._build = lambda seed: network(make, units, seed, jit_compile)
        self.model = self._build(0)
        self.model.optimizer.build(self.model.trainable_variables)
        self._start = [variable.numpy() for variable in self.model.optimizer.variables]

    def reset(self, seed: int, learning_rate: float) -> None:
        """Give the network the first weights of this seed, and the optimiser its first state."""
        self.model.set_weights(self._build(seed).get_weights())
        for variable, value in zip(self.model.optimizer.variables, self._start, strict=True):
            variable.assign(value)
        self.model.optimizer.learning_rate.assign(learning_rate)

    def train(self, seed: int, learning_rate: float, epochs: int = EPOCHS) -> list[dict]:
        """Train from the start; return a row an epoch: accuracy and loss on both halves, seconds of its updates."""
        self.reset(seed, learning_rate)
        x, labels = train_data(seed, self.train_rows, self.source)
        batches = LengthBatches(x, labels, BATCH_SIZE, maxlen=MAXLEN, multiple=MULTIPLE, seed=seed)
        rows = []
        for epoch in range(1, epochs + 1):
            started = time.process_time()
            for number in range(len(batches)):
                self.model.train_on_batch(*batches[number])
            seconds = time.process_time() - started
            batches.on_epoch_end()
            rows.append({"epoch": epoch, "seconds": round(seconds, 2)} | self.measure())
        return rows

    def measure(self) -> dict[str, float]:
        """Return accuracy and loss on both halves of the validation part, named as in the study's table."""
        measured = {}
        for half, (x, labels) in validation_data(self.half_rows, self.source).items():
            probability = self.model.predict(x, batch_size=300, verbose=0)[:, 0].astype(float)
            measured[f"{half} accuracy"] = float(np.mean((probability > 0.5) == labels))
            measured[f"{half} loss"] = log_loss(labels, probability)
        return measured


def network(make, units: int, seed: int, jit_compile: bool = True) -> keras.Sequential:
    """Return a compiled classifier, ids (batch, steps) to P(positive), with the first weights of this seed.

    The embedding has a seed of its own: for one seed it is the same around every recurrent layer.
    """
    keras.utils.set_random_seed(seed)
    first = keras.initializers.RandomUniform(-0.05, 0.05, seed=seed)
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(MAX_FEATURES, EMBEDDING_DIM, mask_zero=True, embeddings_initializer=first),
            make(units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    optimizer = keras.optimizers.Adam(LEARNING_RATES[0], global_clipnorm=CLIP_NORM)
    model.compile(optimizer, "binary_crossentropy", jit_compile=jit_compile)
    return model


def best_epoch(rows: list[dict]) -> dict:
    """Return the row of the epoch with the least loss on the half for choices."""
    return min(rows, key=lambda row: row["choose loss"])


def cases() -> list[dict]:
    """Return one case for every arm."""
    return [{"arm": arm} for arm in ablated.LAYERS]


def run_case(arm: str) -> list[dict]:
    """Choose the arm's learning rate, then train it with every seed.

    Returns:
        A row for every epoch of every run. ``units`` and ``parameters`` of the recurrent layer; ``stage``: "trial" or
        "comparison"; ``seed``, ``learning_rate``, ``epoch``; ``seconds``: processor time of the epoch's updates,
        compiling included where a shape is new; ``choose accuracy``, ``choose loss``, ``report accuracy``, ``report
        loss``: on the two halves of the validation reviews (no trial is reported: there the last two are empty);
        ``chosen``: 1 at the epoch with the least loss on the half for choices.
    """
    make, units = ablated.LAYERS[arm], units_of()[arm]
    about = {"units": units, "parameters": ablated.num_parameters(make, units, EMBEDDING_DIM)}
    trainer, table, scores = Trainer(make, units), [], {}

    def add(stage, seed, rate):
        rows = trainer.train(seed, rate)
        chosen = best_epoch(rows)
        for row in rows:
            if stage == "trial":
                row = row | {"report accuracy": None, "report loss": None}
            run = {"stage": stage, "seed": seed, "learning_rate": rate}
            table.append(about | run | row | {"chosen": int(row["epoch"] == chosen["epoch"])})
        return chosen

    for rate in LEARNING_RATES:
        scores[rate] = np.mean([add("trial", seed, rate)["choose accuracy"] for seed in TRIAL_SEEDS])
    rate = max(scores, key=scores.get)
    for seed in SEEDS:
        add("comparison", seed, rate)
    keras.backend.clear_session()
    return table
