"""Progress of long work, on one channel: pages, recipes and searches write it, the command line shows it.

Where the environment variable `GRU_BOOK_PROGRESS` names a file, every step is a line of JSON in that file and the
notebook stays clean. {"state": text} takes the place of the state before it; {"line": text} stays on the terminal.
Where it names none, a reader is there to watch: each writer then shows its progress as suits the place.
"""

import contextlib
import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

CHANNEL = "GRU_BOOK_PROGRESS"
EVERY, EVERY_WITHOUT_TERMINAL = 0.5, 30.0  # seconds between two looks into the channel


def has_channel() -> bool:
    """Return whether somebody else shows the progress."""
    return bool(os.environ.get(CHANNEL))


def send(kind: str, text: str) -> None:
    """Write a "state" or a "line" to the channel; does nothing where there is none, or no room in it."""
    if has_channel():
        with contextlib.suppress(OSError), open(os.environ[CHANNEL], "a", encoding="utf-8") as channel:
            channel.write(json.dumps({kind: text}) + "\n")


def announce(text: str) -> None:
    """Print `text`, and show it on the terminal that runs the page: for what a reader must know at once."""
    print(text)
    send("line", text)


def bar(items: Sequence, what: str) -> Iterable:
    """Return `items` with a progress bar that goes when it is done; under the pipeline one state in the channel."""
    if has_channel():
        send("state", f"{what} ({len(items):,})")
        return items
    from tqdm import tqdm

    return tqdm(items, desc=what, leave=False)


@contextlib.contextmanager
def shown(channel: Path) -> Iterator[None]:
    """Show on this terminal what is written to `channel`: all lines, and the latest state."""
    from tqdm.auto import tqdm

    channel.touch()
    stop, terminal = threading.Event(), sys.stderr.isatty()

    def follow() -> None:
        with (
            contextlib.suppress(OSError),  # nobody reads this terminal any more
            open(channel, "rb") as events,
            tqdm(total=0, position=1, bar_format="  {desc}", leave=False, disable=not terminal) as line,
        ):
            stopped = False
            while not stopped:
                stopped = stop.wait(EVERY if terminal else EVERY_WITHOUT_TERMINAL)
                state = None
                for event in _read(events):
                    state = event.get("state")  # a line that stays ends the state before it
                    if "line" in event:
                        tqdm.write(f"  {event['line']}", file=sys.stderr)
                if state and terminal:
                    line.set_description_str(state)
                elif state and not stopped:
                    tqdm.write(f"  {state}", file=sys.stderr)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _read(events) -> Iterator[dict]:
    """Yield the new events; a line that is not complete yet waits for the next look."""
    while text := events.readline():
        if not text.endswith(b"\n"):
            events.seek(-len(text), os.SEEK_CUR)
            return
        with contextlib.suppress(ValueError):
            event = json.loads(text)
            if isinstance(event, dict):
                yield event
