"""Adding and copy over many lengths: where does each recurrent cell stop learning, and what do chrono biases change?

Every cell gets about the same number of parameters, the same optimiser (Adam, the gradient's length clipped), the same
fresh data for the same seed, and at most the same number of updates. The stopping rule is fixed beforehand: after
every `CHECK_EVERY` updates the error is measured on sequences drawn for that check alone; training ends when it is
below `SOLVED_BELOW` ("solved"), or after `MAX_UPDATES`. A cell that has solved no seed at `GIVE_UP_AFTER` lengths in a
row is not tried at longer ones. The learning rate of each cell is chosen at one length, `TRIAL_STEPS`, from the same
few values with the same number of trials, on seeds that the comparison does not use. The page ``25_memory_tasks`` runs
single cases live with the same `Trainer`.
"""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from gru_book.analysis import gradients
from gru_book.layers import initializers
from gru_book.tasks.adding import adding
from gru_book.tasks.copying import copy

TITLE = "Adding and copy tasks: RNN, LSTM and GRU, with and without chrono biases, over lengths and seeds"

LENGTHS = {"adding": (25, 50, 100, 200, 400), "copy": (10, 25, 50, 100)}  # T: steps of a sequence; delay
SEEDS = range(5)
UNITS = {"RNN": 57, "LSTM": 28, "GRU": 32}  # about 3,500 parameters each on the adding task, 4,000 on the copy task
NUM_SYMBOLS, NUM_COPIED = 4, 3  # of the copy task
BATCH_SIZE = 32
MAX_UPDATES = 1500
CHECK_EVERY = 100  # updates
CHECK_BATCHES = 32  # fresh batches for one check
TEST_BATCHES = 128  # fresh batches for the final error
SOLVED_BELOW = {"adding": 0.01, "copy": 0.01}  # mean squared error; share of recalled symbols that are wrong
CLIP_NORM = 1.0  # of the whole gradient
GIVE_UP_AFTER = 2  # lengths in a row at which no seed was solved: longer ones are not tried

TRIAL_STEPS = 25
TRIAL_SEEDS = (100, 101)
LEARNING_RATES = (0.001, 0.003, 0.01, 0.03)

DISTANCES = (1, 2, 5, 10, 25, 50, 100, 200, 400)  # steps over which the memory is measured, up to T
MEMORY_SEQUENCES = 32


def _rnn(units, max_steps, seed, **options):
    return keras.layers.SimpleRNN(units, **options)


def _lstm(units, max_steps, seed, **options):
    return keras.layers.LSTM(units, **options)


def _lstm_chrono(units, max_steps, seed, **options):
    bias = initializers.ChronoBias(max_steps, cell="lstm", seed=seed)
    return keras.layers.LSTM(units, bias_initializer=bias, unit_forget_bias=False, **options)


def _gru(units, max_steps, seed, **options):
    return keras.layers.GRU(units, **options)


def _gru_chrono(units, max_steps, seed, **options):
    bias = initializers.ChronoBias(max_steps, cell="gru", seed=seed)
    return keras.layers.GRU(units, bias_initializer=bias, **options)


CELLS = {"RNN": _rnn, "LSTM": _lstm, "LSTM chrono": _lstm_chrono, "GRU": _gru, "GRU chrono": _gru_chrono}


def default_units(cell: str) -> int:
    """Return the units with which the named cell has about as many parameters as the others."""
    return UNITS[cell.split()[0]]


def memory_needed(task: str, num_steps: int) -> int:
    """Return for how many steps something has to be kept at most: T to add, T + k to copy."""
    return num_steps if task == "adding" else num_steps + NUM_COPIED


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
    max_steps: int | None = None,
    batch_size: int = BATCH_SIZE,
) -> keras.Sequential:
    """Return an untrained network: one recurrent layer, one dense layer.

    Networks of the same task, length, seed and kind of layer have the same weights, with and without chrono biases.

    Args:
        task: "adding" (answers once, after the last step) or "copy" (answers at every step).
        cell: a name of `CELLS`, or a function like those there.
        num_steps: T.
        seed: fixes the initial weights.
        units: those of `default_units` when not given.
        max_steps: T_max of the chrono biases; `memory_needed` when not given.
        batch_size: sequences in a batch: XLA wants to know.
    """
    keras.utils.set_random_seed(seed)
    inputs, targets = draw(task, 1, num_steps, np.random.default_rng(0))
    units = units or default_units(cell)
    make = CELLS[cell] if isinstance(cell, str) else cell
    recurrent = make(units, max_steps or memory_needed(task, num_steps), seed, return_sequences=task == "copy")
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

    def reset(self, seed: int) -> None:
        """Give the network the initial weights of this seed, and the optimiser its initial state."""
        self.model.set_weights(self._fresh(seed).get_weights())
        for variable, value in zip(self._optimizer.variables, self._start, strict=True):
            variable.assign(value)

    def train(self, seed: int, learning_rate: float, max_updates: int = MAX_UPDATES) -> Run:
        """Train from the initial weights of this seed until solved, or for at most ``max_updates``."""
        self.reset(seed)
        self._optimizer.learning_rate.assign(learning_rate)
        rngs = [np.random.default_rng([seed, self.num_steps, use]) for use in range(3)]  # training, checks, test
        errors: list[float] = []
        solved = False
        while not solved and len(errors) * CHECK_EVERY < max_updates:
            self._update(*self._batches(CHECK_EVERY, rngs[0]))
            errors.append(self._error(CHECK_BATCHES, rngs[1]))
            solved = errors[-1] < SOLVED_BELOW[self.task]
        return Run(len(errors) * CHECK_EVERY, solved, errors, self._error(TEST_BATCHES, rngs[2]))

    def memory(self, rng: np.random.Generator) -> tuple[list[int], np.ndarray]:
        """Return distances up to T and what is left of a gradient that has travelled back so far (`memory.rms`)."""
        inputs, _ = draw(self.task, MEMORY_SEQUENCES, self.num_steps, rng)
        distances = [distance for distance in DISTANCES if distance <= self.num_steps]
        return distances, gradients.rms(gradients.gradient_norms(self.model.layers[0], inputs, distances, rng))

    def _batches(self, number: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Draw fresh sequences, (number, batch_size, …)."""
        drawn = draw(self.task, number * self.batch_size, self.num_steps, rng)
        return [array.reshape(number, self.batch_size, *array.shape[1:]) for array in drawn]

    def _error(self, number: int, rng: np.random.Generator) -> float:
        batches = self._batches(number, rng)
        parts = [slice(start, start + CHECK_BATCHES) for start in range(0, number, CHECK_BATCHES)]
        return float(np.mean([self._score(*(array[part] for array in batches)).numpy() for part in parts]))

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
    """Choose the cell's learning rate for this task, then train it for every length, from the shortest, and every seed.

    Returns:
        Rows with the columns below; with those of the case (``task``, ``cell``) they are the columns of the table.

        ``T``: steps of an adding sequence, delay of the copy task. ``seed``. ``learning_rate``.

        ``measure``, ``stage``, ``distance``, ``value``:

        - ``trial solved``, ``trial updates``, ``trial error``: the choice of the learning rate, at T = `TRIAL_STEPS`
          and on seeds of its own; nothing else has these measures.
        - ``solved`` (1 or 0), ``updates`` (until solved, or `MAX_UPDATES`), ``error`` (after training, on fresh
          sequences: mean squared error; share of recalled symbols that are wrong), ``parameters`` of the network.
        - ``gradient norm``: the share of a gradient at the last step that is left ``distance`` steps earlier
          (`analysis.gradients.gradient_norms`, root mean square over sequences of the task), with ``stage`` "at
          initialisation" or "after training". On its way from an LSTM's hidden state to the cell state, where it
          travels, a gradient loses once what the output gate holds back, whatever the distance.

        ``stage`` and ``distance`` are empty where they say nothing. A length that was not tried has no rows.
    """
    rows = []

    def add(num_steps, seed, rate, measure, value, stage="", distance=""):
        row = {"T": num_steps, "seed": seed, "learning_rate": rate, "measure": measure, "stage": stage}
        rows.append(row | {"distance": distance, "value": float(value)})

    def add_memory(trainer, seed, stage):
        distances, left = trainer.memory(np.random.default_rng([seed, trainer.num_steps, 3]))
        for distance, value in zip(distances, left, strict=True):
            add(trainer.num_steps, seed, rate, "gradient norm", value, stage, distance)

    trainer = Trainer(task, cell, TRIAL_STEPS)
    trials = []
    for rate in LEARNING_RATES:
        for seed in TRIAL_SEEDS:
            run = trainer.train(seed, rate)
            trials.append((rate, run))
            for measure in ("solved", "updates", "error"):
                add(TRIAL_STEPS, seed, rate, f"trial {measure}", getattr(run, measure))
    rate = choose_learning_rate(trials)
    failed = 0  # lengths in a row
    for num_steps in LENGTHS[task]:
        if failed == GIVE_UP_AFTER:
            break
        trainer, num_solved = Trainer(task, cell, num_steps), 0
        for seed in SEEDS:
            trainer.reset(seed)
            add_memory(trainer, seed, "at initialisation")
            run = trainer.train(seed, rate)
            add(num_steps, seed, rate, "parameters", trainer.model.count_params())
            for measure in ("solved", "updates", "error"):
                add(num_steps, seed, rate, measure, getattr(run, measure))
            add_memory(trainer, seed, "after training")
            num_solved += run.solved
        failed = 0 if num_solved else failed + 1
        keras.backend.clear_session()
    return rows
