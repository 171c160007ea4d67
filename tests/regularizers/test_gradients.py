"""Gradients, as training sees them."""

import keras
import numpy as np
import pytest

from keras_regkit import regularizers as r

RANDOM = np.random.default_rng(0)
KERNEL = RANDOM.normal(size=(4, 3)).astype("float32")
NEAR_ZERO = KERNEL.copy()
NEAR_ZERO[:, 0] = 0
NEAR_ZERO[1] = 0


class Moved(keras.layers.Layer):
    """Holds one weight, and outputs zeros: the penalty is the whole loss."""

    def __init__(self, value, regularizer):
        super().__init__()
        self.kernel = self.add_weight(
            shape=value.shape, initializer=lambda shape, dtype: keras.ops.cast(value, dtype), regularizer=regularizer
        )

    def call(self, x):
        return 0 * x


def gradient(regularizer, value):
    """What one step of SGD at rate 1 takes off the weight."""
    model = keras.Sequential([keras.Input((1,)), Moved(value, regularizer)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.fit(np.zeros((2, 1)), np.zeros((2, 1)), verbose=0)
    return value - model.layers[-1].get_weights()[0]


def by_differences(regularizer, value, width=1e-2):
    """Central differences of the value, in float32: good to about 1e-3."""
    result = np.zeros_like(value)
    for index in np.ndindex(value.shape):
        ends = []
        for sign in (1, -1):
            moved = value.copy()
            moved[index] += sign * width
            ends.append(float(keras.ops.convert_to_numpy(regularizer(moved))))
        result[index] = (ends[0] - ends[1]) / (2 * width)
    return result


SMOOTH_HERE = [
    r.GroupLasso(1.0),
    r.SparseGroupLasso(1.0),
    r.Orthogonal(1.0, "soft"),
    r.Orthogonal(1.0, "mutual_coherence"),
    r.Orthogonal(1.0, "srip", iterations=60),
    r.SpectralNorm(1.0, iterations=60),
    r.MCP(1.0),
    r.SCAD(1.0),
    r.Hoyer(1.0),
    r.L2SP(1.0, KERNEL[::-1]),
    r.WeightedL2(1.0, np.abs(KERNEL)),
    r.TotalVariation(1.0, axis=0),
]


@pytest.mark.parametrize("regularizer", SMOOTH_HERE, ids=lambda reg: f"{type(reg).__name__}{getattr(reg, 'mode', '')}")
def test_gradient_is_that_of_the_value(regularizer):
    np.testing.assert_allclose(gradient(regularizer, KERNEL), by_differences(regularizer, KERNEL), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("mode", ["soft", "double_soft", "mutual_coherence", "srip"])
def test_orthogonal_gradient_is_finite_at_zeros_and_at_orthonormal_filters(mode):
    for value in (np.zeros((4, 3), "float32"), np.eye(4, 3, dtype="float32")):
        assert np.isfinite(gradient(r.Orthogonal(1.0, mode), value)).all()


@pytest.mark.parametrize(
    "regularizer", [r.GroupLasso(1.0), r.GroupLasso(1.0, "inputs"), r.SparseGroupLasso(1.0), r.MCP(1.0), r.SCAD(1.0)]
)
def test_groups_of_zeros_have_gradient_zero(regularizer):
    slope = gradient(regularizer, NEAR_ZERO)
    assert np.isfinite(slope).all()
    np.testing.assert_array_equal(slope[NEAR_ZERO == 0], 0)
    assert (slope[NEAR_ZERO != 0] != 0).any()


def test_hoyer_pulls_small_weights_down_and_large_ones_up():
    weight = np.array([0.1, 0.2, 2.0], "float32")
    slope = gradient(r.Hoyer(0.01), weight)
    assert (slope[:2] > 0).all()
    assert slope[2] < 0
    assert slope @ weight == pytest.approx(0, abs=1e-5)  # the scale stays


def test_total_variation_smooths_a_noisy_kernel():
    kernel = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 5.0, 5.0, 5.0], "float32").reshape(8, 1, 1)
    slope = gradient(r.TotalVariation(1.0), kernel).ravel()
    assert slope.tolist() == [-1.0, 2.0, -2.0, 2.0, -2.0, 1.0, 0.0, 0.0]
