"""A few ops for each image, all of one strength."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation.image._policy import SHARED, Operations, Policy, plain
from keras_regkit.augmentation.image._policy_strengths import index_of, normal, strengths
from keras_regkit.augmentation.image._policy_tables import RAND_AUGMENT


@keras.saving.register_keras_serializable("keras_regkit")
class RandAugment(Policy):
    """Changes each image by `n` ops, drawn for it from 14, all of the strength `m`.

    Use it as strong augmentation of photographs with two numbers to tune: `n=2, m=9` for large models and long
    training, less for small ones.

    Level l = m / 10, plus a normal number of standard deviation mstd / 10 for each image and op, clipped to [0, 1]:

        identity, auto_contrast, equalize
        rotate                                    ± 30° · l
        shear_x, shear_y                          tangent ± 0.3 · l
        translate_x, translate_y                  ± 150/331 · l of the side, whole pixels
        brightness, contrast, color, sharpness    factor 1 ± 0.9 · l
        posterize                                 8 − ⌊4 · l⌋ bits stay
        solarize                                  inverts levels from 256 − ⌊256 · l⌋ on

    Ops, ranges and the scale from 0 to 10 are the paper's; more strength is more change for every op, and m = 0 is
    none. So it is `rand-m9-mstd0.5-inc1` of timm with the paper's ops, and torchvision's `magnitude` is 3 · m. (The
    code of the paper's authors lets posterize, solarize and the factors weaken as m rises.) Colours mean what they mean
    in Pillow, up to 1 level of 255; whole numbers are rounded after each op, as there, floats are not.
    `keras.layers.RandAugment` draws its ops once per batch; this layer for each image.

    Two ops that move pixels are one resampling, so what one of them moves out of the image the other may move in again.
    No gradients pass images that were equalized or sharpened.

    Args:
        n: Ops for each image, at least 1. Defaults to 2.
        m: Strength, in [0, 10]. Defaults to 9.
        mstd: Standard deviation of the strength, at least 0. Defaults to 0.5; the paper has none.
        operations: Names of the ops to draw from, of those above; None, the default, for all. The same image may draw
            the same op twice.
        value_range: Lowest and highest value of a pixel. Within a `Compose`, that of the `Compose` counts. Defaults to
            (0, 255).
        fill_mode: What lies outside of the image: `"constant"`, the default, `"nearest"`, `"reflect"` or `"wrap"`.
        fill_value: The constant, a pixel value. None, the default, is grey, level 128 of 255, as published.
        interpolation: `"nearest"`, the default, as published, or `"bilinear"`.
        probability: Share of the images that are changed at all, in [0, 1]. Defaults to 1.
        data_format: `"channels_last"`, `"channels_first"` or None, the default: `keras.config.image_data_format()`.
        bounding_box_format: How bounding boxes are written, if there are any: `"xyxy"` or another format of Keras.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Images with 3 channels, `(batch, height, width, 3)` or without the batch, or a dict with `images` and
            optionally `labels`, `segmentation_masks` and `bounding_boxes`, which move with the images.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the images have the wrong rank or channels.

    Reference:
        Cubuk et al. 2020, "RandAugment: Practical automated data augmentation with a reduced search space", section 3.

    Example:

    >>> images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype("uint8")
    >>> augmented = RandAugment(n=2, m=9, seed=1)(images)
    >>> tuple(augmented.shape), keras.backend.standardize_dtype(augmented.dtype)
    ((4, 8, 8, 3), 'uint8')
    """

    RANGES = {  # noqa: RUF012
        "n": Interval(1, closed="left", integer=True),
        "m": Interval(0, 10),
        "mstd": Interval(0, closed="left"),
        "operations": Operations(RAND_AUGMENT),
        **SHARED,
    }

    def __init__(
        self, n: int = 2, m: float = 9, mstd: float = 0.5, operations: Sequence[str] | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, n=n, m=m, mstd=mstd, operations=operations)
        self.n = n
        self.m = m
        self.mstd = mstd
        self.operations = operations

    @property
    def own_draws(self):
        return 4 * self.n

    def slots(self, numbers, chosen, ops):
        rows = self.RANGES["operations"].check("operations", self.operations)
        for k in range(self.n):
            which, sign, first, second = numbers[4 * k : 4 * k + 4]
            level = ops.clip((self.m + self.mstd * normal(first, second, ops)) / 10, 0.0, 1.0)
            yield strengths(rows, index_of(which, len(rows), ops), level, sign, None, chosen, ops)

    def get_config(self):
        config = {"n": self.n, "m": self.m, "mstd": self.mstd, "operations": plain(self.operations)}
        return {**super().get_config(), **config}
