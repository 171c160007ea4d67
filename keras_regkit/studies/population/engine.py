"""The engine that trains a plan as populations."""

import atexit
import contextlib
import dataclasses
import os
import warnings

from keras_regkit._core.checks import Interval
from keras_regkit.studies import fingerprint
from keras_regkit.studies.engine import SequentialEngine
from keras_regkit.studies.population.recruiting import Unfit, check_study, data_of, recruit
from keras_regkit.studies.population.worker import OutOfMemory, Refused, Worker, WorkerDied
from keras_regkit.studies.trial import Trial

_WIDTH = 8  # members per device: more do not train faster on a CPU, and take longer to compile
_COPIES = 8  # of a member's weights are alive at once: moments, the best ones, gradients, and what is donated
_shared = {}


class PopulationEngine:
    """Trains whole populations as one compiled program, on JAX, in a process beside this one.

    All trainings of an architecture differ in numbers (rates, penalties, smoothing, decay, learning rate), weights and
    seeds alone, so they are one program with a leading axis of members: `vmap` over Keras' own training step, `scan`
    over the steps, members laid over the cores. A member that stops early makes room for the next one. The models are
    built here, on whatever backend, and sent as descriptions with their initial weights.

    What it cannot express is trained by `model.fit`, one after the other, and `notes` says why: datasets instead of
    arrays, callbacks of one's own, models with a training step of their own, `Lambda` layers, noise from the global
    seed. Results equal those of `fit` on JAX for the same initial weights and order of rows, but for rounding. Trainings
    on TensorFlow draw other dropout masks from the same seed.

    Args:
        memory: Most memory for the populations, in GiB, > 0. Defaults to 4.
        devices: Number of devices over which members are laid, ≥ 1. None for one per core.

    Attributes:
        notes: Dict from the names of variants that were not trained in a population to the reason.

    Example:

    >>> PopulationEngine(memory=2).name
    'population'
    """

    name = "population"
    RANGES = {  # noqa: RUF012
        "memory": Interval(0, closed="neither"),
        "devices": Interval(1, integer=True, optional=True),
    }

    def __init__(self, memory=4, devices=None):
        self.memory = self.RANGES["memory"].check("memory", memory)
        self.devices = self.RANGES["devices"].check("devices", devices)
        self.notes = {}

    def run(self, setup, plan):
        """Yields a `Trial` for each `(variant, seed)` of `plan`, each as soon as it is finished."""
        try:
            check_study(setup)
        except Unfit as error:
            self.notes.update({variant.name: str(error) for variant, _ in plan})
            yield from SequentialEngine().run(setup, plan)
            return
        worker = shared_worker(self.devices)  # starts while models are built here
        key = fingerprint.of_data(setup.train, "train") + fingerprint.of_data(setup.validation, "validation")
        jobs, models, unfit = recruit(setup, plan, key, self._width(worker.devices))
        data = data_of(setup, key)
        left = [pair for pair in plan if pair in unfit]
        self.notes.update({variant.name: reason for (variant, _), reason in unfit.items()})
        pairs = {(variant.name, seed): (variant, seed) for variant, seed in plan}
        for job in jobs:
            refused = yield from self._train(setup, job, data, models)
            left += [pairs[member.variant, member.seed] for member in refused]
        yield from SequentialEngine().run(setup, left)

    def _train(self, setup, job, data, models):
        """Yields the trials of a job; returns the members that could not be trained."""
        left, deaths = list(job.members), 0
        while left:
            job = dataclasses.replace(job, members=tuple(left))
            done = set()
            try:
                with _ended_if_interrupted(self.devices):
                    for finished in shared_worker(self.devices).train(job, data, setup.report):
                        done.add(finished.index)
                        trial = Trial.from_dict(finished.record)
                        if finished.weights is not None:
                            _save(models[job.program], finished.weights, setup.weights_path(trial.variant, trial.seed))
                        yield trial
                return []
            except Refused as error:
                self.notes.update({member.variant: str(error) for member in left})
                return [member for i, member in enumerate(left) if i not in done]
            except (OutOfMemory, WorkerDied) as error:
                # Killed by the system, most likely for its memory: half as many at once take half as much.
                deaths = 0 if done else deaths + 1
                if deaths > 3:
                    raise RuntimeError(
                        f"The worker ended {deaths} times without finishing a training, the last time with "
                        f"{job.width} at once. {error}"
                    ) from error
                devices = self.devices or shared_worker(self.devices).devices
                job = dataclasses.replace(job, width=max(devices, job.width // 2 // devices * devices))
                warnings.warn(f"{error}. Going on with {job.width} trainings at once", RuntimeWarning, stacklevel=2)
            left = [member for i, member in enumerate(left) if i not in done]
        return []

    def _width(self, devices):
        def width(size, members):
            fitting = int(self.memory * 2**30 / (_COPIES * max(size, 1)))
            most = min(_WIDTH, max(1, fitting // devices), -(-members // devices))
            return most * devices

        return width


def shared_worker(devices=None):
    """Returns the worker of this process, started if there is none: its compiled programs serve the next study too."""
    worker = _shared.get((os.getpid(), devices))
    if worker is None or not worker.alive:
        worker = _shared[os.getpid(), devices] = Worker(devices)
        atexit.register(worker.close)
    return worker


@contextlib.contextmanager
def _ended_if_interrupted(devices):
    """A worker whose answers are no longer waited for would hand them to the next job."""
    try:
        yield
    except Refused:
        raise
    except BaseException:
        shared_worker(devices).close()
        raise


def _save(model, weights, path):
    # Behind the model's own come the strengths of its loss, which the file does not hold.
    for variable, value in zip([*model.trainable_variables, *model.non_trainable_variables], weights, strict=False):
        variable.assign(value)
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save_weights(path)
