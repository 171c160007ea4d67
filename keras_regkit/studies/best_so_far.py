"""Which variant leads while a study runs: a word to those who wait, not a finding."""

import math


class BestSoFar:
    """Keeps the values of finished trials, and says which variant leads.

    A variant is compared with the baseline on the seeds that both have finished, at least two of them where there are
    so many: the mean of one lucky seed would lead too often.

    Args:
        metric: The metric.
        direction: `"min"` or `"max"`: which way is better.

    Example:

    >>> from keras_regkit.studies import Trial
    >>> best = BestSoFar("val_data_loss", "min")
    >>> for variant, losses in {"baseline": [0.5, 0.75], "l2=0.1": [0.25, 0.5]}.items():
    ...     for seed, loss in enumerate(losses):
    ...         best.add(Trial(variant, seed, {"val_data_loss": loss}, {}, 1, 0, 1.0))
    >>> str(best)
    'best so far l2=0.1 0.375 (baseline 0.625)'
    """

    def __init__(self, metric, direction):
        self._metric = metric
        self._sign = -1 if direction == "max" else 1
        self._values = {}

    def add(self, trial):
        """Takes a finished `Trial` in."""
        value = trial.metrics.get(self._metric, math.nan)
        self._values.setdefault(trial.variant, {})[trial.seed] = value if math.isfinite(value) else math.nan

    def leader(self):
        """Returns `(name, mean, mean of the baseline over the same seeds)`; None while there is nothing to compare."""
        baseline = {k: v for k, v in self._values.get("baseline", {}).items() if not math.isnan(v)}
        found = []
        for name, values in self._values.items():
            shared = [seed for seed in values if seed in baseline and not math.isnan(values[seed])]
            if name == "baseline" or len(shared) < min(2, len(baseline)) or not shared:
                continue
            own, other = (sum(d[seed] for seed in shared) / len(shared) for d in (values, baseline))
            found.append((self._sign * (own - other), name, own, other))
        return min(found)[1:] if found else None

    def __str__(self):
        leader = self.leader()
        if leader is None:
            return ""
        name, own, other = leader
        if self._sign * (own - other) >= 0:
            return f"best so far the baseline {other:.4g}"
        return f"best so far {name} {own:.4g} (baseline {other:.4g})"
