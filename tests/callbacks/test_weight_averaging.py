"""Weight averaging: the averages themselves, against NumPy, from a recorded trajectory."""

import keras
import numpy as np
import pytest

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.callbacks import GapMonitor, WeightAveraging
from keras_regkit.callbacks._averages import greedy_soup, ranked

# NumPy's complaint about Keras and JAX; `pytest.warns` raises it again in the name of the test, past the usual filters.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(32, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True) + 0.1 * RANDOM.normal(size=(32, 1)).astype("float32")
BATCH, STEPS = 8, 4


class Recorder(keras.callbacks.Callback):
    """The weights after each training step, and those at the end of each epoch, as other callbacks see them."""

    def __init__(self):
        super().__init__()
        self.start, self.steps, self.epochs = None, [], []

    def on_train_begin(self, logs=None):
        self.start = weights_of(self.model)

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(weights_of(self.model))

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(weights_of(self.model))


def weights_of(model):
    return [np.array(w, copy=True) for w in model.get_weights()]


def make_model(optimizer=None, **compile_arguments):
    keras.utils.set_random_seed(3)
    hidden = keras.layers.Dense(4, activation="tanh", name="hidden")
    model = keras.Sequential([keras.Input((3,)), hidden, keras.layers.Dense(1, name="out")])
    model.compile(optimizer or keras.optimizers.Adam(0.05), "mse", **compile_arguments)
    return model


def make_normalized(momentum=0.9):
    keras.utils.set_random_seed(3)
    norm = keras.layers.BatchNormalization(momentum=momentum, name="norm")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="hidden"), norm, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


def fit(model, *callbacks, epochs=4, validate=True, **arguments):
    data = {"validation_data": (X, Y)} if validate else {}
    return model.fit(
        X, Y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, callbacks=[*callbacks], **data, **arguments
    )


def assert_close(weights, others, tolerance=1e-6):
    for weight, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(weight, other, rtol=tolerance, atol=tolerance)


def mean_of(trajectory):
    return [sum(w.astype("float64") for w in same) / len(same) for same in zip(*trajectory, strict=True)]


@pytest.fixture(scope="module")
def plain():
    """A training without averaging."""
    model, recorder = make_model(), Recorder()
    history = fit(model, recorder)
    return recorder, history.history


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("warm_up", [True, False])
def test_ema_is_the_recursion(plain, every, warm_up):
    recorder, _ = plain
    average, count = [w.astype("float64") for w in recorder.start], 0
    for number, weights in enumerate(recorder.steps, start=1):
        if number % every == 0:
            decay = min(0.9, (1 + count) / (10 + count)) if warm_up else 0.9
            average = [decay * old + (1 - decay) * new for old, new in zip(average, weights, strict=True)]
            count += 1
    model, averaging = make_model(), WeightAveraging(decay=0.9, warm_up=warm_up, update_every=every)
    fit(model, averaging)
    assert_close(weights_of(model), average)
    assert averaging.updates == count


def test_swa_is_the_mean_of_the_ends_of_epochs(plain):
    recorder, _ = plain
    model, averaging = make_model(), WeightAveraging("swa", start_from_epoch=1)
    fit(model, averaging)
    assert_close(weights_of(model), mean_of(recorder.steps[2 * STEPS - 1 :: STEPS]))
    assert averaging.updates == 3


def test_swa_by_steps(plain):
    recorder, _ = plain
    model = make_model()
    fit(model, WeightAveraging("swa", start_from_epoch=2, update_every=2))
    assert_close(weights_of(model), mean_of(recorder.steps[2 * STEPS + 1 :: 2]))


def test_training_goes_on_from_its_own_weights(plain):
    # Every step of the averaged training is that of the plain one: its weights, and its optimizer, are untouched.
    recorder, averaged = Recorder(), make_model()
    optimizer = averaged.optimizer
    fit(averaged, recorder, WeightAveraging())
    for weights, others in zip(recorder.steps, plain[0].steps, strict=True):
        assert_close(weights, others)
    again = make_model()
    fit(again)
    for variable, other in zip(optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(variable.value), keras.ops.convert_to_numpy(other.value), atol=1e-6
        )


@pytest.mark.parametrize("kind", ["ema", "swa", "top-k", "greedy soup"])
def test_val_loss_is_that_of_the_average(kind):
    model, losses = make_model(), []
    evaluated = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: losses.append(model.evaluate(X, Y, verbose=0))
    )
    history = fit(model, evaluated, WeightAveraging(kind))
    np.testing.assert_allclose(history.history["val_loss"], losses, rtol=1e-5)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), losses[-1], rtol=1e-5)
    loss = float(np.mean((model.predict(X, verbose=0) - Y) ** 2))
    np.testing.assert_allclose(loss, losses[-1], rtol=1e-5)


def test_top_k_is_the_mean_of_the_best_epochs(plain):
    recorder, history = plain
    best = np.argsort(history["val_loss"], kind="stable")[:2]
    model, averaging = make_model(), WeightAveraging("top-k", k=2)
    fit(model, averaging)
    ends = recorder.steps[STEPS - 1 :: STEPS]
    assert_close(weights_of(model), mean_of([ends[i] for i in best]))
    assert averaging.members == list(best)
    np.testing.assert_allclose([averaging.scores[i] for i in best], np.array(history["val_loss"])[best], rtol=1e-5)


def test_the_soup_is_that_made_by_hand():
    # A large rate, so that the path jumps about and some epochs do not help.
    recorder = Recorder()
    raw = fit(make_model(keras.optimizers.Adam(0.4)), recorder, epochs=6).history["val_loss"]
    ends = recorder.steps[STEPS - 1 :: STEPS]

    def loss_of(weights):
        kernel, bias, out, last = weights
        return float(np.mean((np.tanh(X @ kernel + bias) @ out + last - Y) ** 2))

    soup = []
    for epoch in np.argsort(raw, kind="stable"):
        if not soup or loss_of(mean_of([ends[i] for i in [*soup, epoch]])) <= loss_of(mean_of([ends[i] for i in soup])):
            soup.append(int(epoch))
    model, averaging = make_model(keras.optimizers.Adam(0.4)), WeightAveraging("greedy soup", k=6)
    fit(model, averaging, epochs=6)
    assert averaging.members == soup
    assert_close(weights_of(model), mean_of([ends[i] for i in soup]))


@pytest.mark.parametrize(("mode", "expected"), [("min", ("a", "c")), ("max", ("a", "b"))])
def test_greedy_soup_keeps_what_does_not_hurt(mode, expected):
    scores = {("a", "b"): 2.0, ("a", "c"): 1.0, ("a", "b", "c"): float("nan")}
    soup, score = greedy_soup(["a", "b", "c"], {"a": 1.0, "b": 1.5, "c": 2.0}, mode, lambda keys: scores[keys])
    assert (soup, score) == (expected, scores[expected])


def test_ranking_prefers_the_earlier_of_equals():
    assert ranked({3: 1.0, 1: 1.0, 2: 0.5}, "min", 2) == [2, 1]
    assert ranked({3: 1.0, 1: 1.0, 2: 0.5}, "max", 2) == [1, 3]


def test_statistics_are_those_of_the_averaged_weights():
    model = make_normalized()
    fit(model, WeightAveraging("swa", train=X, batch_size=len(X)))
    kernel, bias = weights_of(model)[:2]
    h = X @ kernel + bias
    norm = model.get_layer("norm")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_mean.value), h.mean(0), atol=2e-6)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_variance.value), h.var(0), atol=2e-6)


def test_some_batches_of_a_dataset_will_do():
    model = make_normalized()
    batches = [(X[:8], Y[:8]), (X[8:24], Y[8:24]), (X[24:], Y[24:])]
    fit(model, WeightAveraging("top-k", train=batches, batches=2))
    kernel, bias = weights_of(model)[:2]
    norm = model.get_layer("norm")
    h = X[:24] @ kernel + bias
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_mean.value), h.mean(0), atol=2e-6)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_variance.value), h.var(0), atol=2e-6)


def test_statistics_of_training_are_left_alone():
    plain, averaged = Recorder(), Recorder()
    fit(make_normalized(), plain)
    fit(make_normalized(), averaged, WeightAveraging("swa", train=X))
    for weights, others in zip(averaged.steps, plain.steps, strict=True):
        assert_close(weights, others, 1e-5)


def test_ema_without_data_averages_the_statistics():
    recorder = Recorder()
    fit(make_normalized(), recorder)
    average = [w.astype("float64") for w in recorder.start]
    for count, weights in enumerate(recorder.steps):
        decay = min(0.999, (1 + count) / (10 + count))
        average = [decay * old + (1 - decay) * new for old, new in zip(average, weights, strict=True)]
    model = make_normalized()
    fit(model, WeightAveraging("ema"))
    assert_close(weights_of(model), average, 1e-5)


@pytest.mark.parametrize("kind", ["swa", "top-k", "greedy soup"])
def test_batch_norm_without_data_is_refused(kind):
    with pytest.raises(ValueError, match="give `train`"):
        fit(make_normalized(), WeightAveraging(kind))


def test_frozen_batch_norm_needs_no_data():
    model = make_normalized()
    model.get_layer("norm").trainable = False
    model.compile("sgd", "mse")
    before = weights_of(model.get_layer("norm"))
    fit(model, WeightAveraging("swa"))
    assert_close(weights_of(model.get_layer("norm")), before)


def test_frozen_weights_and_seeds_stay():
    keras.utils.set_random_seed(3)
    inputs = keras.Input((3,))
    x = keras.layers.Dropout(0.5, seed=1)(keras.layers.Dense(4, name="frozen", trainable=False)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = weights_of(model.get_layer("frozen"))
    recorder = Recorder()
    fit(model, recorder, WeightAveraging("swa"))
    assert_close(weights_of(model.get_layer("frozen")), before, 0)
    # What dropout drew was not repeated: the seed moved on with each step.
    assert len({w[0].tobytes() for w in (r[2:] for r in recorder.steps)}) == len(recorder.steps)


def test_accumulated_gradients_count_as_one_step():
    model = make_model(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2))
    averaging = WeightAveraging()
    fit(model, averaging)
    assert averaging.updates == 8


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="torch takes one step per execution")
def test_every_step_of_an_execution_counts(plain):
    model, averaging = make_model(steps_per_execution=2), WeightAveraging("swa", update_every=1)
    fit(model, averaging)
    assert averaging.updates == 16
    assert_close(weights_of(model), mean_of(plain[0].steps))


def test_a_model_that_is_built_by_its_first_batch():
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    averaging = WeightAveraging()
    fit(model, averaging)
    # TensorFlow builds it in the first step, and averaging begins after it.
    assert averaging.updates in (15, 16)


def test_half_precision_is_averaged_in_single():
    keras.utils.set_random_seed(3)
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(1, dtype="bfloat16")(inputs))
    model.compile(keras.optimizers.SGD(0.01), "mse")
    recorder = Recorder()
    fit(model, recorder, WeightAveraging(decay=0.99))
    average = [w.astype("float64") for w in recorder.start]
    for count, weights in enumerate(recorder.steps):
        decay = min(0.99, (1 + count) / (10 + count))
        average = [decay * old + (1 - decay) * new.astype("float64") for old, new in zip(average, weights, strict=True)]
    for weight, expected in zip(weights_of(model), average, strict=True):
        np.testing.assert_array_equal(weight, expected.astype("float32").astype(weight.dtype))


def test_nothing_is_left_behind():
    model = make_model()
    for kind in ("ema", "top-k"):
        fit(model, WeightAveraging(kind), epochs=2)
    assert {"train_step", "evaluate"}.isdisjoint(vars(model))
    assert len(model.optimizer.variables) == 2 + 2 * 4
    before = weights_of(model)
    fit(model, epochs=1)
    assert any(np.any(a != b) for a, b in zip(before, weights_of(model), strict=True))


def test_a_second_fit_starts_from_the_average():
    model, averaging = make_model(), WeightAveraging("swa")
    fit(model, averaging, epochs=2)
    before, recorder = weights_of(model), Recorder()
    fit(model, recorder, averaging, epochs=2)
    assert_close(recorder.start, before)
    assert_close(weights_of(model), mean_of(recorder.steps[STEPS - 1 :: STEPS]))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"kind": "emma"}, ValueError, "`kind` must be one of .* Did you mean 'ema'"),
        ({"kind": "top-k", "monitor": "loss"}, ValueError, "`monitor` must be measured on fit's validation data"),
        ({"kind": "top-k", "monitor": "val_score"}, ValueError, "`mode` must be 'min' or 'max'"),
        ({"backup_dir": ""}, TypeError, "`backup_dir` must be a path"),
        ({"train": iter([X])}, TypeError, "`train` must be"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        WeightAveraging(**arguments)


@pytest.mark.parametrize(
    ("optimizer", "callbacks", "message"),
    [
        ("adam", [WeightAveraging(start_from_epoch=4)], "`start_from_epoch` must be below the number of epochs, 4"),
        ("adam", [WeightAveraging(), WeightAveraging("swa")], "There can be one WeightAveraging"),
        (keras.optimizers.SGD(use_ema=True), [WeightAveraging()], "use_ema"),
        ("adam", [WeightAveraging("top-k", monitor="val_mea", mode="min")], "Did you mean 'val_mae'"),
    ],
    ids=["start", "two", "use-ema", "monitor"],
)
def test_bad_fits(optimizer, callbacks, message):
    model = make_model(optimizer, metrics=["mae"])
    with pytest.raises(ValueError, match=message):
        fit(model, *callbacks)
    fit(model, epochs=1)  # the model still trains


@pytest.mark.parametrize(
    ("averaging", "arguments", "why"),
    [
        (WeightAveraging("top-k"), {"validate": False}, "Pass `validation_data`"),
        (WeightAveraging(update_every=99), {}, "fewer steps than update_every=99"),
        (WeightAveraging("swa", start_from_epoch=3), {"stop": 1}, "before start_from_epoch=3"),
    ],
    ids=["no-validation", "no-update", "stopped"],
)
def test_averaging_over_nothing_is_said(plain, averaging, arguments, why):
    model, recorder = make_model(), Recorder()
    stop = arguments.pop("stop", None)

    def end(epoch, logs):
        model.stop_training = epoch == stop

    with pytest.warns(NoEffectWarning, match=why):
        fit(model, recorder, keras.callbacks.LambdaCallback(on_epoch_end=end), averaging, **arguments)
    assert averaging.updates == 0
    assert_close(weights_of(model), recorder.steps[-1])


def test_a_nan_never_joins_the_members():
    model, averaging = make_model(), WeightAveraging("top-k")

    def spoil(epoch, logs=None):
        if epoch == 2:
            model.get_layer("out").bias.assign([np.nan])

    fit(model, keras.callbacks.LambdaCallback(on_epoch_begin=spoil), averaging, epochs=4)
    assert sorted(averaging.members) == [0, 1]
    assert all(np.isfinite(w).all() for w in weights_of(model))


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("kind", ["top-k", "greedy soup"])
def test_a_gap_monitor_may_measure_instead_of_fit(kind, validate):
    # Without penalties the clean loss is that of fit, so the same epochs are best.
    data = (RANDOM.normal(size=(16, 3)).astype("float32"), RANDOM.normal(size=(16, 1)).astype("float32"))
    wanted = WeightAveraging(kind, k=2)
    by_fit = make_model()
    by_fit.fit(X, Y, BATCH, 4, 0, validation_data=data, shuffle=False, callbacks=[wanted])
    averaging, gap = WeightAveraging(kind, k=2, monitor="val_data_loss"), GapMonitor((X, Y), data)
    model, plain = make_model(), make_model()
    validation = {"validation_data": data} if validate else {}
    model.fit(X, Y, BATCH, 4, 0, shuffle=False, callbacks=[gap, averaging], **validation)
    assert averaging.members == wanted.members
    for ours, theirs in zip(weights_of(model), weights_of(by_fit), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    plain.fit(X, Y, BATCH, 4, 0, shuffle=False)
    assert not np.allclose(weights_of(model)[0], weights_of(plain)[0])
    # What it logs is what the average reaches.
    assert gap.history["val_data_loss"][-1] == pytest.approx(model.evaluate(*data, verbose=0), rel=1e-5)


@pytest.mark.parametrize("others", [[], [GapMonitor((X, Y))]])
def test_what_no_gap_monitor_measures_is_refused(others):
    with pytest.raises(ValueError, match=r"put GapMonitor\(train, validation=\(x_val, y_val\)\) into the callbacks"):
        fit(make_model(), WeightAveraging("top-k", monitor="val_data_loss"), *others)
