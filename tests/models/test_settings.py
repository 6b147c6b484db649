"""Settings of recipes: what is allowed stands in one table, and nothing else gets through to the work."""

import math
from decimal import Decimal

import numpy as np
import pytest

from gru_book import recipes
from gru_book.allowed import Parameter, plain, shown
from gru_book.errors import ParameterError
from gru_book.models import settings as module
from gru_book.models.settings import LINEAR, NBSVM, ORIGINAL, PLAIN_GRU, BlendSettings, GRUSettings

TEXTS, LABELS = ["good, a joy", "dull and bad"] * 5, [1, 0] * 5
EVERY = [
    (name, parameter) for name, recipe in recipes.RECIPES.items() for parameter in recipe.settings.table().values()
]
ids = [f"{name}-{parameter.name}" for name, parameter in EVERY]


@pytest.fixture
def refuses(monkeypatch):
    """A function that fits a recipe with settings and returns what it says when it refuses them, before any work."""

    def at_work(*_):
        raise AssertionError("the work has begun")

    def said(name, settings):
        monkeypatch.setattr(recipes, "checked_texts", at_work)
        with pytest.raises(ParameterError) as error:
            recipes.fit(name, TEXTS, LABELS, settings=settings)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 600
        return str(error.value)

    return said


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("fast", {"keep": "post"}, "keep = 'post' is not allowed; allowed: [last | first]"),
        ("fast", {"keep": "Last"}, "keep = 'Last' is not allowed"),
        ("fast", {"keep": ""}, "keep = '' is not allowed"),
        ("fast", {"keep": None}, "keep must be of type str, not None; allowed: [last | first]"),
        ("fast", {"reading": "words"}, "reading = 'words' is not allowed; allowed: [tokens | keras]"),
        ("fast", {"schedule": "cosine"}, "allowed: [linear | constant]"),
        ("fast", {"pooling": "max+mean+last"}, "allowed: [max+mean | max | mean | last]"),
        ("nbsvm", {"weighting": "foo"}, "weighting = 'foo' is not allowed; allowed: [tfidf | nbsvm]"),
        ("fast", {"bidirectional": "no"}, "bidirectional must be of type bool, not 'no'; allowed: True and False"),
        ("fast", {"bidirectional": 0}, "bidirectional must be of type bool, not 0"),
        ("fast", {"mask": np.array([True])}, "mask must be of type bool, not array([ True])"),
        ("fast", {"learning_rate": math.nan}, "learning_rate = nan is not allowed; allowed: (0..1]"),
        ("fast", {"learning_rate": np.float32("inf")}, "learning_rate = inf is not allowed"),
        ("fast", {"learning_rate": -1}, "learning_rate = -1.0 is not allowed"),
        ("fast", {"learning_rate": "0.1"}, "learning_rate must be of type float, not '0.1'"),
        ("fast", {"learning_rate": Decimal("0.1")}, "learning_rate must be of type float"),
        ("fast", {"learning_rate": 0.1j}, "learning_rate must be of type float"),
        ("fast", {"learning_rate": 10**400}, "learning_rate must be of type float, not 1000000"),
        ("original", {"learning_rate": 0}, "learning_rate = 0.0 is not allowed"),
        ("fast", {"dropout": 1.0}, "dropout = 1.0 is not allowed; allowed: [0..1)"),
        ("fast", {"word_dropout": 1}, "word_dropout = 1.0 is not allowed"),
        ("fast", {"averaging": 1.0}, "averaging = 1.0 is not allowed"),
        ("fast", {"vectors": -0.5}, "vectors = -0.5 is not allowed"),
        ("original", {"validation_split": 1.0}, "validation_split = 1.0 is not allowed"),
        ("fast", {"units": 0}, "units = 0 is not allowed; allowed: [1..4096]"),
        ("fast", {"units": 10**5000}, "allowed: [1..4096]"),
        ("fast", {"units": 64.0}, "units must be of type int, not 64.0"),
        ("fast", {"units": True}, "units must be of type int, not True"),
        ("fast", {"units": np.int64(0)}, "units = 0 is not allowed"),
        ("fast", {"units": [64]}, "units must be of type int, not [64]"),
        ("fast", {"epochs": 0}, "epochs = 0 is not allowed"),
        ("fast", {"maxlen": -1}, "maxlen = -1 is not allowed"),
        ("linear", {"grid": []}, "grid is []; allowed: a list of numbers, each (0..1e9]"),
        ("linear", {"grid": 1.0}, "grid is 1.0; allowed: a list"),
        ("linear", {"grid": "1"}, "grid is '1'; allowed: a list"),
        ("linear", {"grid": [1.0, math.nan]}, "grid[1] = nan is not allowed"),
        ("linear", {"grid": np.zeros(2)}, "grid[0] = 0.0 is not allowed"),
        ("linear", {"grid": np.ones((2, 2))}, "grid is array"),
        ("linear", {"default": -1}, "default = -1.0 is not allowed"),
        ("blend", {"even": [0.5, 0.5]}, "even = [0.5, 0.5] is not allowed; allowed: three numbers"),
        ("blend", {"even": [0.5, 0.5, math.inf]}, "even[2] = inf is not allowed"),
        ("blend", {"linear": "nbsvm"}, "linear: settings is 'nbsvm'; allowed: a dictionary"),
        ("blend", {"linear": {"longest": 0}}, "linear: longest = 0 is not allowed"),
        ("blend", {"linear": {"c": 1}}, "linear: settings has 'c'"),
        ("best", {"linear": None}, "settings has 'linear'"),
        ("best", {"folds": 0}, "folds = 0 is not allowed; allowed: [1..1000]"),
        ("best", {"folds": 2.0}, "folds must be of type int, not 2.0"),
        ("best", {"channels": -1}, "channels = -1.0 is not allowed; allowed: [0..1000]"),
        ("best", {"votes": 1}, "votes must be of type bool, not 1"),
        ("best", {"vote_dropout": 1}, "vote_dropout = 1.0 is not allowed; allowed: [0..1)"),
        ("best", {"teacher": 1.5}, "teacher = 1.5 is not allowed; allowed: [0..1]"),
        ("best", {"lazy": None}, "lazy must be of type bool, not None"),
    ],
)
def test_values_fall_through_nowhere(refuses, name, settings, message):
    assert message in refuses(name, settings)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("fast", {"unit": 3}, "settings has 'unit' (did you mean 'units'?); allowed: 'reading', 'max_words'"),
        ("original", {"max_words": 3}, "settings has 'max_words'"),
        ("linear", {"C": 3}, "settings has 'C'; allowed: 'weighting', 'longest', 'grid', 'default'"),
        ("linear", {3: 3}, "settings has 3"),
        ("linear", {None: 3}, "settings has None"),
        ("linear", {("longest",): 3}, "settings has ('longest',)"),
        ("linear", [("longest", 1)], "settings is [('longest', 1)]; allowed: a dictionary of names and values"),
        ("linear", "longest", "settings is 'longest'"),
        ("linear", 7, "settings is 7"),
    ],
)
def test_names_fall_through_nowhere(refuses, name, settings, message):
    assert message in refuses(name, settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pooling": "last"}, "pooling = 'last' with window = 25 has one last state a window; allowed: one of the two"),
        ({"pooling": "last", "window": 0}, "pooling = 'last' with mask = False gives the state after the padding"),
        ({"mask": True}, "mask = True with window = 25 is lost between windows; allowed: one of the two"),
        ({"reading": "keras"}, "longest = 2 with reading = 'keras', which has single words only; allowed: 1"),
        ({"longest": 5}, "longest = 5 with max_words = 20000 makes more runs than 64 bits can number"),
        ({"longest": 4, "max_words": 10**6}, "longest = 4 with max_words = 1000000 makes more runs"),
    ],
)
def test_what_cannot_work_together_is_refused(refuses, settings, message):
    assert message in refuses("fast", settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mask": True, "window": 0}, "mask = True is nothing for a GRU with log-odds; allowed: False"),
        ({"averaging": 0.9}, "averaging = 0.9 is nothing for a GRU with log-odds; allowed: 0.0"),
        ({"adversary": 1}, "adversary = 1.0 is nothing for a GRU with log-odds; allowed: 0.0"),
    ],
)
def test_what_a_gru_with_log_odds_does_not_have_is_refused(refuses, settings, message):
    assert message in refuses("best", settings)


def test_what_can_work_together_is_taken():
    for settings in (
        {"pooling": "last", "window": 0, "mask": True, "bidirectional": True},
        {"mask": True, "window": 0},
        {"reading": "keras", "longest": 1},
        {"longest": 4},
        {"longest": 8, "max_words": 4},
    ):
        assert (recipes.RECIPES["fast"].settings | settings).items() >= settings.items()


@pytest.mark.parametrize(("name", "parameter"), EVERY, ids=ids)
def test_every_setting_says_what_it_is_and_takes_that_only(name, parameter):
    own = recipes.RECIPES[name].settings
    assert parameter.meaning
    assert own | {parameter.name: own[parameter.name]} == own  # the published value is allowed
    for wrong in (object(), b"1", {1}, math.nan, -math.inf, "\x00", [], {"a": 1}):
        with pytest.raises(ParameterError, match=parameter.name) as error:
            own | {parameter.name: wrong}
        assert "allowed: " in str(error.value)
        assert "\n" not in str(error.value)
    if parameter.type in (int, float):
        assert parameter.allowed  # no number without a range
        low, high = (float(end) for end in parameter.allowed.strip("[]()").split(".."))
        outside = [low - 1, high + 1, *([low] if parameter.allowed[0] == "(" else [])]
        outside += [high] if parameter.allowed[-1] == ")" else []
        for value in outside:
            assert not parameter.holds(parameter.type(value))
        assert parameter.holds(parameter.type((low + high) / 2))


def test_the_table_of_a_gru_has_26_settings_and_shows_them():
    assert len(PLAIN_GRU) == 26
    for name, recipe in recipes.RECIPES.items():
        lines = repr(recipe.settings).splitlines()
        assert len(lines) == len(recipe.settings) + 2, name
        for line, parameter in zip(lines[1:], recipe.settings.table().values(), strict=False):
            value = recipe.settings[parameter.name]
            assert line.startswith(
                f"    {parameter.name}={value if isinstance(value, module.Settings) else repr(value)}"[:30]
            )
            assert parameter.meaning in line
            assert line.endswith(parameter.allowed)
        assert eval(repr(recipe.settings), vars(module)) == recipe.settings
        assert eval(str(recipe.settings)) == recipe.settings.plain()


def test_settings_are_a_mapping_that_nobody_can_change():
    changed = PLAIN_GRU | {"units": 64}
    assert (changed["units"], PLAIN_GRU.units, changed.get("zzz")) == (64, 32, None)
    assert dict(changed) == {**PLAIN_GRU, "units": 64} == changed != PLAIN_GRU
    assert GRUSettings(units=64) == changed
    with pytest.raises(KeyError):
        changed["zzz"]
    with pytest.raises(AttributeError):
        changed.units = 3
    with pytest.raises(TypeError):
        changed["units"] = 3
    one, other = BlendSettings(), BlendSettings()
    one.even.append(1.0)
    assert other.even == [0.5, 0.5, 0.0]  # no list is shared
    assert BlendSettings().linear == NBSVM
    assert (BlendSettings() | {"linear": {"longest": 2}}).linear == NBSVM | {"longest": 2}
    assert (BlendSettings() | {"linear": LINEAR}).linear == LINEAR
    assert (BlendSettings() | {"linear": None})["linear"] is None


@pytest.mark.parametrize("scalar", [np.int64(1), np.int8(1), np.uint16(1), np.array(1), np.array(1, np.uint8), 1])
def test_numpys_whole_numbers_are_settings_like_any_other(scalar, tmp_path):
    model = recipes.fit("linear", TEXTS, LABELS, settings={"longest": scalar}, seed=np.array(3))
    assert (model.settings["longest"], type(model.settings["longest"])) == (1, int)
    model.save(tmp_path / "m")
    assert recipes.load(tmp_path / "m").settings == model.settings


def test_numpys_other_scalars_and_arrays_are_settings_like_any_other(tmp_path):
    taken = PLAIN_GRU | {
        "learning_rate": np.float32(0.25),
        "dropout": np.longdouble(0.5),
        "vectors": np.int32(1),
        "adversary": np.array(0.5),
        "mask": np.bool_(True),
        "keep": np.str_("first"),
    }
    assert taken == PLAIN_GRU | {
        "learning_rate": 0.25, "dropout": 0.5, "vectors": 1.0, "adversary": 0.5, "mask": True, "keep": "first",
    }  # fmt: skip
    assert all(type(value) in (int, float, bool, str) for value in taken.values())
    model = recipes.fit("linear", TEXTS, LABELS, settings={"grid": np.array([1, 3]), "default": np.float64(3)})
    assert model.settings.grid == [1.0, 3.0]
    model.save(tmp_path / "m")
    assert recipes.load(tmp_path / "m").settings == model.settings


def test_a_share_that_leaves_no_text_to_learn_from_is_refused():
    with pytest.raises(ValueError, match=r"validation_split = 0.95 leaves none of 10 texts to learn from"):
        recipes.fit("original", TEXTS, LABELS, settings={"validation_split": 0.95, "units": 2, "embedding_dim": 2})


def test_the_published_values_are_those_of_before():
    assert ORIGINAL.plain() == {
        "max_features": 10_000, "maxlen": 500, "embedding_dim": 128, "units": 128, "batch_size": 32, "epochs": 5,
        "learning_rate": 0.001, "validation_split": 0.2,
    }  # fmt: skip
    changes = {
        name: {
            key: value for key, value in recipes.RECIPES[name].settings.plain().items() if PLAIN_GRU.get(key) != value
        }
        for name in ("fast", "best", "blend", "web")
    }
    assert changes["fast"] == {
        "longest": 2, "fewest": 5, "embedding_dim": 16, "units": 16, "window": 25, "word_dropout": 0.1,
    }  # fmt: skip
    assert changes["web"] == {
        "reading": "keras", "max_words": 10_000, "mask": True, "pooling": "last", "word_dropout": 0.1, "epochs": 3,
        "learning_rate": 0.005, "vectors": 0.5, "opposites": 0.7,
    }  # fmt: skip
    same = {
        "max_words": 30_000, "longest": 3, "maxlen": 600, "embedding_dim": 64, "units": 64, "window": 50,
        "bidirectional": True, "word_dropout": 0.2, "embedding_dropout": 0.3, "dropout": 0.5, "epochs": 2,
        "learning_rate": 0.003, "vectors": 0.5,
    }  # fmt: skip
    assert changes["best"] == same | {
        "folds": 8, "channels": 1.0, "votes": True, "vote_dropout": 0.3, "teacher": 0.5, "lazy": True,
    }  # fmt: skip
    assert changes["blend"] == same | {
        "adversary": 1.0, "even": [0.5, 0.5, 0.0],
        "linear": {"weighting": "nbsvm", "longest": 3, "grid": [0.01, 0.03, 0.1, 0.3, 1.0], "default": 0.3},
    }  # fmt: skip


def test_a_value_is_shown_in_one_line_whatever_it_is():
    class Silent:
        def __repr__(self):
            raise RuntimeError("no")

    for value in (10**5000, "a\nb", np.zeros((50, 50)), Silent(), "x" * 1000, ["y"] * 1000):
        assert "\n" not in shown(value)
        assert 0 < len(shown(value)) <= 60
    assert plain(np.float64(0.5)) == 0.5
    assert plain("text") == "text"
    assert Parameter("n", int, 1, "any").check(-(10**30)) == -(10**30)
