"""What the methods share that take further passes of the model: what a step sees of them, and what it does not."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from extra_passes import BACKEND, X, Y, expect_close, expect_logs, fit, linear, noisy_net, values
from keras import layers

from keras_regkit.strengths import Linear
from keras_regkit.training import SAM, GradientPenalty, JacobianPenalty, ManifoldMixUp, RDrop, VirtualAdversarial

PENALTIES = {
    "divergence": lambda model, strength: RDrop(model, strength),
    "gradient_norm": lambda model, strength: GradientPenalty(model, strength),
    "jacobian_norm": lambda model, strength: JacobianPenalty(model, strength, seed=1),
    "virtual_adversarial": lambda model, strength: VirtualAdversarial(model, 0.5, strength, seed=1),
}
METHODS = {**PENALTIES, "mixing": lambda model, strength: ManifoldMixUp(model, strength, seed=1)}
each_penalty = pytest.mark.parametrize("term", PENALTIES)
each_method = pytest.mark.parametrize("term", METHODS)


@pytest.fixture(scope="module")
def plain():
    """A plain model after a step, and after four; what History said of both."""
    after_one, after_four = noisy_net(), noisy_net()
    history = fit(after_one, X[:8], Y[:8]), fit(after_four, epochs=2)
    return after_one, history[0], after_four, history[1]


@each_penalty
def test_a_strength_of_zero_is_plain_training(term, plain):
    _, _, expected, history = plain
    model = noisy_net()
    found = fit(PENALTIES[term](model, 0.0), epochs=2)
    expect_close(values(model.variables), values(expected.variables), 1e-7 if BACKEND != "torch" else 1e-6)
    assert found.pop(term)[0] > 0
    expect_logs(found, history)


@each_penalty
def test_moving_averages_metrics_and_seeds_see_one_pass(term, plain):
    expected, history, _, _ = plain
    model = noisy_net()
    wrapper = PENALTIES[term](model, 0.5)
    found = fit(wrapper, X[:8], Y[:8])
    # The weights differ, for the penalty is in the step; all else is as after a plain one.
    assert found["accuracy"] == history["accuracy"]
    expect_close(values(model.non_trainable_variables), values(expected.non_trainable_variables))
    assert not np.allclose(values(model.trainable_variables)[0], values(expected.trainable_variables)[0], atol=1e-6)
    assert {m.name: int(np.sum(values(m.variables)[-1])) for m in wrapper.metrics if m.name in ("loss", term)} == {
        "loss": 8,
        term: 8,
    }


def test_mixing_draws_from_a_generator_of_its_own(plain):
    expected, _, _, _ = plain
    model = noisy_net()
    fit(ManifoldMixUp(model, seed=1), X[:8], Y[:8])
    seeds = [[v for v in m.variables if "seed" in v.path] for m in (model, expected)]
    assert len(seeds[0]) == 2
    expect_close(*map(values, seeds))


@each_method
def test_evaluation_and_prediction_are_those_of_the_model(term):
    model = noisy_net()
    wrapper = METHODS[term](model, 0.5)
    assert set(wrapper.evaluate(X, Y, verbose=0, return_dict=True)) == {"loss", "accuracy"}
    history = fit(wrapper, validation_data=(X, Y))
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy", term} - {"mixing"}
    scores = wrapper.evaluate(X, Y, verbose=0)
    assert scores == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)
    assert scores == pytest.approx([history["val_loss"][0], history["val_accuracy"][0]], rel=1e-5)
    expect_close([wrapper.predict(X, verbose=0)], [model.predict(X, verbose=0)])


@each_method
def test_under_loss_scaling_every_step_is_taken(term):
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01), initial_scale=256.0)
    model = noisy_net(dtype="mixed_float16", optimizer=optimizer)
    before = values(model.trainable_variables)
    history = fit(METHODS[term](model, 0.5))
    assert all(np.isfinite(v).all() for v in history.values())
    after = values(model.trainable_variables)
    assert all(np.isfinite(v).all() for v in after)
    assert all(np.any(a != b) for a, b in zip(after, before, strict=True) if a.ndim > 1)
    assert int(values([optimizer.inner_optimizer.iterations])[0]) == 2  # that is, none was skipped


@pytest.mark.skipif(BACKEND == "torch", reason="torch.compile takes minutes")
@each_method
def test_compiled_with_several_steps_each(term):
    expected, model = noisy_net(), noisy_net()
    wrapper = METHODS[term](expected, 0.5)
    fit(wrapper, epochs=2)
    wrapper = METHODS[term](model, 0.5)
    wrapper.compile("sgd", "sparse_categorical_crossentropy", steps_per_execution=2)
    fit(wrapper, epochs=2)
    expect_close(values(model.variables), values(expected.variables))


def test_accumulated_gradients_equal_those_of_the_whole_batch():
    together, apart = linear(3, "mse", activation="tanh"), linear(3, "mse", activation="tanh")
    targets = np.eye(3, dtype="float32")[Y]
    fit(GradientPenalty(together, 0.5), y=targets, batch_size=16)
    wrapper = GradientPenalty(apart, 0.5)
    wrapper.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2), "mse")
    fit(wrapper, y=targets, batch_size=8)
    expect_close(apart.get_weights(), together.get_weights())


@each_penalty
def test_samples_of_weight_zero_do_not_count(term):
    def fitted(junk):
        x, y = X.copy(), Y.copy()
        x[::2], y[::2] = junk, 1
        kept = [layer for layer in noisy_net().layers if not isinstance(layer, layers.BatchNormalization)]
        model = keras.Sequential([keras.Input((4,)), *kept])
        model.compile("sgd", "sparse_categorical_crossentropy")
        history = fit(PENALTIES[term](model, 0.5), x, y, sample_weight=np.arange(16) % 2)
        return [*model.get_weights(), history[term]]

    expect_close(fitted(0.5), fitted(-2.0), 1e-5)


def two_outputs():
    keras.utils.set_random_seed(5)
    one, two = keras.Input((4,), name="one"), keras.Input((2,), name="two")
    x = layers.Dropout(0.4, seed=1)(layers.Dense(8, activation="tanh")(layers.Concatenate()([one, two])))
    outputs = {
        "size": layers.Dense(2, name="size")(x),
        "kind": layers.Dense(3, name="kind")(x),
        "flag": layers.Dense(1, activation="sigmoid", name="flag")(x),
    }
    model = keras.Model({"one": one, "two": two}, outputs)
    losses = {
        "size": "mse",
        "kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "flag": "binary_crossentropy",
    }
    weights = {"size": 0.5, "kind": 1.0, "flag": 2.0}
    model.compile("sgd", losses, loss_weights=weights, metrics={"kind": ["accuracy"]})
    return model


@each_method
def test_several_inputs_and_outputs(term):
    model = two_outputs()
    x = {"one": X, "two": X[:, :2]}
    y = {"size": X[:, :2], "kind": Y, "flag": (Y[:, None] > 1).astype("float32")}
    weights = {"size": np.ones(16), "kind": np.linspace(0, 1, 16), "flag": np.ones(16)}
    history = fit(METHODS[term](model, 0.5), x, y, sample_weight=weights)
    assert {"loss", "size_loss", "kind_loss", "flag_loss", "kind_accuracy"} <= set(history)
    assert all(np.isfinite(v).all() for v in history.values())
    # The metrics of single outputs have seen the first pass alone: they are those of the model.
    if term in PENALTIES:
        assert history["size_loss"] == pytest.approx(fit(two_outputs(), x, y, sample_weight=weights)["size_loss"], 0.02)


@pytest.mark.parametrize("term", ["divergence", "mixing"])
def test_strengths_may_move(term):
    # Of mixing, alpha must be above 0.
    wrapper = METHODS[term](noisy_net(), Linear(0.1, 1.0, steps=4))
    fit(wrapper, epochs=2)
    assert int(values([wrapper._strength.number])[0]) == 4


def test_within_a_method_that_takes_its_own_steps():
    model, expected = linear(3, "mse"), linear(3, "mse")
    targets = np.eye(3, dtype="float32")[Y]
    history = fit(SAM(GradientPenalty(model, 0.5), rho=0.0), y=targets)
    plain_history = fit(GradientPenalty(expected, 0.5), y=targets)
    expect_logs(history, plain_history, 1e-5)
    expect_close(model.get_weights(), expected.get_weights())


def test_around_mixing_further_passes_are_not_mixed():
    model, targets = linear(3, "mse"), np.eye(3, dtype="float32")[Y]
    history = fit(JacobianPenalty(ManifoldMixUp(model, seed=1), 0.0, projections=8, seed=0), y=targets, batch_size=16)
    alone = fit(JacobianPenalty(linear(3, "mse"), 0.0, projections=8, seed=0), y=targets, batch_size=16)
    assert history["jacobian_norm"] == pytest.approx(alone["jacobian_norm"], rel=1e-5)
    assert history["loss"] != pytest.approx(alone["loss"], rel=1e-3)


def test_comparing_passes_of_which_one_is_mixed_is_refused():
    for inner, outer in ((RDrop, ManifoldMixUp), (ManifoldMixUp, RDrop)):
        with pytest.raises(
            ValueError, match="RDrop compares a further pass with the first, in which ManifoldMixUp mixes"
        ):
            outer(inner(noisy_net()))


@pytest.mark.parametrize("term", ["gradient_norm", "jacobian_norm", "virtual_adversarial"])
def test_inputs_that_cannot_be_moved(term):
    def model(dtype):
        inputs = keras.Input((4,), dtype=dtype)
        x = layers.GlobalAveragePooling1D()(layers.Embedding(5, 3, name="words")(inputs))
        model = keras.Model(inputs, layers.Dense(3, activation="softmax")(x))
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    for dtype in ("int32", "float32"):
        with pytest.raises(ValueError, match=r"The inputs must be floats: .*go into the embedding 'words'"):
            PENALTIES[term](model(dtype), 0.5).train_on_batch(np.ones((8, 4), dtype), Y[:8])
    with pytest.raises(ValueError, match="must not name 'input' for inputs that are integers, or go into an embedding"):
        ManifoldMixUp(model("int32"), layers=["input"])


def test_bytes_are_inputs_as_good_as_floats():
    model = linear(3, "mse")
    targets = np.eye(3, dtype="float32")[Y]
    found = fit(GradientPenalty(model, 0.5), np.abs(X * 9).astype("uint8"), targets)
    expected = fit(GradientPenalty(linear(3, "mse"), 0.5), np.abs(X * 9).astype("uint8").astype("float32"), targets)
    expect_logs(found, expected, 1e-5)


_REPLICAS = """
import sys
import keras, numpy as np, tensorflow as tf
from keras_regkit.training import GradientPenalty, RDrop
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
random = np.random.default_rng(0)
x, y = random.normal(size=(32, 4)).astype("float32"), random.normal(size=(32, 3)).astype("float32")
def trained():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(3)])
    fill = np.random.default_rng(1)
    model.set_weights([fill.normal(size=w.shape) for w in model.get_weights()])
    wrapper = GradientPenalty(model, 0.3)
    wrapper.compile(keras.optimizers.SGD(0.05), "mse")
    history = wrapper.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0).history
    return model.get_weights(), history
one, history = trained()
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    two, replicated = trained()
print(max(np.abs(a - b).max() for a, b in zip(one, two)))
print(max(np.abs(np.subtract(history[k], replicated[k])).max() for k in history), sorted(history))
"""


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute")
@pytest.mark.slow
def test_two_replicas_take_the_step_of_one_device():
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _REPLICAS], capture_output=True, text=True, env=dict(os.environ)
    )
    assert process.returncode == 0, process.stderr
    weights, logs = process.stdout.splitlines()[-2:]
    assert float(weights) < 1e-5
    assert float(logs.split()[0]) < 1e-4
    assert "gradient_norm" in logs
