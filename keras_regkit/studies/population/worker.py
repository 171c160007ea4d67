"""The process beside this one in which populations train, with Keras on JAX."""

import atexit
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from multiprocessing.connection import Listener

import keras

_MODULE = "keras_regkit.studies.population._jax_worker"
# Keras looks for these as it is imported, and does without where they are missing: two thirds of its import.
_PROGRAM = """
import importlib, sys
spared = {"matplotlib", "pandas", "sklearn"} - set(sys.modules)
sys.modules.update(dict.fromkeys(spared))
import keras
for name in spared:
    del sys.modules[name]
importlib.import_module(sys.argv[1]).main(*sys.argv[2:])
"""
_SECONDS = 120  # in which a process must have started
_shared: dict = {}
_guard = threading.Lock()


class WorkerDied(RuntimeError):
    """The worker's process ended in the middle of a job."""


class WorkerClosed(RuntimeError):
    """The worker was ended by another thread, whose job it was, while this one waited: nothing is lost."""


class OutOfMemory(RuntimeError):
    """The worker's process ran out of memory, and said so."""


class Refused(RuntimeError):
    """The worker cannot train these models as a population; the message says why."""


class Worker:
    """A process that trains populations. It starts at once, beside whatever is done next, and lives until `close`.

    Args:
        devices: Number of devices over which members are laid; None for one per core.
    """

    def __init__(self, devices=None):
        self.devices = devices or len(cores())
        self._folder = tempfile.TemporaryDirectory()
        self._log = open(os.path.join(self._folder.name, "log"), "w+b")  # noqa: SIM115 (closed in `close`)
        key = secrets.token_bytes(16)
        self._listener = Listener(authkey=key)
        # Where the package and the modules of the user's classes lie, this process knows.
        places = os.pathsep.join(place or os.getcwd() for place in sys.path)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, _MODULE, self._listener.address, str(self.devices)],
            env={
                **os.environ,
                "KERAS_BACKEND": "jax",
                "JAX_PLATFORMS": "cpu",
                # Threads of XLA. Each device holds one, and decompositions (SVD, QR) wait in it for others: with as
                # many threads as devices they would wait for ever.
                "NPROC": str(max(len(cores()), 2 * self.devices + 2)),
                "PYTHONPATH": places,
                "KERAS_REGKIT_WORKER_KEY": key.hex(),
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,  # Ctrl-C is for this process, which ends the other
        )
        self._connection = None
        self._sent = None
        self._preparing, self._queueing = None, threading.Lock()
        # Answers are for whoever reads them, so there is one job at a time, whichever thread it is from.
        self._training, self._sending, self._owner = threading.Lock(), threading.Lock(), None
        atexit.register(self.close)

    @property
    def alive(self):
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def prepare(self, job, data):
        """Has the program of a job compiled, one member of which is enough, while others are built here."""

        def send(before):
            if before is not None:
                before.join()
            with contextlib.suppress(Exception):  # also that the worker was closed meanwhile: `train` will say it
                self._send(data, "prepare", job)

        # The process may still be starting. In a thread no Ctrl-C cuts a message in two, either.
        with self._queueing:  # who finds this thread there must find it started, to wait for it
            thread = threading.Thread(target=send, args=(self._preparing,), daemon=True)
            thread.start()
            self._preparing = thread

    def train(self, job, data, report=None):
        """Sends a job, and yields a `Finished` for each of its members.

        Args:
            job: The `Job`.
            data: The `Data` that it names.
            report: Called with a phase, member-epochs done and planned, now and then.

        Raises:
            WorkerDied, OutOfMemory, Refused: the job did not come to its end. What was yielded is valid.
            WorkerClosed: the job was not begun.
            RuntimeError: this thread is in the midst of another job. Jobs of other threads are waited for.
        """
        if self._owner == threading.get_ident():
            raise RuntimeError(
                "A population of another study is still training here: take all its trials, or close it, before this "
                "one is run"
            )
        with self._training:
            if self.process is None:
                raise WorkerClosed("another study ended the worker")
            self._owner = threading.get_ident()
            try:
                yield from self._answers(job, data, report)
            except (OutOfMemory, Refused):
                raise
            except BaseException:
                # Interrupted, or not listened to any more: the answers on their way would go to the next job.
                self.close()
                raise
            finally:
                self._owner = None

    def _answers(self, job, data, report):
        try:
            if self._preparing is not None:
                self._preparing.join()
            connection = self._send(data, "job", job)
            while True:
                kind, *content = connection.recv()
                if kind == "done":
                    return
                if kind == "finished":
                    yield content[0]
                elif kind == "report":
                    if report is not None:
                        report(*content[0])
                elif kind == "memory":
                    raise OutOfMemory(content[0])
                else:
                    raise Refused(content[0])
        except (EOFError, OSError) as error:
            raise WorkerDied(self._obituary()) from error

    def close(self):
        """Ends the process, whatever it is doing."""
        atexit.unregister(self.close)
        if self.process is None:
            return
        with contextlib.suppress(OSError):
            if self._connection is not None:
                self._connection.close()
            self._listener.close()
        self.process.kill()
        self.process.wait()
        self.process = None
        self._log.close()
        with contextlib.suppress(OSError):
            self._folder.cleanup()

    def _send(self, data, kind, job):
        with self._sending:
            connection = self._connect()
            if self._sent != data.key:
                connection.send(("data", data))
                self._sent = data.key
            connection.send((kind, job))
            return connection

    def _connect(self):
        if self._connection is None:
            # `accept` would wait for ever for a process that died before it could connect.
            accepted = []
            thread = threading.Thread(target=lambda: accepted.append(self._listener.accept()), daemon=True)
            thread.start()
            for _ in range(_SECONDS * 10):
                thread.join(0.1)
                if accepted or not self.alive:
                    break
            if not accepted:
                raise Refused(f"JAX's process did not start. {self._obituary()}")
            self._connection = accepted[0]
        return self._connection

    def _obituary(self):
        status = None
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self.process.wait(5)
        said = []
        if not self._log.closed:
            self._log.seek(0)
            said = self._log.read().decode(errors="replace").strip().splitlines()[-5:]
        return f"The worker process ended (status {status}). Its last words: " + (" | ".join(said) or "none")


def shared_worker(devices=None, own=False, floatx=None):
    """Returns a worker of this process, started if there is none: its compiled programs serve the next study too.

    Args:
        devices: Number of devices; None for one per core.
        own: Whether the calling thread has one to itself.
        floatx: Float type of what it trains; None for that of this process.
    """
    # Precision is for all of a process: JAX goes to 64 bits and does not come back.
    key = (os.getpid(), devices, threading.get_ident() if own else None, floatx or keras.config.floatx())
    with _guard:
        if key not in _shared or not _shared[key].alive:
            _shared[key] = Worker(devices)
        return _shared[key]


def close_workers(threads=None):
    """Ends the workers of this process; given the numbers of threads, those that belong to one of these alone."""
    with _guard:
        keys = [k for k in _shared if k[0] == os.getpid() and (threads is None or k[2] in threads)]
        closing = [_shared.pop(key) for key in keys]
    for worker in closing:
        worker.close()


def cores():
    """The processors that this process may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
