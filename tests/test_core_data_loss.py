import keras
import numpy as np
import pytest

from keras_regkit._core.backend import compile_inference
from keras_regkit._core.data import as_batches
from keras_regkit._core.data_loss import DataLoss, as_loss

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(10, 3)).astype("float32")
Y = RANDOM.normal(size=(10, 1)).astype("float32")
WEIGHT = RANDOM.uniform(size=10).astype("float32")


def noisy_model(**dense):
    """A model whose training and inference differ in every way Keras has: dropout, BatchNormalization, penalties."""
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L2(0.1), **dense),
            keras.layers.BatchNormalization(momentum=0.5),
            keras.layers.Dropout(0.5, seed=1),
            keras.layers.Dense(1, bias_regularizer=keras.regularizers.L1(0.1), bias_initializer="ones"),
        ]
    )
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def measure(model, data, batch_size=4, loss=None):
    return DataLoss(model, loss)(as_batches(data, batch_size, "data")())


def penalty_of(model):
    kernel, bias = model.layers[0].kernel, model.layers[-1].bias
    squares, absolutes = keras.ops.sum(kernel**2), keras.ops.sum(keras.ops.absolute(bias))
    return 0.1 * float(keras.ops.convert_to_numpy(squares)) + 0.1 * float(keras.ops.convert_to_numpy(absolutes))


def errors(model):
    return (model.predict(X, verbose=0)[:, 0] - Y[:, 0]) ** 2


def state(model):
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


@pytest.mark.parametrize("fitted", [False, True])
def test_loss_and_penalty_against_numpy(fitted):
    model = noisy_model()
    if fitted:
        model.fit(X, Y, verbose=0)
    data_loss, penalty, weight_penalty = measure(model, (X, Y))
    assert data_loss == pytest.approx(errors(model).mean(), rel=1e-4)
    assert penalty == pytest.approx(penalty_of(model), rel=1e-5)
    assert weight_penalty == pytest.approx(penalty)
    assert data_loss + penalty == pytest.approx(model.evaluate(X, Y, batch_size=10, verbose=0)[0], rel=1e-4)


@pytest.mark.parametrize("batch_size", [3, 10])
def test_sample_weights_count_whatever_the_batches(batch_size):
    model = noisy_model()
    expected = (errors(model) * WEIGHT).mean()
    assert measure(model, (X, Y, WEIGHT), batch_size)[0] == pytest.approx(expected, rel=1e-4)


def test_another_loss_takes_the_place_of_the_compiled_one():
    model = noisy_model()
    expected = (np.sqrt(errors(model)) * WEIGHT).mean()
    got = measure(model, (X, Y, WEIGHT), loss=keras.losses.MeanAbsoluteError())
    assert got[0] == pytest.approx(expected, rel=1e-4)
    assert got[1] == pytest.approx(penalty_of(model), rel=1e-5)


def test_the_share_of_the_penalty_that_depends_on_data_is_told():
    model = noisy_model(activity_regularizer=keras.regularizers.L1(0.1))
    data_loss, penalty, weight_penalty = measure(model, (X, Y))
    assert data_loss == pytest.approx(errors(model).mean(), rel=1e-4)
    assert weight_penalty == pytest.approx(penalty_of(model), rel=1e-5)
    assert penalty > weight_penalty + 1e-3


def test_frozen_layers_have_no_penalty_as_in_keras():
    model = noisy_model()
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    assert measure(model, (X, Y))[1:] == pytest.approx((0.1, 0.1), rel=1e-5)


def test_several_outputs_are_weighted_as_compiled():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, {"a": keras.layers.Dense(1)(inputs), "b": keras.layers.Dense(1)(inputs)})
    model.compile("sgd", {"a": "mse", "b": "mae"}, loss_weights={"a": 0.5, "b": 2.0})
    predictions = model.predict(X, verbose=0)
    expected = 0.5 * ((predictions["a"] - Y) ** 2).mean() + 2 * np.abs(predictions["b"] - Y).mean()
    # Before and after fit has built the losses of the outputs.
    for _ in range(2):
        assert measure(model, (X, {"a": Y, "b": Y}))[0] == pytest.approx(expected, rel=1e-4)
        model.optimizer.learning_rate = 0.0
        model.fit(X, {"a": Y, "b": Y}, verbose=0)


def test_nothing_in_the_model_changes():
    model = noisy_model()
    model.fit(X, Y, verbose=0)
    before = state(model)
    measure(model, (X, Y))
    for old, new in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(old, new)


def test_it_follows_the_weights_after_it_was_compiled():
    model = noisy_model()
    data_loss = DataLoss(model)
    batches = as_batches((X, Y), 4, "data")
    data_loss(batches())
    model.set_weights([w + 1 for w in model.get_weights()])
    assert data_loss(batches())[0] == pytest.approx(errors(model).mean(), rel=1e-4)


def test_assignments_inside_compiled_inference_are_dropped():
    model = noisy_model()
    before = state(model)
    run = compile_inference(model, lambda x, y, weight: model(x, training=True))
    one, other = (keras.ops.convert_to_numpy(run(X, None, None)) for _ in range(2))
    # The seed does not move on either, so the dropout mask is the same.
    np.testing.assert_array_equal(one, other)
    for old, new in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_models_are_measured_in_float32(policy):
    layers = [keras.Input((3,)), keras.layers.Dense(1, kernel_regularizer="l2", dtype=policy)]
    model = keras.Sequential(layers)
    model.compile("sgd", "mse")
    data_loss, penalty, _ = measure(model, (X, Y))
    kernel = model.get_weights()[0]
    assert penalty == pytest.approx(0.01 * (kernel**2).sum(), rel=1e-4)
    assert data_loss == pytest.approx(((X @ kernel - Y) ** 2).mean(), rel=0.02)


@pytest.mark.parametrize("loss", ["mae", "mean_absolute_error", keras.losses.mean_absolute_error])
@pytest.mark.parametrize("targets", [Y, Y[:, 0]], ids=["column", "vector"])
def test_losses_by_name_and_function_know_weights_and_rows(loss, targets):
    model = noisy_model()
    model.build((None, 3))
    got = measure(model, (X, targets, WEIGHT), batch_size=10, loss=as_loss(loss))[0]
    expected = WEIGHT * np.abs(model.predict(X, verbose=0) - Y)[:, 0]
    assert got == pytest.approx(expected.mean(), rel=1e-5)
