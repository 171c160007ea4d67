"""What Keras makes of `training=` when a Functional model is put together, and what the audit says of it."""

import keras
import numpy as np
from keras import layers

from keras_regkit.diagnosis.audit.noise_layers import fixed_modes, modes_are_kept


class Still(layers.Layer):
    """Calls a backbone in inference mode."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def call(self, x):
        return self.backbone(x, training=False)


def backbone():
    return keras.Sequential([keras.Input((4,)), layers.BatchNormalization(name="norm"), layers.Dropout(0.5)])


def moved_by_fit(call):
    inner, inputs = backbone(), keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1)(call(inner, inputs)))
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(3, 1, (16, 4)).astype("float32")
    model.fit(x, x[:, :1], verbose=0)
    return bool(keras.ops.convert_to_numpy(inner.get_layer("norm").moving_mean).any()), model


def test_fit_keeps_no_mode_of_a_functional_model():
    moved, model = moved_by_fit(lambda inner, inputs: inner(inputs, training=False))
    assert moved is not modes_are_kept()
    assert bool(fixed_modes(model)) is modes_are_kept()


def test_fit_keeps_the_mode_of_a_call():
    moved, _ = moved_by_fit(lambda inner, inputs: Still(inner)(inputs))
    assert not moved
