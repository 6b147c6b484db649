"""Star ratings from the names of files."""

import pytest

from gru_book.data.ratings import star_ratings
from gru_book.errors import ReviewsError


def test_star_ratings_come_from_the_names_of_the_files(tmp_path):
    for name, text in (
        ("test/pos/0_9.txt", "A joy."),
        ("test/neg/10_3.txt", "Dull<br />and long."),
        ("train/neg/2_1.txt", "Awful."),
        ("train/neg/11_4.txt", "Awful."),
        ("train/neg/notes.txt", "no review"),
        ("train/unsup/0_0.txt", "not labelled"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert star_ratings(tmp_path) == {"A joy.": 9, "Dull<br />and long.": 3, "Awful.": 1}
    with pytest.raises(ReviewsError, match="holds no review like"):
        star_ratings(tmp_path / "test")
