"""Find a Chrome or Chromium for the site tests; as a script, get one where there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELL = "chromium-headless-shell"  # Chromium without a window: the same pages for a third less processor time
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
ADVICE = (
    "The site tests need Chrome or Chromium, and none could be found or installed. "
    "Install one (Debian: apt-get install chromium; anywhere: .venv/bin/playwright install --with-deps chromium), "
    "or name yours: make test CHROME=/path/to/chrome"
)


def starts(path: str | None) -> bool:
    """Say whether `path` is a browser that really starts (some systems have a stub that only prints advice)."""
    if not path or not Path(path).is_file():
        return False
    try:
        run = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0 and ("chrom" in run.stdout.lower())


def playwrights_own() -> str | None:
    """Return where Playwright keeps its own Chromium, whether or not it has been downloaded."""
    code = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return run.stdout.strip() or None


def find_browser() -> str:
    """Return the path of a browser; raise `LookupError` with what to install where there is none."""
    named = os.environ.get("CHROME")
    if named:
        path = shutil.which(named)
        if not starts(path):
            raise LookupError(f"CHROME={named} is no Chrome or Chromium that starts. {ADVICE}")
        return path
    for path in (*map(shutil.which, NAMES), *ELSEWHERE):
        if starts(path):
            return path
    own = playwrights_own()
    if starts(own):
        return own
    raise LookupError(ADVICE)


def install() -> None:
    """Try Debian's package (as root), then Playwright's download."""
    apt = shutil.which("apt-get")
    if apt and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("No browser found: installing Debian's chromium for the site tests", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([apt, "update", "-qq"], env=quiet, stdout=subprocess.DEVNULL)
        for package in (SHELL, "chromium"):
            command = [apt, "install", "-y", "-qq", "--no-install-recommends", package]
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if starts(shutil.which(package)):
                return
    print("No browser found: fetching Playwright's Chromium for the site tests", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])


def main() -> int:
    """Make sure that there is a browser; return 2 where there is none."""
    try:
        find_browser()
    except LookupError as error:
        if os.environ.get("CHROME"):
            print(error, file=sys.stderr)
            return 2
        install()
        try:
            find_browser()
        except LookupError as still:
            print(still, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
