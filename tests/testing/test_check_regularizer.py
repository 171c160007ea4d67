import broken
import keras
import pytest

from keras_regkit.testing import check_regularizer


def test_good_regularizer_passes():
    check_regularizer(broken.GoodL1(0.01), zero_strength=broken.GoodL1(0.0), fresh_process=False)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("HalfPrecision", "value_is_finite_float32"),
        ("ComputesInPolicy", "value_is_finite_float32"),
        ("PenaltyPerRow", "value_is_finite_float32"),
        ("NegativePenalty", "value_is_finite_float32"),
        ("RandomPenalty", "value_is_deterministic"),
        ("NanGradient", "fits_from_zero_weights"),
    ],
)
def test_broken_regularizer_is_caught(name, rule):
    with pytest.raises(AssertionError, match=rf"{name} breaks the rule `{rule}`"):
        check_regularizer(getattr(broken, name)(0.01), fresh_process=False)


def test_penalty_at_zero_strength_is_caught():
    with pytest.raises(AssertionError, match="zero_strength_is_zero"):
        check_regularizer(
            broken.PenaltyAtZeroStrength(0.01), zero_strength=broken.PenaltyAtZeroStrength(0.0), fresh_process=False
        )


def test_faults_of_keras_are_caught():
    with pytest.raises(AssertionError, match="rounded to float32"):
        check_regularizer(keras.regularizers.L1(0.01), fresh_process=False)
    with pytest.raises(AssertionError, match="value_is_finite_float32"):  # rank 2 only
        check_regularizer(keras.regularizers.OrthogonalRegularizer(0.5), fresh_process=False)
