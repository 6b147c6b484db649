"""Searches that cannot find anything, and data with wishes of its own: the reason in one line, or both side by side."""

import threading

import keras
import keras_tuner as kt
import numpy as np
import pytest

from gru_book.cli import main
from gru_book.errors import TuningError
from gru_book.tuning.folder import IDENTITY, claimed, is_finished
from gru_book.tuning.results import epochs_table, state, trials_table
from gru_book.tuning.search import ScoredModel, Search
from gru_book.tuning.tuner import run_search
from pretence import all_files
from toy_search import toy

X, Y = np.zeros((8, 2)), np.zeros(8)
BOTH = {"x": X, "y": Y, "validation_data": (X, Y)}
ONE = {"method": "random", "max_trials": 1, "max_epochs": 2, "objective": "val_mae"}


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")


def model(hp):
    hp.Choice("units", [1, 2, 3, 4])
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse", metrics=["mae"], jit_compile=False)
    return network


def search_for(data, made=model, **options) -> Search:
    return Search("small", made, lambda: data, **(ONE | options))


class Counting(keras.callbacks.Callback):
    """Counts what it sees, in all copies that KerasTuner makes of it."""

    seen: list = []  # of the class, so that copies share it

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(epoch)


class Uncopied(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


# ---- data() with its own callbacks, epochs, sizes


@pytest.mark.parametrize("given", [[Counting()], (Counting(),), Counting(), [Counting(), keras.callbacks.Callback()]])
def test_callbacks_of_the_data_work_beside_ours(given, tmp_path):
    Counting.seen.clear()
    run_search(search_for({**BOTH, "callbacks": given}, max_trials=2), tmp_path / "search")
    assert Counting.seen == [0, 1] * 2
    assert len(epochs_table(tmp_path / "search")) == 4


def test_a_stop_of_the_datas_own_stops_each_trial_anew(tmp_path):
    stop = keras.callbacks.EarlyStopping("val_loss", patience=0, min_delta=1e9)
    run_search(search_for({**BOTH, "callbacks": [stop]}, max_trials=2, max_epochs=5), tmp_path / "search")
    assert trials_table(tmp_path / "search")["epochs"].tolist() == [2, 2]


def test_no_callbacks_and_a_size_of_batches_are_fine(tmp_path):
    steps = []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch))
    assert search_for({**BOTH, "callbacks": None}).fit_arguments()["callbacks"] == []
    given = search_for({**BOTH, "batch_size": 2}).fit_arguments()
    model(kt.HyperParameters()).fit(**{**given, "callbacks": [count]}, verbose=0)
    assert steps == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({**BOTH, "epochs": 3}, "gives epochs=3; leave it out: they are the search's max_epochs (--max-epochs)"),
        ({**BOTH, "initial_epoch": 1}, "gives initial_epoch=1; leave it out: Hyperband says where a trial goes on"),
        ({**BOTH, "verbose": 1}, "gives verbose=1; leave it out: a search shows its own progress"),
        ({**BOTH, "callbacks": [print]}, "allowed: keras.callbacks.Callback"),
        ({**BOTH, "callbacks": "early"}, "gives the callback 'early'"),
        ({**BOTH, "callbacks": [keras.callbacks.EarlyStopping]}, "allowed: keras.callbacks.Callback"),
        ({**BOTH, "callbacks": [Uncopied()]}, "gives the callback Uncopied, which cannot be copied for each trial"),
        (None, "returns None; allowed: a dictionary"),
        ((X, Y), "allowed: a dictionary"),
        ([("x", X)], "allowed: a dictionary"),
        ({1: X}, "allowed: a dictionary"),
    ],
)
def test_what_the_data_may_not_say(data, said, tmp_path):
    with pytest.raises(TuningError) as error:
        run_search(search_for(data), tmp_path / "search")
    assert str(error.value).startswith("data() of search 'small' ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "search").exists()  # nothing began there


@pytest.mark.parametrize(
    "raised", [ValueError("no\nfile"), KeyError("x"), OSError(2, "No such file"), TuningError("y"), SystemExit(0)]
)
def test_data_that_fails_says_so_before_any_worker_starts(raised, tmp_path, monkeypatch, capsys):
    from gru_book.tuning import chief

    def data():
        raise raised

    monkeypatch.setattr(chief.LocalWorker, "start", lambda worker: pytest.fail("a worker was started"))
    search = Search("small", model, data, **ONE)
    for run in (
        lambda: run_search(search, tmp_path / "one"),
        lambda: chief.run_chief(search, tmp_path / "many", workers=2, command=lambda *_: []),
    ):
        with pytest.raises(TuningError) as error:
            run()
        assert str(error.value).startswith("data() of search 'small' fails: ")
        assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_data_that_fails_leaves_the_search_that_was_to_start_over(tmp_path):
    good = search_for(BOTH)
    run_search(good, tmp_path / "search")
    before = all_files(tmp_path / "search")
    with pytest.raises(TuningError, match=r"data\(\) of search 'small' returns None"):
        run_search(search_for(None), tmp_path / "search", again=True)
    assert all_files(tmp_path / "search") == before


# ---- the score that decides


@pytest.mark.parametrize(
    ("objective", "data"),
    [("val_accuracy", BOTH), ("val_mae", {"x": X, "y": Y}), (kt.Objective("val_f1", "max"), BOTH)],
)
def test_a_score_that_the_training_does_not_give_ends_the_search_at_once(objective, data, tmp_path):
    with pytest.raises(TuningError) as error:
        run_search(search_for(data, objective=objective, max_trials=4, patience=None), tmp_path / "search")
    name = getattr(objective, "name", objective)
    assert f"objective is '{name}', which the training does not give; allowed: loss, mae" in str(error.value)
    assert "\n" not in str(error.value)
    assert len(list((tmp_path / "search").glob("trial_*"))) == 1


class Scored(ScoredModel):
    """Gives what it is told to, times the units."""

    def __init__(self, score):
        super().__init__()
        self.score = score

    def build(self, hp):
        hp.Choice("units", [1, 2, 3, 4])

    def fit(self, hp, model, **_):
        return {"val_f1": self.score * hp.get("units")}


@pytest.mark.parametrize(("direction", "best"), [("max", 4.0), ("min", 1.0)])
def test_a_score_of_unknown_direction_is_tuned_as_it_says(direction, best, tmp_path):
    objective = kt.Objective("val_f1", direction)
    search = search_for({}, Scored(1.0), objective=objective, max_trials=4)
    folder = tmp_path / "search"
    run_search(search, folder)
    table = trials_table(folder)
    assert len(table) == 4
    assert table["val_f1"][0] == state(folder)["best"] == best
    run_search(search, folder)  # what is noted of it can be read again
    other = kt.Objective("val_f1", "max" if direction == "min" else "min")
    with (
        pytest.raises(TuningError, match=r"objective.direction is .* there, .* here"),
        claimed(search_for({}, Scored(1.0), objective=other, max_trials=4), folder),
    ):
        pass


def test_a_scored_model_that_gives_another_score(tmp_path):
    with pytest.raises(TuningError, match="search 'small' stops: Expected the returned dictionary"):
        run_search(search_for({}, Scored(1.0), objective="val_mae"), tmp_path / "search")


# ---- nothing found


@pytest.mark.parametrize("max_trials", [1, 2, 3, 4])
def test_a_search_whose_trials_all_failed_says_why(max_trials, tmp_path):
    search = toy(bad=",".join(map(str, range(1, 17))), method="random", max_trials=max_trials, max_epochs=1)
    with pytest.raises(TuningError) as error:
        run_search(search, tmp_path / "search")
    first = trials_table(tmp_path / "search").set_index("trial")["error"]["0"]
    assert first in str(error.value)
    assert "\n" not in str(error.value)
    failed = f"all {max_trials} trials failed" if max_trials < 3 else "trial after trial failed, the first with"
    assert failed in str(error.value)
    assert is_finished(tmp_path / "search") == (max_trials < 3)


def test_a_score_that_is_no_number_fails_its_trial(tmp_path):
    objective = kt.Objective("val_f1", "max")
    with pytest.raises(TuningError, match="all 2 trials failed, the first with a score that is no number"):
        run_search(search_for({}, Scored(float("nan")), objective=objective, max_trials=2), tmp_path / "search")


def test_a_finished_search_that_found_nothing_goes_on_saying_so(tmp_path, capsys):
    words = ["--method", "random", "--max-trials", "2", "--max-epochs", "1"]
    every = ",".join(map(str, range(1, 17)))
    search = toy(bad=every, method="random", max_trials=2, max_epochs=1)
    for _ in range(2):
        with pytest.raises(TuningError, match="found nothing"):
            run_search(search, tmp_path / "search")
    assert main(["tune", "toy_search:toy", *words, "-p", "bad", every, "--folder", str(tmp_path / "search")]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("gru-book: search 'toy' found nothing: all 2 trials failed, the first with ValueError: ")
    assert line.endswith("start over (again=True, on the command line --again)")


def test_a_search_that_found_something_is_no_failure(tmp_path):
    search = toy(bad=",".join(map(str, range(2, 17))), widest=2, method="random", max_trials=2, max_epochs=1)
    run_search(search, tmp_path / "search")
    assert sorted(trials_table(tmp_path / "search")["status"]) == ["COMPLETED", "FAILED"]
    assert (tmp_path / "search" / IDENTITY).is_file()
