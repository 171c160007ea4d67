"""Choosing how a plan is trained, and saying why."""

import importlib.util
import math

from keras_regkit._core.backend import has_accelerator
from keras_regkit.studies.engine import SequentialEngine, build_variant
from keras_regkit.studies.population import PopulationEngine
from keras_regkit.studies.population.recruiting import Unfit, check_study

# Starting the worker and compiling take as long as so many trainings of a small model on a model that is traced.
ENOUGH = 16
# Numbers in a model of which one alone keeps the cores busy, and sixteen at once fill the memory of a population.
LARGE = 10_000_000


class AutoEngine:
    """Trains large plans as populations, small ones one after the other.

    Populations train on the CPU. Where the backend has an accelerator, and where a few members of the model would fill
    the memory that populations may take, trainings go one after the other. A study that is continued is judged by all
    of its trainings, and what `fit` has begun, `fit` goes on with.

    Args:
        executor: As for `PopulationEngine`. Given one, populations it is, whatever the size of the plan.

    Attributes:
        reason: Why the last plan was trained as it was, one sentence; None before.
        notes: As those of `PopulationEngine`.

    Example:

    >>> AutoEngine().name
    'auto'
    """

    def __init__(self, executor=None):
        self._executor = executor
        self._population = None
        self.name, self.reason, self.notes = "auto", None, {}

    def start(self, setup):
        """Starts the process that will train, if it is clear already that populations will."""
        if setup.planned >= ENOUGH and not has_accelerator():
            PopulationEngine(executor=self._executor).start(setup)

    def run(self, setup, plan):
        """Yields a `Trial` for each `(variant, seed)` of `plan`, each as soon as it is finished."""
        engine, self.reason = self._choose(setup, plan)
        self.name = engine.name
        try:
            yield from engine.run(setup, plan)
        finally:
            self.notes = getattr(engine, "notes", {})

    def _choose(self, setup, plan):
        if importlib.util.find_spec("jax") is None:
            return (
                SequentialEngine(),
                'JAX, which populations train on, is not installed: pip install "keras-regkit[jax]"',
            )
        try:
            check_study(setup)
        except Unfit as error:
            return SequentialEngine(), str(error)
        trainings = max(len(plan), setup.planned)
        if setup.begun == "sequential" and self._executor is None:
            return SequentialEngine(), "`fit` trained what is there already, and other engines draw other dropout masks"
        if self._population is None and self._executor is None:  # the worker of an earlier plan may have the programs
            if trainings < ENOUGH:
                return SequentialEngine(), f"{trainings} trainings are over before a population's program is compiled"
            if has_accelerator():
                return SequentialEngine(), "populations train on the CPU, and this backend has an accelerator"
            variant, seed = plan[0]
            size = sum(math.prod(v.shape) for v in build_variant(setup.builder, variant, seed).variables)
            if size > LARGE:
                return SequentialEngine(), f"a model of {size:,} numbers gains nothing from training many at once"
        self._population = self._population or PopulationEngine(executor=self._executor)
        return self._population, f"{trainings} trainings differ in numbers and seeds: they train together"
