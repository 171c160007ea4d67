import keras
import numpy as np
import pytest
from keras import layers

from keras_regkit import surgery
from keras_regkit._core.warnings import NoEffectWarning

# Keras' variables warn when NumPy reads them, and `pytest.warns` repeats what the configuration ignores.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(6, 4)).astype("float32")
IMAGES = RANDOM.normal(size=(3, 6, 6, 2)).astype("float32")


def sequential():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Normalization(mean=1.0, variance=4.0),
            layers.Dense(5, activation="relu", name="hidden"),
            layers.BatchNormalization(),
            layers.Dense(1, name="out"),
        ],
        name="table",
    )
    return model, X


def branches():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(3, activation="tanh", name="shared")
    joined = layers.Concatenate(name="concatenate")([shared(a), shared(b), layers.Dense(2, name="own")(b)])
    outputs = {"first": layers.Dense(1, name="first")(joined), "second": layers.Dense(2, name="second")(joined)}
    return keras.Model({"a": a, "b": b}, outputs, name="branches"), {"a": X, "b": X[::-1].copy()}


def residual():
    inputs = keras.Input((6, 6, 2))
    x = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    x = layers.Add()([x, layers.Conv2D(4, 3, padding="same", activation="relu", name="body")(x)])
    x = layers.GlobalAveragePooling2D()(x) * 2.0
    return keras.Model(inputs, layers.Dense(2, name="head")(x)), IMAGES


def nested():
    inner_input = keras.Input((4,))
    hidden = layers.Dense(3, name="hidden")(inner_input)
    inner = keras.Model(inner_input, layers.Dense(2, name="top")(hidden), name="inner")
    inputs = keras.Input((4,))
    tail = keras.Sequential([keras.Input((2,)), layers.Dense(3, name="hidden"), layers.ReLU()], name="tail")
    return keras.Model(inputs, layers.Dense(1, name="out")(tail(inner(inputs)))), X


def adapted():
    normalization = layers.Normalization(name="adapted")
    normalization.adapt(5 + 2 * X)
    return keras.Sequential([keras.Input((4,)), normalization, layers.Dense(1)]), X


MODELS = {f.__name__: f for f in (sequential, branches, residual, nested, adapted)}


def names(model):
    return [layer.name for layer in model.layers if not isinstance(layer, layers.InputLayer)]


def predict(model, x):
    return [keras.ops.convert_to_numpy(y) for y in keras.tree.flatten(model(x, training=False))]


def shaken(build):
    """A model whose every weight differs from what its layers start with."""
    model, x = build()
    for variable in model.variables:
        if "adapted" not in variable.path:
            variable.assign(variable + RANDOM.uniform(0.1, 0.5, variable.shape))
    return model, x


def expect_same(one, other, x):
    for a, b in zip(predict(one, x), predict(other, x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_copy_predicts_the_same_and_shares_nothing(name):
    model, x = shaken(MODELS[name])
    new = surgery.copy(model)
    assert new.name == model.name
    assert names(new) == names(model)
    expect_same(new, model, x)
    assert not {id(v) for v in new.variables} & {id(v) for v in model.variables}


@pytest.mark.parametrize("name", MODELS)
def test_old_model_is_untouched(name):
    model, x = shaken(MODELS[name])
    config, weights, outputs = model.get_config(), model.get_weights(), predict(model, x)
    surgery.insert_after(model, layers.Dense, lambda layer: layers.Rescaling(2.0, name=f"after_{layer.name}"))
    surgery.replace(
        model, layers.Dense, lambda layer: type(layer).from_config({**layer.get_config(), "use_bias": False})
    )
    assert model.get_config() == config
    for a, b in zip([*model.get_weights(), *predict(model, x)], [*weights, *outputs], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", MODELS)
def test_inserted_layers_act_where_they_were_put(name):
    model, x = shaken(MODELS[name])
    expected = predict(model, x)
    after = surgery.insert_after(model, "^(out|first|second|head|dense.*)$", lambda layer: layers.Rescaling(2.0))
    for a, b in zip(predict(after, x), expected, strict=True):
        np.testing.assert_allclose(a, 2 * b, rtol=1e-4, atol=1e-5)


def test_layer_goes_before_the_one_selected():
    model, x = shaken(sequential)
    new = surgery.insert_before(model, "hidden", lambda layer: layers.Rescaling(0.0, name="zero"))
    assert [layer.name for layer in new.layers][1:3] == ["zero", "hidden"]
    np.testing.assert_allclose(predict(new, x)[0], predict(new, 0 * x)[0])


def test_shared_layer_shares_what_is_put_around_it():
    model, x = shaken(branches)
    made = []

    def noise(layer):
        made.append(layers.Rescaling(3.0, name="triple"))
        return made[-1]

    new = surgery.insert_after(model, "shared", noise)
    assert len(made) == 1
    kernel, bias = (keras.ops.convert_to_numpy(v) for v in new.get_layer("shared").weights)
    seen = keras.Model(new.inputs, new.get_layer("concatenate").input[0])
    np.testing.assert_allclose(predict(seen, x)[0], 3 * np.tanh(x["a"] @ kernel + bias), rtol=1e-4)


def test_nested_models_are_entered():
    model, x = shaken(nested)
    new = surgery.replace(
        model, "hidden", lambda layer: type(layer).from_config({**layer.get_config(), "kernel_regularizer": "l2"})
    )
    assert new.get_layer("inner").get_layer("hidden").kernel_regularizer is not None
    assert new.get_layer("tail").get_layer("hidden").kernel_regularizer is not None
    assert len(new.losses) == 2
    expect_same(new, model, x)


def test_weights_go_along_where_the_shapes_allow():
    model, _ = shaken(sequential)
    new = surgery.replace(model, "hidden", lambda layer: layers.Dense(7, activation="relu", name="hidden"))
    assert new.get_layer("hidden").kernel.shape == (4, 7)
    np.testing.assert_array_equal(new.layers[0].mean, model.layers[0].mean)
    # The bias of the last layer has the same shape, but belongs to another kernel.
    assert float(keras.ops.convert_to_numpy(new.get_layer("out").bias)[0]) == 0


def test_frozen_layers_stay_frozen():
    model, _ = sequential()
    model.get_layer("hidden").trainable = False
    new = surgery.copy(model)
    assert not new.get_layer("hidden").trainable
    assert len(new.trainable_variables) == len(model.trainable_variables)


def test_class_with_its_own_train_step_is_kept():
    class Counting(keras.Model):
        def train_step(self, *args, **kwargs):
            return super().train_step(*args, **kwargs)

    class CountingSequential(keras.Sequential):
        def train_step(self, *args, **kwargs):
            return super().train_step(*args, **kwargs)

    inputs = keras.Input((4,))
    for model in (
        Counting(inputs, layers.Dense(1)(inputs)),
        CountingSequential([keras.Input((4,)), layers.Dense(1)]),
    ):
        assert type(surgery.copy(model)) is type(model)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)


class WiredInInit(keras.Model):
    def __init__(self):
        inputs = keras.Input((4,))
        super().__init__(inputs, layers.Dense(1)(inputs))


class OwnCall(keras.Sequential):
    def call(self, x, training=None):
        return 2 * super().call(x)


@pytest.mark.parametrize("make", [Subclassed, WiredInInit, lambda: OwnCall([keras.Input((4,)), layers.Dense(1)])])
def test_models_wired_elsewhere_are_refused(make):
    model = make()
    model(X)
    with pytest.raises(ValueError, match=f"Received: '{model.name}' of class {type(model).__name__}"):
        surgery.copy(model)


def test_lambdas_keep_their_function_and_what_it_sees():
    factor = np.float32(3)
    power = layers.Lambda(
        lambda x, exponent: (factor * x[:, :2]) ** exponent,  # a closure, and a module of this file
        output_shape=(2,),
        arguments={"exponent": np.int32(2)},
        name="power",
    )
    model = keras.Sequential([keras.Input((4,)), power, layers.Dense(1)])
    copy = surgery.copy(model)
    np.testing.assert_array_equal(copy.predict(X, verbose=0), model.predict(X, verbose=0))
    assert copy.get_layer("power") is not power
    assert copy.get_layer("power").arguments == {"exponent": 2}


def test_unbuilt_models_are_refused():
    with pytest.raises(ValueError, match=r"must be built.*keras\.Input"):
        surgery.copy(keras.Sequential([layers.Dense(1)]))


@pytest.mark.parametrize(
    "change",
    [
        lambda model: surgery.replace(model, "no such layer", lambda layer: layers.Dense(1)),
        lambda model: surgery.replace(model, layers.Dense, lambda layer: None),
        lambda model: surgery.insert_after(model, layers.Conv2D, lambda layer: layers.ReLU()),
        lambda model: surgery.insert_before(model, lambda layer: False, lambda layer: layers.ReLU()),
    ],
)
def test_no_effect_is_told(change):
    model, x = shaken(sequential)
    with pytest.warns(NoEffectWarning, match="Nothing in model 'table' changed"):
        new = change(model)
    expect_same(new, model, x)


def test_where_takes_names_classes_and_predicates():
    model, _ = sequential()

    def changed(where):
        new = surgery.insert_after(model, where, lambda layer: layers.Identity(name=f"after_{layer.name}"))
        return [layer.name.removeprefix("after_") for layer in new.layers if layer.name.startswith("after_")]

    assert changed("^hid") == ["hidden"]
    assert changed(layers.Dense) == ["hidden", "out"]
    assert changed((layers.Dense, layers.BatchNormalization))[1].startswith("batch_normalization")
    assert changed(lambda layer: layer.name == "out") == ["out"]
    with pytest.raises(TypeError, match="`where` must be a regular expression"):
        changed(3)
    with pytest.raises(TypeError, match="`where` must not be a layer itself"):
        changed(model.layers[0])
    with pytest.raises(ValueError, match="`where` must be a valid regular expression"):
        changed("(")


@pytest.mark.parametrize("function", [surgery.replace, surgery.insert_after, surgery.insert_before])
@pytest.mark.parametrize("wrong", [layers.ReLU(name="made"), layers.ReLU, "relu", lambda layer: layers.ReLU])
def test_new_layers_come_from_a_function(function, wrong):
    with pytest.raises(TypeError, match=r"must be a function of a layer that returns a new layer.*Received: "):
        function(sequential()[0], "hidden", wrong)
