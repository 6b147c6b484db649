"""Hyperband's schedule is KerasTuner's."""

import keras_tuner as kt
import pytest

from gru_book.tuning.hyperband import hyperband_schedule


@pytest.mark.parametrize(("max_epochs", "factor"), [(10, 3), (10, 2), (1, 2), (30, 4), (7, 3)])
def test_the_schedule_is_kerastuners(max_epochs, factor):
    oracle = kt.oracles.HyperbandOracle("val_accuracy", max_epochs=max_epochs, factor=factor)
    schedule = hyperband_schedule(max_epochs, factor)
    expected = [
        (bracket, rung, oracle._get_size(bracket, rung), oracle._get_epochs(bracket, rung))
        for bracket in reversed(range(oracle._get_num_brackets()))
        for rung in range(oracle._get_num_rounds(bracket))
    ]
    assert list(schedule[["bracket", "rung", "trials", "epochs"]].itertuples(index=False, name=None)) == expected
