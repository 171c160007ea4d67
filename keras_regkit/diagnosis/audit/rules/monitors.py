"""Callbacks that follow the wrong thing, or do not do what they are for."""

import keras

from keras_regkit._core.checks import did_you_mean
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.logged import (
    logged_names,
    mode_of,
    monitors_of,
    plateau_watchers,
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
    "RK502", family="monitors", title="Stopped, and the best weights are lost", severity="warning", needs=("callbacks",)
)
def restore_off(case):
    """Early stopping without `restore_best_weights`, and no checkpoint that keeps the best.

    Why: The model ends with the weights of the last epoch, `patience` epochs after the best one. It is the default of
    Keras' EarlyStopping.

    Do: `restore_best_weights=True`, or `ModelCheckpoint(save_best_only=True)` and load it.

    Example: EarlyStopping: patience 10, restore_best_weights False

    Source: Prechelt 1998, "Early Stopping - But When?": the solution is the network of the least validation error.
    """
    keeps = any(isinstance(c, keras.callbacks.ModelCheckpoint) and c.save_best_only for c in case.callbacks)
    for callback in stoppers(case):
        if not getattr(callback, "restore_best_weights", True) and not keeps and callback.patience > 0:
            yield case.finding(
                where=_name(callback),
                evidence={"patience": callback.patience, "restore_best_weights": False},
                advice="Set restore_best_weights=True.",
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
                where=_name(callback),
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
                where=_name(callback),
                evidence={"start_from_epoch": start, "epochs": epochs},
                advice="Lower start_from_epoch below epochs.",
            )


@rule("RK505", family="monitors", title="A callback that was used before", severity="warning", needs=("callbacks",))
def callback_reused(case):
    """A callback with a memory is listed twice, belongs to another model, or comes out of an earlier `fit`.

    Why: EarlyStopping forgets its best when `fit` starts again: if the second run never gets there, the weights that it
    restores are worse than those it started from. Listed twice it counts each epoch twice. Between models,
    ReduceLROnPlateau and checkpoints carry the other's best along.

    Do: Make a new one for each `fit`. To go on with a training, use `keras_regkit.callbacks.EarlyStopping` with
    `backup_dir`.

    Example: EarlyStopping: stopped before at epoch 12

    Source: Keras 3, `EarlyStopping.on_train_begin`: `best = None`.
    """
    seen = set()
    for callback in case.callbacks:
        twice = id(callback) in seen
        seen.add(id(callback))
        if not monitors_of(callback):
            continue
        evidence = {}
        other = getattr(callback, "model", None)
        if twice:
            evidence["times in the list"] = sum(c is callback for c in case.callbacks)
        elif other is not None and other is not case.model:
            evidence["model it belongs to"] = str(getattr(other, "name", type(other).__name__))
        elif not case.has_history and getattr(callback, "stopped_epoch", 0):
            evidence["stopped before at epoch"] = int(callback.stopped_epoch)
        elif not case.has_history and getattr(callback, "best_weights", None) is not None:
            evidence["best value before"] = float(callback.best)
        if evidence:
            yield case.finding(where=_name(callback), evidence=evidence, advice="Make a new one for each fit.")


@rule(
    "RK506",
    family="monitors",
    title="Averaged weights are thrown away",
    severity="error",
    needs=("compiled", "callbacks"),
)
def averages_overwritten(case):
    """The optimizer averages weights (`use_ema`), and early stopping restores those of the best epoch over them.

    Why: The average is put into the model when training ends, and the best epoch's plain weights after it. What is
    evaluated and saved has no average in it.

    Do: List `SwapEMAWeights(swap_on_epoch=True)` before EarlyStopping, or leave out one of the two;
    `keras_regkit.callbacks.WeightAveraging` averages without the optimizer.

    Example: EarlyStopping: use_ema True, restore_best_weights True

    Source: Keras 3, `finalize_variable_values` runs before `on_train_end`.
    """
    inner = [case.optimizer, *getattr(case.optimizer, "optimizers", ())]
    averaging = any(getattr(optimizer, "use_ema", False) is True for optimizer in inner)
    swapped = False
    for callback in case.callbacks:
        if isinstance(callback, keras.callbacks.SwapEMAWeights) and callback.swap_on_epoch:
            swapped = True
        if getattr(callback, "restore_best_weights", False) and averaging and not swapped:
            yield case.finding(
                where=_name(callback),
                evidence={"use_ema": True, "restore_best_weights": True},
                advice="List keras.callbacks.SwapEMAWeights(swap_on_epoch=True) before it.",
            )


@rule(
    "RK507",
    family="monitors",
    title="Two that set the learning rate",
    severity="error",
    needs=("compiled", "callbacks"),
)
def learning_rate_set_twice(case):
    """A callback sets the learning rate of an optimizer that follows a schedule, or two callbacks set it.

    Why: ReduceLROnPlateau on a schedule raises an error, and not before the first plateau, hours into the training.
    With LearningRateScheduler beside it each overwrites the other.

    Do: One of them: a number for the optimizer with the callback, or the schedule without.

    Example: ReduceLROnPlateau: learning rate of the optimizer CosineDecay

    Source: Keras 3, `Optimizer.learning_rate` cannot be set where it is a schedule.
    """
    setters = [
        c
        for c in case.callbacks
        if isinstance(c, (keras.callbacks.ReduceLROnPlateau, keras.callbacks.LearningRateScheduler))
    ]
    schedule = _schedule(case.optimizer)
    for callback in setters:
        if schedule is not None:
            yield case.finding(
                where=_name(callback),
                evidence={"learning rate of the optimizer": schedule},
                advice="Give the optimizer a number, or leave the callback out.",
            )
    if schedule is None and len({type(c) for c in setters}) > 1:
        yield case.finding(
            where=", ".join(map(_name, setters)),
            evidence={"callbacks that set it": len(setters)},
            advice="Keep one of them.",
            severity="warning",
        )


@rule(
    "RK508", family="monitors", title="Stopped before the learning rate falls", severity="warning", needs=("callbacks",)
)
def stops_before_plateau_acts(case):
    """Early stopping runs out of patience no later than ReduceLROnPlateau.

    Why: A flat curve ends the training before the lower learning rate could help, so that it is never lowered, or only
    for the last epoch.

    Do: At least twice the patience for EarlyStopping.

    Example: EarlyStopping: patience 5, patience of ReduceLROnPlateau 10

    Source: Both count epochs without improvement of the same curve.
    """
    plateaus = plateau_watchers(case)
    if not plateaus:
        raise CannotRun("no ReduceLROnPlateau among the callbacks")
    for callback in stoppers(case):
        for plateau in plateaus:
            shared = set(monitors_of(callback)) & set(monitors_of(plateau))
            if shared and callback.patience <= plateau.patience:
                yield case.finding(
                    where=_name(callback),
                    evidence={"patience": callback.patience, "patience of ReduceLROnPlateau": plateau.patience},
                    advice=f"Give it a patience of {2 * plateau.patience} or more.",
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


def _schedule(optimizer):
    """Name of the schedule that an optimizer follows; None for a number."""
    for one in (optimizer, *getattr(optimizer, "optimizers", ())):
        rate = one.get_config().get("learning_rate")
        if isinstance(rate, dict):
            return str(rate.get("class_name"))
    return None


def _name(callback):
    return type(callback).__name__
