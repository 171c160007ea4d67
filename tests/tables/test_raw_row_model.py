import os
import subprocess
import sys

import keras
import numpy as np
import pandas
import pytest
from sample_tables import mixed_table

from keras_regkit._core.warnings import DataWarning
from keras_regkit.tables import (
    TableEncoder,
    TargetEncoder,
    describe_columns,
    raw_inputs,
    raw_row_model,
)

TEXT = keras.backend.backend() == "tensorflow"
needs_text = pytest.mark.skipif(not TEXT, reason="this backend has no tensors of text")


def core_model(width, outputs, compiled_with=None):
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((width,)),
            keras.layers.Dense(8, use_bias=False, kernel_regularizer="l2"),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(outputs, bias_initializer="random_normal"),
        ]
    )
    model.compile("adam", compiled_with or "mse")
    return model


def numeric_table():
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(rng.normal([0, 50, 1000, 0], [1, 10, 2, 1e-20], (50, 4)), columns=["a", "b/c", "d", "e"])
    frame.loc[::5, "b/c"] = np.nan
    frame["flag"] = rng.random(50) < 0.5
    return frame.assign(y=rng.normal(300, 40, 50))


def fitted(frame, target, target_encoder, outputs, fit_rows=40, **options):
    encoder = TableEncoder(describe_columns(frame, target)).fit(frame.iloc[:fit_rows])
    core = core_model(len(encoder.feature_names), outputs, **options)
    return encoder, core, raw_row_model(core, encoder, target_encoder)


def reference(core, encoder, frame):
    return core.predict(encoder.transform(frame), verbose=0)


def test_regression_gives_the_targets_unit():
    frame = numeric_table()
    target_encoder = TargetEncoder("regression").fit(frame["y"])
    encoder, core, model = fitted(frame, "y", target_encoder, 1)
    inputs = raw_inputs(frame, encoder.schema)
    assert inputs["b_c"].shape == (50, 1)
    predicted = model.predict(inputs, verbose=0)
    expected = target_encoder.inverse(reference(core, encoder, frame))
    np.testing.assert_allclose(predicted.ravel(), expected, rtol=1e-5)
    _, error = model.evaluate(inputs, frame["y"].to_numpy("float32")[:, None], verbose=0)
    assert error == pytest.approx(np.abs(expected - frame["y"]).mean(), rel=1e-4)


def test_multiclass_gives_probabilities():
    frame = numeric_table().assign(y=list("abcde") * 10)
    target_encoder = TargetEncoder("multiclass", tuple("abcde"))
    encoder, core, model = fitted(frame, "y", target_encoder, 5)
    logits = reference(core, encoder, frame).astype("float64")
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(raw_inputs(frame, encoder.schema), verbose=0), expected, atol=1e-5)


def test_one_column_is_enough():
    frame = pandas.DataFrame({"x": np.arange(20.0), "y": np.arange(20.0)})
    encoder, _, model = fitted(frame, "y", TargetEncoder("regression").fit(frame["y"]), 1)
    assert model.predict(raw_inputs(frame, encoder.schema), verbose=0).shape == (20, 1)


def binary_case():
    frame = mixed_table()
    frame["copy"] = frame["city"]
    # Unseen in the rows that are learned from, once with and once without a slot for the unknown.
    frame.loc[50:, ["city", "plan"]] = "elsewhere"
    # The word that StringLookup itself has for the unknown.
    frame["odd"] = ["[UNK]", "a b", " a", "a"] * 15
    return frame


@needs_text
def test_mixed_columns_equal_the_encoder():
    frame = binary_case()
    encoder, core, model = fitted(frame, "bought", TargetEncoder("binary", ("no", "yes")), 1)
    inputs = raw_inputs(frame, encoder.schema)
    expected = 1 / (1 + np.exp(-reference(core, encoder, frame)))
    np.testing.assert_allclose(model.predict(inputs, verbose=0), expected, atol=1e-5)
    np.testing.assert_allclose(model(inputs), expected, atol=1e-5)


PROGRAM = """
import sys, warnings
warnings.simplefilter("error", UserWarning)
import keras, numpy as np
arrays = dict(np.load(sys.argv[2]))
expected = arrays.pop("expected of the test")
model = keras.models.load_model(sys.argv[1])
inputs = {name: keras.ops.convert_to_tensor(values) for name, values in arrays.items()}
np.testing.assert_allclose(model.predict(inputs, verbose=0), expected, atol=1e-5)
model.evaluate(inputs, np.zeros((len(expected), 1)), verbose=0)
assert "keras_regkit" not in sys.modules
"""


def load_elsewhere(tmp_path, model, inputs, expected, backend):
    model.save(tmp_path / "model.keras")
    arrays = {name: keras.ops.convert_to_numpy(values) for name, values in inputs.items()}
    # Text comes out of a tensor as bytes in objects, which an .npz file cannot hold.
    arrays = {n: a.astype("S").astype("U") if a.dtype == object else a for n, a in arrays.items()}
    np.savez(tmp_path / "arrays.npz", **arrays, **{"expected of the test": expected})
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "model.keras"), str(tmp_path / "arrays.npz")],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


class HomeMadeLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


@pytest.mark.slow
def test_the_file_loads_where_keras_regkit_is_not_imported(tmp_path):
    frame = numeric_table()
    target_encoder = TargetEncoder("regression").fit(frame["y"])
    # The loss the core was trained with must not be needed to load the file.
    encoder, core, model = fitted(frame, "y", target_encoder, 1, compiled_with=HomeMadeLoss())
    core.fit(encoder.transform(frame), target_encoder.transform(frame["y"]), verbose=0)
    inputs = raw_inputs(frame, encoder.schema)
    expected = model.predict(inputs, verbose=0)
    done = load_elsewhere(tmp_path, model, inputs, expected, keras.backend.backend())
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_a_file_with_categories_loads_under_tensorflow(tmp_path):
    frame = binary_case()
    target_encoder = TargetEncoder("binary", ("no", "yes"))
    encoder = TableEncoder(describe_columns(frame, "bought")).fit(frame.iloc[:40])
    core = core_model(len(encoder.feature_names), 1)
    if TEXT:
        model = raw_row_model(core, encoder, target_encoder)
    else:
        with pytest.warns(DataWarning, match="load it under KERAS_BACKEND=tensorflow"):
            model = raw_row_model(core, encoder, target_encoder)
    schema = encoder.schema
    inputs = {schema.input_names[c]: frame[[c]].fillna("").to_numpy("str") for c in schema.categories}
    inputs |= {schema.input_names[c]: frame[[c]].to_numpy("float32") for c in schema.numeric}
    expected = 1 / (1 + np.exp(-reference(core, encoder, frame)))
    model.save(tmp_path / "model.keras")
    done = load_elsewhere(tmp_path, model, inputs, expected, "tensorflow")
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.skipif(TEXT, reason="this backend has tensors of text")
def test_text_on_other_backends_is_refused_clearly():
    frame = binary_case()
    with pytest.raises(RuntimeError, match=r"KERAS_BACKEND=tensorflow.*encoder\.transform"):
        raw_inputs(frame, describe_columns(frame, "bought"))


@keras.saving.register_keras_serializable("home_made")
class HomeMadeLayer(keras.layers.Layer):
    def call(self, inputs):
        return inputs


def test_parts_that_are_not_keras_own_are_named():
    frame = numeric_table()
    encoder = TableEncoder(describe_columns(frame, "y")).fit(frame)
    width = len(encoder.feature_names)
    core = keras.Sequential([keras.Input((width,)), HomeMadeLayer(), keras.layers.Dense(1)])
    with pytest.warns(UserWarning, match=r"loads only where.*HomeMadeLayer"):
        raw_row_model(core, encoder, TargetEncoder("regression").fit(frame["y"]))


def test_cores_that_do_not_fit_are_refused():
    frame = numeric_table()
    encoder = TableEncoder(describe_columns(frame, "y")).fit(frame)
    width = len(encoder.feature_names)
    amounts = TargetEncoder("regression").fit(frame["y"])
    with pytest.raises(ValueError, match=rf"of shape \(batch, {width}\)"):
        raw_row_model(core_model(width + 1, 1), encoder, amounts)
    with pytest.raises(ValueError, match=r"outputs of shape \(batch, 1\)"):
        raw_row_model(core_model(width, 2), encoder, amounts)
    with pytest.raises(ValueError, match="Functional model"):
        raw_row_model(keras.Sequential([keras.layers.Dense(1)]), encoder, amounts)
    with pytest.raises(RuntimeError, match="learned nothing"):
        raw_row_model(core_model(width, 1), encoder, TargetEncoder("regression"))
