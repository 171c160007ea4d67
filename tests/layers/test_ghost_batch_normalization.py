"""Ghost batches against batch normalization written out in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_regkit.layers import GhostBatchNormalization

RANDOM = np.random.default_rng(0)


def normalized(parts, axes, epsilon=1e-3):
    return np.concatenate(
        [(p - p.mean(axes, keepdims=True)) / np.sqrt(p.var(axes, keepdims=True) + epsilon) for p in parts]
    )


def call(layer, x, **kwargs):
    return ops.convert_to_numpy(layer(x, **kwargs))


@pytest.mark.parametrize(
    ("arguments", "batch", "sizes"),
    [
        ({"virtual_batch_size": 4}, 12, [4, 4, 4]),
        ({"virtual_batch_size": 4}, 11, [6, 5]),  # a partial last batch
        ({"virtual_batch_size": 4}, 3, [3]),
        ({"virtual_batch_size": 4}, 4, [4]),
        ({"groups": 3}, 12, [4, 4, 4]),
        ({"groups": 3}, 5, [3, 2]),  # not 2 samples for each of 3
        ({"groups": 1}, 5, [5]),
        ({}, 64, [32, 32]),
    ],
)
def test_statistics_come_from_each_part(arguments, batch, sizes):
    x = RANDOM.normal(2.0, 3.0, size=(batch, 5)).astype("float32")
    layer = GhostBatchNormalization(**arguments)
    parts = np.split(x, np.cumsum(sizes)[:-1])
    np.testing.assert_allclose(call(layer, x, training=True), normalized(parts, 0), atol=1e-4)
    within = sum(len(p) * p.var(0) for p in parts) / batch
    np.testing.assert_allclose(ops.convert_to_numpy(layer.moving_mean), 0.01 * x.mean(0), rtol=1e-4)
    np.testing.assert_allclose(ops.convert_to_numpy(layer.moving_variance), 0.99 + 0.01 * within, rtol=1e-5)


@pytest.mark.parametrize("axis", [-1, 1])
def test_images_are_averaged_over_space(axis):
    x = RANDOM.normal(size=(6, 3, 4, 5)).astype("float32")
    axes = tuple(a for a in range(4) if a != axis % 4)
    layer = GhostBatchNormalization(virtual_batch_size=3, axis=axis)
    np.testing.assert_allclose(call(layer, x, training=True), normalized(np.split(x, 2), axes), atol=1e-4)


def test_one_part_is_batch_normalization():
    x = RANDOM.normal(3.0, 2.0, size=(6, 4, 5)).astype("float32")
    ours, core = GhostBatchNormalization(groups=1), keras.layers.BatchNormalization()
    np.testing.assert_allclose(call(ours, x, training=True), call(core, x, training=True), atol=1e-5)
    for a, b in zip(ours.get_weights(), core.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    np.testing.assert_allclose(call(ours, x), call(core, x), atol=1e-5)


def test_masked_positions_do_not_count():
    x = RANDOM.normal(size=(4, 3, 2)).astype("float32")
    mask = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]], bool)  # the second part is masked as a whole
    x[~mask] = np.nan
    layer = GhostBatchNormalization(virtual_batch_size=2)
    got = call(layer, x, training=True, mask=mask)
    seen = x[mask]
    expected = (seen - seen.mean(0)) / np.sqrt(seen.var(0) + 1e-3)
    np.testing.assert_allclose(got[mask], expected, atol=1e-4)
    np.testing.assert_allclose(ops.convert_to_numpy(layer.moving_mean), 0.01 * seen.mean(0), rtol=1e-4)


def test_frozen_layer_is_in_inference():
    x = RANDOM.normal(5.0, size=(8, 3)).astype("float32")
    layer = GhostBatchNormalization(virtual_batch_size=4)
    layer.trainable = False
    np.testing.assert_allclose(call(layer, x, training=True), x / np.sqrt(1 + 1e-3), rtol=1e-5)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer.moving_mean), np.zeros(3))


def test_statistics_of_half_precision_are_float32():
    x = RANDOM.normal(300.0, 1.0, size=(8, 3)).astype("float16")  # its squares overflow
    layer = GhostBatchNormalization(virtual_batch_size=4, dtype="mixed_float16")
    expected = normalized(np.split(x.astype("float32"), 2), 0)
    np.testing.assert_allclose(call(layer, x, training=True), expected, atol=5e-3)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_with_a_partial_last_batch(jit_compile):
    if keras.backend.backend() == "torch" and jit_compile:
        pytest.skip("torch.compile is not tried")
    model = keras.Sequential(
        [keras.Input((4,)), GhostBatchNormalization(virtual_batch_size=4, momentum=0.0), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.01), "mse", jit_compile=jit_compile)
    x = RANDOM.normal(size=(19, 4)).astype("float32")
    model.fit(x, x[:, :1], batch_size=12, epochs=1, shuffle=False, verbose=0)
    # With no momentum the averages are those of the last batch, of 7.
    np.testing.assert_allclose(model.layers[0].get_weights()[2], x[12:].mean(0), rtol=1e-4, atol=1e-6)


def test_time_distributed():
    x = RANDOM.normal(size=(4, 3, 5)).astype("float32")
    layer = keras.layers.TimeDistributed(GhostBatchNormalization(virtual_batch_size=2))
    got = call(layer, x, training=True)
    for step in range(3):
        np.testing.assert_allclose(got[:, step], normalized(np.split(x[:, step], 2), 0), atol=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GhostBatchNormalization(4, 2), "not both"),
        (lambda: GhostBatchNormalization(4, renorm=True), r"`renorm` cannot.*BatchNormalization\(renorm=True\)"),
        (lambda: GhostBatchNormalization(4, synchronized=True), "`synchronized` cannot"),
        (lambda: GhostBatchNormalization(4, axis=5)(np.ones((4, 3))), r"`axis` must be .* in \[1, 1\].*axis=5"),
        (lambda: GhostBatchNormalization(4, axis=-3).build((None, 3, 2)), r"`axis` must be .* \(None, 3, 2\)"),
        (lambda: GhostBatchNormalization(4, axis=0).build((None, 3, 2)), r"`axis` must be .* \[-2, -1\]"),
        (lambda: GhostBatchNormalization(1), r"`virtual_batch_size` must be in \[2, inf\)"),
        (
            lambda: GhostBatchNormalization(4, axis=1)(
                np.ones((4, 3, 2), "float32"), training=True, mask=np.ones((4, 3), bool)
            ),
            "`mask` must have",
        ),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()
