"""The grid before and after a layer shows what the layer made."""

import keras
import numpy as np
import pytest

from keras_regkit.augmentation import show
from keras_regkit.augmentation.image import RandomFlip
from keras_regkit.augmentation.mixing import CutMix, MixUp
from keras_regkit.augmentation.show import guess_range

pytest.importorskip("matplotlib")

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 6, 4, 3)).astype("uint8")


def pictures(figure):
    """The images of a figure's axes, as bytes."""
    return [np.round(np.asarray(axes.images[0].get_array()) * 255).astype("uint8") for axes in figure.axes]


def test_the_first_column_is_what_came_and_the_others_are_what_the_layer_makes():
    figure = show(RandomFlip("horizontal", seed=1), IMAGES, rows=2, versions=5)
    shown = pictures(figure)
    assert len(shown) == 12
    for row in range(2):
        before, *after = shown[6 * row : 6 * row + 6]
        np.testing.assert_array_equal(before, IMAGES[row])
        kept = [np.array_equal(image, before) for image in after]
        mirrored = [np.array_equal(image, before[:, ::-1]) for image in after]
        assert all(a != b for a, b in zip(kept, mirrored, strict=True))
    assert any(mirrored) or any(kept)
    assert [axes.get_title() for axes in figure.axes[:3]] == ["before", "after, 1", "after, 2"]
    assert figure._repr_png_()


def test_one_grey_image_and_a_function():
    figure = show(lambda x, training: 1 - x, np.full((4, 4, 1), 0.25, "float32"), versions=1)
    before, after = pictures(figure)
    assert before.shape == (4, 4, 3)
    assert (before[0, 0, 0], after[0, 0, 0]) == (64, 191)


def test_channels_first():
    (before, *_) = pictures(show(RandomFlip(data_format="channels_first"), np.moveaxis(IMAGES, -1, 1), versions=1))
    np.testing.assert_array_equal(before, IMAGES[0])


def test_labels_stand_above_the_images():
    labels = np.array([0, 1, 2, 0, 1])
    names = ["cat", "dog", "owl"]
    figure = show(RandomFlip(), IMAGES, labels, rows=3, versions=1, class_names=names)
    assert [axes.get_title().splitlines()[-1] for axes in figure.axes[::2]] == names
    mixed = show(MixUp(50.0, 3, seed=1), IMAGES, labels, rows=2, versions=1, class_names=names)
    title = mixed.axes[1].get_title().splitlines()[-1]
    assert len([name for name in names if name in title]) in (1, 2)
    soft = show(RandomFlip(), IMAGES, np.eye(3)[labels] * 0.7 + 0.1, rows=1, versions=1)
    assert soft.axes[0].get_title() == "before\n0 0.80, 1 0.10"
    assert len(show(CutMix(labels="pair"), IMAGES, labels, rows=1, versions=2).axes) == 3
    with pytest.raises(ValueError, match=r"needs|takes"):
        show(MixUp(), IMAGES)


def test_boxes_and_masks_are_drawn_over_the_images():
    masks = np.zeros((5, 6, 4, 1), "int32")
    masks[:, :2] = 1
    boxes = {"boxes": np.array([[[0, 0, 2, 3], [1, 1, 2, 2]]] * 5, "float32"), "labels": np.array([[4, -1]] * 5)}
    layer = RandomFlip("horizontal", bounding_box_format="xyxy", seed=2)
    figure = show(layer, {"images": IMAGES, "segmentation_masks": masks, "bounding_boxes": boxes}, rows=1, versions=6)
    before = figure.axes[0]
    assert len(before.images) == 2
    np.testing.assert_array_equal(before.images[1].get_array().mask, masks[0, ..., 0] == 0)
    assert len(before.lines) == 1  # the second is none
    assert sorted(set(before.lines[0].get_xdata())) == [-0.5, 1.5]
    seen = {tuple(sorted(set(axes.lines[0].get_xdata()))) for axes in figure.axes[1:]}
    assert seen == {(-0.5, 1.5), (1.5, 3.5)}  # as it was, and mirrored in a width of 4


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (np.zeros(3, "uint8"), (0, 255)),
        (np.array([0, 65535], "uint16"), (0, 65535)),
        (np.array([0.2, 1.0]), (0, 1)),
        (np.array([-0.2, 1.0]), (-1, 1)),
        (np.array([0.0, 200.0]), (0, 255)),
        (np.array([-3.0, 300.0]), (-3.0, 300.0)),
    ],
)
def test_value_range(images, expected):
    assert guess_range(images) == expected


def test_bad_input():
    with pytest.raises(ValueError, match=r"`images` must have the shape.*\(6, 4\)"):
        show(RandomFlip(), np.zeros((6, 4)))
    with pytest.raises(ValueError, match=r"`images` must have the shape.*a dict with"):
        show(RandomFlip(), {"x": IMAGES})
    with pytest.raises(ValueError, match="`rows` must be in"):
        show(keras.layers.Identity(), IMAGES, rows=0)


def test_mixing_is_shown_with_its_labels():
    x, y = np.zeros((3, 4, 4, 3), "float32"), np.eye(3, dtype="float32")
    assert len(show(MixUp(), (x, y), versions=2).axes) == 9
    with pytest.raises(ValueError, match=r"`labels` must be given: MixUp needs"):
        show(MixUp(), x)
