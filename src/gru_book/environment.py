"""The variables that decide how numbers round, in one place: for the kernel of the pages, for studies and searches.

`python -m gru_book.environment` installs the kernel `python3` of this environment with them.
"""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from gru_book.errors import BookError
from gru_book.files import runs_folder

VARIABLES = {
    "TF_CPP_MIN_LOG_LEVEL": "3",  # TensorFlow's lines at start-up hold times and process numbers
    "TF_ENABLE_ONEDNN_OPTS": "0",  # oneDNN's sums depend on the number of threads
    "PYTHONHASHSEED": "0",
    # NumPy rounds its sums by the number of its threads, and a training amplifies that.
    "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}


def set_variables() -> None:
    """Set the variables in this process where they are not set; call it before NumPy and TensorFlow are imported."""
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)


def own_folders(cache: Path, work: Path) -> dict[str, str]:
    """Return the variables that send what Matplotlib, IPython and Jupyter keep for a user to folders of ours.

    cache: what one run may leave to the next; work: what belongs to one run. So a page shows the same whatever a
    reader's own settings are, and runs without a home folder.
    """
    return {
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "IPYTHONDIR": str(work / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(work / "jupyter"),
    }


def replace_home() -> None:
    """Where the home folder cannot be written, let programs keep under `_runs/cache/` what they would keep there."""
    try:
        if os.access(Path.home(), os.W_OK):
            return
    except RuntimeError:  # this user has none
        pass
    with contextlib.suppress(BookError, OSError):  # that cannot be written either: a command that needs it says so
        cache = runs_folder() / "cache"
        cache.mkdir(exist_ok=True)
        own = own_folders(cache, cache)
        own |= {f"JUPYTER_{name.upper()}_DIR": str(cache / "jupyter" / name) for name in ("config", "data")}
        for name, value in own.items():
            os.environ.setdefault(name, value)


def install_kernel() -> None:
    """Install the kernel `python3` into this environment: notebooks name it everywhere, here it is the right one."""
    command = [sys.executable, "-m", "ipykernel", "install", "--sys-prefix", "--name", "python3"]
    command += ["--display-name", "Python 3"]
    for variable in VARIABLES.items():
        command += ["--env", *variable]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    install_kernel()
