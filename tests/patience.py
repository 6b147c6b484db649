"""How long tests wait for what should happen: a busy machine does not reach it, and what hangs ends long before CI."""

import time
from collections.abc import Callable

PATIENCE = 600  # seconds


def wait_for(happened: Callable[[], object], alive: Callable[[], bool] = lambda: True) -> object:
    """Return what `happened` returns once it is true; fail where what should make it happen is no longer `alive`."""
    end = time.monotonic() + PATIENCE
    while True:
        living = alive()
        if found := happened():
            return found
        assert living, "what should make it happen has ended"
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.1)
