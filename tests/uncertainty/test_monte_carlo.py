"""Monte-Carlo dropout: what samples, what stays still, and whether the numbers are right."""

import threading

import keras
import numpy as np
import pytest
from keras import layers

from keras_regkit import uncertainty
from keras_regkit._core.layer_modes import only_in_training
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.testing import SavedModels

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).uniform(1, 2, size=(5, 6)).astype("float32")
SEQUENCES = np.random.default_rng(1).normal(size=(4, 5, 3)).astype("float32")


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def model_of(*stack, shape=(6,), name=None):
    return keras.Sequential([keras.Input(shape), *stack], name=name)


def linear(rate=0.5, **policy):
    """y = Σ d_i x_i w_i: its mean and variance over dropout masks are known."""
    model = model_of(
        layers.BatchNormalization(**policy),
        layers.GaussianNoise(1.0, **policy),
        layers.Dropout(rate, **policy),
        layers.Dense(2, use_bias=False, **policy),
    )
    model.layers[-1].kernel.assign(np.linspace(-1, 1, 12).reshape(6, 2))
    model.layers[0].moving_variance.assign(np.full(6, 4.0))
    return model


def moments(model, rate):
    """Mean and deviation of `linear` by the formula: Var[d] = rate / (1 − rate)."""
    h = X / np.sqrt(4 + 1e-3)
    kernel = numpy(model.layers[-1].kernel)
    return h @ kernel, np.sqrt(rate / (1 - rate) * h**2 @ kernel**2)


@pytest.mark.parametrize("way", ["mc_predict", "MonteCarlo"])
@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_mean_and_deviation_are_those_of_the_masks(way, rate):
    model, samples = linear(rate), 2000
    if way == "mc_predict":
        found = uncertainty.mc_predict(model, X, samples=samples, seed=0, verbose=0)
        mean, std = found.mean, found.std
        np.testing.assert_allclose(mean, found.samples.mean(0), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(std, found.samples.std(0), rtol=1e-5)
    else:
        found = uncertainty.MonteCarlo(model, samples=samples, seed=0).predict(X, verbose=0)
        mean, std = found["mean"], found["std"]
    expected_mean, expected_std = moments(model, rate)
    # Five standard errors.
    np.testing.assert_array_less(abs(mean - expected_mean), 5 * expected_std / np.sqrt(samples))
    np.testing.assert_allclose(std, expected_std, rtol=0.1)


def test_nothing_in_the_model_changes():
    class Counting(layers.Layer):
        monte_carlo = True

        def build(self, shape):
            self.steps = self.add_weight(shape=(), initializer="zeros", dtype="int32", trainable=False, name="steps")

        def call(self, x, training=False):
            if training:
                self.steps.assign(self.steps + 1)
                return x + 1
            return x

    model = model_of(layers.BatchNormalization(), Counting(), layers.Dropout(0.5))
    calls = [type(layer).call for layer in model.layers]
    before = [numpy(v) for v in model.variables]
    found = uncertainty.mc_predict(model, X, samples=200, seed=0)
    wrapper = uncertainty.MonteCarlo(model, samples=5)
    wrapper(X)
    wrapper.predict(X, verbose=0)
    assert all(np.array_equal(numpy(v), old) for v, old in zip(model.variables, before, strict=True))
    # And the layer did take part.
    np.testing.assert_allclose(found.samples.max(0), 2 * (X / np.sqrt(1.001) + 1), rtol=1e-5)
    assert [type(layer).call for layer in model.layers] == calls


def test_seeds():
    model = linear()

    def draw(seed):
        return uncertainty.mc_predict(model, X, samples=4, batch_size=2, seed=seed).samples

    np.testing.assert_array_equal(draw(0), draw(0))
    assert not np.array_equal(draw(0), draw(1))
    assert not np.array_equal(draw(None), draw(None))
    keras.utils.set_random_seed(3)
    first = draw(None)
    keras.utils.set_random_seed(3)
    np.testing.assert_array_equal(draw(None), first)
    samples = draw(0)
    assert len({sample.tobytes() for sample in samples}) == 4
    one, two = (uncertainty.MonteCarlo(model, samples=4, seed=0) for _ in range(2))
    a, b = numpy(one(X)["std"]), numpy(one(X)["std"])
    assert not np.array_equal(a, b)
    np.testing.assert_allclose(numpy(two(X)["std"]), a, rtol=1e-5)


def test_two_dropout_layers_of_one_seed_draw_apart():
    model = model_of(layers.Dropout(0.5, seed=1), layers.Dropout(0.5, seed=1))
    kept = uncertainty.mc_predict(model, np.ones((50, 6)), samples=20, seed=0).samples > 0
    assert 0.2 < kept.mean() < 0.3  # with equal masks it were 0.5


STACKS = {
    "Dropout in a nested model": lambda: [model_of(layers.Dropout(0.5), shape=(5, 3))],
    "SpatialDropout1D": lambda: [layers.SpatialDropout1D(0.5)],
    "GaussianDropout": lambda: [layers.GaussianDropout(0.5)],
    "AlphaDropout": lambda: [layers.AlphaDropout(0.5)],
    "TimeDistributed": lambda: [layers.TimeDistributed(layers.Dropout(0.5))],
    "LSTM": lambda: [layers.LSTM(4, dropout=0.5)],
    "GRU, recurrent": lambda: [layers.GRU(4, recurrent_dropout=0.5)],
    "Bidirectional": lambda: [layers.Bidirectional(layers.SimpleRNN(4, dropout=0.5))],
    "StackedRNNCells": lambda: [layers.RNN([layers.LSTMCell(4), layers.GRUCell(4, dropout=0.5)])],
    "noise shape": lambda: [layers.Dropout(0.5, noise_shape=(1, None, None))],
}


@pytest.mark.parametrize("name", STACKS)
def test_reaches_dropout(name):
    model = model_of(*STACKS[name](), shape=(5, 3))
    assert (uncertainty.mc_predict(model, SEQUENCES, samples=12, seed=0).std > 0).mean() > 0.9


def test_a_layer_may_call_a_stand_in_of_another():
    class Doubling(layers.Layer):
        monte_carlo = True

        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1, use_bias=False)

        def build(self, shape):
            self.dense.build(shape)

        def call(self, x, training=None):
            twin = object.__new__(layers.Dense)
            vars(twin).update(vars(self.dense))
            vars(twin)["_kernel"] = (2 if training else 1) * self.dense.kernel
            return twin(x)

    model = model_of(Doubling())
    found = uncertainty.mc_predict(model, X, samples=2)
    np.testing.assert_allclose(found.mean, 2 * numpy(model(X, training=False)), rtol=1e-5, atol=1e-6)


def test_reaches_dropout_within_attention():
    inputs = keras.Input((5, 3))
    for attention in (layers.MultiHeadAttention(2, 3, dropout=0.5), layers.Attention(dropout=0.5)):
        args = (inputs, inputs) if isinstance(attention, layers.MultiHeadAttention) else ([inputs, inputs],)
        model = keras.Model(inputs, attention(*args))
        assert (uncertainty.mc_predict(model, SEQUENCES, samples=6, seed=0).std > 0).all()


def test_a_forced_layer_does_not_wake_those_within_or_after_it():
    class Wrapper(layers.Layer):
        monte_carlo = True

        def __init__(self):
            super().__init__()
            self.norm = layers.BatchNormalization()

        def call(self, x, training=None):
            return self.norm(x, training=training) + (100.0 if training else 0.0)

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.wrapper, self.noise = Wrapper(), layers.GaussianNoise(1.0)

        def call(self, x):
            return self.noise(self.wrapper(x))  # hands no mode on

    model = Own()
    model(X)
    found = uncertainty.mc_predict(model, X, samples=3)
    np.testing.assert_allclose(found.samples, np.stack([X / np.sqrt(1.001) + 100] * 3), rtol=1e-5)


@pytest.mark.parametrize("stack", [[layers.Dense(1)], [layers.Dropout(0.0)], [layers.GaussianNoise(1.0)]])
def test_a_model_without_dropout_is_told(stack):
    model = model_of(*stack)
    with pytest.warns(NoEffectWarning, match="no dropout layer with a rate above 0"):
        assert not uncertainty.mc_predict(model, X, samples=2).std.any()
    with pytest.warns(NoEffectWarning, match="no dropout layer with a rate above 0"):
        uncertainty.MonteCarlo(model)


def test_several_inputs_and_outputs():
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    dropped = layers.Dropout(0.5)(layers.Concatenate()([a, b]))
    model = keras.Model({"a": a, "b": b}, {"one": dropped, "two": layers.Dense(1)(dropped)})
    found = uncertainty.mc_predict(model, {"a": X, "b": X}, samples=3, batch_size=2)
    assert {name: array.shape for name, array in found.samples.items()} == {"one": (3, 5, 12), "two": (3, 5, 1)}
    assert repr(found).startswith("Predictions(samples=3")
    wrapped = uncertainty.MonteCarlo(model, samples=3).predict({"a": X, "b": X}, verbose=0)
    assert wrapped["std"]["two"].shape == (5, 1)
    assert wrapped["mean"]["one"].shape == (5, 12)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy):
    model = linear(dtype=policy)
    found = uncertainty.mc_predict(model, X, samples=300, seed=0)
    assert found.mean.dtype == "float32"
    np.testing.assert_allclose(found.std, moments(model, 0.5)[1], rtol=0.25)
    wrapped = uncertainty.MonteCarlo(model, samples=300, seed=0)(X)
    assert keras.backend.standardize_dtype(wrapped["std"].dtype) == "float32"
    np.testing.assert_allclose(numpy(wrapped["std"]), moments(model, 0.5)[1], rtol=0.25)


def test_datasets_are_read_in_order():
    batches = [(X[:3], None), (X[3:], None)]
    found = uncertainty.mc_predict(linear(), batches, samples=400, seed=0)
    np.testing.assert_allclose(found.std, moments(linear(), 0.5)[1], rtol=0.2)


@pytest.mark.parametrize("jit_compile", [True, False])
def test_the_wrapper_is_a_model(jit_compile, tmp_path):
    wrapper = uncertainty.MonteCarlo(linear(), samples=200, seed=0)
    wrapper.compile(jit_compile=jit_compile if keras.backend.backend() != "torch" else False)
    np.testing.assert_allclose(wrapper.predict(X, batch_size=3, verbose=0)["std"], moments(linear(), 0.5)[1], rtol=0.3)
    inputs = keras.Input((6,))
    around = keras.Model(inputs, wrapper(inputs)["std"])
    assert around.predict(X, verbose=0).shape == (5, 2)


def test_the_wrapper_loads_in_a_fresh_process(tmp_path):
    wrapper = uncertainty.MonteCarlo(linear(0.3), samples=7, seed=5, name="sure")
    # Every rate is 0 but in training, so that both processes compute the same: the mean of masks that drop nothing.
    config = wrapper.get_config()
    assert (config["samples"], config["seed"], config["name"]) == (7, 5, "sure")
    wrapper.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.samples, loaded.seed, type(loaded)) == (7, 5, uncertainty.MonteCarlo)
    loaded.seed_generator.state.assign(wrapper.seed_generator.state)
    a, b = wrapper(X), loaded(X)
    np.testing.assert_allclose(numpy(a["mean"]), numpy(b["mean"]), rtol=1e-4, atol=1e-5)
    with pytest.warns(NoEffectWarning):
        still = uncertainty.MonteCarlo(linear(0.0), samples=2)
    saved = SavedModels(tmp_path)
    saved.add(still, still, X)
    saved.check()


def test_modes_are_those_of_the_thread_and_end_with_an_error():
    layer, call = layers.Dropout(0.5, seed=0), layers.Dropout.call
    model = model_of(layer)
    seen = []

    def other():
        seen.append(numpy(layer(X, training=False)))

    def fail():
        with only_in_training(model, [layer]), only_in_training(model, [layer]):
            assert (numpy(model(X, training=False)) == 0).any()
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    np.testing.assert_array_equal(seen[0], X)
    np.testing.assert_array_equal(numpy(model(X, training=False)), X)
    assert type(layer).call is call


@pytest.mark.parametrize("function", [uncertainty.mc_predict, uncertainty.MonteCarlo])
def test_bad_arguments(function):
    args = (X,) if function is uncertainty.mc_predict else ()
    for name in ("samples", "seed"):
        for value, error in uncertainty.MonteCarlo.RANGES[name].bad_values():
            with pytest.raises(error, match=f"`{name}` must be"):
                function(linear(), *args, **{name: value})
    with pytest.raises(ValueError, match="must be built"):
        function(keras.Sequential([layers.Dropout(0.5)]), *args)


def test_bad_data():
    with pytest.raises(ValueError, match="`x` must have at least one row"):
        uncertainty.mc_predict(linear(), X[:0])
    with pytest.raises(TypeError, match="`x` must be"):
        uncertainty.mc_predict(linear(), iter([X]))
    with pytest.raises(TypeError, match=r"`model` must be a keras\.Model"):
        uncertainty.MonteCarlo(layers.Dropout(0.5))
