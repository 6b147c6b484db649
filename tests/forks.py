"""Processes and kernels that begin with TensorFlow imported: forked from one that has it, instead of started anew."""

import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from unittest import mock

from gru_book.environment import VARIABLES

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *("gru_book.cli", "gru_book.tuning.command", "gru_book.recipes"),
        *("gru_book.plotting", "gru_book.notebook.report"),
        *("IPython.display", "ipykernel.kernelapp", "ipykernel.ipkernel"),
        *("matplotlib.pyplot", "sklearn.linear_model", "sklearn.feature_extraction.text", "scipy.stats"),
    ]
)


def start(target, *arguments):
    """Start a process that calls `target`; the first one begins the process from which all are forked."""
    # The variables are read when the libraries are imported, in the process that forks.
    with mock.patch.dict(os.environ, {**VARIABLES, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}):
        forkserver.ensure_running()
    process = FORKS.Process(target=target, args=arguments)
    process.start()
    return process


class ForkedKernel:
    """A kernel's process as `jupyter_client` asks for it; stands in for `jupyter_client.launcher.launch_kernel`."""

    stdin = stdout = stderr = None

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: str, **_):
        begun, tell = FORKS.Pipe(duplex=False)
        self.process = start(_be_a_kernel, command[-1], dict(env), cwd, tell)
        begun.recv()  # it leads a group of its own now: jupyter_client ends a kernel by its group
        self.pid = self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self) -> int:
        self.process.join()
        return self.process.exitcode

    def send_signal(self, signum: int) -> None:
        os.kill(self.pid, signum)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    terminate = kill


def _be_a_kernel(connection_file: str, environment: dict[str, str], folder: str, tell) -> None:
    from ipykernel.kernelapp import IPKernelApp

    from tracing import build_before_tracing

    build_before_tracing()
    os.setsid()
    tell.send(True)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    IPKernelApp.launch_instance(argv=["-f", connection_file])
