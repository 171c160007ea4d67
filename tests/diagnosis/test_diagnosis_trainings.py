"""Trainings whose regime is certain from how the data were made."""

import keras
import numpy as np

from keras_regkit.diagnosis import diagnose


def _fit(x, y, model, epochs, learning_rate):
    model.compile(keras.optimizers.Adam(learning_rate), keras.losses.BinaryCrossentropy(from_logits=True))
    half = len(x) // 2
    return model.fit(
        x[:half], y[:half], validation_data=(x[half:], y[half:]), epochs=epochs, batch_size=half, verbose=0
    )


def test_a_large_network_on_random_labels_overfits():
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    x = rng.standard_normal((128, 20)).astype("float32")
    y = rng.integers(0, 2, (128, 1)).astype("float32")
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(256, activation="relu"), keras.layers.Dense(1)])
    d = diagnose(_fit(x, y, model, 40, 0.01), model=model, n_train=64, n_validation=64)
    assert d.regime == "overfitting"
    assert d.best_epoch < 20
    assert d.levers[0].name == "early_stopping"


def test_a_linear_model_on_xor_underfits():
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    x = rng.choice([-1.0, 1.0], (512, 2)) + 0.1 * rng.standard_normal((512, 2))
    y = (x[:, :1] * x[:, 1:] > 0).astype("float32")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    d = diagnose(_fit(x.astype("float32"), y, model, 40, 0.01), model=model)
    assert d.regime == "underfitting"
    assert d.levers[0].name == "more_capacity"
