"""Callbacks that follow the wrong thing, or at the wrong time."""

from keras_regkit._core.checks import did_you_mean
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.logged import (
    logged_names,
    mode_of,
    monitors_of,
    stoppers,
    validates,
    wanted_direction,
)
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.diagnosis.reading import GAP_MONITOR


@rule("RK501", family="monitors", title="A monitor that is not logged", severity="error", needs=("callbacks",))
def monitor_missing(case):
    """A callback follows a name that the training does not log.

    Why: Keras warns at every epoch and does nothing: early stopping never stops, the best checkpoint is never written,
    the learning rate is never lowered.

    Do: Name a metric that was given to `compile`, as the progress bar shows it, with `val_` before it; pass validation
    data for those.

    Example: EarlyStopping(monitor='val_acc'): logged accuracy, loss, val_accuracy, val_loss

    Source: Keras 3, `EarlyStopping.get_monitor_value`.
    """
    watching = _watching(case)
    names, validated = logged_names(case), validates(case)
    if names is None and validated is not False:
        raise CannotRun("what is logged is not known before the first epoch; pass history= of a short run")
    for callback, name in watching:
        missing_validation = name.startswith("val_") and validated is False
        # Whether there is validation may be unknown: then only the name after `val_` counts.
        unknown = names is not None and name not in names
        if unknown and validated is None:
            unknown = name.removeprefix("val_") not in names
        if missing_validation or unknown:
            shown = sorted(names) if names is not None else "no validation"
            hint = did_you_mean(name, names or ())
            yield case.finding(
                where=f"{type(callback).__name__}(monitor={name!r})",
                evidence={"logged": ", ".join(shown) if names is not None else shown},
                advice="Pass validation data to fit." if missing_validation else f"Name what is logged.{hint}",
            )


@rule(
    "RK503",
    family="monitors",
    title="Patience that never runs out",
    severity="warning",
    needs=("callbacks", "fit_args"),
)
def patience_beyond_epochs(case):
    """A callback waits for as many epochs as there are, or more.

    Why: It never acts; with the epochs of the run it is not there.

    Do: Lower `patience`, or raise `epochs`: early stopping is what ends a training.

    Example: EarlyStopping: patience 50, epochs 20

    Source: Keras 3, `EarlyStopping`: stops when `wait >= patience` after the first epoch.
    """
    epochs = _epochs(case)
    for callback in case.callbacks:
        patience = getattr(callback, "patience", None)
        if not monitors_of(callback) or not isinstance(patience, (int, float)):
            continue
        # The first epoch is always an improvement, and stopping at the last one changes nothing.
        start = getattr(callback, "start_from_epoch", 0)
        if start < epochs and start + patience + 1 > epochs:
            yield case.finding(
                where=type(callback).__name__,
                evidence={"patience": patience, "epochs": epochs} | ({"start_from_epoch": start} if start else {}),
                advice="Lower the patience, or raise epochs.",
            )


@rule(
    "RK504",
    family="monitors",
    title="Early stopping that starts after the end",
    severity="error",
    needs=("callbacks", "fit_args"),
)
def start_beyond_epochs(case):
    """`start_from_epoch` is not below the number of epochs.

    Why: No epoch counts, so nothing is stored, and with Keras' callback nothing is restored at the end.

    Do: Lower `start_from_epoch` below `epochs`.

    Example: EarlyStopping: start_from_epoch 30, epochs 20

    Source: Keras 3, `EarlyStopping.on_epoch_end` returns before it looks at the weights.
    """
    epochs = _epochs(case)
    for callback in stoppers(case):
        start = getattr(callback, "start_from_epoch", 0)
        if start >= epochs:
            yield case.finding(
                where=type(callback).__name__,
                evidence={"start_from_epoch": start, "epochs": epochs},
                advice="Lower start_from_epoch below epochs.",
            )


@rule("RK510", family="monitors", title="The worst is taken for the best", severity="error", needs=("callbacks",))
def mode_reversed(case):
    """`mode` says that more is better of a metric of which less is, or the other way round.

    Why: The worst epoch is kept, and training stops when it gets better.

    Do: `mode="auto"`, or the other one.

    Example: EarlyStopping(monitor='val_accuracy'): mode min, better is max

    Source: The names of Keras' metrics.
    """
    for callback, name in _watching(case):
        mode, better = mode_of(callback, name), wanted_direction(name)
        if mode and better and mode != better:
            yield case.finding(
                where=f"{type(callback).__name__}(monitor={name!r})",
                evidence={"mode": mode, "better is": better},
                advice=f"Set mode={better!r}.",
            )


@rule(
    "RK511", family="monitors", title="Listed before what it follows is logged", severity="error", needs=("callbacks",)
)
def listed_too_early(case):
    """A callback follows what another one logs, and stands before it in the list.

    Why: Callbacks run in their order. It sees the logs of the epoch without that entry.

    Do: List the one that logs first.

    Example: EarlyStopping(monitor='val_data_loss'): position 0, position of GapMonitor 1

    Source: Keras 3, `CallbackList.on_epoch_end`.
    """
    positions = [i for i, callback in enumerate(case.callbacks) if type(callback).__name__ == "GapMonitor"]
    watching = _watching(case)
    if not positions:
        raise CannotRun("no callback logs what others could follow")
    order = {id(callback): i for i, callback in enumerate(case.callbacks)}
    for callback, name in watching:
        if name in GAP_MONITOR and order[id(callback)] < positions[0]:
            yield case.finding(
                where=f"{type(callback).__name__}(monitor={name!r})",
                evidence={"position": order[id(callback)], "position of GapMonitor": positions[0]},
                advice="List GapMonitor first.",
            )


def _watching(case):
    """Returns `[(callback, name)]` for each that follows something.

    Raises:
        CannotRun: none does.
    """
    found = [(callback, name) for callback in case.callbacks for name in monitors_of(callback)]
    if not found:
        raise CannotRun("no callback follows a metric")
    return found


def _epochs(case):
    if case.epochs is None:
        raise CannotRun("the number of epochs is not known: pass it in fit_args=")
    return case.epochs - int(case.fit_args.get("initial_epoch") or 0)
