"""Erasing: which pixels, how many, and what they become."""

import keras
import numpy as np
import pytest

from keras_regkit.augmentation.image import Compose, Cutout, GridMask, RandomErasing, RandomFlip
from keras_regkit.augmentation.image._erase import centered_boxes, erased, noise

ops = keras.ops


def white(count=2000, height=32, width=32, channels=1):
    return np.ones((count, height, width, channels), "float32")


def holes(layer, **size):
    """Returns which pixels of white images became black, `(images, height, width)`."""
    return ops.convert_to_numpy(layer(white(**size)))[..., 0] == 0


def boxes_of(hole):
    """Returns the height and width of the holes that there are; fails where one is no full box."""
    sides = []
    for mask in hole[hole.any(axis=(1, 2))]:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert mask.sum() == height * width
        sides.append((height, width))
    return np.array(sides).T


def test_erased_area_and_aspect_are_those_of_the_paper():
    hole = holes(RandomErasing(fill_value=0, probability=1, seed=0), count=4000, height=64, width=64)
    area = hole.mean(axis=(1, 2))
    np.testing.assert_allclose(np.quantile(area, [0, 0.25, 0.5, 0.75, 1]), [0.02, 0.115, 0.21, 0.305, 0.4], atol=0.015)
    assert abs(area.mean() - 0.21) < 0.005
    height, width = boxes_of(hole)
    aspect = (height / width)[height * width < 0.2 * 64 * 64]
    # Small boxes of all aspects fit in: uniform from 0.3 to 3.33.
    np.testing.assert_allclose(np.quantile(aspect, [0.02, 0.5, 0.98]), [0.36, 1.82, 3.27], atol=0.12)


def test_boxes_lie_anywhere_within_the_image():
    hole = holes(RandomErasing((0.1, 0.1), (1, 1), fill_value=0, probability=1, seed=0), count=6000)
    height, width = boxes_of(hole)
    assert len(height) == 6000
    assert set(height) == set(width) == {10}
    # 23 places along each axis, all alike.
    for axis in (1, 2):
        first = hole.any(axis=axis).argmax(axis=1)
        assert set(first) == set(range(23))
        assert np.abs(np.bincount(first) - 6000 / 23).max() < 90
    # And along both at once: x does not know y.
    first = [hole.any(axis=axis).argmax(axis=1) for axis in (1, 2)]
    assert abs(np.corrcoef(first)[0, 1]) < 0.04


@pytest.mark.parametrize(("height", "width"), [(8, 64), (64, 8), (30, 40)])
def test_areas_stay_uniform_where_aspects_do_not_fit(height, width):
    hole = holes(RandomErasing((0.2, 0.8), fill_value=0, probability=1, seed=0), count=3000, height=height, width=width)
    boxes_of(hole)
    area = hole.mean(axis=(1, 2))
    assert abs(area.mean() - 0.5) < 0.02
    assert 0.15 < area.min() < 0.25
    assert 0.75 < area.max() < 0.85


def test_share_of_the_images_that_change():
    assert abs(holes(RandomErasing(fill_value=0, seed=0)).any(axis=(1, 2)).mean() - 0.5) < 0.04
    assert abs(holes(Cutout(9, probability=0.2, seed=0)).any(axis=(1, 2)).mean() - 0.2) < 0.03
    assert abs(holes(GridMask(seed=0)).any(axis=(1, 2)).mean() - 0.8) < 0.03


def test_cutout_is_a_square_around_any_pixel():
    hole = holes(Cutout(8, seed=0), count=6000)
    boxes_of(hole)
    # By hand: the middle is uniform, and the square is cut off at the border.
    length = np.minimum(np.arange(32) + 4, 32) - np.maximum(np.arange(32) - 4, 0)
    assert abs(hole.sum(axis=(1, 2)).mean() - length.mean() ** 2) < 0.5
    assert hole.sum(axis=(1, 2)).min() == 16
    assert hole.sum(axis=(1, 2)).max() == 64
    # How often each row is cut: from row 4 to 27 as often as can be, at the border half as often.
    share = hole.any(axis=2).mean(axis=0)
    expected = [sum(abs(y - c + 0.5) < 4 for c in range(32)) / 32 for y in range(32)]
    np.testing.assert_allclose(share, expected, atol=0.03)


def test_cutout_of_odd_and_of_two_sizes():
    hole = holes(Cutout((3, 5), seed=0), count=300)
    height, width = boxes_of(hole)
    assert height.max() == 3
    assert width.max() == 5
    assert not holes(Cutout(0, seed=0), count=20).any()


@pytest.mark.parametrize("rotation_factor", [0, 0.5], ids=["straight", "turned"])
def test_grid_mask_erases_its_share(rotation_factor):
    layer = GridMask(0.6, (0.2, 0.5), rotation_factor, probability=1, seed=0)
    share = holes(layer).mean(axis=(1, 2))
    assert abs(share.mean() - 0.4**2) < 0.005
    assert share.std() < 0.08


def test_grid_mask_is_a_grid():
    hole = holes(GridMask(0.5, (0.25, 0.25), probability=1, seed=0), count=200)
    for mask in hole:
        rows, columns = mask.any(axis=1), mask.any(axis=0)
        np.testing.assert_array_equal(mask, rows[:, None] & columns)
        np.testing.assert_array_equal(rows, np.roll(rows, 8))
        assert rows.sum() == columns.sum() == 16
    assert len({mask.tobytes() for mask in hole}) > 40  # 8 · 8 places


def test_a_turned_grid_is_turned_around():
    # Small cells: along the rows and along the columns there are as many changes in all directions together.
    hole = holes(GridMask(0.5, (0.5, 0.5), (0.125, 0.125), probability=1, seed=0), count=50, height=64, width=64)
    diagonal = np.mean([mask == np.roll(mask, (23, 23), (0, 1)) for mask in hole[:, :, :]])  # 32 · √2 / 2 = 22.6
    straight = np.mean([mask == np.roll(mask, (32, 0), (0, 1)) for mask in hole])
    assert diagonal > straight + 0.1


def test_each_image_has_its_own_box():
    for layer in (
        RandomErasing(fill_value=0, probability=1, seed=0),
        Cutout(5, seed=0),
        GridMask(probability=1, seed=0),
    ):
        first, second = holes(layer, count=50), holes(layer, count=50)
        assert len({mask.tobytes() for mask in (*first, *second)}) > 90


# What erased pixels become.


def test_boxes_by_hand():
    images = np.random.default_rng(0).uniform(size=(3, 7, 6, 2)).astype("float32")
    y, x = np.array([0.0, 3, 6], "float32"), np.array([5.0, 2, 0], "float32")
    boxes = centered_boxes(
        ops.convert_to_tensor(y), ops.convert_to_tensor(x), 3, ops.convert_to_tensor([2.0, 4, 1]), ops
    )
    np.testing.assert_array_equal(ops.convert_to_numpy(boxes), [[-1, 4, 2, 6], [2, 0, 5, 4], [5, 0, 8, 1]])
    expected = images.copy()
    expected[0, 0:2, 4:6], expected[1, 2:5, 0:4], expected[2, 5:7, 0:1] = 9, 9, 9
    result = erased(ops.convert_to_tensor(images), boxes, 9.0, ops)
    np.testing.assert_array_equal(ops.convert_to_numpy(result), expected)


def test_fill_values():
    images = np.random.default_rng(0).uniform(0, 1, size=(5, 8, 8, 3)).astype("float32")
    everything = {"scale": (1, 1), "ratio": (1, 1), "probability": 1, "value_range": (0, 1)}
    result = ops.convert_to_numpy(RandomErasing(fill_value=0.25, **everything)(images))
    np.testing.assert_allclose(result, 0.25)
    result = ops.convert_to_numpy(RandomErasing(fill_value=[0.1, 0.2, 0.3], **everything)(images))
    np.testing.assert_allclose(result, np.broadcast_to([0.1, 0.2, 0.3], images.shape), rtol=1e-6)
    result = ops.convert_to_numpy(RandomErasing(fill_value="mean", **everything)(images))
    np.testing.assert_allclose(result, np.broadcast_to(images.mean((1, 2), keepdims=True), images.shape), rtol=1e-5)
    with pytest.raises(ValueError, match=r"`fill_value` must have one number for each of the 3 channels.*\[1, 2\]"):
        RandomErasing(fill_value=[1, 2], **everything)(images)


@pytest.mark.parametrize("value_range", [(0, 255), (-1, 1)], ids=str)
def test_noise_is_uniform_and_of_no_order(value_range):
    low, high = value_range
    layer = RandomErasing((1, 1), (1, 1), probability=1, value_range=value_range, seed=0)
    values = ops.convert_to_numpy(layer(np.full((40, 32, 32, 3), low, "float32")))
    values = (values.astype("float64") - low) / (high - low)
    assert abs(values.mean() - 0.5) < 0.005
    np.testing.assert_allclose(np.histogram(values, 16, (0, 1))[0] / values.size * 16, 1, atol=0.05)
    centred = values - values.mean()
    for axis in range(4):  # neighbours along each axis, images among them
        for step in (1, 2, 16):
            if step < values.shape[axis]:
                assert abs((centred * np.roll(centred, step, axis)).mean() * 12) < 0.02
    assert len(np.unique(values)) > 0.98 * values.size


def test_noise_hangs_on_both_numbers():
    numbers = np.array([[0.1, 0.2], [0.1, 0.2], [0.1 + 2e-7, 0.2], [0.1, 0.2 + 2e-7]], "float32")
    values = ops.convert_to_numpy(noise(ops.convert_to_tensor(numbers), (16, 16, 3), ops)).reshape(4, -1)
    np.testing.assert_array_equal(values[0], values[1])
    assert np.abs(np.corrcoef(values[[0, 2, 3]]) - np.eye(3)).max() < 0.15


# Forms of images.

LAYERS = {
    "erasing": lambda **kw: RandomErasing(probability=1, **kw),
    "erasing-mean": lambda **kw: RandomErasing(fill_value="mean", probability=1, **kw),
    "cutout": lambda **kw: Cutout(5, **kw),
    "grid-mask": lambda **kw: GridMask(probability=1, rotation_factor=0.1, **kw),
}


@pytest.mark.parametrize("name", LAYERS)
def test_channels_first_single_images_and_bytes(name):
    images = np.random.default_rng(0).integers(1, 256, size=(3, 12, 14, 3)).astype("uint8")
    numbers = np.random.default_rng(1).uniform(size=(3, LAYERS[name]().draws)).astype("float32")

    def computed(layer, x):
        own = ops.convert_to_tensor(numbers[: 1 if x.ndim == 3 else 3])
        return ops.convert_to_numpy(layer.augment(ops.convert_to_tensor(x), own, ops))

    expected = computed(LAYERS[name](), images.astype("float32"))
    first = computed(LAYERS[name](data_format="channels_first"), images.astype("float32").transpose(0, 3, 1, 2))
    np.testing.assert_allclose(first.transpose(0, 2, 3, 1), expected, atol=1e-3)
    np.testing.assert_allclose(computed(LAYERS[name](), images[0].astype("float32")), expected[0], atol=1e-3)
    as_bytes = computed(LAYERS[name](), images)
    assert as_bytes.dtype == "uint8"
    assert np.abs(as_bytes - expected).max() <= 0.501
    grey = LAYERS[name]()(images[..., :1])
    assert grey.shape == (3, 12, 14, 1)


def test_what_comes_with_the_images_stays():
    images = {"images": white(3, 8, 8, 3), "segmentation_masks": np.ones((3, 8, 8, 1), "int32")}
    for make in LAYERS.values():
        masks = make()(images)["segmentation_masks"]
        np.testing.assert_array_equal(ops.convert_to_numpy(masks), images["segmentation_masks"])


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="tf.data runs beside TensorFlow and JAX here")
@pytest.mark.parametrize("sizes", ["known", "unknown"])
def test_within_tf_data(sizes):
    tf = pytest.importorskip("tensorflow")
    layer = Compose([RandomFlip(), *(make() for make in LAYERS.values())], seed=0)
    shape = (None, None, 3) if sizes == "unknown" else (12, 14, 3)
    images = np.full((6, 12, 14, 3), 200, "uint8")
    data = tf.data.Dataset.from_generator(lambda: iter(images), output_signature=tf.TensorSpec(shape, tf.uint8))
    results = np.concatenate([batch.numpy() for batch in data.batch(4).map(layer)])
    assert results.dtype == "uint8"
    assert results.shape == images.shape
    assert (results != 200).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: RandomErasing(scale=(0.4, 0.02)), ValueError, r"`scale` must be within \[0, 1\].*\(0.4, 0.02\)"),
        (lambda: RandomErasing(ratio=(0, 1)), ValueError, r"`ratio` must be within \[0.01, 100\]"),
        (lambda: RandomErasing(ratio=1.0), TypeError, r"`ratio` must be a pair of rising numbers.*Received: 1.0"),
        (lambda: RandomErasing(fill_value="noise"), ValueError, r"`fill_value` must be one of.*'mean'"),
        (lambda: Cutout(2.5), TypeError, r"`size` must be a whole number or a pair.*Received: 2.5"),
        (lambda: Cutout(-2), ValueError, r"`size` must be at least 0.*Received: -2"),
        (lambda: GridMask(1.2), ValueError, r"`ratio` must be in \[0, 1\]. Received: 1.2"),
    ],
)
def test_bad_arguments_say_what_is_wanted(make, error, message):
    with pytest.raises(error, match=message):
        make()
