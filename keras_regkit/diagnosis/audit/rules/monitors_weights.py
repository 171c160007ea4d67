"""Callbacks that lose the weights they are to keep."""

import keras

from keras_regkit.diagnosis.audit.logged import (
    monitors_of,
    stoppers,
)
from keras_regkit.diagnosis.audit.rule import rule


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
                where=type(callback).__name__,
                evidence={"patience": callback.patience, "restore_best_weights": False},
                advice="Set restore_best_weights=True.",
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
            yield case.finding(where=type(callback).__name__, evidence=evidence, advice="Make a new one for each fit.")


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
                where=type(callback).__name__,
                evidence={"use_ema": True, "restore_best_weights": True},
                advice="List keras.callbacks.SwapEMAWeights(swap_on_epoch=True) before it.",
            )
