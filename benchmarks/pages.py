"""Run time and peak memory of each page as a table: `.venv/bin/python benchmarks/pages.py [--profile smoke] [PAGE …]`.

Without a profile the pages run with their published parameters (about half an hour on two cores). Nothing under
`notebooks/` changes: the notebooks go to `_runs/benchmark/`.
"""

import argparse
import json
import subprocess
import sys

from gru_book.files import CHECKOUT
from gru_book.pipeline.pages import all_pages, find_page
from gru_book.pipeline.profiles import profile

# One page in a process of its own, so that the peak memory of its kernel, a child of that process, is its own.
ONE_PAGE = """
import json, resource, sys, time
from pathlib import Path
from gru_book.pipeline.execute import run
from gru_book.pipeline.pages import CHECKOUT, find_page

page = find_page(sys.argv[1])
started = time.monotonic()
run(page, json.loads(sys.argv[2]), CHECKOUT / "_runs" / "benchmark" / f"{page.name}.ipynb")
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
print(json.dumps({"seconds": time.monotonic() - started, "bytes": peak}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE")
    parser.add_argument("--profile", help="smoke, full, or a YAML file keyed by page")
    options = parser.parse_args()
    print(f"{'page':16} {'seconds':>8} {'peak memory':>12}")
    for page in [find_page(name) for name in options.pages] or all_pages():
        values = profile(options.profile, page) if options.profile else {}
        command = [sys.executable, "-c", ONE_PAGE, page.name, json.dumps(values)]
        done = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"{page.name} failed")
        measured = json.loads(done.stdout.splitlines()[-1])
        print(f"{page.name:16} {measured['seconds']:8.0f} {measured['bytes'] / 2**30:9.2f} GB")


if __name__ == "__main__":
    main()
