"""A space of levers as a KerasTuner hypermodel."""

import contextlib
from typing import Any

import numpy as np

from keras_regkit._core.checks import Interval
from keras_regkit._core.extras import require
from keras_regkit.callbacks import GapMonitor
from keras_regkit.levers.cards.label_smoothing import smoothed
from keras_regkit.studies.bridges.suggest import suggest
from keras_regkit.studies.builder import Builder
from keras_regkit.studies.engine import build_variant
from keras_regkit.studies.space import Space
from keras_regkit.studies.types import Build, LeversLike


def hyper_model(build: Build, space: Space | LeversLike | None = None, *, seed: int = 0) -> Any:
    """Returns a `keras_tuner.HyperModel` whose hyperparameters are levers and their strengths.

    Tune `keras_tuner.Objective("val_data_loss", "min")`: `val_loss` contains the penalties and the smoothing, so that
    levers would be judged by what they add to it. `val_data_loss` is the loss of the model as built, in inference mode
    and without penalties. Levers that exclude each other are one `Choice`; strengths are active only where their lever
    is on. The mean over several trainings is KerasTuner's own `executions_per_trial`, each from another seed.

    Args:
        build: As in `Study`.
        space: A `Space`, or what it is made of. None for the levers of `presets.mlp`; leave out what your model cannot
            take with `Space.without`.
        seed: Of the first training; each further one takes the next of a fixed sequence. Defaults to 0.

    Returns:
        A `keras_tuner.HyperModel`, with `variant(hp)` for the `Variant` that some hyperparameters mean.
        `tuner.search` must be given arrays or a dataset that can be read again, and `validation_data`.

    Raises:
        ImportError: KerasTuner is not installed.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> def tune(x, y, validation):
    ...     import keras_tuner
    ...     tuner = keras_tuner.RandomSearch(
    ...         hyper_model(model, {"l2": (1e-4, 0.1, "log")}), max_trials=20, executions_per_trial=2,
    ...         objective=keras_tuner.Objective("val_data_loss", "min"),
    ...     )
    ...     tuner.search(x, y, validation_data=validation, epochs=20)
    ...     return tuner.get_best_hyperparameters()[0]
    """
    Interval(0, integer=True).check("seed", seed)
    tuner: Any = require("keras_tuner", extra="tuner", purpose="The bridge to KerasTuner")
    space = space if isinstance(space, Space) else Space(space)
    builder, seeds = Builder(build), np.random.default_rng(seed)

    class Levers(tuner.HyperModel):
        def build(self, hp):
            model = build_variant(builder, self.variant(hp), int(seeds.integers(2**31)))
            # Or KerasTuner cannot load the best model: the file holds the optimizer's slots too.
            model.optimizer.build(model.trainable_variables)
            return model

        def fit(self, hp, model, *args, callbacks=(), **arguments):
            gap = _gap_monitor(builder(seed), args, arguments)
            ours = self.variant(hp).callbacks("val_data_loss", "min")
            # First, so that KerasTuner's own, which keeps the best epoch, finds the entry in the logs.
            return model.fit(*args, callbacks=[gap, *ours, *callbacks], **arguments)

        def variant(self, hp):
            """Returns the `Variant` that these hyperparameters mean."""
            return suggest(space, *_questions(hp))

    return Levers(name="levers")


def _gap_monitor(plain, args, arguments):
    """Measures what the model as built would be measured by, on the data that `fit` is given."""
    validation = arguments.get("validation_data")
    if validation is None:
        raise ValueError("`tuner.search` must be given `validation_data`: levers are judged by `val_data_loss`")
    x = args[0] if args else arguments.get("x")
    y = args[1] if len(args) > 1 else arguments.get("y")
    with contextlib.suppress(ValueError):
        return GapMonitor(x if y is None else (x, y), validation, loss=smoothed(plain.loss, 0.0))
    return GapMonitor(x if y is None else (x, y), validation)  # a loss without labels to smooth


def _questions(hp):
    def within(condition):
        return contextlib.nullcontext() if condition is None else hp.conditional_scope(condition[0], [condition[1]])

    def choose(name, options, condition):
        with within(condition):
            return hp.Choice(name, options)

    def number(name, strengths, condition):
        ask = hp.Int if strengths.integer else hp.Float
        with within(condition):
            return ask(name, strengths.low, strengths.high, sampling=strengths.scale)

    return choose, number
