"""Whose curves are drawn."""

import math

from keras_regkit._core.checks import did_you_mean


def chosen(record, variants, most):
    """Returns the names of the variants to draw.

    Args:
        record: The `StudyResult`.
        variants: A name, or names, in the order to be drawn. None for all; of more than `most` the best, in the order
            of the study and with the baseline.
        most: How many there is room for if nobody chose.

    Raises:
        ValueError: an unknown name, no name, or no trials with curves at all.
    """
    known = list(dict.fromkeys(trial.variant for trial in record.trials if trial.curves))
    if not known:
        raise ValueError("This result holds no trials with curves, so there are none to draw")
    if variants is not None:
        names = [variants] if isinstance(variants, str) else list(variants)
        for name in names:
            if name not in known:
                raise ValueError(
                    f"`variants` must be among those with trials in this study: {known}."
                    f"{did_you_mean(str(name), known)} Received: {name!r}"
                )
        if not names:
            raise ValueError("`variants` must name at least one variant. Received none")
        return list(dict.fromkeys(names))
    if len(known) <= most:
        return known
    cost = {s.name: s.mean if record.direction == "min" else -s.mean for s in record.summaries}
    best = sorted(known, key=lambda name: (name != record.baseline.name, _last(cost.get(name, math.nan))))
    return [name for name in known if name in best[:most]]


def _last(cost):
    return cost if math.isfinite(cost) else math.inf
