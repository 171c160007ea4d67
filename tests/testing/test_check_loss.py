import broken
import keras
import numpy as np
import pytest

from keras_regkit.testing import check_loss

Y_PRED = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y_TRUE = np.zeros((8, 3), "float32")


def test_good_loss_passes():
    check_loss(broken.GoodLoss(), Y_TRUE, Y_PRED, fresh_process=False)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("HalfPrecisionLoss", "value_is_finite_float32"),
        ("OverflowsInPolicy", "value_is_finite_float32"),
        ("MixesSamples", "value_is_the_mean_of_samples"),
        ("IgnoresWeights", "weights_are_respected"),
        ("NanLossGradient", "fits_without_jit"),
    ],
)
def test_broken_loss_is_caught(name, rule):
    with pytest.raises(AssertionError, match=rf"{name} breaks the rule `{rule}`"):
        check_loss(getattr(broken, name)(), Y_TRUE, Y_PRED, fresh_process=False)


def test_fault_of_keras_is_caught():
    with pytest.raises(AssertionError, match=r"missing from the config: \['delta'\]"):
        check_loss(keras.losses.Huber(delta=2.0), Y_TRUE, Y_PRED, fresh_process=False)
