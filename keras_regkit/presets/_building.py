"""What the builders share: seeds, penalties, and the compilation that a task asks for."""

import keras
import numpy as np

from keras_regkit._core.checks import Interval, OneOf
from keras_regkit.losses import LabelSmoothing

TASKS = ("binary", "multiclass", "regression")

_SCHEDULE = keras.optimizers.schedules.LearningRateSchedule
RATE = Interval(0, 1, closed="left")
SIZE = Interval(1, integer=True)  # of an axis, a layer, or how many of them
COMPILE_RANGES = {
    "label_smoothing": RATE,
    "weight_decay": Interval(0, optional=True),
    "learning_rate": Interval(0, closed="neither", optional=True),
    "clip_norm": Interval(0, closed="neither", optional=True),
    "seed": Interval(0, integer=True, optional=True),
}
TASK_RANGES = {"outputs": Interval(1, integer=True, optional=True), "task": OneOf(*TASKS)}


def check(ranges, **values):
    """Checks the arguments of a builder that stand in `ranges`; a learning rate may be a schedule."""
    if isinstance(values.get("learning_rate"), _SCHEDULE):
        del values["learning_rate"]
    for name, value in values.items():
        ranges[name].check(name, value)


def check_outputs(outputs, task):
    """Returns the width of the last layer: as given, or what the task implies."""
    if task != "multiclass":
        return 1 if outputs is None else outputs
    if outputs is None or outputs < 2:
        raise ValueError(
            f"`outputs` must be the number of classes, at least 2, for task='multiclass'. Received: outputs={outputs}"
        )
    return outputs


def check_smoothing(task, label_smoothing):
    """Refuses label smoothing where there are no labels."""
    if task == "regression" and label_smoothing:
        raise ValueError(
            "`label_smoothing` needs classes, and task='regression' has none. "
            f"Received: label_smoothing={label_smoothing}"
        )


def sizes(name, given, meaning):
    """Returns one size, or several, as a tuple of whole numbers."""
    if isinstance(given, (list, tuple)):
        if given:
            return tuple(int(SIZE.check(f"{name}[{i}]", size)) for i, size in enumerate(given))
    elif isinstance(given, (int, float, np.number)):
        return (int(SIZE.check(name, given)),)
    raise ValueError(f"`{name}` must give {meaning}. Received: {given!r}")


def per_stage(name, given, stages):
    """Returns a whole number for each stage, of one for all or one for each."""
    counts = sizes(name, given, "one number for all stages, or one for each")
    counts = counts * stages if not isinstance(given, (list, tuple)) else counts
    if len(counts) != stages:
        raise ValueError(f"`{name}` must be one number or one per stage ({stages}). Received {len(counts)}: {given!r}")
    return counts


def check_sequence(shape, vocabulary, mask_value, given):
    """Refuses a shape that does not go with token ids, or with features."""
    if vocabulary is None and len(shape) != 2:
        raise ValueError(
            "`input_shape` must be (length, features), or a length together with `vocabulary`. "
            f"Received: input_shape={given!r}, vocabulary=None"
        )
    if vocabulary is not None and len(shape) != 1:
        raise ValueError(
            "`input_shape` must be the length of the sequences of token ids where `vocabulary` is given. "
            f"Received: input_shape={given!r}, vocabulary={vocabulary}"
        )
    if vocabulary is not None and mask_value is not None:
        raise ValueError(
            "`mask_value` is for features; with a `vocabulary` the padding is token 0. "
            f"Received: mask_value={mask_value}, vocabulary={vocabulary}"
        )


def seeds(seed):
    """Yields one seed per layer: equal integer seeds would give layers identical dropout masks."""
    rng = None if seed is None else np.random.default_rng(seed)
    while True:
        yield from [None] if rng is None else (int(s) for s in rng.integers(2**31, size=1000))


def penalty(l1, l2):
    """Returns the plainest Keras regularizer of these strengths; None if there is none."""
    if l1 and l2:
        return keras.regularizers.L1L2(l1, l2)
    if l1:
        return keras.regularizers.L1(l1)
    return keras.regularizers.L2(l2) if l2 else None


def compile_for(model, task, optimizer, learning_rate, weight_decay, label_smoothing=0.0, clip_norm=None):
    """Compiles a model that gives logits (or values, in regression), and returns it."""
    model.compile(
        optimizer=make_optimizer(optimizer, learning_rate, weight_decay, model, clip_norm),
        loss=make_loss(LOSSES[task], label_smoothing),
        metrics=[make_metric(LOSSES[task])],
    )
    return model


def make_optimizer(optimizer, learning_rate, weight_decay, model, clip_norm=None):
    """Returns the optimizer, with what was asked for, and weight decay on the kernels of `model` only."""
    asked = {"learning_rate": learning_rate, "weight_decay": weight_decay, "global_clipnorm": clip_norm}
    asked = {name: value for name, value in asked.items() if value is not None}
    if isinstance(optimizer, keras.optimizers.Optimizer):
        if asked:
            told = ", ".join(f"{'clip_norm' if name == 'global_clipnorm' else name}={v}" for name, v in asked.items())
            raise ValueError(
                "`learning_rate`, `weight_decay` and `clip_norm` must be set on the optimizer itself when `optimizer` "
                f"is an instance. Received: {told}"
            )
        return optimizer
    if isinstance(optimizer, type):
        optimizer = optimizer()
    optimizer = keras.optimizers.get(optimizer)
    optimizer = type(optimizer).from_config({**optimizer.get_config(), **asked})
    if optimizer.weight_decay:
        # AdamW decays without being asked, and Keras decays everything that trains; a decayed bias or
        # normalization scale only shifts the function.
        optimizer.exclude_from_weight_decay(var_list=[v for v in model.trainable_variables if not is_kernel(v)])
    return optimizer


def is_kernel(variable):
    """Whether weight decay is for this variable. The biases of attention have two axes, and are biases all the same."""
    return len(variable.shape) >= 2 and variable.name != "bias"


LOSSES = {
    "binary": "binary_crossentropy",
    "multiclass": "sparse_categorical_crossentropy",
    "regression": "mean_squared_error",
}


def make_loss(name, label_smoothing):
    """Returns the loss of this name, on logits where it has any."""
    if name == "mean_squared_error":
        return keras.losses.MeanSquaredError()
    if name == "binary_crossentropy":
        return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=label_smoothing)
    if name == "categorical_crossentropy":
        return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return LabelSmoothing(loss, label_smoothing) if label_smoothing else loss


def make_metric(name):
    """Returns the metric that goes with the loss of this name."""
    if name == "mean_squared_error":
        return keras.metrics.MeanAbsoluteError(name="mae")
    if name == "binary_crossentropy":
        return keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)  # of logits
    if name == "categorical_crossentropy":
        return keras.metrics.CategoricalAccuracy(name="accuracy")
    return keras.metrics.SparseCategoricalAccuracy(name="accuracy")
