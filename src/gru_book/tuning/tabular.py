"""Searches replayed on a table in which every model of a small space is already trained.

A tabular benchmark (Klein and Hutter 2019; Ying et al. 2019): instead of training a trial, look its scores up. Then a
search takes milliseconds, and one can ask what it does on average and not only once. KerasTuner's own oracles propose
the trials and choose which go on; only the training is replaced. The study `tuning_table` makes the table, and the page
``41_tuning`` replays searches on it.

Two kinds of chance are kept apart. A *seed* of the table is a small world of its own: its training and validation
reviews, its first weights. Within a world there are *repeats*: other folds of the validation reviews choose, another
random choice of trials. However many repeats there are, they share the world's reviews; an interval has to be one over
seeds.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras_tuner as kt
import numpy as np
import pandas as pd
from keras_tuner.src.engine import oracle as oracle_module
from sklearn.exceptions import ConvergenceWarning

from gru_book.tuning.oracle import oracle_seed
from gru_book.tuning.search import METHODS, OBJECTIVE


class World(NamedTuple):
    """One seed of a table, its folds divided: what a search looks up, and what it never sees.

    models: one row a model, one column a hyperparameter. chosen, held: accuracy on the folds that choose and on the
    others. loss: on all of them. seconds: of training, epoch by epoch. These four have the shape (models, epochs).
    """

    models: pd.DataFrame
    chosen: np.ndarray
    held: np.ndarray
    loss: np.ndarray
    seconds: np.ndarray


@dataclass(frozen=True)
class Table:
    """Every model of a space, trained with every seed.

    models: one row a model, one column a hyperparameter, sorted by them. seeds: of the worlds. accuracy: the share of
    right answers (seeds, models, epochs, folds). loss, seconds: (seeds, models, epochs).
    """

    models: pd.DataFrame
    seeds: tuple[int, ...]
    accuracy: np.ndarray
    loss: np.ndarray
    seconds: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values of each hyperparameter."""
        return tuple(int(self.models[name].nunique()) for name in self.models)

    @property
    def num_epochs(self) -> int:
        """The epochs that every model was trained for."""
        return self.accuracy.shape[2]

    @property
    def num_folds(self) -> int:
        """The folds of the validation reviews."""
        return self.accuracy.shape[3]

    def world(self, seed: int, folds: Sequence[int]) -> World:
        """Return the world of `seed` in which `folds` choose and the others are held back.

        Raises ValueError where no fold is left on one of the two sides.
        """
        choose = np.isin(np.arange(self.num_folds), folds)
        if choose.all() or not choose.any():
            raise ValueError(f"folds = {list(folds)}; allowed: some, but not all, of 0 to {self.num_folds - 1}")
        at = self.seeds.index(seed)
        chosen, held = (self.accuracy[at][..., part].mean(-1) for part in (choose, ~choose))
        return World(self.models, chosen, held, self.loss[at], self.seconds[at])

    def index(self, **values: float) -> int:
        """Return the row of the model with these hyperparameters; raise KeyError where the space has none."""
        matches = (self.models[list(values)] == pd.Series(values)).all(axis=1)
        if matches.sum() != 1:
            raise KeyError(f"{int(matches.sum())} models have {values}")
        return int(np.flatnonzero(matches)[0])


def to_table(rows: pd.DataFrame, fold_size: int, names: Sequence[str] = ("units", "learning_rate", "dropout")) -> Table:
    """Return the tidy rows of a study as a `Table`.

    rows: one row an epoch (from 1) of a model and seed; columns ``seed``, one a hyperparameter (`names`), ``epoch``,
    ``loss``, ``right_0`` and so on (right answers among the `fold_size` reviews of a fold), ``seconds``. Raises
    ValueError unless every combination of the values is there with every seed and epoch.
    """
    names = list(names)
    keys = ["seed", *names, "epoch"]
    rows = rows.sort_values(keys)
    shape = [rows[key].nunique() for key in keys]
    if len(rows) != np.prod(shape) or rows.duplicated(keys).any():
        sizes = " x ".join(f"{size} {key}" for key, size in zip(keys, shape, strict=True))
        raise ValueError(f"{len(rows)} rows; expected one for each of {sizes} = {np.prod(shape)}")
    folds = sorted((name for name in rows if name.startswith("right_")), key=lambda name: int(name[6:]))
    cells = (shape[0], int(np.prod(shape[1:-1])), shape[-1])
    accuracy = rows[folds].to_numpy().reshape(*cells, len(folds)) / fold_size
    loss, seconds = (rows[name].to_numpy(float).reshape(cells) for name in ("loss", "seconds"))
    models = rows[names].drop_duplicates().reset_index(drop=True)
    return Table(models, tuple(int(seed) for seed in rows["seed"].unique()), accuracy, loss, seconds)


def epochs_until_stop(loss: Sequence[float], patience: int) -> int:
    """Return how many epochs Keras's `EarlyStopping` lets a fit run, given the loss after each: at least one.

    It stops after `patience` epochs in a row without a new lowest loss; a patience of 0 counts as one of 1.
    """
    best, waited = np.inf, 0
    for epoch, value in enumerate(loss, 1):
        best, waited = (value, 0) if epoch == 1 or value < best else (best, waited + 1)
        if waited >= max(patience, 1):
            return epoch
    return len(loss)


def make_oracle(method: str, space: kt.HyperParameters, seed: int, **options: Any) -> kt.Oracle:
    """Return KerasTuner's oracle of a method of METHODS. It maximises OBJECTIVE, prints nothing, and keeps no files.

    seed: see `oracle.oracle_seed`. options: as the oracle takes them. Raises ValueError where the method is another.
    """
    if method not in METHODS:
        raise ValueError(f"method = {method!r}; allowed: {', '.join(METHODS)}")
    oracle = METHODS[method](kt.Objective(OBJECTIVE, "max"), hyperparameters=space, seed=seed, **options)
    oracle.verbose = 0
    oracle.save = lambda: None  # an oracle writes all it knows to disk at every turn: most of a replay's time
    oracle._save_trial = lambda trial: None
    return oracle


def drive(oracle: kt.Oracle, train: Callable[[dict], tuple[float, int] | None]) -> None:
    """Let `oracle` propose trials until it stops.

    train: from a trial's values (and those that begin with ``tuner/``) to its score and best epoch; None ends the
    search.
    """
    try:
        trial = oracle.create_trial("replay")
        while trial.status == "RUNNING":
            found = train(trial.hyperparameters.values | {"tuner/id": trial.trial_id})
            if found is None:
                break
            oracle.update_trial(trial.trial_id, {OBJECTIVE: found[0]}, step=found[1])
            trial.status = "COMPLETED"
            oracle.end_trial(trial)
            trial = oracle.create_trial("replay")
    finally:  # KerasTuner holds every oracle for good, by its lock
        oracle_module.LOCKS.pop(oracle, None)
        oracle_module.THREADS.pop(oracle, None)


def table_space(models: pd.DataFrame) -> kt.HyperParameters:
    """Return the space whose combinations are `models`, each hyperparameter an ordered choice."""
    space = kt.HyperParameters()
    for name in models:
        space.Choice(name, sorted(models[name].unique().tolist()))
    return space


def replay(
    world: World,
    method: str,
    search_seed: int,
    *,
    factor: int = 3,
    patience: int = 5,
    budget: int | None = None,
    max_trials: int | None = None,
    num_initial_points: int | None = None,
) -> pd.DataFrame:
    """Return the trials of a search in `world`, one row each, in their order.

    A trial trains as `EarlyStopping` on the loss lets it, with `patience`. Its score is that of its best epoch on the
    folds that choose, as KerasTuner has it. In a higher rung a trial goes on from the last epoch of its parent as if it
    had never paused, and is scored by its new epochs alone; KerasTuner's own tuner does the second, but goes on from
    the weights of the parent's best epoch and with a fresh optimizer, which a table cannot show.

    Args:
        world: see `Table.world`; its epochs are the longest training.
        method: one of METHODS.
        search_seed: decides the random choices of the search.
        factor: of Hyperband, the share that goes on is one of so many.
        patience: epochs without a lower loss.
        budget: epochs that all trials may train together; the trial that would exceed it is cut short there.
        max_trials: at most so many trials (Hyperband ends by itself).
        num_initial_points: of Bayesian optimisation, trials drawn at random before it begins to model; None takes
            KerasTuner's, three for each hyperparameter.

    Returns:
        Columns ``trial``, ``bracket``, ``rung`` (0 where the method has none), ``model`` (its row in world.models), one
        a hyperparameter, ``first_epoch``, ``last_epoch`` (from 1), ``best_epoch``, ``epochs``, ``total_epochs`` and
        ``total_seconds`` (up to the end of this trial), ``val_accuracy`` and ``held_accuracy`` (both at the best
        epoch), ``top`` (the highest held accuracy that any model of the world has after any epoch).
    """
    rows, trained = [], {}
    row_of = {values: row for row, values in enumerate(world.models.itertuples(index=False, name=None))}
    top, num_epochs = float(world.held.max()), world.chosen.shape[1]

    def train(values: dict) -> tuple[float, int] | None:
        used = rows[-1]["total_epochs"] if rows else 0
        left = np.inf if budget is None else budget - used
        if left <= 0:
            return None
        model = row_of[tuple(values[name] for name in world.models)]
        first = trained[values["tuner/trial_id"]] if "tuner/trial_id" in values else 0
        planned = values.get("tuner/epochs", num_epochs) - values.get("tuner/initial_epoch", 0)
        epochs = min(epochs_until_stop(world.loss[model, first : first + planned], patience), left)
        last = first + epochs
        best = first + int(np.argmax(world.chosen[model, first:last]))
        trained[values["tuner/id"]] = last
        seconds = world.seconds[model, first:last].sum() + (rows[-1]["total_seconds"] if rows else 0)
        row = {"trial": len(rows), "bracket": values.get("tuner/bracket", 0), "rung": values.get("tuner/round", 0)}
        row |= {"model": model} | {name: values[name] for name in world.models}
        row |= {"first_epoch": first + 1, "last_epoch": last, "best_epoch": best + 1}
        row |= {"epochs": epochs, "total_epochs": used + epochs, "total_seconds": seconds, "top": top}
        row |= {OBJECTIVE: world.chosen[model, best], "held_accuracy": world.held[model, best]}
        rows.append(row)
        return float(world.chosen[model, best]), best

    options = {"max_epochs": num_epochs, "factor": factor}
    if method != "hyperband":
        options = {"max_trials": max_trials or len(world.models)}
    if method == "bayesian":
        options["num_initial_points"] = num_initial_points
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of the Gaussian process, on few points
        drive(make_oracle(method, table_space(world.models), oracle_seed(search_seed), **options), train)
    return pd.DataFrame(rows)


def splits(table: Table, num_choose: int, repeats: int, seed: int = 0) -> Iterator[tuple[int, int, World, int]]:
    """Yield every repeat of every world: its seed, its repeat, the `World` with `num_choose` random folds, a number.

    The number serves as a search's seed. Equal arguments give equal repeats, so that methods can be compared in pairs.
    """
    for at, world_seed in enumerate(table.seeds):
        for repeat in range(repeats):
            rng = np.random.default_rng([seed, at, repeat])
            folds = rng.permutation(table.num_folds)[:num_choose]
            yield world_seed, repeat, table.world(world_seed, folds), int(rng.integers(2**31))


def replay_all(
    table: Table, method: str, repeats: int, *, num_choose: int = 4, seed: int = 0, **options: Any
) -> pd.DataFrame:
    """Return the trials of `repeats` searches in every world: those of `replay`, with columns ``seed``, ``repeat``.

    num_choose: folds that choose, drawn anew for each repeat. options: of `replay`.
    """
    parts = [
        replay(world, method, search_seed, **options).assign(seed=world_seed, repeat=repeat)
        for world_seed, repeat, world, search_seed in splits(table, num_choose, repeats, seed)
    ]
    return pd.concat(parts, ignore_index=True)


def best_so_far(trials: pd.DataFrame) -> pd.DataFrame:
    """Return `trials` (of `replay_all`) with what the search would answer after each of them.

    New columns: ``answer`` (the held accuracy of the model with the best score so far; of equals the first),
    ``answer_val`` (that score), ``regret`` (``top`` minus ``answer``, never negative).
    """
    trials = trials.sort_values(["seed", "repeat", "trial"]).reset_index(drop=True)
    groups = [trials["seed"], trials["repeat"]]
    score = trials.groupby(groups)[OBJECTIVE].cummax()
    before = score.groupby(groups).shift(fill_value=-np.inf)
    answer = trials["held_accuracy"].where(trials[OBJECTIVE] > before).groupby(groups).ffill()
    return trials.assign(answer=answer, answer_val=score, regret=trials["top"] - answer)


def read_off(trials: pd.DataFrame, at: Sequence[float], by: str = "total_epochs") -> pd.DataFrame:
    """Return what searches would answer once they have spent so much: a mean over the repeats of each world.

    trials: of `replay_all`. at: amounts of `by`, which is ``total_epochs`` or ``total_seconds`` (or ``trial``, from 0).

    Returns:
        One row a seed and amount: ``seed``, ``at``, ``answer``, ``answer_val``, ``regret`` (see `best_so_far`),
        ``trials`` (finished by then). Before the first trial has ended there is no answer: NaN where a repeat of the
        world has none.
    """
    rows = []
    columns = ["answer", "answer_val", "regret"]
    for (seed, _), search in best_so_far(trials).groupby(["seed", "repeat"]):
        finished = np.searchsorted(search[by].to_numpy(), np.asarray(at) + 1e-9, side="right")
        known = search[columns].to_numpy()[np.maximum(finished - 1, 0)]
        known[finished == 0] = np.nan
        part = pd.DataFrame(known, columns=columns)
        rows.append(part.assign(seed=seed, at=at, trials=finished))
    return pd.concat(rows).groupby(["seed", "at"], as_index=False)[[*columns, "trials"]].mean(skipna=False)


def single_model(table: Table, model: int, num_choose: int = 4, repeats: int = 100, seed: int = 0) -> pd.DataFrame:
    """Return what one model gets without a search: columns ``seed``, ``answer`` (held accuracy at its best epoch).

    As in a search the epoch is chosen on `num_choose` folds; a mean over `repeats` choices of them.
    """
    rows = [
        {"seed": world_seed, "answer": world.held[model, np.argmax(world.chosen[model])]}
        for world_seed, _, world, _ in splits(table, num_choose, repeats, seed)
    ]
    return pd.DataFrame(rows).groupby("seed", as_index=False)["answer"].mean()


def hyperband_alone(num_values: int, seed: int, max_epochs: int = 10, factor: int = 3) -> tuple[int, int]:
    """Return trials and epochs that KerasTuner's Hyperband gets to in a space of one choice among `num_values`.

    Its trials get random scores. Where the space runs out of models that were not tried yet, the search ends at once,
    whatever its plan still holds.
    """
    space, rng, epochs = kt.HyperParameters(), np.random.default_rng(seed), []
    space.Choice("choice", list(range(num_values)))

    def train(values: dict) -> tuple[float, int]:
        epochs.append(values["tuner/epochs"] - values["tuner/initial_epoch"])
        return float(rng.random()), 0

    drive(make_oracle("hyperband", space, oracle_seed(seed), max_epochs=max_epochs, factor=factor), train)
    return len(epochs), sum(epochs)
