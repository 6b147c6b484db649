"""What strangers do to a search by Optuna: refused in one line before any work, nothing lost, nothing believed."""

import errno
import importlib.util
import json
import os

import pytest
from optuna.storages.journal import JournalFileBackend

from gru_book.cli import main
from gru_book.errors import BookError, TuningError
from gru_book.files import CHECKOUT
from gru_book.tuning import command
from gru_book.tuning.catalogue import RecipeModel
from gru_book.tuning.chief import MOST_LOSSES
from gru_book.tuning.folder import foreign, is_finished
from gru_book.tuning.optuna_engine import run_with_optuna
from gru_book.tuning.optuna_oracle import OptunaOracle
from gru_book.tuning.optuna_study import OptunaSearch
from gru_book.tuning.records import write_state
from gru_book.tuning.results import runs_table, trials_table
from gru_book.tuning.search import Search
from gru_book.tuning.tuner import run_search
from pretence import all_files
from toy_search import toy

SMALL = ["toy_search:toy", "--max-trials", "2", "--max-epochs", "1"]
JOURNAL = "workers/study.log"


@pytest.fixture
def found(small, tmp_path):
    """The folder of the small search, finished by Optuna."""
    run_with_optuna(small, tmp_path / "search")
    return tmp_path / "search"


def said(capsys, *words) -> str:
    """Return what the command says, one line."""
    assert main(["tune", *words]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("gru-book: ")
    return lines[-1].removeprefix("gru-book: ")


def refused(search, folder, **options) -> str:
    """Return what going on says, one line; nothing in the folder changes but what says that a worker was there."""

    def files():
        return {name: held for name, held in all_files(folder).items() if not name.endswith((".lock", "1.json"))}

    before = files()
    with pytest.raises(BookError) as error:
        run_with_optuna(search, folder, **options)
    assert "\n" not in str(error.value)
    assert files() == before
    return str(error.value)


# ---- the command's words


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--engine", "optua"], "engine is 'optua' (did you mean 'optuna'?); allowed: keras-tuner, optuna"),
        (["--engine", ""], "engine is ''; allowed: keras-tuner, optuna"),
        (["--engine", "optuna", "--sampler", "tpa"], "sampler is 'tpa' (did you mean 'tpe'?); allowed: tpe, random"),
        (["--engine", "optuna", "--pruner", "medium"], "pruner is 'medium' (did you mean 'median'?); allowed: "),
        (["--engine", "optuna", "--method", "random"], "method is 'random', an option of --engine keras-tuner; "
                                                       "leave it out, or give that; allowed with optuna: --sampler"),
        (["--engine", "optuna", "--chief", "127.0.0.1:0"], "chief is '127.0.0.1:0', an option of --engine keras-tuner"),
        (["--engine", "optuna", "--worker", "a"], "worker is 'a', an option of --engine keras-tuner"),
        (["--engine", "optuna", "--public"], "public is True, an option of --engine keras-tuner"),
        (["--engine", "optuna", "--wait", "0"], "wait is 0.0, an option of --engine keras-tuner"),
        (["--engine", "optuna", "--lost-after", "9"], "lost_after is 9.0, an option of --engine keras-tuner"),
        (["--engine", "optuna", "--workers", "2"], "workers is 2, but with --engine optuna every process is one"),
        (["--engine", "optuna", "--max-trials", "0"], "max_trials = 0 is not allowed; allowed: [1..1000000]"),
        (["--engine", "optuna", "--seed", "-1"], "seed = -1 is not allowed"),
        (["--engine", "optuna", "-p", "wides", "3"], "-p wides (did you mean 'widest'?)"),
        (["--sampler", "tpe"], "sampler is 'tpe', an option of --engine optuna; leave it out, or give that; "
                               "allowed with keras-tuner: --method"),
        (["--pruner", "none"], "pruner is 'none', an option of --engine optuna"),
    ],
)  # fmt: skip
def test_the_command_names_what_is_wrong(words, message, tmp_path, capsys):
    assert said(capsys, *SMALL, "--folder", str(tmp_path / "search"), *words).startswith(message)
    assert not (tmp_path / "search").exists()


PLACES = {
    "./results": "holds no search but other files",
    "./results/data.csv": "folder is ",
    "./results/data.csv/inside": "which is no folder",
    "./link": "a link",
    f"./{'x' * 300}": "longer than the 255 bytes",
    str(CHECKOUT / "notebooks"): "in notebooks/, which holds the book itself",
}


@pytest.mark.parametrize("again", [[], ["--again"]])
@pytest.mark.parametrize("folder", PLACES)
def test_a_place_is_refused_before_any_work_and_nothing_is_touched(folder, again, tmp_path, capsys, monkeypatch):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "data.csv").write_text("1,2")
    (tmp_path / "link").symlink_to("elsewhere")
    monkeypatch.chdir(tmp_path)
    before = all_files(tmp_path)
    assert PLACES[folder] in said(capsys, *SMALL, "--engine", "optuna", "--folder", folder, *again)
    assert all_files(tmp_path) == before


@pytest.mark.parametrize("name", ["trial_0", "trial_1/journal.jsonl", JOURNAL, "workers"])
def test_nothing_is_written_where_no_search_made_what_lies_there(name, small, found):
    place = found / name
    place.rename(found.parent / "elsewhere")
    place.symlink_to("/nowhere")
    assert "that no search made or somebody changed" in refused(small, found)


def test_where_optuna_is_missing_the_line_says_how_to_get_it(tmp_path, capsys, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(command.importlib.util, "find_spec", lambda name: None if name == "optuna" else find(name))
    line = said(capsys, *SMALL, "--engine", "optuna", "--folder", str(tmp_path / "search"))
    assert line == "engine is 'optuna', and the package optuna is not installed: pip install 'optuna>=5'"


def test_a_pruner_needs_epochs():
    search = Search("linear", RecipeModel("linear", lambda hp: {"longest": hp.Choice("longest", [1, 2])}), dict,
                    method="random")  # fmt: skip
    assert OptunaSearch.of(search).pruner == "none"
    with pytest.raises(TuningError, match="pruner is 'median', but linear has no epochs; allowed: none"):
        OptunaSearch.of(search, pruner="median")


@pytest.mark.parametrize("raised", [ValueError("no\nfile"), OSError(2, "No such file")])
def test_data_that_fails_says_so_before_anything_begins(raised, small, tmp_path):
    def data():
        raise raised

    search = Search("small", small.model, data, method="random")
    with pytest.raises(TuningError, match=r"data\(\) of search 'small' fails: "):
        run_with_optuna(search, tmp_path / "search")
    assert list(tmp_path.iterdir()) == []


# ---- the other engine's folder


def test_a_folder_of_one_engine_is_refused_to_the_other(small, found, tmp_path, capsys):
    run_search(small, tmp_path / "kerastuner")
    before = all_files(tmp_path)
    words = [*SMALL, "--folder"]
    line = said(capsys, *words, str(tmp_path / "kerastuner"), "--engine", "optuna")
    assert "which holds a search by 'keras-tuner', not by 'optuna'; give another folder, or start over" in line
    line = said(capsys, *words, str(found), "--method", "random")
    assert "which holds a search by 'optuna', not by 'keras-tuner'; give another folder, or start over" in line
    with pytest.raises(TuningError, match="engine is optuna there, nothing here"):
        run_search(small, found)
    assert all_files(tmp_path) == before
    run_search(small, found, again=True)
    run_with_optuna(small, tmp_path / "kerastuner", again=True)
    assert foreign(found) == foreign(tmp_path / "kerastuner") == []


def test_another_sampler_pruner_or_space_is_named(small, found):
    assert "method is tpe there, random here" in refused(small, found, sampler="random")
    assert "pruner is median there, none here" in refused(small, found, pruner="none")
    wider = toy(method="random", max_trials=2, max_epochs=1, widest=17)
    assert "space.units.max_value is 16 there, 17 here" in refused(wider, found)


# ---- the journal, as others leave it

DAMAGE = {
    "a line cut in the middle": lambda lines: [*lines[:3], lines[3][:20], *lines[4:]],
    "a line that is no JSON": lambda lines: [*lines, b"hello"],
    "a line of another kind": lambda lines: [*lines, b"3"],
    "an operation that is none": lambda lines: [*lines, b'{"op_code": 99}'],
    "no text": lambda lines: [b"\xff\xfe", *lines],
    "zeros": lambda lines: [b"\0" * 100],
    "without its beginning": lambda lines: lines[1:],
    "another study": lambda lines: [line.replace(b'"toy"', b'"joy"') for line in lines],
    "another direction": lambda lines: [line.replace(b'"directions":[2]', b'"directions":[1]') for line in lines],
    "nothing": lambda lines: [],
    "without its trials": lambda lines: lines[:1],
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_journal_is_named_and_can_be_started_over(name, small, found):
    lines = DAMAGE[name]((found / JOURNAL).read_bytes().splitlines())
    (found / JOURNAL).write_bytes(b"".join(line + b"\n" for line in lines))
    line = refused(small, found)
    assert JOURNAL in line
    assert line.endswith("start over (again=True, on the command line --again)")
    run_with_optuna(small, found, again=True)
    assert set(trials_table(found)["status"]) == {"COMPLETED"}


def test_a_last_line_that_a_kill_cut_is_cut_off(small, found):
    longer = toy(method="random", max_trials=2, max_epochs=1)
    whole = (found / JOURNAL).read_bytes()
    for cut in (1, 9, 40):
        (found / JOURNAL).write_bytes(whole[:-cut])
        (found / "finished").unlink()
        run_with_optuna(longer, found)
        lines = (found / JOURNAL).read_bytes().splitlines()
        assert all(json.loads(line) for line in lines)
        assert trials_table(found)["runs"].tolist() == [1, 1]


@pytest.mark.parametrize("what", ["lost", "damaged", "unknown"])
def test_a_trial_that_is_not_as_it_was_left_is_named(what, small, found):
    path = found / "trial_1" / "trial.json"
    if what == "lost":
        path.unlink()
    elif what == "damaged":
        path.write_text(path.read_text().replace("COMPLETED", "FAILED"))
    else:
        (found / "trial_7").mkdir()
        write_state(found / "trial_7" / "trial.json", {"trial_id": "7"})
    line = refused(small, found)
    assert {"lost": "names trial_1, which", "damaged": "is not as a search wrote", "unknown": "know trial_7"}[
        what
    ] in line


@pytest.mark.parametrize("owner", ["../../x", "a/b", "", 3, None])
def test_a_workers_name_in_the_journal_leads_nowhere(owner, small, found, tmp_path):
    text = (found / JOURNAL).read_text().splitlines()
    last = max(number for number, line in enumerate(text) if '"worker":"1"' in line)
    text[last] = text[last].replace('"worker":"1"', f'"worker":{json.dumps(owner)}')
    ended = [line for line in text if not (json.loads(line)["op_code"] == 6 and json.loads(line)["trial_id"] == 1)]
    (found / JOURNAL).write_text("\n".join(ended) + "\n")
    (found / "finished").unlink()
    path = found / "trial_1" / "trial.json"
    before = sorted(tmp_path.iterdir())
    if owner and not str(owner).isdigit():
        assert f"worker is {owner!r}; allowed: letters" in refused(small, found)
    else:
        run_with_optuna(small, found)
        assert "COMPLETED" in path.read_text()
    assert sorted(tmp_path.iterdir()) == before


# ---- kills at the wrong moment, failures, no room


def test_a_trial_whose_end_only_the_study_does_not_know_is_not_run_again(small, tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(OptunaOracle, "_tell", killed)
    with pytest.raises(KeyboardInterrupt):
        run_with_optuna(small, tmp_path / "search")
    monkeypatch.undo()
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    tuner = run_with_optuna(small, tmp_path / "search")
    assert trials_table(tmp_path / "search")["runs"].tolist() == [1, 1]
    assert len(tuner.oracle.study.best_trials) == 1


def test_a_kill_between_a_proposal_and_its_trial_costs_nothing(small, tmp_path, monkeypatch):
    for name in ("_save_trial", "update_space"):
        monkeypatch.setattr(OptunaOracle, name, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt), raising=False)
        with pytest.raises(KeyboardInterrupt):
            run_with_optuna(small, tmp_path / "search")
        monkeypatch.undo()
        monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    tuner = run_with_optuna(small, tmp_path / "search")
    assert len(trials_table(tmp_path / "search")) == 2
    assert len(tuner.oracle.study.trials) == 2


def test_a_trial_that_loses_every_worker_counts_as_failed(small, tmp_path, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(type(small.model), "fit", killed)
        context.setattr(OptunaOracle, "give_back", lambda oracle: None)
        for _ in range(MOST_LOSSES):
            with pytest.raises(KeyboardInterrupt):
                run_with_optuna(small, tmp_path / "search")
    run_with_optuna(small, tmp_path / "search")
    table = trials_table(tmp_path / "search").set_index("trial")
    assert table["status"].to_dict() == {"1": "COMPLETED", "0": "FAILED"}
    assert table["error"]["0"] == f"lost its worker {MOST_LOSSES} times"
    assert table["runs"]["0"] == MOST_LOSSES


def test_failing_trials_stop_the_search_until_it_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    bad = toy(bad=",".join(map(str, range(1, 17))), method="random", max_trials=5, max_epochs=1)
    folder = tmp_path / "search"
    with pytest.raises(TuningError, match="search 'toy' stops: trial after trial failed, the first with ValueError: "):
        run_with_optuna(bad, folder)
    assert trials_table(folder)["status"].tolist() == ["FAILED"] * 3
    tuner = run_with_optuna(toy(method="random", max_trials=5, max_epochs=1), folder)
    assert sorted(trials_table(folder)["status"]) == ["COMPLETED"] * 2 + ["FAILED"] * 3
    assert [trial.state.name for trial in tuner.oracle.study.trials] == ["FAIL"] * 3 + ["COMPLETE"] * 2


def test_a_search_whose_trials_all_failed_says_why_each_time(tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    bad = toy(bad=",".join(map(str, range(1, 17))), method="random", max_trials=2, max_epochs=1)
    for _ in range(2):
        with pytest.raises(TuningError, match="found nothing: all 2 trials failed, the first with ValueError: "):
            run_with_optuna(bad, tmp_path / "search")
    assert is_finished(tmp_path / "search")


@pytest.mark.parametrize("at", [1, 2, 3, 6, 7, 8, 13])
def test_a_journal_without_room_ends_the_search_in_a_line_and_nothing_is_lost(at, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    append, calls = JournalFileBackend.append_logs, []

    def full(backend, logs):
        calls.append(1)
        if len(calls) == at:
            with open(backend._file_path, "ab") as file:
                file.write(b'{"op_code":')
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(backend, logs)

    words = [*SMALL, "--engine", "optuna", "--folder", str(tmp_path / "search")]
    with monkeypatch.context() as context:
        context.setattr(JournalFileBackend, "append_logs", full)
        line = said(capsys, *words)
    assert "No space left on device" in line
    assert main(["tune", *words]) == 0
    assert len(trials_table(tmp_path / "search")) == 2
    assert set(runs_table(tmp_path / "search")["outcome"]) <= {"completed", "lost"}
