"""The command line: `gru-book --help`.

Whatever goes wrong ends in one line on stderr, here and nowhere else: an error of the book's, one of the operating
system, an interruption. The line says what stands after it.
"""

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from gru_book.environment import replace_home, set_variables
from gru_book.errors import BookError, did_you_mean, one_line

CLOSED = 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 1  # exit code where nobody reads the output any more


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code.

    That is 0, 1 (something is stale), 2 (a clear error), 130 (interrupted) or 141 (nobody reads its output).
    """
    # A grammar of addresses that takes longer to load than all the rest; no notebook's schema has an address in it.
    sys.modules.setdefault("rfc3987_syntax", None)
    _open_streams()
    options = argparse.Namespace(after="")
    with _stoppable():
        try:
            options = _options(sys.argv[1:] if arguments is None else arguments)
            replace_home()
            code = options.act(options) or 0
            sys.stdout.flush()
            return code
        except BookError as error:
            return _end(f"{error}", 2)
        except BrokenPipeError:
            return _end("", CLOSED)
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            return _end(f"{one_line(error)}{where}; {options.after or 'nothing was done'}", 2)
        except KeyboardInterrupt as error:
            return _end(f"{str(error) or 'interrupted'}; {options.after or 'nothing was done'}", 130)


def _open_streams() -> None:
    """Give what is printed somewhere to go: a stream may be closed, or write fewer characters than we have."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            os.set_inheritable(number, True)  # a kernel dies without it
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8"))
        with contextlib.suppress(AttributeError, ValueError):
            getattr(sys, name).reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Let a polite kill (SIGTERM) end a command the way Ctrl-C does: kernels shut down, partial runs kept.

    A shell script starts what it sends to the background with SIGINT ignored; that can be ended all the same.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: lambda number, frame: signal.raise_signal(signal.SIGINT),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(said: str, code: int) -> int:
    """Say why a command ends, in one line, and return its exit code; what cannot be written any more is dropped."""
    with contextlib.suppress(OSError, ValueError):
        if said:
            print(f"gru-book: {said}", file=sys.stderr, flush=True)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # its reader is gone or its disk full: the interpreter flushes once more
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code


class _Parser(argparse.ArgumentParser):
    """A parser that names what is wrong in one line, and takes any negative number for one: -p rate -1e-3."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._negative_number_matcher = re.compile(r"-\.?\d")

    def error(self, message: str) -> None:
        raise BookError(f"{one_line(message)}; {self.prog} --help says what is allowed")


def _options(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed options of a command; raise `BookError` where they are not allowed."""
    parser, commands = _parser()
    known = f"commands: {', '.join(commands)}; gru-book --help says what they do"
    if not arguments:
        raise BookError(f"no command; {known}")
    if not arguments[0].startswith("-") and arguments[0] not in commands:
        raise BookError(f"unknown command {arguments[0]!r}{did_you_mean(arguments[0], commands)}; {known}")
    return parser.parse_args(arguments)


def _parser() -> tuple[argparse.ArgumentParser, list[str]]:
    """Return the parser of the command line and the names of its commands."""
    text = "Runs and builds the book 'Gated Recurrent Units'."
    parser = _Parser(prog="gru-book", description=text, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def add(name: str, act, text: str, after: str = "nothing was changed") -> argparse.ArgumentParser:
        """Add a command; `after` says what stands where it was stopped."""
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(act=act, after=after)
        return command

    add("list", _list, "show each page with its parameters, published values and meanings")
    kept = "nothing under notebooks/ was changed"
    command = add("run", _run, "run one page with your parameters, into _runs/", kept)
    command.add_argument("page")
    command.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), dest="parameters")
    command.add_argument("-f", "--profile", help="smoke, full, or a YAML file keyed by page")
    command.add_argument("-o", "--output", help="where to write the notebook (default: _runs/PAGE-….ipynb)")
    finished = "finished pages are in place, all others as they were"
    command = add("execute", _execute, "execute the stale pages with their published parameters", finished)
    command.add_argument("pages", nargs="*", metavar="PAGE", help="only these pages (and all of them, stale or not)")
    command.add_argument("--all", action="store_true", help="every page, stale or not")
    add("check", _check, "say what is stale: pages, studies, artifacts; exit 1 if anything is")
    text, renewed = "run what is stale again, compare it with what is published, renew its record", "records of"
    command = add("verify", _verify, text, f"{renewed} what is named above are renewed, all others as they were")
    command.add_argument("names", nargs="*", metavar="PAGE|studies/NAME", help="these, stale or not")
    command.add_argument("--cases", type=int, default=3, help="cases of a study, drawn at random (3)")
    command.add_argument("--seed", type=int, help="of the draw (a new one each time)")
    command.add_argument(
        "--against", metavar="REVISION", help="compare with what the code of that commit makes on this machine"
    )
    add("smoke", _smoke, "run every page with the profile `smoke`, into _runs/smoke/", kept)
    command = add("study", _study, "run a study, or go on with one that was interrupted", "its table is as it was")
    command.add_argument("name")
    command.add_argument("--again", action="store_true", help="anew, from its first case")
    text = "search for hyperparameters, with KerasTuner or Optuna; an interrupted search goes on"
    command = add("tune", _tune, text, "finished trials are kept; the same command without --again goes on")
    command.add_argument("search", nargs="?", default="original", help="original, fast, or your own as module:function")
    command.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), dest="parameters")
    command.add_argument("--engine", default="keras-tuner", help="keras-tuner or optuna (keras-tuner)")
    command.add_argument("--method", help="of keras-tuner: hyperband, random or bayesian (hyperband)")
    command.add_argument("--sampler", help="of optuna: tpe or random (tpe)")
    command.add_argument("--pruner", help="of optuna: median, hyperband or none (median)")
    command.add_argument("--max-epochs", type=int, default=10, help="epochs of the longest trials (10)")
    command.add_argument("--factor", type=int, default=3, help="of so many trials Hyperband keeps one (3)")
    command.add_argument("--max-trials", type=int, help="not of hyperband (what its epochs would pay for)")
    command.add_argument("--patience", type=int, default=5, help="epochs without a lower loss before a trial stops (5)")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--folder", help="name under _runs/tuning/, or a path (default: the search's name and method)")
    command.add_argument("--again", action="store_true", help="start over instead of going on")
    command.add_argument("--workers", type=int, help="worker processes on this machine (1; with --chief 0)")
    command.add_argument("--chief", metavar="HOST:PORT", help="where the chief listens (a free port of 127.0.0.1)")
    command.add_argument("--worker", metavar="ID", help="be a worker of the chief at --chief")
    command.add_argument("--public", action="store_true", help="let --chief be an address that other machines reach")
    command.add_argument("--wait", type=float, help="seconds a worker waits for a silent chief (120)")
    command.add_argument("--lost-after", type=float, help="seconds until a silent worker is lost (30)")
    command.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)
    text = "bring manuscripts into Jupytext's normal form"
    command = add("format", _format, text, "what is named above has the normal form, all else is as it was")
    command.add_argument("pages", nargs="*", metavar="PAGE")
    unfinished = "the site in _build/html/ is not complete; the same command builds it"
    add("site", _site, "build the site from the executed notebooks", unfinished)
    command = add("serve", _serve, "bring pages and site up to date, and show the site on this machine", unfinished)
    command.add_argument("port", nargs="?", help="on 127.0.0.1 (8000)")
    saved = "what you saved in JupyterLab is saved"
    command = add("lab", _lab, "JupyterLab on a scratch copy of the notebooks", saved)
    command.add_argument(
        "--edit", action="store_true", help="on the real pairs: saving a notebook updates its manuscript"
    )
    text = "say where the book's repository is: shown by the site, README, Colab's cell"
    command = add("address", _address, text, "run it again: it may have written some of its files")
    command.add_argument("url", nargs="?", help="as https://github.com/OWNER/NAME; shows the address when left out")
    command.add_argument("--revision", help="tag or commit that Colab and Binder open (the tag of this version)")
    command.add_argument("--none", action="store_true", help="take the address out again")
    return parser, list(commands.choices)


def _list(options) -> None:
    from gru_book.pipeline.pages import all_pages

    for page in all_pages():
        print(page.name)
        rows = [
            (p.name, p.type.__name__, repr(p.default), f"{p.meaning} {p.allowed}") for p in page.parameters().values()
        ]
        widths = [max(len(row[i]) for row in rows) for i in range(3)] if rows else [0] * 3
        for row in rows:
            print("  " + "  ".join(text.ljust(width) for text, width in zip(row, [*widths, 0], strict=True)).rstrip())


def _run(options) -> None:
    from gru_book.errors import ParameterError
    from gru_book.notebook.parameters import check_values
    from gru_book.pipeline.execute import run
    from gru_book.pipeline.pages import find_page
    from gru_book.pipeline.profiles import PROFILES, profile

    page = find_page(options.page)
    values = profile(options.profile, page) if options.profile is not None else {}
    if options.profile not in (None, *PROFILES) and not values:
        print(f"profile {options.profile} says nothing of {page.name}: it runs as published", file=sys.stderr)
    parameters, given = page.parameters(), set()
    try:
        for name, text in options.parameters:
            if name not in parameters:
                check_values(parameters, {name: text})
            if name in given:
                raise ParameterError(f"-p {name} is given twice; give it once")
            given.add(name)
            values[name] = parameters[name].parse(text)
    except ParameterError as error:
        raise BookError(f"page {page.name}: {error}") from None
    print(_relative(run(page, values, options.output)))


def _execute(options) -> None:
    from gru_book.pipeline.execute import bring_up_to_date
    from gru_book.pipeline.pages import all_pages, find_page

    if options.all and options.pages:
        raise BookError(f"--all takes every page; give no page with it, not {options.pages[0]!r}")
    pages = [find_page(name) for name in options.pages] or all_pages()
    done = bring_up_to_date(pages, force=options.all or bool(options.pages))
    print("\n".join(done) or "every page is up to date")


def _check(options) -> int:
    from gru_book.pipeline.pages import all_pages
    from gru_book.pipeline.provenance import page_state
    from gru_book.pipeline.study import all_studies, study_state

    def state_of(name: str, look) -> tuple[str, str, str]:
        try:
            return name, *look()
        except BookError as error:  # the others are to be seen too
            return name, "broken", str(error)

    states = [state_of(page.name, partial(page_state, page)) for page in all_pages()]
    states += [state_of(f"studies/{name}", partial(study_state, name)) for name in all_studies()]
    for name, state, reason in states:
        print(f"{state:6} {name}{': ' + reason if reason else ''}")
    return int(any(state != "fresh" for _, state, _ in states))


def _verify(options) -> int:
    from gru_book.pipeline.pages import all_pages, find_page, in_order
    from gru_book.pipeline.provenance import page_state
    from gru_book.pipeline.study import all_studies, check_name, study_state
    from gru_book.pipeline.verify import checkout_of, verify_page, verify_study

    if options.cases < 1:
        raise BookError(f"--cases is {options.cases}; allowed: 1 or more")
    set_variables()
    studies = [name.removeprefix("studies/") for name in options.names if name.startswith("studies/")]
    pages = [find_page(name) for name in options.names if not name.startswith("studies/")]
    for name in studies:
        check_name(name)
    if not options.names:
        studies = [name for name in all_studies() if study_state(name)[0] == "stale"]
        pages = [page for page in all_pages() if page_state(page)[0] == "stale"]
    found = 0
    with checkout_of(options.against) if options.against else nullcontext() as before:
        work = [(f"studies/{n}", partial(verify_study, n, options.cases, options.seed, before=before)) for n in studies]
        work += [(page.name, partial(verify_page, page, before)) for page in in_order(pages)]
        for name, act in work:
            try:
                print(f"{name}: {act()}", flush=True)
            except BookError as error:
                print(f"gru-book: {error}", file=sys.stderr, flush=True)
                found = 1
    if not work:
        print("nothing is stale")
    return found


def _smoke(options) -> None:
    from gru_book.files import CHECKOUT
    from gru_book.pipeline.execute import run
    from gru_book.pipeline.outputs import check_output
    from gru_book.pipeline.pages import all_pages
    from gru_book.pipeline.profiles import profile

    folder = CHECKOUT / "_runs" / "smoke"
    work = [(page, profile("smoke", page), folder / f"{page.name}.ipynb") for page in all_pages()]
    for _, _, output in work:
        check_output(output, CHECKOUT)
    for page, values, output in work:
        run(page, values, output)
    print("_runs/smoke/")


def _study(options) -> None:
    set_variables()
    from gru_book.pipeline.study import run_study

    print(_relative(run_study(options.name, again=options.again)))


def _tune(options) -> None:
    if options.parent:
        from gru_book.tuning.parent import watch_parent

        watch_parent(options.parent)  # before the imports below, which take seconds
    set_variables()
    from gru_book.tuning import command

    command.tune(options)


def _format(options) -> None:
    from gru_book.files import write_text
    from gru_book.pipeline.pages import all_pages, find_page, normal_form

    for page in [find_page(name) for name in options.pages] or all_pages():
        text = normal_form(page)
        if text.encode("utf-8") != page.manuscript.read_bytes():  # bytes: a byte-order mark and other line ends go
            write_text(page.manuscript, text)
            print(f"{_relative(page.manuscript)}: brought into the normal form", flush=True)


def _site(options) -> None:
    from gru_book.files import CHECKOUT
    from gru_book.site.build import build

    print(f"The site is ready: open {_relative(build(CHECKOUT / '_build'))} in a browser, or run: make serve")


def _serve(options) -> None:
    from gru_book.files import CHECKOUT
    from gru_book.pipeline.execute import bring_up_to_date
    from gru_book.pipeline.pages import all_pages
    from gru_book.site.build import build
    from gru_book.site.server import HOST, PORT, check_port, listen

    port = PORT if options.port is None else check_port(options.port)
    with listen(port, CHECKOUT / "_build" / "html") as server:  # held from the start: what takes long comes next
        bring_up_to_date(all_pages())
        build(CHECKOUT / "_build")
        print(f"The site is at http://{HOST}:{server.server_port}/ until you type Ctrl-C", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def _lab(options) -> int:
    from gru_book.files import CHECKOUT
    from gru_book.pipeline.execute import check_kernel
    from gru_book.pipeline.lab import copy_notebooks

    check_kernel()
    folder, kept = (CHECKOUT, []) if options.edit else copy_notebooks(CHECKOUT)
    for line in kept:
        print(line, file=sys.stderr)
    command = [sys.executable, "-m", "jupyter", "lab", f"--ServerApp.root_dir={folder}"]
    if options.edit:
        command += ["--LabApp.default_url=/lab/tree/notebooks"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    with subprocess.Popen(command) as jupyter:
        try:
            return jupyter.wait()
        except KeyboardInterrupt:
            jupyter.terminate()  # politely: it ends its kernels
            with contextlib.suppress(subprocess.TimeoutExpired):
                jupyter.wait(10)
            jupyter.kill()
            raise


def _address(options) -> None:
    from gru_book.pipeline.address import parse_address, read_address, set_address

    if options.none and (options.url or options.revision):
        raise BookError("--none takes the address out; give neither a url nor --revision with it")
    if options.revision is not None and not options.url:
        raise BookError(f"--revision is {options.revision!r}, but no url is given; it belongs to one")
    if not options.none and options.url is None:
        now = read_address()
        print(f"{now.url} (revision {now.revision})" if now else "no address is set")
        return
    address = None if options.none else parse_address(options.url, options.revision)
    for path in set_address(address):
        print(_relative(path))
    if address:
        print(f"{address.url} is set, with the revision {address.revision}, which that repository must have")
    else:
        print("no address is set")


def _relative(path: Path) -> str:
    path = path.resolve()
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main())
