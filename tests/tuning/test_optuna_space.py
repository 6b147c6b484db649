"""The same space in Optuna's terms: names, bounds, defaults, conditions."""

import keras_tuner as kt
import optuna
import pytest

from gru_book.errors import TuningError
from gru_book.tuning import catalogue
from gru_book.tuning.optuna_space import SuggestedHyperParameters, check_space
from toy_search import toy


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def suggested(build, seed=0, study=None):
    """Build with the values of a new trial; return them and what Optuna knows of it."""
    study = study or optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    hp = SuggestedHyperParameters(study.ask())
    build(hp)
    return hp, hp.trial


def model_with_every_kind(hp):
    hp.Int("units", 1, 9, step=3)
    hp.Int("width", 4, 64, sampling="log")
    hp.Int("power", 1, 16, step=2, sampling="log")
    hp.Float("dropout", 0, 0.9, step=0.3)
    hp.Float("rate", 1e-4, 1e-1, sampling="log", default=1e-3)
    hp.Boolean("masked", default=True)
    hp.Fixed("layers", 1)
    with hp.name_scope("cell"):
        kind = hp.Choice("kind", ["gru", "lstm"], default="lstm")
    with hp.conditional_scope("cell/kind", ["gru"]):
        reset = hp.Choice("reset", ["before", "after"])
    assert (reset is None) == (kind != "gru")


ALLOWED = {
    "units": {1, 4, 7},
    "width": set(range(4, 65)),
    "power": {1, 2, 4, 8, 16},
    "dropout": {0.0, 0.3, 0.6, 0.9},
    "masked": {True, False},
    "layers": {1},
    "cell/kind": {"gru", "lstm"},
    "reset": {"before", "after"},
}


def kerastuners(build) -> list:
    hp = kt.HyperParameters()
    build(hp)
    return hp.get_config()["space"]


@pytest.mark.parametrize("name", [*catalogue.SEARCHES, "toy", "every kind"])
def test_the_space_is_kerastuners(name):
    if name == "every kind":
        build = model_with_every_kind
    else:
        model = (catalogue.SEARCHES | {"toy": toy})[name]().model
        build = getattr(model, "build", model)
    hp, trial = suggested(build)
    assert hp.get_config()["space"] == kerastuners(build)
    for entry in hp.space:
        if not isinstance(entry, kt.engine.hyperparameters.Fixed) and hp.is_active(entry):
            known = trial.distributions[entry.name]
            if isinstance(known, optuna.distributions.CategoricalDistribution):
                assert set(known.choices) == set(entry.values)
            else:
                assert (known.low, known.log) == (entry.min_value, entry.sampling == "log")
                assert entry.max_value - (entry.step or 1e-9) < known.high <= entry.max_value
    assert {name: hp.get(name) for name in trial.params} == trial.params


def test_values_lie_in_the_space_reach_its_ends_and_keep_to_its_conditions():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    seen: dict[str, set] = {}
    for _ in range(150):
        hp, trial = suggested(model_with_every_kind, study=study)
        for name, value in hp.values.items():
            seen.setdefault(name, set()).add(round(value, 9) if isinstance(value, float) else value)
        assert ("reset" in trial.params) == ("reset" in hp.values) == (hp.values["cell/kind"] == "gru")
    assert all(1e-4 <= rate <= 1e-1 for rate in seen.pop("rate"))
    assert seen.pop("width") < ALLOWED["width"]
    assert seen == {name: values for name, values in ALLOWED.items() if name != "width"}


def test_a_hyperparameter_that_the_space_did_not_know_is_asked_for_where_the_model_asks():
    hp = SuggestedHyperParameters(optuna.create_study().ask()).fill(toy().space().space)
    before = hp.get("units")
    assert hp.Int("units", 1, 16) == before
    depth = hp.Int("depth", 1, 3)
    assert hp.trial.params == {"units": before, "depth": depth}


def twice(hp):
    with hp.conditional_scope(hp.Choice("kind", ["a", "b"]) and "kind", ["a"]):
        hp.Choice("size", [1, 2])
    with hp.conditional_scope("kind", ["b"]):
        hp.Choice("size", [1, 3])


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (
            lambda hp: hp.Float("rate", 0.1, 1, sampling="reverse_log"),
            "hyperparameter 'rate' is nothing that Optuna can suggest (sampling is 'reverse_log'; allowed: linear",
        ),
        (twice, "hyperparameter 'size' is nothing that Optuna can suggest (CategoricalDistribution does not support"),
    ],
)
def test_what_optuna_cannot_suggest_is_named(build, said):
    hp = kt.HyperParameters()
    build(hp)
    with pytest.raises(TuningError) as error:
        check_space(hp.space)
    assert str(error.value).startswith(said)
    assert str(error.value).endswith("--engine keras-tuner")
    assert "\n" not in str(error.value)
