"""Temperature scaling: the number that is found, and the model that it makes."""

import keras
import numpy as np
import pytest

from keras_regkit._core.warnings import DataWarning
from keras_regkit.testing import SavedModels
from keras_regkit.uncertainty import TemperatureScaling, calibration
from keras_regkit.uncertainty.temperature_scaling import best_temperature

# Keras' tensors warn when NumPy reads them, and `pytest.warns` repeats what the configuration ignores.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RANDOM = np.random.default_rng(0)
HONEST = 1.5 * RANDOM.normal(size=(6000, 3))


def passing(columns, activation="linear"):
    return keras.Sequential([keras.Input((columns,)), keras.layers.Activation(activation)])


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


LABELS = (RANDOM.uniform(size=(6000, 1)) > softmax(HONEST).cumsum(1)).sum(1)
YES = (RANDOM.uniform(size=6000) < 1 / (1 + np.exp(-HONEST[:, 0]))).astype(int)


@pytest.mark.parametrize("activation", ["linear", "softmax"])
@pytest.mark.parametrize("factor", [3.0, 0.4])
def test_a_factor_on_the_logits_is_found(activation, factor):
    x = (factor * HONEST).astype("float32")
    model = TemperatureScaling(passing(3, activation)).fit_temperature((x, LABELS))
    # Its standard error with 6000 rows is about 2%.
    assert model.temperature == pytest.approx(factor, rel=0.07)
    found = model.predict(x, verbose=0)
    expected = HONEST * factor / model.temperature
    np.testing.assert_allclose(found, expected if activation == "linear" else softmax(expected), rtol=1e-3, atol=1e-5)
    before, after = calibration(model.model, (x, LABELS)), calibration(model, (x, LABELS))
    assert after.ece < 0.02 < before.ece
    assert after.nll < before.nll
    assert after.accuracy == before.accuracy


@pytest.mark.parametrize("activation", ["linear", "sigmoid"])
def test_one_output(activation):
    x = (3 * HONEST[:, :1]).astype("float32")
    model = TemperatureScaling(passing(1, activation)).fit_temperature((x, YES))
    assert model.temperature == pytest.approx(3, rel=0.07)
    assert calibration(model, (x, YES)).ece < 0.02
    if activation == "sigmoid":
        expected = 1 / (1 + np.exp(-x / model.temperature))
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-2, atol=1e-4)


def nll(temperature, logits, labels):
    return -np.mean(np.log(softmax(logits / temperature)[np.arange(len(labels)), labels]))


def test_the_temperature_is_the_minimum():
    logits, labels = 20 * HONEST[:200], LABELS[:200]
    found = best_temperature(logits, np.eye(3)[labels], np.full(200, 1 / 200))
    # A plain search, which knows no slopes.
    grid = np.exp(np.linspace(np.log(2), np.log(99), 5001))
    assert found == pytest.approx(min(grid, key=lambda t: nll(t, logits, labels)), rel=1e-3)
    # Weights count as repeated rows do, and soft labels as rows of each class.
    weights = np.tile([1.0, 2.0], 100)
    repeated = np.repeat(np.arange(200), weights.astype(int))
    by_weight = best_temperature(logits, np.eye(3)[labels], weights / 300)
    by_rows = best_temperature(logits[repeated], np.eye(3)[labels[repeated]], np.full(300, 1 / 300))
    assert by_weight == pytest.approx(by_rows, rel=1e-9)


@pytest.mark.parametrize(
    ("labels", "expected", "why"),
    [(HONEST[:50].argmax(1), 0.01, "every row is predicted right"), (HONEST[:50].argmin(1), 100, "better than chance")],
)
def test_no_minimum_is_told(labels, expected, why):
    model = TemperatureScaling(passing(3))
    with pytest.warns(DataWarning, match=why):
        model.fit_temperature((HONEST[:50], labels))
    assert model.temperature == pytest.approx(expected)


def test_one_changes_nothing():
    x = HONEST[:20].astype("float32")
    for columns, activation in ((3, "linear"), (3, "softmax"), (1, "sigmoid")):
        inner = passing(columns, activation)
        found = TemperatureScaling(inner).predict(x[:, :columns], verbose=0)
        np.testing.assert_allclose(found, inner.predict(x[:, :columns], verbose=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy):
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, kernel_initializer="identity", dtype=policy)])
    scaled = TemperatureScaling(inner, temperature=3.3)
    outputs = scaled(HONEST[:20])
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    np.testing.assert_allclose(keras.ops.convert_to_numpy(outputs), HONEST[:20] / 3.3, rtol=0.02, atol=0.02)
    assert scaled.temperature == pytest.approx(3.3, rel=1e-6)


def test_extremes_stay_finite():
    x = np.array([[1e4, -1e4, 0.0]], "float32")
    for columns, activation in ((3, "linear"), (3, "softmax"), (1, "sigmoid")):
        found = TemperatureScaling(passing(columns, activation), 2.0).predict(x[:, :columns], verbose=0)
        assert np.isfinite(found).all()


# A compiled model that never took a step is saved without an optimizer's state: Keras says so on loading.
@pytest.mark.filterwarnings("ignore:Skipping variable loading:UserWarning")
@pytest.mark.parametrize("jit_compile", [True, False])
def test_is_a_model_and_saves(jit_compile, tmp_path):
    x = HONEST[:20].astype("float32")
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, "softmax")])
    inner.compile("sgd", "sparse_categorical_crossentropy")
    model = TemperatureScaling(inner, temperature=2.0, name="scaled")
    model.temperature = 1.7
    jit_compile = jit_compile and keras.backend.backend() != "torch"
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=jit_compile)
    loss, accuracy = model.evaluate(x, LABELS[:20], verbose=0)
    record = calibration(model, (x, LABELS[:20]))
    assert (loss, accuracy) == (pytest.approx(record.nll, rel=1e-4), pytest.approx(record.accuracy))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.temperature, loaded.from_logits, loaded.name) == (pytest.approx(1.7), False, "scaled")
    assert loaded.get_config()["temperature"] == 2.0
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)
    assert loaded.trainable_variables[0].shape == inner.trainable_variables[0].shape


def test_loads_in_a_fresh_process(tmp_path):
    model = TemperatureScaling(keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)]))
    model.temperature = 2.5
    saved = SavedModels(tmp_path)
    saved.add(model, model, HONEST[:4].astype("float32"))
    saved.check()


def test_a_functional_model_around_it():
    inputs = keras.Input((3,))
    around = keras.Model(inputs, keras.layers.Softmax()(TemperatureScaling(passing(3), 2.0)(inputs)))
    x = HONEST[:4].astype("float32")
    np.testing.assert_allclose(around.predict(x, verbose=0), softmax(x / 2), rtol=1e-5)


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf")])
def test_temperatures_out_of_range_are_refused(value):
    with pytest.raises(ValueError, match="`temperature` must be in"):
        TemperatureScaling(passing(3), value)
    model = TemperatureScaling(passing(3))
    with pytest.raises(ValueError, match="`temperature` must be in"):
        model.temperature = value


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match=r"must be a keras\.Model"):
        TemperatureScaling("model")
    with pytest.raises(TypeError, match="`temperature` must be a number"):
        TemperatureScaling(passing(3), "hot")


def test_misuse_is_told_what_to_do():
    scaled = TemperatureScaling(passing(3))
    x, y = np.zeros((4, 3)), np.zeros(4)
    with pytest.raises(TypeError, match=r"fit_temperature\(\(x, y\)\)"):
        scaled.fit_temperature(x, y)
    with pytest.raises(NotImplementedError, match=r"fit_temperature\(\(x, y\)\)"):
        scaled.fit(x, y)
