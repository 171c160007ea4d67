"""One op for each image, of any strength."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation.image._policy import SHARED, Operations, Policy, plain
from keras_regkit.augmentation.image._policy_strengths import index_of, strengths
from keras_regkit.augmentation.image._policy_tables import TRIVIAL_AUGMENT

BINS = 31


@keras.saving.register_keras_serializable("keras_regkit")
class TrivialAugment(Policy):
    """Changes each image by one op, drawn for it from 14, of a strength that is drawn too.

    Use it where there is no time to tune: it has nothing to tune, and does as well as policies that were searched for.

    The wide table, with l drawn from 0/30, 1/30, ... 30/30 for each image:

        identity, auto_contrast, equalize
        rotate                                    ± ⌊135 · l⌋ degrees
        shear_x, shear_y                          tangent ± 0.99 · l
        translate_x, translate_y                  ± ⌊32 · l⌋ pixels
        brightness, contrast, color, sharpness    factor 0.01 + 1.99 · l
        posterize                                 8 − ⌊6 · l⌋ bits stay
        solarize                                  inverts levels from 256 − ⌊256 · l⌋ on

    as in the code of the paper's authors. (torchvision draws a sign for the factors, 1 ± 0.99 · l.) Translations are in
    pixels for images of every size. Colours mean what they mean in Pillow, up to 1 level of 255. No gradients pass
    images that were equalized or sharpened.

    Args:
        operations: Names of the ops to draw from, of those above; None, the default, for all.
        value_range: Lowest and highest value of a pixel. Within a `Compose`, that of the `Compose` counts. Defaults to
            (0, 255).
        fill_mode: What lies outside of the image: `"constant"`, the default, `"nearest"`, `"reflect"` or `"wrap"`.
        fill_value: The constant, a pixel value. None, the default, is black, as published.
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
        Müller & Hutter 2021, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation", algorithm 1 and the
        table of the wide augmentation space.

    Example:

    >>> images = np.random.default_rng(0).random((4, 8, 8, 3)).astype("float32")
    >>> augmented = TrivialAugment(value_range=(0, 1), seed=1)(images)
    >>> tuple(augmented.shape)
    (4, 8, 8, 3)
    """

    RANGES = {"operations": Operations(TRIVIAL_AUGMENT), **SHARED}  # noqa: RUF012
    own_draws = 3
    fill_share = 0.0
    in_pixels = True

    def __init__(self, operations: Sequence[str] | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, operations=operations)
        self.operations = operations

    def slots(self, numbers, chosen, ops):
        rows = self.RANGES["operations"].check("operations", self.operations)
        which, number, sign = numbers
        level = ops.floor(number * BINS) / (BINS - 1)
        yield strengths(rows, index_of(which, len(rows), ops), level, sign, None, chosen, ops)

    def get_config(self):
        return {**super().get_config(), "operations": plain(self.operations)}
