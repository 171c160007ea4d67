"""Stages unfreeze what they name, and the optimizer goes on as if nothing had happened."""

import keras
import numpy as np
import pytest

from keras_regkit import callbacks, surgery
from keras_regkit._core.backend import to_numpy
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.callbacks._stages import stages_from_the_top
from keras_regkit.regularizers import L2SP
from keras_regkit.training import SAM

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(32, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True) + 1


def small_model(optimizer="sgd", dtype=None):
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, name="low", dtype=dtype),
            keras.layers.BatchNormalization(name="norm", dtype=dtype),
            keras.layers.Dense(4, name="middle", dtype=dtype),
            keras.layers.Dense(1, name="head", dtype=dtype),
        ]
    )
    model.compile(optimizer, "mse")
    return model


class Moved(keras.callbacks.Callback):
    """Notes for each epoch which layers' weights changed."""

    def __init__(self):
        super().__init__()
        self.layers = []

    def on_epoch_begin(self, epoch, logs=None):
        self.before = [to_numpy(v) for v in self.model.weights]

    def on_epoch_end(self, epoch, logs=None):
        pairs = zip(self.model.weights, self.before, strict=True)
        self.layers.append({v.path.split("/")[-2] for v, old in pairs if not np.array_equal(to_numpy(v), old)})


def fit(model, unfreezing, epochs=3, **arguments):
    moved = Moved()
    model.fit(X, Y, epochs=epochs, batch_size=16, verbose=0, callbacks=[unfreezing, moved], **arguments)
    return moved.layers


def test_a_stage_trains_what_it_and_those_before_name():
    unfreezing = callbacks.GradualUnfreezing(["head", "middle", "low"])
    moved = fit(small_model("adam"), unfreezing, validation_data=(X, Y))
    assert moved == [{"head"}, {"head", "middle"}, {"head", "middle", "low"}]
    assert unfreezing.stage == 2
    assert unfreezing.plan == [["head"], ["middle"], ["low"]]


@pytest.mark.parametrize(
    ("policy", "moved_norm"),
    [("inference", [False] * 3), ("train", [False, True, True]), (["inference", "inference", "train"], [0, 0, 1])],
)
def test_batch_norm_does_what_the_policy_says(policy, moved_norm):
    model = small_model()
    moved = fit(model, callbacks.GradualUnfreezing(["head", "middle|norm", "low"], batch_norm=policy))
    assert ["norm" in layers for layers in moved] == [bool(value) for value in moved_norm]


def two_inputs(optimizer):
    inputs = keras.Input((2,))
    left = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="left")(inputs[:, :1])
    right = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="right")(inputs[:, 1:])
    model = keras.Model(inputs, left + right)
    model.compile(optimizer, "mse")
    return model


def test_momentum_goes_on_exactly():
    x, y = X[:, :2], Y
    model = two_inputs(keras.optimizers.SGD(0.1, momentum=0.9))
    unfreezing = callbacks.GradualUnfreezing(["left", "right"], epochs=2)
    model.fit(x, y, epochs=5, batch_size=32, shuffle=False, verbose=0, callbacks=[unfreezing])
    w, velocity = np.ones((2, 1)), np.zeros((2, 1))
    for epoch in range(5):
        gradient = 2 * x.T @ (x @ w - y) / len(x)
        gradient *= [[1], [epoch >= 2]]
        velocity = 0.9 * velocity - 0.1 * gradient
        w += velocity
    np.testing.assert_allclose([to_numpy(v)[0, 0] for v in model.weights], w[:, 0], rtol=1e-5)
    assert int(model.optimizer.iterations) == 5


@pytest.mark.filterwarnings("ignore:Stages of GradualUnfreezing")
def test_moments_wait_while_their_weights_do_not_train():
    # A second fit begins with stage 0: the moments of `right` are put aside, and come back with it.
    model = two_inputs(keras.optimizers.SGD(0.1, momentum=0.9))
    unfreezing = callbacks.GradualUnfreezing(["left", "right"], epochs=1)
    arguments = {"batch_size": 32, "verbose": 0, "callbacks": [unfreezing]}
    model.fit(X[:, :2], Y, epochs=2, **arguments)
    before = {v.name: to_numpy(v) for v in model.optimizer.variables}
    model.fit(X[:, :2], Y, epochs=1, **arguments)
    assert len(model.optimizer.variables) == len(before) - 1
    w = np.stack([to_numpy(v)[0] for v in model.weights])
    gradient = 2 * X[:, 1] @ (X[:, :2] @ w - Y) / len(X)
    expected_momentum = 0.9 * before["right_kernel_momentum"] - 0.1 * gradient
    model.fit(X[:, :2], Y, epochs=2, initial_epoch=1, **arguments)
    after = {v.name: to_numpy(v) for v in model.optimizer.variables}
    np.testing.assert_allclose(after["right_kernel_momentum"], expected_momentum, rtol=1e-5)
    assert after["iteration"] == 4


def test_the_learning_rate_of_each_stage():
    rates = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: rates.append(float(note.model.optimizer.learning_rate))
    )
    model = small_model("adam")
    unfreezing = callbacks.GradualUnfreezing(["head", "middle"], learning_rates=[1e-2, 1e-4])
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[unfreezing, note])
    assert rates == pytest.approx([1e-2, 1e-4])


def test_a_rate_that_another_callback_set_stays():
    model = small_model("adam")
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    fit_callbacks = [callbacks.GradualUnfreezing(["head", "middle"]), halve]
    model.fit(X, Y, epochs=2, verbose=0, callbacks=fit_callbacks)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001 / 4)


def test_what_is_spared_from_decay_stays_spared():
    optimizer = keras.optimizers.AdamW(1e-9, weight_decay=1e6)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model = small_model(optimizer)
    for layer in ("head", "middle"):
        model.get_layer(layer).bias.assign(np.ones(model.get_layer(layer).bias.shape))
    fit(model, callbacks.GradualUnfreezing(["head", "middle"]), epochs=2)
    np.testing.assert_allclose(to_numpy(model.get_layer("middle").bias), 1, atol=1e-6)
    assert abs(to_numpy(model.get_layer("middle").kernel)).max() < 1.5


def test_a_pull_to_the_start_sets_in_with_its_stage():
    model = small_model(keras.optimizers.SGD(0.0))
    surgery.attach(model, L2SP(0.5, reference=to_numpy(model.get_layer("middle").kernel) + 1), where="middle")
    losses = []
    count = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: losses.append(len(model.losses)),
    )
    fit_callbacks = [callbacks.GradualUnfreezing(["head", "middle"]), count]
    logs = model.fit(X, Y, epochs=2, verbose=0, callbacks=fit_callbacks, validation_data=(X, Y)).history
    assert losses == [0, 1]
    assert logs["val_loss"][-1] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)


def test_with_a_loss_scale():
    model = small_model(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(), initial_scale=8.0))
    moved = fit(model, callbacks.GradualUnfreezing(["head", "middle"]), epochs=2)
    assert moved == [{"head"}, {"head", "middle"}]
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert model.optimizer.initial_scale == 8.0
    assert int(model.optimizer.inner_optimizer.iterations) == 4


def test_a_number_of_stages_splits_from_the_top():
    unfreezing = callbacks.GradualUnfreezing(2, epochs=1)
    fit(small_model(), unfreezing, epochs=2)
    assert unfreezing.plan == [["middle", "head"], ["low", "norm"]]


def test_a_nested_backbone():
    backbone = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, name="one"), keras.layers.Dense(4, name="two")], name="backbone"
    )
    model = keras.Sequential([keras.Input((3,)), backbone, keras.layers.Dense(1, name="head")])
    model.compile("sgd", "mse")
    moved = fit(model, callbacks.GradualUnfreezing(["head", "backbone/two", "backbone/one"]))
    assert moved == [{"head"}, {"head", "two"}, {"head", "two", "one"}]


def test_a_saved_model_trains_on(tmp_path):
    model = small_model("adam")
    fit(model, callbacks.GradualUnfreezing(["head", "middle"]), epochs=2)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert [v.path.split("/")[-2:] for v in loaded.trainable_variables] == [
        v.path.split("/")[-2:] for v in model.trainable_variables
    ]
    for ours, theirs in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(to_numpy(ours), to_numpy(theirs))
    loaded.fit(X, Y, verbose=0)


def test_a_wrapper_and_the_model_within_keep_one_optimizer():
    model = small_model("adam")
    wrapper = SAM(model)
    fit(wrapper, callbacks.GradualUnfreezing(["head", "middle"]), epochs=2)
    assert wrapper.optimizer is model.optimizer
    steps = int(to_numpy(wrapper.optimizer.iterations))
    model.fit(X, Y, batch_size=32, verbose=0)
    assert int(to_numpy(wrapper.optimizer.iterations)) == steps + 1


@pytest.mark.skipif(not hasattr(keras.optimizers, "MultiOptimizer"), reason="Keras has MultiOptimizer since 3.15")
@pytest.mark.filterwarnings("ignore:Variables of the optimizer share a name:UserWarning")
def test_several_optimizers():
    parts = {".*low.*": keras.optimizers.SGD(0.01)}
    parts = keras.optimizers.OptimizerMap(keras.optimizers.Adam(0.01), parts)
    moved = fit(small_model(keras.optimizers.MultiOptimizer(parts)), callbacks.GradualUnfreezing(["head", "low"]), 2)
    assert moved == [{"head"}, {"head", "low"}]
    rates = callbacks.GradualUnfreezing(["head", "low"], learning_rates=[0.1, 0.01])
    with pytest.raises(ValueError, match="or has several"):
        fit(small_model(keras.optimizers.MultiOptimizer(parts)), rates, 2)


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # of Keras, where NumPy reads its tensors
def test_too_few_epochs_warn():
    with pytest.warns(NoEffectWarning, match=r"begin at the epochs \[0, 3\], and fit ends after 2"):
        fit(small_model(), callbacks.GradualUnfreezing(["head", "middle"], epochs=3), epochs=2)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"stages": []}, TypeError, "list with what trains"),
        ({"stages": "head"}, TypeError, "Received: 'head'"),
        ({"stages": 0}, ValueError, "`stages` must be in"),
        ({"stages": True}, TypeError, "`stages`"),
        ({"stages": ["a", "b"], "epochs": [0]}, ValueError, "rises from at least 1"),
        ({"stages": ["a", "b"], "epochs": [1, 2]}, ValueError, r"\(1 here\)"),
        ({"stages": ["a", "b", "c"], "epochs": [2, 2]}, ValueError, "rises"),
        ({"stages": ["a", "b"], "batch_norm": ["train"]}, ValueError, "for each of 2 stages"),
        ({"stages": ["a"], "batch_norm": "inferense"}, ValueError, "Did you mean 'inference'"),
        ({"stages": ["a"], "learning_rates": [0.1, 0.2]}, ValueError, "for each of 1 stages"),
        ({"stages": ["a"], "learning_rates": [-0.1]}, ValueError, "`learning_rates` must be in"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        callbacks.GradualUnfreezing(**arguments)


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        (["head", "hed"], r"^`stages\[1\]` must select at least one layer"),
        (["("], r"^`stages\[0\]` must be a valid regular"),
        (["head", "head"], r"stages\[1\]='head'.*stage 0 has already"),
        (9, "at most the number of layers with weights, 3"),
    ],
)
def test_stages_that_name_nothing(stages, message):
    with pytest.raises(ValueError, match=message):
        fit(small_model(), callbacks.GradualUnfreezing(stages))


def test_a_stage_that_is_a_layer_itself():
    model = small_model()
    with pytest.raises(TypeError, match=r"^`stages\[0\]` must not be a layer itself"):
        fit(model, callbacks.GradualUnfreezing([model.get_layer("head")]))


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_an_early_end_warns():
    model = small_model(keras.optimizers.SGD(0.0))
    stopping = keras.callbacks.EarlyStopping("loss", patience=1)
    unfreezing = callbacks.GradualUnfreezing(["head", "middle"], epochs=5)
    with pytest.warns(NoEffectWarning, match="ended in stage 0 .* before stage 1 began at epoch 5.*`patience` higher"):
        model.fit(X, Y, epochs=8, callbacks=[unfreezing, stopping], verbose=0)
    assert [layer.trainable for layer in model.layers] == [False, False, False, True]


def test_a_number_of_stages_leaves_attention_whole():
    inputs = keras.Input((3, 2))
    attention = keras.layers.MultiHeadAttention(1, 2, name="attention")
    inner = keras.Sequential(
        [keras.Input((3, 2)), keras.layers.Dense(2, name="one"), keras.layers.Dense(2, name="two")]
    )
    x = keras.layers.Flatten()(attention(inner(inputs), inner(inputs)))
    model = keras.Model(inputs, keras.layers.Dense(1, name="head")(x))
    stages = [[path.split("/")[-1] for path in stage] for stage in stages_from_the_top(model, 4)]
    assert stages == [["head"], ["attention"], ["two"], ["one"]]
    model.compile("sgd", "mse")
    unfreezing = callbacks.GradualUnfreezing(2)
    model.fit(np.ones((4, 3, 2)), np.ones((4, 1)), callbacks=[unfreezing], epochs=2, verbose=0)
    assert unfreezing.plan[0] == ["attention", "head"]


def test_learning_rates_and_a_schedule_do_not_go_together():
    model = small_model(keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10)))
    with pytest.raises(ValueError, match="follows a schedule or"):
        fit(model, callbacks.GradualUnfreezing(["head"], learning_rates=[0.1]))
