"""Snapshot ensembles: the cyclic rate, the members, and the model that they make."""

import math

import keras
import numpy as np
import pytest

from keras_regkit import testing, uncertainty
from keras_regkit.callbacks import EnsembleModel, SnapshotEnsemble

# NumPy's complaint about Keras and JAX; `pytest.warns` raises it again in the name of the test, past the usual filters.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.linspace(-1, 1, 72).reshape(24, 3).astype("float32")
Y = (np.arange(24) % 3).astype("int32")


class Rates(keras.callbacks.Callback):
    """The rate that each step is taken with, and the weights at the end of each epoch."""

    def __init__(self):
        super().__init__()
        self.rates, self.ends = [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate.value)))

    def on_epoch_end(self, epoch, logs=None):
        self.ends.append(weights_of(self.model))


def weights_of(model):
    return [np.array(w, copy=True) for w in model.get_weights()]


def make_model(rate=0.1, dropout=0.0):
    keras.utils.set_random_seed(4)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, activation="tanh"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy")
    return model


def fit(model, *callbacks, epochs=4, **arguments):
    return model.fit(X, Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0, callbacks=[*callbacks], **arguments)


def assert_same(weights, others):
    for weight, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(weight, other)


def huang(initial, step, steps, cycles):
    """Equation 2 as it is printed, for iterations counted from 1."""
    length = math.ceil(steps / cycles)
    return initial / 2 * (math.cos(math.pi * ((step - 1) % length) / length) + 1)


@pytest.fixture(scope="module")
def trained():
    model, rates, snapshots = make_model(), Rates(), SnapshotEnsemble(cycles=2)
    fit(model, rates, snapshots)
    return model, rates, snapshots


def test_each_step_has_the_rate_of_equation_2(trained):
    model, rates, _ = trained
    np.testing.assert_allclose(rates.rates, [huang(0.1, t, 12, 2) for t in range(1, 13)], rtol=1e-5, atol=1e-8)
    # The optimizer gets its own rate back, and the model its own step.
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model.optimizer.learning_rate.value), 0.1)
    assert "train_step" not in vars(model)


def test_the_compiled_steps_take_that_rate():
    # With a gradient of one, the weight travels by the sum of the rates.
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False)])
    model.compile(keras.optimizers.SGD(1.0), lambda y, p: p[:, 0])
    model.fit(np.ones((6, 1)), np.ones(6), batch_size=2, epochs=4, verbose=0, callbacks=[SnapshotEnsemble(2, 0.5)])
    np.testing.assert_allclose(-model.get_weights()[0], sum(huang(0.5, t, 12, 2) for t in range(1, 13)), rtol=1e-5)


def test_without_a_known_length_the_rate_moves_by_epochs():
    model, snapshots, rates = make_model(), SnapshotEnsemble(2), []
    snapshots.set_params({"epochs": 4, "steps": None})
    snapshots.set_model(model)
    snapshots.on_train_begin()
    for epoch in range(4):
        snapshots.on_epoch_begin(epoch)
        rates.append(float(keras.ops.convert_to_numpy(model.optimizer.learning_rate.value)))
        snapshots.on_epoch_end(epoch)
    snapshots.on_train_end()
    np.testing.assert_allclose(rates, [0.1, 0.05, 0.1, 0.05], rtol=1e-6)
    assert snapshots.members == [0, 1]


def test_members_are_the_weights_at_the_ends_of_cycles(trained):
    model, rates, snapshots = trained
    ensemble = snapshots.ensemble()
    assert snapshots.members == [0, 1]
    expected = []
    for end in (rates.ends[1], rates.ends[3]):
        model.set_weights(end)
        expected.append(model.predict(X, verbose=0))
    np.testing.assert_allclose(ensemble.predict_members(X, batch_size=7), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ensemble.predict(X, verbose=0), np.mean(expected, axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(snapshots.ensemble(last=1).predict(X, verbose=0), expected[1], rtol=1e-5, atol=1e-6)


def test_the_model_that_is_held_takes_no_part(trained):
    model, _, snapshots = trained
    ensemble = snapshots.ensemble()
    before = ensemble.predict(X, verbose=0)
    model.set_weights([0 * w for w in model.get_weights()])
    np.testing.assert_array_equal(ensemble.predict(X, verbose=0), before)


def test_an_ensemble_can_be_evaluated(trained):
    ensemble = trained[2].ensemble()
    ensemble.compile(loss="sparse_categorical_crossentropy")
    loss = -np.log(ensemble.predict(X, verbose=0)[np.arange(24), Y]).mean()
    np.testing.assert_allclose(ensemble.evaluate(X, Y, verbose=0), loss, rtol=1e-5)


def test_uncertainty_reads_it(trained):
    members = trained[2].ensemble().predict_members(X)
    predictions = uncertainty.Predictions.of(members)
    np.testing.assert_allclose(predictions.variance, members.var(0), atol=1e-7)
    entropy = -(members.mean(0) * np.log(members.mean(0))).sum(-1)
    within = -(members * np.log(members)).sum(-1).mean(0)
    np.testing.assert_allclose(predictions.entropy, entropy, rtol=1e-5)
    np.testing.assert_allclose(predictions.mutual_information, entropy - within, atol=1e-5)


def test_it_loads_in_a_fresh_process(trained, tmp_path):
    ensemble, file = trained[2].ensemble(), tmp_path / "ensemble.keras"
    ensemble.save(file)
    (loaded,) = testing.load_in_fresh_process([file], [X])
    assert loaded.error is None
    np.testing.assert_allclose(loaded.outputs[0], ensemble.predict(X, verbose=0), rtol=1e-5, atol=1e-6)


def test_several_inputs_and_outputs():
    first, second = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    joined = keras.layers.Concatenate()([first, second])
    outputs = {"p": keras.layers.Dense(1, name="p")(joined), "q": keras.layers.Dense(2, name="q")(joined)}
    model = keras.Model({"a": first, "b": second}, outputs)
    ensemble = EnsembleModel(model, members=3)
    draw = np.random.default_rng(0)
    for index in range(3):
        ensemble.set_member(index, [draw.normal(size=w.shape) for w in model.get_weights()])
    x = {"a": draw.normal(size=(5, 2)), "b": draw.normal(size=(5, 3))}
    members, mean = ensemble.predict_members(x), ensemble.predict(x, verbose=0)
    assert {name: array.shape for name, array in members.items()} == {"p": (3, 5, 1), "q": (3, 5, 2)}
    for name, array in mean.items():
        np.testing.assert_allclose(array, members[name].mean(0), rtol=1e-5, atol=1e-6)


def test_a_killed_training_goes_on_from_the_folder(tmp_path):
    def bang(epoch, logs=None):
        if epoch == 3:
            raise RuntimeError("bang")

    snapshots, rates = SnapshotEnsemble(3, folder=tmp_path), Rates()
    with pytest.raises(RuntimeError, match="bang"):
        fit(make_model(), rates, snapshots, keras.callbacks.LambdaCallback(on_epoch_begin=bang), epochs=6)
    model, snapshots = make_model(), SnapshotEnsemble(3, folder=tmp_path)
    epoch = snapshots.resume(model)
    assert epoch == 2
    assert_same(weights_of(model), rates.ends[1])
    fit(model, snapshots, epochs=6, initial_epoch=epoch)
    assert snapshots.members == [0, 1, 2]
    # In another process there is the folder alone.
    ensemble = SnapshotEnsemble(3, folder=tmp_path).ensemble(make_model())
    np.testing.assert_array_equal(ensemble.predict(X, verbose=0), snapshots.ensemble().predict(X, verbose=0))


def test_with_a_backup_it_goes_on_within_a_cycle(tmp_path):
    def run(folder, bomb=()):
        model, rates = make_model(), Rates()
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
        fit(model, SnapshotEnsemble(2, folder=folder), rates, backup, *bomb, epochs=4)
        return model, rates

    def bang(epoch, logs=None):
        if epoch == 3:
            raise RuntimeError("bang")

    expected, undisturbed = run(tmp_path / "a")
    with pytest.raises(RuntimeError, match="bang"):
        run(tmp_path / "b", [keras.callbacks.LambdaCallback(on_epoch_begin=bang)])
    model, rates = run(tmp_path / "b")
    np.testing.assert_allclose(rates.rates, undisturbed.rates[9:], rtol=1e-6, atol=1e-8)
    assert_same(weights_of(model), weights_of(expected))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model.optimizer.learning_rate.value), 0.1)


def test_a_folder_of_another_training_is_refused(tmp_path):
    fit(make_model(), SnapshotEnsemble(2, folder=tmp_path))
    with pytest.raises(ValueError, match="holds 2 snapshots of another training"):
        fit(make_model(), SnapshotEnsemble(2, folder=tmp_path))


def schedule():
    return keras.optimizers.schedules.CosineDecay(0.1, 10)


@pytest.mark.parametrize(
    ("rate", "callbacks", "epochs", "message"),
    [
        (schedule(), [SnapshotEnsemble(2)], 4, "without a schedule"),
        (0.1, [SnapshotEnsemble(2), keras.callbacks.ReduceLROnPlateau()], 4, "ReduceLROnPlateau"),
        (0.1, [SnapshotEnsemble(3)], 4, "must be a multiple of `cycles`, 3"),
    ],
    ids=["schedule", "rival", "epochs"],
)
def test_bad_fits(rate, callbacks, epochs, message):
    with pytest.raises(ValueError, match=message):
        fit(make_model(rate), *callbacks, epochs=epochs)


def test_bad_ensembles():
    model, snapshots = make_model(), SnapshotEnsemble(2)
    with pytest.raises(ValueError, match="There must be some snapshots"):
        snapshots.ensemble(model)
    ensemble = EnsembleModel(model, 2)
    with pytest.raises(ValueError, match="`index` must be one of 2 members"):
        ensemble.set_member(2, model.get_weights())
    with pytest.raises(ValueError, match="`weights` must fit the model"):
        ensemble.set_member(0, model.get_weights()[1:])
    with pytest.raises(ValueError, match="`model` must be built"):
        EnsembleModel(keras.Sequential([keras.layers.Dense(1)]), 2)
    with pytest.raises(TypeError, match=r"`model` must be a keras\.Model"):
        EnsembleModel("model", 2)
    testing.check_bad_arguments(EnsembleModel, EnsembleModel.RANGES, model=model, members=2)


def linear(columns, loss, members=3):
    """An ensemble of linear models with large weights, and what each of them gives for X."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(columns, use_bias=False)])
    if loss is not None:
        model.compile("sgd", loss)
    ensemble = EnsembleModel(model, members)
    kernels = 5 * np.random.default_rng(1).normal(size=(members, 3, columns)).astype("float32")
    for index, kernel in enumerate(kernels):
        ensemble.set_member(index, [kernel])
    return ensemble, X.astype("float64") @ kernels


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(-1, keepdims=True)


@pytest.mark.parametrize(
    ("columns", "loss", "to_probabilities"),
    [
        (3, keras.losses.SparseCategoricalCrossentropy(from_logits=True), softmax),
        (3, keras.losses.BinaryCrossentropy(from_logits=True), sigmoid),
        (1, keras.losses.BinaryCrossentropy(from_logits=True), sigmoid),
        (2, "mse", None),
        (2, None, None),
    ],
    ids=["softmax", "decisions", "sigmoid", "regression", "not-compiled"],
)
def test_probabilities_of_logits_are_averaged(columns, loss, to_probabilities):
    ensemble, each = linear(columns, loss)
    found = ensemble.predict(X, verbose=0).astype("float64")
    if to_probabilities is None:
        np.testing.assert_allclose(found, each.mean(0), rtol=1e-4, atol=1e-5)
        return
    mean = to_probabilities(each).mean(0)
    np.testing.assert_allclose(to_probabilities(found), mean, rtol=1e-4)
    assert np.abs(to_probabilities(each.mean(0)) - mean).max() > 0.05  # which the mean of logits is not
    np.testing.assert_allclose(ensemble.predict_members(X), each, rtol=1e-4, atol=1e-5)
    again = EnsembleModel.from_config(ensemble.get_config())
    assert (again.activation, again.members) == (ensemble.activation, 3)


def test_several_outputs_are_averaged_each_in_its_way():
    inputs = keras.Input((3,))
    outputs = {"a": keras.layers.Dense(2, name="a")(inputs), "b": keras.layers.Dense(1, name="b")(inputs)}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"b": "mse", "a": keras.losses.CategoricalCrossentropy(from_logits=True)})
    ensemble = EnsembleModel(model, 2)
    assert (ensemble.activation, ensemble.from_logits) == (["softmax", None], None)
    draw = np.random.default_rng(0)
    for index in range(2):
        ensemble.set_member(index, [3 * draw.normal(size=w.shape) for w in model.get_weights()])
    members, found = ensemble.predict_members(X), ensemble.predict(X, verbose=0)
    np.testing.assert_allclose(softmax(found["a"]), softmax(members["a"]).mean(0), rtol=1e-4)
    np.testing.assert_allclose(found["b"], members["b"].mean(0), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="one for each of 2 outputs"):
        EnsembleModel(model, 2, activation=["softmax"])(X)


def test_extreme_logits_stay_finite():
    ensemble, _ = linear(1, None, members=2)
    ensemble.activation = "sigmoid"
    np.testing.assert_allclose(ensemble(1e3 * X), ensemble(1e3 * X))
    assert np.isfinite(keras.ops.convert_to_numpy(ensemble(1e3 * X))).all()


def test_unknown_activations_are_refused():
    with pytest.raises(ValueError, match="`activation` must be one of"):
        EnsembleModel(make_model(), 2, activation="relu")


@pytest.mark.filterwarnings("ignore:No temperature in")  # is best for labels that have nothing to do with X
@pytest.mark.parametrize("logits", [True, False])
def test_calibration_and_temperature_read_what_it_returns(trained, logits):
    if logits:
        ensemble, each = linear(3, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        p = softmax(each).mean(0)
    else:
        ensemble = trained[2].ensemble()
        p = ensemble.predict(X, verbose=0).astype("float64")
    assert ensemble.from_logits is logits
    found = uncertainty.calibration(ensemble, (X, Y))
    assert found.nll == pytest.approx(-np.log(p[np.arange(24), Y]).mean(), rel=1e-4)
    scaled = uncertainty.TemperatureScaling(ensemble).fit_temperature((X, Y))
    assert scaled.from_logits is logits
    assert uncertainty.calibration(scaled, (X, Y)).nll <= found.nll + 1e-6


def test_several_decisions_are_not_taken_for_classes():
    ensemble, _ = linear(3, keras.losses.BinaryCrossentropy(from_logits=True))
    with pytest.raises(ValueError, match="cannot be seen"):
        uncertainty.calibration(ensemble, (X, np.eye(3)[Y]))


def test_ensemble_predict_takes_it(trained):
    ensemble = trained[2].ensemble()
    found = uncertainty.ensemble_predict(ensemble, X, verbose=0)
    np.testing.assert_array_equal(found.samples, ensemble.predict_members(X))
