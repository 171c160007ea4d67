"""The template for tables: Dense, BatchNormalization, Dropout and a light L2."""

import numbers

import keras
import numpy as np

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit.losses import LabelSmoothing

TASKS = ("binary", "multiclass", "regression")

_SCHEDULE = keras.optimizers.schedules.LearningRateSchedule
RANGES = {
    "outputs": Interval(1, integer=True, optional=True),
    "task": OneOf(*TASKS),
    "l1": Interval(0),
    "l2": Interval(0),
    "input_dropout": Interval(0, 1, closed="left"),
    "max_norm": Interval(0, closed="neither", optional=True),
    "label_smoothing": Interval(0, 1, closed="left"),
    "weight_decay": Interval(0, optional=True),
    "learning_rate": Interval(0, closed="neither", optional=True),
    "seed": Interval(0, integer=True, optional=True),
}
_SIZE = Interval(1, integer=True)  # of an axis of the input, or a hidden block
_DROPOUT = Interval(0, 1, closed="left")


def mlp(
    input_shape,
    outputs=None,
    task="binary",
    *,
    units=(256, 128),
    l1=0.0,
    l2=1e-4,
    dropout=0.2,
    input_dropout=0.0,
    batch_norm=True,
    max_norm=None,
    activation="relu",
    label_smoothing=0.0,
    weight_decay=None,
    normalization=None,
    optimizer="adam",
    learning_rate=None,
    seed=None,
    name="mlp",
):
    """Builds and compiles the documented template for tables.

    Use it as the baseline for rows of numbers: it is small, trains in seconds, and each lever in it is one argument.
    Per block, and once per entry of `units`:

        Dense(units, use_bias=False, kernel_regularizer=L2(1e-4)) → BatchNormalization → Activation("relu")
        → Dropout(0.2)

    then `Dense(outputs)`, which gives logits (or the value, in regression). Compiled with Adam and

    - `binary`: labels 0/1 of shape `(batch, outputs)`; `BinaryCrossentropy(from_logits=True)`; `accuracy`.
    - `multiclass`: integer labels `(batch,)`; `SparseCategoricalCrossentropy(from_logits=True)`; `accuracy`.
    - `regression`: numbers `(batch, outputs)`; `MeanSquaredError()`; `mae`.

    Args:
        input_shape: Number of features, or a shape such as `(30,)` or `(8, 8)`; more than one axis is flattened.
        outputs: Width of the last layer: number of classes (`multiclass`, required), or of targets. Defaults to 1.
        task: `"binary"`, `"multiclass"` or `"regression"`. Defaults to `"binary"`.
        units: Widths of the hidden blocks. Defaults to `(256, 128)`.
        l1: Strength of the L1 penalty on the hidden kernels, ≥ 0. Typical: 1e-6 to 1e-3. Defaults to 0.
        l2: Strength of the L2 penalty on the hidden kernels, ≥ 0. Typical: 1e-6 to 1e-2. Defaults to 1e-4.
        dropout: Rate after each hidden block, in [0, 1); one number, or one per block. Common practice is 0.2 to 0.5.
            Defaults to 0.2.
        input_dropout: Rate on the inputs, in [0, 1). Common practice is 0 to 0.2. Defaults to 0.
        batch_norm: Whether blocks normalize. Without it the Dense layers get their bias back. Defaults to True.
        max_norm: Cap on the norm of each hidden unit's incoming weights, > 0; typical: 1 to 5. None for no cap.
        activation: Activation of the hidden blocks. Defaults to `"relu"`.
        label_smoothing: Share of label mass spread over all classes, in [0, 1). Typical: 0.05 to 0.2. Not for
            regression. With `multiclass` the loss is then `keras_regkit.losses.LabelSmoothing`: files of such a model
            load where `keras_regkit` was imported, or with `compile=False`. Defaults to 0.
        weight_decay: Decoupled weight decay of the optimizer, ≥ 0, on kernels only (biases and BatchNormalization are
            exempt). Typical: 1e-4 to 1e-1. Defaults to None: the optimizer's own, none for Adam.
        normalization: A `keras.layers.Normalization` layer to put first, or True for a new one, which the caller
            adapts: `model.get_layer("normalization").adapt(x)`. Defaults to None.
        optimizer: Name, class or instance of a Keras optimizer. Defaults to `"adam"`.
        learning_rate: Learning rate, > 0, or a `keras.optimizers.schedules` object. Defaults to the optimizer's own.
        seed: Seed of the initial weights and of dropout, an integer ≥ 0; each layer gets its own, derived from it.
            Defaults to None (Keras' global seed decides).
        name: Name of the model. Defaults to `"mlp"`.

    Returns:
        A compiled `keras.Sequential`; input `(batch, *input_shape)`, output `(batch, outputs)`.

    Raises:
        ValueError, TypeError: for arguments outside their range, or that contradict each other.

    Example:

    >>> model = mlp(30, task="binary", seed=0)
    >>> [layer.name for layer in model.layers[:4]]
    ['dense_1', 'batch_norm_1', 'activation_1', 'dropout_1']
    >>> model.output_shape
    (None, 1)
    """
    check_arguments(
        RANGES,
        outputs=outputs,
        task=task,
        l1=l1,
        l2=l2,
        input_dropout=input_dropout,
        max_norm=max_norm,
        label_smoothing=label_smoothing,
        weight_decay=weight_decay,
        learning_rate=None if isinstance(learning_rate, _SCHEDULE) else learning_rate,
        seed=seed,
    )
    shape = _sizes("input_shape", input_shape, "the number of features, or a shape such as (8, 8)")
    units = _sizes("units", units, "one hidden block at least, such as 64 or (256, 128)")
    rates = _rates(dropout, len(units))
    outputs = _outputs(outputs, task)
    if task == "regression" and label_smoothing:
        raise ValueError(
            "`label_smoothing` needs classes, and task='regression' has none. "
            f"Received: label_smoothing={label_smoothing}"
        )
    seeds = _seeds(seed)

    layers = [keras.Input(shape)]
    if normalization is not None and normalization is not False:
        layers.append(_normalization(normalization))
    if len(shape) > 1:
        layers.append(keras.layers.Flatten(name="flatten"))
    if input_dropout:
        layers.append(keras.layers.Dropout(input_dropout, seed=next(seeds), name="input_dropout"))
    for i, (width, rate) in enumerate(zip(units, rates, strict=True), start=1):
        layers.append(
            keras.layers.Dense(
                width,
                use_bias=not batch_norm,
                kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
                kernel_regularizer=_penalty(l1, l2),
                kernel_constraint=keras.constraints.MaxNorm(max_norm) if max_norm else None,
                name=f"dense_{i}",
            )
        )
        if batch_norm:
            layers.append(keras.layers.BatchNormalization(name=f"batch_norm_{i}"))
        layers.append(keras.layers.Activation(activation, name=f"activation_{i}"))
        dropout_seed = next(seeds)
        if rate:
            layers.append(keras.layers.Dropout(rate, seed=dropout_seed, name=f"dropout_{i}"))
    layers.append(
        keras.layers.Dense(
            outputs,
            kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
            name="outputs",
        )
    )
    model = keras.Sequential(layers, name=name)
    model.compile(
        optimizer=_optimizer(optimizer, learning_rate, weight_decay, model),
        loss=_loss(task, label_smoothing),
        metrics=[_metric(task)],
    )
    return model


def _sizes(name, given, meaning):
    """Returns one size, or several, as a tuple of whole numbers."""
    if isinstance(given, numbers.Real):
        return (int(_SIZE.check(name, given)),)
    if not isinstance(given, (list, tuple)) or not given:
        raise ValueError(f"`{name}` must give {meaning}. Received: {given!r}")
    return tuple(int(_SIZE.check(f"{name}[{i}]", size)) for i, size in enumerate(given))


def _rates(dropout, blocks):
    rates = (dropout,) * blocks if not isinstance(dropout, (list, tuple)) else tuple(dropout)
    if len(rates) != blocks:
        raise ValueError(f"`dropout` must be one rate or one per block ({blocks}). Received {len(rates)}: {dropout!r}")
    return tuple(_DROPOUT.check("dropout", rate) for rate in rates)


def _outputs(outputs, task):
    if task != "multiclass":
        return 1 if outputs is None else outputs
    if outputs is None or outputs < 2:
        raise ValueError(
            f"`outputs` must be the number of classes, at least 2, for task='multiclass'. Received: outputs={outputs}"
        )
    return outputs


def _seeds(seed):
    """Yields one seed per layer: equal integer seeds would give layers identical dropout masks."""
    if seed is None:
        while True:
            yield None
    yield from (int(s) for s in np.random.default_rng(seed).integers(2**31, size=1000))


def _penalty(l1, l2):
    if l1 and l2:
        return keras.regularizers.L1L2(l1, l2)
    if l1:
        return keras.regularizers.L1(l1)
    return keras.regularizers.L2(l2) if l2 else None


def _normalization(normalization):
    if normalization is True:
        return keras.layers.Normalization(name="normalization")
    if not isinstance(normalization, keras.layers.Normalization):
        raise TypeError(
            f"`normalization` must be True or a keras.layers.Normalization layer. Received: {normalization!r}"
        )
    return normalization


def _optimizer(optimizer, learning_rate, weight_decay, model):
    if isinstance(optimizer, keras.optimizers.Optimizer):
        if learning_rate is not None or weight_decay is not None:
            raise ValueError(
                "`learning_rate` and `weight_decay` must be set on the optimizer itself when `optimizer` "
                f"is an instance. Received: learning_rate={learning_rate}, weight_decay={weight_decay}"
            )
        return optimizer
    if isinstance(optimizer, type):
        optimizer = optimizer()
    config = keras.optimizers.get(optimizer).get_config()
    if learning_rate is not None:
        config["learning_rate"] = learning_rate
    if weight_decay is not None:
        config["weight_decay"] = weight_decay
    optimizer = type(keras.optimizers.get(optimizer)).from_config(config)
    if optimizer.weight_decay:
        # AdamW decays without being asked, and Keras decays everything that trains; a decayed bias or
        # BatchNormalization scale only shifts the function.
        optimizer.exclude_from_weight_decay(var_list=[v for v in model.trainable_variables if len(v.shape) < 2])
    return optimizer


def _loss(task, label_smoothing):
    if task == "regression":
        return keras.losses.MeanSquaredError()
    if task == "binary":
        return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=label_smoothing)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return LabelSmoothing(loss, label_smoothing) if label_smoothing else loss


def _metric(task):
    if task == "regression":
        return keras.metrics.MeanAbsoluteError(name="mae")
    if task == "binary":
        return keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)  # of logits
    return keras.metrics.SparseCategoricalAccuracy(name="accuracy")
