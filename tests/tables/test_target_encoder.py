import json

import numpy as np
import pandas
import pytest

from keras_regkit.tables import TargetEncoder

CASES = {
    "binary": ("binary", ("no", "yes"), pandas.Series(["yes", "no", "yes"]), (3, 1), "float32"),
    "booleans": ("binary", (False, True), pandas.Series([True, False, True]), (3, 1), "float32"),
    "multiclass": ("multiclass", (0, 1, 2), pandas.Series([2.0, 0.0, 1.0]), (3,), "int32"),
    "regression": ("regression", None, pandas.Series([10.0, 20.0, 60.0]), (3, 1), "float32"),
}


@pytest.mark.parametrize(("task", "classes", "target", "shape", "dtype"), CASES.values(), ids=CASES)
def test_shapes_and_the_way_back(task, classes, target, shape, dtype):
    encoder = TargetEncoder(task, classes).fit(target)
    encoded = encoder.transform(target)
    assert (encoded.shape, encoded.dtype) == (shape, dtype)
    back = encoder.inverse(encoded)
    if task == "regression":
        np.testing.assert_allclose(back, target, rtol=1e-6)
        np.testing.assert_allclose([encoded.mean(), encoded.std()], [0, 1], atol=1e-6)
    else:
        assert back.tolist() == target.tolist()
    again = TargetEncoder.from_config(json.loads(json.dumps(encoder.get_config())))
    np.testing.assert_array_equal(again.transform(target), encoded)


def test_inverse_takes_scores():
    encoder = TargetEncoder("multiclass", ("a", "b", "c"))
    assert encoder.inverse([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]).tolist() == ["c", "a"]
    assert TargetEncoder("binary", (0, 1)).inverse([0.49, 0.5]).tolist() == [0, 1]


def test_a_constant_training_target_does_not_divide_by_zero():
    encoder = TargetEncoder("regression").fit([5.0, 5.0])
    assert encoder.transform([6.0]).tolist() == [[1.0]]


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match=r"Received also.*'maybe'"):
        TargetEncoder("binary", ("no", "yes")).transform(["maybe"])
    with pytest.raises(ValueError, match="Received 2 values"):
        TargetEncoder("regression").fit([1.0, np.nan, np.inf])
    with pytest.raises(RuntimeError, match="Call `fit`"):
        TargetEncoder("regression").transform([1.0])
    with pytest.raises(ValueError, match="two classes"):
        TargetEncoder("binary", ("a", "b", "c"))
    with pytest.raises(ValueError, match="must be None"):
        TargetEncoder("regression", ("a", "b"))
    with pytest.raises(ValueError, match="Did you mean 'regression'"):
        TargetEncoder("regresion")
