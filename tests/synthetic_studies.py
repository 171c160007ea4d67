"""Results of studies that were never run: values drawn from noise as trainings have it."""

import numpy as np

from keras_regkit import levers
from keras_regkit.studies import StudyResult, Trial, Variant
from keras_regkit.studies.design import BASELINE
from keras_regkit.studies.summarize import summarize

# Noise of one training, with a standard deviation of 1 (the heavy tails: of that order).
NOISE = {
    "normal": lambda rng, size: rng.normal(size=size),
    "heavy tails (t3)": lambda rng, size: rng.standard_t(3, size=size) / np.sqrt(3),
    "skewed (exponential)": lambda rng, size: rng.exponential(size=size) - 1,
}


def losses(rng, effects, seeds, noise="normal"):
    """Returns `(1 + variants, seeds)` losses, the baseline first: seeds are hard or easy for all alike, then noise."""
    shared = rng.normal(size=seeds)
    means = np.array([0.0, *effects])
    return 5 + shared + means[:, None] + 0.5 * NOISE[noise](rng, (len(means), seeds))


def trial(variant, seed, loss):
    """Returns the record of a training that never was."""
    metrics = {"data_loss": 0.5, "val_data_loss": loss, "gap": loss - 0.5}
    return Trial(variant, seed, metrics, {"data_loss": [0.5], "val_data_loss": [loss]}, 1, 0, 0.25)


def synthetic(values, confidence=0.95, direction="min"):
    """Returns the `StudyResult` of `values`, one row of losses per variant, the baseline first."""
    lever = levers.get("l2")
    plan = (BASELINE, *(Variant(((lever, float(k)),)) for k in range(1, len(values))))
    trials = {
        (v.name, s): trial(v.name, s, float(x)) for v, row in zip(plan, values, strict=True) for s, x in enumerate(row)
    }
    seeds = range(len(values[0]))
    summaries = summarize(plan, seeds, trials, "val_data_loss", direction, confidence)
    return StudyResult("synthetic", "val_data_loss", direction, confidence, summaries, tuple(trials.values()), "none")
