"""What each lever does to models."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_regkit import levers
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.losses import LabelSmoothing
from keras_regkit.presets import mlp

# Keras' variables warn when NumPy reads them, and `pytest.warns` repeats what the configuration ignores.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")


def apply(name, model, strength):
    return levers.get(name).apply(model, strength)


def convnet():
    """A model that most levers fit."""
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    x = layers.Conv2D(6, 3, use_bias=False, name="conv_linear")(x)
    x = layers.ReLU(name="relu")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(10, activation="gelu", name="dense")(x)
    x = layers.Dense(3, name="logits")(x)
    model = keras.Model(inputs, layers.Softmax(name="softmax")(x), name="convnet")
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def model_for(name):
    """A model for the same data that the lever has something to do in."""
    if name == "weight_standardization":  # is for convolutions that a normalization follows
        return apply("batch_norm", convnet(), 1)
    if levers.get(name).family == "augmentation":
        return image_model()
    special = {
        "embedding_dropout": layers.Embedding(2, 4),
        "kl_sparsity": layers.Dense(4, activation="sigmoid"),
        "activity_l2": layers.LSTM(4, return_sequences=True),
        "temporal_activity_l2": layers.GRU(4, return_sequences=True),
        "locked_dropout": layers.LSTM(4, return_sequences=True),
        "zoneout": layers.LSTM(4, return_sequences=True),
    }
    if name not in special:
        return convnet()
    stack = [keras.Input((8, 8, 1)), layers.Reshape((8, 8)), special[name], layers.Flatten(), layers.Dense(3)]
    model = keras.Sequential([*stack, layers.Softmax()], name="special")
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def image_model():
    """A model of coloured images whose pixels are known to go to 255."""
    stack = [keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(3), layers.Softmax()]
    model = keras.Sequential(stack, name="images")
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def compiled(*stack, loss="mse"):
    model = keras.Sequential([keras.Input((6,)), *stack])
    model.compile("sgd", loss)
    return model


def names(model):
    return [layer.name for layer in model.layers if not isinstance(layer, layers.InputLayer)]


def configs(model):
    return [layer.get_config() for layer in model.layers]


def differences(old, new):
    """`{layer: {key: new value}}` for two models of the same layers."""
    found = {}
    for a, b in zip(old.layers, new.layers, strict=True):
        config = a.get_config()
        changed = {k: v for k, v in b.get_config().items() if v != config[k]}
        if changed and not isinstance(b, layers.InputLayer):
            found[b.name] = changed
    return found


def strengths(layer):
    config = layer.kernel_regularizer.get_config()
    return {key: pytest.approx(value) for key, value in config.items()}


def predictions(model, x=X):
    return keras.ops.convert_to_numpy(model(x, training=False))


@pytest.mark.parametrize(
    ("name", "strength", "expected"),
    [
        ("l2", 0.5, {"l2": 0.5}),
        ("l1", 0.5, {"l1": 0.5, "l2": 1e-4}),
        ("l1_l2", 0.5, {"l1": 0.5, "l2": 0.5}),
    ],
)
def test_penalties_set_their_part_and_leave_the_other(name, strength, expected):
    model = mlp(6, units=(4, 3), seed=0)
    before = configs(model)
    new = apply(name, model, strength)
    assert set(differences(model, new)) == {"dense_1", "dense_2"}
    for layer in ("dense_1", "dense_2"):
        assert set(differences(model, new)[layer]) == {"kernel_regularizer"}
        assert strengths(new.get_layer(layer)) == expected
    np.testing.assert_allclose(predictions(new), predictions(model), rtol=1e-5)
    kernels = [keras.ops.convert_to_numpy(model.get_layer(f"dense_{i}").kernel) for i in (1, 2)]
    penalty = sum(expected.get("l1", 0) * abs(k).sum() + expected["l2"] * (k**2).sum() for k in kernels)
    assert float(keras.ops.convert_to_numpy(sum(new.losses))) == pytest.approx(penalty, rel=1e-5)
    assert configs(model) == before


@pytest.mark.parametrize(("name", "left"), [("l2", None), ("l1_l2", None), ("l1", keras.regularizers.L2)])
@pytest.mark.filterwarnings("ignore::keras_regkit._core.warnings.NoEffectWarning")
def test_penalty_of_zero_is_none(name, left):
    penalty = apply(name, mlp(6, units=3), 0).get_layer("dense_1").kernel_regularizer
    assert penalty is None if left is None else type(penalty) is left


def test_penalties_are_on_hidden_convolutions_too():
    new = apply("l2", convnet(), 0.1)
    assert set(differences(convnet(), new)) == {"conv", "conv_linear", "dense"}


def test_penalty_of_another_kind_is_not_overwritten():
    model = compiled(layers.Dense(4, kernel_regularizer=keras.regularizers.OrthogonalRegularizer()), layers.Dense(1))
    with pytest.raises(ValueError, match=r"OrthogonalRegularizer.*would overwrite"):
        apply("l2", model, 0.1)


def test_dropout_sets_the_rates_there_are_but_not_that_of_the_inputs():
    model = mlp(6, units=(4, 3), normalization=True, input_dropout=0.1)
    assert differences(model, apply("dropout", model, 0.5)) == {"dropout_1": {"rate": 0.5}, "dropout_2": {"rate": 0.5}}
    assert differences(model, apply("dropout", model, 0)) == {"dropout_1": {"rate": 0}, "dropout_2": {"rate": 0}}


def test_dropout_is_put_before_dense_layers_but_the_first():
    model = mlp(6, units=(4, 3), dropout=0, input_dropout=0.1)
    new = apply("dropout", model, 0.5)
    expected = names(model)
    for layer in ("dense_2", "outputs"):
        expected.insert(expected.index(layer), f"dropout_before_{layer}")
    assert names(new) == expected
    assert [layer.rate for layer in new.layers if isinstance(layer, layers.Dropout)] == [0.1, 0.5, 0.5]
    np.testing.assert_allclose(predictions(new), predictions(model), rtol=1e-5)


def test_dropout_in_a_convnet_is_put_before_its_dense_layers():
    assert names(apply("dropout", convnet(), 0.5)) == [
        "conv",
        "conv_linear",
        "relu",
        "flatten",
        "dropout_before_dense",
        "dense",
        "dropout_before_logits",
        "logits",
        "softmax",
    ]


def test_dropout_is_on_the_inputs_of_no_branch():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    inner_input = keras.Input((4,))
    inner = keras.Model(inner_input, layers.Dense(4, name="inner_dense")(inner_input), name="inner")
    tail_input = keras.Input((7,))
    tail = keras.Model(tail_input, layers.Dense(2, name="tail_dense")(tail_input), name="tail")
    joined = layers.Concatenate()([layers.Dense(3, name="one")(a), inner(b)])
    model = keras.Model([a, b], tail(joined))
    model.compile("sgd", "mse")
    new = apply("dropout", model, 0.5)
    assert "dropout_before_one" not in names(new)
    assert names(new.get_layer("inner")) == ["inner_dense"]
    assert names(new.get_layer("tail")) == ["dropout_before_tail_dense", "tail_dense"]


def test_batch_norm_goes_between_the_layer_and_its_activation():
    new = apply("batch_norm", convnet(), 1)
    assert names(new) == [
        "conv",
        "conv_batch_norm",
        "conv_activation",
        "conv_linear",
        "conv_linear_batch_norm",
        "relu",
        "flatten",
        "dense",
        "dense_batch_norm",
        "dense_activation",
        "logits",
        "softmax",
    ]
    for name, activation in (("conv", "relu"), ("dense", "gelu")):
        layer = new.get_layer(name)
        assert (layer.use_bias, layer.activation.__name__) == (False, "linear")
        assert new.get_layer(f"{name}_activation").activation.__name__ == activation
    assert new.get_layer("logits").use_bias


def test_batch_norm_where_nothing_else_must_change():
    model = compiled(
        layers.Dense(4, use_bias=False, name="hidden"), layers.ReLU(name="relu"), layers.Dense(1, name="out")
    )
    assert names(apply("batch_norm", model, 1)) == ["hidden", "hidden_batch_norm", "relu", "out"]


def test_batch_norm_is_taken_out_and_put_back():
    model = mlp(6, units=(4, 3))
    without = apply("batch_norm", model, 0)
    assert not [layer for layer in without.layers if isinstance(layer, layers.BatchNormalization)]
    assert all(layer.use_bias for layer in without.layers if isinstance(layer, layers.Dense))
    again = apply("batch_norm", without, 1)
    assert [layer.name for layer in again.layers if isinstance(layer, layers.BatchNormalization)] == [
        "dense_1_batch_norm",
        "dense_2_batch_norm",
    ]
    again.fit(X, X[:, :1], verbose=0)


def test_max_norm_caps_each_unit():
    new = apply("max_norm", convnet(), 0.5)
    assert set(differences(convnet(), new)) == {"conv", "conv_linear", "dense"}
    for name in ("conv", "dense"):
        layer = new.get_layer(name)
        capped = keras.ops.convert_to_numpy(layer.kernel_constraint(10 * keras.ops.ones(layer.kernel.shape)))
        np.testing.assert_allclose(np.linalg.norm(capped.reshape(-1, capped.shape[-1]), axis=0), 0.5, rtol=1e-4)
    assert new.get_layer("logits").kernel_constraint is None


def test_less_capacity_narrows_hidden_layers():
    new = apply("less_capacity", convnet(), 0.5)
    assert differences(convnet(), new) == {"conv": {"filters": 2}, "conv_linear": {"filters": 3}, "dense": {"units": 5}}
    assert new.output_shape == (None, 3)


def test_less_capacity_refuses_models_whose_widths_must_agree():
    inputs = keras.Input((6,))
    x = layers.Add()([layers.Dense(6)(inputs), inputs])
    model = keras.Model(inputs, layers.Dense(1)(x), name="residual")
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="cannot narrow 'residual': its layers expect one another's width"):
        apply("less_capacity", model, 0.5)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("binary_crossentropy", keras.losses.BinaryCrossentropy),
        ("bce", keras.losses.BinaryCrossentropy),
        (keras.losses.binary_crossentropy, keras.losses.BinaryCrossentropy),
        (keras.losses.BinaryCrossentropy(from_logits=True), keras.losses.BinaryCrossentropy),
        ("categorical_crossentropy", keras.losses.CategoricalCrossentropy),
        (keras.losses.CategoricalCrossentropy(label_smoothing=0.3), keras.losses.CategoricalCrossentropy),
        ("sparse_categorical_crossentropy", LabelSmoothing),
        (keras.losses.SparseCategoricalCrossentropy(from_logits=True), LabelSmoothing),
        (LabelSmoothing(smoothing=0.3), LabelSmoothing),
    ],
)
def test_label_smoothing_is_set_on_the_loss(loss, expected):
    model = compiled(layers.Dense(4), layers.Dense(3), loss=loss)
    new = apply("label_smoothing", model, 0.1).loss
    assert type(new) is expected
    config = new.get_config()
    assert config.get("label_smoothing", config.get("smoothing")) == 0.1
    if not isinstance(loss, (str, LabelSmoothing)) and hasattr(loss, "get_config"):
        inner = new.loss if isinstance(new, LabelSmoothing) else new
        assert inner.get_config()["from_logits"] is loss.get_config()["from_logits"]
    assert model.loss is loss


def test_label_smoothing_of_zero_is_the_plain_loss():
    smoothed = compiled(layers.Dense(3), loss=LabelSmoothing(smoothing=0.3))
    assert type(apply("label_smoothing", smoothed, 0).loss) is keras.losses.SparseCategoricalCrossentropy


@pytest.mark.parametrize(("loss", "named"), [("mse", "mean_squared_error"), (["mse"], "(?i:.*list)")])
def test_label_smoothing_needs_one_cross_entropy(loss, named):
    with pytest.raises(ValueError, match=f"needs a model compiled with one cross-entropy.*Received: {named}"):
        apply("label_smoothing", compiled(layers.Dense(1), loss=loss), 0.1)


def decayed(model):
    """Variables that a step without gradients moves."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    for variable in model.trainable_variables:
        variable.assign(keras.ops.ones(variable.shape))
    optimizer.apply([keras.ops.zeros(v.shape) for v in model.trainable_variables], model.trainable_variables)
    return {
        v.path.partition("/")[2]: float(keras.ops.convert_to_numpy(v).ravel()[0])
        for v in model.trainable_variables
        if not np.array_equal(keras.ops.convert_to_numpy(v), np.ones(v.shape))
    }


@pytest.mark.parametrize("optimizer", [keras.optimizers.SGD(0.5), keras.optimizers.AdamW(0.5)])
def test_weight_decay_moves_kernels_only(optimizer):
    model = mlp(6, units=3, optimizer=optimizer)
    model.fit(X, np.ones((8, 1)), verbose=0)
    new = apply("weight_decay", model, 0.5)
    assert decayed(new) == pytest.approx({"dense_1/kernel": 0.75, "outputs/kernel": 0.75})
    assert decayed(apply("weight_decay", new, 0)) == {}


def test_weight_decay_under_loss_scaling():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        new = apply("weight_decay", mlp(6, units=3, learning_rate=0.5), 0.5)
    finally:
        keras.config.set_dtype_policy(before)
    assert decayed(new) == pytest.approx({"dense_1/kernel": 0.75, "outputs/kernel": 0.75})


@pytest.mark.parametrize(
    ("name", "strength", "model"),
    [
        ("l2", 1e-4, lambda: mlp(6, units=3)),
        ("l1", 0, lambda: mlp(6, units=3)),
        ("dropout", 0.2, lambda: mlp(6, units=3)),
        ("dropout", 0, convnet),
        ("batch_norm", 1, lambda: mlp(6, units=3)),
        ("batch_norm", 0, convnet),
        ("max_norm", 2.0, lambda: mlp(6, units=3, max_norm=2.0)),
        ("less_capacity", 0, convnet),
        ("label_smoothing", 0, convnet),
        ("weight_decay", 0, convnet),
        ("weight_decay", 0.1, lambda: mlp(6, units=3, weight_decay=0.1)),
        ("l2", 0.1, lambda: compiled(layers.Dense(1))),
    ],
)
def test_a_lever_that_changes_nothing_warns(name, strength, model):
    model = model()
    with pytest.warns(NoEffectWarning, match="changed"):
        new = apply(name, model, strength)
    assert new is not model
    assert names(new) == names(model)


@pytest.mark.parametrize("name", [n for n in levers.names() if levers.get(n).rewrite])
def test_models_that_cannot_be_rewritten_say_why(name):
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    model = Subclassed()
    model(X)
    model.compile("sgd", "binary_crossentropy")
    with pytest.raises(ValueError, match=r"Only Sequential and Functional models can be rewritten.*Subclassed"):
        apply(name, model, levers.get(name).strengths[0])


@pytest.mark.parametrize("name", [n for n in levers.names() if levers.get(n).rewrite])
def test_result_is_compiled_alike_and_trains(name):
    model = model_for(name)
    new = apply(name, model, levers.get(name).strengths[0])
    assert float(keras.ops.convert_to_numpy(new.optimizer.learning_rate)) == pytest.approx(0.01)
    batch = np.ones((4, *model.input_shape[1:])), np.arange(4) % 3
    # Each of these layers and losses is traced where its contract is checked.
    new.run_eagerly = True
    assert set(new.train_on_batch(*batch, return_dict=True)) == {"loss", "accuracy"}
    assert model.optimizer.iterations == 0


def test_the_output_is_looked_for_through_layers_without_kernel():
    inputs = keras.Input((6,))
    hidden = layers.Dense(4, name="hidden")(inputs)
    one = layers.Activation("sigmoid")(layers.Dense(1, name="one")(hidden))
    head = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="in_head"), layers.Dense(1, name="two")])
    model = keras.Model(inputs, [one, layers.Reshape((1,))(head(hidden))])
    model.compile("sgd", ["mse", "mse"])
    new = apply("l2", model, 0.1)
    penalized = [v.path.split("/")[-2] for v in new.trainable_variables if v.regularizer is not None]
    assert sorted(penalized) == ["hidden", "in_head"]
