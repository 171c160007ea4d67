"""Why there is `prox`: a penalty in the loss does not make zeros."""

import keras
import numpy as np

from keras_regkit.regularizers import prox


def test_adding_l1_to_the_loss_reaches_no_zero_and_a_proximal_step_does():
    random = np.random.default_rng(0)
    x = random.normal(size=(128, 20)).astype("float32")
    y = x[:, :2] @ np.array([[2.0], [-1.0]], "float32")
    l1 = keras.regularizers.L1(0.3)
    start = keras.initializers.GlorotUniform(seed=0)
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer=start, kernel_regularizer=l1)
    model = keras.Sequential([keras.Input((20,)), dense])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    model.fit(x, y, epochs=100, batch_size=32, shuffle=False, verbose=0)
    kernel = model.get_weights()[0].ravel()
    assert np.abs(kernel[2:]).max() < 0.05  # it did its work: the useless weights are small
    assert (kernel == 0).sum() == 0

    w = np.zeros((20, 1), "float32")
    for _ in range(200):
        w = keras.ops.convert_to_numpy(prox(l1, w - 0.05 * 2 * x.T @ (x @ w - y) / len(x), 0.05))
    assert (w == 0).sum() == 18
