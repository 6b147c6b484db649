"""What `gru-book tune` does: read its options, be the chief or a worker, show what was found."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import sys
from pathlib import Path

from gru_book.allowed import Parameter
from gru_book.allowed import shown as short
from gru_book.errors import TuningError, one_line
from gru_book.files import CHECKOUT, home_expanded
from gru_book.tuning import results
from gru_book.tuning.chief import run_chief
from gru_book.tuning.folder import search_folder, write_table
from gru_book.tuning.lookup import COMMON, make_search
from gru_book.tuning.records import check_worker, shown
from gru_book.tuning.search import Search, checked
from gru_book.tuning.worker import run_worker

SHOWN = 10  # trials in the table at the end

MOST_WORKERS = 256  # on one machine


def tune(options) -> None:
    """Carry out the command with its parsed options; raises TuningError naming an option that is not allowed."""
    _check_roles(options)
    address = address_of(options.chief or "127.0.0.1:0", options.public or options.worker is not None)
    common = {name: getattr(options, name) for name in COMMON}
    search = make_search(options.search, options.parameters, common)
    folder = _folder(options, search)
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
    run_chief(search, folder, address, workers, command, options.again, options.lost_after, say=_say)
    _show(folder)


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


def _folder(options, search: Search) -> Path:
    """Return the folder that the options name, or the search's own; raise TuningError for one of the book's."""
    name = f"{search.name}-{search.method}" if options.folder is None else options.folder
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
