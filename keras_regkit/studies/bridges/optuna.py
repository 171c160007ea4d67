"""A space of levers as an Optuna objective."""

import math
from typing import Any

from keras_regkit._core.checks import Interval
from keras_regkit._core.extras import require
from keras_regkit._core.types import Data
from keras_regkit.studies.bridges.suggest import suggest
from keras_regkit.studies.design import NO_MATTER
from keras_regkit.studies.space import Space
from keras_regkit.studies.study import Study
from keras_regkit.studies.types import Build, LeversLike


def optuna_objective(
    build: Build, space: Space | LeversLike | None = None, *, train: Data, validation: Data, **options: Any
) -> Any:
    """Returns an objective for `optuna.Study.optimize`: the mean of the metric over seeds, of one candidate.

    The samplers, the storage and the dashboards are Optuna's; the trainings are those of a `Study`: the same seeds and
    order of rows for every candidate, and the clean loss as the yardstick. Several processes may share one Optuna
    storage (`optuna.create_study(storage=..., load_if_exists=True)`), each with an objective of its own; give each
    another `store`, if any.

    `objective.optimize(study, trials=60, batch=20)` asks Optuna for twenty candidates at a time and trains them as one
    plan, which an engine that trains populations does at little more than the price of one.

    Args:
        build, train, validation: As in `Study`.
        space: A `Space`, or what it is made of. None for the levers of `presets.mlp`; leave out what your model cannot
            take with `Space.without`.
        **options: What else `Study` takes: `seeds`, `epochs`, `metric`, `engine`, `store` ...

    Returns:
        A callable of an `optuna.Trial`, with `direction` (`"minimize"` or `"maximize"`), `study` (the `Study` that
        trains), `variant(params)` and `optimize(study, trials, batch)`. A trial's attributes say the candidate's
        `variant`, its `sd` over seeds, and how many `diverged`; its intermediate values are the mean `val_data_loss`
        after each epoch. They come when the training is over: there is nothing left for a pruner to stop. A candidate
        that diverges gives NaN, which Optuna counts as failed.

    Raises:
        ImportError: Optuna is not installed.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> x, y = np.ones((8, 3)), np.zeros((8, 1))
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> def tune(trials):
    ...     import optuna
    ...     objective = optuna_objective(model, {"l2": (1e-4, 0.1, "log")}, train=(x, y), validation=(x, y), epochs=5)
    ...     study = optuna.create_study(direction=objective.direction)
    ...     objective.optimize(study, trials=trials, batch=10)
    ...     return objective.variant(study.best_params)
    """
    require("optuna", extra="optuna", purpose="The bridge to Optuna")
    return _Objective(build, Space(space) if not isinstance(space, Space) else space, train, validation, options)


class _Objective:
    def __init__(self, build, space, train, validation, options):
        self._space = space
        self.study = Study(build, levers=NO_MATTER, train=train, validation=validation, **options)
        self.direction = "minimize" if self.study.direction == "min" else "maximize"

    def __call__(self, trial):
        return self._reach([trial])[0]

    def optimize(self, study, trials, batch=16, verbose=0):
        """Asks `study` for candidates, `batch` at a time, trains each batch as one plan, and tells the outcome."""
        optuna = require("optuna", extra="optuna", purpose="The bridge to Optuna")
        Interval(1, integer=True).check("trials", trials)
        Interval(1, integer=True).check("batch", batch)
        for start in range(0, trials, batch):
            asked = [study.ask() for _ in range(min(batch, trials - start))]
            try:
                values = self._reach(asked, verbose)
            except BaseException:
                # Optuna would take them for running, for ever.
                for trial in asked:
                    study.tell(trial, state=optuna.trial.TrialState.FAIL)
                raise
            for trial, value in zip(asked, values, strict=True):
                if math.isfinite(value):
                    study.tell(trial, value)
                else:
                    study.tell(trial, state=optuna.trial.TrialState.FAIL)

    def variant(self, params):
        """Returns the `Variant` for the parameters of a trial, such as `study.best_params`."""
        return suggest(self._space, lambda name, *_: params[name], lambda name, *_: params[name])

    def _reach(self, trials, verbose=0):
        variants = [suggest(self._space, *_questions(trial)) for trial in trials]
        result = self.study.run_variants(variants, verbose)
        return [self._report(result, trial, variant) for trial, variant in zip(trials, variants, strict=True)]

    def _report(self, result, trial, variant):
        summary = result[variant.name]
        own = [t for t in result.trials if t.variant == variant.name]
        for epoch in range(min(len(t.curves["val_data_loss"]) for t in own)):
            trial.report(math.fsum(t.curves["val_data_loss"][epoch] for t in own) / len(own), epoch)
        trial.set_user_attr("variant", variant.name)
        trial.set_user_attr("sd", summary.sd)
        trial.set_user_attr("diverged", summary.diverged)
        return math.nan if summary.diverged else summary.mean


def _questions(trial):
    def choose(name, options, condition):
        return trial.suggest_categorical(name, options)

    def number(name, strengths, condition):
        if strengths.integer:
            return trial.suggest_int(name, strengths.low, strengths.high, log=strengths.scale == "log")
        return trial.suggest_float(name, strengths.low, strengths.high, log=strengths.scale == "log")

    return choose, number
