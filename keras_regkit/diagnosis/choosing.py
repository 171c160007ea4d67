"""Chooses the two curves to judge from one or several logs."""

import numpy as np

from keras_regkit._core.checks import did_you_mean
from keras_regkit._core.directions import direction
from keras_regkit.diagnosis import thresholds as at
from keras_regkit.diagnosis.curves import Curves, finite_or_none

CLEAN = ("data_loss", "val_data_loss")
RAW = ("loss", "val_loss")

_HOW_TO_VALIDATE = (
    "Pass `validation_data=` or `validation_split=` to `fit`, or add `keras_regkit.callbacks.GapMonitor`."
)


def choose_curves(logs, metric=None):
    """Returns `(Curves, caveats)` from `logs`, one for each seed.

    Without a `metric`, GapMonitor's clean curves are preferred to the raw ones.
    """
    names, caveats = _names(logs, metric)
    pairs = [tuple(_column(log, name) for name in names) for log in logs]
    for pair in pairs:
        _check_usable(names, pair)
    epochs, train, train_spread = _average([pair[0] for pair in pairs])
    validation_epochs, validation, validation_spread = _average([pair[1] for pair in pairs])
    if len({len(pair[0][0]) for pair in pairs}) > 1:
        caveats.append(f"The runs differ in length: only the {len(epochs)} epochs that all of them reached are judged.")
    caveats += [log.notes[name] for log in logs for name in names if name in log.notes]
    caveats += [caveat for log in logs for caveat in log.caveats]
    broken = sum(not all(np.isfinite(column[1]).all() for column in pair) for pair in pairs)
    if broken and len(logs) > 1:
        caveats.append(f"{broken} of {len(logs)} runs left the range of finite numbers.")
    curves = Curves(
        epochs=tuple(int(e) for e in epochs),
        train=finite_or_none(train),
        validation_epochs=tuple(int(e) for e in validation_epochs),
        validation=finite_or_none(validation),
        train_name=names[0],
        validation_name=names[1],
        train_spread=train_spread,
        validation_spread=validation_spread,
        runs=len(logs),
        clean=names == CLEAN,
        higher_is_better=direction(names[0]) == "max",
    )
    shared = curves.paired()[0]
    if len(shared) < at.MINIMUM_EPOCHS:
        raise ValueError(
            f"A trend needs at least {at.MINIMUM_EPOCHS} epochs at which both {names[0]!r} and {names[1]!r} were "
            f"measured; 10 or more are better. Received: {len(shared)}. Train for longer, or validate more often."
        )
    return curves, caveats


def mean_column(logs, name):
    """Returns `(epochs, values)` of a further column, averaged over the runs; `None` unless all of them have it."""
    columns = [log.columns.get(name) for log in logs]
    if any(column is None or isinstance(column, str) for column in columns):
        return None
    epochs, values, _ = _average(columns)
    return epochs, values


def _names(logs, metric):
    received = sorted(set().union(*(log.columns for log in logs)))
    everywhere = [name for name in received if all(name in log.columns for log in logs)]
    if metric is not None:
        return _named(metric, everywhere, received), _raw_caveats(metric)
    if all(name in everywhere for name in CLEAN):
        enough = all(
            not isinstance(log.columns[name], str) and len(log.columns[name][0]) >= at.MINIMUM_EPOCHS
            for log in logs
            for name in CLEAN
        )
        if enough or not all(name in everywhere for name in RAW):
            return CLEAN, []
        few = f"GapMonitor's curves have fewer than {at.MINIMUM_EPOCHS} usable points: the raw ones are judged."
        return RAW, [few, *_raw_caveats("loss")]
    if all(name in everywhere for name in RAW):
        return RAW, _raw_caveats("loss")
    if len(logs) > 1 and all(name in received for name in RAW):
        raise ValueError(
            "All runs must have the same curves, 'loss' and 'val_loss' or 'data_loss' and 'val_data_loss'. "
            f"Received: {[sorted(log.columns) for log in logs]}"
        )
    if "loss" in received or "data_loss" in received:
        raise ValueError(
            "No validation curve: expected 'val_loss' (or GapMonitor's 'val_data_loss') beside the train loss. "
            f"{_HOW_TO_VALIDATE} Received: {received}"
        )
    raise ValueError(
        "No loss curve: expected 'loss' and 'val_loss', or GapMonitor's 'data_loss' and 'val_data_loss'; "
        f"`metric=` names another pair. Received: {received}"
    )


def _named(metric, everywhere, received):
    if not isinstance(metric, str):
        raise TypeError(f"`metric` must be the name of a curve such as 'accuracy', or None. Received: {metric!r}")
    base = metric.removeprefix("val_")
    pairs = [name for name in everywhere if f"val_{name}" in everywhere]
    if base not in pairs:
        raise ValueError(
            f"`metric` must name a curve with a validation partner: one of {pairs}."
            f"{did_you_mean(base, pairs)} Received: {metric!r} with the columns {received}. {_HOW_TO_VALIDATE}"
        )
    if direction(base) is None:
        known = [name for name in pairs if direction(name) is not None]
        raise ValueError(
            f"`metric={metric!r}` does not tell whether larger is better. Use a metric with a common name, such as "
            f"one of {known}, or leave it out to judge the loss."
        )
    return base, f"val_{base}"


def _raw_caveats(metric):
    base = metric.removeprefix("val_")
    if base == "data_loss":
        return []
    if base == "loss":
        return [
            "Raw curves: `loss` is measured with dropout on and averaged over a moving model, and both losses contain "
            "the penalties, so the gap is biased, usually towards too small. `GapMonitor` logs it clean."
        ]
    return [
        f"Raw curves: `{base}` is measured with dropout on and averaged over a moving model, so the gap is biased, "
        "usually towards too small."
    ]


def _column(log, name):
    column = log.columns[name]
    if isinstance(column, str):
        raise ValueError(f"`history` cannot be read: {column}")
    return column


def _check_usable(names, pair):
    for name, (_, values) in zip(names, pair, strict=True):
        if len(values) == 0:
            raise ValueError(f"The curve {name!r} is empty: every entry is missing. {_HOW_TO_VALIDATE}")
        if np.isnan(values).all():
            raise ValueError(
                f"The curve {name!r} holds nothing but NaN, from the first epoch on: there is nothing to compare. "
                "Look for NaN or infinite values in the inputs and targets, then lower the learning rate."
            )


def _average(columns):
    """Returns common epochs, mean and, for several runs, the standard deviation between them."""
    common = columns[0][0]
    for epochs, _ in columns[1:]:
        common = np.intersect1d(common, epochs)
    values = np.array([column[1][np.isin(column[0], common)] for column in columns])
    if len(columns) == 1:
        return common, values[0], None
    broken = ~np.isfinite(values).all(axis=0)
    filled = np.where(broken, 0.0, values)
    mean = np.where(broken, np.nan, filled.mean(axis=0))
    spread = np.where(broken, np.nan, filled.std(axis=0, ddof=1))
    return common, mean, finite_or_none(spread)
