"""What a search reads: damaged, cut, foreign or forged, it is named in one line, and nothing is written elsewhere."""

import errno
import json
import os
from types import SimpleNamespace

import grpc
import keras_tuner as kt
import pytest
from keras_tuner.src import protos

from gru_book.errors import BookError, OutputError, TuningError
from gru_book.tuning import chief, records, tuner
from gru_book.tuning import oracle as oracle_module
from gru_book.tuning.chief import ChiefOracle
from gru_book.tuning.folder import IDENTITY, claimed
from gru_book.tuning.records import JOURNAL, LARGEST, events, note, read_state, write_state
from gru_book.tuning.results import epochs_table, runs_table, trials_table
from gru_book.tuning.servicer import CarefulServicer, server_at
from gru_book.tuning.tuner import Tuner, run_search
from gru_book.tuning.worker import Client, oracle_client
from pretence import all_files
from toy_search import toy

FULL = os.strerror(errno.ENOSPC)

DAMAGE = {
    "empty": lambda text: "",
    "cut": lambda text: text[: len(text) // 2],
    "cut at its end": lambda text: text[:-2],
    "a list": lambda text: "[]",
    "a number": lambda text: "3",
    "nothing": lambda text: "null",
    "another mapping": lambda text: '{"a": 1}',
    "empty mapping": lambda text: "{}",
    "no seal": lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != records.SEAL}),
    "another digit": lambda text: text.replace("0", "1", 1),
    "nested too deep": lambda text: "[" * 10**5,
    "zeros, as a power cut leaves them": lambda text: "\0" * len(text),
    "no text": lambda text: "\udcff\udcfe" + text,
    "twice": lambda text: text + text,
}


def damage(path, name) -> None:
    path.write_bytes(DAMAGE[name](path.read_text()).encode("utf-8", "surrogateescape"))


def refused(search, folder, **options) -> str:
    """Return what going on says, in one line; nothing in the folder changes."""
    before = all_files(folder)
    with pytest.raises(BookError) as error:
        run_search(search, folder, **options)
    assert "\n" not in str(error.value)
    assert all_files(folder) == before
    return str(error.value)


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("file", ["oracle.json", "trial_0/trial.json"])
def test_a_damaged_state_is_named_and_can_be_started_over(file, name, small, finished):
    damage(finished / file, name)
    said = refused(small, finished)
    assert f"search/{file}" in said
    assert "start over (again=True, on the command line --again)" in said
    run_search(small, finished, again=True)
    assert len(trials_table(finished)) == 2


@pytest.mark.parametrize("name", [name for name in DAMAGE if name not in ("no seal", "another digit")])
def test_a_damaged_identity_is_named_and_nothing_is_emptied(name, small, finished):
    damage(finished / IDENTITY, name)
    for again in (False, True):
        said = refused(small, finished, again=again)
        assert IDENTITY in said
        assert "give another folder" in said


@pytest.mark.parametrize("objective", [3, {"name": "a"}, {"name": "a", "direction": "max", "x": 1}, "nonsense", ""])
def test_an_identity_with_an_objective_that_is_none(objective, finished):
    identity = json.loads((finished / IDENTITY).read_text())
    (finished / IDENTITY).write_text(json.dumps({**identity, "objective": objective}))
    with pytest.raises(TuningError, match=r"search\.json names no objective but "):
        trials_table(finished)


@pytest.mark.parametrize("name", ["no text", "cut", "a list", "empty"])
def test_tables_of_a_damaged_search_name_the_file(name, finished):
    damage(finished / "trial_1/trial.json", name)
    with pytest.raises(TuningError, match=r"trial_1/trial\.json") as error:
        trials_table(finished)
    assert "\n" not in str(error.value)


def test_a_file_that_is_too_large_is_not_read(small, finished):
    with open(finished / "oracle.json", "r+b") as file:
        file.truncate(LARGEST + 1)
    assert f"{LARGEST + 1:,} bytes; allowed: up to {LARGEST:,}" in refused(small, finished)


# ---- forged with a right seal


def forge(path, **changes) -> None:
    write_state(path, {**read_state(path), **changes})


@pytest.mark.parametrize(
    "name", ["../../x", "/tmp/x", "..", "", "0/../../x", "1", 0, None, ["0"], "٣", "x" * 300, "0\n"]
)
def test_a_trial_of_another_name_writes_nothing_elsewhere(name, small, finished):
    forge(finished / "trial_0/trial.json", trial_id=name)
    assert "trial" in refused(small, finished)
    assert [path.name for path in finished.parent.iterdir()] == ["search"]


@pytest.mark.parametrize(
    "changes",
    [
        {"start_order": ["0", "9"]},
        {"start_order": ["../../x"]},
        {"start_order": 3},
        {"ongoing_trials": {"../../x": "0"}},
        {"ongoing_trials": {"chief": "0"}},
        {"ongoing_trials": {"a": "9"}},
        {"ongoing_trials": ["a"]},
        {"hyperparameters": {}},
        {"hyperparameters": None},
        {"run_times": 3},
        {"display": {}},
    ],
)
def test_a_state_that_makes_no_sense_is_one_line(changes, small, finished):
    forge(finished / "oracle.json", **changes)
    refused(small, finished)


def test_trials_that_climb_from_each_other_are_no_endless_loop(finished):
    for name, other in (("0", "1"), ("1", "0")):
        state = read_state(finished / f"trial_{name}/trial.json")
        values = {**state["hyperparameters"]["values"], "tuner/trial_id": other, "tuner/bracket": 1, "tuner/round": 1}
        forge(finished / f"trial_{name}/trial.json", hyperparameters={**state["hyperparameters"], "values": values})
    assert trials_table(finished)["bracket"].tolist() == [1, 1]


# ---- journals


def test_a_record_after_a_cut_one_is_kept(tmp_path):
    journal = tmp_path / JOURNAL
    note(journal, "start", worker="a")
    journal.write_text(journal.read_text() + '{"event": "epo')
    note(journal, "end")
    assert [noted["event"] for noted in events(journal)] == ["start", "end"]


LINES = ["", "{", "3", "[]", "null", "{}", '{"event": "end"}', '{"event": 3, "time": 1}',
         '{"event": ["end"], "time": 1}',
         '{"event": "end", "time": "now"}', '{"event": "end", "time": null}', '{"event": "end", "time": NaN}',
         '{"event": "nonsense", "time": 1}', '{"event": "epoch", "time": 1, "loss": "low"}',
         '{"event": "epoch", "time": 1, "loss": [1]}', '{"event": "failed", "time": 1, "error": 3}',
         '{"event": "start", "time": 1, "worker": {}}', '{"event": "start", "time": 1, "before": "x"}', "\0\0\0",
         "[" * 10**5]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_of_a_journal_that_is_none_is_passed_over(line, place, finished):
    before = runs_table(finished), trials_table(finished), epochs_table(finished)
    for journal in finished.glob(f"trial_*/{JOURNAL}"):
        lines = journal.read_text().splitlines()
        lines.insert(place, line)
        journal.write_text("\n".join(lines) + "\n")
    after = runs_table(finished), trials_table(finished), epochs_table(finished)
    assert all(one.equals(other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("events_", [["end"], ["epoch", "end"], ["failed"]])
def test_a_journal_whose_start_is_lost_is_no_traceback(events_, finished):
    journal = finished / "trial_0" / JOURNAL
    journal.unlink()
    for event in events_:
        note(journal, event)
    assert len(trials_table(finished)) == 2
    assert set(runs_table(finished)["trial"]) == {"1"}


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path), lambda path: None])
def test_a_journal_that_is_no_file_is_not_read(make, finished):
    (finished / "trial_0" / JOURNAL).unlink()
    make(finished / "trial_0" / JOURNAL)
    assert set(runs_table(finished)["trial"]) == {"1"}


# ---- what arrives at the chief


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A chief that answers in this process, with one trial running in worker a: its oracle, stub and folder."""
    for name, value in {"TUNER_ID": "chief", "ORACLE_IP": "127.0.0.1", "ORACLE_PORT": "0"}.items():
        monkeypatch.setenv(f"KERASTUNER_{name}", value)
    folder = tmp_path / "deep/er/search"
    search = toy(method="random", max_trials=4, max_epochs=1)
    with server_at(("127.0.0.1", 0)) as (server, port), claimed(search, folder):
        oracle = Tuner(search, folder, kept=ChiefOracle).oracle
        oracle.save()
        protos.get_service_grpc().add_OracleServicer_to_server(CarefulServicer(oracle), server)
        server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = protos.get_service_grpc().OracleStub(channel)
            trial = oracle.create_trial("a")
            yield SimpleNamespace(oracle=oracle, stub=stub, folder=folder, trial=trial)


def sent(call, **values) -> str:
    """Return with which words the chief refuses a call."""
    request = getattr(protos.get_service(), f"{call._method.decode().rpartition('/')[2]}Request")(**values)
    with pytest.raises(grpc.RpcError) as error:
        call(request, timeout=60)
    return f"{error.value.code().name}: {error.value.details()}"


def answers(running) -> bool:
    """Whether the chief still gives out trials and looks after its workers: no lock was kept."""
    reply = running.stub.CreateTrial(protos.get_service().CreateTrialRequest(tuner_id="b"), timeout=60)
    running.oracle.drop_lost_workers(running.folder)
    return kt.engine.trial.Trial.from_proto(reply.trial).status == "RUNNING"


@pytest.mark.parametrize("name", ["../../x", "/tmp/x", "", "a/b", "a b", "chief", "my-chief", "x" * 300, "a\n", "a\0b"])
def test_a_workers_name_that_leads_elsewhere_is_refused(name, running):
    before = all_files(running.folder.parents[2])
    assert sent(running.stub.CreateTrial, tuner_id=name).startswith("INVALID_ARGUMENT: worker is ")
    assert all_files(running.folder.parents[2]) == before
    assert name not in running.oracle.tuner_ids
    assert answers(running)


@pytest.mark.parametrize("name", ["../../x", "", "9", "trial_0"])
def test_a_trial_that_there_is_not_is_refused(name, running):
    before = all_files(running.folder.parents[2])
    trial = kt.engine.trial.Trial(running.oracle.get_space(), trial_id=name, status="FAILED")
    for said in (
        sent(running.stub.GetTrial, trial_id=name),
        sent(running.stub.UpdateTrial, trial_id=name, metrics={"val_accuracy": 1.0}),
        sent(running.stub.EndTrial, trial=trial.to_proto()),
    ):
        assert said == f"INVALID_ARGUMENT: trial is {name!r}, which this search does not have"
    assert all_files(running.folder.parents[2]) == before
    assert answers(running)


@pytest.mark.parametrize("status", ["COMPLETED", "RUNNING", "IDLE", "STOPPED", None])
def test_a_trial_ends_as_a_trial_can(status, running):
    trial = kt.engine.trial.Trial(running.oracle.get_space(), trial_id=running.trial.trial_id, status=status)
    assert sent(running.stub.EndTrial, trial=trial.to_proto()).startswith(f"INVALID_ARGUMENT: status is {status!r}")
    assert running.oracle.ongoing_trials["a"].status == "RUNNING"
    assert answers(running)


def test_a_report_without_the_score_is_refused_and_the_chief_goes_on(running):
    said = sent(running.stub.UpdateTrial, trial_id=running.trial.trial_id, metrics={"val_loss": 1.0})
    assert said.startswith("INTERNAL: ")
    assert answers(running)


@pytest.mark.parametrize("raised", [OutputError(f"cannot write x: {FULL}"), OSError(errno.ENOSPC, FULL)])
def test_a_state_that_cannot_be_written_ends_the_search_in_a_line(raised, running, monkeypatch):
    def full(*_):
        raise raised

    monkeypatch.setattr(oracle_module, "write_state", full)
    assert sent(running.stub.CreateTrial, tuner_id="b").startswith("ABORTED: ")
    assert "No space left on device" in running.oracle.fault
    monkeypatch.undo()
    with pytest.raises(TuningError, match="search 'toy' stops: .*No space left on device"):
        chief._watch(toy(), running.folder, running.oracle, [], print)
    assert answers(running)


@pytest.mark.parametrize("name", ["../../x", "/tmp/x", "", "a"])
@pytest.mark.parametrize("where", ["trial", "value"])
def test_a_worker_takes_no_trial_that_leads_elsewhere(name, where, running, monkeypatch):
    values = {"tuner/trial_id": name} if where == "value" else {}
    space = running.oracle.get_space()
    space.values = {**values, "units": 3}
    bad = kt.engine.trial.Trial(space, trial_id=name if where == "trial" else "0")
    monkeypatch.setattr(oracle_client.OracleClient, "create_trial", lambda client, worker: bad)
    with pytest.raises(TuningError, match="allowed: a number of KerasTuner's"):
        Client(running.oracle).create_trial("a")


# ---- a full disk


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_journal_that_cannot_be_written_ends_the_search_not_the_trial(at, small, tmp_path, monkeypatch):
    noted = []

    def full(journal, event, **what):
        noted.append(event)
        if len(noted) == at + 1:
            raise BookError(f"cannot write {journal}: {os.strerror(errno.ENOSPC)}")
        note(journal, event, **what)

    monkeypatch.setattr(tuner, "note", full)
    with pytest.raises(TuningError, match="search 'toy' stops: cannot write .*No space left on device"):
        run_search(small, tmp_path / "search")
    done = set(trials_table(tmp_path / "search")["status"])
    assert "FAILED" not in done
    run_search(small, tmp_path / "search")
    assert set(trials_table(tmp_path / "search")["status"]) == {"COMPLETED"}


def test_weights_that_cannot_be_written_end_the_search(tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_BOOK_PROGRESS", "/dev/null")
    search = toy(method="random", max_trials=4, max_epochs=1)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(type(search.model), "fit", full)
    with pytest.raises(TuningError, match="search 'toy' stops: No space left on device, while trial 0 ran"):
        run_search(search, tmp_path / "search")
