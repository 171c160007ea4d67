import warnings

import keras
import numpy as np
import pytest
import tiny_studies
from tiny_studies import numpy, regressor, study, table

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.studies.builder import Builder, check_starts


def weights(model):
    return np.concatenate([w.ravel() for w in model.get_weights()])


def seeded(seed):
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, kernel_initializer=keras.initializers.HeNormal(seed=seed))]
    )
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("build", [regressor, seeded, regressor()], ids=["function", "seeded function", "model"])
def test_one_seed_one_start(build):
    builder = Builder(build)
    one = builder(0)
    np.random.default_rng().normal()
    keras.random.normal((2,))
    assert one is not builder(0)
    np.testing.assert_array_equal(weights(one), weights(builder(0)))
    assert not np.array_equal(weights(one), weights(builder(1)))
    assert one.compiled


def test_a_seed_is_given_to_those_who_ask():
    given = []
    Builder(lambda seed: given.append(seed) or seeded(seed))(7)
    assert given == [7]


def test_a_model_given_as_build_stays_as_it_is():
    model = regressor()
    before = weights(model)
    study(model, levers={"l2": [0.1]}).run(verbose=0)
    np.testing.assert_array_equal(weights(model), before)


def test_noise_and_initializers_get_new_seeds():
    layer = keras.layers.Dense(4, kernel_initializer=keras.initializers.GlorotUniform(seed=3))
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dropout(0.5, seed=3), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((8, 3), "float32")
    copies = [Builder(model)(seed) for seed in (0, 0, 1)]
    kernels = [numpy(c.layers[0].kernel) for c in copies]
    masks = [numpy(c.layers[1](np.ones((4, 8)), training=True)) for c in copies]
    for values in (kernels, masks):
        np.testing.assert_array_equal(values[0], values[1])
        assert not np.array_equal(values[0], values[2])
    assert copies[0](x).shape == (8, 1)


def test_attention_draws_each_of_its_kernels():
    tokens = keras.Input((3, 4))
    attended = keras.layers.MultiHeadAttention(1, 4, name="attention")(tokens, tokens)
    model = keras.Model(tokens, keras.layers.Dense(1)(attended))
    model.compile("sgd", "mse")
    first, again = (Builder(model)(0) for _ in range(2))
    query, key = (first.get_layer("attention").get_weights()[index].reshape(4, 4) for index in (0, 2))
    assert not np.allclose(query, key)
    for ours, theirs in zip(weights(first), weights(again), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def fixed_parts(nested):
    """A model with an adapted Normalization and a frozen layer, at the top or in a model of their own."""
    x = table()[0] * 9 + 5
    normalization = keras.layers.Normalization()
    normalization.adapt(x)
    layers = [normalization, keras.layers.Dense(4, trainable=False), keras.layers.Dense(4)]
    if nested:
        layers = [keras.Sequential([keras.Input((3,)), *layers])]
    model = keras.Sequential([keras.Input((3,)), *layers, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model, x


@pytest.mark.parametrize("nested", [False, True])
def test_what_does_not_train_is_kept_and_works(nested):
    model, x = fixed_parts(nested)
    copy = Builder(model)(0)

    def parts(model):
        layers = model.layers[0].layers if nested else model.layers
        frozen = layers[1](layers[0](x))
        return numpy(frozen), numpy(layers[2].kernel)

    (frozen, trained), (frozen_copy, trained_copy) = parts(model), parts(copy)
    np.testing.assert_allclose(frozen_copy, frozen, rtol=1e-6)
    assert not np.array_equal(trained_copy, trained)
    # The same through a lever, which rewrites the copy once more.
    changed = (
        study(model, levers={"l2": [0.1]}, train=(x, table()[1]), validation=(x, table()[1])).variants[1].apply(copy)
    )
    np.testing.assert_allclose(parts(changed)[0], frozen, rtol=1e-6)


def test_a_compiled_model_is_needed():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    for build in (model, lambda: model):
        with pytest.raises(ValueError, match="must be compiled"):
            study(build)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = keras.layers.Dense(4), keras.layers.Dense(1)

    def call(self, x):
        return self.out(self.hidden(x))


def subclassed(call=True):
    model = Subclassed()
    if call:
        model(np.zeros((1, 3), "float32"))
    model.compile("sgd", "mse")
    return model


def unbuilt():
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("build", [unbuilt, lambda: subclassed(call=False)])
def test_a_built_model_is_needed(build):
    with pytest.raises(ValueError, match=r"must be built.*keras\.Input"):
        study(build, levers=["early_stopping"])


@pytest.mark.parametrize("build", [None, 3, "mlp", [regressor]])
def test_what_is_no_model_and_no_function(build):
    with pytest.raises(
        TypeError, match="`build` must be a function that returns a compiled model, or a compiled model"
    ):
        study(build)


def test_a_function_that_returns_no_model():
    with pytest.raises(TypeError, match=r"`build` must return a compiled keras.Model. It returned: None"):
        study(lambda: None)


def test_a_function_that_returns_one_model_again_and_again():
    model = regressor()
    with pytest.raises(ValueError, match="must return a new model at each call"):
        study(lambda: model)


def test_a_subclassed_model_takes_levers_on_training_only():
    result = study(subclassed, levers={"early_stopping": [1]}).run(verbose=0)
    assert result.baseline.sd > 0
    with pytest.raises(ValueError, match=r"(?s)Only Sequential and Functional models can be rewritten.*Subclassed"):
        study(subclassed, levers={"l2": [0.1]})
    with pytest.raises(ValueError, match="Only Sequential and Functional models can be rewritten"):
        study(subclassed(), levers=["early_stopping"])


def test_seeds_that_do_not_vary_the_weights_are_reported(recwarn):
    study(lambda: seeded(3), levers=["early_stopping"])
    (warning,) = [w for w in recwarn.list if w.category is NoEffectWarning]
    assert "seeds do not vary the initial weights" in str(warning.message)
    assert warning.filename == tiny_studies.__file__  # where Study was called


def test_weights_that_start_at_zero_are_not_reported():
    def zeros():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, kernel_initializer="zeros")])
        model.compile("sgd", "mse")
        return model

    with warnings.catch_warnings():
        warnings.simplefilter("error", NoEffectWarning)
        check_starts(zeros(), zeros())
        check_starts(regressor(), regressor())
