"""Filter response normalization against NumPy, and the shapes it refuses."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_regkit.layers import FilterResponseNormalization

RANDOM = np.random.default_rng(0)


def call(layer, x, **kwargs):
    return ops.convert_to_numpy(layer(x, **kwargs))


@pytest.mark.parametrize(
    ("shape", "axis"), [((2, 5, 3), -1), ((2, 4, 5, 3), -1), ((2, 3, 4, 5), 1), ((1, 2, 3, 2, 2), 4)]
)
@pytest.mark.parametrize("learned", [False, True])
def test_equation(shape, axis, learned):
    x = RANDOM.normal(size=shape).astype("float32")
    layer = FilterResponseNormalization(axis=axis, epsilon=0.1, learned_epsilon=learned)
    layer.build(shape)
    values = {name: RANDOM.normal(size=shape[axis]) for name in ("gamma", "beta", "tau")}
    for name, value in values.items():
        getattr(layer, name).assign(value)
    epsilon = 0.1
    if learned:
        layer.epsilon_l.assign(-0.3)
        epsilon = 0.3 + 1e-6
    got = np.moveaxis(call(layer, x), axis, -1)
    x = np.moveaxis(x, axis, -1)
    for sample, result in zip(x, got, strict=True):
        for c in range(x.shape[-1]):
            values_of = sample[..., c]
            y = values["gamma"][c] * values_of / np.sqrt((values_of**2).mean() + epsilon) + values["beta"][c]
            np.testing.assert_allclose(result[..., c], np.where(y > values["tau"][c], y, values["tau"][c]), atol=1e-5)


def test_starts_as_a_relu_of_unit_mean_square():
    x = 7 * RANDOM.normal(size=(3, 6, 6, 2)).astype("float32")
    linear = call(FilterResponseNormalization(threshold=False), x)
    np.testing.assert_allclose((linear**2).mean(axis=(1, 2)), 1, rtol=1e-4)
    np.testing.assert_allclose(call(FilterResponseNormalization(), x), np.maximum(linear, 0), atol=1e-6)


def test_masked_steps_do_not_count():
    x = RANDOM.normal(size=(2, 4, 3)).astype("float32")
    mask = np.array([[1, 1, 0, 0], [0, 0, 0, 0]], bool)
    got = call(FilterResponseNormalization(threshold=False), x, mask=mask)
    np.testing.assert_allclose(got[0, :2], call(FilterResponseNormalization(threshold=False), x[:1, :2])[0], rtol=1e-5)
    assert np.isfinite(got).all()


def test_half_precision_does_not_overflow():
    x = np.full((1, 4, 2), 1000.0, "float16")
    got = call(FilterResponseNormalization(dtype="mixed_float16"), x)
    np.testing.assert_allclose(got, np.ones_like(x))


def test_time_distributed():
    x = RANDOM.normal(size=(2, 3, 5, 2)).astype("float32")
    got = call(keras.layers.TimeDistributed(FilterResponseNormalization()), x)
    np.testing.assert_allclose(got[:, 1], call(FilterResponseNormalization(), x[:, 1]), rtol=1e-5)


def test_a_single_position_needs_a_learned_epsilon():
    x = np.array([[[[0.001, 5.0]]]], "float32")
    got = call(FilterResponseNormalization(learned_epsilon=True), x)
    np.testing.assert_allclose(got, x / np.sqrt(x**2 + 1.01e-4), rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "shape", "message"),
    [
        ({}, (2, 3), r"rank 3 to 5.*LayerNormalization"),
        ({}, (2, 1, 1, 3), r"single spatial position.*learned_epsilon=True"),
        ({"axis": 3}, (2, 4, 3), r"`axis` must be the axis of the channels, in \[1, 2\].*axis=3"),
        ({"axis": 0}, (2, 4, 3), "`axis` must be"),
        ({"axis": -3}, (2, 4, 3), "`axis` must be"),
    ],
)
def test_shapes_without_anything_to_average_are_refused(arguments, shape, message):
    with pytest.raises(ValueError, match=message):
        FilterResponseNormalization(**arguments)(np.ones(shape, "float32"))


def test_mask_with_channels_first_is_refused():
    with pytest.raises(ValueError, match="A mask needs channels last"):
        FilterResponseNormalization(axis=1)(np.ones((2, 3, 4), "float32"), mask=np.ones((2, 3), bool))
