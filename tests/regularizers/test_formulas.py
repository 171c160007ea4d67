"""The value of every penalty, against NumPy written entry by entry."""

import keras
import numpy as np
import pytest

from keras_regkit import regularizers as r

RANDOM = np.random.default_rng(0)
DENSE = RANDOM.normal(size=(5, 3)).astype("float32")
WIDE = RANDOM.normal(size=(3, 5)).astype("float32")
CONV = RANDOM.normal(size=(3, 2, 4, 5)).astype("float32")
KERNELS = (DENSE, WIDE, CONV)


def number(tensor):
    return float(keras.ops.convert_to_numpy(tensor))


def norm(values):
    return np.sqrt(sum(float(v) ** 2 for v in np.ravel(values)))


def columns(kernel):
    """The filters, each as a vector."""
    return [np.ravel(kernel[..., i]).astype("float64") for i in range(kernel.shape[-1])]


def rows(kernel):
    return [np.ravel(kernel[..., i, :]).astype("float64") for i in range(kernel.shape[-2])]


@pytest.mark.parametrize("kernel", KERNELS)
def test_group_lasso(kernel):
    for groups, members in (("outputs", columns(kernel)), ("inputs", rows(kernel))):
        expected = sum(np.sqrt(len(g)) * norm(g) for g in members)
        assert number(r.GroupLasso(0.3, groups)(kernel)) == pytest.approx(0.3 * expected, rel=1e-5)
        mixed = 0.8 * expected + 0.2 * np.abs(kernel).sum()
        assert number(r.SparseGroupLasso(0.3, 0.2, groups)(kernel)) == pytest.approx(0.3 * mixed, rel=1e-5)


def test_group_lasso_along_explicit_axes():
    by_axis = r.GroupLasso(1.0, axis=[0, 1])  # each pair of channel and filter is a group
    expected = sum(np.sqrt(6) * norm(CONV[:, :, i, j]) for i in range(4) for j in range(5))
    assert number(by_axis(CONV)) == pytest.approx(expected, rel=1e-5)
    assert number(r.GroupLasso(1.0, axis=(-3, 0))(CONV)) == pytest.approx(expected, rel=1e-5)
    bias = CONV[0, 0, 0]
    assert number(r.GroupLasso(1.0, axis=0)(bias)) == pytest.approx(np.sqrt(5) * norm(bias), rel=1e-5)


def test_ends_of_the_sparse_group_lasso_are_the_group_lasso_and_the_lasso():
    assert number(r.SparseGroupLasso(0.1, alpha=0)(CONV)) == pytest.approx(number(r.GroupLasso(0.1)(CONV)), rel=1e-6)
    assert number(r.SparseGroupLasso(0.1, alpha=1)(CONV)) == pytest.approx(0.1 * np.abs(CONV).sum(), rel=1e-5)


def gram_errors(kernel):
    """WᵀW − I and WWᵀ − I, entry by entry."""
    filters = columns(kernel)
    matrix = np.stack(filters, axis=1)
    own = np.array([[a @ b - (i == j) for j, b in enumerate(filters)] for i, a in enumerate(filters)])
    other = np.array([[a @ b - (i == j) for j, b in enumerate(matrix)] for i, a in enumerate(matrix)])
    return own, other


@pytest.mark.parametrize("kernel", KERNELS)
def test_orthogonal(kernel):
    own, other = gram_errors(kernel)
    shorter = own if len(own) <= len(other) else other
    expected = {
        "soft": (shorter**2).sum(),
        "double_soft": (own**2).sum() + (other**2).sum(),
        "mutual_coherence": np.abs(own).max(),
        "srip": np.abs(np.linalg.eigvalsh(shorter)).max(),
    }
    for mode, value in expected.items():
        got = number(r.Orthogonal(0.1, mode, iterations=60)(kernel))
        assert got == pytest.approx(0.1 * value, rel=1e-4), mode


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (2, 2, 1, 4)])
@pytest.mark.parametrize("mode", ["soft", "double_soft", "mutual_coherence", "srip"])
def test_orthonormal_filters_cost_nothing(shape, mode):
    rows = int(np.prod(shape[:-1]))
    long, short = max(rows, shape[-1]), min(rows, shape[-1])
    q = np.linalg.qr(RANDOM.normal(size=(long, short)))[0]
    q = q if rows >= shape[-1] else q.T
    value = number(r.Orthogonal(1.0, mode)(q.reshape(shape).astype("float32")))
    # What cannot be orthonormal, more columns than rows, keeps a constant on the longer side, or some coherence.
    least = {"double_soft": long - short, "mutual_coherence": value if rows < shape[-1] else 0}
    assert value == pytest.approx(least.get(mode, 0), abs=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_spectral_norm(kernel):
    largest = np.linalg.svd(np.stack(columns(kernel), axis=1), compute_uv=False)[0]
    assert number(r.SpectralNorm(0.1, iterations=50)(kernel)) == pytest.approx(0.05 * largest**2, rel=1e-4)


def test_spectral_norm_is_near_from_below_after_the_default_number_of_iterations():
    ratios = []
    for _ in range(20):
        kernel = RANDOM.normal(size=(64, 32)).astype("float32")
        largest = np.linalg.svd(kernel, compute_uv=False)[0]
        ratios.append(np.sqrt(2 * number(r.SpectralNorm(1.0)(kernel))) / largest)
    # Random matrices have the closest singular values there are.
    assert max(ratios) <= 1 + 1e-5
    assert np.mean(ratios) > 0.95


def rho_mcp(t, strength, gamma):
    return strength * t - t**2 / (2 * gamma) if t <= gamma * strength else gamma * strength**2 / 2


def rho_scad(t, strength, a):
    if t <= strength:
        return strength * t
    if t <= a * strength:
        return (2 * a * strength * t - t**2 - strength**2) / (2 * (a - 1))
    return strength**2 * (a + 1) / 2


@pytest.mark.parametrize("strength", [0.01, 0.4, 1.0])
def test_folded_concave_penalties(strength):
    expected = sum(rho_mcp(float(t), strength, 2.5) for t in np.abs(CONV).ravel())
    assert number(r.MCP(strength, gamma=2.5)(CONV)) == pytest.approx(expected, rel=1e-4)
    expected = sum(rho_scad(float(t), strength, 3.7) for t in np.abs(CONV).ravel())
    assert number(r.SCAD(strength)(CONV)) == pytest.approx(expected, rel=1e-4)


def test_weighted_distances():
    reference, importance = CONV[::-1], np.abs(CONV) + 1
    expected = sum((float(a) - float(b)) ** 2 for a, b in zip(CONV.ravel(), reference.ravel(), strict=True))
    assert number(r.L2SP(0.3, reference)(CONV)) == pytest.approx(0.15 * expected, rel=1e-5)
    expected = sum(
        float(i * (w - c) ** 2) for i, w, c in zip(*map(np.ravel, (importance, CONV, reference)), strict=True)
    )
    assert number(r.WeightedL2(0.3, importance, reference)(CONV)) == pytest.approx(0.15 * expected, rel=1e-5)
    expected = sum(float(i * w**2) for i, w in zip(importance.ravel(), CONV.ravel(), strict=True))
    assert number(r.WeightedL2(0.3, importance)(CONV)) == pytest.approx(0.15 * expected, rel=1e-5)


def test_total_variation():
    def along(axis):
        moved = np.moveaxis(CONV.astype("float64"), axis, 0)
        return sum(np.abs(moved[i + 1] - moved[i]).sum() for i in range(len(moved) - 1))

    for axis, expected in (
        ("kernel", along(0) + along(1)),
        ("activity", along(1) + along(2)),
        (-1, along(3)),
        ([0, 3], along(0) + along(3)),
    ):
        assert number(r.TotalVariation(0.1, axis)(CONV)) == pytest.approx(0.1 * expected, rel=1e-5)
    assert number(r.TotalVariation(0.1)(CONV[:1, :1])) == 0  # a window of one has no neighbours


def test_hoyer_counts_what_matters_at_any_scale():
    expected = np.abs(CONV.astype("float64")).sum() ** 2 / (CONV.astype("float64") ** 2).sum()
    for scale in (1e-6, 1.0, 1e6):
        assert number(r.Hoyer(0.5)(np.float32(scale) * CONV)) == pytest.approx(0.5 * expected, rel=1e-4)
    for ones in (1, 3, 10):
        assert number(r.Hoyer(1.0)([2.0] * ones + [0.0] * 5)) == pytest.approx(ones, rel=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    "regularizer",
    [
        r.GroupLasso(1e-6),
        r.Orthogonal(1e-6),
        r.SpectralNorm(1e-6),
        r.MCP(1e-6),
        r.L2SP(1e-6, np.zeros((64, 64), "float32")),
        r.Hoyer(1e-6),
        r.ActivityL2(1e-6),
        r.Decorrelation(1e-6),
    ],
)
def test_half_precision_weights_are_penalized_in_float32(regularizer, dtype):
    # Squares of 500 overflow float16, and sums of 4096 numbers are far off in both.
    weights = keras.ops.cast(500 * np.random.default_rng(1).normal(size=(64, 64)), dtype)
    value = regularizer(weights)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    assert number(value) == pytest.approx(number(regularizer(keras.ops.cast(weights, "float32"))), rel=1e-6)


@pytest.mark.parametrize(
    ("regularizer", "weight", "advice"),
    [
        (r.GroupLasso(), np.ones(3), "Give `axis=0`"),
        (r.SparseGroupLasso(groups="inputs"), np.ones(3), "Give `axis=0`"),
        (r.GroupLasso(axis=2), np.ones((3, 2)), r"`axis` must be in \[-2, 1\] for a weight of shape \(3, 2\)"),
        (r.GroupLasso(axis=[0, -2]), np.ones((3, 2)), r"names only \[0\]"),
        (r.Orthogonal(), np.ones(3), "not as `bias_regularizer`"),
        (r.SpectralNorm(), np.ones(3), "not as `bias_regularizer`"),
        (r.TotalVariation(), np.ones((3, 2)), "such as `axis=0`"),
        (r.TotalVariation(axis=3), np.ones((3, 2)), r"`axis` must be in \[-2, 1\] for a weight of shape \(3, 2\)"),
        (r.L2SP(0.1, np.ones((2, 2))), np.ones((2, 3)), r"must have the shape.*\(2, 3\).*\(2, 2\).*of its own"),
        (r.WeightedL2(0.1, np.ones((2, 2))), np.ones((2, 3)), r"must have the shape.*\(2, 3\).*\(2, 2\).*of its own"),
        (r.KLSparsity(), np.ones(3), "activity_regularizer"),
        (r.Decorrelation(), np.ones(3), "activity_regularizer"),
        (r.ActivityL2(), np.ones(3), "activity_regularizer"),
        (r.TemporalActivityL2(), np.ones((3, 2)), "activity_regularizer"),
    ],
)
def test_weights_of_a_wrong_shape_are_refused_with_what_to_do(regularizer, weight, advice):
    with pytest.raises(ValueError, match=advice):
        regularizer(weight.astype("float32"))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: r.L2SP(0.1, None), TypeError, "`reference` must be an array"),
        (lambda: r.L2SP(0.1, "weights"), TypeError, "`reference` must be an array"),
        (lambda: r.L2SP(0.1, np.array(["a"])), TypeError, "`reference` must be an array"),
        (lambda: r.L2SP(0.1, [1.0, np.nan]), ValueError, "`reference` must be finite"),
        (lambda: r.WeightedL2(0.1, [1.0, -2.0]), ValueError, "`importance` must be in.*minimum -2"),
        (lambda: r.WeightedL2(0.1, [1.0, np.inf]), ValueError, "`importance` must be finite"),
        (lambda: r.WeightedL2(0.1, [1.0], [1.0, 2.0]), ValueError, r"`reference` must have the shape.*\(1,\).*\(2,\)"),
    ],
)
def test_arrays_that_make_no_sense_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("cls", [r.GroupLasso, r.SpectralNorm, r.KLSparsity])
def test_ways_to_pass_a_regularizer_to_a_layer(cls):
    name = keras.saving.get_registered_name(cls)
    for given in (cls(), cls, {"class_name": name, "config": {}}, keras.regularizers.deserialize(name)):
        assert type(keras.layers.Dense(2, kernel_regularizer=given).kernel_regularizer) is cls
    by_name = keras.layers.Dense(2, kernel_regularizer={"class_name": name, "config": {"strength": 0.5}})
    assert by_name.kernel_regularizer.strength == 0.5


def test_the_registered_name_is_that_of_the_package():
    assert keras.saving.get_registered_name(r.GroupLasso) == "keras_regkit>GroupLasso"
    # The constraint of the same name has to be found too.
    assert keras.saving.get_registered_name(r.SpectralNorm) == "keras_regkit>SpectralNormPenalty"


def test_group_lasso_takes_other_layouts_by_axis():
    _, _, first, second = CONV.shape
    filters = [CONV[:, :, i, j] for i in range(first) for j in range(second)]  # depthwise: one for each pair
    outputs = [CONV[:, :, i, :] for i in range(first)]  # transposed: the outputs come before the inputs
    inputs = [CONV[..., j] for j in range(second)]
    for axis, groups in (((0, 1), filters), ((0, 1, 3), outputs), ((0, 1, 2), inputs)):
        expected = sum(np.sqrt(g.size) * norm(g) for g in groups)
        assert number(r.GroupLasso(1.0, axis=axis)(CONV)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_spectral_norm_of_a_random_kernel_is_up_to_a_tenth_too_small(seed):
    kernel = np.random.default_rng(seed).normal(size=(3, 3, 64, 64)).astype("float32")
    exact = np.linalg.norm(kernel.reshape(-1, 64), 2) ** 2
    few, many = (number(r.SpectralNorm(2.0, iterations)(kernel)) / exact for iterations in (8, 64))
    assert 0.88 < few < many < 1 + 1e-5
    assert many > 0.98
