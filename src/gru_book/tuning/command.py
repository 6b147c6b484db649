"""What `gru-book tune` does: read its options, be the chief or a worker, show what was found."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from pathlib import Path

from gru_book.errors import TuningError
from gru_book.tuning import results
from gru_book.tuning.catalogue import find_search, parse_options
from gru_book.tuning.chief import run_chief
from gru_book.tuning.folder import search_folder, shown
from gru_book.tuning.search import Search
from gru_book.tuning.worker import run_worker

SHOWN = 10  # trials in the table at the end


def tune(options) -> None:
    """Carry out the command with its parsed options; raises TuningError naming an option that is not allowed."""
    search = _search(options)
    folder = _folder(options, search)
    if options.worker is not None:
        if options.chief is None:
            raise TuningError("worker without chief: give --chief HOST:PORT too")
        address = address_of(options.chief, public=True)  # only the chief opens a port
        run_worker(search, folder, address, options.worker, options.wait, options.parent)
        return
    workers = options.workers if options.workers is not None else int(options.chief is None)
    if workers < 0 or (workers == 0 and options.chief is None):
        raise TuningError(f"workers is {workers}; allowed: 1 or more, and 0 for a --chief whose workers run elsewhere")
    address = address_of(options.chief or "127.0.0.1:0", options.public)
    reached = "127.0.0.1" if address[0] == "0.0.0.0" else address[0]

    def command(worker: str, port: int) -> list[str]:
        mine = ["--chief", f"{reached}:{port}", "--worker", worker, "--parent", str(os.getpid())]
        return [sys.executable, "-m", "gru_book.cli", "tune", *_same(options), "--folder", str(folder), *mine]

    run_chief(search, folder, address, workers, command, options.again, options.lost_after, say=_say)
    _show(folder)


def _search(options) -> Search:
    function = find_search(options.search)
    common = {"method": options.method, "max_epochs": options.max_epochs, "factor": options.factor}
    common |= {"max_trials": options.max_trials, "patience": options.patience, "seed": options.seed}
    return function(**parse_options(function, options.parameters), **common)


def _folder(options, search: Search) -> Path:
    name = options.folder or f"{search.name}-{search.method}"
    return (Path(name) if os.sep in name else search_folder(name)).absolute()


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
    table.to_csv(folder / "trials.csv", index=False)
    counts = table["status"].value_counts()
    again = int((table["runs"] > 1).sum())
    best = table.drop(columns=["status", "runs", "error"]).head(SHOWN)
    print(best.to_string(index=False, float_format="{:.4g}".format))
    print(
        f"{counts.get('COMPLETED', 0)} trials completed, {counts.get('FAILED', 0)} failed, {again} run more than once"
    )
    for trial, error in table.loc[table["status"] == "FAILED", ["trial", "error"]].itertuples(index=False):
        print(f"trial {trial} failed: {error}")
    print(f"all trials: {shown(folder / 'trials.csv')}")


def address_of(text: str, public: bool = False) -> tuple[str, int]:
    """Return host and port of "HOST:PORT".

    Raises TuningError where it is none, and where the host is not the loopback address and `public` is not set.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise TuningError(f"chief is {text!r}; allowed: HOST:PORT, for example 127.0.0.1:5000")
    if not public and not is_loopback(host):
        raise TuningError(
            f"chief is {text!r}, an address that other machines reach, and the connection has no password: whoever "
            "reaches the port can feed the search false scores. On a network that you trust, say so: --public"
        )
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine's loopback address; raise TuningError where it is not known."""
    try:
        return ipaddress.ip_address(socket.gethostbyname(host)).is_loopback
    except OSError:
        raise TuningError(f"chief is on host {host!r}, which is not known here") from None
