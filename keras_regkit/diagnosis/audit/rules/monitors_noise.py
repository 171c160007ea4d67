"""Choices of an epoch that noise has made."""

import numpy as np

from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.logged import mode_of, monitors_of, stops, wanted_direction
from keras_regkit.diagnosis.audit.rule import rule

_EPOCHS = 12
# The best of n draws of noise lies about 2 standard deviations above a flat curve (n = 20 to 50).
_SIGMAS = 1.8
# Luck is worth a word where it is a tenth of all that the training gained.
_SHARE = 0.1


@rule(
    "RK509",
    family="monitors",
    title="The best epoch is a lucky one",
    severity="warning",
    needs=("callbacks", "history"),
)
def best_of_noise(case):
    """A callback keeps the best epoch of a curve, and that epoch stands out of its neighbours as noise does.

        σ = MAD of second differences / (0.6745 √6)        luck = (median of the 6 neighbours − best) / σ

    It is said where luck is at least 1.8 and a tenth of what the training gained in all.

    Why: The best of many noisy values is better than the model is. Its metric is promised and not kept, and the epoch
    that is restored is an accident.

    Do: Follow the loss instead of an accuracy, validate on more rows, average weights, or smooth the curve.

    Example: EarlyStopping(monitor='val_accuracy'): best 0.91 at epoch 17, neighbours 0.874, noise 0.018, luck 2,
    share of the gain 0.2

    Source: The maximum of n normal values lies √(2 ln n) σ above their mean; Cawley and Talbot 2010, "On
    Over-fitting in Model Selection".
    """
    choosing = [(c, name) for c in case.callbacks if _chooses(c) for name in monitors_of(c)[:1]]
    looked = False
    for callback, name in choosing:
        values = case.history.get(name)
        if values is None or len(values) < _EPOCHS or not np.isfinite(values).all():
            continue
        looked = True
        sign = -1.0 if (mode_of(callback, name) or wanted_direction(name) or "min") == "max" else 1.0
        found = _luck(sign * values)
        if found is not None:
            best, neighbours, noise, luck, share, epoch = found
            yield case.finding(
                where=f"{type(callback).__name__}(monitor={name!r})",
                evidence={
                    "best": sign * best,
                    "at epoch": epoch,
                    "neighbours": sign * neighbours,
                    "noise": noise,
                    "luck": luck,
                    "share of the gain": share,
                },
                advice="Follow a smoother curve (the loss, more validation rows), and report the neighbours' value.",
            )
    if not looked:
        raise CannotRun(f"no callback keeps the best of a finite curve with at least {_EPOCHS} epochs")


def _chooses(callback):
    keeps = getattr(callback, "restore_best_weights", False) if stops(callback) else True
    return bool(keeps) and (stops(callback) or hasattr(callback, "save_best_only"))


def _luck(values):
    """Returns best, neighbours, noise, luck, its share of the gain, and the epoch; None for no accident."""
    epoch = int(np.argmin(values))
    second = values[2:] - 2 * values[1:-1] + values[:-2]
    noise = float(np.median(np.abs(second)) / (0.6745 * np.sqrt(6)))
    around = np.delete(values, epoch)[max(0, epoch - 3) : epoch + 3]
    neighbours = float(np.median(around))
    if noise <= 0:
        return None
    luck = (neighbours - values[epoch]) / noise
    smooth = np.array([np.median(values[max(0, i - 3) : i + 4]) for i in range(len(values))])
    share = (neighbours - values[epoch]) / max(float(np.ptp(smooth)), noise)
    if luck < _SIGMAS or share < _SHARE:
        return None
    return float(values[epoch]), neighbours, noise, float(luck), min(float(share), 1.0), epoch
