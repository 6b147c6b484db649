"""KerasTuner's hyperparameters, asked of Optuna: what a search's model calls `hp` in a trial of Optuna's.

Names, scopes, conditions and defaults stay KerasTuner's own; only the value of what has none yet comes from Optuna.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import keras_tuner as kt
import optuna
from keras_tuner.engine import hyperparameters as kinds

from gru_book.errors import TuningError, one_line


class SuggestedHyperParameters(kt.HyperParameters):
    """KerasTuner's hyperparameters of one trial of Optuna's: each is suggested when it is first asked for.

    trial: as `optuna.Study.ask` returns it. A hyperparameter whose conditions do not hold has no value, and Optuna
    never hears of it.
    """

    def __init__(self, trial: optuna.Trial):
        super().__init__()
        self.trial = trial

    def fill(self, space: list[kinds.HyperParameter]) -> SuggestedHyperParameters:
        """Ask for each of `space` in its order, in which parents come before what depends on them; return self."""
        for hyperparameter in space:
            self._retrieve(hyperparameter)
        return self

    def _register(self, hyperparameter, overwrite=False):
        if self.is_active(hyperparameter) and hyperparameter.name not in self.values:
            self.values[hyperparameter.name] = suggest(self.trial, hyperparameter)
        return super()._register(hyperparameter, overwrite)


def suggest(trial: optuna.Trial, hyperparameter: kinds.HyperParameter) -> Any:
    """Return a value of one hyperparameter of KerasTuner's, as the trial's study samples it.

    Int and Float with linear or log sampling become Optuna's ranges, with the same bounds, both included. Choice,
    Boolean, and log sampling in steps, which multiply, become choices. A Fixed is not asked for. Raises ValueError for
    the sampling "reverse_log", which Optuna does not have.
    """
    name = hyperparameter.name
    if isinstance(hyperparameter, kinds.Fixed):
        return hyperparameter.value
    if isinstance(hyperparameter, (kinds.Choice, kinds.Boolean)):
        return trial.suggest_categorical(name, list(hyperparameter.values))
    low, high, step = hyperparameter.min_value, hyperparameter.max_value, hyperparameter.step
    whole, log = isinstance(hyperparameter, kinds.Int), hyperparameter.sampling == "log"
    if hyperparameter.sampling == "reverse_log":
        raise ValueError("sampling is 'reverse_log'; allowed: linear, log")
    if log and step is not None:
        values = [int(value) if whole else value for value in hyperparameter.values]
        return trial.suggest_categorical(name, values)
    if step is not None:  # Optuna's ranges end at a step; in decimals, for which 0.3 + 0.6 is 0.9
        first, last, each = (Decimal(str(number)) for number in (low, high, step))
        high = type(high)(first + (last - first) // each * each)
    if whole:
        return trial.suggest_int(name, low, high, step=step or 1, log=log)
    return trial.suggest_float(name, low, high, step=step, log=log)


def check_space(space: list[kinds.HyperParameter]) -> None:
    """Raise TuningError, naming it, for a hyperparameter that Optuna cannot suggest as KerasTuner means it."""
    with quiet():
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for hyperparameter in space:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a name whose range depends on a condition
                suggest(study.ask(), hyperparameter)
        except ValueError as error:
            raise TuningError(
                f"hyperparameter {hyperparameter.name!r} is nothing that Optuna can suggest ({one_line(error)}); "
                "change it, or search with --engine keras-tuner"
            ) from None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let Optuna say nothing of what it does, nor of what is experimental in it."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
