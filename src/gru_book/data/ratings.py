"""The stars that reviewers gave, as the file names of the data set hold them."""

from __future__ import annotations

import re
from pathlib import Path

from gru_book.errors import ReviewsError


def star_ratings(folder: str | Path) -> dict[str, int]:
    """Return the stars (1 to 10) of every review in an extracted `aclImdb` folder, by the review's exact text.

    A file's name holds them: `test/neg/12_3.txt` is review 12 with three stars. A text that comes twice keeps the stars
    of the first file, in the order of part, label and number.
    Raises ReviewsError, in one line, where the folder holds no such file.
    """
    ratings: dict[str, int] = {}
    for half in ("train", "test"):
        for label in ("neg", "pos"):
            found = {}
            for path in Path(folder, half, label).glob("*.txt"):
                if match := re.fullmatch(r"(\d+)_(\d+)", path.stem):
                    found[int(match[1])] = path, int(match[2])
            for number in sorted(found):
                path, stars = found[number]
                ratings.setdefault(path.read_text(encoding="utf-8"), stars)
    if not ratings:
        raise ReviewsError(f"folder is {str(folder)!r}, which holds no review like test/neg/12_3.txt; name an aclImdb")
    return ratings
