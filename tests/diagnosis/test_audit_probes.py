"""What the audit measures, against numbers known otherwise."""

import keras
import numpy as np
import pytest
from audit_table import chain, rows
from keras import layers
from keras.regularizers import L2

from keras_regkit import surgery
from keras_regkit._core.paths import weight_paths
from keras_regkit.diagnosis.audit import layer_probes, probes
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.noise_layers import is_noise, rates_of
from keras_regkit.diagnosis.audit.rules.training import gain_of
from keras_regkit.diagnosis.audit.samples import one_batch, take_sample
from keras_regkit.diagnosis.audit.strengths import brief, strength_of
from keras_regkit.diagnosis.audit.wiring import read_wiring


def test_the_variance_shift_of_dropout_is_that_of_the_formula():
    """Var_train / Var = (Var + rate · mean²) / ((1 − rate) · Var), here with variance 1 and mean 1."""
    x = (np.tile([[-1.0], [1.0]], (2000, 16)) + 1).astype("float32")
    drop = layers.Dropout(0.5, seed=1)
    ratio = layer_probes.variance_shift(chain(drop, layers.BatchNormalization(), shape=(16,)), x, drop)
    # The variance over 4000 rows and 16 columns, of values in {0, 4}: 3 within four standard errors.
    assert ratio == pytest.approx(3.0, abs=0.05)


def test_losses_are_those_of_evaluate():
    model = chain(layers.Dense(4, "tanh", kernel_regularizer=L2(0.1), activity_regularizer=L2(0.2)), layers.Dense(1))
    x, y = rows(16)
    data, penalty, of_weights = probes.losses_of(model, (x, y, None))
    assert data + penalty == pytest.approx(model.evaluate(x, y, batch_size=16, verbose=0), rel=1e-5)
    assert of_weights == pytest.approx(surgery.penalty(model)["total"], rel=1e-5)
    assert data == pytest.approx(np.mean((y - model.predict(x, verbose=0)) ** 2), rel=1e-5)


def test_the_penalty_that_counts_is_all_of_it():
    model = chain(layers.Dense(4, kernel_regularizer=L2(0.1)), layers.Dense(1, kernel_regularizer=L2(0.2)))
    variables = [layer.kernel for layer in model.layers]
    x, y = rows(16)
    penalty, counted, _ = probes.penalty_in_loss(model, (x, y, None), variables)
    assert penalty == pytest.approx(surgery.penalty(model)["total"], rel=1e-5)
    assert counted == pytest.approx(penalty, rel=1e-4)
    assert all(variable.regularizer is not None for variable in variables)


def test_both_statistics_of_batch_normalization():
    model = chain(layers.BatchNormalization(momentum=0.5), shape=(3,))
    model.layers[0].moving_mean.assign([1.0, 2.0, 3.0])
    x, _ = rows(64)
    y = np.zeros((64, 3), "float32")
    with_batch, stored = probes.losses_by_statistics(model, model.layers, (x, y, None))
    z = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3)
    assert with_batch == pytest.approx(np.mean(z**2), rel=1e-4)
    assert stored == pytest.approx(np.mean(((x - [1, 2, 3]) / np.sqrt(1 + 1e-3)) ** 2), rel=1e-4)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model.layers[0].moving_mean), [1, 2, 3])


def test_layers_come_in_the_order_of_the_calls():
    inputs = keras.Input((3,))
    late, early = layers.Dense(2, name="late"), layers.Dense(3, name="early")
    model = keras.Model(inputs, late(early(inputs)))
    x, _ = rows(4)
    summaries = layer_probes.in_order(model, x, {"late": late, "early": early}, lambda t: keras.ops.max(t))
    assert [path for path, _ in summaries] == ["early", "late"]
    assert summaries[1][1] == pytest.approx(model.predict(x, verbose=0).max(), rel=1e-5)


def test_other_values_than_those_of_the_model():
    model = chain(layers.Dense(1, use_bias=False, kernel_initializer="ones"))
    x = np.ones((2, 3), "float32")
    [doubled] = probes.evaluate(model, lambda x: [model(x)], x, values=[np.full((3, 1), 2.0, "float32")])
    np.testing.assert_allclose(doubled, 6.0)
    np.testing.assert_allclose(model.predict(x, verbose=0), 3.0)


def test_what_the_model_cannot_take_is_a_reason_in_plain_text():
    with pytest.raises(CannotRun, match="cannot be put through the model") as reason:
        probes.predict(chain(layers.Dense(1)), np.ones((2, 7)))
    assert "\x1b" not in str(reason.value)


def test_the_wiring_enters_nested_models():
    inner_input = keras.Input((3,))
    inner = keras.Model(inner_input, layers.Dense(3, name="b")(layers.Dense(3, name="a")(inner_input)), name="inner")
    inputs = keras.Input((3,))
    joined = layers.Add(name="add")([inner(inputs), inputs])
    model = keras.Model(inputs, keras.Sequential([keras.Input((3,)), layers.Dense(1, name="c")], name="top")(joined))
    calls = {call.layer.name: call for call in read_wiring(model)}
    assert list(calls) == ["a", "b", "add", "c"]
    assert [call.layer.name for call in calls["add"].before] == ["b"]
    assert (calls["add"].takes_inputs, calls["a"].takes_inputs, calls["b"].takes_inputs) == (True, True, False)
    assert [name for name, call in calls.items() if call.is_output] == ["c"]
    assert [call.layer.name for call in calls["b"].after] == ["add"]


def test_gain_is_the_growth_of_independent_inputs():
    model = chain(layers.Conv2D(8, 3, use_bias=False, name="conv"), shape=(16, 16, 4))
    [weight] = [w for w in weight_paths(model) if w.variable.name == "kernel"]
    x = np.random.default_rng(0).normal(size=(64, 16, 16, 4)).astype("float32")
    assert gain_of(weight) == pytest.approx(model.predict(x, verbose=0).std(), rel=0.03)


@pytest.mark.parametrize(("count", "whole"), [(50, True), (15_000, False)])
def test_samples_of_arrays_keep_rows_together(count, whole):
    x = np.arange(count, dtype="float32")[:, None]
    sample = take_sample((x, {"a": x[:, 0]}), "train")
    np.testing.assert_array_equal(sample.x[:, 0], sample.y["a"])
    np.testing.assert_array_equal(sample.x[:, 0], sample.rows)
    assert (sample.whole, sample.total, len(sample.rows)) == (whole, count, min(count, 10_000))
    batches = sample.shuffled_batches(16, 64)
    assert len(batches) == min(4, count // 16)
    np.testing.assert_array_equal(batches[0][0][:, 0], batches[0][1]["a"])


def test_one_batch_of_arrays_and_of_batches():
    x, y = rows(40)
    np.testing.assert_array_equal(one_batch((x, y), 8, "train")[0], x[:8])
    np.testing.assert_array_equal(one_batch([(x[:5], y[:5]), (x, y)], 8, "train")[1], y[:5])
    with pytest.raises(CannotRun, match="only once"):
        one_batch(iter([(x, y)]), 8, "train")


def test_strengths_are_read_as_they_were_given():
    assert strength_of(L2(0.01), "l2") == 0.01
    assert brief(keras.regularizers.L1L2(1e-5, 1e-4)) == "L1L2(1e-05, 0.0001)"


def test_what_counts_as_noise():
    noisy = [layers.Dropout(0.1), layers.GaussianNoise(0.1), layers.SpatialDropout1D(0.1), layers.AlphaDropout(0.1)]
    plain = [layers.Dense(1), layers.BatchNormalization(), layers.Conv2D(1, 3, dilation_rate=2), layers.ReLU()]
    assert all(map(is_noise, noisy))
    assert not any(map(is_noise, plain))
    assert rates_of(layers.Conv2D(1, 3, dilation_rate=2)) == {}
