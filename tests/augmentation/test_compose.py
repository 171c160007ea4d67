"""Many ops in few passes."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy as to_numpy

from keras_regkit.augmentation.image import (
    Compose,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomHue,
    RandomInvert,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from keras_regkit.augmentation.image._frame import Frame
from keras_regkit.augmentation.image._stages import Recolour, Resample, plan


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(0, 255, (4, 9, 11, 3)).astype("float32")


def passes(*steps, clip="end"):
    """Returns the kinds of pass that steps take."""
    layer = Compose(list(steps), clip=clip)
    numbers = ops.convert_to_tensor(np.full((4, layer.draws), 0.4, "float32"))
    made, _ = plan(layer.steps(), numbers, Frame(ops, 9, 11, 3, (0, 255)), layer.clip)
    return [type(stage) for stage in made]


def eager(layer):
    """Returns the layer without compilation, which takes a second for each: the same steps, one by one."""
    layer._kernel = layer._compute
    return layer


def test_neighbours_fuse():
    turn, shift, contrast = RandomRotation(0.1), RandomTranslation(0.1, 0.1), RandomContrast(0.1)
    assert passes(RandomFlip(), turn, shift, RandomZoom(0.1), RandomCrop(5, 5), RandomFlip()) == [Resample]
    assert passes(turn, shift, contrast, contrast) == [Resample, Recolour]
    assert passes(contrast, turn, contrast) == [Recolour, Resample, Recolour]
    assert passes(contrast, contrast, clip="each") == [Recolour, Recolour]
    assert passes(turn, RandomInvert(), shift)[0] == Resample
    assert passes(Compose([turn, Compose([shift])]), RandomFlip()) == [Resample]


def test_what_fills_differently_does_not_fuse():
    turn = RandomRotation(0.1, fill_mode="constant")
    assert passes(turn, RandomZoom(0.1)) == [Resample, Resample]
    assert passes(turn, RandomZoom(0.1, fill_mode="constant", fill_value=1.0)) == [Resample, Resample]
    assert passes(turn, RandomZoom(0.1, fill_mode="constant", interpolation="nearest")) == [Resample, Resample]
    # The value is nobody's business where nothing is filled with it.
    assert passes(RandomRotation(0.1, fill_value=1.0), RandomZoom(0.1)) == [Resample]


@pytest.mark.parametrize("fill", ["constant", "nearest"])
def test_several_passes_equal_the_ops_one_by_one(images, fill):
    steps = [
        RandomContrast(0.5),
        RandomRotation(0.1, fill_mode=fill),
        RandomInvert(probability=0.5),
        RandomZoom(0.2, fill_mode=fill),
        RandomCrop(5, 7),
        RandomContrast(0.5, probability=0.7),
    ]
    layer = eager(Compose(steps, clip="each"))
    numbers = np.random.default_rng(1).random((4, layer.draws)).astype("float32")
    fused = to_numpy(layer.augment(ops.convert_to_tensor(images), ops.convert_to_tensor(numbers), ops))
    wanted, column = ops.convert_to_tensor(images), 0
    for step in steps:
        own = ops.convert_to_tensor(numbers[:, column : column + step.draws])
        wanted, column = eager(step).augment(wanted, own, ops), column + step.draws
    assert column == layer.draws
    np.testing.assert_allclose(fused, to_numpy(wanted), atol=2e-2)


def test_order_counts(images):
    turn, shift = RandomRotation((0.25, 0.25)), RandomTranslation((0.2, 0.2), (0.0, 0.0))
    one, other = eager(Compose([turn, shift])), eager(Compose([shift, turn]))
    assert np.abs(to_numpy(one(images)) - to_numpy(other(images))).max() > 10


def test_the_value_range_is_that_of_the_pipeline(images):
    contrast = RandomContrast((1.0, 1.0), value_range=(0, 255))
    layer, numbers = (
        eager(Compose([contrast], value_range=(0, 1))),
        ops.convert_to_tensor(np.full((4, 1), 0.8, "float32")),
    )
    seen = to_numpy(layer.augment(ops.convert_to_tensor(images / 255), numbers, ops))
    wanted = to_numpy(eager(contrast).augment(ops.convert_to_tensor(images), numbers, ops)) / 255
    np.testing.assert_allclose(seen, wanted, atol=1e-5)


def test_layers_of_equal_seeds_within_draw_apart(images):
    # Numbers come from the pipeline: equal seeds of the layers do not turn and shift in step.
    steps = [RandomTranslation(0.4, (0, 0), seed=1), RandomTranslation((0, 0), 0.4, seed=1)]
    layer = Compose(steps, seed=0)
    numbers = ops.convert_to_tensor(np.random.default_rng(0).random((400, layer.draws)).astype("float32"))
    assert layer.draws == 4
    made, _ = plan(layer.steps(), numbers, Frame(ops, 10, 10, 3, (0, 255)), "end")
    x, y = (to_numpy(made[0].matrix[k][2]) for k in range(2))
    assert abs(np.corrcoef(x, y)[0, 1]) < 4 / np.sqrt(400)


def test_same_seed_same_images_and_calls_differ(images):
    def make():
        return eager(Compose([RandomRotation(0.2), RandomFlip()], seed=3))

    one, other = make(), make()
    first = to_numpy(one(images))
    np.testing.assert_array_equal(first, to_numpy(other(images)))
    assert np.abs(first - to_numpy(one(images))).max() > 1


def test_config_goes_round_with_its_layers(images):
    layer = Compose(
        [RandomFlip("horizontal"), Compose([RandomCrop(5, 6), RandomZoom((-0.1, 0.2), None)])],
        value_range=(0, 1),
        clip="each",
        seed=4,
        bounding_box_format="xywh",
    )
    again = Compose.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(to_numpy(eager(layer)(images)), to_numpy(eager(again)(images)))
    assert layer.compute_output_shape((None, 9, 11, 3)) == (None, 5, 6, 3)
    assert layer.compute_size(None, 11) == (5, 6)


def test_in_a_model_it_acts_in_training_alone(images):
    inputs = keras.Input((9, 11, 3))
    model = keras.Model(inputs, Compose([RandomRotation(0.2), RandomContrast(0.5)], seed=1)(inputs))
    np.testing.assert_array_equal(model.predict(images, verbose=0), images)
    assert np.abs(to_numpy(model(images, training=True)) - images).max() > 1


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"augmentations": [keras.layers.RandomFlip()]}, TypeError, "layers of keras_regkit.augmentation.image"),
        ({"augmentations": [RandomFlip]}, TypeError, "Hand over a layer, not its class"),
        ({"augmentations": []}, ValueError, "at least one"),
        ({"augmentations": RandomFlip()}, TypeError, "must be a list"),
        ({"augmentations": [RandomFlip()], "clip": "never"}, ValueError, "`clip` must be one of"),
        ({"augmentations": [RandomFlip()], "value_range": (1, 0)}, ValueError, "two rising numbers"),
        ({"augmentations": [RandomFlip()], "value_range": 255}, TypeError, "must be two numbers"),
        ({"augmentations": [RandomFlip()], "probability": 0.5}, TypeError, "give each of its layers its own"),
        ({"augmentations": [RandomContrast(0.1, value_range=(0, 1))]}, ValueError, r"has value_range=\(0, 255\)"),
        ({"augmentations": [Compose([RandomFlip()], clip="each")]}, ValueError, "Compose has clip='end'"),
        ({"augmentations": [RandomFlip(data_format="channels_first")]}, ValueError, "Compose has data_format=None"),
    ],
)
def test_bad_arguments(arguments, error, says):
    with pytest.raises(error, match=says):
        Compose(**arguments)


def test_nan_is_found_where_it_can_be_seen():
    images = np.ones((3, 4, 4, 3), "float32")
    images[1, 2, 2, 0] = np.nan
    with pytest.raises(ValueError, match=r"finite numbers.*NaN or infinity in 1 of 3 images, first in number 1"):
        RandomFlip()(images)
    RandomFlip()(images, training=False)
    # More than the largest float in sum, and still finite.
    RandomFlip()(np.full((2, 4, 4, 3), 3e38, "float32"))


def test_colours_without_channels_are_refused_when_the_model_is_made():
    with pytest.raises(ValueError, match=r"RandomHue needs images with 3 channels.*with 1"):
        Compose([RandomFlip(), RandomHue(0.1)])(keras.Input((8, 8, 1)))
    Compose([RandomFlip(), RandomInvert()])(keras.Input((8, 8, 1)))


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # NumPy of torch
def test_a_wrong_value_range_is_noticed():
    ones = np.random.default_rng(0).uniform(0, 1, (2, 4, 4, 3)).astype("float32")
    with pytest.warns(
        UserWarning, match=r"value_range=\(0, 255\), and received images with values from 0\.\d+ to 0\.9"
    ):
        Compose([RandomFlip(), RandomHue(0.1)])(ones)
    with pytest.warns(UserWarning, match=r"value_range=\(0, 1\), and received images with values from .* to 25"):
        RandomInvert(value_range=(0, 1))(255 * ones)
    with pytest.raises(ValueError, match=r"value_range=\(0, 1\). Received: images of uint8"):
        RandomInvert(value_range=(0, 1))((255 * ones).astype("uint8"))
    # Ops that only move pixels know of no range.
    RandomFlip()(ones)


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # NumPy of torch
def test_what_is_no_tensor_of_images_is_refused():
    images = np.zeros((2, 4, 4, 3), "float32")
    with pytest.raises(TypeError, match=r"takes a tensor of images, or a dict. Received: a tuple of 2. Labels stay"):
        RandomFlip()((images, np.zeros(2)))
    with pytest.raises(ValueError, match=r"takes images, or a dict with 'images'.*\['image'\]"):
        RandomFlip()({"image": images})
    with pytest.warns(UserWarning, match=r"\(60, 28, 28\) as one image with 28 channels.*x\[\.\.\., None\]"):
        RandomFlip()(np.zeros((60, 28, 28), "float32"))
