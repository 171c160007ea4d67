"""Jobs in pieces, handed to whatever `concurrent.futures.Executor` there is."""

import concurrent.futures
import dataclasses

from keras_regkit.studies.population.worker import Refused, shared_worker

_ATTEMPTS = 3  # at one piece, before the study gives up


def train_chunk(job, data, devices=1):
    """Trains a piece of a job where it is called, and returns a list of `Finished`.

    Each thread that calls has a worker process to itself: the tasks of an executor may be threads of one process.

    Args:
        job: The `Job`.
        data: Its `Data`.
        devices: Devices of the worker.
    """
    width = -(-job.width // devices) * devices  # members are laid evenly over devices
    worker = shared_worker(devices, own=True, floatx=job.floatx)
    return list(worker.train(dataclasses.replace(job, width=width), data))


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
        the third attempt.
    """
    pieces = [
        dataclasses.replace(job, members=job.members[i : i + size], width=min(job.width, size))
        for job in jobs
        for i in range(0, len(job.members), size)
    ]
    planned = sum(len(piece.members) * piece.epochs for piece in pieces)
    waiting = {_submitted(executor, piece, data, devices): (piece, 1) for piece in pieces}
    done = 0
    if report is not None and planned:
        report("training", done, planned)
    try:
        while waiting:
            finished, _ = concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in finished:
                piece, attempt = waiting.pop(future)
                error = _error(future)
                if error is not None and attempt < _ATTEMPTS and _worth_another(error):
                    # Whatever ended it, most likely it was memory: half as many at once take half as much.
                    piece = dataclasses.replace(piece, width=max(1, piece.width // 2))
                    waiting[_submitted(executor, piece, data, devices)] = piece, attempt + 1
                    continue
                done += len(piece.members) * piece.epochs
                if report is not None:
                    report("training", done, planned)
                yield piece, future.result() if error is None else error
    finally:
        for future in waiting:
            future.cancel()


def _submitted(executor, piece, data, devices):
    """The future of a piece, also where the executor takes no more: then it has failed already."""
    try:
        return executor.submit(train_chunk, piece, data, devices)
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
