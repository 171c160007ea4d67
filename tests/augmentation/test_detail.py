"""One interpolation keeps more detail than one for each op."""

import math

import keras
import numpy as np

from keras_regkit.augmentation import image

SIZE, PERIOD = 128, 64


def fixed(value):
    return (value, value)


def ops():
    return [
        image.RandomRotation(fixed(0.03)),
        image.RandomZoom(fixed(0.06)),
        image.RandomTranslation(fixed(0.037), fixed(0.021)),
        image.RandomShear(fixed(0.07)),
    ]


def wave(x, y):
    return 127.5 + 127.5 * np.sin(2 * math.pi * x / PERIOD) * np.sin(2 * math.pi * y / PERIOD)


def one_after_the_other(images):
    for op in ops():
        images = op(images)
    return images


def central(images):
    """Returns a float64 image without its border, where pixels come from outside."""
    inside = slice(SIZE // 4, -SIZE // 4)
    return keras.ops.convert_to_numpy(images)[0, inside, inside].astype("float64")


def psnr(image_, truth):
    return 10 * math.log10(255**2 / ((image_ - truth) ** 2).mean())


def test_one_interpolation_keeps_more_detail_than_four():
    y, x = np.mgrid[:SIZE, :SIZE].astype("float64")
    # Bilinear interpolation is exact on ramps: as two more channels, they say where each pixel comes from.
    images = np.stack([wave(x, y), x, y], axis=-1)[None].astype("float32")
    found = {}
    for name, augment in {"fused": image.Compose(ops(), seed=0), "sequence": one_after_the_other}.items():
        seen = central(augment(images))
        found[name] = psnr(seen[..., 0], wave(seen[..., 1], seen[..., 2]))
    assert found["fused"] > 60
    assert found["fused"] > found["sequence"] + 6
