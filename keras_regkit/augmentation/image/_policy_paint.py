"""All ops of a policy that leave pixels where they are, in one pass."""

import dataclasses
import functools
from typing import Any

import keras

from keras_regkit.augmentation.image._measures import extremes, mean_colour
from keras_regkit.augmentation.image._policy_tables import LINEAR, POINTWISE
from keras_regkit.augmentation.image._recolouring import GREY
from keras_regkit.augmentation.image.equalize import equalized
from keras_regkit.augmentation.image.random_posterize import posterized
from keras_regkit.augmentation.image.random_sharpness import sharpened
from keras_regkit.augmentation.image.random_solarize import solarized

PAINTED = (*LINEAR, *POINTWISE, "sharpness")


@dataclasses.dataclass(frozen=True)
class Paint:
    """One pass of ops of which at most one changes an image.

    Args:
        names: Names of the ops.
        strengths: One vector for each, see `_policy_tables`.
    """

    # What `run` takes, beside floats.
    takes_whole_numbers = True
    names: tuple
    strengths: Any

    def then(self, later):
        """Returns None: these do not go together with anything."""
        return None

    def split(self, ops, like):
        """Returns what is known before the images are, and the tensors."""
        return Paint(self.names, None), [ops.stack(self.strengths, axis=-1)]

    def run(self, images, tensors, ops, value_range):
        """Returns the new images, whole numbers as such; of a stage whose numbers were split off."""
        (columns,) = tensors
        strength = {name: columns[:, k] for k, name in enumerate(self.names)}
        pixels = _pixels(images, value_range, ops)
        # An image sees its own op alone. So all that is measured is measured on what came in, and all ops are one pass.
        painted = _recoloured(pixels, strength, value_range, ops)
        if "solarize" in strength:
            painted = solarized(painted, (256 - strength["solarize"]) / 255, value_range, ops)
        if "posterize" in strength:
            painted = posterized(painted, 8 - strength["posterize"], value_range, ops)
        return _with_slow_ops(painted, images, strength, value_range, ops)


def _pixels(images, value_range, ops):
    return ops.clip(ops.cast(images, "float32"), *value_range)


def _recoloured(images, strength, value_range, ops):
    """Returns images after their linear ops, of which that for `auto_contrast` differs between channels."""
    low, high = value_range

    def of_pixels(vector):
        return vector[:, None, None, None]

    factor = 1 + sum(strength[name] for name in LINEAR if name in strength and name != "invert")
    offset = 0
    if "invert" in strength:
        factor, offset = factor - 2 * strength["invert"], (high - low) * strength["invert"]
    if "contrast" in strength:
        mean = mean_colour(images, ops) - low
        offset = offset - strength["contrast"] * sum(weight * mean[:, k] for k, weight in enumerate(GREY))
    if isinstance(factor, int):
        factor, offset = 1.0, 0.0
    else:
        offset = of_pixels(offset + low - factor * low)
        factor = of_pixels(factor)
    if "auto_contrast" in strength:
        least, most = (values[:, None, None, :] for values in extremes(images, ops))
        stretched = ops.logical_and(of_pixels(strength["auto_contrast"]) > 0, most > least)
        scale = (high - low) / ops.where(stretched, most - least, ops.ones_like(most))
        factor = ops.where(stretched, scale, factor * ops.ones_like(most))
        offset = ops.where(stretched, low - least * scale, offset * ops.ones_like(most))
    painted = factor * images + offset
    if "color" in strength:
        grey = sum(weight * images[..., k : k + 1] for k, weight in enumerate(GREY)) - low
        painted = painted - of_pixels(strength["color"]) * grey
    return ops.clip(painted, low, high)


def _with_slow_ops(painted, images, strength, value_range, ops):
    """Returns `painted` in the dtype of `images`, but for those of `images` that are changed by what is slow.

    That is done for few images, so it is done for these alone, one after the other.
    """
    slow = {
        "equalize": lambda image, _: equalized(image, value_range, ops),
        "sharpness": lambda image, own: sharpened(image, 1 + own, value_range, ops),
    }
    names = [name for name in slow if name in strength]
    whole = "float" not in keras.backend.standardize_dtype(images.dtype)

    def each(name, changed):
        function, own = slow[name], ops.stop_gradient(strength[name])
        order = ops.argsort(ops.cast(ops.equal(own, 0), "int32"))

        def step(k, changed):
            which = ops.reshape(ops.take(order, k), (1,))
            image = _pixels(ops.take(source, which, axis=0), value_range, ops)
            new = function(image, ops.take(own, which, axis=0))
            return ops.scatter_update(
                changed, which[:, None], ops.cast(ops.round(new) if whole else new, changed.dtype)
            )

        return ops.fori_loop(0, ops.sum(ops.cast(ops.greater(ops.abs(own), 0), "int32")), step, changed)

    if whole:
        source, painted = images, ops.cast(ops.round(painted), images.dtype)
        return functools.reduce(lambda changed, name: each(name, changed), names, painted)
    if not names:
        return painted
    # A loop whose length is known only as it runs has no gradient, and no other image shall lose its own.
    source = ops.stop_gradient(images)
    changed = functools.reduce(lambda changed, name: each(name, changed), names, ops.zeros_like(painted))
    chosen = functools.reduce(ops.logical_or, [ops.abs(strength[name]) > 0 for name in names])
    return ops.where(chosen[:, None, None, None], ops.stop_gradient(changed), painted)
