"""The command line: `gru-book --help`."""

import argparse
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from gru_book.environment import set_variables
from gru_book.errors import BookError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code: 0, 1 (something is stale), 2 (a clear error) or 130 (interrupted)."""
    # A grammar of addresses that takes longer to load than all the rest; no notebook's schema has an address in it.
    sys.modules.setdefault("rfc3987_syntax", None)
    options = _parser().parse_args(arguments)
    try:
        return options.act(options) or 0
    except BookError as error:
        print(f"gru-book: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print(f"\ngru-book: {error or 'interrupted'}; nothing under notebooks/ was changed by it", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gru-book", description="Runs and builds the book 'Gated Recurrent Units'.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, act, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(act=act)
        return command

    add("list", _list, "show each page with its parameters, published values and meanings")
    command = add("run", _run, "run one page with your parameters, into _runs/")
    command.add_argument("page")
    command.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), dest="parameters")
    command.add_argument("-f", "--profile", help="smoke, full, or a YAML file keyed by page")
    command.add_argument("-o", "--output", type=Path, help="where to write the notebook (default: _runs/PAGE-….ipynb)")
    command = add("execute", _execute, "execute the stale pages with their published parameters")
    command.add_argument("pages", nargs="*", metavar="PAGE", help="only these pages (and all of them, stale or not)")
    command.add_argument("--all", action="store_true", help="every page, stale or not")
    add("check", _check, "say what is stale: pages, studies, artifacts; exit 1 if anything is")
    command = add("verify", _verify, "run what is stale again, compare it with what is published, renew its record")
    command.add_argument("names", nargs="*", metavar="PAGE|studies/NAME", help="these, stale or not")
    command.add_argument("--cases", type=int, default=3, help="cases of a study, drawn at random (3)")
    command.add_argument("--seed", type=int, help="of the draw (a new one each time)")
    command.add_argument(
        "--against", metavar="REVISION", help="compare with what the code of that commit makes on this machine"
    )
    add("smoke", _smoke, "run every page with the profile `smoke`, into _runs/smoke/")
    command = add("study", _study, "run a study, or go on with one that was interrupted")
    command.add_argument("name")
    command.add_argument("--again", action="store_true", help="anew, from its first case")
    command = add("tune", _tune, "search for hyperparameters by a chief and workers; an interrupted search goes on")
    command.add_argument("search", nargs="?", default="original", help="original, fast, or your own as module:function")
    command.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), dest="parameters")
    command.add_argument("--method", default="hyperband", help="hyperband, random or bayesian")
    command.add_argument("--max-epochs", type=int, default=10, help="epochs of the longest trials (10)")
    command.add_argument("--factor", type=int, default=3, help="of so many trials Hyperband keeps one (3)")
    command.add_argument("--max-trials", type=int, help="of random and bayesian (what Hyperband's epochs pay for)")
    command.add_argument("--patience", type=int, default=5, help="epochs without a lower loss before a trial stops (5)")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--folder", help="name under _runs/tuning/, or a path (default: the search's name and method)")
    command.add_argument("--again", action="store_true", help="start over instead of going on")
    command.add_argument("--workers", type=int, help="worker processes on this machine (1; with --chief 0)")
    command.add_argument("--chief", metavar="HOST:PORT", help="where the chief listens (a free port of 127.0.0.1)")
    command.add_argument("--worker", metavar="ID", help="be a worker of the chief at --chief")
    command.add_argument("--public", action="store_true", help="let --chief be an address that other machines reach")
    command.add_argument("--wait", type=float, default=120.0, help="seconds a worker waits for a silent chief (120)")
    command.add_argument("--lost-after", type=float, default=30.0, help="seconds until a silent worker is lost (30)")
    command.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)
    command = add("format", _format, "bring manuscripts into Jupytext's normal form")
    command.add_argument("pages", nargs="*", metavar="PAGE")
    add("site", _site, "build the site from the executed notebooks")
    command = add("lab", _lab, "JupyterLab on a scratch copy of the notebooks")
    command.add_argument(
        "--edit", action="store_true", help="on the real pairs: saving a notebook updates its manuscript"
    )
    command = add("address", _address, "say where the book's repository is: shown by the site, README, Colab's cell")
    command.add_argument("url", nargs="?", help="as https://github.com/OWNER/NAME; shows the address when left out")
    command.add_argument("--revision", help="tag or commit that Colab and Binder open (the tag of this version)")
    command.add_argument("--none", action="store_true", help="take the address out again")
    return parser


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
    from gru_book.pipeline.execute import run, stop_at_sigterm
    from gru_book.pipeline.pages import find_page, profile

    stop_at_sigterm()
    page = find_page(options.page)
    values = profile(options.profile, page) if options.profile else {}
    parameters = page.parameters()
    try:
        for name, text in options.parameters:
            if name not in parameters:
                check_values(parameters, {name: text})
            values[name] = parameters[name].parse(text)
    except ParameterError as error:
        raise BookError(f"page {page.name}: {error}") from None
    print(_relative(run(page, values, options.output)))


def _execute(options) -> None:
    from gru_book.pipeline.execute import bring_up_to_date, stop_at_sigterm
    from gru_book.pipeline.pages import all_pages, find_page

    stop_at_sigterm()
    pages = [find_page(name) for name in options.pages] or all_pages()
    done = bring_up_to_date(pages, force=options.all or bool(options.pages))
    print("\n".join(done) or "every page is up to date")


def _check(options) -> int:
    from gru_book.pipeline.pages import all_pages
    from gru_book.pipeline.provenance import page_state
    from gru_book.pipeline.study import all_studies, study_state

    states = [(page.name, *page_state(page)) for page in all_pages()]
    states += [(f"studies/{name}", *study_state(name)) for name in all_studies()]
    for name, state, reason in states:
        print(f"{state:6} {name}{': ' + reason if reason else ''}")
    return int(any(state != "fresh" for _, state, _ in states))


def _verify(options) -> int:
    from gru_book.pipeline.execute import stop_at_sigterm
    from gru_book.pipeline.pages import all_pages, find_page, in_order
    from gru_book.pipeline.provenance import page_state
    from gru_book.pipeline.study import all_studies, check_name, study_state
    from gru_book.pipeline.verify import checkout_of, verify_page, verify_study

    stop_at_sigterm()
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
    from gru_book.pipeline.execute import run, stop_at_sigterm
    from gru_book.pipeline.pages import all_pages, profile

    stop_at_sigterm()
    for page in all_pages():
        run(page, profile("smoke", page), CHECKOUT / "_runs" / "smoke" / f"{page.name}.ipynb")
    print("_runs/smoke/")


def _study(options) -> None:
    set_variables()
    from gru_book.pipeline.study import run_study

    print(_relative(run_study(options.name, again=options.again)))


def _tune(options) -> None:
    from gru_book.pipeline.execute import stop_at_sigterm

    stop_at_sigterm()
    set_variables()
    from gru_book.tuning import command

    command.tune(options)


def _format(options) -> None:
    from gru_book.pipeline.pages import all_pages, find_page, normal_form

    for page in [find_page(name) for name in options.pages] or all_pages():
        text = normal_form(page)
        if text != page.manuscript.read_text(encoding="utf-8"):
            page.manuscript.write_text(text, encoding="utf-8")
            print(f"{_relative(page.manuscript)}: brought into the normal form")


def _site(options) -> None:
    from gru_book.files import CHECKOUT
    from gru_book.site.build import build

    print(f"The site is ready: open {_relative(build(CHECKOUT / '_build'))} in a browser, or run: make serve")


def _lab(options) -> None:
    from gru_book.files import CHECKOUT, runs_folder
    from gru_book.pipeline.execute import check_kernel

    check_kernel()
    folder = CHECKOUT
    if not options.edit:
        folder = runs_folder(CHECKOUT) / "lab"
        folder.mkdir(exist_ok=True)
        for notebook in (CHECKOUT / "notebooks").glob("*.ipynb"):
            copy = folder / notebook.name
            if not copy.exists() or copy.stat().st_mtime < notebook.stat().st_mtime:
                if copy.exists():
                    copy.replace(copy.with_name(f"{copy.stem}-yours.ipynb"))
                shutil.copy2(notebook, copy)
    command = [sys.executable, "-m", "jupyter", "lab", f"--ServerApp.root_dir={folder}"]
    if options.edit:
        command += ["--LabApp.default_url=/lab/tree/notebooks"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return subprocess.call(command)


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
