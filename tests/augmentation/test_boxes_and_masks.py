"""Boxes, masks and labels go where their images go."""

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
    RandomPerspective,
    RandomResizedCrop,
    RandomRotation,
    RandomShear,
    RandomZoom,
)
from keras_regkit.augmentation.image._boxes import FORMATS, edges, written
from keras_regkit.augmentation.image._frame import Frame
from keras_regkit.augmentation.image._matrices import stack
from keras_regkit.augmentation.image._stages import plan

BATCH, HEIGHT, WIDTH = 4, 15, 22


@pytest.fixture(scope="module")
def batch():
    random = np.random.default_rng(0)
    boxes = random.uniform(0, 1, (BATCH, 6, 2, 2)) * (WIDTH, HEIGHT)
    boxes = np.concatenate([boxes.min(2), boxes.max(2)], axis=-1)
    boxes[:, -1] = 0  # filled up
    labels = random.integers(0, 9, (BATCH, 6))
    labels[:, -1] = -1
    return {
        "images": random.uniform(0, 255, (BATCH, HEIGHT, WIDTH, 3)).astype("float32"),
        "segmentation_masks": random.integers(0, 7, (BATCH, HEIGHT, WIDTH, 1)).astype("int32"),
        "bounding_boxes": {"boxes": boxes.astype("float32"), "labels": labels.astype("int32")},
        "labels": np.arange(BATCH, dtype="int32"),
    }


def eager(layer):
    """Returns the layer without compilation, which takes a second for each: the same steps, one by one."""
    layer._kernel = layer._compute
    return layer


def layer_of(box_format="xyxy", **options):
    steps = [RandomFlip(), RandomRotation(0.2), RandomPerspective(scale=0.4, fill_mode="reflect"), RandomZoom(0.3)]
    return Compose(steps, bounding_box_format=box_format, **options)


def matrices_of(layer, numbers, size=(HEIGHT, WIDTH)):
    """Returns the matrix of each image, from output to input pixels; test_geometry.py shows that it is right."""
    numbers = ops.convert_to_tensor(numbers)
    (stage,), _ = plan(layer.steps(), numbers, Frame(ops, *size, 3, (0, 255)), "end")
    return to_numpy(stack(ops, stage.matrix, numbers[:, 0])).astype("float64")


def around_points(box, matrix, size):
    """Returns the box around what many points of the edges become, and whether anything of it is left."""
    x1, y1, x2, y2 = box
    t = np.linspace(0, 1, 201)
    xs = np.concatenate([x1 + (x2 - x1) * t, x1 + (x2 - x1) * t, np.full(201, x1), np.full(201, x2)])
    ys = np.concatenate([np.full(201, y1), np.full(201, y2), y1 + (y2 - y1) * t, y1 + (y2 - y1) * t])
    points = np.linalg.inv(matrix) @ np.stack([xs - 0.5, ys - 0.5, np.ones_like(xs)])
    x, y = points[:2] / points[2] + 0.5
    x, y = x.clip(0, size[1]), y.clip(0, size[0])
    return np.array([x.min(), y.min(), x.max(), y.max()])


def test_boxes_are_around_what_their_edges_become(batch):
    layer = eager(layer_of())
    numbers = np.random.default_rng(2).random((BATCH, layer.draws)).astype("float32")
    result = layer.augment(keras.tree.map_structure(ops.convert_to_tensor, batch), ops.convert_to_tensor(numbers), ops)
    seen, labels = to_numpy(result["bounding_boxes"]["boxes"]), to_numpy(result["bounding_boxes"]["labels"])
    gone = 0
    for k, matrix in enumerate(matrices_of(layer, numbers)):
        for n in range(5):
            wanted = around_points(batch["bounding_boxes"]["boxes"][k, n], matrix, (HEIGHT, WIDTH))
            np.testing.assert_allclose(seen[k, n], wanted, atol=1e-2)
            left = np.prod(wanted[2:] - wanted[:2]) > 0
            assert labels[k, n] == (batch["bounding_boxes"]["labels"][k, n] if left else -1)
            gone += not left
    assert (labels[:, -1] == -1).all()
    np.testing.assert_array_equal(to_numpy(result["labels"]), np.arange(BATCH))
    assert gone < 5


def test_boxes_lie_around_their_pixels():
    # Without any of our algebra: a white box stays within its bounding box, and touches its edges.
    image, box = np.zeros((1, 40, 60, 1), "float32"), (12, 10, 30, 26)
    image[:, 10:26, 12:30] = 1
    boxes = {"boxes": np.array([[box]], "float32"), "labels": np.array([[3]])}
    for layer in (
        RandomRotation((0.07, 0.07), fill_mode="constant", bounding_box_format="xyxy"),
        RandomZoom((-0.2, -0.2), (0.3, 0.3), fill_mode="constant", bounding_box_format="xyxy"),
        RandomFlip(seed=1, bounding_box_format="xyxy"),
        RandomShear((0.2, 0.2), seed=1, fill_mode="constant", bounding_box_format="xyxy"),
        RandomResizedCrop(50, 50, (0.8, 1.0), seed=1, bounding_box_format="xyxy"),
    ):
        result = eager(layer)({"images": image, "bounding_boxes": boxes})
        y, x = np.nonzero(to_numpy(result["images"])[0, :, :, 0] > 0.5)
        around = [x.min(), y.min(), x.max() + 1, y.max() + 1]
        np.testing.assert_allclose(to_numpy(result["bounding_boxes"]["boxes"])[0, 0], around, atol=1.1)


def test_boxes_that_leave_the_image_are_marked():
    boxes = {"boxes": np.array([[[0, 0, 3, 3], [6, 6, 9, 9]]], "float32"), "labels": np.array([[1, 2]], "uint8")}
    layer = eager(RandomCrop(4, 4, bounding_box_format="xyxy", probability=0.0))
    result = layer({"images": np.zeros((1, 12, 12, 3), "float32"), "bounding_boxes": boxes})["bounding_boxes"]
    assert to_numpy(result["labels"]).tolist() == [[-1, 2]]
    assert to_numpy(result["boxes"]).tolist() == [[[0, 0, 0, 0], [2, 2, 4, 4]]]


def test_labels_of_boxes_may_be_vectors():
    boxes = {"boxes": np.array([[[0, 0, 3, 3], [6, 6, 9, 9]]], "float32"), "labels": np.eye(2, dtype="float32")[None]}
    layer = eager(RandomCrop(4, 4, bounding_box_format="xyxy", probability=0.0))
    result = layer({"images": np.zeros((1, 12, 12, 3), "float32"), "bounding_boxes": boxes})["bounding_boxes"]
    assert to_numpy(result["labels"]).tolist() == [[[-1, -1], [0, 1]]]


@pytest.mark.parametrize("box_format", FORMATS)
def test_formats_are_those_of_keras(batch, box_format):
    boxes = batch["bounding_boxes"]["boxes"][:, :-1]
    theirs = keras.utils.bounding_boxes.convert_format(
        boxes, source="xyxy", target=box_format, height=HEIGHT, width=WIDTH
    )
    ours = written([ops.convert_to_tensor(boxes[..., k]) for k in range(4)], box_format, HEIGHT, WIDTH, ops)
    np.testing.assert_allclose(to_numpy(ours), to_numpy(theirs), rtol=1e-5, atol=1e-5)
    back = edges(ops.convert_to_tensor(theirs), box_format, HEIGHT, WIDTH, ops)
    np.testing.assert_allclose(np.stack([to_numpy(k) for k in back], axis=-1), boxes, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("box_format", ["rel_yxyx", "center_xywh"])
def test_a_layer_speaks_the_format(batch, box_format):
    written_boxes = {
        **batch["bounding_boxes"],
        "boxes": to_numpy(
            keras.utils.bounding_boxes.convert_format(
                batch["bounding_boxes"]["boxes"], source="xyxy", target=box_format, height=HEIGHT, width=WIDTH
            )
        ),
    }
    plain = eager(layer_of(seed=4))(batch)["bounding_boxes"]
    seen = eager(layer_of(box_format, seed=4))({**batch, "bounding_boxes": written_boxes})["bounding_boxes"]
    back = keras.utils.bounding_boxes.convert_format(
        seen["boxes"], source=box_format, target="xyxy", height=HEIGHT, width=WIDTH
    )
    np.testing.assert_allclose(to_numpy(back), to_numpy(plain["boxes"]), atol=1e-3)
    np.testing.assert_array_equal(to_numpy(seen["labels"]), to_numpy(plain["labels"]))


def test_masks_are_the_nearest_pixels_of_the_same_matrix(batch):
    layer = eager(layer_of())
    numbers = np.random.default_rng(3).random((BATCH, layer.draws)).astype("float32")
    given = {key: batch[key] for key in ("images", "segmentation_masks")}
    result = layer.augment(keras.tree.map_structure(ops.convert_to_tensor, given), ops.convert_to_tensor(numbers), ops)
    seen = to_numpy(result["segmentation_masks"])
    assert seen.dtype == np.int32
    # The same op on the mask as an image, with the nearest pixel.
    steps = [
        RandomFlip(),
        RandomRotation(0.2, interpolation="nearest"),
        RandomPerspective(scale=0.4, fill_mode="reflect", interpolation="nearest"),
        RandomZoom(0.3, interpolation="nearest"),
    ]
    masks = batch["segmentation_masks"]
    same = eager(Compose(steps)).augment(ops.convert_to_tensor(masks), ops.convert_to_tensor(numbers), ops)
    np.testing.assert_array_equal(seen, to_numpy(same))
    assert (seen != masks).mean() > 0.3


@pytest.mark.parametrize("mode", ["constant", "nearest"])
def test_a_constant_does_not_become_a_class(mode):
    masks = np.full((1, 8, 8), 5, "uint8")
    layer = eager(RandomZoom((1.0, 1.0), fill_mode=mode, fill_value=200.0))
    result = layer({"images": np.zeros((1, 8, 8, 3), "uint8"), "segmentation_masks": masks})
    seen = to_numpy(result["segmentation_masks"])
    assert seen.shape == (1, 8, 8)
    assert sorted(set(seen.ravel().tolist())) == ([0, 5] if mode == "constant" else [5])
    assert to_numpy(result["images"]).max() == (200 if mode == "constant" else 0)


def test_masks_stay_on_their_pixels_through_crops(batch):
    images = batch["segmentation_masks"].astype("float32") * 30
    layer = eager(Compose([RandomCrop(7, 9), RandomFlip(), RandomContrast(0.0)], value_range=(0, 999), seed=1))
    result = layer({"images": np.repeat(images, 3, -1), "segmentation_masks": batch["segmentation_masks"]})
    np.testing.assert_allclose(
        to_numpy(result["images"])[..., :1], to_numpy(result["segmentation_masks"]) * 30, atol=1e-3
    )


def test_channels_first(batch):
    last = eager(layer_of(seed=5))(batch)
    first = {
        **batch,
        "images": batch["images"].transpose(0, 3, 1, 2),
        "segmentation_masks": batch["segmentation_masks"].transpose(0, 3, 1, 2),
    }
    first = eager(layer_of(seed=5, data_format="channels_first"))(first)
    for key in ("images", "segmentation_masks"):
        np.testing.assert_allclose(to_numpy(first[key]), to_numpy(last[key]).transpose(0, 3, 1, 2), atol=1e-3)
    np.testing.assert_allclose(
        to_numpy(first["bounding_boxes"]["boxes"]), to_numpy(last["bounding_boxes"]["boxes"]), atol=1e-3
    )


def test_single_images_with_everything(batch):
    single = keras.tree.map_structure(lambda x: x[0], {k: v for k, v in batch.items() if k != "labels"})
    single["labels"] = {"class": np.array(3), "names": np.array([1, 2])}
    one = keras.tree.map_structure(lambda x: x[:1], batch)
    wanted, seen = eager(layer_of(seed=6))(one), eager(layer_of(seed=6))(single)
    for key in ("images", "segmentation_masks", "bounding_boxes"):
        for a, b in zip(keras.tree.flatten(seen[key]), keras.tree.flatten(wanted[key]), strict=True):
            np.testing.assert_allclose(to_numpy(a), to_numpy(b)[0], atol=1e-3)
    assert int(seen["labels"]["class"]) == 3
    assert seen["labels"]["names"].shape == (2,)


@pytest.mark.parametrize("name", ["labels", "boxes"])
def test_at_rest_all_but_the_images_stay(batch, name):
    layer = layer_of(dtype="mixed_float16")
    labels = {"labels": np.linspace(0, 1, BATCH).astype("float32"), **({} if name == "labels" else batch)}
    result = layer({**labels, "images": batch["images"]}, training=False)
    assert keras.backend.standardize_dtype(result["images"].dtype) == "float16"
    for key in set(labels) - {"images"}:
        for a, b in zip(keras.tree.flatten(result[key]), keras.tree.flatten(labels[key]), strict=True):
            np.testing.assert_array_equal(to_numpy(a), b)
            assert to_numpy(a).dtype == b.dtype


def test_compiled_is_the_same(batch):
    wanted, seen = eager(layer_of(seed=7))(batch), layer_of(seed=7)(batch)
    for a, b in zip(keras.tree.flatten(seen), keras.tree.flatten(wanted), strict=True):
        a, b = to_numpy(a), to_numpy(b)
        if a.dtype == np.int32 and a.ndim == 4:
            assert (a == b).mean() > 0.995  # the nearest pixel, where two are as near
        else:
            np.testing.assert_allclose(a, b, atol=2e-2)


def test_dataset_with_everything(batch):
    tf = pytest.importorskip("tensorflow")
    layer = Compose([RandomRotation(0.1), RandomCrop(7, 9)], bounding_box_format="xyxy", seed=1)
    dataset = tf.data.Dataset.from_tensor_slices(batch).batch(2, drop_remainder=True).map(layer)
    shapes = keras.tree.map_structure(lambda spec: tuple(spec.shape), dataset.element_spec)
    assert shapes["images"] == (2, 7, 9, 3)
    for result in dataset.as_numpy_iterator():
        assert result["segmentation_masks"].shape == (2, 7, 9, 1)
        assert result["bounding_boxes"]["boxes"].max() <= 9
        assert result["labels"].shape == (2,)
    singles = tf.data.Dataset.from_tensor_slices(batch).map(layer)
    assert next(singles.as_numpy_iterator())["bounding_boxes"]["boxes"].shape == (6, 4)


def test_symbolic_outputs_have_the_shapes_of_real_ones(batch):
    layer = Compose([RandomRotation(0.1), RandomCrop(7, 9)], bounding_box_format="xyxy")
    inputs = {k: v for k, v in batch.items() if k != "labels"}
    symbolic = layer(keras.tree.map_structure(lambda a: keras.Input(a.shape[1:], dtype=str(a.dtype)), inputs))
    real = eager(layer)(inputs)
    for a, b in zip(keras.tree.flatten(symbolic), keras.tree.flatten(real), strict=True):
        assert tuple(a.shape)[1:] == tuple(b.shape)[1:]
        assert a.dtype == keras.backend.standardize_dtype(b.dtype)


IMAGES = np.zeros((2, 6, 7, 3), "float32")
BOXES = {"boxes": np.zeros((2, 5, 4), "float32"), "labels": np.zeros((2, 5), "int32")}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"bounding_boxes": BOXES["boxes"]}, "a dict with 'boxes' and 'labels'"),
        ({"bounding_boxes": {"boxes": BOXES["boxes"]}}, "a dict with 'boxes' and 'labels'"),
        ({"bounding_boxes": {**BOXES, "boxes": BOXES["boxes"][..., :3]}}, r"of shape \(batch, boxes, 4\)"),
        ({"bounding_boxes": {**BOXES, "boxes": BOXES["boxes"][0]}}, r"of shape \(batch, boxes, 4\)"),
        ({"bounding_boxes": {**BOXES, "labels": BOXES["labels"][:, :4]}}, "one label for each box"),
        ({"bounding_boxes": keras.tree.map_structure(lambda x: x[:1], BOXES)}, "2 images and bounding boxes for 1"),
        ({"segmentation_masks": np.zeros((2, 6, 6), "int32")}, "of the height and width of the images"),
        ({"segmentation_masks": np.zeros((2, 6), "int32")}, "of the height and width of the images"),
        ({"segmentation_masks": np.zeros((1, 6, 7), "int32")}, "2 images and masks for 1"),
        ({"masks": np.zeros((2, 6, 7), "int32")}, "a dict with 'images' and any of"),
    ],
)
def test_what_does_not_go_with_the_images_is_refused(given, says, training):
    layer = RandomRotation(0.1, bounding_box_format="xyxy")
    with pytest.raises(ValueError, match=says):
        layer({"images": IMAGES, **given}, training=training)


def test_boxes_need_a_format():
    with pytest.raises(ValueError, match="Give it `bounding_box_format`, one of"):
        RandomRotation(0.1)({"images": IMAGES, "bounding_boxes": BOXES})
    with pytest.raises(ValueError, match="Did you mean 'center_xywh'"):
        RandomRotation(0.1, bounding_box_format="centre_xywh")
