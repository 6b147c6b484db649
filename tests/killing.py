"""Kills at every step: for tests of what a process leaves that dies while it writes."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

# Python's audit events of all that touches files.
STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "shutil.rmtree", "tempfile.mkdtemp"}


def killed_at(step: int, place: Path, act: Callable[[], object]) -> int:
    """Let a process of its own do `act`, killed at the step-th time that it touches what lies below `place`.

    Returns its status as `os.waitpid` gives it: `signal.SIGKILL` where it was killed, 0 where it did all (at step 0,
    or where there are fewer steps). For scripts that a test starts: a process with threads is not to be forked.
    """
    pid = os.fork()
    if pid == 0:
        count = 0

        def watch(event, arguments):
            nonlocal count
            if event in STEPS and any(str(place) in str(argument) for argument in arguments):
                count += 1
                if count == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        act()
        os._exit(0)
    return os.waitpid(pid, 0)[1]
