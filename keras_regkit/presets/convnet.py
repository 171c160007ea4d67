"""A small convolutional network: blocks of convolutions, pooling, and a head with dropout."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.presets import _building as building
from keras_regkit.presets._images import ConvolutionMaker, image_shape

RANGES = {
    **building.TASK_RANGES,
    **building.COMPILE_RANGES,
    "convolutions": building.SIZE,
    "dropout": building.RATE,
    "spatial_dropout": building.RATE,
    "l2": Interval(0),
}


def convnet(
    input_shape: tuple[int, ...],
    outputs: int | None = None,
    task: str = "multiclass",
    *,
    filters: Sequence[int] = (32, 64, 128),
    convolutions: int = 2,
    dropout: float = 0.5,
    spatial_dropout: float = 0.0,
    l2: float = 1e-4,
    batch_norm: bool = True,
    activation: str | Callable[..., Any] = "relu",
    label_smoothing: float = 0.0,
    weight_decay: float | None = None,
    optimizer: str | type[keras.optimizers.Optimizer] | keras.optimizers.Optimizer = "adam",
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule | None = None,
    clip_norm: float | None = None,
    seed: int | None = None,
    name: str = "convnet",
) -> keras.Model:
    """Builds and compiles a small network for images, in the manner of VGG.

    Use it as the baseline for small images (8 to 96 pixels) and some thousand of them; for more depth take `resnet`.
    Per entry of `filters`, and within a block `convolutions` times:

        Conv2D(filters, 3, use_bias=False, kernel_regularizer=L2(1e-4)) → BatchNormalization → Activation("relu")

    then max pooling by 2 and `SpatialDropout2D`; at the end global average pooling, `Dropout(0.5)` and
    `Dense(outputs)`, which gives logits. It is made of Keras' own layers. Losses and metrics as in `mlp`; the pixels
    should be small numbers, between 0 and 1 or standardized.

    Args:
        input_shape: Shape of an image, `(height, width, channels)`; in Keras' `channels_first` format the channels
            come first.
        outputs: Width of the last layer: number of classes (`multiclass`, required), or of targets. Defaults to 1.
        task: `"binary"`, `"multiclass"` or `"regression"`. Defaults to `"multiclass"`.
        filters: Filters of the blocks; each block halves the image. Defaults to `(32, 64, 128)`.
        convolutions: Convolutions in a block, at least 1. Defaults to 2.
        dropout: Rate before the last layer, in [0, 1). Common practice is 0.5. Defaults to 0.5.
        spatial_dropout: Rate at which whole channels are dropped after each block, in [0, 1). Typical: 0.1 to 0.2.
            Defaults to 0.
        l2: Strength of the L2 penalty on the kernels of the convolutions, ≥ 0. Typical: 1e-5 to 1e-3. Defaults to 1e-4.
        batch_norm: Whether blocks normalize. Without it the convolutions get their bias back. Defaults to True.
        activation: Activation after each convolution. Defaults to `"relu"`.
        label_smoothing: Share of label mass spread over all classes, in [0, 1), see `mlp`. Defaults to 0.
        weight_decay: Decoupled weight decay of the optimizer, ≥ 0, on kernels only. Defaults to None: the optimizer's
            own, none for Adam.
        optimizer: Name, class or instance of a Keras optimizer. Defaults to `"adam"`.
        learning_rate: Learning rate, > 0, or a `keras.optimizers.schedules` object. Defaults to the optimizer's own.
        clip_norm: Cap on the norm of the whole gradient, > 0. None for no cap.
        seed: Seed of the initial weights and of dropout, an integer ≥ 0. Defaults to None.
        name: Name of the model. Defaults to `"convnet"`.

    Returns:
        A compiled `keras.Model`; input `(batch, *input_shape)`, output `(batch, outputs)`.

    Raises:
        ValueError, TypeError: for arguments outside their range, or images too small for so many blocks.

    Reference:
        Simonyan & Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image Recognition", section 2.1
        (the blocks); Ioffe & Szegedy 2015 for the normalization.

    Example:

    >>> model = convnet((8, 8, 1), 10, filters=(4, 8), convolutions=1, seed=0)
    >>> model.output_shape, model.count_params()
    ((None, 10), 462)
    """
    building.check(
        RANGES,
        outputs=outputs,
        task=task,
        convolutions=convolutions,
        dropout=dropout,
        spatial_dropout=spatial_dropout,
        l2=l2,
        label_smoothing=label_smoothing,
        weight_decay=weight_decay,
        learning_rate=learning_rate,
        clip_norm=clip_norm,
        seed=seed,
    )
    filters = building.sizes("filters", filters, "the filters of one block at least, such as (32, 64, 128)")
    shape = image_shape(input_shape, halvings=len(filters))
    outputs = building.check_outputs(outputs, task)
    building.check_smoothing(task, label_smoothing)
    seeds = building.seeds(seed)
    make = ConvolutionMaker(seeds, l2, activation, batch_norm)

    x = inputs = keras.Input(shape, name="images")
    for block, width in enumerate(filters, start=1):
        for i in range(1, convolutions + 1):
            x = make.convolve(x, width, f"conv_{block}_{i}")
            x = make.activate(x, f"{block}_{i}")
        x = keras.layers.MaxPooling2D(2, name=f"pool_{block}")(x)
        dropout_seed = next(seeds)
        if spatial_dropout:
            x = keras.layers.SpatialDropout2D(spatial_dropout, seed=dropout_seed, name=f"spatial_dropout_{block}")(x)
    model = keras.Model(inputs, make.head(x, dropout, outputs), name=name)
    return building.compile_for(model, task, optimizer, learning_rate, weight_decay, label_smoothing, clip_norm)
