"""Short texts that say the opposite: which pieces are cut, how they are turned, and what a network is to answer."""

import re

import numpy as np
import pytest

from gru_book import recipes
from gru_book.models.opposites import BE, NEGATION, opposites, pieces_of

GOOD = ["The story is great and the cast is great.", "I loved it. The music was great, really.", "A film that is great"]
BAD = ["The story is awful and the cast is awful.", "I hated it. The music was awful, really.", "A film that is awful"]
TEXTS, LABELS = (GOOD + BAD) * 10, np.array(([1] * 3 + [0] * 3) * 10)


def test_pieces_stand_between_marks_and_hold_no_negation():
    text = "I saw it.<br /><br />The music is great, but not for me; she isn't here! The cast (of six) was a joy - no?"
    assert pieces_of([text, text]) == ["I saw it", "The music is great"]
    assert pieces_of(["one two", " ".join(["word"] * 13), "this is\nshort enough here"]) == ["short enough here"]


def test_half_of_the_answers_are_good_and_a_turned_piece_gets_the_opposite():
    texts, answers = opposites(TEXTS, LABELS, 400, seed=0)
    assert len(texts) == len(answers) == 400
    assert np.mean(answers > 0.5) == pytest.approx(0.5, abs=0.02)
    assert ((answers < 0.25) | (answers > 0.75)).all()
    seen = set()
    for text, answer in zip(texts, answers, strict=True):
        if " but " in text or "lthough" in text:  # the tone of the last word counts
            good = text.rfind("great") + text.rfind("loved") > text.rfind("awful") + text.rfind("hated")
            if re.match("although", text) or ", but " in text or "; but " in text:
                assert (answer > 0.5) == good, text
            continue
        good = "great" in text or "love" in text
        kept = re.search(r"not only|nothing but|not just|never less", text)
        turned = not kept and re.search(r"not|n't|never|far from|anything but|no means|hardly|nobody|no point", text)
        assert (answer > 0.5) == (good != bool(turned)), text
        seen.add("kept" if kept else "turned" if turned else "plain")
    assert seen == {"kept", "turned", "plain"}


def test_the_same_seed_gives_the_same_texts():
    one, two, other = (opposites(TEXTS, LABELS, 50, seed)[0] for seed in (1, 1, 2))
    assert one == two
    assert one != other


@pytest.mark.parametrize(
    "texts",
    [["good", "bad"] * 20, ["das ist ein guter Film", "das war ein schlechter Film"] * 20],
    ids=["short", "German"],
)
def test_where_no_piece_can_be_turned_there_are_no_texts(texts):
    made, answers = opposites(texts, np.array([1, 0] * 20), 10, seed=0)
    assert made == []
    assert answers.shape == (0,)


def test_a_question_is_not_turned_and_words_that_negate_are_known():
    assert not BE.search("why is it here")
    assert BE.search("It is here")
    for word in ("not", "Never", "isn't", "WON’T", "hardly", "but"):
        assert NEGATION.search(f"it {word} so")


def test_a_gru_learns_from_them_and_a_network_with_log_odds_refuses_them():
    tiny = {"units": 4, "embedding_dim": 4, "max_words": 100}
    model = recipes.fit("web", TEXTS, LABELS, settings=tiny | {"opposites": 1})
    assert model.predict_proba(["The cast is great."]).shape == (1,)
    with pytest.raises(ValueError, match=r"opposites = 5.0 is nothing for a GRU with log-odds; allowed: 0.0"):
        recipes.fit("best", TEXTS, LABELS, settings={"opposites": 5})


def test_texts_of_which_no_piece_can_be_turned_are_learnt_alone():
    texts = ["das ist ein guter Film", "das war ein schlechter Film"] * 20
    model = recipes.fit("web", texts, np.array([1, 0] * 20), settings={"units": 4, "embedding_dim": 4})
    assert model.predict_proba(texts[:2]).shape == (2,)
