"""RandAugment, TrivialAugment and AutoAugment: the published tables, and each op against Pillow."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from keras_regkit.augmentation.image import AutoAugment, Compose, RandAugment, RandomFlip, TrivialAugment
from keras_regkit.augmentation.image._frame import Frame
from keras_regkit.augmentation.image._policy_tables import (
    AUTO_AUGMENT,
    GEOMETRIC,
    OPS,
    RAND_AUGMENT,
    TRIVIAL_AUGMENT,
)
from keras_regkit.augmentation.image._stages import Resample, plan

# Something smooth and something rough, of odd sizes, not using all levels.
Y, X = np.mgrid[:31, :40]
SMOOTH = np.stack([120 + 90 * np.sin(X / 7 + k) * np.cos(Y / 9 - k) for k in range(3)], axis=-1)
IMAGES = np.stack([SMOOTH, np.random.default_rng(0).uniform(15, 240, SMOOTH.shape)]).round().astype("uint8")
BATCH = np.repeat(IMAGES[:1], 16, axis=0)
ENHANCERS = ("brightness", "contrast", "color", "sharpness")


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def by_name(rows):
    return {row.op: row for row in rows}


def far(row, level=1.0):
    """Returns the strength of a row at a level."""
    return row.start + (math.floor(row.change * level + 1e-9) if row.whole else row.change * level)


# ---------------------------------------------------------------------------------------------------------- tables


def test_the_ops_of_rand_augment_are_those_of_the_paper():
    # Cubuk et al. 2020, section 3: the list of 14 transformations.
    paper = (
        "identity autoContrast equalize rotate solarize color posterize contrast brightness sharpness shear-x shear-y "
        "translate-x translate-y"
    )
    names = [name.replace("-", "_").replace("autoContrast", "auto_contrast") for name in paper.split()]
    assert [row.op for row in RAND_AUGMENT] == names
    assert [row.op for row in TRIVIAL_AUGMENT] == names
    assert set(names) < set(OPS)


def test_the_ranges_of_rand_augment():
    # Cubuk et al. 2019, table of ranges; tensorflow/tpu efficientnet/autoaugment.py: 30°, 0.3, 0.1 to 1.9, 4 bits, 256.
    rows = by_name(RAND_AUGMENT)
    assert far(rows["rotate"]) == 30
    assert far(rows["shear_x"]) == far(rows["shear_y"]) == 0.3
    assert far(rows["translate_x"]) == far(rows["translate_y"]) == pytest.approx(150 / 331)
    assert {far(rows[op]) for op in ENHANCERS} == {0.9}
    assert far(rows["posterize"]) == 4
    assert far(rows["solarize"]) == 256
    signed = {row.op for row in RAND_AUGMENT if row.signed}
    assert signed == {*GEOMETRIC, *ENHANCERS}


def test_the_wide_ranges_of_trivial_augment():
    # automl/trivialaugment, aug_lib.py, 'wide': shear 0.99, translate 32, rotate 135, solarize 256, posterize 2 to 8,
    # enhancer 0.01 to 2.0; int_parameter for rotate, posterize and solarize.
    rows = by_name(TRIVIAL_AUGMENT)
    assert far(rows["rotate"]) == 135
    assert far(rows["rotate"], 1 / 30) == 4  # int(1 · 135 / 30)
    assert far(rows["shear_x"]) == far(rows["shear_y"]) == 0.99
    assert far(rows["translate_x"]) == far(rows["translate_y"]) == 32
    for op in ENHANCERS:
        assert 1 + rows[op].start == pytest.approx(0.01)
        assert 1 + far(rows[op]) == pytest.approx(2.0)
        assert not rows[op].signed
    assert 8 - far(rows["posterize"]) == 2
    assert 8 - far(rows["posterize"], 9 / 30) == 7  # int(9 · 6 / 30)
    assert 256 - far(rows["solarize"]) == 0
    assert TrivialAugment.in_pixels


@pytest.mark.parametrize(
    ("policy", "place", "pair"),
    [
        # Cubuk et al. 2019, tables of the appendix; the first of CIFAR-10 also in tensorflow/models, policies.py.
        ("cifar10", 1, [("rotate", 0.7, 6.0), ("translate_x", 0.3, 135 / 331)]),
        ("cifar10", 2, [("sharpness", 0.8, 0.28 - 1), ("sharpness", 0.9, 0.64 - 1)]),
        ("cifar10", 5, [("shear_y", 0.2, 0.21), ("posterize", 0.3, 8 - 6)]),
        ("cifar10", 14, [("solarize", 0.5, 256 - 51), ("invert", 0.0, 1)]),
        ("imagenet", 0, [("posterize", 0.4, 8 - 7), ("rotate", 0.6, 27.0)]),
        ("imagenet", 10, [("rotate", 0.8, 24.0), ("color", 0.4, 0.1 - 1)]),
        ("imagenet", 14, [("color", 0.6, 0.82 - 1), ("contrast", 1.0, 1.54 - 1)]),
        ("imagenet", 18, [("shear_x", 0.6, 0.15), ("equalize", 1.0, 1)]),
        ("svhn", 0, [("shear_x", 0.9, 0.12), ("invert", 0.2, 1)]),
        ("svhn", 14, [("contrast", 0.3, 0.64 - 1), ("rotate", 0.8, 12.0)]),
        ("svhn", 22, [("shear_x", 0.7, 0.27), ("translate_y", 0.8, 45 / 331)]),
    ],
)
def test_pairs_of_auto_augment(policy, place, pair):
    for rows, (op, probability, strength) in zip(AUTO_AUGMENT[policy], pair, strict=True):
        row = rows[place]
        assert (row.op, row.probability) == (op, probability)
        assert far(row) == pytest.approx(strength)
        assert row.signed == (op in GEOMETRIC)


def test_auto_augment_has_25_pairs_of_the_published_kinds():
    for columns in AUTO_AUGMENT.values():
        assert [len(rows) for rows in columns] == [25, 25]
    ops_of = {name: {row.op for rows in columns for row in rows} for name, columns in AUTO_AUGMENT.items()}
    # The paper's remarks: CIFAR-10 has mostly colours, ImageNet no translation, SVHN neither colour nor sharpness.
    assert not ops_of["imagenet"] & {"translate_x", "translate_y", "shear_y", "brightness"}
    assert not ops_of["svhn"] & {"color", "brightness", "sharpness", "posterize"}
    assert "shear_x" not in ops_of["cifar10"]


# ----------------------------------------------------------------------------------------------------- randomness


def drawn(layer, images=7000):
    """Returns the strengths of each slot for that many images."""
    numbers = np.random.default_rng(1).random((layer.draws, images)).astype("float32")
    slots = layer.slots([ops.convert_to_tensor(row) for row in numbers], None, ops)
    return [{op: to_numpy(vector) for op, vector in slot.items()} for slot in slots]


def within_bounds(count, total, share):
    """Whether a count is within five standard deviations."""
    return abs(count - total * share) < 5 * math.sqrt(total * share * (1 - share)) + 1e-9


@pytest.mark.parametrize("layer", [RandAugment(n=3), TrivialAugment()], ids=lambda layer: layer.name)
def test_each_image_draws_its_op_and_sign(layer):
    for slot in drawn(layer):
        total = len(slot["rotate"])
        assert len(slot) == 13
        active = np.stack(list(slot.values())) != 0
        assert active.sum(0).max() == 1  # one op at most
        for op in (op for op in slot if op != "solarize"):
            # TrivialAugment's weakest bins of these are nothing.
            idle = 0 if isinstance(layer, RandAugment) else {"posterize": 5 / 31}.get(op, (op in GEOMETRIC) / 31)
            assert within_bounds((slot[op] != 0).sum(), total, (1 - idle) / 14), op
        signed = (*GEOMETRIC, *ENHANCERS) if isinstance(layer, RandAugment) else GEOMETRIC
        for op in signed:
            changed = slot[op][slot[op] != 0]
            assert within_bounds((changed < 0).sum(), len(changed), 0.5), op
    if layer.name.startswith("rand"):
        first, second, _ = (np.argmax(np.stack(list(slot.values())) != 0, axis=0) for slot in drawn(layer))
        assert abs(np.corrcoef(first, second)[0, 1]) < 0.06  # slots draw for themselves


def test_the_strength_of_rand_augment_is_normal():
    rotation = np.abs(drawn(RandAugment(n=1, m=5, mstd=0.5, operations=["rotate"]))[0]["rotate"]) / 3
    assert rotation.mean() == pytest.approx(5, abs=0.03)
    assert rotation.std() == pytest.approx(0.5, abs=0.03)
    most = np.abs(drawn(RandAugment(n=1, m=10, mstd=2, operations=["rotate"]))[0]["rotate"])
    assert most.max() == pytest.approx(30)
    assert within_bounds((most > 29.9999).sum(), len(most), 0.5)


def test_trivial_augment_draws_31_bins():
    factor = 1 + drawn(TrivialAugment(operations=["color"]))[0]["color"]
    values, counts = np.unique(factor.round(4), return_counts=True)
    np.testing.assert_allclose(values, np.linspace(0.01, 2, 31), atol=1e-4)
    assert all(within_bounds(count, len(factor), 1 / 31) for count in counts)


def test_auto_augment_draws_pairs_with_their_probabilities():
    first, second = drawn(AutoAugment("svhn"), 30_000)
    rows = AUTO_AUGMENT["svhn"]
    for slot, column in ((first, rows[0]), (second, rows[1])):
        for op in slot:
            share = sum(row.probability for row in column if row.op == op) / 25
            assert within_bounds((slot[op] != 0).sum(), len(slot[op]), share), op
    # Both ops of a pair are of the same row: pair 22 alone has 0.27, and its partner is 3 · 15 / 331 down or up.
    pair = np.isclose(np.abs(first["shear_x"]), 0.27)
    partner = np.abs(second["translate_y"][pair])
    assert within_bounds((partner > 0).sum(), pair.sum(), 0.8)
    np.testing.assert_allclose(np.unique(partner), [0, 45 / 331], rtol=1e-5)


def test_probability_is_the_share_of_images_that_are_changed():
    images = np.repeat(IMAGES[1:], 200, axis=0)
    out = to_numpy(RandAugment(n=2, m=10, mstd=0, operations=["rotate"], probability=0.3, seed=0)(images))
    changed = (out != images).any(axis=(1, 2, 3))
    # Two turns of 30° by chance undo each other, for half of the images.
    assert within_bounds(changed.sum(), 200, 0.15)
    assert (to_numpy(RandAugment(probability=0.0)(images[:2])) == images[:2]).all()


def test_no_strength_is_no_change():
    others = [row.op for row in RAND_AUGMENT if row.op not in ("auto_contrast", "equalize")]
    layer = RandAugment(n=2, m=0, mstd=0, operations=others, seed=0)
    np.testing.assert_array_equal(to_numpy(layer(IMAGES)), IMAGES)
    layer = RandAugment(n=2, m=0, mstd=0, operations=others, value_range=(-1, 1), seed=0)
    x = (IMAGES / 127.5 - 1).astype("float32")
    np.testing.assert_allclose(to_numpy(layer(x)), x, atol=1e-6)


# ---------------------------------------------------------------------------------------------------------- Pillow


def pillow(image, op, strength, fill):
    """Returns what Pillow makes of an image."""
    Image, ImageOps = pytest.importorskip("PIL.Image"), pytest.importorskip("PIL.ImageOps")
    strength = int(strength) if op in ("posterize", "solarize") else strength
    picture = Image.fromarray(image)
    width, height = picture.size
    affine = {
        "shear_x": (1, strength, 0, 0, 1, 0),
        "shear_y": (1, 0, 0, strength, 1, 0),
        "translate_x": (1, 0, math.trunc(strength * width), 0, 1, 0),
        "translate_y": (1, 0, 0, 0, 1, math.trunc(strength * height)),
    }
    if op in affine:
        out = picture.transform(picture.size, Image.Transform.AFFINE, affine[op], fillcolor=(fill,) * 3)
    elif op == "rotate":
        out = picture.rotate(strength, fillcolor=(fill,) * 3)
    elif op in ENHANCERS:
        out = getattr(pytest.importorskip("PIL.ImageEnhance"), op.capitalize())(picture).enhance(1 + strength)
    else:
        out = {
            "identity": lambda: picture,
            "invert": lambda: ImageOps.invert(picture),
            "auto_contrast": lambda: ImageOps.autocontrast(picture),
            "equalize": lambda: ImageOps.equalize(picture),
            "solarize": lambda: ImageOps.solarize(picture, 256 - strength),
            "posterize": lambda: ImageOps.posterize(picture, 8 - strength),
        }[op]()
    return np.asarray(out).astype(int)


def with_numbers(layer, images, numbers):
    """Returns what the layer makes of images, each with the numbers of its row."""
    numbers = ops.convert_to_tensor(np.array(numbers, "float32"))
    return to_numpy(layer.augment(ops.convert_to_tensor(images), numbers, ops))


@pytest.mark.parametrize("m", [3, 10])
def test_ops_are_those_of_pillow(m):
    # All ops, with either sign, for either image, in one batch.
    cases = [(k, sign, image) for k in range(len(RAND_AUGMENT)) for sign in (1, -1) for image in IMAGES]
    numbers = [((k + 0.5) / len(RAND_AUGMENT), 0.5 + sign / 4, 0.3, 0.6) for k, sign, _ in cases]
    out = with_numbers(RandAugment(n=1, m=m, mstd=0), np.stack([image for *_, image in cases]), numbers)
    for ours, (k, sign, image) in zip(out, cases, strict=True):
        row = RAND_AUGMENT[k]
        strength = far(row, m / 10) * (sign if row.signed else 1)
        off = np.abs(ours.astype(int) - pillow(image, row.op, strength, fill=128)) > 1
        # Where pixels move, a few are rounded the other way.
        assert off.mean() <= (0.02 if row.op in GEOMETRIC else 0), row.op


@pytest.mark.parametrize(
    ("policy", "places"), [("imagenet", {0: 0.02}), ("cifar10", {6: 0, 20: 0}), ("svhn", {2: 0, 3: 0, 22: 0.05})]
)
def test_pairs_are_done_in_their_order(policy, places):
    layer = AutoAugment(policy)
    numbers = [((place + 0.5) / 25, 0.7, 0.7, luck, luck) for place in places for luck in (0.0, 0.0, 0.9999, 0.9999)]
    out = with_numbers(layer, np.tile(IMAGES, (2 * len(places), 1, 1, 1)), numbers)
    for (place, off), four in zip(places.items(), out.reshape(len(places), 4, *IMAGES.shape[1:]), strict=True):
        for image, ours in zip(IMAGES, four[:2], strict=True):
            wanted = image
            for rows in AUTO_AUGMENT[policy]:
                wanted = pillow(wanted.astype("uint8"), rows[place].op, far(rows[place]), fill=128)
            # Pillow rounds after each op; here a pair of moves is one.
            assert (np.abs(ours.astype(int) - wanted) > 3).mean() <= off, place
        np.testing.assert_array_equal(four[2:], IMAGES)  # none of these is done always


def test_trivial_augment_moves_by_pixels_and_fills_with_black():
    layer = TrivialAugment(operations=["translate_x"])
    out = with_numbers(layer, IMAGES, [(0.0, 10.5 / 31, 0.7)] * 2)  # bin 10: int(10 · 32 / 30) = 10 pixels
    np.testing.assert_array_equal(out[:, :, :30], IMAGES[:, :, 10:])
    assert (out[:, :, 30:] == 0).all()


# ----------------------------------------------------------------------------------------------------------- forms

LAYERS = [RandAugment, TrivialAugment, lambda **k: AutoAugment("cifar10", **k)]


@pytest.mark.parametrize("make", LAYERS, ids=("rand", "trivial", "auto"))
def test_value_range_and_dtype(make):
    numbers = np.random.default_rng(0).random((16, 16)).astype("float32")
    layer = make()
    numbers = ops.convert_to_tensor(numbers[:, : layer.draws])
    bytes_ = to_numpy(layer.augment(ops.convert_to_tensor(BATCH), numbers, ops))
    assert bytes_.dtype == np.uint8
    floats = to_numpy(
        make(value_range=(-1, 1)).augment(ops.convert_to_tensor((BATCH / 127.5 - 1).astype("float32")), numbers, ops)
    )
    assert floats.dtype == np.float32
    # Bytes are rounded after each op, floats never: a threshold may lie between.
    assert (np.abs((floats + 1) * 127.5 - bytes_) > 2.01).mean() < 0.01
    assert np.abs(floats).max() <= 1 + 1e-6


def test_single_images_and_channels_first():
    layer = TrivialAugment(seed=0)
    assert tuple(layer(IMAGES[0]).shape) == IMAGES[0].shape
    first = TrivialAugment(seed=0, data_format="channels_first")
    numbers = ops.convert_to_tensor(np.random.default_rng(0).random((2, layer.draws)).astype("float32"))
    moved = np.ascontiguousarray(IMAGES.transpose(0, 3, 1, 2))
    ours = to_numpy(first.augment(ops.convert_to_tensor(moved), numbers, ops))
    theirs = to_numpy(layer.augment(ops.convert_to_tensor(IMAGES), numbers, ops))
    np.testing.assert_array_equal(ours.transpose(0, 2, 3, 1), theirs)


def test_masks_and_boxes_go_along():
    masks = (IMAGES[..., :1] // 64).astype("int32")
    images = np.repeat(masks * 60, 3, axis=-1).astype("uint8")
    layer = RandAugment(n=3, operations=list(GEOMETRIC), fill_value=0, seed=0)
    out = layer({"images": images, "segmentation_masks": masks, "labels": np.arange(2)})
    np.testing.assert_array_equal(to_numpy(out["images"])[..., :1] // 60, to_numpy(out["segmentation_masks"]))
    assert (to_numpy(out["images"]) != images).any()
    np.testing.assert_array_equal(to_numpy(out["labels"]), [0, 1])

    layer = RandAugment(n=1, m=5, mstd=0, operations=["translate_y"], bounding_box_format="xyxy", seed=0)
    boxes = np.array([[[10.0, 12.0, 20.0, 15.0]]] * 16, "float32")
    labels = np.zeros((16, 1), "int32")
    out = layer({"images": BATCH, "bounding_boxes": {"boxes": boxes, "labels": labels}})
    shift = to_numpy(out["bounding_boxes"]["boxes"])[:, 0, 1] - 12
    assert set(shift.tolist()) == {7.0, -7.0}  # int(31 · 0.5 · 150 / 331)
    for image, step in zip(to_numpy(out["images"]), shift.astype(int), strict=True):
        np.testing.assert_array_equal(np.roll(image, -step, axis=0)[8:-8], BATCH[0][8:-8])


def test_grey_images_are_refused_but_by_ops_that_move_pixels():
    grey = IMAGES[..., :1]
    for layer in (RandAugment(), TrivialAugment(), AutoAugment("imagenet")):
        with pytest.raises(ValueError, match="needs images with 3 channels"):
            layer(grey)
    assert tuple(RandAugment(operations=["rotate", "shear_x"])(grey).shape) == grey.shape


def test_nothing_happens_outside_of_training():
    for layer in (RandAugment(), TrivialAugment(), AutoAugment("svhn")):
        np.testing.assert_array_equal(to_numpy(layer(IMAGES, training=False)), IMAGES)


def test_two_ops_that_move_pixels_are_one_resampling():
    frame = Frame(keras.ops, 31, 40, 3, (0, 255))

    def passes(*layers):
        steps = [step for layer in layers for step in layer.steps()]
        numbers = ops.zeros((2, sum(layer.draws for layer in layers)))
        return [isinstance(stage, Resample) for stage in plan(steps, numbers, frame, "end")[0]]

    assert passes(RandAugment(n=2)) == [False, True, False]
    assert passes(AutoAugment("cifar10")) == [False, True, False]
    assert passes(RandAugment(n=4)) == [False, True, False, False, True, False]
    assert passes(RandomFlip(), TrivialAugment()) == [True, False]


def test_within_compose_the_range_of_the_compose_counts():
    x = (IMAGES / 255).astype("float32")
    layer = Compose([RandomFlip(), TrivialAugment(operations=["solarize"])], value_range=(0, 1), seed=0)
    out = to_numpy(layer(np.repeat(x, 8, axis=0)))
    assert out.min() >= 0
    assert out.max() <= 1
    assert len(np.unique(out.mean(axis=(1, 2, 3)).round(4))) > 4


def test_in_tf_data():
    tf = pytest.importorskip("tensorflow")
    layer = AutoAugment("cifar10", seed=0)
    data = tf.data.Dataset.from_tensor_slices(BATCH).batch(8).map(layer)
    first, second = (np.concatenate(list(data.as_numpy_iterator())) for _ in range(2))
    assert first.shape == BATCH.shape
    assert first.dtype == np.uint8
    assert (first != second).any()
    assert len(np.unique(first.reshape(16, -1).astype(int).sum(1))) > 4  # each image for itself
    single = tf.data.Dataset.from_tensor_slices(IMAGES).map(RandAugment(n=1, operations=["rotate"], seed=0))
    assert [image.shape for image in single] == [IMAGES[0].shape] * 2


@pytest.mark.parametrize("layer", [RandAugment(seed=0), AutoAugment("svhn", seed=0)], ids=["rand", "auto"])
def test_sizes_that_nobody_knows(layer):
    tf = pytest.importorskip("tensorflow")
    signature = tf.TensorSpec((None, None, None, 3), "uint8")
    data = tf.data.Dataset.from_generator(lambda: iter([BATCH]), output_signature=signature)
    (augmented,) = data.map(layer).as_numpy_iterator()
    assert augmented.shape == BATCH.shape
    assert (augmented != BATCH).any()
