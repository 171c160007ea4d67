"""Ops that move pixels, against a slow reference in 64 bits, and against Keras where it has the op."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy as to_numpy

from keras_regkit.augmentation.image import (
    Compose,
    RandomAffine,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomGaussianBlur,
    RandomHue,
    RandomInvert,
    RandomPerspective,
    RandomResizedCrop,
    RandomRotation,
    RandomShear,
    RandomTranslation,
    RandomZoom,
)
from keras_regkit.augmentation.image._frame import Frame

MODES = ("constant", "nearest", "reflect", "wrap")
BATCH, HEIGHT, WIDTH = 5, 13, 17


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(0, 255, (BATCH, HEIGHT, WIDTH, 3)).astype("float32")


def numbers_for(layer, batch=BATCH, seed=1):
    return np.random.default_rng(seed).random((batch, layer.draws)).astype("float32")


def eager(layer):
    """Returns the layer without compilation, which takes a second for each: the same steps, one by one."""
    layer._kernel = layer._compute
    return layer


def run(layer, images, numbers, compiled=False):
    """Returns what a layer makes of images when these are the numbers it draws."""
    layer = layer if compiled else eager(layer)
    return to_numpy(layer.augment(ops.convert_to_tensor(images), ops.convert_to_tensor(numbers), ops))


def pixel(image, y, x, mode, value):
    """Returns the pixel at whole coordinates, which may be outside: by what the names of the modes say."""
    height, width, _ = image.shape
    if mode == "constant" and not (0 <= y < height and 0 <= x < width):
        return np.full(image.shape[-1], value)

    def inside(i, n):
        if mode == "wrap":
            return i % n
        if mode == "reflect":
            i = i % (2 * n)
            return i if i < n else 2 * n - 1 - i
        return min(max(i, 0), n - 1)

    return image[inside(y, height), inside(x, width)]


def reference(image, matrix, size, mode="nearest", value=0.0, interpolation="bilinear"):
    """Returns one image resampled, pixel by pixel, and where the nearest pixel is no matter of rounding."""
    image = image.astype("float64")
    out, sure = np.zeros((*size, image.shape[-1])), np.ones(size, bool)
    for i in range(size[0]):
        for j in range(size[1]):
            x, y, w = matrix @ (j, i, 1)
            x, y = x / w, y / w
            if interpolation == "nearest":
                sure[i, j] = (
                    max(abs(x % 1 - 0.5), abs(y % 1 - 0.5)) < 0.5 and min(abs(x % 1 - 0.5), abs(y % 1 - 0.5)) > 1e-3
                )
                out[i, j] = pixel(image, int(np.floor(y + 0.5)), int(np.floor(x + 0.5)), mode, value)
                continue
            left, top = int(np.floor(x)), int(np.floor(y))
            for dy in (0, 1):
                for dx in (0, 1):
                    weight = abs(1 - dy - (y - top)) * abs(1 - dx - (x - left))
                    out[i, j] += weight * pixel(image, top + dy, left + dx, mode, value)
    return out, sure


def about(linear, width=WIDTH, height=HEIGHT):
    """Returns the 3 × 3 matrix of a 2 × 2 one around the middle."""
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = middle - matrix[:2, :2] @ middle
    return matrix


def flip_rotate_zoom_translate_shear(u):
    """Returns the product of what five ops with the ranges of `many` do at these uniform numbers."""
    flip = np.diag([-1.0 if u[0] < 0.5 else 1.0, -1.0 if u[1] < 0.5 else 1.0])
    angle = 2 * np.pi * (-0.1 + 0.2 * u[2])
    turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    zoom = np.diag([1 - 0.3 + 0.5 * u[4], 1 - 0.2 + 0.4 * u[3]])
    shift = np.eye(3)
    shift[:2, 2] = -(-0.2 + 0.4 * u[6]) * WIDTH, -(-0.1 + 0.4 * u[5]) * HEIGHT
    slant = np.eye(3)
    slant[0, 1] = 0.3 * u[7] * (-1 if u[8] < 0.5 else 1)
    slant[1, 0] = (0.1 + 0.1 * u[9]) * (-1 if u[10] < 0.5 else 1)
    return about(flip) @ about(turn) @ about(zoom) @ shift @ slant


def many(**fill):
    return [
        RandomFlip(),
        RandomRotation(0.1, **fill),
        RandomZoom(0.2, (-0.3, 0.2), **fill),
        RandomTranslation((-0.1, 0.3), 0.2, **fill),
        RandomShear(0.3, (0.1, 0.2), **fill),
    ]


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize("mode", MODES)
def test_many_ops_are_one_matrix_and_one_sample(images, mode, interpolation):
    layer = Compose(many(fill_mode=mode, fill_value=40.0, interpolation=interpolation))
    numbers = numbers_for(layer)
    result = run(layer, images, numbers, compiled=interpolation == "bilinear")
    for image, u, seen in zip(images, numbers.astype("float64"), result, strict=True):
        matrix = flip_rotate_zoom_translate_shear(u)
        wanted, sure = reference(image, matrix, (HEIGHT, WIDTH), mode, 40.0, interpolation)
        assert sure.mean() > 0.9
        np.testing.assert_allclose(seen[sure], wanted[sure], atol=1e-3 * 255)


def test_bytes_are_close_to_floats(images):
    layer = Compose(many(fill_mode="constant", fill_value=40.0))
    numbers = numbers_for(layer)
    whole = images.astype("uint8")
    seen = run(layer, whole, numbers, compiled=True)
    assert seen.dtype == np.uint8
    wanted = run(layer, whole.astype("float32"), numbers)
    assert np.abs(seen - wanted).max() < 0.75  # half a level by rounding, a quarter by packed weights


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16"])
def test_other_dtypes_come_back(images, dtype):
    layer = RandomRotation(0.1, fill_mode="constant", fill_value=-3.5, dtype="float16")
    numbers = numbers_for(layer)
    seen = run(layer, images[..., :2].astype(dtype), numbers)
    assert seen.dtype == dtype
    wanted = run(RandomRotation(0.1, fill_mode="constant", fill_value=-3.5), images[..., :2].astype(dtype), numbers)
    close = 0.6 if dtype == "uint8" else 0.26
    limits = (0, 255) if dtype == "uint8" else (-9, 300)
    np.testing.assert_allclose(seen.astype("float32"), wanted.astype("float32").clip(*limits), atol=close)


def test_one_pass_equals_the_sequence_on_smooth_images():
    y, x = np.mgrid[:65, :65]
    image = (127 + 60 * np.sin(x / 9.0) + 60 * np.cos(y / 11.0)).astype("float32")[None, :, :, None]
    steps = [
        RandomRotation((0.04, 0.05)),
        RandomZoom((-0.2, -0.1)),
        RandomShear((0.05, 0.1)),
        RandomTranslation(0.03, 0.03),
    ]
    layer = Compose(steps)
    numbers = numbers_for(layer, 1)
    fused, sequence, column = run(layer, image, numbers), image, 0
    for step in steps:
        sequence = run(step, sequence, numbers[:, column : column + step.draws])
        column += step.draws
    difference = np.abs(fused - sequence)[:, 12:-12, 12:-12]
    assert np.abs(fused - image).max() > 20
    assert difference.max() < 1.5
    # The first smooths once, the other four times.
    assert difference.max() > 0


@pytest.mark.parametrize("mode", ["constant", "nearest"])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (RandomRotation((0.1, 0.1)), keras.layers.RandomRotation((0.1, 0.1))),
        (RandomZoom((0.2, 0.2)), keras.layers.RandomZoom((0.2, 0.2))),
        (RandomZoom((0.2, 0.2), (-0.3, -0.3)), keras.layers.RandomZoom((0.2, 0.2), (-0.3, -0.3))),
        (RandomTranslation((0.1, 0.1), (-0.23, -0.23)), keras.layers.RandomTranslation((0.1, 0.1), (-0.23, -0.23))),
    ],
    ids=["rotation", "zoom", "zoom of two", "translation"],
)
def test_directions_are_those_of_keras(images, ours, theirs, mode):
    fill = {"fill_mode": mode, "fill_value": 7.0}
    ours = type(ours).from_config({**ours.get_config(), **fill})
    theirs = type(theirs).from_config({**theirs.get_config(), **fill})
    np.testing.assert_allclose(to_numpy(eager(ours)(images)), to_numpy(theirs(images, training=True)), atol=2e-3)


def test_shear_is_that_of_keras_to_either_side(images):
    seen = to_numpy(
        eager(RandomShear((0.2, 0.2), (0.1, 0.1), fill_mode="constant", seed=1))(np.repeat(images[:1], 40, 0))
    )
    found = []
    for x in (0.2, -0.2):
        for y in (0.1, -0.1):
            matrix = np.array([1, x, 0, y, 1, 0, 0, 0], "float32")
            wanted = to_numpy(ops.image.affine_transform(images[:1], matrix[None]))
            found.append(np.isclose(seen, wanted, atol=2e-3).all((1, 2, 3)))
    # Each image is one of the four, and all four come.
    assert np.sum(found, axis=0).tolist() == [1] * 40
    assert np.sum(found, axis=1).min() >= 3


def homography(corners, size):
    """Returns the matrix that takes the corners of pixels of an image to others; by eight linear equations."""
    width, height = size
    rows, right = [], []
    for (u, v), (x, y) in zip([(0, 0), (1, 0), (1, 1), (0, 1)], corners, strict=True):
        u, v = u * width - 0.5, v * height - 0.5
        rows += [[u, v, 1, 0, 0, 0, -u * x, -v * x], [0, 0, 0, u, v, 1, -u * y, -v * y]]
        right += [x, y]
    return np.append(np.linalg.solve(rows, right), 1).reshape(3, 3)


def test_perspective_takes_the_corners_where_it_says(images):
    layer = RandomPerspective(scale=0.4, fill_value=9.0)
    numbers = numbers_for(layer)
    result = run(layer, images, numbers)
    for image, u, seen in zip(images, numbers.astype("float64"), result, strict=True):
        moved = u[:8].reshape(4, 2) * 0.4 - 0.2
        corners = ((np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) + moved) * (WIDTH, HEIGHT)) - 0.5
        back = np.linalg.inv(homography(corners, (WIDTH, HEIGHT)))
        wanted, _ = reference(image, back, (HEIGHT, WIDTH), "constant", 9.0)
        np.testing.assert_allclose(seen, wanted, atol=1e-3 * 255)


def test_perspective_of_any_scale_is_finite_and_leaves_the_others(images):
    many_images = np.repeat(images, 40, axis=0)
    seen = to_numpy(eager(RandomPerspective(0.5, scale=1.0, seed=1))(many_images))
    assert np.isfinite(seen).all()
    assert seen.min() >= 0
    assert seen.max() <= 255.1
    same = np.isclose(seen, many_images, atol=1e-2).all((1, 2, 3)).mean()
    assert 0.35 < same < 0.65  # 4 standard deviations of 200 draws
    for factor, low, high in (((0.2, 0.6), 0.46, 0.74), (0.0, 1, 1)):
        seen = to_numpy(eager(RandomPerspective(factor, seed=1))(many_images))
        assert low <= np.isclose(seen, many_images, atol=1e-2).all((1, 2, 3)).mean() <= high


def test_affine_is_its_ops_in_one(images):
    fill = {"fill_mode": "constant"}
    layer = RandomAffine((0.07, 0.07), (-0.2, -0.2), (0.1, 0.1), (0.15, 0.15), **fill)
    angle = 2 * np.pi * 0.07
    shift = np.eye(3)
    shift[:2, 2] = -0.1 * WIDTH, -0.1 * HEIGHT
    matrix = shift @ about([[1, 0.15], [0.15, 1]]) @ about(np.eye(2) * 0.8)
    matrix = matrix @ about([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    wanted, _ = reference(images[0], matrix, (HEIGHT, WIDTH), "constant")
    np.testing.assert_allclose(to_numpy(eager(layer)(images))[0], wanted, atol=1e-3 * 255)
    same = Compose([RandomTranslation((0.1, 0.1), (0.1, 0.1), **fill), RandomRotation((0.07, 0.07), **fill)])
    layer = RandomAffine((0.07, 0.07), translation_factor=(0.1, 0.1), **fill)
    np.testing.assert_allclose(to_numpy(eager(layer)(images)), to_numpy(eager(same)(images)), atol=1e-2)


def matrices(layer, count, size=(40, 60)):
    """Returns the matrices of many draws."""
    numbers = np.random.default_rng(3).random((count, layer.own_draws)).astype("float32")
    frame = Frame(ops, *size, 3, (0, 255))
    rows = layer.matrix([ops.convert_to_tensor(column) for column in numbers.T], frame)
    entries = [[entry if isinstance(entry, int | float) else to_numpy(entry) for entry in row] for row in rows]
    return np.array([[np.broadcast_to(entry, count) for entry in row] for row in entries]).transpose(2, 0, 1)


@pytest.mark.parametrize(
    ("layer", "measure", "ends"),
    [
        (RandomRotation(0.1), lambda m: np.arctan2(m[:, 1, 0], m[:, 0, 0]) / (2 * np.pi), (-0.1, 0.1)),
        (RandomRotation((0.02, 0.3)), lambda m: np.arctan2(m[:, 1, 0], m[:, 0, 0]) / (2 * np.pi), (0.02, 0.3)),
        (RandomZoom(0.3), lambda m: m[:, 0, 0] - 1, (-0.3, 0.3)),
        (RandomZoom(0.1, (0.1, 0.5)), lambda m: m[:, 0, 0] - 1, (0.1, 0.5)),
        (RandomTranslation(0.2, 0.0), lambda m: -m[:, 1, 2] / 40, (-0.2, 0.2)),
        (RandomTranslation(0.0, (-0.1, 0.4)), lambda m: -m[:, 0, 2] / 60, (-0.1, 0.4)),
        (RandomShear(0.3), lambda m: m[:, 0, 1], (-0.3, 0.3)),
        (RandomShear(0.0, 0.3), lambda m: m[:, 1, 0], (-0.3, 0.3)),
        (RandomResizedCrop(40, 60, (0.2, 0.9), (1.0, 2.0)), lambda m: m[:, 0, 0] * m[:, 1, 1], (0.2, 0.9)),
    ],
)
def test_each_image_draws_from_the_whole_range(layer, measure, ends):
    seen = measure(matrices(layer, 2000))
    low, high = ends
    # Uniform: quarters of the range have a quarter of the draws each, within 4 standard deviations.
    counts, _ = np.histogram(seen, bins=4, range=(low - 1e-6, high + 1e-6))
    assert counts.sum() == 2000
    assert np.abs(counts - 500).max() < 4 * np.sqrt(2000 * 0.25 * 0.75)


def test_flips_are_apart_and_half(images):
    seen = to_numpy(eager(RandomFlip(seed=1))(np.repeat(images[:1], 200, axis=0)))
    ways = [images[0], images[0, :, ::-1], images[0, ::-1], images[0, ::-1, ::-1]]
    counts = np.array([(seen == way).all((1, 2, 3)).sum() for way in ways])
    assert counts.sum() == 200
    assert np.abs(counts - 50).max() < 4 * np.sqrt(200 * 0.25 * 0.75)
    for mode, way in (("horizontal", ways[1]), ("vertical", ways[2])):
        seen = to_numpy(eager(RandomFlip(mode, seed=1))(np.repeat(images[:1], 40, axis=0)))
        changed = (seen == way).all((1, 2, 3))
        assert ((seen == images[0]).all((1, 2, 3)) != changed).all()
        assert 5 < changed.sum() < 35


@pytest.mark.parametrize("layer", [RandomRotation((0.1, 0.2), probability=0.3, seed=1)])
def test_probability_is_a_share_of_the_images(images, layer):
    many_images = np.repeat(images, 60, axis=0)
    changed = (~np.isclose(to_numpy(eager(layer)(many_images)), many_images, atol=1e-2)).any((1, 2, 3)).mean()
    assert abs(changed - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 300)


def test_crop_takes_windows_of_each_image(images):
    seen = to_numpy(eager(RandomCrop(4, 15, seed=1))(np.repeat(images[:1], 200, axis=0)))
    places = [(y, x) for y in range(HEIGHT - 3) for x in range(WIDTH - 14)]
    counts = [(seen == images[0, y : y + 4, x : x + 15]).all((1, 2, 3)).sum() for y, x in places]
    assert sum(counts) == 200
    assert min(counts) >= 1
    middle = to_numpy(eager(RandomCrop(4, 15))(images, training=False))
    np.testing.assert_array_equal(middle, images[:, 4:8, 1:16])


@pytest.mark.parametrize("training", [True, False])
def test_crop_of_a_small_image_enlarges_the_largest_window(images, training):
    # 26 of 13 rows: things get twice as large, and 20 columns are 10 of the input.
    layer = RandomCrop(26, 20, seed=1)
    seen = to_numpy(eager(layer)(images, training=training))
    assert seen.shape == (BATCH, 26, 20, 3)
    resized = to_numpy(ops.image.resize(images, (26, 34)))
    starts = {}
    for index in range(BATCH):
        fits = [
            x
            for x in range(0, 15, 2)
            if np.allclose(seen[index, :, 1:-1], resized[index, :, x + 1 : x + 19], atol=1e-2)
        ]
        assert len(fits) == 1
        starts[index] = fits[0]
    assert set(starts.values()) == {6} if not training else len(set(starts.values())) > 1


def test_resized_crop_shows_the_whole_image_at_rest(images):
    layer = RandomResizedCrop(20, 11)
    wanted = to_numpy(ops.image.resize(images, (20, 11)))
    np.testing.assert_allclose(to_numpy(eager(layer)(images, training=False)), wanted, atol=1e-2)
    unchosen = RandomResizedCrop(20, 11, probability=0.0)
    np.testing.assert_allclose(to_numpy(unchosen(images)), wanted, atol=1e-2)


def test_windows_of_a_resized_crop_lie_inside_and_have_their_proportions():
    layer = RandomResizedCrop(20, 10, (0.08, 1.0), (3 / 4, 4 / 3))
    m = matrices(layer, 2000)
    width, height = m[:, 0, 0] * 10, m[:, 1, 1] * 20
    left, top = m[:, 0, 2] + 0.5 - m[:, 0, 0] / 2, m[:, 1, 2] + 0.5 - m[:, 1, 1] / 2
    assert min(left.min(), top.min()) > -1e-3
    assert (left + width).max() < 60 + 1e-3
    assert (top + height).max() < 40 + 1e-3
    area = width * height / 2400
    small = area < 0.5  # all proportions fit
    ratio = np.log(width / height)[small]
    assert np.abs(ratio).max() < np.log(4 / 3) + 1e-4
    assert abs(ratio.mean()) < 4 * np.log(4 / 3) / np.sqrt(3 * small.sum())
    # A window of 99% of 60 × 40 pixels has nearly their proportions.
    large = area > 0.99
    assert large.any()
    assert np.abs(np.log(width / height)[large] - np.log(1.5)).max() < 0.011


def test_crop_within_a_pipeline_is_one_pass(images):
    steps = [RandomRotation((0.1, 0.1)), RandomCrop(5, 6), RandomFlip("horizontal")]
    layer = Compose(steps)
    numbers = numbers_for(layer)
    seen = run(layer, images, numbers)
    assert seen.shape == (BATCH, 5, 6, 3)
    whole = to_numpy(eager(RandomRotation((0.1, 0.1)))(images))
    for image, u, window in zip(whole, numbers, seen, strict=True):
        x, y = int(u[1] * 12), int(u[2] * 9)
        wanted = image[y : y + 5, x : x + 6]
        np.testing.assert_allclose(window, wanted[:, ::-1] if u[3] < 0.5 else wanted, atol=5e-3)


@pytest.mark.parametrize(
    "layer",
    [
        RandomFlip(probability=0.0),
        RandomRotation(0.0),
        RandomZoom(0.0),
        RandomTranslation(0, 0),
        RandomShear(),
        RandomPerspective(scale=0.0),
        RandomAffine(),
        RandomCrop(HEIGHT, WIDTH),
        RandomResizedCrop(HEIGHT, WIDTH, (1.0, 1.0)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_nothing_to_do_changes_nothing(images, layer):
    np.testing.assert_allclose(to_numpy(eager(layer)(images)), images, atol=2e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (7, 1), (2, 2)])
@pytest.mark.parametrize("mode", MODES)
def test_tiny_images(size, mode):
    images = np.random.default_rng(0).uniform(10, 20, (3, *size, 3)).astype("float32")
    layer = Compose([*many(fill_mode=mode, fill_value=15.0), RandomPerspective(fill_mode=mode, fill_value=15.0)])
    seen = to_numpy(eager(layer)(images))
    assert seen.shape == images.shape
    assert seen.min() > 9.99
    assert seen.max() < 20.01


def test_channels_first_and_single_images(images):
    layer = Compose(many())
    numbers = numbers_for(layer)
    wanted = run(layer, images, numbers)
    first = Compose(many(), data_format="channels_first")
    np.testing.assert_allclose(
        run(first, images.transpose(0, 3, 1, 2), numbers), wanted.transpose(0, 3, 1, 2), atol=1e-3
    )
    np.testing.assert_allclose(run(layer, images[2], numbers[2:3]), wanted[2], atol=1e-3)
    crop = RandomCrop(4, 6, data_format="channels_first")
    assert crop.compute_output_shape((None, 3, 13, 17)) == (None, 3, 4, 6)
    assert crop(images[0].transpose(2, 0, 1)).shape == (3, 4, 6)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"height_factor": (-1.0, 0.0)}, ValueError, "above -1"),
        ({"height_factor": 1.0}, ValueError, "above -1"),
        ({"height_factor": -0.1}, ValueError, "pair of rising numbers"),
        ({"height_factor": 0.1, "fill_mode": "mirror"}, ValueError, "`fill_mode` must be one of"),
        ({"height_factor": 0.1, "interpolation": "bicubic"}, ValueError, "`interpolation` must be one of"),
        ({"height_factor": 0.1, "data_format": "NCHW"}, ValueError, "`data_format` must be one of"),
    ],
)
def test_bad_arguments_say_what_is_wrong(arguments, error, says):
    with pytest.raises(error, match=says):
        RandomZoom(**arguments)


@pytest.mark.parametrize("shape", [(4, 4), (2, 4, 4, 3, 1), (2, 0, 4, 3), (0, 4, 4, 3)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match="takes images of shape"):
        RandomRotation(0.1)(np.zeros(shape, "float32"))


@pytest.mark.parametrize("shape", [(4,), (2, 4, 4, 3)])
def test_what_is_no_image_is_refused_where_a_model_is_made(shape):
    with pytest.raises(ValueError, match="takes images of shape"):
        RandomRotation(0.1)(keras.Input(shape))


@pytest.mark.parametrize("floatx", ["float16", "float64"])
def test_the_default_float_of_keras_may_be_another(images, floatx):
    before = keras.config.floatx()
    keras.config.set_floatx(floatx)
    try:
        layer = Compose([*many(), RandomInvert(), RandomHue(0.1), RandomGaussianBlur(), RandomErasing()])
        assert keras.backend.standardize_dtype(layer(images.astype("uint8")).dtype) == "uint8"
        assert np.isfinite(to_numpy(layer(images))).all()
    finally:
        keras.config.set_floatx(before)


def test_what_is_compiled_does_not_change_with_the_layer_that_came_first():
    first = RandomTranslation(0.0, (0.25, 0.25), fill_mode="constant")
    first(np.ones((1, 2, 4, 1)))
    first.width_factor = (0.5, 0.5)
    second = RandomTranslation(0.0, (0.25, 0.25), fill_mode="constant")
    assert np.sum(to_numpy(second(np.ones((1, 1, 4, 1))))) == 3
    assert np.sum(to_numpy(second(np.ones((1, 2, 4, 1))))) == 6


def test_dataset_with_sizes_that_nobody_knows(images):
    tf = pytest.importorskip("tensorflow")
    steps = [*many(), RandomPerspective(fill_mode="reflect"), RandomResizedCrop(6, 8), RandomCrop(5, 9)]
    layer = Compose(steps, bounding_box_format="xyxy", seed=1)
    boxes = {"boxes": np.array([[[2, 3, 9, 8]]] * BATCH, "float32"), "labels": np.ones((BATCH, 1), "int32")}
    given = {"images": images, "bounding_boxes": boxes, "segmentation_masks": images[..., 0].astype("int32")}

    def samples():
        for index in range(4):
            rows = {key: given[key][:, index:] for key in ("images", "segmentation_masks")}
            yield {**given, **rows}

    signature = keras.tree.map_structure(lambda x: tf.TensorSpec([None] * x.ndim, x.dtype), given)
    signature["images"] = tf.TensorSpec([None, None, None, 3], "float32")
    signature["bounding_boxes"]["boxes"] = tf.TensorSpec([None, None, 4], "float32")
    dataset = tf.data.Dataset.from_generator(samples, output_signature=signature).map(layer)
    for result in dataset.as_numpy_iterator():
        assert result["images"].shape == (BATCH, 5, 9, 3)
        assert result["segmentation_masks"].shape == (BATCH, 5, 9)
        assert np.isfinite(result["images"]).all()
        assert result["bounding_boxes"]["boxes"].max() <= 9


def test_dataset_on_every_backend_draws_anew(images):
    tf = pytest.importorskip("tensorflow")
    layer = Compose(many(), seed=1)
    dataset = tf.data.Dataset.from_tensor_slices(np.repeat(images[:1], 6, 0)).batch(2).map(layer)
    first, again = (np.concatenate(list(dataset.as_numpy_iterator())) for _ in range(2))
    assert first.shape == (6, HEIGHT, WIDTH, 3)
    assert len(np.unique(np.concatenate([first, again]).round(1), axis=0)) == 12


def test_without_a_seed_that_of_keras_counts_in_a_dataset(images):
    tf = pytest.importorskip("tensorflow")

    def drawn():
        keras.utils.set_random_seed(3)
        dataset = tf.data.Dataset.from_tensor_slices(images[:4]).batch(2).map(RandomTranslation(0.3, 0.3))
        return np.concatenate(list(dataset.as_numpy_iterator()))

    np.testing.assert_array_equal(drawn(), drawn())
