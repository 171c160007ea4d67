"""What all training methods share, on a small method of its own."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_regkit._core.backend import to_numpy
from keras_regkit.training import SAM, AdversarialWeightPerturbation
from keras_regkit.training._wrapper import Wrapper, gradient, seed_states

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(8, 4)).astype("float32")
Y = RANDOM.normal(size=(8, 2)).astype("float32")


@keras.saving.register_keras_serializable("test_wrapper")
class Twice(Wrapper):
    """Adds the data loss of a second pass."""

    def training_loss(self, loss, x, y, y_pred, sample_weight):
        return self.penalize(loss, self.data_loss(y, self.run_again(x), sample_weight))


class Activity(layers.Layer):
    """Adds a loss, and counts, each time it is called."""

    def build(self, input_shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, inputs, training=None):
        self.add_loss(0.1 * ops.mean(ops.square(inputs)))
        if training:
            self.calls.assign(self.calls + 1.0)
        return inputs


def model(*extra, compiled=True):
    dense = layers.Dense(3, activation="tanh", kernel_regularizer=keras.regularizers.L2(0.1), bias_initializer="ones")
    stack = [dense, layers.BatchNormalization(momentum=0.5), layers.Dropout(0.5, seed=0), *extra, layers.Dense(2)]
    model = keras.Sequential([keras.Input((4,)), *stack])
    random = np.random.default_rng(1)
    model.set_weights([random.normal(size=w.shape) if w.ndim > 1 else w for w in model.get_weights()])
    if compiled:
        model.compile(keras.optimizers.SGD(0.01), "mse", metrics=["mae"])
    return model


def values(variables):
    return [to_numpy(variable) for variable in variables]


def expect_close(found, expected, tolerance=1e-6):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def fit(model, **kwargs):
    return model.fit(X, Y, batch_size=8, shuffle=False, verbose=0, **kwargs)


def test_without_a_method_it_is_plain_training():
    plain, wrapped = model(Activity()), model(Activity())
    wrapper = Wrapper(wrapped)
    history, expected = fit(wrapper, epochs=2).history, fit(plain, epochs=2).history
    assert list(history) == list(expected)
    expect_close(history.values(), expected.values())
    expect_close(values(wrapped.variables), values(plain.variables))
    assert wrapper.output_names == getattr(plain, "output_names", None)
    assert wrapper.layers[0] is wrapped


def test_a_further_pass_leaves_no_trace_but_seeds():
    plain, wrapped = model(Activity()), model(Activity())
    history, expected = fit(Twice(wrapped)).history, fit(plain).history
    assert float(to_numpy(wrapped.layers[-2].calls)) == 1.0
    expect_close(history["mae"], expected["mae"])
    expect_close(values(wrapped.non_trainable_weights), values(plain.non_trainable_weights))
    seeds, once = values(seed_states(wrapped)), values(seed_states(plain))
    assert len(seeds) == 1
    assert not np.array_equal(seeds, once)  # the next step has masks that neither pass has had
    # Of the loss shown, the penalties are a part once: the difference is a mean squared error.
    assert 0 < history["loss"][0] - expected["loss"][0] < 20


def test_seeds_can_be_kept():
    wrapper = Wrapper(model())
    before = values(wrapper.variables)
    one, two = (ops.convert_to_numpy(wrapper.run_again(X, keep_seeds=False)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    expect_close(values(wrapper.variables), before, 0)
    wrapper.run_again(X)
    three = ops.convert_to_numpy(wrapper.run_again(X))
    assert not np.array_equal(one, three)


def test_variables_can_be_overridden():
    wrapped = model()
    kernel = wrapped.layers[-1].kernel
    outputs = Wrapper(wrapped).run_again(X, training=False, override=[(kernel, ops.zeros(kernel.shape))])
    expect_close([ops.convert_to_numpy(outputs)], [np.zeros((8, 2))])
    assert np.abs(to_numpy(kernel)).min() > 0


def two_outputs():
    inputs = keras.Input((4,))
    hidden = layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.5))(inputs)
    one, two = layers.Dense(2, name="one")(hidden), layers.Dense(1, name="two")(hidden)
    model = keras.Model(inputs, {"one": one, "two": two})
    model.compile("sgd", {"one": "mse", "two": "mae"}, loss_weights={"one": 2.0, "two": 3.0})
    return model


def test_data_loss_is_the_loss_without_penalties():
    wrapper = Wrapper(two_outputs())
    y, weight = {"one": Y, "two": Y[:, :1]}, np.linspace(0, 2, 8).astype("float32")
    total = wrapper.evaluate(X, y, sample_weight=weight, verbose=0)[0]
    y_pred = wrapper(X)
    trackers = values(wrapper.metrics_variables)
    weights = {"one": weight, "two": weight}
    loss = float(ops.convert_to_numpy(wrapper.data_loss(y, y_pred, weights)))
    one, two = (ops.convert_to_numpy(y_pred[name]) for name in ("one", "two"))
    expected = 2 * (weight * ((one - Y) ** 2).mean(1)).mean() + 3 * (weight * np.abs(two - Y[:, :1])[:, 0]).mean()
    assert loss == pytest.approx(expected, rel=1e-5)
    penalty = sum(float(ops.convert_to_numpy(value)) for value in wrapper.losses)
    assert total == pytest.approx(loss + penalty, rel=1e-5)
    assert penalty > 0
    expect_close(values(wrapper.metrics_variables), trackers, 0)


def test_gradient():
    x = {"a": ops.convert_to_tensor(X), "unused": ops.convert_to_tensor(Y)}
    found = gradient(lambda x: ops.sum(x["a"] ** 3), x)
    expect_close([ops.convert_to_numpy(found["a"])], [3 * X**2], 1e-5)
    expect_close([ops.convert_to_numpy(found["unused"])], [np.zeros_like(Y)])
    again = gradient(lambda a: ops.sum(gradient(lambda a: ops.sum(a**3), a)), x["a"])
    expect_close([ops.convert_to_numpy(again)], [6 * X], 1e-5)
    with pytest.raises(ValueError, match=r"must be floats.*int"):
        gradient(lambda x: ops.sum(x), np.arange(3))


@keras.saving.register_keras_serializable("test_wrapper")
class Steep(Wrapper):
    """Adds half the squared norm of the gradient of the outputs' sum with respect to the inputs."""

    def training_loss(self, loss, x, y, y_pred, sample_weight):
        slope = gradient(lambda x: ops.sum(self.run_again(x, keep_seeds=False)), x)
        return self.penalize(loss, 0.5 * ops.mean(ops.sum(ops.square(slope), axis=-1)))


def test_input_gradients_reach_the_weights():
    linear = keras.Sequential([keras.Input((4,)), layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    linear.compile(keras.optimizers.SGD(0.1), "mse")
    y = X.sum(1, keepdims=True)  # fits already: what is left is the penalty, half of w²
    assert fit_to(Steep(linear), y) == pytest.approx(2.0, rel=1e-5)
    expect_close(linear.get_weights(), [np.full((4, 1), 0.9)], 1e-5)


def fit_to(wrapper, y):
    return wrapper.fit(X, y, batch_size=8, verbose=0).history["loss"][0]


def test_wrappers_can_be_nested():
    inner, outer = model(), model()
    seen = fit(Wrapper(Twice(inner))).history["loss"][0]
    assert fit(SAM(Twice(outer), rho=0)).history["loss"][0] == pytest.approx(seen, rel=1e-6)
    expect_close(outer.get_weights(), inner.get_weights())
    with pytest.raises(ValueError, match=r"`train_step` of its own.*Wrap the other way round: SAM\(Twice\(model\)\)"):
        Twice(SAM(model()))


def test_compilation_is_taken_over_and_shared():
    def own_metric(y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred))

    wrapped = model()
    wrapped.compile("adam", lambda y, p: ops.mean((y - p) ** 2, axis=-1), metrics=[own_metric])
    fit(wrapped)
    wrapper = Twice(wrapped)
    fit(wrapper)
    assert wrapper.optimizer is wrapped.optimizer
    fit(wrapped)
    assert int(to_numpy(wrapped.optimizer.iterations)) == 3
    assert wrapper.evaluate(X, Y, verbose=0) == pytest.approx(wrapped.evaluate(X, Y, verbose=0))
    wrapper.compile("sgd", "mae")
    assert wrapped.optimizer is wrapper.optimizer
    assert wrapped.loss == "mae"


def test_a_loss_that_was_not_to_be_scaled_is_not():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        wrapped = model()
        assert isinstance(wrapped.optimizer, keras.optimizers.LossScaleOptimizer)
        assert Twice(wrapped).optimizer is wrapped.optimizer
        wrapped.compile("sgd", "mse", auto_scale_loss=False)
        wrapper = Twice(wrapped)
    finally:
        keras.config.set_dtype_policy("float32")
    assert wrapper.optimizer is wrapped.optimizer
    assert isinstance(wrapper.optimizer, keras.optimizers.SGD)


def test_a_model_without_a_compiled_loss_has_no_data_loss():
    wrapped = model(Activity())
    wrapped.compile("sgd")
    with pytest.raises(ValueError, match=r"Twice needs the loss given to `compile`, and 'seq.*' was compiled"):
        fit(Twice(wrapped))


def test_an_uncompiled_model_waits_for_compile():
    wrapper = Twice(model(compiled=False))
    assert not wrapper.compiled
    with pytest.raises(ValueError, match=r"must call `compile\(\)`"):
        fit(wrapper)
    wrapper.compile("sgd", "mse")
    fit(wrapper)
    assert wrapper.model.compiled


def test_saved_wrapper_goes_on_training(tmp_path):
    wrapper = Twice(model(compiled=False))
    wrapper.compile("adam", "mse")
    fit(wrapper)
    wrapper.save(tmp_path / "wrapper.keras")
    loaded = keras.saving.load_model(tmp_path / "wrapper.keras")
    assert loaded.optimizer is loaded.model.optimizer
    assert loaded.evaluate(X, Y, verbose=0) == pytest.approx(wrapper.evaluate(X, Y, verbose=0))
    for ours, theirs in zip(seed_states(loaded), seed_states(wrapper), strict=True):
        ours.assign(to_numpy(theirs))  # Keras does not save them
    for one in (wrapper, loaded):
        fit(one)
    expect_close(values(loaded.variables), values(wrapper.variables))
    wrapper.model.save(tmp_path / "model.keras")
    alone = keras.saving.load_model(tmp_path / "model.keras")
    expect_close([alone.predict(X, verbose=0)], [wrapper.predict(X, verbose=0)])


class StepOfItsOwn(keras.Model):
    def __init__(self):
        super().__init__()
        self.built = True

    def train_step(self, *args):
        return {}


class LossOfItsOwn(keras.Model):
    def __init__(self):
        super().__init__()
        self.built = True

    def compute_loss(self, *args, **kwargs):
        return 0.0


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: layers.Dense(1), TypeError, "`model` must be a keras.Model. Received: .* of type Dense"),
        (lambda: None, TypeError, "Received: None of type NoneType"),
        (
            lambda: keras.Sequential([layers.Dense(1)]),
            ValueError,
            r"must be built. Received: 'sequential.*', .* Start it with keras.Input\(shape\)",
        ),
        (StepOfItsOwn, ValueError, "`train_step` of its own, which Twice would not run. .* Move it into a loss"),
        (LossOfItsOwn, ValueError, "`compute_loss` of its own, which Twice would not run"),
    ],
)
def test_models_that_cannot_be_wrapped(make, error, message):
    with pytest.raises(error, match=message):
        Twice(make())


def test_two_with_steps_of_their_own_cannot_be_nested():
    with pytest.raises(ValueError, match=r"Two of a kind cannot be nested. Keep one: SAM\(model\)"):
        SAM(SAM(model()))
    with pytest.raises(ValueError, match=r"SAM and AdversarialWeightPerturbation cannot be nested"):
        SAM(AdversarialWeightPerturbation(model()))
