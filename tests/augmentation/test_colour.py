"""Ops on colours: what they mean, that they fuse, and what they draw."""

import keras
import numpy as np
import pytest

from keras_regkit.augmentation.image import (
    ChannelMix,
    ColorJitter,
    Compose,
    RandomBrightness,
    RandomContrast,
    RandomFlip,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomSaturation,
)

RANGES = ((0, 255), (0, 1), (-1, 1))
GREY = np.array([0.299, 0.587, 0.114])


def noise(value_range=(0, 255), count=3, channels=3, seed=0):
    """Returns images of whole levels, as values of the range."""
    low, high = value_range
    levels = np.random.default_rng(seed).integers(0, 256, size=(count, 5, 6, channels))
    return levels / 255 * (high - low) + low


def draws(layer, count=3, seed=1):
    return np.random.default_rng(seed).uniform(size=(count, layer.draws)).astype("float32")


def computed(layer, images, numbers, dtype="float32"):
    """Returns what the layer makes of images with these random numbers."""
    images, numbers = keras.ops.convert_to_tensor(images, dtype), keras.ops.convert_to_tensor(numbers, "float32")
    return keras.ops.convert_to_numpy(layer.augment(images, numbers, keras.ops))


# What each op means, one image at a time, with values from 0 to 1.


def brighter(image, f):
    return image + f


def contrasted(image, f):
    mean = image.reshape(-1, image.shape[-1]).mean(axis=0)
    return mean + (image - mean) * f


def saturated(image, f):
    grey = (image @ GREY)[..., None]
    return grey + (image - grey) * min(f / max(1 - f, 1e-3), 100)


def turned(image, angle):
    to_yiq = np.array([GREY, [0.59590059, -0.27455667, -0.32134392], [0.21153661, -0.52273617, 0.31119955]])
    y, i, q = np.moveaxis(image @ to_yiq.T, -1, 0)
    colour = (i + 1j * q) * np.exp(-1j * angle)
    return np.stack([y, colour.real, colour.imag], axis=-1) @ np.linalg.inv(to_yiq).T


def mixed(image, numbers):
    cuts = np.sort(numbers[1:].reshape(3, 2).astype("float64"), axis=1)
    weights = np.diff(cuts, axis=1, prepend=0, append=1)
    return image + 0.8 * numbers[0] * (image @ weights.T - image)


# layer, how many numbers it draws, and what it does to one image with them.
OPS = {
    "brightness": (lambda: RandomBrightness((-0.4, 0.3)), 1, lambda x, u: brighter(x, -0.4 + 0.7 * u[0])),
    "contrast": (lambda: RandomContrast((0.5, 0.9)), 1, lambda x, u: contrasted(x, 0.5 + 1.4 * u[0])),
    "saturation": (lambda: RandomSaturation((0.1, 0.8)), 1, lambda x, u: saturated(x, 0.1 + 0.7 * u[0])),
    "hue": (
        lambda: RandomHue((0.1, 0.5)),
        1,
        lambda x, u: turned(x, np.pi * np.sign(u[0] - 0.5) * (0.1 + 0.4 * abs(2 * u[0] - 1))),
    ),
    "grey": (lambda: RandomGrayscale(0.5), 1, lambda x, u: saturated(x, 0 if u[0] < 0.5 else 0.5)),
    "mix": (lambda: ChannelMix(0.8), 7, mixed),
    "invert": (lambda: RandomInvert(probability=1), 0, lambda x, u: 1 - x),
}


def by_hand(names, images, numbers, value_range, clip="end"):
    """Returns what the ops make of images one after the other, in float64."""
    low, high = value_range
    results = []
    for image, own in zip((images - low) / (high - low), numbers.astype("float64"), strict=True):
        for name in names:
            _, count, op = OPS[name]
            image, own = op(image, own[:count]), own[count:]
            image = np.clip(image, 0, 1) if clip == "each" else image
        results.append(np.clip(image, 0, 1) * (high - low) + low)
    return np.stack(results)


@pytest.mark.parametrize("value_range", RANGES, ids=str)
@pytest.mark.parametrize("name", OPS)
def test_each_op_is_what_its_equation_says(name, value_range):
    layer = Compose([OPS[name][0]()], value_range=value_range)
    images, numbers = noise(value_range), draws(layer)
    expected = by_hand([name], images, numbers, value_range)
    np.testing.assert_allclose(
        computed(layer, images, numbers), expected, atol=2e-6 * (value_range[1] - value_range[0])
    )
    assert not np.allclose(expected, images, atol=0.01)


ORDERS = (
    ("brightness", "contrast", "saturation", "hue"),
    ("hue", "contrast", "invert", "brightness", "contrast", "mix"),
    ("grey", "mix", "saturation", "contrast"),
)


@pytest.mark.parametrize("value_range", RANGES, ids=str)
@pytest.mark.parametrize("clip", ["end", "each"])
@pytest.mark.parametrize("names", ORDERS, ids=str)
def test_fused_ops_are_the_sequence_with_one_clip_or_with_many(names, clip, value_range):
    layer = Compose([OPS[name][0]() for name in names], value_range=value_range, clip=clip)
    images, numbers = noise(value_range), draws(layer)
    expected = by_hand(names, images, numbers, value_range, clip)
    np.testing.assert_allclose(
        computed(layer, images, numbers), expected, atol=1e-5 * (value_range[1] - value_range[0])
    )


def test_clipping_at_the_end_differs_from_clipping_each():
    ops = [RandomBrightness(0.2), RandomContrast(0.2), RandomSaturation((0.45, 0.55)), RandomHue(0.1)]
    layers = [Compose(ops, clip=clip) for clip in ("end", "each")]
    end, each = (computed(layer, noise(count=40), draws(layer, count=40)) for layer in layers)
    share = (np.abs(end - each) > 1).mean()
    assert 0.05 < share < 0.5, f"{share:.2f} of the values differ by more than a level"


def test_what_is_dark_comes_back_when_clipping_at_the_end():
    ops = [RandomBrightness((0.5, 0.5)), RandomBrightness((-0.5, -0.5))]
    image = np.full((1, 2, 2, 3), 200.0)
    for clip, expected in (("end", 200), ("each", 127.5)):
        result = keras.ops.convert_to_numpy(Compose(ops, clip=clip)(image))
        np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_neighbours_become_one_pass():
    from keras_regkit.augmentation.image._frame import Frame
    from keras_regkit.augmentation.image._stages import plan

    ops = [RandomBrightness(0.1), RandomFlip(), RandomHue(0.1), ColorJitter(0.1, 0.1, 0.1, 0.1), RandomInvert()]
    numbers = keras.ops.zeros((2, sum(op.draws for op in ops)))
    passes, _ = plan(ops, numbers, Frame(keras.ops, 5, 6, 3, (0, 255)), "end")
    assert [type(one).__name__ for one in passes] == ["Recolour", "Resample", "Recolour"]


def test_color_jitter_is_its_four_ops_in_one():
    factors = {"brightness_factor": 0.2, "contrast_factor": 0.3, "saturation_factor": (0.3, 0.7), "hue_factor": 0.2}
    jitter = ColorJitter(**factors)
    ops = [RandomBrightness(0.2), RandomContrast(0.3), RandomSaturation((0.3, 0.7)), RandomHue(0.2)]
    numbers = draws(jitter)
    np.testing.assert_allclose(computed(jitter, noise(), numbers), computed(Compose(ops), noise(), numbers), atol=1e-3)
    assert ColorJitter(hue_factor=0.2).draws == 1


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("value_range", RANGES, ids=str)
def test_channelwise_ops_take_any_number_of_channels(channels, value_range):
    names = ("contrast", "brightness", "invert", "contrast")
    layer = Compose([OPS[name][0]() for name in names], value_range=value_range)
    images, numbers = noise(value_range, channels=channels), draws(layer)
    expected = by_hand(names, images, numbers, value_range)
    np.testing.assert_allclose(
        computed(layer, images, numbers), expected, atol=1e-5 * (value_range[1] - value_range[0])
    )
    assert ColorJitter(0.1, 0.1, value_range=value_range)(images).shape == images.shape


@pytest.mark.parametrize(
    "layer",
    [
        RandomSaturation(0.5),
        RandomHue(0.5),
        RandomGrayscale(),
        ChannelMix(0.5),
        ColorJitter(0.1, hue_factor=0.1),
        Compose([RandomBrightness(0.1), RandomHue(0.1)]),
    ],
    ids=lambda layer: type(layer).__name__,
)
@pytest.mark.parametrize("channels", [1, 4])
def test_ops_on_colours_want_three_channels(layer, channels):
    with pytest.raises(ValueError, match=r"needs images with 3 channels.*data_format"):
        layer(np.zeros((2, 5, 6, channels)))


def test_grey_stays_grey_and_keeps_its_level():
    grey = np.broadcast_to(noise(channels=1), (3, 5, 6, 3))
    for layer in (RandomSaturation((0, 0.9)), RandomHue(1), RandomGrayscale(), ChannelMix(1)):
        np.testing.assert_allclose(computed(layer, grey, draws(layer)), grey, atol=1e-3)


def test_turning_and_saturating_keep_the_grey_of_each_pixel():
    pale = 128 + 0.1 * (noise() - 128)  # so that nothing is clipped
    for layer in (RandomSaturation((0.2, 0.8)), RandomHue(1)):
        np.testing.assert_allclose(computed(layer, pale, draws(layer)) @ GREY, pale @ GREY, atol=1e-3)


def test_channel_mix_stays_within_the_colours_of_the_pixel():
    images = noise()
    result = computed(ChannelMix(1), images, draws(ChannelMix(1)))
    assert (result <= images.max(axis=-1, keepdims=True) + 1e-3).all()
    assert (result >= images.min(axis=-1, keepdims=True) - 1e-3).all()


# Against Keras' own layers, with the same parameters.


@pytest.mark.parametrize("value_range", [(0, 255), (0, 1)], ids=str)
def test_brightness_and_contrast_are_those_of_keras(value_range):
    images = noise(value_range).astype("float32")
    numbers = np.array([[0.1], [0.5], [0.9]], "float32")
    span = value_range[1] - value_range[0]

    ours = computed(RandomBrightness(0.4, value_range=value_range), images, numbers)
    layer = keras.layers.RandomBrightness(0.4, value_range=value_range)
    delta = ((-0.4 + 0.8 * numbers) * span).reshape(3, 1, 1, 1)
    theirs = layer.transform_images(keras.ops.convert_to_tensor(images), {"rgb_delta": delta})
    np.testing.assert_allclose(ours, keras.ops.convert_to_numpy(theirs), atol=1e-6 * span)

    ours = computed(RandomContrast((0.4, 0.8), value_range=value_range), images, numbers)
    layer = keras.layers.RandomContrast((0.4, 0.8), value_range=value_range)
    factor = (0.6 + 1.2 * numbers).reshape(3, 1, 1, 1)
    theirs = layer.transform_images(
        keras.ops.convert_to_tensor(images), {"contrast_factor": keras.ops.convert_to_tensor(factor)}
    )
    np.testing.assert_allclose(ours, keras.ops.convert_to_numpy(theirs), atol=2e-6 * span)


def test_grayscale_is_that_of_keras():
    images = noise().astype("float32")
    ours = computed(RandomGrayscale(1), images, np.zeros((3, 1)))
    theirs = keras.ops.convert_to_numpy(keras.layers.RandomGrayscale(1.0)(images, training=True))
    assert np.abs(ours - theirs).max() < 0.05  # their weights sum up to 0.9999


def test_hue_turns_the_way_of_keras():
    # A weak colour, whose hue both know how to turn: only the sign and the unit of the angle are compared.
    image = np.array([[[[0.55, 0.45, 0.45]]]], "float32")
    ours = computed(RandomHue((0.2, 0.2), value_range=(0, 1)), image, np.array([[0.9]]))
    theirs = keras.layers.RandomHue((0.2, 0.2), value_range=(0, 1)).transform_images(
        keras.ops.convert_to_tensor(image), {"factor": keras.ops.convert_to_tensor(np.array([0.1], "float32"))}
    )
    ours, theirs = ours[0, 0, 0], keras.ops.convert_to_numpy(theirs)[0, 0, 0]
    assert np.argsort(ours).tolist() == np.argsort(theirs).tolist() == [2, 1, 0]


# Against Pillow.


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 1.7])
@pytest.mark.parametrize("enhancer", ["Brightness", "Contrast", "Color"])
def test_recolourings_are_the_enhancers_of_pillow(enhancer, factor):
    pytest.importorskip("PIL")
    from PIL import Image, ImageEnhance

    from keras_regkit.augmentation.image import _recolouring
    from keras_regkit.augmentation.image._stages import Recolour

    builder = {
        "Brightness": _recolouring.brightness_scaled,
        "Contrast": _recolouring.contrast_of_grey,
        "Color": _recolouring.saturation_scaled,
    }[enhancer]
    images = noise().astype("uint8")
    theirs = np.stack([getattr(ImageEnhance, enhancer)(Image.fromarray(i)).enhance(factor) for i in images])
    stage, tensors = Recolour(builder(factor)).split(keras.ops, keras.ops.zeros((3,)))
    ours = stage.run(keras.ops.convert_to_tensor(images, "float32"), tensors, keras.ops, (0, 255))
    ours = np.clip(np.round(keras.ops.convert_to_numpy(ours)), 0, 255)
    # Pillow rounds the grey before it blends, and cuts off instead of rounding at the end.
    assert np.abs(ours - theirs).max() <= 1 + (factor > 1)


def test_invert_is_that_of_pillow():
    pytest.importorskip("PIL")
    from PIL import Image, ImageOps

    images = noise().astype("uint8")
    theirs = np.stack([ImageOps.invert(Image.fromarray(i)) for i in images])
    ours = keras.ops.convert_to_numpy(RandomInvert(probability=1)(images))
    assert ours.dtype == "uint8"
    np.testing.assert_array_equal(ours, theirs)


# What they draw.


def parameters(layer, image, measure, count=4000):
    """Returns a number measured of each of many images that came of the same one."""
    images = np.broadcast_to(np.asarray(image, "float32"), (count, *np.shape(image)))
    return measure(keras.ops.convert_to_numpy(layer(images)).astype("float64"))


def test_brightness_is_uniform_and_goes_both_ways():
    amount = parameters(RandomBrightness(0.2, seed=0), np.full((1, 1, 1), 127.5), lambda x: x[:, 0, 0, 0] / 255 - 0.5)
    assert abs(amount.mean()) < 0.01
    assert abs((amount < 0).mean() - 0.5) < 0.03
    np.testing.assert_allclose(np.quantile(amount, [0, 0.25, 0.75, 1]), [-0.2, -0.1, 0.1, 0.2], atol=0.01)


def test_contrast_is_uniform_around_one():
    image = np.array([[[100.0], [110.0]]])
    factor = parameters(RandomContrast(0.6, seed=0), image, lambda x: (x[:, 0, 1, 0] - x[:, 0, 0, 0]) / 10)
    np.testing.assert_allclose(np.quantile(factor, [0, 0.25, 0.5, 1]), [0.4, 0.7, 1, 1.6], atol=0.03)
    factor = parameters(RandomContrast((0.1, 0.7), seed=0), image, lambda x: (x[:, 0, 1, 0] - x[:, 0, 0, 0]) / 10)
    np.testing.assert_allclose(np.quantile(factor, [0, 0.5, 1]), [0.9, 1.3, 1.7], atol=0.03)


def test_saturation_of_one_number_is_between_grey_and_it():
    image = np.array([[[130.0, 120, 120]]])
    strength = parameters(RandomSaturation(0.4, seed=0), image, lambda x: (x[:, 0, 0, 0] - x[:, 0, 0, 1]) / 10)
    np.testing.assert_allclose(np.quantile(strength, [0, 0.5, 1]), [0, 0.25, 0.4 / 0.6], atol=0.02)


def test_hue_turns_both_ways_and_as_far_as_it_says():
    def angle(x):
        i = x[:, 0, 0] @ [0.59590059, -0.27455667, -0.32134392]
        q = x[:, 0, 0] @ [0.21153661, -0.52273617, 0.31119955]
        return -np.angle((i + 1j * q) / (0.59590059 + 0.21153661j)) / np.pi

    turn = parameters(RandomHue((0.1, 0.3), seed=0), np.array([[[140.0, 120, 120]]]), angle)
    assert abs((turn < 0).mean() - 0.5) < 0.03
    np.testing.assert_allclose(np.quantile(np.abs(turn), [0, 0.5, 1]), [0.1, 0.2, 0.3], atol=0.01)


def test_the_rows_of_channel_mix_are_uniform_weights():
    # White in one channel shows the weights of that channel in each row.
    weights = parameters(ChannelMix((1, 1), seed=0), np.array([[[255.0, 0, 0]]]), lambda x: x[:, 0, 0] / 255)
    # A weight of three uniform ones has the density 2 (1 − w).
    np.testing.assert_allclose(weights.mean(axis=0), 1 / 3, atol=0.02)
    np.testing.assert_allclose((weights > 0.5).mean(axis=0), 1 / 4, atol=0.03)
    assert np.abs(np.corrcoef(weights.T) - np.eye(3)).max() < 0.06


@pytest.mark.parametrize(
    ("layer", "share"),
    [
        (RandomGrayscale(0.3, seed=0), 0.3),
        (RandomGrayscale(0.5, probability=0.5, seed=0), 0.25),
        (RandomInvert(seed=0), 0.5),
        (RandomBrightness((0.2, 0.2), probability=0.7, seed=0), 0.7),
        (Compose([RandomInvert(probability=0.2), RandomBrightness((0, 0))], seed=0), 0.2),
    ],
    ids=["grayscale", "grayscale-of-half", "invert", "brightness", "compose"],
)
def test_share_of_the_images_that_change(layer, share):
    changed = parameters(layer, np.array([[[140.0, 120, 110]]]), lambda x: np.abs(x - [140, 120, 110]).max((1, 2, 3)))
    assert abs((changed > 1).mean() - share) < 0.03


def test_each_image_draws_for_itself_and_each_op_too():
    layer = Compose([RandomBrightness(0.2), RandomBrightness(0.2)], seed=0)
    total = parameters(layer, np.full((1, 1, 1), 127.5), lambda x: x[:, 0, 0, 0] / 255 - 0.5)
    # The sum of two uniform numbers: a triangle, whose spread is that of one times √2.
    assert abs(total.std() - 0.2 * np.sqrt(2 / 3)) < 0.005
    assert len(np.unique(total)) > 3900


# Forms of images.

ALL = {name: make for name, (make, _, _) in OPS.items()} | {"jitter": lambda: ColorJitter(0.2, 0.2, (0.3, 0.7), 0.1)}


@pytest.mark.parametrize("name", ALL)
def test_channels_first_single_images_and_bytes(name):
    layer = ALL[name]()
    images, numbers = noise(), draws(layer)
    expected = computed(layer, images, numbers)
    first = type(layer).from_config({**layer.get_config(), "data_format": "channels_first"})
    np.testing.assert_allclose(
        computed(first, images.transpose(0, 3, 1, 2), numbers), expected.transpose(0, 3, 1, 2), atol=1e-4
    )
    np.testing.assert_allclose(computed(layer, images[0], numbers[:1]), expected[0], atol=1e-4)
    as_bytes = computed(layer, images, numbers, "uint8")
    assert as_bytes.dtype == "uint8"
    assert np.abs(as_bytes - expected).max() <= 0.501


def test_what_comes_with_the_images_stays():
    layer = ColorJitter(0.5, 0.5, (0.2, 0.8), 0.5, bounding_box_format="xyxy", seed=0)
    masks = np.random.default_rng(0).integers(0, 5, size=(3, 5, 6, 1))
    boxes = {"boxes": np.array([[[1.0, 1, 3, 4]]] * 3, "float32"), "labels": np.array([[2]] * 3)}
    result = layer({"images": noise(), "labels": np.arange(3), "segmentation_masks": masks, "bounding_boxes": boxes})
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(result["labels"]), np.arange(3))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(result["segmentation_masks"]), masks)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(result["bounding_boxes"]["boxes"]), boxes["boxes"])


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="tf.data runs beside TensorFlow and JAX here")
def test_within_tf_data():
    tf = pytest.importorskip("tensorflow")
    layer = Compose([ColorJitter(0.2, 0.2, (0.3, 0.7), 0.1), RandomInvert()], seed=0)
    data = tf.data.Dataset.from_tensor_slices(noise(count=6).astype("uint8")).batch(4).map(layer)
    results = np.concatenate([batch.numpy() for batch in data])
    assert results.dtype == "uint8"
    assert results.shape == (6, 5, 6, 3)
    assert not np.array_equal(results, noise(count=6).astype("uint8"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomBrightness(1.5), r"`factor` must be within \[-1, 1\].*Received: 1.5"),
        (lambda: RandomContrast(-0.1), r"`factor` must be within \[0, 1\].*1 - f to 1 \+ f.*Received: -0.1"),
        (lambda: RandomSaturation((0.6, 0.4)), r"pair of rising numbers.*\(0.6, 0.4\)"),
        (lambda: ColorJitter(hue_factor=2), r"`hue_factor` must be within \[0, 1\].*Received: 2"),
        (lambda: RandomHue(0.1, value_range=(1, 1)), r"`value_range` must be two rising numbers"),
    ],
)
def test_bad_arguments_say_what_is_wanted(make, message):
    with pytest.raises(ValueError, match=message):
        make()
