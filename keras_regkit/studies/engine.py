"""How trials are run. An engine gets a plan and yields finished trials; a study knows nothing more of it."""

import collections.abc
import dataclasses
import math
import time
import warnings

import keras

from keras_regkit._core.backend import without_retracing_warnings
from keras_regkit._core.data import as_arrays, is_arrays
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.callbacks import GapMonitor
from keras_regkit.studies.builder import Builder
from keras_regkit.studies.kept_weights import keep_weights
from keras_regkit.studies.not_finite import weights_are_finite
from keras_regkit.studies.rows import FollowEpochs, ShuffledRows
from keras_regkit.studies.seed_noise import SeedNoise
from keras_regkit.studies.transplant import transplant
from keras_regkit.studies.trial import Trial

# What every trial is measured by, whatever its model was compiled with.
GAP_ENTRIES = ("data_loss", "penalty", "val_data_loss", "gap")


@dataclasses.dataclass(frozen=True)
class Setup:
    """What all trials of a study share.

    Args:
        builder: Makes a fresh compiled model for a seed.
        train, validation: Data, as `fit` takes them.
        epochs: Most epochs to train.
        batch_size: Rows per training batch, for arrays.
        metric: What variants are compared by, and what levers that watch training monitor.
        direction: `"min"` or `"max"`: which way of the metric is better.
        loss: The clean loss all variants are evaluated with; None for each model's own without its penalties.
        callbacks: Function that returns extra callbacks for one training, or None.
        weights_path: Function from a variant's name and a seed to where the final weights are kept, or None.
        planned: Number of trainings of the study's plan, finished ones counted; 0 if nobody knows.
        begun: Name of the engine that trained what the study has already; None where there is nothing.
        report: Function of a phase, and of parts done and planned within it, that tells the user, or None.
    """

    builder: Builder
    train: object
    validation: object
    epochs: int
    batch_size: int
    metric: str
    direction: str
    loss: object = None
    callbacks: collections.abc.Callable | None = None
    weights_path: collections.abc.Callable | None = None
    report: collections.abc.Callable | None = None
    planned: int = 0
    begun: str | None = None


class SequentialEngine:
    """Trains one trial after the other with `model.fit`, in this process, on any backend.

    Trials of one variant share one compiled model: each seed's fresh state is put into it before it trains.

    Example:

    >>> SequentialEngine().name
    'sequential'
    """

    name = "sequential"

    def run(self, setup, plan):
        """Yields a `Trial` for each `(variant, seed)` of `plan`, in this order, each as soon as it is finished."""
        current, workplace = None, None
        for variant, seed in plan:
            if variant.name != current:
                current, workplace = variant.name, _Workplace(setup, variant)
            with without_retracing_warnings():
                trial = workplace.train(seed)
            # Said here: another engine may leave to this one what it cannot train.
            yield dataclasses.replace(trial, provenance={"engine": self.name})


class _Workplace:
    """One variant's compiled model, with what is needed to train it again and again."""

    def __init__(self, setup, variant):
        self._setup = setup
        self._variant = variant
        self._model = None
        self._gap = GapMonitor(setup.train, setup.validation, loss=setup.loss)

    def train(self, seed):
        start = time.perf_counter()
        model = self._fresh(seed)
        callbacks = [
            *self._variant.callbacks(self._setup.metric, self._setup.direction),
            *(self._setup.callbacks() if self._setup.callbacks else []),
        ]
        trial = fit(self._setup, model, self._gap, self._variant.name, seed, callbacks)
        if self._setup.weights_path is not None:
            name = self._variant.name
            keep_weights(model, self._setup.weights_path(name, seed), name, seed)
        return dataclasses.replace(trial, seconds=time.perf_counter() - start)

    def _fresh(self, seed):
        """Returns a model in the state that `seed` gives it; the traced one where that is possible."""
        fresh = build_variant(self._setup.builder, self._variant, seed)
        if self._model is None or not transplant(fresh, self._model):
            self._model = fresh
        return self._model


def _watched(metric, callbacks):
    """Whether the study, or a callback, watches what `fit` logs of its own validation, such as `val_loss`."""
    names = {metric, *(getattr(callback, "monitor", None) for callback in callbacks)}
    return any(isinstance(name, str) and name.startswith("val_") and name not in GAP_ENTRIES for name in names)


def fit(setup, model, gap, name, seed, callbacks):
    """Trains a model that is ready to, and returns its `Trial`.

    Args:
        setup: The study's `Setup`.
        model: A compiled model in the state that it starts from.
        gap: A `GapMonitor` of the study's data and clean loss.
        name: Name of the variant.
        seed: Seed of the order of rows, and of noise that has none of its own.
        callbacks: What watches this training beside `gap`.
    """
    start = time.perf_counter()
    rows, follow = setup.train, []
    if is_arrays(setup.train):
        rows = ShuffledRows(as_arrays(setup.train, "train"), setup.batch_size, seed)
        follow = [FollowEpochs(rows)]
    model.fit(
        rows,
        epochs=setup.epochs,
        verbose=0,
        # Keras would shuffle the batches of ours once more, and warns that it cannot with those of other kinds.
        shuffle=isinstance(setup.train, keras.utils.PyDataset),
        # What GapMonitor does not know comes from fit's own validation, for those who watch it.
        validation_data=setup.validation if _watched(setup.metric, callbacks) else None,
        callbacks=[SeedNoise(seed), *follow, gap, *callbacks],
    )
    # Values of the weights the trial ends with: a callback may have restored earlier ones.
    metrics = gap.measure()
    for metric, value in _evaluate(model, setup.validation).items():
        if metric != "loss":
            metrics[f"val_{metric}"] = float(value)
    sound = weights_are_finite(model)
    if not sound:
        metrics = dict.fromkeys(metrics, math.nan)
    curves = {entry: list(gap.history[entry]) for entry in ("data_loss", "val_data_loss")}
    finite = [(value, epoch) for epoch, value in enumerate(curves["val_data_loss"]) if math.isfinite(value)]
    return Trial(
        variant=name,
        seed=seed,
        metrics=metrics,
        curves=curves,
        epochs=len(curves["data_loss"]),
        best_epoch=min(finite)[1] if finite and sound else None,
        seconds=time.perf_counter() - start,
    )


def build_variant(builder, variant, seed):
    """Returns the variant's model for `seed`: built, and every lever applied."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEffectWarning)  # the study said it once, when it was made
        model = variant.apply(builder(seed))
    # Rewriting draws from the same global state as building: noise that has no seed of its own starts alike.
    keras.utils.set_random_seed(seed)
    return model


def _evaluate(model, data):
    if is_arrays(data):
        x, y, weight = as_arrays(data, "validation")
        return model.evaluate(x, y, sample_weight=weight, verbose=0, return_dict=True)
    return model.evaluate(data, verbose=0, return_dict=True)
