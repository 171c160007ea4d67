import keras
import numpy as np
import pytest
from keras import layers

from keras_regkit import surgery

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
Y = X[:, :1]
STEPS = 1 if keras.backend.backend() == "torch" else 2


def functional():
    inputs = keras.Input((4,))
    hidden = layers.BatchNormalization(name="norm")(layers.Dense(3, name="hidden")(inputs))
    return keras.Model(inputs, layers.Dense(1, name="out")(hidden))


def sequential():
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, name="hidden"), layers.Dense(1, name="out")])


def own_loss(y_true, y_pred):
    return keras.ops.mean(keras.ops.absolute(y_true - y_pred), axis=-1)


def after_one_step_without_gradients(model):
    """Which variables weight decay moved."""
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in model.trainable_variables]
    model.optimizer.apply([keras.ops.zeros(v.shape) for v in model.trainable_variables], model.trainable_variables)
    return {
        f"{v.path.split('/')[-2]}/{v.name}"
        for v, old in zip(model.trainable_variables, before, strict=True)
        if not np.array_equal(keras.ops.convert_to_numpy(v), old)
    }


def decaying(model, dtype_policy=None, **excluded):
    for layer in model.layers:
        layer.set_weights([w + 1 for w in layer.get_weights()])
    optimizer = keras.optimizers.SGD(0.5, weight_decay=0.5)
    if excluded:
        optimizer.exclude_from_weight_decay(**excluded)
    model.compile(optimizer, "mse")
    return model


@pytest.mark.parametrize("build", [functional, sequential])
def test_copy_is_compiled_alike_and_has_taken_no_step(build):
    model = build()
    model.compile(
        keras.optimizers.Adam(0.02, clipnorm=1.0),
        "mae",
        metrics=["mse"],
        loss_weights=[2.0],
        weighted_metrics=["mae"],
        steps_per_execution=STEPS,
        jit_compile=False,
    )
    model.fit(X, Y, batch_size=4, verbose=0)
    new = surgery.copy(model)
    assert new.optimizer is not model.optimizer
    assert (new.optimizer.clipnorm, float(keras.ops.convert_to_numpy(new.optimizer.learning_rate))) == (
        1.0,
        pytest.approx(0.02),
    )
    assert int(keras.ops.convert_to_numpy(new.optimizer.iterations)) == 0
    assert (new.loss, new.steps_per_execution, new.jit_compile) == ("mae", STEPS, False)
    expected = model.evaluate(X, Y, batch_size=4, verbose=0, return_dict=True)
    assert new.evaluate(X, Y, batch_size=4, verbose=0, return_dict=True) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("build", [functional, sequential])
def test_loss_that_keras_cannot_find_by_name(build):
    model = build()
    model.compile("sgd", own_loss)
    new = surgery.copy(model)
    assert new.loss is own_loss
    assert new.evaluate(X, Y, verbose=0) == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)


@pytest.mark.parametrize("loss", [["mse", "mae"], {"a": "mse", "b": "mae"}])
def test_losses_of_several_outputs(loss):
    inputs = keras.Input((4,))
    outputs = {name: layers.Dense(1, name=name)(inputs) for name in "ab"}
    weights, y = {"a": 0.5, "b": 2.0}, {"a": Y, "b": Y}
    if isinstance(loss, list):
        outputs, weights, y = list(outputs.values()), list(weights.values()), list(y.values())
    model = keras.Model(inputs, outputs)
    model.compile("sgd", loss, loss_weights=weights)
    expected = model.evaluate(X, y, verbose=0)
    assert surgery.copy(model).evaluate(X, y, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_one_change_and_all_else_as_it_was():
    model = functional()
    model.compile(keras.optimizers.SGD(0.25), "mse", metrics=["mae"])
    assert surgery.recompile(model, loss="mae") is model
    assert model.loss == "mae"
    assert float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)) == 0.25
    assert set(model.evaluate(X, Y, verbose=0, return_dict=True)) == {"loss", "mae"}


def test_uncompiled_models_are_refused():
    with pytest.raises(ValueError, match="must be compiled first"):
        surgery.recompile(sequential())


@pytest.mark.parametrize("how", ["var_list", "var_names"])
@pytest.mark.parametrize("steps", [0, 1])
def test_what_is_spared_from_decay_stays_spared(how, steps):
    model = functional()
    excluded = [v for v in model.trainable_variables if v.name == "bias"] if how == "var_list" else ["bias"]
    decaying(model, **{how: excluded})
    for _ in range(steps):
        after_one_step_without_gradients(model)
    assert after_one_step_without_gradients(surgery.copy(model)) == {
        "hidden/kernel",
        "norm/gamma",
        "norm/beta",
        "out/kernel",
    }


def test_without_exclusions_all_decay():
    model = decaying(functional())
    assert len(after_one_step_without_gradients(surgery.copy(model))) == len(model.trainable_variables)


def test_where_all_vectors_are_spared_so_are_new_ones():
    model = sequential()
    decaying(model, var_list=[v for v in model.trainable_variables if len(v.shape) < 2])
    new = surgery.insert_after(
        model, "hidden", lambda layer: layers.BatchNormalization(beta_initializer="ones", name="norm")
    )
    assert after_one_step_without_gradients(new) == {"hidden/kernel", "out/kernel"}


def test_exclusions_survive_loss_scaling():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = sequential()
        decaying(model, var_names=["bias"])
        new = surgery.copy(model)
    finally:
        keras.config.set_dtype_policy(before)
    assert isinstance(new.optimizer, keras.optimizers.LossScaleOptimizer)
    inner = new.optimizer.inner_optimizer
    inner.apply([keras.ops.zeros(v.shape) for v in new.trainable_variables], new.trainable_variables)
    np.testing.assert_array_equal(new.get_layer("out").get_weights()[1], model.get_layer("out").get_weights()[1])
    assert not np.allclose(new.get_layer("out").get_weights()[0], model.get_layer("out").get_weights()[0])


def test_a_scaled_loss_stays_scaled():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
    finally:
        keras.config.set_dtype_policy("float32")
    copy = surgery.copy(model)
    assert type(copy.optimizer) is type(model.optimizer) is keras.optimizers.LossScaleOptimizer
    assert type(surgery.recompile(copy, loss="mae").optimizer) is keras.optimizers.LossScaleOptimizer
