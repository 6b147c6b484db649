"""What the book adds to KerasTuner's oracles, in whichever process they live."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gru_book.errors import BookError, TuningError, one_line
from gru_book.tuning.records import START_OVER, check_trial, check_worker, read_state, shown, write_state


def oracle_seed(search_seed: int) -> int:
    """Return a seed for an oracle, far from those of other searches.

    KerasTuner counts its seed up by one for each hyperparameter that it draws. With three hyperparameters the search
    with seed 4 is that with seed 1 without its first trial; and a seed of 0 counts as none.
    """
    return int(np.random.default_rng(search_seed).integers(1, 2**31))


class KeptOracle:
    """What the book adds to each of KerasTuner's oracles, so that nothing is lost when a process dies.

    Files are replaced in one step: KerasTuner writes them in place, and a kill in the middle leaves half a file that
    no later run can read. Failures in a row are counted from this start on: KerasTuner counts those of an interrupted
    search too, so that one stopped by three failures goes on only if the third of them works now.
    """

    def save(self):
        """Write the oracle's state."""
        write_state(Path(self._get_oracle_fname()), self.get_state())

    def _save_trial(self, trial):
        write_state(Path(self._get_trial_dir(trial.trial_id)) / "trial.json", trial.get_state())

    def reload(self):
        """Read the state; what was running is tried again. Raises TuningError where it is not as it was written."""
        path = Path(self._get_oracle_fname())
        try:
            _check_states(path, *path.parent.glob("trial_*/trial.json"))
            super().reload()
        except BookError:
            raise
        except Exception as error:  # whatever another version of KerasTuner wrote
            raise TuningError(f"{shown(path)} cannot be read ({one_line(error)}); {START_OVER}") from None
        self._ended_before = len(self.end_order)

    def _check_consecutive_failures(self):
        ended, self.end_order = self.end_order, self.end_order[getattr(self, "_ended_before", 0) :]
        try:
            super()._check_consecutive_failures()
        finally:
            self.end_order = ended


def _check_states(oracle: Path, *trials: Path) -> None:
    """Raise TuningError unless the states are as they were written, and no name in them leads out of the folder."""
    state = read_state(oracle)
    for path in trials:
        if path.parent.name != f"trial_{check_trial(read_state(path).get('trial_id'))}":
            raise TuningError(f"{shown(path)} is of another trial; {START_OVER}")
    there = {path.parent.name for path in trials}
    for name in state.get("start_order", []):
        if f"trial_{check_trial(name)}" not in there:
            raise TuningError(f"{shown(oracle)} names trial {name}, which is not there; {START_OVER}")
    for worker in state.get("ongoing_trials", {}):
        check_worker(worker)
