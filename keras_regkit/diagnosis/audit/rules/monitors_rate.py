"""Callbacks that set the learning rate."""

import keras

from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.logged import (
    monitors_of,
    plateau_watchers,
    stoppers,
)
from keras_regkit.diagnosis.audit.rule import rule


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
                where=type(callback).__name__,
                evidence={"learning rate of the optimizer": schedule},
                advice="Give the optimizer a number, or leave the callback out.",
            )
    if schedule is None and len({type(c) for c in setters}) > 1:
        yield case.finding(
            where=", ".join(type(c).__name__ for c in setters),
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
                    where=type(callback).__name__,
                    evidence={"patience": callback.patience, "patience of ReduceLROnPlateau": plateau.patience},
                    advice=f"Give it a patience of {2 * plateau.patience} or more.",
                )


def _schedule(optimizer):
    """Name of the schedule that an optimizer follows; None for a number."""
    for one in (optimizer, *getattr(optimizer, "optimizers", ())):
        rate = one.get_config().get("learning_rate")
        if isinstance(rate, dict):
            return str(rate.get("class_name"))
    return None
