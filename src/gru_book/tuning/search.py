"""What a search is: its model, its data, its space and its budget."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import keras
import keras_tuner as kt

from gru_book.errors import TuningError, did_you_mean
from gru_book.tuning.hyperband import hyperband_epochs, hyperband_schedule

OBJECTIVE = "val_accuracy"

METHODS = {
    "hyperband": kt.oracles.HyperbandOracle,
    "random": kt.oracles.RandomSearchOracle,
    "bayesian": kt.oracles.BayesianOptimizationOracle,
}


class ScoredModel(kt.HyperModel):
    """Something to tune that is no Keras model: `build` asks for hyperparameters, `fit` returns a trial's scores.

    epochs: whether `fit` can train for fewer epochs, as Hyperband asks.
    """

    epochs = True


@dataclass(frozen=True)
class Search:
    """All that decides the results of a search.

    model: asks `hp` for hyperparameters and returns a compiled Keras model; or a `ScoredModel`.
    data: returns the arguments of the model's `fit` (x, y, validation_data, ...); called only where trials run.
    settings: what else decides the results, as JSON can hold it: sizes, sources.
    method: a name in METHODS. max_epochs: of the longest trials. factor: of so many trials Hyperband keeps one.
    max_trials: of "random" and "bayesian"; None is as many full trainings as Hyperband's epochs would pay for.
    patience: epochs without a lower validation loss before a trial stops; None never stops one.
    objective: the score that decides, as Keras names it; KerasTuner knows whether more or less of it is better.
    seed: of the choice of hyperparameters; `model` sets its own. Raises TuningError for values that are not allowed.
    """

    name: str
    model: Callable[[kt.HyperParameters], keras.Model] | kt.HyperModel
    data: Callable[[], dict]
    settings: dict = field(default_factory=dict)
    method: str = "hyperband"
    max_epochs: int = 10
    factor: int = 3
    max_trials: int | None = None
    patience: int | None = 5
    objective: str = OBJECTIVE
    seed: int = 0

    def __post_init__(self):
        if self.method not in METHODS:
            hint = did_you_mean(self.method, METHODS)
            raise TuningError(f"method is {self.method!r}{hint}; allowed: {', '.join(METHODS)}")
        for name, least in (("max_epochs", 1), ("factor", 2), ("max_trials", 1), ("patience", 0), ("seed", 0)):
            value = getattr(self, name)
            if value is None and name in ("max_trials", "patience"):
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise TuningError(f"{name} is {value!r}; allowed: whole numbers from {least}")
        if self.method == "hyperband" and not getattr(self.model, "epochs", True):
            raise TuningError(f"method is 'hyperband', but {self.model.name} has no epochs; allowed: random, bayesian")
        if not self.space().space:
            raise TuningError(
                f"the space of search {self.name!r} is empty: its model asks hp for no hyperparameter; "
                "write for example hp.Int('units', 32, 512, step=32) in it"
            )

    def space(self) -> kt.HyperParameters:
        """Return the hyperparameters that the model asks for."""
        space = kt.HyperParameters()
        build = self.model.build if isinstance(self.model, kt.HyperModel) else self.model
        build(space)
        return space

    def trials(self) -> int:
        """Return how many trials the method plans; a discrete space can run out before."""
        if self.method == "hyperband":
            return int(hyperband_schedule(self.max_epochs, self.factor)["trials"].sum())
        return self.max_trials or max(1, hyperband_epochs(self.max_epochs, self.factor) // self.max_epochs)

    def epochs(self) -> int:
        """Return how many epochs the method plans; early stopping and a space that runs out save some of them."""
        if self.method == "hyperband":
            return hyperband_epochs(self.max_epochs, self.factor)
        return self.trials() * self.max_epochs

    def identity(self) -> dict:
        """Return what tells this search from another, as JSON holds it: equal identities give equal results."""
        names = ("name", "method", "max_epochs", "factor", "max_trials", "patience", "objective", "seed", "settings")
        space = {entry["config"]["name"]: entry["config"] for entry in self.space().get_config()["space"]}
        return json.loads(json.dumps({name: getattr(self, name) for name in names} | {"space": space}))
