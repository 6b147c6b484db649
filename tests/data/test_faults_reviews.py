"""Reviews from a folder of the reader's: half of them, odd files and places are named; nothing waits for ever."""

import os

import numpy as np
import pytest

from gru_book.data import reviews
from gru_book.data.parts import Split
from gru_book.data.reviews import load_reviews
from gru_book.errors import ReviewsError


def make_folder(root, films=4, urls=True):
    """Write a small aclImdb of `films` films, each with one review of each label in each half."""
    for half in ("train", "test"):
        for name, rating in (("neg", 2), ("pos", 9)):
            (root / half / name).mkdir(parents=True)
            for film in range(films):
                (root / half / name / f"{film}_{rating}.txt").write_text(f"{half} {name} {film}")
            if urls:
                lines = [f"http://www.imdb.com/title/tt{film:07d}/usercomments\n" for film in range(films)]
                (root / half / f"urls_{name}.txt").write_text("".join(lines))
    return root


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "aclImdb")


def refused(folder) -> str:
    """Return what loading `folder` says, in one line."""
    with pytest.raises(ReviewsError) as error:
        load_reviews("folder", folder)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_whole_folder_is_loaded(folder):
    found = load_reviews("folder", folder)
    assert len(found.train) + len(found.validation) == len(found.test) == 8


@pytest.mark.parametrize("half", ["train", "test"])
@pytest.mark.parametrize("name", ["neg", "pos"])
def test_a_folder_that_was_half_extracted_is_compared_with_its_lists(folder, half, name):
    for number in (1, 3):
        next((folder / half / name).glob(f"{number}_*.txt")).unlink()
    said = refused(folder)
    assert f"{half}/{name} has 2 reviews of the 4 that urls_{name}.txt lists, and no review 1" in said


def test_a_folder_without_lists_must_have_every_number(tmp_path):
    folder = make_folder(tmp_path / "aclImdb", urls=False)
    assert len(load_reviews("folder", folder).test) == 8
    (folder / "train/pos/2_9.txt").unlink()
    assert "train/pos has 3 reviews, and no review 2" in refused(folder)


def test_more_reviews_than_the_list_has_lines(folder):
    (folder / "train/neg/4_1.txt").write_text("one more")
    assert "urls_neg.txt names no film for review 4 in line 5" in refused(folder)


@pytest.mark.parametrize("other", ["2_1.txt", "02_2.txt", "2_10.txt"])
def test_two_reviews_of_one_number(folder, other):
    (folder / "test/pos" / other).write_text("another")
    said = refused(folder)
    assert "has two reviews of the number 2" in said
    assert other in said


@pytest.mark.parametrize("place", ["train/neg/1_2.txt", "test/urls_pos.txt"])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "is a pipe; it must be a file"),
        (os.mkdir, "is a folder; it must be a file"),
        (lambda path: os.symlink("/dev/zero", path), "is a device or socket; it must be a file"),
        (lambda path: os.symlink("nowhere", path), "cannot be read: No such file"),
        (lambda path: path.write_bytes(b"x" * (reviews.LARGEST_LIST + 1)), "bytes; allowed: up to"),
        (lambda path: path.write_bytes(b"caf\xe9"), "is not UTF-8"),
        (lambda path: path.write_text("words", encoding="utf-16"), "is not UTF-8"),
    ],
)
def test_what_is_no_text_is_named_and_nothing_waits_for_it(folder, place, make, said):
    (folder / place).unlink()
    make(folder / place)
    message = refused(folder)
    assert place in message
    assert said in message


def test_a_link_to_a_review_is_one(folder):
    review = folder / "train/neg/1_2.txt"
    review.rename(folder / "elsewhere.txt")
    review.symlink_to(folder / "elsewhere.txt")
    assert len(load_reviews("folder", folder).test) == 8


def test_the_home_folder(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert len(load_reviews("folder", "~/aclImdb").test) == 8
    monkeypatch.setenv(reviews.FOLDER_VARIABLE, "~/aclImdb")
    assert len(load_reviews("folder").test) == 8
    assert "home" in refused("~nobody_of_that_name/aclImdb")


@pytest.mark.parametrize("given", ["", " ", 3, b"aclImdb", ["aclImdb"], "a\0b", "x" * 5000])
def test_what_is_no_path(given):
    refused(given)


# ---- a part of the reviews


@pytest.mark.parametrize("labels", [[0, 1, 0, 1], (0, 1, 0, 1), np.array([0, 1, 0, 1], dtype=np.int8), [0.0, 1, 0, 1],
                                    [False, True, False, True]])  # fmt: skip
def test_labels_may_be_a_list(labels):
    split = Split(["a", "b", "c", "d"], labels)
    assert split.labels.tolist() == [0, 1, 0, 1]
    assert split.labels.dtype == int
    assert sorted(split.sample(2).labels.tolist()) == [0, 1]
    assert split.take([3, 0]).labels.tolist() == [1, 0]


@pytest.mark.parametrize("labels", [["pos", "neg"], [None, 1], [0, 2], [-1, 1], [0.5, 1], [[0], [1]], [0, float("nan")],
                                    "01", 1, np.array(1), None, [0], [0, 1, 1]])  # fmt: skip
def test_other_labels_are_refused_in_one_line(labels):
    with pytest.raises(ReviewsError, match="labels") as error:
        Split(["a", "b"], labels)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("size", [-1, 6, 2.0, "2", None, True, float("nan"), np.float64(2)])
def test_a_size_that_is_not_allowed(size):
    with pytest.raises(ReviewsError, match="size is") as error:
        Split(["a", "b", "c", "d"], [0, 1, 0, 1]).sample(size)
    assert "\n" not in str(error.value)


def test_a_row_that_there_is_not():
    with pytest.raises(ReviewsError, match="row is 4; allowed: 0 to 3"):
        Split(["a", "b", "c", "d"], [0, 1, 0, 1]).take([0, 4])


def test_an_empty_part():
    assert len(Split([], [])) == len(Split([], []).take([])) == 0
