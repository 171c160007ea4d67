"""Reading monitored quantities out of the logs of an epoch."""

import numpy as np

from keras_regkit._core.checks import did_you_mean

_BY_GAP_MONITOR = ("data_loss", "penalty", "val_data_loss", "gap")


def scalar(name, value):
    """Returns a logged value as a float, None as None."""
    if value is None:
        return None
    if np.size(value) != 1:
        raise TypeError(
            f"A monitored quantity must be one number per epoch, but `{name}` is an array of shape "
            f"{np.shape(value)}. Monitor another one, or average the metric (for example "
            f"`average='macro'`). Received: {value!r}"
        )
    return float(np.reshape(value, ()))


def absence(name, available, *, first):
    """Explains why `name` may be absent from the logs of an epoch.

    Args:
        name: Monitored quantity that no epoch has shown yet.
        available: Names in the logs.
        first: Whether this is the first epoch, in which `GapMonitor` always logs.

    Raises:
        ValueError: there is no harmless explanation: the name, or the order of the callbacks, is wrong.
    """
    available = sorted(available)
    validated = any(key.startswith("val_") for key in available)
    advice = "If another callback logs it, list that callback before `EarlyStopping`."
    guess = did_you_mean(name, available)
    if name in _BY_GAP_MONITOR:
        advice, guess = "`GapMonitor` logs it: list one before `EarlyStopping`.", ""
    if (name.startswith("val_") or name == "gap") and not validated:
        expected = [f"val_{key}" for key in available]
        guess = "" if name in (*expected, *_BY_GAP_MONITOR) else did_you_mean(name, expected)
        advice = (
            f"Pass `validation_data` or `validation_split` to `fit`. With `validation_freq` above 1, "
            f"epochs without validation are skipped.{guess}"
        )
    elif name not in _BY_GAP_MONITOR or first:
        raise ValueError(f"`monitor` must be a logged quantity, one of {available}.{guess} {advice} Received: {name!r}")
    return f"`{name}` is not available in this epoch, only {available} are. {advice}"
