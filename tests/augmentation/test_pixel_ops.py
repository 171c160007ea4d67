"""Ops on pixels: what they mean, against Pillow and by hand, in every range of values."""

import keras
import numpy as np
import pytest

from keras_regkit.augmentation.image import (
    AutoContrast,
    Compose,
    Equalize,
    RandomBrightness,
    RandomGaussianBlur,
    RandomPosterize,
    RandomSharpness,
    RandomSolarize,
)
from keras_regkit.augmentation.image.auto_contrast import auto_contrasted
from keras_regkit.augmentation.image.equalize import equalized, flattening
from keras_regkit.augmentation.image.random_gaussian_blur import blurred
from keras_regkit.augmentation.image.random_invert import inverted
from keras_regkit.augmentation.image.random_posterize import posterized
from keras_regkit.augmentation.image.random_sharpness import sharpened
from keras_regkit.augmentation.image.random_solarize import solarize_added, solarized

RANGES = ((0, 255), (0, 1), (-1, 1))
ops = keras.ops


def photographs(count=4, height=40, width=36, channels=3, seed=0):
    """Returns bytes with a smooth part and a noisy one, darker to the left, none at the ends of the range."""
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    smooth = 40 + 100 * x / width + 30 * np.sin(y / 5)
    noise = random.normal(0, 12, size=(count, height, width, channels))
    return np.clip(smooth[None, :, :, None] + noise, 5, 240).astype("uint8")


def to_range(levels, value_range):
    low, high = value_range
    return (levels.astype("float64") / 255 * (high - low) + low).astype("float32")


def to_levels(values, value_range):
    low, high = value_range
    return (ops.convert_to_numpy(values).astype("float64") - low) / (high - low) * 255


def vector(*numbers):
    return ops.convert_to_tensor(np.array(numbers, "float32"))


def pillow(function, images):
    """Returns what a function makes of images of Pillow, one image at a time with its number."""
    image_module = pytest.importorskip("PIL.Image")
    images = [image_module.fromarray(i[..., 0] if i.shape[-1] == 1 else i) for i in images]
    return np.stack([np.asarray(function(k, image)) for k, image in enumerate(images)])


THRESHOLDS, BITS, SHARPNESS = (0, 64, 128, 256), (1, 3, 5, 8), (0.0, 0.4, 1.0, 1.9)


def references():
    pytest.importorskip("PIL")
    from PIL import ImageEnhance, ImageOps

    def added(k, image):  # as published with AutoAugment: below 128, 20 k is added
        levels = np.asarray(image).astype(int)
        return np.where(levels < 128, np.minimum(levels + 20 * k, 255), levels)

    return {
        "solarize": lambda k, image: ImageOps.solarize(image, THRESHOLDS[k]),
        "solarize_add": added,
        "posterize": lambda k, image: ImageOps.posterize(image, BITS[k]),
        "sharpness": lambda k, image: ImageEnhance.Sharpness(image).enhance(SHARPNESS[k]),
        "equalize": lambda k, image: ImageOps.equalize(image),
        "auto_contrast": lambda k, image: ImageOps.autocontrast(image),
        "invert": lambda k, image: ImageOps.invert(image),
    }


FUNCTIONS = {
    "solarize": lambda x, r: solarized(x, vector(*THRESHOLDS) / 255, r, ops),
    "solarize_add": lambda x, r: solarize_added(x, vector(0, 20, 40, 60) / 255, vector(*[128] * 4) / 255, r, ops),
    "posterize": lambda x, r: posterized(x, vector(*BITS), r, ops),
    "sharpness": lambda x, r: sharpened(x, vector(*SHARPNESS), r, ops),
    "equalize": lambda x, r: equalized(x, r, ops),
    "auto_contrast": lambda x, r: auto_contrasted(x, r, ops),
    "invert": lambda x, r: inverted(x, r),
}
# Pillow rounds the smooth image before it blends, which a factor of 1.9 makes larger.
TOLERANCE = {"sharpness": 1.5, "auto_contrast": 1.0}


@pytest.mark.parametrize("channels", [3, 1], ids=["colour", "grey"])
@pytest.mark.parametrize("value_range", RANGES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_those_of_pillow(name, value_range, channels):
    images = photographs(channels=channels)
    theirs = pillow(references()[name], images).reshape(images.shape).astype("float64")
    ours = to_levels(FUNCTIONS[name](ops.convert_to_tensor(to_range(images, value_range)), value_range), value_range)
    assert np.abs(ours - theirs).max() <= TOLERANCE.get(name, 0) + 0.01


@pytest.mark.parametrize("seed", range(3))
def test_equalize_is_that_of_pillow_for_odd_histograms(seed):
    pytest.importorskip("PIL")
    from PIL import ImageOps

    random = np.random.default_rng(seed)
    # One level, two levels, a few pixels of many levels, and all but a few pixels of the highest level.
    images = np.stack(
        [
            np.full((20, 30, 3), 7),
            random.choice([3, 200], size=(20, 30, 3)),
            np.where(random.uniform(size=(20, 30, 3)) < 0.9, 17, random.integers(0, 256, size=(20, 30, 3))),
            np.where(random.uniform(size=(20, 30, 3)) < 0.6, 255, random.integers(0, 256, size=(20, 30, 3))),
        ]
    ).astype("uint8")
    theirs = pillow(lambda k, image: ImageOps.equalize(image), images)
    np.testing.assert_array_equal(ops.convert_to_numpy(Equalize()(images)), theirs)


def test_flattening_uses_all_levels_evenly():
    histogram = np.zeros((1, 256), "int32")
    histogram[0, 10:138] = 255 * 2
    table = ops.convert_to_numpy(flattening(ops.convert_to_tensor(histogram), ops))
    np.testing.assert_allclose(np.diff(table[0, 10:138]), 2, atol=1)
    assert table[0, 10] <= 1
    assert table[0, 137] == 255


def test_equalize_takes_values_between_levels_as_the_nearest():
    images = photographs(count=1)
    shifted = images + np.random.default_rng(0).uniform(-0.45, 0.45, size=images.shape)
    np.testing.assert_allclose(
        ops.convert_to_numpy(Equalize()(shifted.astype("float32"))), ops.convert_to_numpy(Equalize()(images)), atol=1e-3
    )


def test_auto_contrast_leaves_a_flat_channel():
    images = photographs(count=1).astype("float32")
    images[..., 1] = 77
    result = ops.convert_to_numpy(AutoContrast()(images))
    np.testing.assert_allclose(result[..., 1], 77)
    np.testing.assert_allclose([result[..., 0].min(), result[..., 0].max()], [0, 255], atol=1e-3)


def test_blur_is_that_of_scipy_inside():
    ndimage = pytest.importorskip("scipy.ndimage")
    images = photographs(count=2).astype("float64")
    result = ops.convert_to_numpy(blurred(ops.convert_to_tensor(images, "float32"), vector(0.8, 1.5), (13, 13), ops))
    for sigma, image, ours in zip((0.8, 1.5), images, result, strict=True):
        theirs = ndimage.gaussian_filter(image, (sigma, sigma, 0), radius=6)
        np.testing.assert_allclose(ours[6:-6, 6:-6], theirs[6:-6, 6:-6], atol=1e-3)


def test_blur_counts_only_what_lies_within():
    images = ops.convert_to_tensor(np.full((2, 4, 5, 1), 100.0), "float32")
    # A kernel larger than the image; one axis alone; and an image that differs along the other axis alone.
    np.testing.assert_allclose(ops.convert_to_numpy(blurred(images, vector(0.5, 5), 11, ops)), 100, rtol=1e-5)
    rows = np.broadcast_to(np.arange(4.0).reshape(1, 4, 1, 1), (1, 4, 5, 1))
    result = ops.convert_to_numpy(blurred(ops.convert_to_tensor(rows, "float32"), vector(2), (1, 5), ops))
    np.testing.assert_allclose(result, rows, atol=1e-5)
    weights = np.exp(-0.5 * (np.arange(4) / 2) ** 2)[:3]
    result = ops.convert_to_numpy(blurred(ops.convert_to_tensor(rows, "float32"), vector(2), (5, 1), ops))
    np.testing.assert_allclose(result[0, 0, :, 0], weights @ np.arange(3) / weights.sum(), rtol=1e-5)


def test_neutral_magnitudes_change_nothing():
    images = ops.convert_to_tensor(photographs(), "float32") + 0.3
    ones = ops.ones((4,))
    for result in (
        solarized(images, ones * 256 / 255, (0, 255), ops),
        solarize_added(images, ones * 0, ones * 0.5, (0, 255), ops),
        posterized(images, ones * 8, (0, 255), ops),
        sharpened(images, ones, (0, 255), ops),
        blurred(images, ones * 0, 5, ops),
    ):
        np.testing.assert_allclose(ops.convert_to_numpy(result), ops.convert_to_numpy(images), rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1, 7, 3), (1, 2, 2, 1)])
def test_tiny_images(shape):
    image = np.random.default_rng(0).integers(0, 256, size=shape).astype("uint8")
    for layer in (RandomSharpness((0, 0)), AutoContrast(), Equalize(), RandomGaussianBlur(7), RandomPosterize(3)):
        assert layer(image).shape == shape
    # All is border.
    np.testing.assert_array_equal(ops.convert_to_numpy(RandomSharpness((0, 0))(image)), image)


# What the layers draw.


def many(layer, image, count=4000):
    images = np.broadcast_to(np.asarray(image, "float32"), (count, *np.shape(image)))
    return ops.convert_to_numpy(layer(images)).astype("float64")


def test_posterize_draws_whole_bits_with_both_ends():
    ramp = np.arange(256.0).reshape(16, 16, 1)
    levels = [len(np.unique(image)) for image in many(RandomPosterize((2, 4), seed=0), ramp, 900)]
    counts = {bits: levels.count(2**bits) for bits in (2, 3, 4)}
    assert sum(counts.values()) == 900
    assert all(abs(count - 300) < 60 for count in counts.values()), counts


def test_sharpness_draws_between_smooth_and_its_factor():
    image = np.zeros((3, 3, 1))
    image[1, 1] = 130
    middle = many(RandomSharpness((0.2, 0.5), seed=0), image)[:, 1, 1, 0]
    # 130 in the middle smoothed is 50.
    factor = (middle - 50) / 80 / 2
    np.testing.assert_allclose(np.quantile(factor, [0, 0.5, 1]), [0.2, 0.35, 0.5], atol=0.01)


def test_blur_draws_its_width():
    image = np.zeros((1, 3, 1))
    image[0, 1] = 100
    left, middle, _ = many(RandomGaussianBlur(3, (0.5, 2), seed=0), image)[:, 0, :, 0].T
    # One neighbour of weight w: (w / (1 + w)) and 1 / (1 + 2 w) of the middle, so w follows of the middle.
    w = (100 / middle - 1) / 2
    sigma = np.sqrt(-0.5 / np.log(w))
    np.testing.assert_allclose(np.quantile(sigma, [0, 0.5, 1]), [0.5, 1.25, 2], atol=0.03)
    np.testing.assert_allclose(left, 100 * w / (1 + w), rtol=1e-3)


def test_solarize_draws_thresholds_and_additions():
    ramp = np.arange(256.0).reshape(1, 256, 1)
    results = many(RandomSolarize(threshold_factor=(0.2, 0.6), seed=0), ramp)[:, 0, :, 0]
    threshold = (results == np.arange(256)).sum(axis=1) / 255
    np.testing.assert_allclose(np.quantile(threshold, [0, 0.5, 1]), [0.2, 0.4, 0.6], atol=0.02)
    dark = many(RandomSolarize(0.3, (1, 1), seed=0), np.full((1, 1, 1), 10.0))[:, 0, 0, 0] - 10
    np.testing.assert_allclose(np.quantile(dark / 255, [0, 0.5, 1]), [0, 0.15, 0.3], atol=0.02)


@pytest.mark.parametrize("layer", [AutoContrast(probability=0.3, seed=0), Equalize(probability=0.3, seed=0)])
def test_share_of_the_images_that_change(layer):
    ramp = 100 + np.arange(1024.0).reshape(32, 32, 1) / 16
    changed = np.abs(many(layer, ramp, 1500) - ramp).max((1, 2, 3)) > 1
    assert abs(changed.mean() - 0.3) < 0.04


# Forms of images, and neighbours.

LAYERS = {
    "sharpness": lambda **kw: RandomSharpness((0.9, 0.9), **kw),
    "blur": lambda **kw: RandomGaussianBlur(5, (1, 1), **kw),
    "posterize": lambda **kw: RandomPosterize(3, **kw),
    "solarize": lambda **kw: RandomSolarize(0.1, (0.4, 0.4), seed=0, **kw),
    "equalize": lambda **kw: Equalize(**kw),
    "auto-contrast": lambda **kw: AutoContrast(**kw),
}


@pytest.mark.parametrize("name", LAYERS)
def test_channels_first_single_images_and_bytes(name):
    images = photographs()
    numbers = ops.convert_to_tensor(np.full((4, LAYERS[name]().draws), 0.3, "float32"))

    def computed(layer, x):
        return ops.convert_to_numpy(layer.augment(ops.convert_to_tensor(x), numbers[: 1 if x.ndim == 3 else 4], ops))

    expected = computed(LAYERS[name](), images.astype("float32"))
    first = computed(LAYERS[name](data_format="channels_first"), images.astype("float32").transpose(0, 3, 1, 2))
    np.testing.assert_allclose(first.transpose(0, 2, 3, 1), expected, atol=1e-3)
    np.testing.assert_allclose(computed(LAYERS[name](), images[0].astype("float32")), expected[0], atol=1e-3)
    as_bytes = computed(LAYERS[name](), images)
    assert as_bytes.dtype == "uint8"
    assert np.abs(as_bytes - expected).max() <= 0.501


def test_pixel_ops_see_values_within_the_range():
    images = photographs().astype("float32")
    layer = Compose([RandomBrightness((0.6, 0.6)), RandomPosterize(2)])
    expected = np.floor(np.minimum(images + 153, 255) / 64) * 64
    np.testing.assert_allclose(ops.convert_to_numpy(layer(images)), expected)


@pytest.mark.parametrize("name", LAYERS)
def test_functions_take_a_batch_of_any_size(name):
    layer = LAYERS[name]()
    for count in (1, 3):
        assert layer(photographs(count)).shape == (count, 40, 36, 3)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="tf.data runs beside TensorFlow and JAX here")
@pytest.mark.parametrize("sizes", ["known", "unknown"])
def test_within_tf_data(sizes):
    tf = pytest.importorskip("tensorflow")
    layer = Compose([make() for make in LAYERS.values()], seed=0)
    images = photographs()
    data = tf.data.Dataset.from_generator(
        lambda: iter(images),
        output_signature=tf.TensorSpec((None, None, 3) if sizes == "unknown" else (40, 36, 3), tf.uint8),
    )
    results = np.concatenate([batch.numpy() for batch in data.batch(2).map(layer)])
    assert results.dtype == "uint8"
    assert results.shape == images.shape
    assert not np.array_equal(results, images)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: RandomPosterize(0), ValueError, r"`factor` must be at least 1 and at most 8.*Received: 0"),
        (lambda: RandomPosterize(2.5), TypeError, r"`factor` must be a whole number.*Received: 2.5"),
        (lambda: RandomGaussianBlur(4), ValueError, r"`kernel_size` must be odd and at least 1.*Received: 4"),
        (lambda: RandomGaussianBlur(3, -1), ValueError, r"`sigma` must be within \[0, 100\].*Received: -1"),
        (lambda: RandomSolarize(threshold_factor=2), ValueError, r"`threshold_factor` must be within \[0, 1\]"),
    ],
)
def test_bad_arguments_say_what_is_wanted(make, error, message):
    with pytest.raises(error, match=message):
        make()
