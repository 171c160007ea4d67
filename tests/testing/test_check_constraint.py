import broken
import pytest

from keras_regkit.testing import check_constraint


def test_good_constraint_passes():
    check_constraint(broken.GoodClip(0.5), fresh_process=False)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Transposes", "shape_and_dtype_are_kept"),
        ("Widens", "shape_and_dtype_are_kept"),
        ("DividesByZero", "weights_are_finite"),
        ("Shrinks", "constraint_is_idempotent"),
    ],
)
def test_broken_constraint_is_caught(name, rule):
    with pytest.raises(AssertionError, match=rf"{name} breaks the rule `{rule}`"):
        check_constraint(getattr(broken, name)(0.5), fresh_process=False)
