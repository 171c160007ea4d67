"""The winner and the baseline on rows that took no part in any choice."""

import dataclasses
import math

from keras_regkit.studies.design import BASELINE
from keras_regkit.studies.statistics import paired_difference


@dataclasses.dataclass(frozen=True)
class HeldOutScore:
    """The winner and the baseline on rows that took no part.

    Args:
        baseline, winner: Mean of the metric over seeds.
        difference, low, high: Mean and interval of winner − baseline, paired by seed.

    >>> HeldOutScore(0.3, 0.25, -0.05, -0.08, -0.02).difference
    -0.05
    """

    baseline: float
    winner: float
    difference: float
    low: float
    high: float


def name_held_out(metric):
    """Returns the name that `Study.evaluate` has for a study's metric.

    Raises:
        ValueError: the metric is about training data too.

    >>> name_held_out("val_data_loss")
    'data_loss'
    """
    if not metric.startswith("val_"):
        raise ValueError(
            f"`metric` must be one of validation data, 'val_...', to be measured on others. Received: {metric!r}"
        )
    return metric.removeprefix("val_")


def held_out_values(study, variant, data):
    """Returns the study's metric of the variant's kept models on `data`, seed by seed."""
    name = name_held_out(study.metric)
    return [study.evaluate(variant, seed, data).get(name, math.nan) for seed in study.seeds]


def held_out_score(study, winner, data):
    """Returns the `HeldOutScore` of a study that kept its weights."""
    baseline = held_out_values(study, BASELINE, data)
    own = held_out_values(study, winner, data) if winner != BASELINE else baseline
    d = paired_difference(own, baseline, study.confidence)
    return HeldOutScore(_mean(baseline), _mean(own), d.mean, d.low, d.high)


def _mean(values):
    return math.fsum(values) / len(values)
