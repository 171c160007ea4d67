"""The two builders for images."""

import keras
import numpy as np
import pytest
from tiny_models import IMAGES, TINY

from keras_regkit.layers import DropPath
from keras_regkit.presets import convnet, resnet


@pytest.mark.parametrize("batch_norm", [True, False])
def test_size_of_a_convnet(batch_norm):
    model = TINY["convnet"].plain(batch_norm=batch_norm)
    kernels = 9 * (2 * 3 + 3 * 3 + 3 * 4 + 4 * 4)
    per_channel = 4 if batch_norm else 1  # scale, offset and two statistics; or a bias
    assert model.count_params() == kernels + per_channel * (3 + 3 + 4 + 4) + (4 * 3 + 3)


def test_a_convnet_halves_the_image_once_a_block():
    model = convnet((16, 12, 1), 5, filters=(2, 3, 4), convolutions=1)
    assert [model.get_layer(f"pool_{i}").output.shape[1:] for i in (1, 2, 3)] == [(8, 6, 2), (4, 3, 3), (2, 1, 4)]


def test_size_of_a_resnet():
    widths, blocks = (3, 4, 6), (1, 2, 1)
    model = resnet((8, 8, 2), 5, filters=widths, blocks=blocks, drop_path=0)
    expected = 9 * 2 * 3  # the first convolution
    before = 3
    for width, count in zip(widths, blocks, strict=True):
        for block in range(count):
            same = block > 0 or before == width
            expected += 4 * before + 9 * before * width + 4 * width + 9 * width * width
            expected += 0 if same else before * width
            before = width
    assert model.count_params() == expected + 4 * 6 + (6 * 5 + 5)


def test_depth_of_the_resnet_for_cifar():
    for blocks, depth in ((2, 14), (3, 20)):
        model = resnet((32, 32, 3), 10, blocks=blocks)
        convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
        assert sum(layer.kernel_size == (3, 3) for layer in convolutions) + 1 == depth


def test_rates_rise_in_a_straight_line():
    model = resnet((8, 8, 1), 3, filters=(2, 3), blocks=2, drop_path=0.4)
    rates = [layer.rate for layer in model.layers if isinstance(layer, DropPath)]
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.3, 0.4])


def test_a_block_with_its_branch_dropped_is_the_shortcut():
    model = resnet((8, 8, 2), 3, filters=3, blocks=1, drop_path=0.9, seed=0)
    block = keras.Model(model.input, [model.get_layer("conv").output, model.get_layer("add_1_1").output])
    before, after = (keras.ops.convert_to_numpy(y) for y in block(IMAGES, training=True))
    dropped = np.isclose(before, after).all(axis=(1, 2, 3))
    assert dropped.any()


@pytest.mark.parametrize(("task", "outputs"), [("binary", 1), ("regression", 2)])
def test_other_tasks(task, outputs):
    y = (IMAGES.mean(axis=(1, 2))[:, :outputs] > 0).astype("float32")
    for build in (convnet, resnet):
        model = build((8, 8, 2), outputs, task, filters=2)
        history = model.fit(IMAGES, y, verbose=0)
        assert set(history.history) == {"loss", "mae" if task == "regression" else "accuracy"}


def test_channels_first():
    keras.config.set_image_data_format("channels_first")
    try:
        for build in (convnet, resnet):
            model = build((2, 8, 8), 3, filters=(3, 4))
            assert model.get_layer("pool").input.shape[1] == 4
            norm = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
            assert norm.gamma.shape == (3,)
    finally:
        keras.config.set_image_data_format("channels_last")
