"""Adding and copy over many lengths and learning rates: where does each recurrent cell stop learning?

Every cell gets about the same number of parameters, the same optimiser (Adam, the gradient's length clipped), the same
fresh data for the same seed, and at most the same number of updates. The stopping rule is fixed beforehand: after
every `CHECK_EVERY` updates the error is measured on sequences drawn for that check alone; training ends when it is
below `SOLVED_BELOW` ("solved"), or after `MAX_UPDATES`. At every length each learning rate is tried with all of
`TRIAL_SEEDS`; the one that was chosen there is judged on `SEEDS`, which the choice has not seen. A rate that has solved
no trial at one length is not tried at longer ones. The page ``25_memory_tasks`` runs single cases live with the same
`Trainer`.
"""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from gru_book.analysis import gradients
from gru_book.tasks.adding import adding
from gru_book.tasks.copying import copy

TITLE = "Adding and copy tasks: RNN, LSTM and GRU over lengths, learning rates and seeds"

LENGTHS = {"adding": (25, 50, 100, 200), "copy": (10, 20, 40, 80)}  # T: steps of a sequence; delay
LEARNING_RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
TRIAL_SEEDS = range(5)
SEEDS = range(5, 10)
CELLS = {  # name: Keras's layer, units (about 970 parameters each on the adding task, 1,230 on the copy task)
    "RNN": (keras.layers.SimpleRNN, 29),
    "LSTM": (keras.layers.LSTM, 14),
    "GRU": (keras.layers.GRU, 16),
}
NUM_SYMBOLS, NUM_COPIED = 4, 2  # of the copy task
BATCH_SIZE = 16
MAX_UPDATES = 4000
CHECK_EVERY = 100  # updates
CHECK_BATCHES = 16  # fresh batches for one check
TEST_BATCHES = 64  # fresh batches for the final error
SOLVED_BELOW = {"adding": 0.01, "copy": 0.01}  # mean squared error; share of recalled symbols that are wrong
CLIP_NORM = 1.0  # of the whole gradient

MEMORY_SEQUENCES = 32


def draw(task: str, num_sequences: int, num_steps: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw sequences of a task as a network reads them.

    Args:
        task: "adding" or "copy".
        num_sequences: how many.
        num_steps: T, the length of an adding sequence or the delay of the copy task.
        rng: the source of all randomness.

    Returns:
        Adding: inputs (num_sequences, T, 2) and sums (num_sequences, 1). Copy: one-hot inputs (num_sequences, T + 2k,
        num_symbols + 2) and ids to answer (num_sequences, T + 2k). Inputs are float32.
    """
    if task == "adding":
        drawn = adding(num_sequences, num_steps, rng)
        return drawn.inputs, drawn.targets[:, None]
    drawn = copy(num_sequences, num_steps, rng, num_symbols=NUM_SYMBOLS, num_copied=NUM_COPIED)
    return np.eye(NUM_SYMBOLS + 2, dtype=np.float32)[drawn.inputs], drawn.targets


def build(
    task: str,
    cell: str | Callable,
    num_steps: int,
    seed: int,
    *,
    units: int | None = None,
    batch_size: int = BATCH_SIZE,
) -> keras.Sequential:
    """Return an untrained network: one recurrent layer, one dense layer.

    Args:
        task: "adding" (answers once, after the last step) or "copy" (answers at every step).
        cell: a name of `CELLS`, or a function that makes a Keras layer of ``units`` with the layer's options.
        num_steps: T.
        seed: fixes the initial weights.
        units: those of `CELLS` when not given.
        batch_size: sequences in a batch: XLA wants to know.
    """
    keras.utils.set_random_seed(seed)
    inputs, _ = draw(task, 1, num_steps, np.random.default_rng(0))
    make, default = CELLS[cell] if isinstance(cell, str) else (cell, None)
    recurrent = make(units or default, return_sequences=task == "copy")
    answers = 1 if task == "adding" else NUM_SYMBOLS + 1
    return keras.Sequential(
        [keras.Input(inputs.shape[1:], batch_size=batch_size), recurrent, keras.layers.Dense(answers)]
    )


class Run(NamedTuple):
    """One training run.

    ``updates``: how many it took, a multiple of `CHECK_EVERY`. ``solved``: the last check was below the threshold.
    ``errors``: the error of every check, after `CHECK_EVERY`, 2 · `CHECK_EVERY`, … updates. ``error``: on more fresh
    sequences, after training.
    """

    updates: int
    solved: bool
    errors: list[float]
    error: float


class Trainer:
    """Trains one kind of network on one task and length, again and again with other seeds or learning rates.

    `CHECK_EVERY` updates are one XLA program, compiled once, which takes a fraction of the time of Keras's `fit` for
    such small layers; two runs give the same weights. Arguments as those of `build`. ``model`` holds the network as it
    was trained last.
    """

    def __init__(self, task: str, cell: str | Callable, num_steps: int, **options):
        """Build the network; see `build` for the options."""
        self.task, self.num_steps, self.batch_size = task, num_steps, options.get("batch_size", BATCH_SIZE)
        self._fresh = lambda seed: build(task, cell, num_steps, seed, **options)
        self.model = self._fresh(0)
        self._optimizer = keras.optimizers.Adam(global_clipnorm=CLIP_NORM)
        self._optimizer.build(self.model.trainable_variables)
        self._start = [variable.numpy() for variable in self._optimizer.variables]
        self._update = tf.function(self._update_block, jit_compile=True)
        self._score = tf.function(self._score_block, jit_compile=True)

    def reset(self, seed: int, learning_rate: float) -> None:
        """Give the network the initial weights of this seed, and the optimiser its initial state and this step size."""
        self.model.set_weights(self._fresh(seed).get_weights())
        for variable, value in zip(self._optimizer.variables, self._start, strict=True):
            variable.assign(value)
        self._optimizer.learning_rate.assign(learning_rate)

    def update(self, number: int, rng: np.random.Generator) -> None:
        """Train for a number of updates, on fresh sequences."""
        self._update(*self._batches(number, rng))

    def train(self, seed: int, learning_rate: float, max_updates: int = MAX_UPDATES) -> Run:
        """Train from the initial weights of this seed until solved, or for at most ``max_updates``."""
        self.reset(seed, learning_rate)
        rngs = [np.random.default_rng([seed, self.num_steps, use]) for use in range(3)]  # training, checks, test
        errors: list[float] = []
        solved = False
        while not solved and len(errors) * CHECK_EVERY < max_updates:
            self.update(CHECK_EVERY, rngs[0])
            errors.append(self.error(CHECK_BATCHES, rngs[1]))
            solved = errors[-1] < SOLVED_BELOW[self.task]
        return Run(len(errors) * CHECK_EVERY, solved, errors, self.error(TEST_BATCHES, rngs[2]))

    def error(self, number: int, rng: np.random.Generator) -> float:
        """Return the error on a number of fresh batches: mean squared, or the share of recalled symbols that are wrong.

        The number is a multiple of `CHECK_BATCHES`.
        """
        batches = self._batches(number, rng)
        parts = [slice(start, start + CHECK_BATCHES) for start in range(0, number, CHECK_BATCHES)]
        return float(np.mean([self._score(*(array[part] for array in batches)).numpy() for part in parts]))

    def memory(self, rng: np.random.Generator, layer=None) -> float:
        """Return what is left of a gradient that has travelled back from the last step to the first, as a share.

        It is the root mean square over sequences of the task, see `gradients.gradient_norms`. On its way from an LSTM's
        hidden state to the cell state, where it travels, a gradient loses once what the output gate holds back.
        ``layer`` takes the place of the network's own, with the same inputs.
        """
        inputs, _ = draw(self.task, MEMORY_SEQUENCES, self.num_steps, rng)
        layer = self.model.layers[0] if layer is None else layer
        return float(gradients.rms(gradients.gradient_norms(layer, inputs, [inputs.shape[1]], rng))[0])

    def _batches(self, number: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Draw fresh sequences, (number, batch_size, …)."""
        drawn = draw(self.task, number * self.batch_size, self.num_steps, rng)
        return [array.reshape(number, self.batch_size, *array.shape[1:]) for array in drawn]

    def _update_block(self, inputs, targets) -> None:
        variables = self.model.trainable_variables
        for i in tf.range(len(inputs)):
            with tf.GradientTape() as tape:
                loss = self._loss(self.model(inputs[i], training=True), targets[i])
            self._optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)

    def _score_block(self, inputs, targets):
        total = tf.zeros(())
        for i in tf.range(len(inputs)):
            total += self._mistake(self.model(inputs[i]), targets[i])
        return total / len(inputs)

    def _loss(self, answers, targets):
        if self.task == "adding":
            return tf.reduce_mean((answers - targets) ** 2)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, answers))

    def _mistake(self, answers, targets):
        if self.task == "adding":
            return tf.reduce_mean((answers - targets) ** 2)
        wrong = tf.argmax(answers, axis=2)[:, -NUM_COPIED:] != targets[:, -NUM_COPIED:]
        return tf.reduce_mean(tf.cast(wrong, tf.float32))


def choose_learning_rate(trials: list[tuple[float, Run]]) -> float:
    """Return the learning rate that solved most trials; among equals the one of fewest updates, then of least error."""

    def rank(rate):
        runs = [run for tried, run in trials if tried == rate]
        return -sum(r.solved for r in runs), sum(r.updates for r in runs), sum(r.error for r in runs)

    return min(dict.fromkeys(rate for rate, _ in trials), key=rank)


def cases() -> list[dict]:
    """Return one case for every task and cell."""
    return [{"task": task, "cell": cell} for task in LENGTHS for cell in CELLS]


def run_case(task: str, cell: str) -> list[dict]:
    """Try every learning rate at every length, from the shortest, and train new seeds with the chosen one.

    Returns:
        Rows with the columns below; with those of the case (``task``, ``cell``) they are the columns of the table.

        ``T``: steps of an adding sequence, delay of the copy task. ``learning_rate``. ``seed``. ``part``: "trial" or
        "judged", the latter with the learning rate that was chosen at this length. ``parameters`` of the network.
        ``solved`` (1 or 0). ``updates`` (until solved, or `MAX_UPDATES`). ``error`` (after training, on fresh
        sequences: mean squared error; share of recalled symbols that are wrong). ``left_before``, ``left_after``: the
        share of a gradient at the last step that is left at the first one, before and after training
        (`Trainer.memory`). What was not tried has no rows.
    """
    rows = []
    rates = LEARNING_RATES
    for num_steps in LENGTHS[task]:
        trainer = Trainer(task, cell, num_steps)

        def run(part, seed, rate, trainer=trainer):
            trainer.reset(seed, rate)
            row = {"T": trainer.num_steps, "learning_rate": rate, "seed": seed, "part": part}
            row |= {"parameters": trainer.model.count_params()}
            left = trainer.memory(np.random.default_rng([seed, trainer.num_steps, 3]))
            done = trainer.train(seed, rate)
            row |= {"solved": int(done.solved), "updates": done.updates, "error": done.error, "left_before": left}
            row["left_after"] = trainer.memory(np.random.default_rng([seed, trainer.num_steps, 3]))
            rows.append(row)
            return done

        trials = [(rate, run("trial", seed, rate)) for rate in rates for seed in TRIAL_SEEDS]
        rates = tuple(rate for rate in rates if any(done.solved for tried, done in trials if tried == rate))
        if not rates:
            break
        chosen = choose_learning_rate(trials)
        for seed in SEEDS:
            run("judged", seed, chosen)
        keras.backend.clear_session()
    return rows
