import broken_optimizers as broken
import keras
import pytest

from keras_regkit.testing import check_optimizer


def test_good_optimizer_passes():
    check_optimizer(broken.GoodOptimizer(0.1), arguments={"learning_rate": 0.1, "pull": 0.5}, fresh_process=False)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("LosesArgument", "config_keeps_arguments"),
        ("IsNotRegistered", "deserializes"),
        ("DoesNothing", "fits_without_jit"),
        ("MakesNan", "fits_without_jit"),
        ("ScalesItsOwnLoss", "fits_in_mixed_precision"),
        ("CountsMicroBatches", "accumulates_gradients"),
        ("ReadsTheNumber", "takes_a_schedule"),
        ("ForgetsState", "goes_on_after_reload"),
    ],
)
def test_broken_optimizer_is_caught(name, rule):
    with pytest.raises(AssertionError, match=rf"{name} breaks the rule `{rule}`"):
        check_optimizer(getattr(broken, name)(0.1), fresh_process=False)


def test_an_argument_that_copies_lack_is_caught():
    with pytest.raises(AssertionError, match="HidesArgument breaks the rule `a_copy_takes_the_same_steps`"):
        check_optimizer(broken.HidesArgument(0.1, factor=2.0), fresh_process=False)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="jit_compile is torch.compile there, and not checked")
def test_other_steps_under_jit_are_caught():
    with pytest.raises(AssertionError, match="KnowsJit breaks the rule `jit_changes_nothing`"):
        check_optimizer(broken.KnowsJit(0.1), fresh_process=False)


def test_fault_of_keras_is_caught():
    with pytest.raises(AssertionError, match="rounded to float32"):
        check_optimizer(keras.optimizers.SGD(0.1), fresh_process=False)
