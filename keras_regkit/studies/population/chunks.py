"""Jobs in pieces, handed to whatever `concurrent.futures.Executor` there is."""

import concurrent.futures
import contextlib
import dataclasses
import os
import pathlib
import pickle
import tempfile

from keras_regkit.studies.population.worker import Refused, shared_worker

_ATTEMPTS = 3  # at one piece, before the study gives up


def train_chunk(job, data, devices=1, folder=None):
    """Trains a piece of a job where it is called, and returns a list of `Finished`.

    Each thread that calls has a worker process to itself: the tasks of an executor may be threads of one process.

    Args:
        job: The `Job`.
        data: Its `Data`.
        devices: Devices of the worker.
        folder: Where each `Finished` is also written, so that it outlives this process; None for nowhere. It need not
            exist here: this may be another machine.
    """
    width = -(-job.width // devices) * devices  # members are laid evenly over devices
    worker = shared_worker(devices, own=True, floatx=job.floatx)
    found = []
    for finished in worker.train(dataclasses.replace(job, width=width), data):
        found.append(finished)
        if folder is not None and os.path.isdir(folder):
            _keep(folder, finished)
    return found


def _keep(folder, finished):
    path = os.path.join(folder, str(finished.index))
    with contextlib.suppress(OSError):  # a full disk costs a second training only if this process dies, too
        with open(path + ".part", "wb") as file:
            pickle.dump(finished, file)
        os.replace(path + ".part", path)


def _kept(folder):
    """What a piece that did not come to its end had finished."""
    return [
        pickle.loads(path.read_bytes()) for path in sorted(pathlib.Path(folder).iterdir()) if path.suffix != ".part"
    ]


def spread(jobs, data, executor, size, devices=1, report=None):
    """Trains jobs in pieces on an executor.

    Args:
        jobs: List of `Job`.
        data: Their `Data`, sent along with each piece.
        executor: A `concurrent.futures.Executor`.
        size: Members in a piece.
        devices: As for `train_chunk`.
        report: Called with a phase, member-epochs done and planned, or None.

    Yields:
        `(job, outcome)`: a piece and the list of its `Finished`; or a piece and the exception that it ended with after
        the third attempt. A piece that failed comes more than once: with what it had finished, and with the rest.
    """
    pieces = [
        dataclasses.replace(job, members=job.members[i : i + size], width=min(job.width, size))
        for job in jobs
        for i in range(0, len(job.members), size)
    ]
    planned = sum(len(piece.members) * piece.epochs for piece in pieces)
    done = 0
    if report is not None and planned:
        report("training", done, planned)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        waiting = {}

        def submit(piece, attempt):
            folder = tempfile.mkdtemp(dir=root)
            waiting[_submitted(executor, piece, data, devices, folder)] = piece, attempt, folder

        try:
            for piece in pieces:
                submit(piece, 1)
            while waiting:
                finished, _ = concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in finished:
                    piece, attempt, folder = waiting.pop(future)
                    error = _error(future)
                    outcome = future.result() if error is None else _kept(folder)
                    if outcome:
                        done += len(outcome) * piece.epochs
                        yield piece, outcome
                    if error is None:
                        continue
                    piece = piece.without({finished.index for finished in outcome})
                    if attempt < _ATTEMPTS and _worth_another(error) and piece.members:
                        # Whatever ended it, most likely it was memory: half as many at once take half as much.
                        submit(dataclasses.replace(piece, width=max(1, piece.width // 2)), attempt + 1)
                    elif piece.members:
                        done += len(piece.members) * piece.epochs
                        yield piece, error
                if report is not None:
                    report("training", done, planned)
        finally:
            for future in waiting:
                future.cancel()


def _submitted(executor, *arguments):
    """The future of a piece, also where the executor takes no more: then it has failed already."""
    try:
        return executor.submit(train_chunk, *arguments)
    except Exception as error:
        future = concurrent.futures.Future()
        future.set_exception(error)
        return future


def _error(future):
    try:
        return future.exception()
    except concurrent.futures.CancelledError as error:
        return error


def _worth_another(error):
    """Whether a piece may succeed elsewhere. An executor that is broken takes no more pieces."""
    return not isinstance(error, (Refused, concurrent.futures.BrokenExecutor, concurrent.futures.CancelledError))
