"""The trials behind a summary."""

import math


def trials_of(record, name):
    """Returns the trials of the variant `name` in a `StudyResult`."""
    return [trial for trial in record.trials if trial.variant == name]


def value_of(trial, metric):
    """Returns a final value of a trial; NaN where it has none."""
    return trial.metrics.get(metric, math.nan)


def paired_values(record, name):
    """Returns the differences to the baseline, variant − baseline, of each pair that is finite.

    >>> from keras_regkit.studies import StudyResult, Trial
    >>> trials = [
    ...     Trial(variant, seed, {"val_data_loss": value + seed}, {}, 1, 0, 1.0)
    ...     for variant, value in (("baseline", 0.5), ("l2=0.1", 0.25))
    ...     for seed in (0, 1)
    ... ]
    >>> record = StudyResult("s", "val_data_loss", "min", 0.95, (), tuple(trials), "sequential")
    >>> paired_values(record, "l2=0.1")
    [-0.25, -0.25]
    """
    baseline = {t.seed: value_of(t, record.metric) for t in record.trials if t.variant == "baseline"}
    pairs = [(t, baseline.get(t.seed, math.nan)) for t in trials_of(record, name)]
    differences = [value_of(trial, record.metric) - other for trial, other in pairs]
    return [difference for difference in differences if math.isfinite(difference)]
