"""The recipe for classifying images."""

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit.presets import _building as building
from keras_regkit.presets._images import channels_first
from keras_regkit.presets.recipes._records import make_recipe
from keras_regkit.presets.recipes._scaling import Amount

RANGES = {"outputs": Interval(2, integer=True), "model": OneOf("resnet", "convnet")}

_WIDE = "Zagoruyko & Komodakis 2016 (wide ResNets), section 3"
_V2 = "Tan & Le 2021 (EfficientNetV2), section 5.1"


def image_classification(input_shape, outputs, *, samples, gap=None, model="resnet", value_range=(0.0, 1.0)):
    """Returns the recipe for classifying small images, with `presets.resnet` or `presets.convnet`.

    Use it for some thousand to a million images: crops, flips, colours, RandAugment, MixUp and CutMix, dropout in the
    head, stochastic depth, weight decay, label smoothing, an average of the weights, early stopping. Labels are
    integers; `fit_arguments` makes them one-hot, which MixUp needs.

    Flips are wrong for digits, letters and whatever has a left and a right: `with_(flip=False)`. Colours and
    RandAugment need three channels, and are off for others. Images are augmented batch by batch on the way into `fit`,
    by the layers of `keras_regkit.augmentation`.

    Args:
        input_shape: Shape of an image, `(height, width, channels)`.
        outputs: Number of classes, at least 2.
        samples: Number of training images, at least 1. From 1,000 to 1,000,000 they make a difference.
        gap: Validation loss divided by training loss, as measured with a lighter setting, > 0: 1 is no gap, 2 and more
            is full strength. Defaults to None: not known, start light.
        model: `"resnet"` or `"convnet"`. Defaults to `"resnet"`.
        value_range: Smallest and largest value of a pixel, for RandAugment and colours. Defaults to `(0.0, 1.0)`.

    Returns:
        A `Recipe`.

    Raises:
        TypeError, ValueError: an argument is out of its range.

    Reference:
        Those of each value: `print(recipe)`. How strengths follow samples and gap is a rule of thumb of ours.

    Example:

    >>> recipe = image_classification((32, 32, 3), 10, samples=50_000)
    >>> recipe.builder, recipe.loss["label_smoothing"], recipe.model["drop_path"]
    ('resnet', 0.1, 0.0434)
    """
    check_arguments(RANGES, outputs=outputs, model=model)
    shape = list(building.sizes("input_shape", input_shape, "the shape of an image, such as (32, 32, 3)"))
    value_range = _checked_range(value_range)
    amount = Amount(samples, gap, few=1e3, many=1e6)
    arguments = {
        "dropout": amount.linear(0.0, 0.5, "0.5 in Krizhevsky et al. 2012, section 4.2"),
        "l2": (0.0, "off: weight decay does its work, see Loshchilov & Hutter 2019"),
    }
    if model == "resnet":
        arguments["drop_path"] = amount.linear(0.0, 0.2, f"0.2 in {_V2}; 0.5 in Huang et al. 2016 for 110 layers")
    else:
        arguments["spatial_dropout"] = amount.linear(0.0, 0.2, "ours, after Tompson et al. 2015")
    return make_recipe(
        "image_classification",
        model,
        {"input_shape": shape, "outputs": outputs, "task": "multiclass"},
        model=arguments,
        optimizer={
            "optimizer": ("adamw", "Loshchilov & Hutter 2019"),
            "learning_rate": (1e-3, "ours: the default of Adam"),
            "weight_decay": amount.logarithmic(1e-4, 1e-2, "common practice with AdamW"),
            "decay_exclude": (["bias"], "He et al. 2019 (bag of tricks), section 3.1: kernels only"),
            "clip_norm": (None, "ours: off"),
        },
        loss={
            "loss": ("categorical_crossentropy", "soft labels, for MixUp"),
            "label_smoothing": (0.1, "Szegedy et al. 2016, section 7"),
        },
        augmentation=_augmentation(amount, shape[0 if channels_first() else -1] == 3, value_range),
        callbacks={
            "patience": (15, "common practice: 10 to 20"),
            "averaging": ("ema", f"{_V2}"),
        },
        training={"epochs": (200, _WIDE), "batch_size": (128, _WIDE)},
    )


def _augmentation(amount, colors, value_range):
    off = (0.0, "off: needs three channels")
    jitter = amount.linear(0.0, 0.4, "0.4 in He et al. 2019 (bag of tricks), section 2.1")
    randomly = amount.linear(0.0, 0.3, "magnitude 9 of 30 in Cubuk et al. 2020 (RandAugment), for ResNet-50")
    return {
        "value_range": (list(value_range), "as given"),
        "flip": (True, "He et al. 2016, section 4.2"),
        "crop": (0.125, "He et al. 2016, section 4.2: 4 pixels of 32, each way"),
        "color_jitter": jitter if colors else off,
        "rand_augment": randomly if colors else off,
        "rand_augment_ops": (2, "Cubuk et al. 2020, for ResNet-50"),
        "mixup": amount.linear(0.0, 0.4, "alpha from 0.1 to 0.4 in Zhang et al. 2018 (mixup), section 3.1"),
        "cutmix": amount.linear(0.0, 0.5, "probability of 0.5 in Yun et al. 2019 (CutMix), for CIFAR"),
    }


def _checked_range(value_range):
    fits = isinstance(value_range, (list, tuple)) and len(value_range) == 2
    if fits:
        low, high = (Interval().check(f"value_range[{i}]", value) for i, value in enumerate(value_range))
        fits = low < high
    if not fits:
        raise ValueError(f"`value_range` must be two numbers that rise, such as (0, 255). Received: {value_range!r}")
    return float(low), float(high)
