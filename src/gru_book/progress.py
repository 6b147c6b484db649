"""Progress of long work: written by pages and searches, shown by the command line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

PROGRESS = "GRU_BOOK_PROGRESS"  # set by the pipeline: the file that takes progress, so that notebooks stay clean


def progress(items: Sequence, what: str) -> Iterable:
    """Return `items` with a progress bar that goes when it is done; under the pipeline one line in its own channel."""
    if os.environ.get(PROGRESS):
        with open(os.environ[PROGRESS], "a", encoding="utf-8") as channel:
            channel.write(f"{what} ({len(items):,})\n")
        return items
    from tqdm import tqdm

    return tqdm(items, desc=what, leave=False)


def announce(text: str) -> None:
    """Print `text`, and show it on the terminal that runs the page: for what a reader must know at once."""
    print(text)
    if os.environ.get("GRU_BOOK_PROGRESS"):
        with open(os.environ["GRU_BOOK_PROGRESS"], "a", encoding="utf-8") as channel:
            channel.write(text + "\n")
