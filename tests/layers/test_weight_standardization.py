"""Weight standardization against NumPy."""

import keras
import numpy as np
import pytest
from reparametrizing import WRAPPED, array, batch, with_kernel

from keras_regkit.layers import WeightStandardization


@pytest.mark.parametrize("name", WRAPPED)
def test_equation(name):
    make, shape, axes = WRAPPED[name]
    x = batch(shape)
    layer = WeightStandardization(make(), epsilon=1e-3)
    got = array(layer(x))
    kernel = array(layer.layer.kernel)
    expected = (kernel - kernel.mean(axes, keepdims=True)) / np.sqrt(kernel.var(axes, keepdims=True) + 1e-3)
    np.testing.assert_allclose(got, with_kernel(layer.layer, x, expected), atol=1e-5)
    np.testing.assert_allclose(array(layer.unwrapped()(x)), got, atol=1e-5)


def test_shift_and_scale_of_the_kernel_do_not_matter():
    x = batch((5, 5, 2))
    layer = WeightStandardization(keras.layers.Conv2D(4, 3), epsilon=1e-10)
    before = array(layer(x))
    layer.layer.kernel.assign(5 * array(layer.layer.kernel) + 3)
    np.testing.assert_allclose(array(layer(x)), before, atol=1e-3)


def test_training_stays_finite():
    model = keras.Sequential(
        [
            keras.Input((5, 5, 2)),
            WeightStandardization(keras.layers.Conv2D(4, 3, use_bias=False)),
            keras.layers.GroupNormalization(2),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.05), "mse")
    x = batch((5, 5, 2))
    before = array(model.layers[0].layer.kernel).copy()
    losses = model.fit(x, x[:, 0, 0, :1], epochs=10, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert abs(array(model.layers[0].layer.kernel) - before).max() > 1e-3


def test_units_with_one_weight_are_refused():
    with pytest.raises(ValueError, match=r"at least 2 weights per output unit.*\(1, 3\)"):
        WeightStandardization(keras.layers.Dense(3))(batch((1,)))
