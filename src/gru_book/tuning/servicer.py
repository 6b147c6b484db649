"""The door of a chief: a server on its port, and a look at what arrives before the oracle sees it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent import futures

import grpc
import keras_tuner as kt
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.src.distribute.oracle_chief import OracleServicer
from keras_tuner.src.engine import oracle as kerastuners

from gru_book.errors import BookError, TuningError, one_line
from gru_book.tuning.records import check_worker


@contextlib.contextmanager
def server_at(address: tuple[str, int]) -> Iterator[tuple[grpc.Server, int]]:
    """Yield a server that holds the port from now on, and the port; nothing answers before it is started."""
    # Without this option a second chief on the same port starts without an error and takes half of the workers' calls.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), options=[("grpc.so_reuseport", 0)])
    try:
        port = server.add_insecure_port(f"{address[0]}:{address[1]}")
    except RuntimeError:
        raise TuningError(
            f"chief is {address[0]}:{address[1]}, a port in use or not allowed; give another, or 0 for a free one"
        ) from None
    try:
        yield server, port
    finally:
        server.stop(0)


@contextlib.contextmanager
def unlocked_after(oracle: kt.Oracle) -> Iterator[None]:
    """Give KerasTuner's lock back where an error leaves the block: else the next call waits for ever."""
    try:
        yield
    except BaseException:
        if kerastuners.THREADS[oracle] == threading.current_thread().name:
            kerastuners.THREADS[oracle] = None
            kerastuners.LOCKS[oracle].release()
        raise


class CarefulServicer(OracleServicer):
    """Looks at what arrives before the oracle does: names become names of files, and a worker may be anybody's.

    What is not allowed is refused to the one who asked. Where the state cannot be written the search ends.
    """

    @contextlib.contextmanager
    def _answering(self, context) -> Iterator[None]:
        try:
            with unlocked_after(self.oracle):
                yield
        except TuningError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except (BookError, OSError) as error:
            self.oracle.fault = self.oracle.fault or one_line(error)
            context.abort(grpc.StatusCode.ABORTED, one_line(error))
        except Exception as error:
            context.abort(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {one_line(error)}")

    def _check(self, trial_id: str) -> None:
        if trial_id not in self.oracle.trials:
            raise TuningError(f"trial is {trial_id[:60]!r}, which this search does not have")

    def CreateTrial(self, request, context):
        """Return a trial for a worker with a name that is one."""
        with self._answering(context):
            check_worker(request.tuner_id)
            return super().CreateTrial(request, context)

    def UpdateTrial(self, request, context):
        """Note the scores of a trial that there is."""
        with self._answering(context):
            self._check(request.trial_id)
            return super().UpdateTrial(request, context)

    def GetTrial(self, request, context):
        """Return a trial that there is."""
        with self._answering(context):
            self._check(request.trial_id)
            return super().GetTrial(request, context)

    def EndTrial(self, request, context):
        """Note the end of a trial that there is; one that was completed has a score."""
        with self._answering(context):
            self._check(request.trial.trial_id)
            status = TrialStatus.from_proto(request.trial.status)
            scored = self.oracle.trials[request.trial.trial_id].metrics.exists(self.oracle.objective.name)
            allowed = (TrialStatus.COMPLETED,) * scored + (TrialStatus.INVALID, TrialStatus.FAILED)
            if status not in allowed:
                raise TuningError(f"status is {status!r}; allowed: {', '.join(allowed)}")
            return super().EndTrial(request, context)
