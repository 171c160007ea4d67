"""The metric's values behind a result, seed by seed."""

import math

import numpy as np


def values_by_seed(result):
    """Returns the seeds, and `{variant: values}` with one value per seed; NaN where there is no finite one.

    Args:
        result: A `StudyResult`. Trials of variants that it does not summarize are left out.
    """
    known = {s.name for s in result.summaries}
    trials = [t for t in result.trials if t.variant in known]
    seeds = tuple(dict.fromkeys(t.seed for t in trials))
    place = {seed: i for i, seed in enumerate(seeds)}
    values = {s.name: np.full(len(seeds), math.nan) for s in result.summaries}
    for trial in trials:
        value = trial.metrics.get(result.metric, math.nan)
        if math.isfinite(value):
            values[trial.variant][place[trial.seed]] = value
    return seeds, values
