"""The study of padding: its arms are fair."""

from gru_book.studies import padding as study


def test_the_arms_of_the_study_are_fair():
    assert study.NUM_TRAIN % study.BATCH_SIZE == 0  # so that every arm makes the same updates of the same size
    first = [study.network(mask, 20, 2, 2, jit_compile=False).count_params() for mask in (False, True)]
    assert first[0] == first[1]
    assert {case["arm"] for case in study.cases()} == set(study.ARMS)
    assert len(study.cases()) == len(study.SEEDS) * len(study.ARMS)
