"""Rows of tables: what changes, how often, and by how much, against NumPy."""

import keras
import numpy as np
import pytest
import scipy.stats

from keras_regkit import strengths
from keras_regkit._core.beta import beta
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.augmentation.mixing import MixUp
from keras_regkit.augmentation.mixing._kernel import partners
from keras_regkit.augmentation.tabular import (
    CategoricalResample,
    Compose,
    FeatureDropout,
    GaussianJitter,
    MixedMixUp,
    SwapNoise,
)
from keras_regkit.augmentation.tabular._row_layer import others

ROWS = 2000


def array(x):
    return keras.ops.convert_to_numpy(x)


def table(rows=ROWS, seed=0):
    """Returns two numeric columns of unlike scale, a column of codes 0 to 3, and a number for each row."""
    random = np.random.default_rng(seed)
    codes = random.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05])
    columns = [random.normal(5, 2, rows), random.normal(-1, 0.1, rows), codes, np.arange(rows)]
    return np.stack(columns, axis=1).astype("float32")


def share_is(found, wanted, count):
    # Within 4 standard deviations of a binomial share.
    return abs(found - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / count)


def test_every_other_row_gives_alike():
    batch = 5
    numbers = np.random.default_rng(1).random((batch, 4000)).astype("float32")
    donor = array(others(keras.ops.convert_to_tensor(numbers), keras.ops))
    for row in range(batch):
        counts = np.bincount(donor[row], minlength=batch)
        assert counts[row] == 0
        assert scipy.stats.chisquare(np.delete(counts, row)).pvalue > 1e-3
    last = np.full((3, 1), np.nextafter(np.float32(1), np.float32(0)), "float32")
    assert array(others(keras.ops.convert_to_tensor(last), keras.ops)).ravel().tolist() == [2, 0, 1]


def test_swapped_cells_come_from_their_column():
    x = table()
    new = array(SwapNoise(0.15, frozen=[1], seed=1)(x))
    np.testing.assert_array_equal(new[:, 1], x[:, 1])
    swapped = new[:, 3] != x[:, 3]
    assert share_is(swapped.mean(), 0.15, ROWS)
    for column in range(4):
        assert np.isin(new[:, column], x[:, column]).all()
    # Columns are swapped each by itself.
    assert share_is((swapped & (new[:, 0] != x[:, 0])).mean(), 0.15**2, ROWS)
    assert len(np.unique(new[swapped, 3])) > 0.8 * swapped.sum()


def test_unknown_cells_stay_and_are_given_to_nobody():
    x = table(rows=300)
    known = np.random.default_rng(2).random(x.shape) < 0.6
    x[~known] = -99
    layers = [
        SwapNoise(1.0, seed=1),
        FeatureDropout(1.0, "mean", categorical=[2], seed=1),
        GaussianJitter(0.5, seed=1),
        CategoricalResample([0, 1, 2, 3], rate=1.0, seed=1),
    ]
    for layer in layers:
        new = array(layer({"rows": x, "mask": known})["rows"])
        np.testing.assert_array_equal(new[~known], x[~known])
        assert not (new[known] == -99).any()
        assert (new[known] != x[known]).mean() > 0.3


def test_what_dropped_cells_are_filled_with():
    x = table()
    new = array(FeatureDropout(0.2, [1.0, 2.0, 3.0, -4.0], seed=1)(x))
    filled = new != x
    for column, value in enumerate([1, 2, 3, -4]):
        assert (new[filled[:, column], column] == value).all()
    assert share_is(filled[:, [0, 1, 3]].mean(), 0.2, 3 * ROWS)
    new = array(FeatureDropout(1.0, "mean", categorical=[2])(x))
    np.testing.assert_allclose(
        new[:, [0, 1, 3]], np.broadcast_to(x.mean(0, "float64")[[0, 1, 3]], (ROWS, 3)), rtol=1e-4
    )
    assert (new[:, 2] == 0).all()
    known = np.ones(x.shape, bool)
    known[x[:, 2] == 0, 2] = False
    new = array(FeatureDropout(1.0, "mean", categorical=[2])({"rows": x, "mask": known})["rows"])
    assert (new[known[:, 2], 2] == 1).all()
    np.testing.assert_array_equal(array(FeatureDropout(1.0)(x)), np.zeros_like(x))


def test_jitter_is_normal_and_in_proportion():
    x = table()
    noise = (array(GaussianJitter(0.1, categorical=[2, 3], seed=1)(x)) - x).astype("float64")
    np.testing.assert_array_equal(noise[:, 2:], 0)
    for column in (0, 1):
        # Differences of float32 numbers are rounded; the noise is far above.
        scaled = noise[:, column] / (0.1 * x[:, column].std(dtype="float64"))
        assert scipy.stats.kstest(scaled, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(noise[:, :2].T)[0, 1]) < 4 / np.sqrt(ROWS)
    noise = array(GaussianJitter(2.0, scales=[0, 3, 1, 0], seed=1)(np.zeros_like(x)))
    assert (noise[:, [0, 3]] == 0).all()
    assert scipy.stats.kstest(noise[:, 1] / 6, "norm").pvalue > 1e-3


def test_categories_are_drawn_by_their_frequencies():
    x = table()
    new = array(CategoricalResample([2], rate=1.0, seed=1)(x))
    np.testing.assert_array_equal(new[:, [0, 1, 3]], x[:, [0, 1, 3]])
    was = np.bincount(x[:, 2].astype(int), minlength=4)
    assert scipy.stats.chisquare(np.bincount(new[:, 2].astype(int), minlength=4), was).pvalue > 1e-3
    # Drawn anew, not permuted or left.
    assert abs(np.corrcoef(new[:, 2], x[:, 2])[0, 1]) < 4 / np.sqrt(ROWS)
    given = array(CategoricalResample([3, 2], rate=1.0, frequencies=[None, [2, 0, 5, 3, 0]], seed=2)(x))
    counts = np.bincount(given[:, 2].astype(int), minlength=5)
    assert counts[1] == counts[4] == 0
    assert scipy.stats.chisquare(counts[[0, 2, 3]], ROWS * np.array([0.2, 0.5, 0.3])).pvalue > 1e-3
    assert np.isin(given[:, 3], x[:, 3]).all()
    some = array(CategoricalResample([3], rate=0.3, seed=3)(x))
    assert share_is((some[:, 3] != x[:, 3]).mean(), 0.3, ROWS)


def expected_mix(x, y, numbers, alpha, categorical):
    """The equations, row by row."""
    partner = array(partners(numbers[:, 0], keras.ops))
    share = array(beta(alpha, numbers[:, 1], numbers[:, 2], numbers[:, 3], keras.ops)).astype("float64")
    rows, labels = [], []
    for i, (j, part) in enumerate(zip(partner, share, strict=True)):
        row = part * x[i] + (1 - part) * x[j]
        for column in categorical:
            row[column] = x[i, column] if numbers[i, 4 + column] < part else x[j, column]
        rows.append(row)
        labels.append(part * y[i] + (1 - part) * y[j])
    return np.array(rows), np.array(labels)


def test_mixed_rows_follow_the_equations():
    x, y = table(rows=50), np.eye(50, dtype="float32")
    numbers = np.random.default_rng(3).random((50, 8)).astype("float32")
    layer = MixedMixUp(0.7, categorical=[2, 3])
    new, labels = layer.augment_with(lambda shape: keras.ops.convert_to_tensor(numbers[:, : shape[1]]), (x, y))
    rows, wanted = expected_mix(x.astype("float64"), y, numbers, 0.7, [2, 3])
    np.testing.assert_allclose(array(new), rows, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(array(labels), wanted, atol=1e-5)


def test_categories_are_kept_as_often_as_labels_say():
    x = table()
    new, y = (array(part) for part in MixedMixUp(1.0, categorical=[2, 3], seed=1)((x, x[:, 3:])))
    # The number of the row is a category: exactly one of two rows. Its blended form is in the labels.
    own = new[:, 3] == x[:, 3]
    assert share_is(own.mean(), 0.5, ROWS)
    assert np.isin(new[:, 3], x[:, 3]).all()
    assert np.isin(new[:, 2], [0, 1, 2, 3]).all()
    # Where the label is much nearer to the own number than to any far one, the own category was kept more often.
    near = np.abs(y[:, 0] - x[:, 3]) < 0.1 * np.abs(new[:, 3] - x[:, 3]).max()
    assert own[near].mean() > own[~near].mean() + 0.2
    # The two categorical columns are chosen apart.
    other = ~own & (new[:, 2] == x[:, 2])
    assert other.any()


def test_without_categories_it_is_mixup():
    x, y = table(rows=60), np.arange(60) % 4
    ours = MixedMixUp(0.5, num_classes=4, per="batch", labels="pair", seed=3)
    theirs = MixUp(0.5, num_classes=4, per="batch", labels="pair", seed=3)
    numbers = np.random.default_rng(4).random((60, 8)).astype("float32")
    draw = lambda shape: keras.ops.convert_to_tensor(numbers[:, : shape[1]])  # noqa: E731
    for a, b in zip(
        keras.tree.flatten(ours.augment_with(draw, (x, y, np.ones(60)))),
        keras.tree.flatten(theirs.augment_with(draw, (x, y, np.ones(60)))),
        strict=True,
    ):
        np.testing.assert_allclose(array(a), array(b), rtol=1e-5, atol=1e-5)


def test_mixed_rows_keep_the_form_and_the_shapes():
    x, y = table(rows=8), np.arange(8) % 4
    for labels in ("dense", "pair"):
        layer = MixedMixUp(
            strengths.Linear(0.2, 0.8, steps=4), [2], num_classes=4, labels=labels, seed=1, dtype="float16"
        )
        for training in (True, False):
            rows, targets, weight = layer((x, y, np.ones(8, "int32")), training=training)
            assert keras.backend.standardize_dtype(rows.dtype) == "float16"
            parts = keras.tree.flatten(targets)
            assert [tuple(p.shape) for p in parts] == ([(8, 4)] if labels == "dense" else [(8,), (8,), (8,)])
            assert tuple(weight.shape) == (8,)
    half = array(MixedMixUp(probability=0.3, seed=1)((table(), table()))[0])
    assert share_is((half == table()).all(axis=1).mean(), 0.7, ROWS)


# NumPy's, of how Keras reads torch's tensors; `pytest.warns` raises it again.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_one_row_warns():
    x = table(rows=1)
    for layer in (
        SwapNoise(1.0),
        FeatureDropout(1.0, "mean"),
        GaussianJitter(1.0),
        CategoricalResample([2], rate=1.0),
        CategoricalResample([2, 3], rate=1.0, frequencies=[None, None]),
    ):
        for chain, inputs in ((layer, x), (layer, x[0]), (Compose([layer]), x)):
            with pytest.warns(NoEffectWarning, match="received one row"):
                new = chain(inputs)
            np.testing.assert_allclose(array(new), inputs, rtol=1e-6)
    with pytest.warns(NoEffectWarning, match="batch of one"):
        new, _ = MixedMixUp(categorical=[2])((x, x))
    np.testing.assert_array_equal(array(new), x)
    # These need no others.
    assert (array(FeatureDropout(1.0, 7.0)(x)) == 7).all()
    assert (array(GaussianJitter(1.0, scales=[1] * 4)(x)) != x).all()
    assert array(CategoricalResample([2], rate=1.0, frequencies=[[0, 1]])(x))[0, 2] == 1


def test_whole_numbers_stay_whole_and_large_ones_exact():
    x = np.stack([np.arange(40) + 2**30, np.arange(40) % 3], axis=1).astype("int32")
    for layer in (SwapNoise(0.3, seed=1), GaussianJitter(3.0, categorical=[0], seed=1), FeatureDropout(0.4, 2, seed=1)):
        new = layer(x)
        assert keras.backend.standardize_dtype(new.dtype) == "int32"
        assert (array(new) != x).any()
        assert np.isin(array(new)[:, 0], [*x[:, 0], 2]).all()


def test_a_chain_of_them_in_a_model():
    chain = Compose([SwapNoise(0.2), GaussianJitter(0.1, categorical=[2]), CategoricalResample([2])], seed=1)
    model = keras.Sequential([keras.Input((4,)), chain, keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=keras.backend.backend() != "torch")
    x = table(rows=12) / 10
    assert np.isfinite(model.fit(x, x[:, :1], batch_size=4, epochs=1, verbose=0).history["loss"]).all()


def test_whole_numbers_stay_within_their_dtype():
    x = np.tile(np.array([0, 255], "uint8"), (64, 1))
    new = array(GaussianJitter(20.0, scales=[1.0, 1.0], seed=1)(x))
    assert new.dtype == np.uint8
    assert new[:, 0].max() < 128 < new[:, 1].min()
    for layer, name in (
        (FeatureDropout(fill_value=-1), "fill_value"),
        (FeatureDropout(fill_value=[0, 256]), "fill_value"),
        (CategoricalResample([0], frequencies=[[1] * 257]), "frequencies"),
    ):
        with pytest.raises(ValueError, match=rf"by its `{name}` that must fit.* rows of uint8, from 0 to 255"):
            layer(x)
        assert array(layer(x.astype("int16"))).dtype == np.int16


def test_columns_that_are_not_there():
    x = table(rows=4)
    for layer in (
        SwapNoise(frozen=[4]),
        FeatureDropout(categorical=[4]),
        GaussianJitter(categorical=[4]),
        CategoricalResample([4]),
    ):
        with pytest.raises(ValueError, match=r"\[4\]\. Received: rows of 4 columns, numbered from 0 to 3"):
            layer(x)
    with pytest.raises(ValueError, match=r"categorical=\[7\]. Received: rows of 4 columns"):
        MixedMixUp(categorical=[7])((x, x))
    for layer, name in ((FeatureDropout(fill_value=[1, 2]), "fill_value"), (GaussianJitter(scales=[1, 2]), "scales")):
        with pytest.raises(ValueError, match=rf"`{name}` for 2 columns. Received: rows of 4"):
            layer(x)


def test_bad_rows_and_arguments():
    with pytest.raises(ValueError, match=r"takes rows of shape .* Received: shape \(4, 2, 3\)"):
        SwapNoise()(np.ones((4, 2, 3), "float32"))
    with pytest.raises(ValueError, match=r"Received: a mask of shape \(4, 3\) for rows of shape \(4, 2\)"):
        SwapNoise()({"rows": np.ones((4, 2), "float32"), "mask": np.ones((4, 3), bool)})
    with pytest.raises(ValueError, match="takes one tensor of rows"):
        MixedMixUp()((np.ones((4, 2, 3), "float32"), np.ones((4, 1), "float32")))
    with pytest.raises(ValueError, match="Say num_classes="):
        MixedMixUp()((np.ones((4, 2), "float32"), np.arange(4)))
    with pytest.raises(ValueError, match="`frequencies` must have one entry for each of the 1 columns"):
        CategoricalResample([2], frequencies=[[1], [2]])
    bad = table(rows=4)
    bad[1, 0] = np.inf
    with pytest.raises(ValueError, match="NaN or infinity in 1 of 4 samples"):
        GaussianJitter()(bad)


def test_tf_data():
    tf = pytest.importorskip("tensorflow")
    x = table(rows=40)
    chain = Compose(
        [
            SwapNoise(0.2, frozen=[3]),
            FeatureDropout(0.1, "mean", categorical=[2, 3]),
            GaussianJitter(0.1, categorical=[2, 3]),
            CategoricalResample([2], rate=0.3, frequencies=[[1, 1, 1, 1]]),
            CategoricalResample([2], rate=0.3),
        ],
        seed=1,
    )
    mix = MixedMixUp(1.0, categorical=[2, 3], seed=1)
    data = tf.data.Dataset.from_tensor_slices((x, x[:, :1])).batch(16)
    for rows, y in data.map(lambda a, b: mix((chain(a), b))):
        rows = rows.numpy()
        assert rows.shape[1:] == (4,)
        assert y.shape[1:] == (1,)
        assert np.isin(rows[:, 3], x[:, 3]).all()
        assert np.isin(rows[:, 2], [0, 1, 2, 3]).all()
        assert not np.isin(rows[:, 0], x[:, 0]).all()
    unknown = tf.data.Dataset.from_generator(lambda: iter([x]), output_signature=tf.TensorSpec((None, None)))
    with pytest.raises(ValueError, match="needs to know how many columns there are"):
        unknown.map(chain)
