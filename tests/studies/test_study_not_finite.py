"""Numbers that are none, in the rows and in the weights."""

import math

import keras
import numpy as np
import pytest
from tiny_studies import regressor, study, table

from keras_regkit._core.warnings import DataWarning
from keras_regkit.studies.not_finite import checked_metrics


def with_nan(part=0):
    arrays = [array.copy() for array in table()]
    arrays[part][3, 0] = np.nan
    return tuple(arrays)


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("name", ["train", "validation"])
def test_rows_that_hold_no_numbers_are_told(name, part):
    with pytest.warns(
        DataWarning, match=f"`{name}`: 1 row of 24 in {'xy'[part]} hold NaN or infinity.*fill them first"
    ):
        study(**{name: with_nan(part)})


def test_weights_that_are_no_numbers_are_no_result():
    # With ReLU, TensorFlow's losses of such a model are finite.
    def build():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        return model

    with pytest.warns(DataWarning, match="NaN"):
        made = study(build, train=with_nan(), engine="sequential", epochs=3)
    result = made.run(verbose=0)
    assert all(math.isnan(value) for trial in result.trials for value in trial.metrics.values())
    assert {summary.diverged for summary in result.summaries} == {2}


def test_finite_weights_keep_their_metrics():
    assert checked_metrics(regressor(), {"val_data_loss": 1.0}) == {"val_data_loss": 1.0}
