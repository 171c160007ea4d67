"""A residual network with stochastic depth."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.layers import DropPath, depth_rates
from keras_regkit.presets import _building as building
from keras_regkit.presets._images import ConvolutionMaker, image_shape

RANGES = {
    **building.TASK_RANGES,
    **building.COMPILE_RANGES,
    "drop_path": building.RATE,
    "dropout": building.RATE,
    "l2": Interval(0),
}


def resnet(
    input_shape: tuple[int, ...],
    outputs: int | None = None,
    task: str = "multiclass",
    *,
    filters: Sequence[int] = (16, 32, 64),
    blocks: int | Sequence[int] = 2,
    drop_path: float = 0.1,
    dropout: float = 0.0,
    l2: float = 1e-4,
    activation: str | Callable[..., Any] = "relu",
    label_smoothing: float = 0.0,
    weight_decay: float | None = None,
    optimizer: str | type[keras.optimizers.Optimizer] | keras.optimizers.Optimizer = "adam",
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule | None = None,
    clip_norm: float | None = None,
    seed: int | None = None,
    name: str = "resnet",
) -> keras.Model:
    """Builds and compiles a residual network for images, with pre-activation blocks and stochastic depth.

    Use it for small images (16 to 96 pixels) when `convnet` is not enough. A 3 × 3 convolution, then per entry of
    `filters` a stage of `blocks` blocks, of which the first halves the image (in all stages but the first):

        y = shortcut(x) + DropPath(rate)(conv(relu(BN(conv(relu(BN(x)))))))

    where the shortcut is x itself, or a 1 × 1 convolution of relu(BN(x)) where the shape changes. At the end
    BatchNormalization, relu, global average pooling, dropout and `Dense(outputs)`, which gives logits. The rates of
    the blocks rise in a straight line to `drop_path` (`layers.depth_rates`). Losses and metrics as in `mlp`.

    With the defaults this is the ResNet of depth 14 for CIFAR; `blocks=3` makes it 20, `blocks=9` 56. Where
    `drop_path` is above 0 the model holds `keras_regkit.layers.DropPath`, and its file loads where `keras_regkit` was
    imported.

    Args:
        input_shape: Shape of an image, `(height, width, channels)`; in Keras' `channels_first` format the channels
            come first.
        outputs: Width of the last layer: number of classes (`multiclass`, required), or of targets. Defaults to 1.
        task: `"binary"`, `"multiclass"` or `"regression"`. Defaults to `"multiclass"`.
        filters: Filters of the stages. Defaults to `(16, 32, 64)`.
        blocks: Blocks in a stage, one number or one per stage, at least 1. Defaults to 2.
        drop_path: Rate at which the last block's branch is dropped, in [0, 1). Published: 0.5 for 110 layers, 0.05 to
            0.2 for shallower ones. Defaults to 0.1.
        dropout: Rate before the last layer, in [0, 1). Defaults to 0.
        l2: Strength of the L2 penalty on the kernels of the convolutions, ≥ 0. Typical: 1e-5 to 1e-3. Defaults to 1e-4.
        activation: Activation before each convolution. Defaults to `"relu"`.
        label_smoothing: Share of label mass spread over all classes, in [0, 1), see `mlp`. Defaults to 0.
        weight_decay: Decoupled weight decay of the optimizer, ≥ 0, on kernels only. Defaults to None: the optimizer's
            own, none for Adam.
        optimizer: Name, class or instance of a Keras optimizer. Defaults to `"adam"`.
        learning_rate: Learning rate, > 0, or a `keras.optimizers.schedules` object. Defaults to the optimizer's own.
        clip_norm: Cap on the norm of the whole gradient, > 0. None for no cap.
        seed: Seed of the initial weights and of what is dropped, an integer ≥ 0. Defaults to None.
        name: Name of the model. Defaults to `"resnet"`.

    Returns:
        A compiled `keras.Model`; input `(batch, *input_shape)`, output `(batch, outputs)`.

    Raises:
        ValueError, TypeError: for arguments outside their range, or images too small for so many stages.

    Reference:
        He et al. 2016, "Identity Mappings in Deep Residual Networks", figure 1b and section 4.1; Huang et al. 2016,
        "Deep Networks with Stochastic Depth", eq. 4.

    Example:

    >>> model = resnet((8, 8, 1), 10, filters=(4, 8), blocks=1, drop_path=0.2, seed=0)
    >>> [layer.rate for layer in model.layers if isinstance(layer, DropPath)]
    [0.1, 0.2]
    """
    building.check(
        RANGES,
        outputs=outputs,
        task=task,
        drop_path=drop_path,
        dropout=dropout,
        l2=l2,
        label_smoothing=label_smoothing,
        weight_decay=weight_decay,
        learning_rate=learning_rate,
        clip_norm=clip_norm,
        seed=seed,
    )
    filters = building.sizes("filters", filters, "the filters of one stage at least, such as (16, 32, 64)")
    counts = building.per_stage("blocks", blocks, len(filters))
    shape = image_shape(input_shape, halvings=len(filters) - 1)
    outputs = building.check_outputs(outputs, task)
    building.check_smoothing(task, label_smoothing)
    seeds = building.seeds(seed)
    make = ConvolutionMaker(seeds, l2, activation)
    rates = iter(depth_rates(sum(counts), drop_path))

    inputs = keras.Input(shape, name="images")
    x = make.convolve(inputs, filters[0], "conv")
    before = filters[0]
    for stage, (width, count) in enumerate(zip(filters, counts, strict=True), start=1):
        for block in range(1, count + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            same = strides == 1 and width == before
            x = _block(make, x, width, strides, same, next(rates), next(seeds), f"{stage}_{block}")
            before = width
    x = make.activate(x, "last")
    model = keras.Model(inputs, make.head(x, dropout, outputs), name=name)
    return building.compile_for(model, task, optimizer, learning_rate, weight_decay, label_smoothing, clip_norm)


def _block(make, x, width, strides, same, rate, seed, suffix):
    """Returns x plus a branch of two convolutions that is dropped at this rate."""
    y = make.activate(x, f"{suffix}_1")
    shortcut = x if same else make.convolve(y, width, f"shortcut_{suffix}", size=1, strides=strides)
    y = make.convolve(y, width, f"conv_{suffix}_1", strides=strides)
    y = make.activate(y, f"{suffix}_2")
    y = make.convolve(y, width, f"conv_{suffix}_2")
    if rate:
        y = DropPath(rate, seed=seed, name=f"drop_path_{suffix}")(y)
    return keras.layers.Add(name=f"add_{suffix}")([shortcut, y])
