"""Searches replayed on a table: KerasTuner's plan, Keras's early stopping, budgets, seeds."""

from types import SimpleNamespace

import keras
import keras_tuner as kt
import numpy as np
import pandas as pd
import pytest
from keras_tuner.src.engine import oracle as oracle_module

from gru_book.tuning import hyperband
from gru_book.tuning.oracle import oracle_seed
from gru_book.tuning.tabular import (
    best_so_far,
    drive,
    epochs_until_stop,
    hyperband_alone,
    make_oracle,
    read_off,
    replay,
    replay_all,
    single_model,
    table_space,
    to_table,
)
from noise_table import FOLD_SIZE, NAMES, noise_table


def tidy(table):
    rows = []
    for at, model, epoch in np.ndindex(table.loss.shape):
        right = (table.accuracy[at, model, epoch] * FOLD_SIZE).round().astype(int)
        row = {"seed": table.seeds[at], **table.models.loc[model], "epoch": epoch + 1}
        row |= {f"right_{fold}": count for fold, count in enumerate(right)}
        rows.append(row | {name: getattr(table, name)[at, model, epoch] for name in ("loss", "seconds")})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def table():
    return noise_table()


@pytest.fixture(scope="module")
def world(table):
    return table.world(0, [0, 2, 4, 6])


def test_tidy_rows_in_any_order_become_the_table(table):
    again = to_table(tidy(table).sample(frac=1, random_state=1), FOLD_SIZE)
    assert again.seeds == table.seeds
    assert again.shape == (4, 3, 4)
    assert again.models.equals(table.models.astype(again.models.dtypes))
    for name in ("accuracy", "loss", "seconds"):
        assert np.allclose(getattr(again, name), getattr(table, name), atol=1e-12)
    assert table.models.loc[table.index(units=128, learning_rate=0.001, dropout=0.0)].tolist() == [128, 0.001, 0]


def test_a_table_with_a_hole_is_refused(table):
    with pytest.raises(ValueError, match="959 rows; expected one for each of 2 seed x 4 units"):
        to_table(tidy(table).drop(index=7), FOLD_SIZE)


def test_a_world_divides_the_folds(table, world):
    both = (4 * world.chosen + 4 * world.held) / 8
    assert np.allclose(both, table.accuracy[0].mean(-1))
    with pytest.raises(ValueError, match="some, but not all"):
        table.world(0, range(8))
    with pytest.raises(KeyError, match="0 models"):
        table.index(units=33)


# --- a search --------------------------------------------------------------------------------------------------------


def keras_stops(loss, patience):
    """How many epochs Keras's own callback lets pass."""
    callback, model = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience), SimpleNamespace()
    model.stop_training = False
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(loss):
        callback.on_epoch_end(epoch, {"val_loss": value})
        if model.stop_training:
            return epoch + 1
    return len(loss)


@pytest.mark.parametrize("patience", [0, 1, 2, 5])
def test_early_stopping_is_keras(patience):
    rng = np.random.default_rng(patience)
    for length in rng.integers(1, 12, 60):
        loss = rng.choice([0.5, 0.6, 0.7, 0.8], length)  # with equal ones among them
        assert epochs_until_stop(loss, patience) == keras_stops(loss, patience)


@pytest.mark.parametrize(("num_epochs", "factor"), [(10, 3), (4, 2), (9, 3), (1, 3)])
def test_a_replayed_hyperband_follows_the_plan(num_epochs, factor):
    table = noise_table(1, num_epochs)
    trials = replay(table.world(0, [0, 1]), "hyperband", 5, factor=factor, patience=99)
    rungs = trials.groupby(["bracket", "rung"], sort=False)
    found = rungs.agg(trials=("trial", "size"), epochs=("last_epoch", "first"), new_epochs=("epochs", "first"))
    plan = hyperband.hyperband_schedule(num_epochs, factor)
    assert found.reset_index().to_numpy().tolist() == plan.to_numpy().tolist()
    assert (rungs["epochs"].nunique() == 1).all()
    assert trials["total_epochs"].iloc[-1] == (plan["trials"] * plan["new_epochs"]).sum()


def test_the_best_of_a_rung_go_on_from_where_they_were(world):
    trials = replay(world, "hyperband", 5, patience=99)
    for (bracket, rung), kept in trials[trials["rung"] > 0].groupby(["bracket", "rung"]):
        below = trials[(trials["bracket"] == bracket) & (trials["rung"] == rung - 1)]
        assert set(kept["model"]) <= set(below["model"])
        left = below[~below["model"].isin(kept["model"])]
        stayed = below[below["model"].isin(kept["model"])]
        assert stayed["val_accuracy"].min() >= left["val_accuracy"].max()
        assert (kept["first_epoch"] == below["last_epoch"].iloc[0] + 1).all()


def test_a_trial_is_its_best_new_epoch_on_the_folds_that_choose(world):
    for row in replay(world, "hyperband", 5).itertuples():
        epochs = slice(row.first_epoch - 1, row.last_epoch)
        assert row.val_accuracy == world.chosen[row.model, epochs].max()
        assert row.best_epoch == row.first_epoch + world.chosen[row.model, epochs].argmax()
        assert row.held_accuracy == world.held[row.model, row.best_epoch - 1]
        assert list(world.models.loc[row.model]) == [row.units, row.learning_rate, row.dropout]


def test_early_stopping_ends_a_trial_and_forgets_at_the_next_rung(table, world):
    worse = world._replace(loss=np.tile(np.arange(10.0), (48, 1)))
    trials = replay(worse, "hyperband", 5, patience=3)
    of_rung = trials.groupby(["bracket", "rung"])["epochs"].unique()
    assert of_rung.map(list).to_dict() == {(0, 0): [4], (1, 0): [4], (1, 1): [4], (2, 0): [2], (2, 1): [2], (2, 2): [4]}
    assert trials["total_seconds"].is_monotonic_increasing


def test_what_a_rung_saved_is_not_made_up_in_the_next(world):
    loss = np.array([0.0, 1, -1, -2, -3, -4, -5, -6, -7, -8])
    trials = replay(world._replace(loss=np.tile(loss, (48, 1))), "hyperband", 5, patience=1)
    bracket = trials[trials["bracket"] == 1].groupby("rung")[["first_epoch", "last_epoch"]].first()
    assert bracket.to_numpy().tolist() == [[1, 2], [3, 8]]  # planned were epochs 1 to 4 and six more


@pytest.mark.parametrize("method", ["hyperband", "random"])
def test_equal_seeds_give_equal_replays_and_others_do_not(table, method):
    first, again = (replay_all(table, method, 2, seed=4) for _ in range(2))
    assert first.equals(again)
    other = replay_all(table, method, 2, seed=5)
    assert not first["model"].equals(other["model"])
    models = first.groupby(["seed", "repeat"])["model"].agg(tuple)
    assert models.nunique() == 4


def test_searches_of_kerastuner_with_near_seeds_share_their_trials(table):
    def models(seed):
        oracle = make_oracle("random", table_space(table.models), seed, max_trials=10)
        found = []
        drive(oracle, lambda values: found.append([values[name] for name in NAMES]) or (0.5, 0))
        return found

    first, near, far = models(1), models(4), models(oracle_seed(4))
    assert near[:9] == first[1:]
    assert far[:9] != first[1:]
    assert oracle_seed(0) > 0


@pytest.mark.parametrize("method", ["hyperband", "random", "bayesian"])
def test_a_budget_is_spent_to_the_last_epoch(world, method):
    trials = replay(world, method, 0, budget=33, num_initial_points=2)
    assert trials["epochs"].sum() == trials["total_epochs"].iloc[-1] == 33
    assert (trials["epochs"] > 0).all()


def test_a_search_that_models_ends_after_its_trials_and_may_repeat_one(world):
    trials = replay(world, "bayesian", 1, max_trials=5, num_initial_points=2)
    assert trials["trial"].tolist() == [0, 1, 2, 3, 4]
    assert trials.groupby("model")["val_accuracy"].nunique().max() == 1


def test_random_search_tries_no_model_twice_and_gives_up_near_the_end(world):
    models = replay(world, "random", 1)["model"]  # it ends after 21 draws in a row that were tried before
    assert models.is_unique
    assert 40 < len(models) <= 48


def test_a_replay_leaves_no_files_and_keeps_no_oracle(world, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    held = len(oracle_module.LOCKS)
    replay(world, "hyperband", 1)
    assert list(tmp_path.iterdir()) == []
    assert len(oracle_module.LOCKS) == held


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method = 'grid'; allowed: hyperband, random, bayesian"):
        make_oracle("grid", kt.HyperParameters(), 1)


def test_hyperband_ends_where_the_space_runs_out():
    assert hyperband_alone(500, 0) == (30, 120)
    found = [hyperband_alone(16, seed) for seed in range(20)]
    assert max(found) == (22, 60)
    assert all(18 <= trials <= 22 for trials, _ in found)


def test_the_answer_is_that_of_the_best_score_so_far(table):
    trials = best_so_far(replay_all(table, "random", 3, max_trials=9))
    assert (trials["regret"] >= 0).all()
    assert (trials["answer_val"] >= trials["val_accuracy"]).all()
    for _, search in trials.groupby(["seed", "repeat"]):
        for last in range(len(search)):
            leader = search.iloc[: last + 1]["val_accuracy"].argmax()
            assert search["answer"].iloc[last] == search["held_accuracy"].iloc[leader]


@pytest.mark.parametrize("by", ["total_epochs", "total_seconds"])
def test_curves_are_read_off_where_trials_have_ended(table, by):
    trials = replay_all(table, "random", 1, max_trials=4)
    ends = trials.loc[trials["seed"] == 1, by].to_numpy()
    read = read_off(trials, [ends[0] - 0.5, ends[0], ends[-1] + 99], by).query("seed == 1")
    assert read["trials"].tolist() == [0, 1, 4]
    assert read["answer"].isna().tolist() == [True, False, False]
    assert read["answer"].iloc[-1] == best_so_far(trials).query("seed == 1")["answer"].iloc[-1]


def test_one_model_without_a_search_is_judged_by_the_held_folds():
    found = single_model(noise_table(4, num_epochs=1), 7, repeats=400)
    truth = noise_table(4, num_epochs=1).accuracy[:, 7, 0].mean(-1)
    assert np.allclose(found["answer"], truth, atol=0.005)
