"""Pairs of ops that were searched for."""

from typing import Any

import keras

from keras_regkit._core.checks import OneOf, check_arguments
from keras_regkit.augmentation.image._policy import SHARED, Policy
from keras_regkit.augmentation.image._policy_strengths import index_of, strengths
from keras_regkit.augmentation.image._policy_tables import AUTO_AUGMENT


@keras.saving.register_keras_serializable("keras_regkit")
class AutoAugment(Policy):
    """Changes each image by one of 25 pairs of ops that were found by a search on CIFAR-10, ImageNet or SVHN.

    Use it on images like those that the policy was found on: `"cifar10"` and `"imagenet"` for photographs, mostly
    colours, `"svhn"` for digits and signs, mostly shears and inversion.

    Each image draws a pair; each op of the pair is done with its own probability, and with its own magnitude M of 0 to
    10. The pairs, probabilities and magnitudes are the paper's, and so are the ranges, read as they stand:

        rotate                                    ± 3° · M
        shear_x, shear_y                          tangent ± 0.03 · M
        translate_x, translate_y                  ± 15/331 · M of the side, whole pixels
        brightness, contrast, color, sharpness    factor 0.1 + 0.18 · M
        posterize                                 4 + ⌊0.4 · M⌋ bits stay
        solarize                                  inverts levels from ⌊25.6 · M⌋ on

    with a sign that is drawn for each image where there is ±. (Others read the last three the other way: torchvision
    has factors 1 ± 0.1 · M and lets posterize and solarize grow stronger with M, as the authors' code for CIFAR-10 does
    for these two; their code for ImageNet has thresholds and factors as here.) Colours mean what they mean in Pillow,
    up to 1 level of 255; whole numbers are rounded after each op, as there, floats are not. Two ops that move pixels
    are one resampling. No gradients pass images that were equalized or sharpened.

    Args:
        policy: `"cifar10"`, `"imagenet"` or `"svhn"`.
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
        Cubuk et al. 2019, "AutoAugment: Learning Augmentation Strategies from Data", the tables of the appendix.

    Example:

    >>> images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype("uint8")
    >>> augmented = AutoAugment("cifar10", seed=1)(images)
    >>> tuple(augmented.shape), keras.backend.standardize_dtype(augmented.dtype)
    ((4, 8, 8, 3), 'uint8')
    """

    RANGES = {"policy": OneOf(*AUTO_AUGMENT), **SHARED}  # noqa: RUF012
    own_draws = 5

    def __init__(self, policy: str, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, policy=policy)
        self.policy = policy

    def slots(self, numbers, chosen, ops):
        which, *others = numbers
        columns = AUTO_AUGMENT[self.policy]
        index = index_of(which, len(columns[0]), ops)
        for rows, sign, luck in zip(columns, others[:2], others[2:], strict=True):
            yield strengths(rows, index, 1.0, sign, luck, chosen, ops)

    def get_config(self):
        return {**super().get_config(), "policy": self.policy}
