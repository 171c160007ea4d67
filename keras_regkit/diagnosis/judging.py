"""From curves to one regime, by an explicit order of precedence."""

import dataclasses

import numpy as np

from keras_regkit.diagnosis import regimes, signs
from keras_regkit.diagnosis import thresholds as at

# The first sign that is present names the regime.
# - Numbers that left the range of floats, or a train loss that climbs, make all else meaningless.
# - While validation still falls clearly, every other verdict is early.
# - Bias before variance: underfitting outranks both kinds of overfitting.
# - Noise comes last among the faults: the others count only beyond noise, so they stand in spite of it.
PRECEDENCE = (
    ("diverging", regimes.DIVERGING),
    ("still_improving", regimes.STILL_IMPROVING),
    ("underfitting", regimes.UNDERFITTING),
    ("rising", regimes.OVERFITTING),
    ("wide_gap", regimes.OVERFITTING),
    ("easier", regimes.VALIDATION_EASIER),
    ("noisy", regimes.NOISY_VALIDATION),
)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A regime with its grounds.

    Args:
        regime: One of `REGIMES`.
        since: Epoch from which it holds, or `None`.
        best_epoch: Epoch of the best validation value, or `None`.
        confidence: In [0, 1]: the share of verdicts as clear as this that were right in calibration.
        signs: `{name: Sign}`; empty when the curves are not finite.
        numbers: `{name: number}`: what was measured, in the units of the curves.
    """

    regime: str
    since: int | None
    best_epoch: int | None
    confidence: float
    signs: dict
    numbers: dict

    def also(self):
        """Returns the other regimes that show, weaker in precedence than the one that was named."""
        present = [regime for name, regime in PRECEDENCE if name in self.signs and self.signs[name].present]
        return tuple(dict.fromkeys(regime for regime in present if regime != self.regime))


def judge(curves, reference=None, reachable=None):
    """Returns the `Verdict` on `curves`.

    Args:
        curves: The `Curves`.
        reference: The level of a trivial predictor, or `None`.
        reachable: A level that is known to be reachable, or `None`.
    """
    epochs, train_values, validation_values = curves.paired()
    turn = curves.higher_is_better
    broken = _first_broken(curves)
    if broken is not None:
        return _broken_verdict(epochs, train_values, validation_values, turn, broken)
    # Both curves are turned together, or an error rate would be compared with a negated score.
    levels = [value for value in (reference, reachable) if value is not None]
    turned = signs.as_loss(np.concatenate([train_values, validation_values, levels]), turn)
    n = len(epochs)
    train, validation = turned[:n], turned[n : 2 * n]
    level = None if reference is None else float(turned[2 * n])
    train_noise, validation_noise = signs.noise(train), signs.noise(validation)
    if curves.runs > 1:
        # Runs differ in more than their wiggles; the mean curve is as sure as its standard error.
        train_noise = max(train_noise, _standard_error(curves.train_spread, curves.runs))
        validation_noise = max(validation_noise, _standard_error(curves.validation_spread, curves.runs))
    unit = signs.scale(train, validation, level)
    start = level if level is not None else float(train[0])
    goal = None if reachable is None else float(turned[-1])
    # What there is to learn is a better unit than what was learned, where it is known.
    room = unit if goal is None else max(start - goal, at.LEAST_ROOM * unit)
    found = {
        "diverging": signs.diverging(train, train_noise, level),
        "still_improving": signs.still_improving(train, validation, validation_noise, room, start),
        "underfitting": signs.underfitting(train, validation, level),
        "rising": signs.rising(train, validation, validation_noise, unit),
        "wide_gap": signs.wide_gap(train, validation, validation_noise, unit),
        "easier": signs.easier(train, validation, validation_noise, unit, curves.clean),
        "noisy": signs.noisy(validation_noise, unit),
    }
    if goal is not None:
        found["underfitting"], found["wide_gap"] = signs.short_of_reach(train, validation, goal, room)
        # A rise is no fault while the loss stays near what can be reached.
        found["rising"] = signs.weaker(found["rising"], found["wide_gap"])
    name, regime = next(
        ((name, regime) for name, regime in PRECEDENCE if found[name].present), (None, regimes.GOOD_FIT)
    )
    since = None if name is None or found[name].since is None else int(epochs[found[name].since])
    best = int(np.argmin(validation))
    if name == "rising":
        # The smooth may turn an epoch or two before the best epoch; nothing overfits before its best.
        since = max(since, int(epochs[best]))
    gap = validation - train
    last = slice(-signs.tail(n), None)
    numbers = {
        "epochs": len(curves.epochs),
        "train_start": train_values[0],
        "train_end": train_values[-1],
        "validation_best": validation_values[best],
        "validation_end": validation_values[-1],
        "rise_since_best": validation[-1] - validation[best],
        "gap_at_best": gap[best],
        "gap_end": np.median(gap[last]),
        "validation_noise": validation_noise,
        "train_noise": train_noise,
        "scale": unit,
    }
    numbers = {key: value if key == "epochs" else float(value) for key, value in numbers.items()}
    if reference is not None:
        numbers["reference_loss"] = float(reference)
    if reachable is not None:
        numbers["reachable_loss"] = float(reachable)
    return Verdict(regime, since, int(epochs[best]), _confidence(name, found, curves, n), found, numbers)


def _confidence(name, found, curves, n):
    confidence = at.CONFIDENCE_BASE + at.CONFIDENCE_GAIN * clearness(name, found)
    confidence *= min(1.0, n / at.ENOUGH_EPOCHS) ** 0.5
    return round(float(np.clip(confidence, 0.0, 1.0)) * (1.0 if curves.clean else at.RAW_CONFIDENCE), 2)


def clearness(name, found):
    """Returns how far the sign that named the regime is beyond what counts, in [0, 1]; without one, how far all are."""
    if name is None:
        return 1.0 - max(sign.ratio for sign in found.values())
    return 1.0 - 1.0 / found[name].ratio


def _standard_error(spread, runs):
    return float(np.median([s for s in spread if s is not None])) / runs**0.5


def _first_broken(curves):
    """Returns the first epoch at which either curve is not finite, or `None`."""
    pairs = [*zip(curves.epochs, curves.train, strict=True)]
    pairs += zip(curves.validation_epochs, curves.validation, strict=True)
    return min((epoch for epoch, value in pairs if value is None), default=None)


def _broken_verdict(epochs, train, validation, higher_is_better, since):
    finite = np.isfinite(validation)
    best = None
    numbers = {"epochs": len(epochs), "first_non_finite_epoch": int(since)}
    if np.isfinite(train).any():
        numbers["train_start"] = float(train[np.isfinite(train)][0])
    if finite.any():
        values = np.where(finite, validation if not higher_is_better else -validation, np.inf)
        best = int(epochs[np.argmin(values)])
        numbers["validation_best"] = float(validation[np.argmin(values)])
    # Nothing here is a matter of degree.
    return Verdict(regimes.DIVERGING, int(since), best, 1.0, {}, numbers)
