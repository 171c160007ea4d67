"""The engine that trains a plan as populations."""

import concurrent.futures
import contextlib
import dataclasses
import functools
import importlib.util
import math
import threading
import warnings

from keras_regkit._core.checks import Interval
from keras_regkit.studies import fingerprint
from keras_regkit.studies.engine import SequentialEngine
from keras_regkit.studies.kept_weights import keep_weights
from keras_regkit.studies.population.chunks import spread
from keras_regkit.studies.population.recruiting import Unfit, check_study, data_of, recruit
from keras_regkit.studies.population.worker import (
    OutOfMemory,
    Refused,
    WorkerClosed,
    WorkerDied,
    close_workers,
    cores,
    shared_worker,
)
from keras_regkit.studies.trial import Trial

_WIDTH = 8  # members per device: more do not train faster on a CPU, and take longer to compile
_COPIES = 11  # of a member's weights are alive at once, measured: moments, the best ones, gradients, what is sent
_DEATHS = 3  # of a worker in a row, without a training finished, before the study gives up


class PopulationEngine:
    """Trains whole populations as one compiled program, on JAX, in a process beside this one.

    All trainings of an architecture differ in numbers (rates, penalties, smoothing, decay, learning rate), weights and
    seeds alone, so they are one program with a leading axis of members: `vmap` over Keras' own training step, `scan`
    over the steps, members laid over the cores. A member that stops early makes room for the next one. The models are
    built here, on whatever backend, and sent as descriptions with their initial weights.

    What a population cannot express is trained with `fit` on JAX in processes, one for each core, if it can be sent
    there, and else with `fit` here; `notes` says which and why: datasets instead of arrays, callbacks of one's own,
    models with a training step of their own, `Lambda` layers, noise from the global seed. Results equal those of `fit`
    on JAX for the same initial weights and order of rows, but for rounding. TensorFlow and torch draw other dropout
    masks from the same seed.

    Args:
        memory: Most memory for the members that train at once, in GiB, > 0, as the compiler counts it. Where it is not
            enough, and where a worker runs out of it all the same, half as many train at once. Defaults to 4.
        devices: Number of devices over which members are laid, ≥ 1. None for one per core; with an executor for one,
            as the tasks of an executor are as many as there are cores.
        executor: A `concurrent.futures.Executor` whose workers train pieces of the populations: Dask's
            `client.get_executor()`, loky's, mpi4py's. They need this package and JAX. Pieces that are finished are
            yielded at once. One that a worker takes along when it dies is given to another, up to three times, without
            what is finished of it if workers write to the same temporary folder (`TMPDIR`). None for this machine.
        chunk: Members in such a piece, ≥ 1. Defaults to 16.

    Attributes:
        notes: Dict from the names of variants that were not trained in a population to the reason, of the last plan.

    Example:

    >>> PopulationEngine(memory=2).name
    'population'
    """

    name = "population"
    RANGES = {  # noqa: RUF012
        "memory": Interval(0, closed="neither"),
        "devices": Interval(1, integer=True, optional=True),
        "chunk": Interval(1, integer=True),
    }

    def __init__(
        self,
        memory: float = 4,
        devices: int | None = None,
        executor: concurrent.futures.Executor | None = None,
        chunk: int = 16,
    ):
        self.memory = self.RANGES["memory"].check("memory", memory)
        self.devices = self.RANGES["devices"].check("devices", devices)
        self.chunk = self.RANGES["chunk"].check("chunk", chunk)
        if executor is not None and not callable(getattr(executor, "submit", None)):
            raise TypeError(f"`executor` must be a concurrent.futures.Executor. Received: {executor!r}")
        self.executor = executor
        self.notes: dict[str, str] = {}

    def start(self, setup):
        """Starts the process that will train, beside what a study does before it knows its plan."""
        if self.executor is None and importlib.util.find_spec("jax") is not None:
            with contextlib.suppress(Unfit):
                check_study(setup)
                shared_worker(self.devices)

    def run(self, setup, plan):
        """Yields a `Trial` for each `(variant, seed)` of `plan`, each as soon as it is finished."""
        self.notes = {}
        try:
            check_study(setup)
        except Unfit as error:
            self.notes.update({variant.name: f"fit, one after the other: {error}" for variant, _ in plan})
            yield from SequentialEngine().run(setup, plan)
            return
        say = setup.report or (lambda *news: None)
        devices = self.devices or 1
        if self.executor is None:
            devices = shared_worker(self.devices).devices  # it starts while models are built here
        say("building models")
        key = fingerprint.of_data(setup.train, "train") + fingerprint.of_data(setup.validation, "validation")
        data, prepare = data_of(setup, key), None
        if self.executor is None:
            prepare = functools.partial(self._prepare, data)
        jobs, models, unfit = recruit(setup, plan, key, self._width(devices), prepare, self.memory * 2**30)
        pairs = {(variant.name, seed): (variant, seed) for variant, seed in plan}
        refused = []
        for job, found in self._populations(jobs, data, say):
            if isinstance(found, Refused):
                refused.append((job, found))
            else:
                yield _trial(setup, models[job.program], found, self.name)
        left = [pair for pair in plan if pair in unfit]
        self.notes.update(
            {variant.name: f"fit, one after the other: {reason}" for (variant, _), reason in unfit.items()}
        )
        for job, found in self._in_processes(refused, data, say):
            if isinstance(found, Refused):
                left += [pairs[member.variant, member.seed] for member in job.members]
            else:
                yield _trial(setup, models[job.program], found, "processes")
        yield from SequentialEngine().run(setup, left)

    def _prepare(self, data, job):
        shared_worker(self.devices).prepare(job, data)

    def _populations(self, jobs, data, say):
        """Yields `(job, Finished)`, and `(job, Refused)` with the members that cannot be trained together."""
        if self.executor is not None:
            yield from self._outcomes(spread(jobs, data, self.executor, self.chunk, self.devices or 1, report=say))
            return
        planned = sum(len(job.members) * job.epochs for job in jobs)
        before = 0
        for job in jobs:
            yield from self._population(job, data, _shifted(say, before, planned))
            before += len(job.members) * job.epochs

    def _population(self, job, data, say):
        deaths = 0
        while job.members:
            done = set()
            try:
                for finished in shared_worker(self.devices).train(job, data, say):
                    done.add(finished.index)
                    yield job, finished
                return
            except Refused as error:
                yield job.without(done), error
                return
            except WorkerClosed:
                continue
            except (OutOfMemory, WorkerDied) as error:
                devices = shared_worker(self.devices).devices
                width = max(devices, job.width // 2 // devices * devices)
                # One that says that it lacks memory is no case for giving up while there is something to halve.
                died = isinstance(error, WorkerDied) or width == job.width
                deaths = 0 if done else deaths + died
                if deaths == _DEATHS:
                    raise RuntimeError(
                        f"The worker ended {deaths} times without finishing a training, the last time with "
                        f"{job.width} at once. {error}"
                    ) from error
                # Killed by the system, most likely for its memory: half as many at once take half as much.
                job = dataclasses.replace(job.without(done), width=width)
                warnings.warn(f"{error}. Going on with {width} trainings at once", RuntimeWarning, stacklevel=2)

    def _in_processes(self, refused, data, say):
        """Trains what cannot train together with `fit` on JAX, in a process for each core."""
        for job, reason in refused:
            self.notes.update({member.variant: f"fit in processes on JAX: {reason}" for member in job.members})
        jobs = [dataclasses.replace(job, together=False) for job, _ in refused]
        if not jobs:
            return
        if self.executor is not None:
            yield from self._outcomes(spread(jobs, data, self.executor, 1, report=say))
            return
        # Threads that wait for processes: each has one to itself, and keeps its traced model.
        numbers = set()
        threads = concurrent.futures.ThreadPoolExecutor(
            len(cores()), initializer=lambda: numbers.add(threading.get_ident())
        )
        with threads:
            try:
                yield from self._outcomes(spread(jobs, data, threads, 4, report=say))
            finally:
                close_workers(numbers)

    def _outcomes(self, pieces):
        failed, error = 0, None
        for piece, outcome in pieces:
            if isinstance(outcome, Refused):
                note = f"fit, one after the other: {outcome}"
                self.notes.update({member.variant: note for member in piece.members})
                yield piece, outcome
            elif isinstance(outcome, BaseException):
                # Other pieces may be all right: this one is said when they are in.
                failed, error = failed + len(piece.members), error or outcome
            else:
                for finished in outcome:
                    yield piece, finished
        if failed:
            raise RuntimeError(
                f"{failed} trainings could not be trained by the executor: {error!r}. What is finished is kept: run "
                "the study again, with an executor that works, to go on"
            ) from error

    def _width(self, devices):
        def width(size, members):
            fitting = int(self.memory * 2**30 / (_COPIES * max(size, 1)))
            wanted = 2 ** math.ceil(math.log2(-(-members // devices)))  # few widths: each is a program of its own
            return max(1, min(_WIDTH, fitting // devices, wanted)) * devices

        return width


def _shifted(say, before, planned):
    def shifted(phase=None, done=None, total=None):
        if done is None:
            say(phase)
        else:
            say(phase, before + done, planned)

    return shifted


def _trial(setup, model, finished, engine):
    trial = Trial.from_dict({**finished.record, "provenance": {**finished.record["provenance"], "engine": engine}})
    if finished.weights is not None:
        # Behind the model's own come the strengths of its loss, which the file does not hold.
        variables = [*model.trainable_variables, *model.non_trainable_variables]
        for variable, value in zip(variables, finished.weights, strict=False):
            variable.assign(value)
        keep_weights(model, setup.weights_path(trial.variant, trial.seed), trial.variant, trial.seed)
    return trial
