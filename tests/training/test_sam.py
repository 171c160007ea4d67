"""SAM against steps made by hand, and against plain training where the two must agree."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_regkit._core.backend import to_numpy
from keras_regkit.strengths import WarmUp
from keras_regkit.training import SAM
from keras_regkit.training.sam import adaptive_ascent, steepest_ascent

BACKEND = keras.backend.backend()
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(16, 4)).astype("float32")
Y = (X.sum(axis=1, keepdims=True) > 0).astype("float32")


def logistic(lr=0.5, **optimizer):
    """A logistic regression with a penalty on its weights."""
    dense = layers.Dense(1, activation="sigmoid", kernel_regularizer=keras.regularizers.L2(0.01))
    model = keras.Sequential([keras.Input((4,)), dense])
    model.set_weights([np.array([[0.5], [-0.3], [0.8], [0.1]]), np.array([0.2])])
    model.compile(keras.optimizers.SGD(lr, **optimizer), "binary_crossentropy")
    return model


def logistic_gradient(weights, x, y, sample_weight=None):
    kernel, bias = weights
    probability = 1 / (1 + np.exp(-(x @ kernel + bias)))
    error = (probability - y) * (1 if sample_weight is None else sample_weight[:, None]) / len(x)
    return [x.T @ error + 2 * 0.01 * kernel, error.sum(axis=0)]


def perturbed_by_hand(weights, gradients, rho, adaptive, eta):
    sizes = [np.abs(w) + eta if adaptive else np.ones_like(w) for w in weights]
    length = np.sqrt(sum(((t * g) ** 2).sum() for t, g in zip(sizes, gradients, strict=True)))
    return [w + rho * t**2 * g / length for w, t, g in zip(weights, sizes, gradients, strict=True)]


def net(optimizer="sgd", seed=0, dtype=None):
    """A model with everything that changes in a pass: dropout, moving averages, metrics."""
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="tanh", kernel_regularizer=keras.regularizers.L2(0.01), dtype=dtype),
            layers.BatchNormalization(momentum=0.5),
            layers.Dropout(0.3, seed=3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    random = np.random.default_rng(seed)
    model.set_weights([random.normal(scale=0.5, size=w.shape) if w.ndim > 1 else w for w in model.get_weights()])
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def values(variables):
    return [to_numpy(variable) for variable in variables]


def expect_close(found, expected, tolerance=1e-6):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_formulas():
    w, g = [np.array([3.0, -1.0]), np.array([[2.0]])], [np.array([0.6, 0.0]), np.array([[0.8]])]
    expect_close(values_of(steepest_ascent(tensors(g), 0.5)), [[0.3, 0.0], [[0.4]]])
    length = np.hypot(3 * 0.6, 2 * 0.8)
    expect_close(
        values_of(adaptive_ascent(tensors(w), tensors(g), 0.5, eta=0.0)),
        [[0.5 * 9 * 0.6 / length, 0.0], [[0.5 * 4 * 0.8 / length]]],
    )
    zero = [np.zeros(2), np.zeros((1, 1))]
    expect_close(values_of(steepest_ascent(tensors(zero), 0.5)), zero)
    expect_close(values_of(adaptive_ascent(tensors(w), tensors(zero), 0.5)), zero)


def tensors(arrays):
    return [keras.ops.convert_to_tensor(array, "float32") for array in arrays]


def values_of(tensors):
    return [keras.ops.convert_to_numpy(tensor) for tensor in tensors]


@pytest.mark.parametrize(("rho", "adaptive", "eta"), [(0.1, False, 0.01), (0.7, True, 0.01), (2.0, True, 0.2)])
@pytest.mark.parametrize("jit", [False, True])
def test_steps_agree_with_numpy(rho, adaptive, eta, jit):
    if jit and BACKEND == "torch":
        pytest.skip("torch.compile takes minutes")
    model = logistic()
    expected = [w.astype("float64") for w in model.get_weights()]
    wrapper = SAM(model, rho=rho, adaptive=adaptive, eta=eta)
    wrapper.compile(keras.optimizers.SGD(0.5), "binary_crossentropy", jit_compile=jit)
    weight = np.linspace(0, 2, 16).astype("float32")
    wrapper.fit(X, Y, sample_weight=weight, batch_size=4, shuffle=False, epochs=2, verbose=0)
    for _ in range(2):
        for rows in np.split(np.arange(16), 4):
            batch = X[rows], Y[rows], weight[rows]
            uphill = perturbed_by_hand(expected, logistic_gradient(expected, *batch), rho, adaptive, eta)
            expected = [w - 0.5 * g for w, g in zip(expected, logistic_gradient(uphill, *batch), strict=True)]
    expect_close(model.get_weights(), expected)


@pytest.mark.parametrize("adaptive", [False, True])
def test_a_step_agrees_with_two_plain_ones(adaptive):
    # A plain step of SGD with rate 1 tells the gradient at any weights, with the same masks and averages.
    def plain_step(weights):
        model = net(keras.optimizers.SGD(1.0))
        for variable, value in zip(model.trainable_variables, weights, strict=True):
            variable.assign(value)
        model.fit(X, Y, batch_size=16, shuffle=False, verbose=0)
        after = values(model.trainable_variables)
        return [a - b for a, b in zip(weights, after, strict=True)], values(model.non_trainable_variables)

    start = values(net().trainable_variables)
    gradients, state = plain_step(start)
    uphill, _ = plain_step(perturbed_by_hand(start, gradients, 0.3, adaptive, 0.01))
    model = net(keras.optimizers.SGD(0.1))
    wrapper = SAM(model, rho=0.3, adaptive=adaptive)
    wrapper.fit(X, Y, batch_size=16, shuffle=False, verbose=0)
    expect_close(values(model.trainable_variables), [w - 0.1 * g for w, g in zip(start, uphill, strict=True)])
    expect_close(values(model.non_trainable_variables), state)


@pytest.mark.parametrize(("adaptive", "every"), [(False, 1), (True, 2)])
def test_rho_of_zero_is_plain_training(adaptive, every):
    plain, model = net("adam"), net("adam")
    fit = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
    history = plain.fit(X, Y, **fit).history
    wrapped = SAM(model, rho=0, adaptive=adaptive, every=every).fit(X, Y, **fit).history
    expect_close(values(model.variables), values(plain.variables), 1e-7)
    assert wrapped.keys() == history.keys()
    expect_close(wrapped.values(), history.values(), 1e-7)


def test_one_pass_is_seen():
    plain, model = net(), net()
    history = plain.fit(X, Y, batch_size=16, shuffle=False, verbose=0).history
    wrapped = SAM(model, rho=0.5).fit(X, Y, batch_size=16, shuffle=False, verbose=0).history
    expect_close(wrapped.values(), history.values())
    expect_close(values(model.non_trainable_variables), values(plain.non_trainable_variables))
    assert not np.allclose(model.get_weights()[0], plain.get_weights()[0], atol=1e-4)


def test_a_dropout_without_a_seed_has_one_mask_too():
    def fitted(wrap):
        keras.utils.set_random_seed(5)
        model = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5), layers.Dense(1, kernel_initializer="ones")])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        wrap(model).fit(X, Y, batch_size=4, shuffle=False, verbose=0)
        return model.get_weights()

    expect_close(fitted(lambda model: SAM(model, rho=0)), fitted(lambda model: model), 1e-7)


def test_every_third_step_is_a_double_one():
    model, wrapped = net(), net()
    SAM(wrapped, rho=0.5, every=3).fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    sam = SAM(model, rho=0.5)
    for step in range(8):
        rows = slice(4 * (step % 4), 4 * (step % 4) + 4)
        (sam if step % 3 == 0 else model).fit(X[rows], Y[rows], batch_size=4, shuffle=False, verbose=0)
    expect_close(wrapped.get_weights(), model.get_weights())


def test_gradient_accumulation():
    model = logistic(gradient_accumulation_steps=2)
    start = [w.astype("float64") for w in model.get_weights()]
    SAM(model, rho=0.3).fit(X, Y, batch_size=8, shuffle=False, verbose=0)
    gradients = []
    for rows in (slice(0, 8), slice(8, 16)):
        batch = X[rows], Y[rows]
        gradients.append(
            logistic_gradient(perturbed_by_hand(start, logistic_gradient(start, *batch), 0.3, False, 0), *batch)
        )
    expect_close(model.get_weights(), [w - 0.5 * (a + b) / 2 for w, a, b in zip(start, *gradients, strict=True)])


@pytest.mark.skipif(BACKEND == "torch", reason="steps_per_execution must be 1 there")
def test_several_steps_per_execution():
    fit = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
    one, many = net(), net()
    many.compile(keras.optimizers.SGD(0.01), "binary_crossentropy", steps_per_execution=3)
    SAM(one, rho=0.2, every=2).fit(X, Y, **fit)
    SAM(many, rho=0.2, every=2).fit(X, Y, **fit)
    expect_close(many.get_weights(), one.get_weights())


def test_strength_with_a_schedule_moves_once_a_step():
    wrapper = SAM(net(), rho=WarmUp(0.5, steps=4))
    plain = net()
    wrapper.fit(X, Y, batch_size=16, shuffle=False, verbose=0)
    plain.fit(X, Y, batch_size=16, shuffle=False, verbose=0)
    expect_close(wrapper.model.get_weights(), plain.get_weights(), 1e-7)  # the warm-up starts at 0
    assert wrapper.strength.current() == pytest.approx(0.125)
    wrapper.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    assert wrapper.strength.current() == pytest.approx(0.375)


def nan_above(limit):
    """A penalty that is fine up to a limit, and not a number beyond."""
    return lambda weight: 1e-3 * keras.ops.sum(keras.ops.sqrt(limit - weight))


@pytest.mark.parametrize("every", [1, 2])
def test_nan_uphill_never_reaches_the_weights(every):
    def model():
        dense = layers.Dense(1, use_bias=False, kernel_initializer="ones", kernel_regularizer=nan_above(1.5))
        model = keras.Sequential([keras.Input((1,)), dense])
        model.compile(keras.optimizers.SGD(0.01), "mse")
        return model

    plain, wrapped = model(), model()
    x, y = np.ones((4, 1), "float32"), np.zeros((4, 1), "float32")
    plain.fit(x, y, epochs=2, verbose=0)
    SAM(wrapped, rho=1.0, every=every).fit(x, y, epochs=2, verbose=0)  # uphill is beyond the limit
    assert plain.get_weights()[0][0, 0] < 0.99
    expect_close(wrapped.get_weights(), plain.get_weights(), 1e-7)


@pytest.mark.parametrize("every", [1, 2])
def test_nan_in_the_data_never_reaches_the_weights(every):
    model = logistic()
    model.compile(keras.optimizers.SGD(0.1), "mse")  # torch's cross-entropy refuses what is not a number itself
    wrapper = SAM(model, rho=0.1, every=every)
    start = wrapper.model.get_weights()
    bad = X.copy()
    bad[3, 1] = np.nan
    history = wrapper.fit(bad, Y, batch_size=16, epochs=2, verbose=0).history
    assert np.isnan(history["loss"]).all()  # it is seen all the same
    expect_close(wrapper.model.get_weights(), start, 0)


def test_overflow_lowers_the_scale_of_the_loss():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        wrapper = SAM(net(keras.optimizers.SGD(0.01)), rho=0.1)
    finally:
        keras.config.set_dtype_policy("float32")
    assert wrapper.optimizer is wrapper.model.optimizer
    assert isinstance(wrapper.optimizer, keras.optimizers.LossScaleOptimizer)
    wrapper.optimizer.initial_scale = 2.0**8
    fit = {"batch_size": 16, "shuffle": False, "verbose": 0}
    wrapper.fit(X, Y, **fit)
    scale = float(to_numpy(wrapper.optimizer.dynamic_scale))
    before = wrapper.model.get_weights()
    assert scale == 2.0**8
    wrapper.optimizer.dynamic_scale.assign(2.0**40)
    wrapper.fit(X, Y, **fit)
    assert float(to_numpy(wrapper.optimizer.dynamic_scale)) == 2.0**39
    trainable = [index for index, w in enumerate(wrapper.model.weights) if w.trainable]
    after = wrapper.model.get_weights()
    expect_close([after[i] for i in trainable], [before[i] for i in trainable], 0)
    wrapper.optimizer.dynamic_scale.assign(2.0**8)
    wrapper.fit(X, Y, **fit)
    after = wrapper.model.get_weights()
    assert all(np.isfinite(w).all() for w in after)
    assert not np.array_equal(after[0], before[0])


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_frozen_layers_and_unused_weights_are_left_alone():
    class Unused(layers.Layer):
        def build(self, input_shape):
            self.spare = self.add_weight(shape=(2,), initializer="ones", name="spare")

        def call(self, inputs):
            return inputs

    frozen = layers.Dense(4, trainable=False)
    model = keras.Sequential([keras.Input((4,)), frozen, Unused(), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = [w.copy() for w in frozen.get_weights()]
    SAM(model, rho=0.1, every=2).fit(X, Y, epochs=2, verbose=0)
    expect_close(frozen.get_weights(), before, 0)
    expect_close([to_numpy(model.layers[1].spare)], [np.ones(2)], 0)


@pytest.mark.parametrize("every", [1, 2])
def test_tokens_masks_and_several_outputs(every):
    tokens = keras.Input((5,), dtype="int32", name="tokens")
    numbers = keras.Input((3,), name="numbers")
    embedded = layers.Embedding(7, 4, mask_zero=True)(tokens)
    pooled = layers.GlobalAveragePooling1D()(embedded)
    joined = layers.Concatenate()([pooled, numbers])
    outputs = {"size": layers.Dense(1, name="size")(joined), "kind": layers.Dense(3, name="kind")(joined)}
    model = keras.Model({"tokens": tokens, "numbers": numbers}, outputs)
    losses = {"size": "mse", "kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}
    model.compile("adam", losses, loss_weights={"size": 0.5, "kind": 2.0}, metrics={"kind": "accuracy"})
    x = {"tokens": RANDOM.integers(0, 7, size=(8, 5)), "numbers": RANDOM.normal(size=(8, 3)).astype("float32")}
    y = {"size": np.ones((8, 1), "float32"), "kind": np.arange(8) % 3}
    wrapper = SAM(model, rho=0.1, every=every)
    history = wrapper.fit(x, y, epochs=3, verbose=0).history
    assert set(history) == {"loss", "size_loss", "kind_loss", "kind_accuracy"}
    assert history["loss"][-1] < history["loss"][0]
    assert wrapper.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))


def test_class_weights():
    def fitted(model, **kwargs):
        SAM(model, rho=0.3).fit(X, Y, batch_size=16, verbose=0, **kwargs)
        return model.get_weights()

    weights = np.where(Y[:, 0] > 0, 3.0, 0.5)
    expect_close(fitted(logistic(), class_weight={0: 0.5, 1: 3.0}), fitted(logistic(), sample_weight=weights))
