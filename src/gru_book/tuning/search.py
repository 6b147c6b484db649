"""What a search is: its model, its data, its space and its budget."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import keras_tuner as kt
from keras_tuner.src.engine.objective import create_objective

from gru_book.allowed import Parameter, plain
from gru_book.allowed import shown as short
from gru_book.errors import BookError, ParameterError, TuningError, did_you_mean, one_line
from gru_book.tuning.hyperband import hyperband_epochs, hyperband_schedule

OBJECTIVE = "val_accuracy"

METHODS = {
    "hyperband": kt.oracles.HyperbandOracle,
    "random": kt.oracles.RandomSearchOracle,
    "bayesian": kt.oracles.BayesianOptimizationOracle,
}

LIMITS = {
    "max_epochs": "[1..1000000]",
    "factor": "[2..1000]",
    "max_trials": "[1..1000000]",
    "patience": "[0..1000000]",
    "seed": "[0..4294967295]",
}

COLUMNS = ("trial", "bracket", "rung", "epochs", "seconds", "worker", "status", "runs", "error")  # of the tables

NOT_FROM_DATA = {  # what `fit` takes and a search decides itself
    "epochs": "they are the search's max_epochs (--max-epochs)",
    "initial_epoch": "Hyperband says where a trial goes on",
    "verbose": "a search shows its own progress",
}


def checked(parameter: Parameter, value: Any) -> Any:
    """Return `value` in the parameter's type; raise TuningError naming it and what is allowed."""
    try:
        return parameter.check(value)
    except ParameterError as error:
        raise TuningError(str(error)) from None


class ScoredModel(kt.HyperModel):
    """Something to tune that is no Keras model: `build` asks for hyperparameters, `fit` returns a trial's scores.

    epochs: whether `fit` can train for fewer epochs, as Hyperband asks.
    """

    epochs = True


@dataclass(frozen=True)
class Search:
    """All that decides the results of a search.

    name: of its folder. model: asks `hp` for hyperparameters and returns a compiled Keras model; or a `ScoredModel`.
    data: returns the arguments of the model's `fit` (x, y, validation_data, batch_size, ...); its `callbacks` work
    beside the search's own. Called where trials run, and once by a chief with workers of its own.
    settings: what else decides the results, as JSON can hold it: sizes, sources.
    method: a name in METHODS. max_epochs: of the longest trials. factor: of so many trials Hyperband keeps one.
    max_trials: of "random" and "bayesian"; None is as many full trainings as Hyperband's epochs would pay for.
    patience: epochs without a lower validation loss before a trial stops; None never stops one.
    objective: the score that decides, as Keras names it: of Keras's own KerasTuner knows whether more or less of it is
    better, of any other `kt.Objective(name, "max")` or `"min"` says so.
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
    objective: str | kt.Objective = OBJECTIVE
    seed: int = 0

    def __post_init__(self):
        """Check every value; take numbers of NumPy for the numbers that they are."""
        if not isinstance(self.name, str) or not re.fullmatch(r"\w[\w .-]{0,99}", self.name):
            raise TuningError(f"name is {short(self.name)}; allowed: up to 100 letters, digits, spaces and _ . -")
        if not isinstance(self.method, str) or self.method not in METHODS:
            hint = did_you_mean(self.method, METHODS)
            raise TuningError(f"method is {short(self.method)}{hint}; allowed: {', '.join(METHODS)}")
        for name, allowed in LIMITS.items():
            value = getattr(self, name)
            if value is not None or name not in ("max_trials", "patience"):
                object.__setattr__(self, name, checked(Parameter(name, int, None, "", allowed), value))
        self._check_method()
        for name in ("model", "data"):
            value = getattr(self, name)
            if not callable(value) and not (name == "model" and isinstance(value, kt.HyperModel)):
                raise TuningError(f"{name} is {short(value)}; allowed: a function")
        _check_objective(self.objective)
        self._check_space()
        try:
            dict(json.loads(json.dumps(self.settings, default=plain_number, allow_nan=False)))
        except (TypeError, ValueError, RecursionError) as error:
            raise TuningError(
                f"settings is {short(self.settings)}; allowed: what JSON holds ({one_line(error)})"
            ) from None

    def _check_method(self) -> None:
        if self.method != "hyperband":
            return
        if not getattr(self.model, "epochs", True):
            raise TuningError(f"method is 'hyperband', but {self.model.name} has no epochs; allowed: random, bayesian")
        if self.max_trials is not None:
            raise TuningError(
                f"max_trials is {self.max_trials}, but the method hyperband plans its trials by max_epochs and factor: "
                f"{self.trials()} of them here; allowed: with the methods random and bayesian"
            )

    def _check_space(self) -> None:
        try:
            space, made = self._build()
        except BookError:
            raise
        except (Exception, SystemExit) as error:
            raise TuningError(
                f"the model of search {self.name!r} fails: {type(error).__name__}: {one_line(error)}"
            ) from None
        if not space.space:
            raise TuningError(
                f"the space of search {self.name!r} is empty: its model asks hp for no hyperparameter; "
                "write for example hp.Int('units', 32, 512, step=32) in it"
            )
        if not isinstance(self.model, ScoredModel) and not isinstance(made, keras.Model):
            raise TuningError(
                f"the model of search {self.name!r} returns {short(made)}; allowed: a compiled keras.Model"
            )
        for hyperparameter in space.space:
            name = hyperparameter.name
            if name in (*COLUMNS, self.objective_name) or name.startswith("tuner/"):
                raise TuningError(
                    f"a hyperparameter is {name!r}, which the tables of a search need; give it another name"
                )

    def _build(self) -> tuple[kt.HyperParameters, Any]:
        space = kt.HyperParameters()
        build = self.model.build if isinstance(self.model, kt.HyperModel) else self.model
        return space, build(space)

    @property
    def objective_name(self) -> str:
        """Return the name of the score that decides."""
        return getattr(self.objective, "name", self.objective)

    def space(self) -> kt.HyperParameters:
        """Return the hyperparameters that the model asks for."""
        return self._build()[0]

    def fit_arguments(self) -> dict:
        """Return what `data` returns, with a list of callbacks; raise TuningError where it fails or is not allowed."""
        what = f"data() of search {self.name!r}"
        try:
            given = self.data()
        except BookError as error:
            raise TuningError(f"{what} fails: {error}") from None
        except (Exception, SystemExit) as error:
            raise TuningError(f"{what} fails: {type(error).__name__}: {one_line(error)}") from None
        if not isinstance(given, dict) or not all(isinstance(name, str) for name in given):
            raise TuningError(
                f"{what} returns {short(given)}; allowed: a dictionary of fit's arguments, such as x and y"
            )
        for name, reason in NOT_FROM_DATA.items():
            if name in given:
                raise TuningError(f"{what} gives {name}={short(given[name])}; leave it out: {reason}")
        return {**given, "callbacks": _callbacks(given.get("callbacks"), what)}

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
        values = {name: getattr(self, name) for name in names}
        if isinstance(self.objective, kt.Objective):
            values["objective"] = {"name": self.objective.name, "direction": self.objective.direction}
        space = {entry["config"]["name"]: entry["config"] for entry in self.space().get_config()["space"]}
        return json.loads(json.dumps(values | {"space": space}, default=plain_number, allow_nan=False))


def plain_number(value: Any) -> Any:
    """Return a scalar of NumPy as JSON writes it; raise TypeError for what is none."""
    if plain(value) is value:
        raise TypeError(f"{short(value)} is nothing that JSON holds")
    return plain(value)


def _check_objective(objective: Any) -> None:
    """Raise TuningError unless it is known whether more or less of the score is better."""
    if type(objective) is kt.Objective:
        if not isinstance(objective.name, str) or not objective.name or objective.direction not in ("min", "max"):
            raise TuningError(f"objective is {objective}; allowed: kt.Objective(name, 'max') or 'min'")
        return
    try:
        create_objective(objective if isinstance(objective, str) and objective else 0)
    except Exception:  # KerasTuner asks Keras for a metric or loss of that name
        name = objective if isinstance(objective, str) and objective else "val_f1"
        raise TuningError(
            f"objective is {short(objective)}, which is no score of Keras's; of one of your own say whether more or "
            f"less is better: kt.Objective({short(name)}, 'max') or 'min'"
        ) from None


def _callbacks(given: Any, what: str) -> list[keras.callbacks.Callback]:
    """Return the callbacks of `data()` as a list; raise TuningError for what is none or cannot be copied."""
    callbacks = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TuningError(f"{what} gives the callback {short(callback)}; allowed: keras.callbacks.Callback")
        try:
            copy.deepcopy(callback)
        except Exception as error:
            name = type(callback).__name__
            raise TuningError(
                f"{what} gives the callback {name}, which cannot be copied for each trial ({one_line(error)})"
            ) from None
    return callbacks
