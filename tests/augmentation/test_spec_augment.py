"""SpecAugment: masks and warps against NumPy, the published policies, and lengths."""

import keras
import numpy as np
import pytest
import scipy.stats

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.augmentation.audio import Compose, SpecAugment
from keras_regkit.augmentation.audio._bands import inside_bands
from keras_regkit.augmentation.audio._warp import warped

NOTHING = {"num_freq_masks": 0, "num_time_masks": 0, "time_warp_param": 0}


def array(x):
    return keras.ops.convert_to_numpy(x)


def uniform(*shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype("float32")


def computed(function, *arguments):
    """Returns an array of what a pure function makes of arrays."""
    tensors = [keras.ops.convert_to_tensor(a) if isinstance(a, np.ndarray) else a for a in arguments]
    return array(function(*tensors, keras.ops))


def runs(row):
    """Returns (start, length) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
    return [(start, end - start) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def test_bands_have_the_widths_and_starts_of_the_paper():
    rows, size, widest = 6000, 12, 4
    length, width = np.full((rows, 1), size, "float32"), np.full((rows, 1), widest, "float32")
    place = np.arange(size, dtype="float32")[None]
    inside = computed(inside_bands, place, length, width, None, uniform(rows, 2, seed=1))
    found = [runs(row) for row in inside]
    assert all(len(bands) <= 1 for bands in found)
    widths = np.array([bands[0][1] if bands else 0 for bands in found])
    assert scipy.stats.chisquare(np.bincount(widths, minlength=widest + 1)).pvalue > 1e-3
    for asked in range(1, widest + 1):
        starts = np.array([bands[0][0] for bands in found if bands and bands[0][1] == asked])
        assert scipy.stats.chisquare(np.bincount(starts, minlength=size - asked + 1)).pvalue > 1e-3


def test_bands_at_the_ends_of_the_uniform_numbers_stay_on_the_axis():
    last = np.nextafter(np.float32(1), np.float32(0))
    place, length = np.arange(5, dtype="float32")[None], np.array([[5.0]], "float32")
    for numbers, covered in (((0, 0), []), ((0, last), []), ((last, 0), [0, 1, 2]), ((last, last), [2, 3, 4])):
        inside = computed(inside_bands, place, length, length - 2, None, np.array([numbers], "float32"))
        assert np.flatnonzero(inside[0]).tolist() == covered


def test_policies_are_those_of_the_paper():
    table = {"LB": (80, 27, 1, 100, 1.0, 1), "LD": (80, 27, 2, 100, 1.0, 2)}
    table |= {"SM": (40, 15, 2, 70, 0.2, 2), "SS": (40, 27, 2, 70, 0.2, 2)}
    for name, (w, f, m_f, t, p, m_t) in table.items():
        layer = SpecAugment.from_policy(name)
        assert (layer.time_warp_param, layer.freq_mask_param, layer.num_freq_masks) == (w, f, m_f)
        assert (layer.time_mask_param, layer.p, layer.num_time_masks) == (t, p, m_t)
    assert SpecAugment.from_policy("LD", time_warp_param=0, seed=0).get_config()["time_warp_param"] == 0
    with pytest.raises(ValueError, match=r"`policy` must be one of .*Did you mean 'LD'\? Received: 'LDD'"):
        SpecAugment.from_policy("LDD")


@pytest.mark.parametrize("channels", [(), (2,)])
def test_masks_are_whole_rows_and_columns(channels):
    x = 1 + uniform(40, 30, 16, *channels)
    layer = SpecAugment(5, 2, 6, 2, p=0.1, time_warp_param=0, mask_value=-7.0, seed=3)
    new = array(layer(x))
    masked = new == -7
    np.testing.assert_array_equal(new[~masked], x[~masked])
    if channels:
        assert (masked[..., 0] == masked[..., 1]).all()
        masked = masked[..., 0]
    time, frequency = masked.all(axis=2), masked.all(axis=1)
    np.testing.assert_array_equal(masked, time[:, :, None] | frequency[:, None, :])
    # p = 0.1 of 30 frames is less than T; two masks may touch.
    assert 0 < time.sum(axis=1).max() <= 2 * 3
    assert 0 < frequency.sum(axis=1).max() <= 2 * 5
    assert len({tuple(row) for row in time}) > 20


def test_the_mean_fills_masks():
    x = uniform(4, 12, 6, 2, seed=2)
    lengths = np.array([12, 9, 5, 1], "int32")
    layer = SpecAugment(4, 1, 5, 1, time_warp_param=0, mask_value="mean", seed=1)
    new = array(layer({"spectrograms": x, "lengths": lengths})["spectrograms"])
    for row, was, length in zip(new, x, lengths, strict=True):
        changed = row != was
        assert not changed[length:].any()
        np.testing.assert_allclose(row[changed], was[:length].mean(dtype="float64"), rtol=1e-5)
    assert (new != x).any()


def test_adaptive_masks_follow_the_length():
    rows, steps = 300, 100
    lengths = np.repeat([100, 50, 10], rows // 3).astype("int32")
    x = np.ones((rows, steps, 2), "float32")
    layer = SpecAugment(
        num_freq_masks=0, time_warp_param=0, adaptive_multiplicity=0.04, adaptive_size=0.2, max_time_masks=3, seed=1
    )
    masked = array(layer({"spectrograms": x, "lengths": lengths})["spectrograms"])[..., 0] == 0
    most = [max(len(runs(row)) for row in part) for part in np.split(masked, 3)]
    # ⌊0.04 · 100⌋ = 4 is capped at 3; ⌊0.04 · 50⌋ = 2; ⌊0.04 · 10⌋ = 0.
    assert most == [3, 2, 0]
    longest = [max(length for row in part for _, length in runs(row)) for part in np.split(masked, 3)[:2]]
    assert longest[0] <= 60
    singles = [runs(row)[0][1] for row in masked[100:200] if len(runs(row)) == 1]
    assert max(singles) <= 20
    # Without overlaps the widths of one mask: U{0, …, 20} and U{0, …, 10} have means of 10 and 5.
    assert masked[:100].sum(axis=1).max() > masked[100:200].sum(axis=1).max()


def test_masks_in_time_are_spread_over_the_valid_part_alone():
    rows, steps, valid = 2000, 12, 8
    lengths = np.full(rows, valid, "int32")
    layer = SpecAugment(num_freq_masks=0, time_mask_param=1, time_warp_param=0, seed=2)
    new = array(layer({"spectrograms": np.ones((rows, steps, 1), "float32"), "lengths": lengths})["spectrograms"])
    counts = (new[..., 0] == 0).sum(axis=0)
    assert (counts[valid:] == 0).all()
    assert scipy.stats.chisquare(counts[:valid]).pvalue > 1e-3


def expected_warp(x, length, reach, numbers):
    """The map of Park et al. 2020, inverted by `np.interp`, for one sample."""
    last = length - 1
    point = reach + numbers[0] * (last - 2 * reach)
    moved = point + reach * (2 * numbers[1] - 1)
    source = np.interp(np.arange(length), [0, moved, last], [0, point, last])
    new = x.copy()
    for f in range(x.shape[1]):
        new[:length, f] = np.interp(source, np.arange(length), x[:length, f])
    return new


def test_the_warp_is_piecewise_linear():
    x, numbers = uniform(20, 40, 3, seed=4), uniform(20, 2, seed=5)
    lengths = np.random.default_rng(6).integers(19, 41, (20, 1))
    place = np.arange(40, dtype="float32")[None]
    new = computed(warped, x, place, lengths.astype("float32"), 9, numbers)
    for k in range(20):
        length = lengths[k, 0]
        np.testing.assert_allclose(new[k, :length], expected_warp(x[k], length, 9, numbers[k])[:length], atol=2e-4)


def test_the_warp_moves_a_point_by_no_more_than_its_parameter():
    # A ramp tells of each frame where it came from.
    ramp = np.broadcast_to(np.arange(60, dtype="float32")[None, :, None], (50, 60, 2))
    layer = SpecAugment(num_freq_masks=0, num_time_masks=0, time_warp_param=5, seed=1)
    new = array(layer(np.array(ramp)))[..., 0]
    assert (np.diff(new, axis=1) >= -1e-3).all()
    assert np.abs(new[:, 0]).max() < 1e-3
    assert np.abs(new[:, -1] - 59).max() < 1e-3
    moved = np.abs(new - ramp[..., 0]).max(axis=1)
    # Nothing is further from where it was than the point itself.
    assert (moved <= 5 + 1e-3).all()
    assert moved.mean() > 1
    signs = np.sign((new - ramp[..., 0]).sum(axis=1))
    assert 10 < (signs > 0).sum() < 40


# NumPy's, of how Keras reads torch's tensors; `pytest.warns` raises it again.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_short_spectrograms_are_not_warped():
    layer = SpecAugment(num_freq_masks=0, num_time_masks=0, time_warp_param=5, seed=1)
    x = uniform(3, 10, 4)
    with pytest.warns(NoEffectWarning, match="at least 11 frames. Received: 10 frames"):
        same = array(layer(x))
    np.testing.assert_allclose(same, x, rtol=1e-6)
    x = uniform(3, 30, 4)
    new = array(layer({"spectrograms": x, "lengths": np.array([10, 11, 30])})["spectrograms"])
    np.testing.assert_allclose(new[0], x[0], rtol=1e-6)
    np.testing.assert_array_equal(new[1, 11:], x[1, 11:])
    assert not np.allclose(new[2], x[2], atol=1e-3)


def test_padding_in_front_stays_as_it_is():
    x = uniform(6, 20, 3, seed=8)
    mask = np.arange(20)[None] >= np.array([0, 3, 5, 8, 9, 2])[:, None]
    layer = SpecAugment(0, 0, 6, 1, time_warp_param=4, seed=2)
    new = array(layer({"spectrograms": x, "mask": mask})["spectrograms"])
    np.testing.assert_array_equal(new[~mask], x[~mask])
    assert all((a[m] != b[m]).any() for a, b, m in zip(new, x, mask, strict=True))


def test_one_spectrogram_and_nothing_to_do():
    x = uniform(12, 5)
    assert array(SpecAugment(time_warp_param=2, seed=1)(x)).shape == (12, 5)
    np.testing.assert_array_equal(array(SpecAugment(**NOTHING)(x[None])), x[None])
    both = Compose([SpecAugment(3, **{**NOTHING, "num_freq_masks": 1}), SpecAugment(**NOTHING)], seed=1)
    assert (array(both(np.ones((8, 4, 6), "float32"))) == 0).any()


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4, 1, 1), (2, 0, 4)])
def test_wrong_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"takes spectrograms of shape .*Received: shape"):
        SpecAugment()(np.ones(shape, "float32"))


def test_bad_numbers_are_refused():
    x = np.ones((2, 4, 3), "float32")
    x[1, 2, 0] = np.nan
    with pytest.raises(ValueError, match=r"NaN or infinity in 1 of 2 samples, first in number 1"):
        SpecAugment(time_warp_param=0)(x)
    with pytest.raises(ValueError, match=r"Did you mean 'mean'\?"):
        SpecAugment(mask_value="man")


def test_tf_data_with_spectrograms_of_any_length():
    tf = pytest.importorskip("tensorflow")
    x = 1 + uniform(6, 30, 5)
    layer = SpecAugment(2, 1, 6, 2, time_warp_param=3, mask_value="mean", seed=1)
    data = tf.data.Dataset.from_generator(
        lambda: ({"spectrograms": row[: 20 + 2 * k], "lengths": 20 + k} for k, row in enumerate(x)),
        output_signature={"spectrograms": tf.TensorSpec((None, 5)), "lengths": tf.TensorSpec((), "int32")},
    )
    for k, sample in enumerate(data.map(layer)):
        new, was = sample["spectrograms"].numpy(), x[k, : 20 + 2 * k]
        assert new.shape == was.shape
        np.testing.assert_array_equal(new[20 + k :], was[20 + k :])
        assert (new[: 20 + k] != was[: 20 + k]).any()
    batches = list(data.padded_batch(3).map(layer))
    assert [batch["spectrograms"].shape[0] for batch in batches] == [3, 3]
