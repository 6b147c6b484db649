"""What `gru-book tune` does: read its options, be the chief or a worker, show what was found."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import re
import socket
import sys
from pathlib import Path

from gru_book.allowed import Parameter
from gru_book.allowed import shown as short
from gru_book.errors import TuningError, did_you_mean, one_line
from gru_book.files import CHECKOUT, home_expanded
from gru_book.tuning import results
from gru_book.tuning.chief import LOST_AFTER, progress_bar, run_chief
from gru_book.tuning.folder import check_engine, check_place, is_finished, search_folder, write_table
from gru_book.tuning.lookup import COMMON, make_search
from gru_book.tuning.records import check_worker, shown
from gru_book.tuning.search import checked
from gru_book.tuning.worker import WAIT, run_worker

SHOWN = 10  # trials in the table at the end

MOST_WORKERS = 256  # on one machine

ENGINES = {  # the options that only one of them has, with what it takes where they are not given
    "keras-tuner": {
        "method": "hyperband",
        "workers": None,
        "chief": None,
        "worker": None,
        "public": False,
        "wait": WAIT,
        "lost_after": LOST_AFTER,
    },
    "optuna": {"sampler": "tpe", "pruner": None},
}


def tune(options) -> None:
    """Carry out the command with its parsed options; raises TuningError naming an option that is not allowed."""
    _check_engine(options)
    if options.engine == "optuna":
        _tune_with_optuna(options)
        return
    _check_roles(options)
    address = address_of(options.chief or "127.0.0.1:0", options.public or options.worker is not None)
    common = {name: getattr(options, name) for name in COMMON}
    search = make_search(options.search, options.parameters, common)
    folder = _folder(options, f"{search.name}-{search.method}")
    if options.worker is not None:
        if address[1] == 0:
            raise TuningError(f"chief is {options.chief!r}; a worker needs the port that the chief says it has")
        run_worker(search, folder, address, options.worker, options.wait)
        return
    reached = "127.0.0.1" if address[0] == "0.0.0.0" else address[0]

    def command(worker: str, port: int) -> list[str]:
        mine = ["--chief", f"{reached}:{port}", "--worker", worker, "--parent", str(os.getpid())]
        return [sys.executable, "-m", "gru_book.cli", "tune", *_same(options), "--folder", str(folder), *mine]

    workers = int(options.chief is None) if options.workers is None else options.workers
    check_engine(folder, options.engine, options.again)
    run_chief(search, folder, address, workers, command, options.again, options.lost_after, say=_say)
    _show(folder)


def _tune_with_optuna(options) -> None:
    """Be one of the workers of a search by Optuna, and show what all of them found."""
    from gru_book.training.seeding import set_seed
    from gru_book.tuning.optuna_engine import run_with_optuna
    from gru_book.tuning.optuna_study import OptunaSearch, given_back

    common = {name: getattr(options, name) for name in COMMON} | {"method": "random"}  # so many full trainings
    search = make_search(options.search, options.parameters, common)
    search = OptunaSearch.of(search, options.sampler, options.pruner)
    folder = _folder(options, f"{search.name}-{search.sampler}-{search.pruner}")
    check_engine(folder, options.engine, options.again)
    check_place(search, folder, options.again)
    set_seed(search.seed)
    if is_finished(folder) and not options.again:
        _say("this search had finished; --again starts over")
    try:
        tuner = run_with_optuna(search, folder, search.sampler, search.pruner, options.again, progress_bar)
    except KeyboardInterrupt:
        done = f"{results.state(folder)['completed']} of at most {search.trials()} trials are done"
        raise KeyboardInterrupt(f"search {search.name!r} was interrupted in {shown(folder)}, {done}") from None
    _show(folder)
    trials, epochs = given_back(tuner.oracle.study, search.max_epochs)
    print(f"{trials} of the trials pruned, {epochs} of {search.epochs()} epochs given back")


def _check_engine(options) -> None:
    """Raise TuningError for an engine that is none or not installed, and for options of the other; fill in its own."""
    engine = options.engine
    if engine not in ENGINES:
        raise TuningError(f"engine is {engine!r}{did_you_mean(engine, ENGINES)}; allowed: {', '.join(ENGINES)}")
    if engine == "optuna" and options.workers is not None:
        raise TuningError(
            f"workers is {options.workers}, but with --engine optuna every process is one worker: leave it out, and "
            "type the same line again in another terminal for each further worker"
        )
    for other, names in ENGINES.items():
        for name in names:
            given = getattr(options, name)
            if other != engine and given is not None and given is not False:
                own = ", ".join(f"--{one.replace('_', '-')}" for one in ENGINES[engine])
                raise TuningError(
                    f"{name} is {given!r}, an option of --engine {other}; leave it out, or give that; allowed with "
                    f"{engine}: {own}"
                )
    if engine == "optuna" and importlib.util.find_spec("optuna") is None:
        raise TuningError("engine is 'optuna', and the package optuna is not installed: pip install 'optuna>=5'")
    for name, value in ENGINES[engine].items():
        if getattr(options, name) is None:
            setattr(options, name, value)


def _check_roles(options) -> None:
    """Raise TuningError for options that do not go together, and numbers that are not allowed."""
    for name, allowed in (("wait", "(0..1000000]"), ("lost_after", "(1..1000000]")):
        checked(Parameter(name, float, None, "seconds", allowed), getattr(options, name))
    if options.worker is not None:
        check_worker(options.worker)
        if options.chief is None:
            raise TuningError("worker without chief: give --chief HOST:PORT too")
        for name in ("workers", "again", "public"):
            if getattr(options, name):
                raise TuningError(f"--{name} is the chief's; give it without --worker {options.worker}")
    if options.public and options.chief is None:
        raise TuningError("--public without --chief: give --chief HOST:PORT too")
    workers = options.workers
    if workers is not None and not (workers == 0 and options.chief) and not 1 <= workers <= MOST_WORKERS:
        raise TuningError(
            f"workers is {workers}; allowed: 1 to {MOST_WORKERS}, and 0 for a --chief whose workers run elsewhere"
        )


def _folder(options, own: str) -> Path:
    """Return the folder that the options name, or the search's `own`; raise TuningError for one of the book's."""
    name = own if options.folder is None else options.folder
    if os.sep in name or name.startswith("~"):
        folder = home_expanded(name).absolute()
    elif re.fullmatch(r"[\w+@][\w+@ .-]*", name):
        folder = search_folder(name).absolute()
    else:
        raise TuningError(f"folder is {name!r}; allowed: a name under _runs/tuning/, or a path with a {os.sep} in it")
    for own in ("book", "notebooks", "src", "tests"):
        if (CHECKOUT / own).is_dir() and (CHECKOUT / own) in (folder.resolve(), *folder.resolve().parents):
            raise TuningError(f"folder is {name!r}, in {own}/, which holds the book itself; give another folder")
    return folder


def _same(options) -> list[str]:
    """Return the options that make a worker's search the chief's."""
    same = [options.search, *(word for pair in options.parameters for word in ("-p", *pair))]
    for name in ("method", "max_epochs", "factor", "max_trials", "patience", "seed", "wait"):
        value = getattr(options, name)
        same += [] if value is None else [f"--{name.replace('_', '-')}", str(value)]
    return same


def _say(line: str) -> None:
    from tqdm import tqdm

    tqdm.write(line, file=sys.stderr)


def _show(folder: Path) -> None:
    table = results.trials_table(folder)
    path = write_table(folder, table.to_csv(index=False, lineterminator="\n"))
    counts = table["status"].value_counts()
    again = int((table["runs"] > 1).sum())
    best = table.drop(columns=["status", "runs", "error"]).head(SHOWN)
    print(best.to_string(index=False, float_format="{:.4g}".format))
    print(
        f"{counts.get('COMPLETED', 0)} trials completed, {counts.get('FAILED', 0)} failed, {again} run more than once"
    )
    for trial, error in table.loc[table["status"] == "FAILED", ["trial", "error"]].itertuples(index=False):
        print(f"trial {trial} failed: {one_line(error)}")
    print(f"all trials: {shown(path)}")


def address_of(text: str, public: bool = False) -> tuple[str, int]:
    """Return host and port of "HOST:PORT".

    Raises TuningError where it is none, and where the host is not the loopback address and `public` is not set.
    """
    host, _, port = text.rpartition(":")
    if not re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,252}:[0-9]{1,5}", text) or int(port) > 65535:
        raise TuningError(f"chief is {short(text)}; allowed: HOST:PORT, for example 127.0.0.1:5000")
    if not is_loopback(host) and not public:
        raise TuningError(
            f"chief is {text!r}, an address that other machines reach, and the connection has no password: whoever "
            "reaches the port can feed the search false scores. On a network that you trust, say so: --public"
        )
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine's loopback address; raise TuningError where it is not known."""
    try:
        return ipaddress.ip_address(socket.gethostbyname(host)).is_loopback
    except (OSError, UnicodeError):
        raise TuningError(f"chief is on host {host!r}, which is not known here") from None
