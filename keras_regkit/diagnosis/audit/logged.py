"""What a training logs, and who follows it."""

import keras

from keras_regkit._core.directions import direction
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.outputs import compiled_metrics
from keras_regkit.diagnosis.reading import GAP_MONITOR


def monitors_of(callback):
    """Returns the names that a callback follows, a list."""
    monitor = getattr(callback, "monitor", None)
    names = [monitor] if isinstance(monitor, str) else list(monitor) if isinstance(monitor, (list, tuple)) else []
    # A checkpoint that keeps every epoch follows nothing.
    if isinstance(callback, keras.callbacks.ModelCheckpoint) and not callback.save_best_only:
        return []
    return [name for name in names if isinstance(name, str)]


def stoppers(case):
    """Returns the callbacks that stop a training that does not improve, Keras' and those of this package.

    Raises:
        CannotRun: there are none.
    """
    found = [callback for callback in case.callbacks if stops(callback)]
    if not found:
        raise CannotRun("no EarlyStopping among the callbacks")
    return found


def stops(callback):
    """Whether a callback is early stopping."""
    if isinstance(callback, keras.callbacks.EarlyStopping):
        return True
    return type(callback).__name__ == "EarlyStopping" and hasattr(callback, "patience") and hasattr(callback, "monitor")


def plateau_watchers(case):
    """Returns the callbacks that lower the learning rate when a curve is flat."""
    return [callback for callback in case.callbacks if isinstance(callback, keras.callbacks.ReduceLROnPlateau)]


def mode_of(callback, name):
    """Returns the direction that was given for a monitor: `"min"`, `"max"`, or None for one found out by itself."""
    mode = getattr(callback, "mode", "auto")
    mode = mode.get(name) if isinstance(mode, dict) else mode
    if mode in ("min", "max"):
        return mode
    # ModelCheckpoint and ReduceLROnPlateau of older Keras keep what they resolved instead.
    return None


def wanted_direction(name):
    """Returns the direction in which a metric of a common name is better, else None."""
    return direction(name)


def logged_names(case):
    """Returns the names that are logged, a set; `None` where they cannot all be known.

    Of a history they are read. Without one they follow from compile, unless the model's steps or a callback log more.
    """
    if case.has_history:
        return set(case.history)
    own_steps = any(
        getattr(type(case.model), name) is not getattr(keras.Model, name) for name in ("train_step", "test_step")
    )
    own_callbacks = case.has_callbacks and any(_may_log(callback) for callback in case.callbacks)
    if own_steps or own_callbacks or not case.compiled:
        return None
    if getattr(type(case.model), "compute_metrics", None) is not keras.Model.compute_metrics:
        return None
    try:
        metrics = compiled_metrics(case)
    except CannotRun:
        return None
    names = {"loss"}
    outputs = list(getattr(case.model, "output_names", None) or [])
    if len(case.losses) > 1 or isinstance(case.model.loss, dict):
        names |= {f"{name}_loss" for name in case.losses if name is not None} | {f"{name}_loss" for name in outputs}
    for output, name, given in metrics:
        if given.get("class_name") == "__lambda__":
            return None
        names |= {name} if output is None else {name, f"{output}_{name}"}
        names |= {f"{o}_{name}" for o in outputs if len(outputs) > 1}
    names |= {metric.name for metric in case.model.metrics} - {"compile_metrics"}
    names |= {f"val_{name}" for name in names} if validates(case) else set()
    names |= set(GAP_MONITOR) if any("val_data_loss" in _logs_of(c) for c in _callbacks(case)) else set()
    return names | {"learning_rate"}


def validates(case):
    """Whether the training validates; `None` where that cannot be known."""
    if case.data["validation"] is not None:
        return True
    args = case.fit_args
    if args.get("validation_data") is not None or args.get("validation_split"):
        return True
    if case.has_history:
        return any(name.startswith("val_") for name in case.history)
    return False if case.has_fit_args else None


def _callbacks(case):
    return case.callbacks if case.has_callbacks else []


def _logs_of(callback):
    return GAP_MONITOR if type(callback).__name__ == "GapMonitor" else ()


def _may_log(callback):
    """Whether a callback is somebody's own, which can write into the logs what it likes."""
    if type(callback).__name__ == "GapMonitor":
        return False
    home = type(callback).__module__.partition(".")[0]
    return home not in ("keras", "keras_regkit") or isinstance(callback, keras.callbacks.LambdaCallback)
