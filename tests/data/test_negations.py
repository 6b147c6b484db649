"""The sentences with and without *not*: balanced, in two parts that share none, and labelled as they read."""

from collections import Counter

import pytest

from gru_book.data.negations import KEEPS, TURNS, negations


@pytest.mark.parametrize("part", ["test", "choice"])
def test_every_form_stands_with_praise_and_with_blame(part):
    sentences = negations(part)
    assert len(sentences) == len({one.text for one in sentences})
    assert set(Counter((one.kind, one.label) for one in sentences)) == {
        (k, y) for k in (*TURNS, *KEEPS) for y in (0, 1)
    }
    for kind in (*TURNS, *KEEPS):
        assert sum(one.label for one in sentences if one.kind == kind) * 2 == sum(one.kind == kind for one in sentences)
    assert all(one.text[-1] in ".!" and "{" not in one.text for one in sentences)


def test_the_test_part_has_at_least_200_sentences_and_shares_none_with_the_choice():
    test, choice = ({one.text for one in negations(part)} for part in ("test", "choice"))
    assert len(test) >= 200
    assert not test & choice


def test_labels_are_what_a_reader_would_say():
    labels = {one.text: one.label for one in negations()}
    assert labels["The film is wonderful."] == 1
    assert labels["The film is not wonderful."] == 0
    assert labels["All in all it was anything but ugly."] == 1
    assert labels["The start is terrible, but the film is wonderful."] == 1
    assert labels["The film is not just stupid, it is truly stupid."] == 0
    assert labels["You will not regret it."] == 1


def test_another_part_is_refused():
    with pytest.raises(ValueError, match=r"part is 'tset'.*'test'.*allowed: 'choice', 'test'"):
        negations("tset")
