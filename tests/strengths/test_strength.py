"""The one mechanism by which strengths move: in compiled steps, without a new trace, saved and resumed."""

import keras
import numpy as np
import pytest

from keras_regkit import layers, losses, regularizers
from keras_regkit.strengths import Linear, WarmUp, read

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = X[:, :1]
TRACES = []


@keras.saving.register_keras_serializable("tests")
class Traced(keras.layers.Layer):
    """Notes when its Python code runs in training: once per trace of a compiled step."""

    def call(self, inputs, training=False):
        if training:
            TRACES.append(self.name)
        return inputs


def model_of(*levers, jit=False, **dense):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, **dense), *levers, keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=jit or "auto")
    return model


def fit(model, epochs=1, **kwargs):
    return model.fit(X, Y, batch_size=4, epochs=epochs, verbose=0, **kwargs)


JIT = [False] if keras.backend.backend() == "torch" else [False, True]


@pytest.mark.parametrize("jit", JIT)
def test_schedules_move_with_training_and_not_otherwise(jit):
    ramp = Linear(0.0, 0.5, steps=20)
    shared = regularizers.Scheduled("l2", ramp, name="l2")
    model = model_of(
        layers.Dropout(ramp, name="drop"),
        layers.DropPath(ramp, name="path"),
        keras.layers.Dense(
            3, kernel_regularizer=shared, activity_regularizer=regularizers.Scheduled("l2", ramp, name="act")
        ),
        jit=jit,
        kernel_regularizer=shared,
        bias_regularizer=shared,
    )
    assert set(read(model).values()) == {0.0}
    fit(model, validation_data=(X, Y))
    assert read(model) == pytest.approx(dict.fromkeys(["l2", "drop", "path", "act"], 0.1))
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    model(X)
    assert read(model) == pytest.approx(dict.fromkeys(["l2", "drop", "path", "act"], 0.1))
    fit(model, 9)
    assert read(model) == pytest.approx(dict.fromkeys(["l2", "drop", "path", "act"], 0.5))


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="torch runs the Python code at each step")
def test_nothing_is_traced_again():
    model = model_of(layers.Dropout(Linear(0.0, 0.5, steps=8)), Traced())
    TRACES.clear()
    fit(model)
    once = len(TRACES)
    fit(model, 3)
    assert len(TRACES) == once


def test_the_penalty_is_scaled():
    penalty = regularizers.Scheduled(keras.regularizers.L2(0.1), Linear(0.0, 2.0, steps=4))
    model = model_of(kernel_regularizer=penalty)
    kernel = model.layers[0].get_weights()[0]
    for steps, factor in ((0, 0.0), (1, 0.5), (4, 2.0)):
        penalty._strength.number.assign(steps)
        assert float(keras.ops.convert_to_numpy(model.losses[0])) == pytest.approx(
            factor * 0.1 * (kernel**2).sum(), rel=1e-5
        )


def test_the_compiled_step_uses_the_value_of_the_moment():
    # Plain gradient steps on the penalty alone, followed in NumPy: w ← w − lr · 2 · s(t) · w.
    penalty = regularizers.Scheduled(keras.regularizers.L2(1.0), Linear(0.0, 1.0, steps=4))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_regularizer=penalty)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    w = float(model.get_weights()[0].item())
    model.fit(np.zeros((6, 1)), np.zeros((6, 1)), batch_size=1, verbose=0)
    for t in range(6):
        w -= 0.1 * 2 * min(t / 4, 1) * w
    assert float(model.get_weights()[0].item()) == pytest.approx(w, rel=1e-5)


def test_the_rate_is_that_of_the_moment():
    layer = layers.Dropout(Linear(0.0, 0.8, steps=4), seed=0)
    ones = np.ones((100, 100), "float32")
    for t in range(6):
        out = keras.ops.convert_to_numpy(layer(ones, training=True))
        rate = min(t / 4, 1) * 0.8
        # Standard error of a share of 10,000 draws is at most 0.005.
        assert (out == 0).mean() == pytest.approx(rate, abs=0.02)
        assert out.max() == pytest.approx(1 / (1 - rate), rel=1e-5)


def test_saved_and_resumed(tmp_path):
    ramp = Linear(0.0, 0.5, steps=20)
    model = model_of(
        layers.Dropout(ramp, name="drop"), kernel_regularizer=regularizers.Scheduled("l2", ramp, name="l2")
    )
    fit(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert read(loaded) == pytest.approx({"drop": 0.1, "l2": 0.1})
    fit(loaded)
    assert read(loaded) == pytest.approx({"drop": 0.2, "l2": 0.2})
    assert read(keras.models.clone_model(loaded)) == {"drop": 0.0, "l2": 0.0}
    model.save_weights(tmp_path / "model.weights.h5")
    fit(model)
    model.load_weights(tmp_path / "model.weights.h5")
    assert read(model) == pytest.approx({"drop": 0.1, "l2": 0.1})


def test_an_object_that_several_layers_share_is_saved_once_and_loads(tmp_path):
    shared = regularizers.Scheduled("l2", Linear(0.0, 0.5, steps=20), name="l2")
    model = model_of(keras.layers.Dense(3, kernel_regularizer=shared), kernel_regularizer=shared)
    fit(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert read(loaded) == pytest.approx({"l2": 0.1, "l2_1": 0.1})
    fit(loaded)
    assert read(loaded) == pytest.approx({"l2": 0.2, "l2_1": 0.2})


def test_names_are_unique():
    model = model_of(layers.Dropout(0.1, name="drop"))
    twins = keras.Sequential([keras.Input((4,)), *(model_of(layers.Dropout(r, name="drop")) for r in (0.2, 0.3))])
    assert read(model) == pytest.approx({"drop": 0.1})
    assert read(twins) == pytest.approx({"drop": 0.2, "drop_1": 0.3})


def test_a_schedule_out_of_bounds_is_refused():
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)\. Received: 1\.0, at step 1000 of Linear"):
        layers.Dropout(Linear(0, 1, steps=1000))
    with pytest.raises(ValueError, match=r"`strength` must be in \[0, inf\)"):
        regularizers.Scheduled("l2", Linear(0, -1, steps=10))
    with pytest.raises(ValueError, match=r"`smoothing` must be in"):
        losses.LabelSmoothing(smoothing=WarmUp(1.5, steps=10))
    with pytest.raises(ValueError, match="needs `steps_per_epoch`"):
        layers.Dropout(Linear(0, 0.5, epochs=3))
    with pytest.raises(TypeError, match="`rate` must be a number or a schedule"):
        layers.Dropout(lambda step: 0.5)
    with pytest.raises(ValueError, match="`regularizer` must be a regularizer"):
        regularizers.Scheduled(None)


def test_mixed_precision_leaves_strengths_alone():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = layers.Dropout(Linear(0.0, 0.5, steps=4096), seed=0)
        model = keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(1)])
    finally:
        keras.config.set_dtype_policy("float32")
    layer._rate.number.assign(2049)  # float16 cannot count so far
    assert layer._rate.current() == pytest.approx(0.5 * 2049 / 4096, rel=1e-6)
    assert keras.backend.standardize_dtype(model(X, training=True).dtype) == "float16"


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="eager steps count calls, as the docstring says")
@pytest.mark.parametrize("jit", JIT)
def test_a_layer_called_twice_in_a_step_counts_it_once(jit):
    inputs = keras.Input((4,))
    shared = layers.Dropout(Linear(0.0, 0.5, steps=100), name="shared")
    towers = [shared(keras.layers.Dense(3)(inputs)) for _ in range(2)]
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Add()(towers)))
    # On JAX, not to jit is to run eagerly.
    model.compile("sgd", "mse", jit_compile=jit or "auto")
    fit(model)
    assert read(model) == pytest.approx({"shared": 0.02})


def test_files_do_not_lend_each_other_their_strengths(tmp_path):
    ramp = Linear(0.0, 1.0, steps=10)
    first = model_of(kernel_regularizer=regularizers.Scheduled("l2", ramp, name="l2"))
    first.layers[0].kernel_regularizer._strength.number.assign(3)
    first.save_weights(tmp_path / "first.weights.h5")
    first.load_weights(tmp_path / "first.weights.h5")
    # Of an activity regularizer nothing is saved.
    second = model_of(activity_regularizer=regularizers.Scheduled("l2", ramp, name="l2"))
    second.save(tmp_path / "second.keras")
    assert read(keras.saving.load_model(tmp_path / "second.keras")) == {"l2": 0.0}
    assert read(first) == pytest.approx({"l2": 0.3})


def test_prox_is_that_of_the_scaled_penalty():
    penalty = regularizers.Scheduled(keras.regularizers.L1(0.5), 0.5)
    result = keras.ops.convert_to_numpy(penalty.prox(np.array([1.0, -0.1], "float32"), 0.4))
    np.testing.assert_allclose(result, [0.9, 0.0], atol=1e-6)
    with pytest.raises(ValueError, match="`step` must be in"):
        penalty.prox(np.ones(2), -1.0)
    with pytest.raises(TypeError, match="must have a method `prox"):
        regularizers.Scheduled(regularizers.Hoyer(0.1)).prox(np.ones(2), 0.1)
