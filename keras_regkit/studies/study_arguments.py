"""What a study makes of its arguments."""

import collections.abc

from keras_regkit._core.backend import without_retracing_warnings
from keras_regkit._core.checks import Interval, did_you_mean
from keras_regkit._core.data import as_batches
from keras_regkit.levers.cards.label_smoothing import smoothed


def compiled_metrics(model, validation, batch_size):
    """Returns the names under which a trial reports the metrics that the model was compiled with."""
    x, y, weight = next(iter(as_batches(validation, batch_size, "validation")()))
    with without_retracing_warnings():
        names = model.test_on_batch(x, y, sample_weight=weight, return_dict=True)
    return [f"val_{name}" for name in names if name != "loss"]


def check_metric(metric, available):
    """Raises `ValueError` if a metric is not among those there are."""
    if metric not in available:
        available = sorted(available)
        raise ValueError(f"`metric` must be one of {available}.{did_you_mean(metric, available)} Received: {metric!r}")


def as_seeds(seeds):
    """Returns distinct seeds as a tuple, at least two: those given, or 0, 1, ... of a number."""
    if isinstance(seeds, collections.abc.Iterable) and not isinstance(seeds, str):
        chosen = tuple(int(Interval(0, integer=True).check("seeds", seed)) for seed in seeds)
        if len(set(chosen)) != len(chosen):
            raise ValueError(f"`seeds` must be distinct. Received: {list(chosen)}")
    else:
        chosen = tuple(range(Interval(1, integer=True).check("seeds", seeds)))
    if len(chosen) < 2:
        raise ValueError(f"`seeds` must be at least 2: one run cannot show its own noise. Received: {seeds!r}")
    return chosen


def clean_loss(model):
    """The baseline's loss without label smoothing, for all variants alike; None where it has no labels to smooth."""
    if len(getattr(model, "outputs", None) or ()) > 1:
        return None  # one loss for several outputs: only the model knows how they add up
    try:
        return smoothed(model.loss, 0.0)
    except ValueError:
        return None
