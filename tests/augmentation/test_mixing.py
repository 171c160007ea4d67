"""Mixing: shares, partners, boxes and labels, against NumPy; and what cannot be mixed."""

import itertools
import warnings

import keras
import numpy as np
import pytest
import scipy.stats

from keras_regkit import strengths
from keras_regkit._core.beta import beta, smaller_share
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.augmentation.image import RandomErasing
from keras_regkit.augmentation.mixing import CutMix, MixUp, MixUpCutMix
from keras_regkit.augmentation.mixing._boxes import cut_box, cut_features
from keras_regkit.augmentation.mixing._kernel import partners

LAYERS = [MixUp(0.5, seed=1), CutMix(seed=1), MixUpCutMix(0.5, seed=1)]
ROWS = 400


def arrays(structure):
    return keras.tree.map_structure(keras.ops.convert_to_numpy, structure)


def uniform(*shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype("float32")


def telling_samples(batch=ROWS, shape=(12, 10, 1)):
    """Samples that tell who they are, sample i being i everywhere, and labels that do so too."""
    x = np.broadcast_to(np.arange(batch, dtype="float32").reshape(-1, *[1] * len(shape)), (batch, *shape))
    return np.array(x), np.eye(batch, dtype="float32")


def shares_of(y):
    """Returns whom each sample met, and its own share, from mixed labels `np.eye`."""
    own = np.diagonal(y)
    others = np.array(y)
    np.fill_diagonal(others, 0)
    return others.argmax(1), own


@pytest.mark.parametrize("alpha", [0.1, 0.2, 0.4, 1, 5])
def test_shares_have_the_beta_distribution(alpha):
    u, v, side = uniform(3, 20_000, seed=2)
    smaller = arrays(smaller_share(alpha, u, v, keras.ops)).astype("float64")
    # Twice the CDF below one half. Most shares of a small α are so small that 1 − λ would be rounded.
    result = scipy.stats.kstest(smaller, lambda x: np.minimum(1, 2 * scipy.stats.beta.cdf(x, alpha, alpha)))
    assert result.pvalue > 0.01
    share = arrays(beta(alpha, u, v, side, keras.ops))
    assert ((share >= 0) & (share <= 1)).all()
    # The variance of the mean is Var λ / n, with Var λ = 1 / (4 (2α + 1)).
    assert abs(share.mean() - 0.5) < 4 * np.sqrt(1 / (4 * (2 * alpha + 1)) / 20_000)
    assert abs(np.mean(share < 0.5) - 0.5) < 4 * 0.5 / np.sqrt(20_000)


def test_shares_at_the_ends_of_the_uniform_numbers_are_finite():
    ends = np.array([0, np.nextafter(np.float32(1), np.float32(0)), 0.5], "float32")
    u, v = (grid.ravel() for grid in np.meshgrid(ends, ends))
    for alpha in (1e-3, 1.0, 1e4):
        share = arrays(smaller_share(alpha, u, v, keras.ops))
        assert ((share >= 0) & (share <= 0.5)).all()


def test_everyone_meets_every_other_one_alike():
    draws = uniform(6000, 4, seed=3)
    met = np.array([arrays(partners(row, keras.ops)) for row in draws[:600]])
    assert (met != np.arange(4)).all()
    assert (np.sort(met) == np.arange(4)).all()
    for one in range(4):
        counts = np.bincount(met[:, one], minlength=4)[[k for k in range(4) if k != one]]
        assert scipy.stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_boxes_are_those_of_the_paper(ndim):
    sizes, rows = (7, 12, 5)[:ndim], 300
    share, centers = uniform(rows, seed=4), uniform(ndim, rows, seed=5)
    axes = tuple(range(1, ndim + 1))
    inside, really = arrays(cut_box(share, list(centers), sizes, axes, ndim + 2, keras.ops))
    for row in range(rows):
        expected = np.ones(sizes, bool)
        for axis, size in enumerate(sizes):
            length = int(size * share[row] ** (1 / ndim) + 1e-6)
            start = int(size * centers[axis][row]) - length // 2
            chosen = [max(start, 0) <= k < min(start + length, size) for k in range(size)]
            expected &= np.array(chosen).reshape([-1 if k == axis else 1 for k in range(ndim)])
        np.testing.assert_array_equal(np.broadcast_to(inside[row][..., 0], sizes), expected)
        assert really[row] == pytest.approx(expected.mean(), abs=1e-6)


def test_features_are_cut_in_exact_numbers():
    share = np.repeat(np.array([0, 0.3, 0.5, 1], "float32"), 500)
    inside, really = arrays(cut_features(share, uniform(2000, 10, seed=6), keras.ops))
    np.testing.assert_array_equal(inside.sum(1), np.repeat([0, 3, 5, 10], 500))
    np.testing.assert_allclose(really, inside.mean(1), atol=1e-6)
    # Each column alike: 500 draws with a share of 0.3 have a standard error of 0.02.
    np.testing.assert_allclose(inside[500:1000].mean(0), 0.3, atol=0.08)


@pytest.mark.parametrize("shape", [(), (3,), (3, 4, 5, 2)])
def test_blended_samples_have_the_shares_of_their_labels(shape):
    x, y = telling_samples(60, shape)
    mixed, labels = arrays(MixUp(1.0, seed=1)((x, y)))
    partner, share = shares_of(labels)
    assert (partner != np.arange(60)).all()
    expected = share * np.arange(60) + (1 - share) * partner
    np.testing.assert_allclose(mixed, np.broadcast_to(expected.reshape(-1, *[1] * len(shape)), mixed.shape), rtol=1e-4)


@pytest.mark.parametrize(
    ("shape", "dtype"), [((5,), "int32"), ((9, 2), "float32"), ((12, 10, 1), "uint8"), ((3, 4, 5, 2), "float32")]
)
def test_cut_samples_have_the_shares_of_their_labels(shape, dtype):
    x, y = telling_samples(100, shape)
    mixed, labels = arrays(CutMix(seed=2)((x.astype(dtype), y)))
    assert mixed.dtype == dtype
    partner, share = shares_of(labels)
    values = mixed.reshape(100, -1)
    own = values == np.arange(100)[:, None]
    np.testing.assert_allclose(own.mean(1), share, atol=1e-6)
    theirs = np.broadcast_to(partner[:, None], values.shape)
    np.testing.assert_array_equal(values[~own], theirs[~own])


def test_a_box_is_one_box_through_all_channels():
    x, y = telling_samples(50, (12, 10, 3))
    mixed = arrays(CutMix(seed=3)((x, y)))[0]
    other = mixed != np.arange(50).reshape(-1, 1, 1, 1)
    assert (other == other[..., :1]).all()
    for image in other[..., 0]:
        rows, columns = image.any(1), image.any(0)
        np.testing.assert_array_equal(image, np.outer(rows, columns))
        for side in (rows, columns):
            assert np.count_nonzero(np.diff(side.astype(int))) <= 2


def test_channels_first():
    x, y = telling_samples(40, (3, 8, 6))
    mixed, labels = arrays(CutMix(seed=3, data_format="channels_first")((x, y)))
    other = mixed != np.arange(40).reshape(-1, 1, 1, 1)
    assert (other == other[:, :1]).all()
    np.testing.assert_allclose(1 - other.mean((1, 2, 3)), shares_of(labels)[1], atol=1e-6)


def test_the_switch_draws_one_or_the_other():
    x, y = telling_samples()
    mixed, labels = arrays(MixUpCutMix(1.0, 1.0, 0.3, seed=4)((x, y)))
    partner, share = shares_of(labels)
    values = mixed.reshape(ROWS, -1)
    blended = (values == values[:, :1]).all(1) & (share > 0) & (share < 1)
    assert 0 < np.mean(~blended) - 0.3 + 0.1 < 0.2  # standard error 0.023, and a box of everything looks blended
    expected = np.where(blended, share * np.arange(ROWS) + (1 - share) * partner, values.mean(1))
    np.testing.assert_allclose(values.mean(1), expected, rtol=1e-4)
    own = values[~blended] == np.flatnonzero(~blended)[:, None]
    np.testing.assert_allclose(own.mean(1), share[~blended], atol=1e-6)


@pytest.mark.parametrize("layer", [MixUp(1.0, per="batch"), CutMix(per="batch"), MixUpCutMix(per="batch")])
def test_one_share_for_a_batch(layer):
    x, y = telling_samples(20)
    seen = []
    for _ in range(4):
        shares = shares_of(arrays(layer((x, y)))[1])[1]
        np.testing.assert_allclose(shares, shares[0], atol=1e-6)
        seen.append(shares[0])
    assert len({round(float(share), 4) for share in seen}) > 1


def test_probability_is_that_of_samples_or_of_batches():
    x, y = telling_samples()
    for layer in (MixUp(1.0, probability=0.25, seed=5), CutMix(probability=0.25, seed=5)):
        mixed, labels = arrays(layer((x, y)))
        changed = (mixed != x).any((1, 2, 3))
        assert 0.15 < changed.mean() < 0.34
        np.testing.assert_array_equal(labels[~changed], y[~changed])
    layer = MixUp(1.0, probability=0.5, per="batch", seed=6)
    changed = [bool((arrays(layer((x[:4], y[:4])))[0] != x[:4]).any()) for _ in range(40)]
    assert 8 <= sum(changed) <= 32
    for layer in (MixUp(1.0, probability=0), CutMix(probability=0), MixUpCutMix(probability=0)):
        mixed, labels = arrays(layer((x, y)))
        np.testing.assert_array_equal(mixed, x)
        np.testing.assert_array_equal(labels, y)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_class_ids_become_shares_of_classes(layer):
    ids = np.arange(12) % 4
    given = ids if isinstance(layer, MixUp) else ids[:, None]
    config = {**layer.get_config(), "num_classes": 5}
    ours = arrays(type(layer).from_config(config)((np.zeros((12, 4, 4, 1), "float32"), given)))[1]
    onehot = np.eye(5, dtype="float32")[ids]
    theirs = arrays(type(layer).from_config(config)((np.zeros((12, 4, 4, 1), "float32"), onehot)))[1]
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_allclose(ours.sum(1), 1, atol=1e-6)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_pairs_say_the_same_as_dense_labels(layer):
    x, y = telling_samples(30)
    config = layer.get_config()
    dense = arrays(type(layer).from_config(config)((x, y)))
    apart = arrays(type(layer).from_config({**config, "labels": "pair"})((x, np.arange(30))))
    np.testing.assert_array_equal(apart[0], dense[0])
    ours, theirs, share = apart[1]
    np.testing.assert_array_equal(ours, np.arange(30))
    np.testing.assert_allclose(share[:, None] * y[ours] + (1 - share[:, None]) * y[theirs], dense[1], atol=1e-6)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_weights_are_mixed_as_labels_are(layer):
    x, y = telling_samples(30)
    weight = np.linspace(1, 2, 30).astype("float32")
    _, labels, mixed = arrays(layer((x, y, weight)))
    np.testing.assert_allclose(mixed, labels @ weight, rtol=1e-5)
    assert layer((x, y, None))[2] is None
    named = layer({"images": x, "labels": y, "sample_weight": weight})
    assert sorted(named) == ["images", "labels", "sample_weight"]
    assert isinstance(layer([x, y]), list)


def test_targets_of_a_regression_and_several_tensors_are_blended_alike():
    base = np.arange(6, dtype="float32")
    x = {"a": base[:, None], "b": np.repeat(base, 6).reshape(6, 3, 2) * 10}
    mixed, targets = arrays(MixUp(1.0, seed=1)((x, {"one": base * 2, "two": base[:, None] * 3})))
    np.testing.assert_allclose(mixed["b"][:, 0, 0], mixed["a"][:, 0] * 10, rtol=1e-5)
    np.testing.assert_allclose(targets["one"], mixed["a"][:, 0] * 2, rtol=1e-5)
    np.testing.assert_allclose(targets["two"], mixed["a"] * 3, rtol=1e-5)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_outside_of_training_labels_have_the_same_form(layer):
    x = np.full((3, 4, 4, 1), 7, "uint8")
    dense = type(layer).from_config({**layer.get_config(), "num_classes": 4})
    images, labels = arrays(dense((x, np.array([3, 0, 1])), training=False))
    assert images.dtype == "uint8"
    np.testing.assert_array_equal(images, x)
    np.testing.assert_array_equal(labels, np.eye(4)[[3, 0, 1]])
    apart = type(layer).from_config({**layer.get_config(), "labels": "pair"})
    ours, theirs, share = arrays(apart((x, np.array([3, 0, 1])), training=False))[1]
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(share, [1, 1, 1])


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_symbolic_outputs(layer):
    inputs = (keras.Input((4, 4, 1), dtype="uint8"), keras.Input((), dtype="int64"), keras.Input(()))
    dense = type(layer).from_config({**layer.get_config(), "num_classes": 4})
    images, labels, weight = dense(inputs)
    assert (images.shape, images.dtype) == ((None, 4, 4, 1), "uint8")
    assert (labels.shape, labels.dtype, weight.shape) == ((None, 4), "float32", (None,))
    apart = type(layer).from_config({**layer.get_config(), "labels": "pair"})
    _, (ours, theirs, share) = apart(inputs[:2])
    assert (ours.dtype, theirs.shape, share.shape, share.dtype) == ("int64", (None,), (None,), "float32")
    assert dense.compute_output_shape(((None, 4, 4, 1), (None,))) == ((None, 4, 4, 1), (None, 4))
    with_pair = apart.compute_output_shape({"images": (None, 8), "labels": (None,)})
    assert with_pair == {"images": (None, 8), "labels": ((None,), (None,), (None,))}


def test_pixels_are_rounded_and_stay_between():
    x = np.random.default_rng(0).integers(0, 256, (16, 5, 5, 3)).astype("uint8")
    pair = MixUp(1.0, labels="pair", seed=1)
    mixed, (ours, theirs, share) = arrays(pair((x, np.arange(16))))
    share = share.reshape(-1, 1, 1, 1)
    np.testing.assert_allclose(mixed, share * x[ours] + (1 - share) * x[theirs], atol=0.501)


def test_under_half_precision_samples_are_halves_and_labels_are_not():
    layer = MixUpCutMix(dtype="mixed_float16", num_classes=3, seed=0)
    images, labels = layer((np.ones((4, 4, 4, 1), "float32"), np.array([0, 1, 2, 0])))
    assert keras.backend.standardize_dtype(images.dtype) == "float16"
    assert keras.backend.standardize_dtype(labels.dtype) == "float32"


def test_alpha_may_move():
    x, y = telling_samples(200, (1,))
    layer = MixUp(strengths.Linear(0.01, 100.0, steps=2), seed=1)
    spreads = [np.abs(shares_of(arrays(layer((x, y)))[1])[1] - 0.5).mean() for _ in range(3)]
    # A small α leaves or swaps samples, a large one blends halves.
    assert spreads[0] > 0.45
    assert spreads[2] < 0.05
    again = MixUp.from_config(layer.get_config())
    assert isinstance(again.alpha, strengths.Linear)
    assert CutMix(0.7).alpha == 0.7
    both = MixUpCutMix(0.3, strengths.Linear(1.0, 2.0, steps=5))
    assert (both.mixup_alpha, both.cutmix_alpha.get_config()["start"]) == (0.3, 1.0)


def test_each_of_two_alphas_is_that_of_its_own():
    x, y = telling_samples()
    mixed, labels = arrays(MixUpCutMix(200.0, 0.005, 0.5, seed=2)((x, y)))
    shares, values = shares_of(labels)[1], mixed.reshape(ROWS, -1)
    fractions = values != np.round(values)
    assert np.abs(shares[fractions.any(1)] - 0.5).max() < 0.2
    # Of the half that is cut, a half gets next to nothing, the others as much as the box leaves when it is clipped.
    assert 0.15 < np.mean(shares > 0.99) < 0.35


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_a_batch_of_one_is_handed_through_with_a_warning(layer):
    x, y = np.ones((1, 4, 4, 1), "float32"), np.array([[0.0, 1.0]], "float32")
    with pytest.warns(NoEffectWarning, match="batch of one"):
        mixed = layer((x, y), training=True)
    mixed = arrays(mixed)
    np.testing.assert_array_equal(mixed[0], x)
    np.testing.assert_array_equal(mixed[1], y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer((x, y), training=False)


IMAGES = np.zeros((4, 6, 6, 3), "float32")
IDS = np.array([0, 1, 2, 1])


@pytest.mark.parametrize(
    ("make", "inputs", "message"),
    [
        (MixUp, IMAGES, r"needs the labels too: layer\(\(x, y\)\).*one tensor"),
        (MixUp, (IMAGES,), "needs the labels too.*tuple of 1"),
        (MixUp, (IMAGES, None), "needs the labels too"),
        (CutMix, {"images": IMAGES}, r"takes \(x, y\).*Received a dict with: \['images'\]"),
        (CutMix, {"images": IMAGES, "labels": IDS, "segmentation_masks": IDS}, "masks and boxes cannot be"),
        (MixUp, (IMAGES, IDS), r"cannot mix class ids.*num_classes=\.\.\..*int"),
        (MixUp, (IMAGES, IDS > 0), "mixes floats, and class ids.*bool"),
        (lambda: CutMix(num_classes=3), (IMAGES, np.array([0, 1, 2, 3])), "from 0 to 2. Received: ids from 0 to 3"),
        (lambda: CutMix(num_classes=3), (IMAGES, -IDS), "ids from -2 to 0"),
        (lambda: CutMix(num_classes=3), (IMAGES, np.eye(4, 3, dtype="int32")), "one-hot or multi-hot rows as floats"),
        (lambda: MixUp(num_classes=3), (IMAGES, IDS.astype("float32")), "leave num_classes out"),
        (lambda: MixUp(num_classes=3), (IMAGES, np.eye(4, dtype="float32")), r"num_classes=3.*\(4, 4\)"),
        (lambda: MixUp(num_classes=3), (IMAGES, IDS[:3]), r"as many samples as labels.*\(4, 6, 6, 3\), \(3,\)"),
        (lambda: MixUp(num_classes=3), (IMAGES, IDS, np.ones(5)), r"as many samples as labels.*\(5,\)"),
        (lambda: MixUp(num_classes=3), (np.zeros((4, 7), "int32"), IDS), "blends floats.*int32.*ManifoldMixUp"),
        (lambda: MixUpCutMix(num_classes=3), (np.zeros((4, 7), "int64"), IDS), "blends floats"),
        (lambda: CutMix(num_classes=3), ([IMAGES, IMAGES], IDS), "cuts one tensor.*Received: 2"),
        (lambda: CutMix(num_classes=3), (np.zeros(4, "float32"), IDS), r"cuts samples of shape.*rank 1"),
        (MixUp, (np.float32(1), np.float32(1)), "takes batches"),
        (MixUp, (IMAGES, np.float32(1)), "takes batches"),
    ],
)  # fmt: skip
def test_what_cannot_be_mixed(make, inputs, message):
    with pytest.raises(ValueError, match=message):
        make()(inputs)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="on torch all class ids can be seen, and are refused")
def test_a_class_id_out_of_range_makes_nan_where_it_cannot_be_seen():
    layer = MixUp(num_classes=3, probability=0.0)
    ids = keras.Input((), dtype="int32")
    model = keras.Model(ids, layer((keras.ops.zeros_like(keras.ops.cast(ids, "float32")), ids))[1])
    labels = model.predict(np.array([0, 5, 2, 1], "int32"), verbose=0)
    np.testing.assert_array_equal(np.isnan(labels).all(1), [False, True, False, False])
    np.testing.assert_array_equal(labels[[0, 2, 3]], np.eye(3)[[0, 2, 1]])


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_seeds(layer):
    x, y = telling_samples(20)
    config = layer.get_config()
    first, second = type(layer).from_config(config), type(layer).from_config(config)
    for _ in range(2):
        for a, b in zip(arrays(first((x, y))), arrays(second((x, y))), strict=True):
            np.testing.assert_array_equal(a, b)
    calls = [arrays(first((x, y)))[1] for _ in range(3)]
    assert all((a != b).any() for a, b in itertools.combinations(calls, 2))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_erasing_in_the_same_pass_is_erasing_of_what_was_mixed(data_format):
    x, y = np.random.default_rng(6).uniform(1, 255, (6, 12, 10, 3)).astype("float32"), np.eye(6, dtype="float32")
    x = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    erasing = RandomErasing(fill_value=0, probability=0.7)
    options = {"num_classes": None, "data_format": data_format, "seed": 3}
    plain, both = MixUpCutMix(**options), MixUpCutMix(erasing=erasing, **options)
    numbers = uniform(6, 8 + erasing.draws, seed=8)
    wanted = arrays(plain.augment((x, y), keras.ops.convert_to_tensor(numbers[:, : -erasing.draws]), keras.ops))
    seen = arrays(both.augment((x, y), keras.ops.convert_to_tensor(numbers), keras.ops))
    alone = RandomErasing(fill_value=0, probability=0.7, data_format=data_format)
    erased = arrays(alone.augment(wanted[0], keras.ops.convert_to_tensor(numbers[:, -erasing.draws :]), keras.ops))
    assert both.shape_of_numbers((x, y), keras.ops)[1] == plain.shape_of_numbers((x, y), keras.ops)[1] + erasing.draws
    np.testing.assert_allclose(seen[0], erased, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(seen[1], wanted[1], atol=1e-6)
    assert 0 < (seen[0] == 0).mean() < 0.6


def test_erasing_is_for_images():
    with pytest.raises(ValueError, match=r"`erasing`, which takes images.*shape \(4, 3\)"):
        MixUpCutMix(erasing=RandomErasing())((np.zeros((4, 3), "float32"), np.eye(4, dtype="float32")))


def test_nan_is_found_where_it_can_be_seen():
    x = np.ones((4, 3), "float32")
    x[2] = np.inf
    with pytest.raises(ValueError, match=r"NaN or infinity in 1 of 4 samples, first in number 2"):
        MixUp()((x, np.eye(4, dtype="float32")))
