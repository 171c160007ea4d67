"""What early stopping decides, apart from models and files: numbers in, verdicts out."""

import math

from keras_regkit._core.checks import did_you_mean
from keras_regkit._core.directions import COMMON, direction


class Monitor:
    """One monitored quantity: its direction, its best value and how long ago that was."""

    def __init__(self, name, mode, min_delta=0, baseline=None):
        self.name = name
        self.mode = mode
        self.min_delta = min_delta
        self.baseline = baseline
        self.best_value = None
        self.best_epoch = None
        self.wait = 0
        self.exhausted = False

    def improves(self, value, reference):
        """Whether `value` is better than `reference` by more than `min_delta`."""
        if reference is None:
            return True
        if self.mode == "min":
            return value + self.min_delta < reference
        return value - self.min_delta > reference

    def reaches(self, value, goal):
        return value <= goal if self.mode == "min" else value >= goal

    def keep(self, epoch, value):
        self.best_epoch, self.best_value = epoch, value

    def see(self, epoch, value, patience):
        """Takes in the value of one epoch; returns whether it is a new best."""
        self.wait += 1
        improved = math.isfinite(value) and self.improves(value, self.best_value)
        if improved:
            self.keep(epoch, value)
            # Better than before but not yet better than the baseline: the clock runs on.
            if self.baseline is None or self.improves(value, self.baseline):
                self.wait = 0
        # The very first epoch never ends a training, however short the patience.
        self.exhausted = not improved and self.wait >= patience and epoch > 0
        return improved


class Progress:
    """Follows the monitors over the epochs; deterministic, so that a resumed run can replay it.

    `held_epoch` is the epoch whose weights deserve to be held: the best one, or the best of the warm-up while there
    is none.
    """

    def __init__(self, monitors, *, patience, policy, target, divergence_threshold, check_finite, start):
        self.monitors = monitors
        self.patience = patience
        self.policy = any if policy == "any" else all
        self.target = target
        self.divergence_threshold = divergence_threshold
        self.check_finite = check_finite
        self.start = start
        first = monitors[0]
        self.warm_up = Monitor(first.name, first.mode)

    @property
    def best(self):
        return self.monitors[0]

    @property
    def held_epoch(self):
        if self.best.best_epoch is None:
            return self.warm_up.best_epoch
        return self.best.best_epoch

    def see(self, epoch, values):
        """Takes in one value (or None) per monitor; returns the reason to stop, or None."""
        seen = [value for value in values if value is not None]
        if self.check_finite and any(math.isnan(value) for value in seen):
            return "nan"
        if self.check_finite and any(math.isinf(value) for value in seen):
            return "diverged"
        first, value = self.best, values[0]
        if epoch < self.start:
            if value is not None:
                self.warm_up.see(epoch, value, self.patience)
            return None
        for monitor, current in zip(self.monitors, values, strict=True):
            if current is not None:
                monitor.see(epoch, current, self.patience)
        if value is not None and self.target is not None and first.reaches(value, self.target):
            # `min_delta` may have called this no improvement, but these are the weights that were asked for.
            first.keep(epoch, value)
            return "target_reached"
        if self._diverged(value):
            return "diverged"
        if seen and self.policy(monitor.exhausted for monitor in self.monitors):
            return "no_improvement"
        return None

    def _diverged(self, value):
        limit = self.divergence_threshold
        if value is None or limit is None:
            return False
        return value > limit if self.best.mode == "min" else value < limit

    def forget_best(self):
        """Starts the search for the best anew."""
        self.best.keep(None, None)
        self.warm_up.keep(None, None)

    def fall_back_on_warm_up(self):
        """Makes the best of the warm-up the best of all, if nothing came after it; says whether it did."""
        if self.best.best_epoch is not None or self.warm_up.best_epoch is None:
            return False
        self.best.keep(self.warm_up.best_epoch, self.warm_up.best_value)
        return True


def monitor_names(monitor):
    """Returns `monitor` as a list of distinct names."""
    names = [monitor] if isinstance(monitor, str) else monitor
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise TypeError(
            "`monitor` must be the name of a logged quantity or a list of names. "
            f"Received: {monitor!r} of type {type(monitor).__name__}"
        )
    if not names or "" in names or len(set(names)) < len(names):
        raise ValueError(f"`monitor` must hold names, each once. Received: {monitor!r}")
    return list(names)


def make_monitors(names, ranges, mode, min_delta, baseline):
    """Returns a `Monitor` per name, from arguments that hold one value or a dict by name."""
    modes = _spread(names, ranges, "mode", mode, "auto")
    for name in names:
        if modes[name] == "auto":
            modes[name] = direction(name)
        if modes[name] is None:
            guess = did_you_mean(name, COMMON, likeness=0.9)
            raise ValueError(
                f"It is not known whether a lower or a higher `{name}` is better.{guess}"
                f"{' Otherwise pass' if guess else ' Pass'} mode='min' or mode='max' (of several monitors: "
                f"mode={{{name!r}: ...}}). Received: mode={mode!r}"
            )
    deltas = _spread(names, ranges, "min_delta", min_delta, 0)
    if not isinstance(baseline, dict):
        ranges["baseline"].check("baseline", baseline)
        baseline = {names[0]: baseline}
    baselines = _spread(names, ranges, "baseline", baseline, None)
    return [Monitor(name, modes[name], deltas[name], baselines[name]) for name in names]


def _spread(names, ranges, argument, value, default):
    if not isinstance(value, dict):
        ranges[argument].check(argument, value)
        return dict.fromkeys(names, value)
    for name, one in value.items():
        if name not in names:
            raise ValueError(
                f"`{argument}` names what is not monitored.{did_you_mean(name, names)} "
                f"Expected some of {names}. Received: {name!r}"
            )
        ranges[argument].check(f"{argument}[{name!r}]", one)
    return {name: value.get(name, default) for name in names}
