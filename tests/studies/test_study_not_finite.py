"""Numbers that are none, in the rows and in the weights."""

import math

import keras
import numpy as np
import pytest
from tiny_studies import labels, regressor, study, table

from keras_regkit._core.warnings import DataWarning
from keras_regkit.studies.not_finite import weights_are_finite


def with_nan(arrays, part=0):
    arrays = [array.astype("float32") for array in arrays]
    arrays[part][3, 0] = np.nan
    return tuple(arrays)


def classifier():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("name", ["train", "validation"])
def test_rows_that_hold_no_numbers_are_told(name, part):
    told = f"`{name}` holds NaN or infinity in 1 of 24 rows of {'xy'[part]}.*fill them first"
    with pytest.warns(DataWarning, match=told) as caught:
        study(**{name: with_nan(table(), part)})
    (told,) = [warning for warning in caught if warning.category is DataWarning]
    assert told.filename.endswith("tiny_studies.py")  # whoever made the study


def test_data_of_several_inputs_are_told_once():
    x, y = table()
    bad = x.copy()
    bad[:2] = np.inf
    inputs = [keras.Input((3,), name=name) for name in "ab"]

    def build():
        hidden = keras.layers.Dense(4)(keras.layers.Add()(inputs))
        model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
        model.compile("sgd", "mse")
        return model

    with pytest.warns(DataWarning, match="in 2 of 24 rows of x") as caught:
        study(build, train=({"a": x, "b": bad}, y), validation=({"a": x, "b": x}, y))
    assert [warning.category for warning in caught].count(DataWarning) == 1


@pytest.mark.parametrize("engine", ["sequential", "population"])
def test_weights_that_are_no_numbers_are_no_result(engine):
    # TensorFlow's ReLU makes finite losses of such weights, and the accuracy of NaN is a number everywhere.
    if engine == "population":
        pytest.importorskip("jax")
    with pytest.warns(DataWarning, match="NaN"):
        made = study(classifier, train=with_nan(labels()), validation=labels(seed=1), engine=engine, epochs=3)
    result = made.run(verbose=0)
    assert {"val_data_loss", "val_accuracy"} <= set(result.trials[0].metrics)
    assert all(math.isnan(value) for trial in result.trials for value in trial.metrics.values())
    assert {trial.best_epoch for trial in result.trials} <= {None, 0, 1, 2}
    assert {summary.diverged for summary in result.summaries} == {2}


def test_one_weight_is_enough():
    model = regressor()
    assert weights_are_finite(model)
    values = model.get_weights()
    values[0][0, 0] = np.nan
    model.set_weights(values)
    assert not weights_are_finite(model)
