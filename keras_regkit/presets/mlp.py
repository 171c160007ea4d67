"""The template for tables: Dense, BatchNormalization, Dropout and a light L2."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.presets import _building as building

RANGES = {
    **building.TASK_RANGES,
    **building.COMPILE_RANGES,
    "l1": Interval(0),
    "l2": Interval(0),
    "input_dropout": building.RATE,
    "max_norm": Interval(0, closed="neither", optional=True),
}


def mlp(
    input_shape: int | tuple[int, ...],
    outputs: int | None = None,
    task: str = "binary",
    *,
    units: Sequence[int] = (256, 128),
    l1: float = 0.0,
    l2: float = 1e-4,
    dropout: float | Sequence[float] = 0.2,
    input_dropout: float = 0.0,
    batch_norm: bool = True,
    max_norm: float | None = None,
    activation: str | Callable[..., Any] = "relu",
    label_smoothing: float = 0.0,
    weight_decay: float | None = None,
    normalization: keras.layers.Normalization | bool | None = None,
    optimizer: str | type[keras.optimizers.Optimizer] | keras.optimizers.Optimizer = "adam",
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule | None = None,
    clip_norm: float | None = None,
    seed: int | None = None,
    name: str = "mlp",
) -> keras.Model:
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
        clip_norm: Cap on the norm of the whole gradient, > 0. None for no cap.
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
    building.check(
        RANGES,
        outputs=outputs,
        task=task,
        l1=l1,
        l2=l2,
        input_dropout=input_dropout,
        max_norm=max_norm,
        label_smoothing=label_smoothing,
        weight_decay=weight_decay,
        learning_rate=learning_rate,
        clip_norm=clip_norm,
        seed=seed,
    )
    shape = building.sizes("input_shape", input_shape, "the number of features, or a shape such as (8, 8)")
    units = building.sizes("units", units, "one hidden block at least, such as 64 or (256, 128)")
    rates = _rates(dropout, len(units))
    outputs = building.check_outputs(outputs, task)
    building.check_smoothing(task, label_smoothing)
    seeds = building.seeds(seed)

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
                kernel_regularizer=building.penalty(l1, l2),
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
    return building.compile_for(model, task, optimizer, learning_rate, weight_decay, label_smoothing, clip_norm)


def _rates(dropout, blocks):
    rates = (dropout,) * blocks if not isinstance(dropout, (list, tuple)) else tuple(dropout)
    if len(rates) != blocks:
        raise ValueError(f"`dropout` must be one rate or one per block ({blocks}). Received {len(rates)}: {dropout!r}")
    return tuple(building.RATE.check("dropout", rate) for rate in rates)


def _normalization(normalization):
    if normalization is True:
        return keras.layers.Normalization(name="normalization")
    if not isinstance(normalization, keras.layers.Normalization):
        raise TypeError(
            f"`normalization` must be True or a keras.layers.Normalization layer. Received: {normalization!r}"
        )
    return normalization
