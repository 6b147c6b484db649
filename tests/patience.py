"""How long tests wait for what should happen: so long that no busy machine reaches it. It only ends what hangs."""

import time
from collections.abc import Callable

PATIENCE = 3600  # seconds


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
