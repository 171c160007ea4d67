"""Ops on series against NumPy and SciPy, with padding in any place, and by their statistics."""

import itertools

import keras
import numpy as np
import pytest

from keras_regkit.augmentation import time_series as ts
from keras_regkit.augmentation.time_series import _spline

interpolate = pytest.importorskip("scipy.interpolate")

RANDOM = np.random.default_rng(0)
SERIES = RANDOM.normal(size=(6, 40, 3)).astype("float32")
LENGTHS = np.array([40, 33, 12, 5, 1, 0])
BEHIND = np.arange(40) < LENGTHS[:, None]
BEFORE = BEHIND[:, ::-1]
GAPS = RANDOM.random((6, 40)) < 0.6
OPS = [
    ts.Jitter(seed=1),
    ts.Scaling(0.3, seed=1),
    ts.MagnitudeWarp(seed=1),
    ts.TimeWarp(0.4, seed=1),
    ts.WindowSlice(0.6, seed=1),
    ts.WindowWarp(0.3, seed=1),
    ts.Permutation(3, 2, seed=1),
    ts.Permutation(3, cuts="equal", seed=1),
    ts.Rotation(seed=1),
    ts.Rotation("turn", seed=1),
    ts.FrequencyMask(0.7, seed=1),
]


def name(op):
    return f"{type(op).__name__}-{getattr(op, 'kind', getattr(op, 'cuts', ''))}".rstrip("-")


def called(op, x, **options):
    return keras.ops.convert_to_numpy(op(x, training=True, **options))


def with_numbers(op, x, numbers, mask=None):
    """The op with numbers of our own."""
    numbers = np.broadcast_to(np.asarray(numbers, "float32"), (len(x), np.shape(numbers)[-1]))
    mask = None if mask is None else keras.ops.convert_to_tensor(mask)
    x = keras.ops.convert_to_tensor(x)
    out = op.augment_with(lambda shape: keras.ops.convert_to_tensor(numbers), x, mask=mask)
    return keras.ops.convert_to_numpy(out)


def clock(steps, count=1):
    return np.tile(np.arange(steps, dtype="float32")[None, :, None], (count, 1, 1))


@pytest.mark.parametrize("op", OPS, ids=name)
@pytest.mark.parametrize("mask", [BEHIND, BEFORE, GAPS], ids=["behind", "before", "gaps"])
def test_padding_stays_and_the_rest_is_augmented_as_if_it_were_alone(op, mask):
    random = np.random.default_rng(2)
    draws = op.draws_for((40, 3))
    numbers = random.random((6, draws)).astype("float32")
    new = with_numbers(op, SERIES, numbers, mask)
    np.testing.assert_array_equal(new[~mask], SERIES[~mask])
    assert np.isfinite(new).all()
    if isinstance(op, ts.Jitter):
        return  # has noise for each step, padding included
    for series, result, valid, own in zip(SERIES, new, mask, numbers, strict=True):
        if valid.sum() < (3 if isinstance(op, ts.Permutation) else 1):
            continue
        alone = ts.Permutation(3, 1, cuts=op.cuts) if isinstance(op, ts.Permutation) and valid.sum() < 6 else op
        expected = with_numbers(alone, series[valid][None], own[None])
        np.testing.assert_allclose(result[valid], expected[0], atol=2e-5)


@pytest.mark.parametrize("op", OPS, ids=name)
def test_each_series_has_numbers_of_its_own(op):
    new = called(op, np.tile(SERIES[:1], (8, 1, 1)))
    assert len({series.tobytes() for series in new}) > 3
    assert new.shape == (8, 40, 3)


@pytest.mark.parametrize("op", OPS, ids=name)
def test_dicts_and_single_series(op):
    inputs = {"series": SERIES, "lengths": LENGTHS, "name": np.arange(6)}
    new = keras.tree.map_structure(keras.ops.convert_to_numpy, op(inputs, training=True))
    np.testing.assert_array_equal(new["name"], np.arange(6))
    np.testing.assert_array_equal(new["lengths"], LENGTHS)
    np.testing.assert_array_equal(new["series"][~BEHIND], SERIES[~BEHIND])
    assert called(op, SERIES[0]).shape == (40, 3)


def test_probability_leaves_series_as_they_were():
    new = called(ts.TimeWarp(probability=0.3, seed=0), np.tile(SERIES[:1], (400, 1, 1)))
    share = (new != SERIES[0]).any((1, 2)).mean()
    assert abs(share - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 400)


def test_jitter_and_scaling_are_normal():
    noise = called(ts.Jitter(0.5, seed=1), np.zeros((50, 101, 3), "float32")) / 0.5
    assert abs(noise.mean()) < 4 / np.sqrt(noise.size)
    assert abs(noise.std() - 1) < 4 / np.sqrt(2 * noise.size)
    assert abs((abs(noise) < 1).mean() - 0.6827) < 0.01
    kolmogorov = pytest.importorskip("scipy.stats").kstest(noise.ravel(), "norm")
    assert kolmogorov.pvalue > 1e-4
    # Neighbours in time, features and batch are independent, and so are their squares.
    for a, b in ((noise[:, 1:], noise[:, :-1]), (noise[..., 1:], noise[..., :-1]), (noise[1:], noise[:-1])):
        for power in (1, 2):
            assert abs(np.corrcoef(a.ravel() ** power, b.ravel() ** power)[0, 1]) < 4 / np.sqrt(a.size)
    scaled = called(ts.Scaling(0.2, seed=1), np.ones((3000, 2, 3), "float32"))
    np.testing.assert_array_equal(scaled[:, 0], scaled[:, 1])
    factors = scaled[:, 0]
    assert abs(factors.mean() - 1) < 4 * 0.2 / np.sqrt(9000)
    assert abs(factors.std() - 0.2) < 4 * 0.2 / np.sqrt(18000)


@pytest.mark.parametrize("points", [3, 4, 5, 6, 9, 30])
def test_splines_are_those_of_scipy(points):
    values = RANDOM.normal(size=(2, points, 3))
    at = np.linspace(0, 1, 97)
    theirs = interpolate.CubicSpline(np.linspace(0, 1, points), values, axis=1)
    tables = _spline.pieces(points), _spline.integrals(points)
    tensors = keras.ops.convert_to_tensor(values.astype("float32")), keras.ops.convert_to_tensor(at[None], "float32")
    ours, area = (
        keras.ops.convert_to_numpy(
            _spline.evaluate(_spline.combine(table, tensors[0], keras.ops), tensors[1], keras.ops)
        )
        for table in tables
    )
    np.testing.assert_allclose(ours, theirs(at), atol=3e-5)
    expected = theirs.antiderivative()(at) * (points - 1)
    np.testing.assert_allclose(area, expected, atol=1e-4)
    fine = np.einsum("gk,bkf->bgf", _spline.values(points), values)
    np.testing.assert_allclose(fine, theirs(np.linspace(0, 1, 8 * (points - 1) + 1)), atol=1e-9)


def test_a_magnitude_warp_is_a_spline_through_its_factors():
    curves = called(ts.MagnitudeWarp(0.2, knots=4, seed=1), np.ones((500, 51, 2), "float32")).astype("float64")
    knots = curves[:, ::10]
    assert abs(knots.mean() - 1) < 4 * 0.2 / np.sqrt(knots.size)
    assert abs(knots.std() - 0.2) < 4 * 0.2 / np.sqrt(2 * knots.size)
    expected = interpolate.CubicSpline(np.arange(0, 51, 10), knots, axis=1)(np.arange(51))
    np.testing.assert_allclose(curves, expected, atol=2e-5)
    assert abs(np.corrcoef(knots[..., 0].ravel(), knots[..., 1].ravel())[0, 1]) < 0.1


def test_a_time_warp_follows_the_integral_of_its_speed():
    # Numbers for which Box and Muller give cos 0 = 1 and sin 0 = 0 times a radius.
    u = 1 - np.exp(-0.5 * np.array([0.5, -1.0, 1.5]) ** 2)
    v = np.array([0, 0.5, 0])
    z = np.array([0.5, -1.0, 1.5, 0, 0, 0])
    op = ts.TimeWarp(0.3, knots=4)
    warped = with_numbers(op, clock(61), np.concatenate([u, v])[None])[0, :, 0]
    speed = interpolate.CubicSpline(np.linspace(0, 60, 6), 1 + 0.3 * z)
    passed = speed.antiderivative()(np.arange(61))
    np.testing.assert_allclose(warped, 60 * passed / passed[-1], atol=1e-3)
    series = RANDOM.normal(size=(1, 61, 2)).astype("float32")
    new = with_numbers(op, series, np.concatenate([u, v])[None])
    for feature in range(2):
        expected = np.interp(warped, np.arange(61), series[0, :, feature])
        np.testing.assert_allclose(new[0, :, feature], expected, atol=1e-3)


def test_time_never_runs_backwards():
    warped = called(ts.TimeWarp(3.0, knots=7, seed=0), clock(200, 300))[..., 0]
    steps = np.diff(warped, axis=1)
    assert (steps > 0).all()
    np.testing.assert_allclose(warped[:, [0, -1]], [[0, 199]] * 300, atol=1e-3)
    # The slowest place is a tenth of the mean speed before it is scaled, and so still much slower than the fastest.
    assert (steps.max(1) / steps.min(1)).max() > 10


@pytest.mark.parametrize("ratio", [0.05, 0.3, 0.9, 1.0])
def test_a_slice_is_stretched_as_by_interp(ratio):
    steps = 40
    size = int(np.ceil(ratio * steps))
    seen = set()
    for number in (0.0, 0.37, 1 - 2**-24):
        start = min(int(np.floor(number * (steps - size + 1))), steps - size)
        new = with_numbers(ts.WindowSlice(ratio), SERIES[:1], [[number]])
        at = np.linspace(start, start + size - 1, steps)
        for feature in range(3):
            expected = np.interp(at, np.arange(steps), SERIES[0, :, feature])
            np.testing.assert_allclose(new[0, :, feature], expected, atol=1e-5)
        seen.add(start)
    assert max(seen) == steps - size


def test_slices_start_anywhere_alike():
    starts = called(ts.WindowSlice(0.9, seed=3), clock(40, 2000))[:, 0, 0]
    counts = np.unique(starts, return_counts=True)
    assert counts[0].tolist() == [0, 1, 2, 3, 4]
    assert abs(counts[1] / 2000 - 0.2).max() < 4 * np.sqrt(0.16 / 2000)


@pytest.mark.parametrize("scale", [0.25, 0.5, 2.0, 3.0])
def test_a_warped_window_is_resampled_and_then_the_whole(scale):
    steps, ratio, number = 41, 0.3, 0.4
    window = round(ratio * steps)
    start = int(np.floor(number * (steps - 1 - window + 1)))
    new = with_numbers(ts.WindowWarp(ratio, (scale,)), clock(steps), [[number, 0.5]])
    # In time of the longer series: corners of the map from there to the old steps.
    corners = np.cumsum([0, start, scale * window, steps - 1 - start - window])
    at = np.linspace(0, corners[-1], steps)
    expected = np.interp(at, corners, [0, start, start + window, steps - 1])
    np.testing.assert_allclose(new[0, :, 0], expected, atol=1e-4)


def test_scales_are_as_probable():
    warped = called(ts.WindowWarp(0.5, scales=(0.5, 1.0, 3.0), seed=3), clock(41, 1500))[..., 0]
    # Speed 1 all over is the scale 1; twice that outside of a window of half the series, the scale 3.
    slope = np.median(abs(np.diff(warped, axis=1) - 1), axis=1)
    assert abs((slope < 1e-4).mean() - 1 / 3) < 4 * np.sqrt(2 / 9 / 1500)
    faster = np.diff(warped, axis=1).max(1)
    assert abs((abs(faster - 2) < 1e-2).mean() - 1 / 3) < 4 * np.sqrt(2 / 9 / 1500)


@pytest.mark.parametrize("cuts", ["random", "equal"])
def test_permuted_segments(cuts):
    op = ts.Permutation(4, 5, cuts=cuts, seed=0)
    moved = called(op, np.arange(42, dtype="int32").reshape(1, 42, 1).repeat(600, 0))[..., 0]
    assert moved.dtype == np.int32
    np.testing.assert_array_equal(np.sort(moved, axis=1), np.tile(np.arange(42), (600, 1)))
    orders, lengths = [], []
    for row in moved:
        runs = np.split(row, np.flatnonzero(np.diff(row) != 1) + 1)
        assert len(runs) <= 4
        if len(runs) == 4:
            orders.append(tuple(np.argsort([run[0] for run in runs])))
            lengths.append([len(run) for run in runs])
    # Orders in which no two segments follow each other as they did: 11 of 24, all of them seen, as often.
    apart = [p for p in itertools.permutations(range(4)) if all(b != a + 1 for a, b in itertools.pairwise(p))]
    assert len(apart) == 11
    found = {order: orders.count(order) for order in orders}
    assert {tuple(np.argsort(p)) for p in apart} == set(found)
    assert abs(len(orders) / 600 - 11 / 24) < 4 * np.sqrt(0.25 / 600)
    assert max(abs(n / 600 - 1 / 24) for n in found.values()) < 5 * np.sqrt(1 / 24 / 600)
    lengths = np.array(lengths)
    assert lengths.min() >= (5 if cuts == "random" else 10)
    assert lengths.max() <= (42 - 15 if cuts == "random" else 11)
    if cuts == "random":
        assert abs(lengths.mean(0) - 10.5).max() < 1.5
        assert lengths.min() == 5


def test_flips_and_orders_of_features():
    x = np.tile(np.array([1.0, 2.0, 4.0], "float32"), (2000, 2, 1))
    new = called(ts.Rotation(seed=1), x)
    np.testing.assert_array_equal(new[:, 0], new[:, 1])
    rows, counts = np.unique(new[:, 0], axis=0, return_counts=True)
    assert len(rows) == 6 * 8
    assert abs(counts / 2000 - 1 / 48).max() < 5 * np.sqrt(1 / 48 / 2000)
    flipped, permuted = (called(ts.Rotation(kind, seed=1), x)[:, 0] for kind in ("flip", "permute"))
    np.testing.assert_array_equal(abs(flipped), x[:, 0])
    np.testing.assert_array_equal(np.sort(permuted, axis=1), x[:, 0])
    assert (len(np.unique(flipped, axis=0)), len(np.unique(permuted, axis=0))) == (8, 6)


def test_turns_are_rotations():
    axes = np.tile(np.eye(3, dtype="float32"), (3000, 1, 1))
    matrices = called(ts.Rotation("turn", max_angle=60, seed=2), axes).astype("float64")
    np.testing.assert_allclose(matrices @ matrices.transpose(0, 2, 1), np.tile(np.eye(3), (3000, 1, 1)), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(matrices), 1, atol=1e-5)
    angles = np.degrees(np.arccos(np.clip((np.trace(matrices, axis1=1, axis2=2) - 1) / 2, -1, 1)))
    assert angles.max() < 60.1
    assert abs(np.mean(angles) - 30) < 4 * 60 / np.sqrt(12 * 3000)
    # The antisymmetric part points along the axis, times a sine: the same in all directions, and to both sides.
    skew = np.stack([matrices[:, 1, 2] - matrices[:, 2, 1], matrices[:, 2, 0] - matrices[:, 0, 2]], 1)
    assert abs(skew.mean(0)).max() < 4 * skew.std() / np.sqrt(3000)
    spatial = pytest.importorskip("scipy.spatial.transform")
    height, around, angle = 0.7, 0.2, 0.9
    axis = np.array([np.sqrt(1 - 0.4**2) * np.cos(0.4 * np.pi), np.sqrt(1 - 0.4**2) * np.sin(0.4 * np.pi), 0.4])
    six = RANDOM.normal(size=(1, 5, 6)).astype("float32")
    new = with_numbers(ts.Rotation("turn", 90), six, [[height, around, angle]])
    rotation = spatial.Rotation.from_rotvec(axis * np.radians(90 * (2 * angle - 1)))
    for sensor in range(2):
        part = slice(3 * sensor, 3 * sensor + 3)
        np.testing.assert_allclose(new[0, :, part], rotation.apply(six[0, :, part]), atol=1e-5)


@pytest.mark.parametrize("steps", [40, 41, 2, 1])
@pytest.mark.parametrize("masked", [False, True])
def test_a_band_of_the_spectrum_is_gone(steps, masked):
    op = ts.FrequencyMask(1.0)
    count = steps // 2
    for u, v in ((0.0, 0.0), (0.3, 0.6), (0.5, 0.99), (0.999, 0.5)):
        width = min(int(u * (count + 1)), count)
        first = 1 + min(int(v * (count - width + 1)), count - width)
        x = RANDOM.normal(size=(1, steps, 2)).astype("float32")
        given = np.concatenate([x, np.full((1, 7, 2), 5, "float32")], 1) if masked else x
        mask = np.arange(steps + 7)[None] < steps if masked else None
        new = with_numbers(op, given, [[u, v]], mask)
        spectrum = np.fft.rfft(x, axis=1)
        spectrum[:, first : first + width] = 0
        np.testing.assert_allclose(new[:, :steps], np.fft.irfft(spectrum, steps, axis=1), atol=2e-5)
        np.testing.assert_array_equal(new[:, steps:], given[:, steps:])


def test_bands_of_long_padded_series_are_exact():
    steps, length = 3000, 2777
    x = RANDOM.normal(size=(1, steps, 1)).astype("float32")
    new = with_numbers(ts.FrequencyMask(0.5), x, [[0.8, 0.9]], np.arange(steps)[None] < length)[0, :length, 0]
    count = length // 2
    width = int(0.8 * (int(0.5 * count) + 1))
    first = 1 + int(0.9 * (count - width + 1))
    spectrum = np.fft.rfft(x[0, :length, 0].astype("float64"))
    spectrum[first : first + width] = 0
    np.testing.assert_allclose(new, np.fft.irfft(spectrum, length), atol=1e-4)


def test_lengths_are_an_input_of_a_model():
    inputs = {"series": keras.Input((40, 3), name="series"), "lengths": keras.Input((), dtype="int32", name="lengths")}
    augmented = ts.Compose([ts.Jitter(), ts.Scaling()], seed=1)(inputs)
    model = keras.Model(inputs, [augmented["series"], augmented["lengths"]])
    series, lengths = map(keras.ops.convert_to_numpy, model({"series": SERIES, "lengths": LENGTHS}, training=True))
    np.testing.assert_array_equal(lengths, LENGTHS)
    padding = np.arange(40) >= LENGTHS[:, None]
    np.testing.assert_array_equal(series[padding], SERIES[padding])
    assert (series[~padding] != SERIES[~padding]).all()


def test_whole_numbers_stay_whole():
    x = np.full((2, 40, 3), 100, "int16")
    for op in OPS:
        new = called(op, x)
        assert new.dtype == np.int16
    assert called(ts.Scaling(1e6, seed=0), x).min() == -(2**15)


def test_bad_input():
    with pytest.raises(ValueError, match=r"40 steps or more. Received: 39 steps. Lower `segments`"):
        ts.Permutation()(SERIES[:, :39])
    with pytest.raises(ValueError, match=r"triples of features.*Received: 2 features"):
        ts.Rotation("turn")(SERIES[..., :2])
    with pytest.raises(ValueError, match=r"takes series of shape .*\(6, 40, 3, 1\)"):
        ts.Jitter()(SERIES[..., None])
    with pytest.raises(TypeError, match=r"dtype float or int. Received: bool"):
        ts.TimeWarp()(SERIES > 0)
    with pytest.raises(ValueError, match="NaN or infinity in 1 of 6 samples, first in number 2"):
        ts.Scaling()(np.where(np.arange(6)[:, None, None] == 2, np.nan, SERIES))
    with pytest.raises(ValueError, match=r"Received: a mask of shape \(6, 9\) for series of shape \(6, 40, 3\)"):
        ts.Jitter()({"series": SERIES, "mask": np.ones((6, 9), bool)})
    with pytest.raises(ValueError, match=r"'lengths' of shape \(batch,\). Received: a mask of shape \(2, 40\)"):
        ts.Jitter()({"series": SERIES, "lengths": np.array([3, 4])})
    with pytest.raises(ValueError, match="`scales` must hold at least one number"):
        ts.WindowWarp(scales=[])


def test_a_key_that_is_nearly_lengths_is_refused():
    with pytest.raises(ValueError, match=r"'length'. Did you mean 'lengths'"):
        ts.Jitter()({"series": np.ones((2, 5, 1), "float32"), "length": np.array([1, 2])})
