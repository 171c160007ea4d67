"""AugMix: its mixture, its draws, and the three views that JSDConsistency wants."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_regkit._core.beta import beta
from keras_regkit.augmentation.image import AugMix
from keras_regkit.augmentation.image._dirichlet import dirichlet
from keras_regkit.augmentation.image._policy_blend import Blend
from keras_regkit.augmentation.image._policy_tables import AUG_MIX
from keras_regkit.losses import JSDConsistency, index_labels

IMAGES = np.random.default_rng(0).integers(0, 200, (6, 12, 10, 3)).astype("uint8")
LABELS = np.array([0, 2, 1, 1, 0, 2])


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def uniform(*shape):
    return np.random.default_rng(1).random(shape).astype("float32")


def test_the_ops_are_those_of_the_paper():
    # google-research/augmix, augmentations.py: the list `augmentations`, with their largest parameters at level 10.
    published = {
        "auto_contrast": 1,
        "equalize": 1,
        "posterize": 4,
        "rotate": 30,
        "solarize": 256,
        "shear_x": 0.3,
        "shear_y": 0.3,
        "translate_x": 1 / 3,
        "translate_y": 1 / 3,
    }
    assert {row.op: row.change or row.start for row in AUG_MIX} == published
    assert next(row.start for row in AUG_MIX if row.op == "posterize") == 4  # 4 - level bits stay


@pytest.mark.parametrize("alpha", [0.05, 0.5, 1.0, 4.0])
@pytest.mark.parametrize("width", [2, 3])
def test_shares_are_dirichlet(alpha, width):
    numbers = [ops.convert_to_tensor(row) for row in uniform(width, 40_000)]
    shares = np.stack([to_numpy(share) for share in dirichlet(alpha, numbers, ops)])
    np.testing.assert_allclose(shares.sum(0), 1, rtol=1e-5)
    total = width * alpha
    variance = (1 / width) * (1 - 1 / width) / (total + 1)
    np.testing.assert_allclose(shares.mean(1), 1 / width, atol=0.01)
    np.testing.assert_allclose(shares.var(1), variance, rtol=0.03)
    # Quantiles of the first share against NumPy's generator.
    theirs = np.random.default_rng(2).dirichlet([alpha] * width, 40_000)[:, 0]
    marks = [0.1, 0.5, 0.9]
    np.testing.assert_allclose(np.quantile(shares[0], marks), np.quantile(theirs, marks), atol=0.02)


def test_against_a_mixture_by_hand():
    # Two chains of one op each: solarize (row 4) at level 0.505 for one, auto_contrast (row 0) for the other.
    layer = AugMix(severity=10, width=2, depth=1, alpha=0.7)
    row = [0.8, 0.3, 0.9, 0.25, 0.6, 0.5, 4.5 / 9, 0.5, 0.9, 0.5, 0.5 / 9, 0.5, 0.9]
    assert layer.draws == len(row)
    out = to_numpy(layer.augment(ops.convert_to_tensor(IMAGES), ops.convert_to_tensor([row] * 6, "float32"), ops))
    x = IMAGES.astype("float64")
    threshold = 256 - int(256 * (0.1 + 9.9 * 0.5) / 10)
    solarized = np.where(x < threshold, x, 255 - x)
    low, high = x.min(axis=(1, 2), keepdims=True), x.max(axis=(1, 2), keepdims=True)
    stretched = (x - low) * 255 / (high - low)
    m = float(beta(0.7, *(ops.convert_to_tensor([v], "float32") for v in row[:3]), ops)[0])
    first, second = (
        float(w[0]) for w in dirichlet(0.7, [ops.convert_to_tensor([v], "float32") for v in row[3:5]], ops)
    )
    wanted = (1 - m) * x + m * (first * solarized + second * stretched)
    assert 0.2 < m < 1
    assert (solarized != x).any()
    np.testing.assert_allclose(out.astype(int), wanted, atol=0.51)


def test_depth_is_1_2_or_3_for_each_image_and_chain():
    layer = AugMix(width=2)
    numbers = [ops.convert_to_tensor(row) for row in uniform(10, 9000)]
    slots = [to_numpy(sum(ops.abs(v) for v in slot.values())) > 0 for slot in layer._chain(numbers[:10], ops)]
    depth = np.sum(slots, axis=0)
    # Weak solarizing and moving may come to nothing, which is why some chains look shorter.
    assert [0.25 < (depth == k).mean() < 0.42 for k in (1, 2, 3)] == [True] * 3
    assert (slots[0] | ~slots[1]).mean() > 0.9


def test_severity_and_probability():
    x = np.repeat(IMAGES[:1], 32, axis=0)
    numbers = ops.convert_to_tensor(uniform(32, AugMix(width=1, depth=1).draws))

    def change(severity):
        out = AugMix(severity, width=1, depth=1).augment(ops.convert_to_tensor(x), numbers, ops)
        return np.abs(to_numpy(out).astype(int) - x).mean()

    assert change(1) < change(10)
    assert (to_numpy(AugMix(width=2, depth=1, probability=0)(x)) == x).all()


def test_three_views():
    layer = AugMix(depth=1, seed=0)
    x, y = layer.views(IMAGES, LABELS, num_classes=3)
    x = to_numpy(x)
    assert x.dtype == np.uint8
    np.testing.assert_array_equal(x[::3], IMAGES)
    assert (x[1::3] != x[2::3]).any()
    np.testing.assert_array_equal(to_numpy(y), index_labels(np.repeat(LABELS, 3), 3, np.repeat(np.arange(6), 3)))
    soft = np.eye(3, dtype="float32")[LABELS] * 0.9
    x, y, w = layer.views(IMAGES, soft, np.arange(6.0, dtype="float32"))
    np.testing.assert_array_equal(to_numpy(y)[:, :3], np.repeat(soft, 3, axis=0))
    np.testing.assert_array_equal(to_numpy(w), np.repeat(np.arange(6), 3))


def test_trains_with_jsd_consistency():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((IMAGES.astype("float32") / 255, np.eye(3, dtype="float32")[LABELS]))
    layer = AugMix(width=2, depth=1, value_range=(0, 1), seed=0)
    threes = data.shuffle(6, seed=0).batch(3).map(layer.views)
    model = keras.Sequential([keras.Input((12, 10, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("adam", JSDConsistency(from_logits=True), metrics=["accuracy"])
    history = model.fit(threes, validation_data=data.batch(6), epochs=4, shuffle=False, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert history["loss"][-1] < history["loss"][0]
    # Views that differ cost something beyond the cross-entropy.
    (x, y), *_ = threes.as_numpy_iterator()
    apart = float(JSDConsistency(12.0, from_logits=True)(y, model.predict(x, verbose=0)))
    assert apart > float(JSDConsistency(0.0, from_logits=True)(y, model.predict(x, verbose=0)))


def test_what_it_refuses():
    with pytest.raises(ValueError, match="no single place"):
        AugMix()({"images": IMAGES, "segmentation_masks": IMAGES[..., :1]})
    with pytest.raises(ValueError, match="no bounding boxes"):
        AugMix(bounding_box_format="xyxy")
    with pytest.raises(ValueError, match="3 channels"):
        AugMix()(IMAGES[..., :1])
    with pytest.raises(ValueError, match=r"`views` takes labels .* num_classes=None"):
        AugMix().views(IMAGES, LABELS)
    with pytest.raises(ValueError, match="batch of images"):
        AugMix().views(IMAGES[0], LABELS)


def test_labels_stay_in_a_dict():
    out = AugMix(width=1, depth=1, seed=0)({"images": IMAGES, "labels": LABELS})
    np.testing.assert_array_equal(to_numpy(out["labels"]), LABELS)
    assert tuple(out["images"].shape) == IMAGES.shape


def test_what_left_the_range_before_is_clipped_before_it_is_blended():
    images, half = ops.full((2, 3, 3, 3), 300.0), ops.full((2, 2), 0.5)
    blended = Blend((), half, 1).run(images, [half], ops, (0, 255))
    np.testing.assert_allclose(ops.convert_to_numpy(blended), 255.0)
