"""The signs of each regime, as pure functions over curves.

All of them take loss-like arrays (lower is better) and return a `Sign`. Its `ratio` is the measured size divided by the
size that counts: a sign is present from 1 on. Constants come from `thresholds`.
"""

import dataclasses
import functools
import math

import numpy as np

from keras_regkit.diagnosis import thresholds as at

# Beyond this a sign cannot get any clearer.
_LARGEST_RATIO = 10.0
# Stands for zero in a denominator; far below the resolution of a float32 loss near one.
_TINY = 1e-12


@dataclasses.dataclass(frozen=True)
class Sign:
    """How clearly a regime shows (`ratio`, present from 1 on) and from which position of the curve."""

    ratio: float
    since: int | None = None

    @property
    def present(self):
        return self.ratio >= 1.0


def as_loss(values, higher_is_better):
    """Returns `values` turned so that lower is better; a score within [0, 1] becomes its error rate.

    >>> as_loss(np.array([0.5, 0.75]), True).tolist()
    [0.5, 0.25]
    """
    values = np.asarray(values, dtype=float)
    if not higher_is_better:
        return values
    finite = values[np.isfinite(values)]
    return 1.0 - values if finite.size and finite.min() >= 0 and finite.max() <= 1 else -values


def smooth(values):
    """Returns a light smooth of `values`: a local straight line, so that the ends are not pulled inwards.

    >>> smooth(np.array([3.0, 2.0, 1.0, 0.0])).round(6).tolist()
    [3.0, 2.0, 1.0, 0.0]
    """
    return _smoother(len(values)) @ values


@functools.lru_cache(maxsize=64)
def _smoother(n):
    """Returns the matrix of the smooth: it is linear in the values, and the same for all curves of one length."""
    half = int(np.clip(round(0.1 * n), 2, 10))
    rows = np.empty((n, n))
    for i in range(n):
        x = np.arange(n) - i
        weight = np.where(np.abs(x) <= half, (1 - np.minimum(1.0, np.abs(x) / (half + 1)) ** 3) ** 3, 0.0)
        weight /= weight.sum()
        away = x - weight @ x
        spread = weight @ away**2
        # The line's value at i: its mean, and its slope times the way from the mean place.
        rows[i] = weight - (weight * away * (weight @ x) / spread if spread > 0 else 0.0)
    return rows


def noise(values):
    """Returns the standard deviation of the epoch-to-epoch noise.

    Each value is compared with the mean of its two neighbours; the median absolute residual is robust to the steep
    start and to single spikes. The factor 1.5 is the variance of such a residual for independent noise.

    >>> float(noise(np.array([4.0, 3.0, 2.0, 1.0])))
    0.0
    """
    residual = values[1:-1] - (values[:-2] + values[2:]) / 2
    return 1.4826 * np.median(np.abs(residual)) / math.sqrt(1.5)


def scale(train, validation, reference=None):
    """Returns the improvement that the curves show: the unit of every share in `thresholds`."""
    lowest, highest = min(train.min(), validation.min()), max(train.max(), validation.max())
    starts = [] if reference is None else [reference]
    starts.append(max(train[0], validation[0]))
    # Curves that never improve have no such unit: then their range must do.
    return next((start - lowest for start in starts if start > lowest), highest - lowest)


def tail(n):
    """Returns how many of the last of `n` epochs stand for the end: a quarter, at least 3."""
    return min(n, max(3, math.ceil(n / 4)))


def diverging(train, train_noise, reference=None):
    """The train loss ends well above its own minimum, beyond its noise; or far above a trivial predictor.

    The unit is train's own improvement: the whole range would grow with the very rise that is looked for.
    """
    trend = smooth(train)
    lowest = int(np.argmin(trend))
    start = train[0] if reference is None else max(train[0], reference)
    size = _end(train, trend) - max(trend[lowest], train.min())
    fallen = at.DIVERGING_SHARE * (start - train.min())
    ratio = _ratio(size, at.DIVERGING_NOISES * train_noise, fallen, at.DIVERGING_LEVEL * abs(start))
    # Jumps as large as the loss itself are no noise that could excuse a loss that ends above where it began.
    above = _end(train, trend) - start
    ratio = max(ratio, _ratio(above, at.DIVERGING_ABOVE * abs(start)))
    return Sign(ratio, lowest)


def underfitting(train, validation, reference=None):
    """The train loss hardly fell below its start (or the reference level), and the gap is small."""
    level = train[0] if reference is None else reference
    share = at.FALL_SHARE if reference is None else at.REFERENCE_FALL_SHARE
    gap = np.median((validation - train)[-tail(len(train)) :])
    if abs(gap) > at.UNDERFITTING_GAP_SHARE * abs(level):
        return Sign(0.0)
    return Sign(_clip(share * abs(level) / max(level - smooth(train).min(), _TINY)))


def short_of_reach(train, validation, reachable, room):
    """Validation ends well above a loss that can be reached; train tells from which side.

    The sample costs a training what its train loss is below the reachable one, and bias what it is above.

    Returns:
        Two signs: of underfitting, and of overfitting.
    """
    last = slice(-tail(len(train)), None)
    size, low = np.median(validation[last]) - reachable, np.median(train[last])
    if low >= reachable:
        return Sign(_ratio(size, at.EXCESS_SHARE * room)), Sign(0.0)
    # What a sample takes from the train loss it adds to that of other rows: two looks at the same cost.
    size = max(size, np.median((validation - train)[last]) / 2)
    return Sign(0.0), Sign(_ratio(size, at.EXCESS_SHARE * room), _start_of_last_run(train < reachable))


def rising(train, validation, validation_noise, unit):
    """Validation ends above its minimum, and the gap grew meanwhile: overfitting, first kind."""
    trend, gap = smooth(validation), smooth(validation - train)
    best = int(np.argmin(trend))
    size = min(_end(validation, trend) - trend[best], gap[-1] - gap[best])
    return Sign(_ratio(size, at.RISE_NOISES * validation_noise, at.RISE_SHARE * unit), best)


def wide_gap(train, validation, validation_noise, unit):
    """A wide gap that stays: overfitting, second kind."""
    gap = validation - train
    end = slice(-tail(len(gap)), None)
    size = np.median(gap[end])
    remembered = train.min() >= 0 and np.median(train[end]) < at.HALF * np.median(validation[end])
    share = at.REMEMBERED_GAP_SHARE if remembered else at.GAP_SHARE
    limit = max(at.GAP_NOISES * validation_noise, share * unit)
    return Sign(_ratio(size, limit), _start_of_last_run(smooth(gap) >= limit))


def still_improving(train, validation, validation_noise, unit, level=0.0):
    """Both curves fall at the end, validation beyond noise, and by more than a hair of the loss's own level."""
    n = len(validation)
    m = min(n, max(4, math.ceil(n / 3)))
    x = np.arange(m) - (m - 1) / 2
    # Of straight lines through the tails.
    drop, train_drop = (-np.sum(x * curve[-m:]) / np.sum(x**2) * (m - 1) for curve in (validation, train))
    error = validation_noise / math.sqrt(np.sum(x**2)) * (m - 1)
    if int(np.argmin(smooth(validation))) < n - max(2, m):
        return Sign(0.0)
    least = max(at.IMPROVING_SHARE * unit, at.IMPROVING_LEVEL * abs(level))
    return Sign(min(_ratio(drop, at.IMPROVING_NOISES * error), _ratio(min(drop, train_drop), least)))


def easier(train, validation, validation_noise, unit, clean):
    """Validation lies below train throughout the later epochs."""
    below = (train - validation)[-max(3, len(train) // 2) :]
    if np.mean(below > 0) < at.EASIER_EPOCHS_SHARE:
        return Sign(0.0)
    share = at.EASIER_SHARE if clean else at.RAW_EASIER_SHARE
    ratio = _ratio(np.median(below), at.EASIER_NOISES * validation_noise, share * unit)
    return Sign(ratio, _start_of_last_run(smooth(train - validation) > 0))


def noisy(validation_noise, unit):
    """The noise of validation is a large share of all that was learned."""
    return Sign(_ratio(validation_noise, at.NOISY_SHARE * unit))


def weaker(sign, other):
    """Returns `sign`, no clearer than `other`."""
    return dataclasses.replace(sign, ratio=min(sign.ratio, other.ratio))


def _end(values, trend):
    """Returns a careful end level: a line's own end leans on few points, a median lags behind a steep one."""
    return min(trend[-1], np.median(values[-3:]))


def _ratio(size, *limits):
    return _clip(size / max(*limits, _TINY))


def _clip(ratio):
    return float(np.clip(ratio, 0.0, _LARGEST_RATIO))


def _start_of_last_run(true):
    """Returns the position from which `true` holds up to the end, or `None`."""
    false = np.flatnonzero(~true)
    start = 0 if not false.size else int(false[-1]) + 1
    return start if start < len(true) else None
