"""An orphan ends: a worker watches the process that started it from its first line on."""

import os
import threading
import time

EVERY = 1.0  # seconds between two looks


def watch_parent(parent: int) -> None:
    """End this process, whatever it does, once the process `parent` is no longer the one that started it."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(EVERY)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
