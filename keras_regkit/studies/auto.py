"""Choosing how a plan is trained, and saying why."""

import importlib.util

from keras_regkit.studies.engine import SequentialEngine
from keras_regkit.studies.population import PopulationEngine
from keras_regkit.studies.population.recruiting import Unfit, check_study

# Starting the worker and compiling take as long as so many trainings of a small model on a model that is traced.
ENOUGH = 16


class AutoEngine:
    """Trains large plans as populations, small ones one after the other.

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

    def run(self, setup, plan):
        """Yields a `Trial` for each `(variant, seed)` of `plan`, each as soon as it is finished."""
        engine, self.reason = self._choose(setup, plan)
        self.name = engine.name
        yield from engine.run(setup, plan)
        self.notes = dict(getattr(engine, "notes", {}))

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
        # The worker of an earlier plan is there, and may have the programs.
        if len(plan) < ENOUGH and self._population is None and self._executor is None:
            return SequentialEngine(), f"{len(plan)} trainings are over before a population's program is compiled"
        self._population = self._population or PopulationEngine(executor=self._executor)
        return self._population, f"{len(plan)} trainings differ in numbers and seeds: they train together"
