"""ELR: the memory, how samples are known, and that it works in plain fit."""

import keras
import numpy as np
import pytest
from test_class_losses import ce, number, softmax, with_gradient

from keras_regkit._core.warnings import DataWarning, NoEffectWarning
from keras_regkit.losses import EarlyLearning, JSDConsistency, index_labels
from keras_regkit.testing import SavedModels

JAX = keras.backend.backend() == "jax"
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(10, 4)).astype("float32")
Y = RANDOM.integers(0, 3, size=10)
LOGITS = RANDOM.normal(size=(10, 3)).astype("float32")


def model_of(loss, attach=True, **options):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(0.5), loss, metrics=["accuracy"], **options)
    if attach:
        loss.attach(model)
    return model


def elr(**options):
    return EarlyLearning(**{"samples": 10, "classes": 3, "from_logits": True, **options})


def targets_by_hand(epochs, momentum=0.7):
    """The reference, written out: one full batch a step, softmax regression from zero, plain gradient steps."""
    kernel, bias, targets = np.zeros((4, 3)), np.zeros(3), np.zeros((10, 3))
    losses = []
    for _ in range(epochs):
        p = np.clip(softmax(X.astype("float64") @ kernel + bias), 1e-4, 1 - 1e-4)
        targets = momentum * targets + (1 - momentum) * p / p.sum(1, keepdims=True)
        inner = (p * targets).sum(1)
        losses.append(np.mean([ce(y, row) for y, row in zip(np.eye(3)[Y], p, strict=True)] + 3 * np.log(1 - inner)))
        # dL/dp of the term is −3 t / (1 − ⟨p, t⟩); through softmax: p ⊙ (g − ⟨g, p⟩).
        g = -3 * targets / (1 - inner)[:, None]
        slope = (p - np.eye(3)[Y] + p * (g - (g * p).sum(1, keepdims=True))) / 10
        kernel, bias = kernel - 0.5 * X.T @ slope, bias - 0.5 * slope.sum(0)
    return targets, losses


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_follows_the_reference(jit_compile):
    loss = elr()
    if jit_compile and keras.backend.backend() == "torch":
        pytest.skip("torch.compile needs a compiler")
    model = model_of(loss, jit_compile=jit_compile)
    history = model.fit(X, index_labels(Y, 3), batch_size=10, epochs=4, verbose=0).history
    targets, losses = targets_by_hand(4)
    np.testing.assert_allclose(loss.targets, targets, rtol=1e-4)
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-4)


def test_each_sample_has_its_own_row_however_they_are_shuffled():
    loss = elr(momentum=0.5)
    model = model_of(loss)
    model.optimizer.learning_rate = 0.0
    model.layers[-1].kernel.assign(RANDOM.normal(size=(4, 3)))
    p = softmax(keras.ops.convert_to_numpy(model(X)))
    labels = index_labels(Y, 3)
    model.fit(X, labels, batch_size=4, epochs=1, verbose=0)
    np.testing.assert_allclose(loss.targets, 0.5 * p, rtol=1e-3)
    model.fit(X[3:5], labels[3:5], epochs=1, verbose=0)
    expected = np.full((10, 1), 0.5)
    expected[3:5] = 0.75
    np.testing.assert_allclose(loss.targets, expected * p, rtol=1e-3)
    before = loss.targets
    model.evaluate(X, labels, verbose=0)
    model.evaluate(X, np.eye(3)[Y], verbose=0)
    np.testing.assert_array_equal(loss.targets, before)


def test_metrics_and_plain_validation_labels():
    model = model_of(elr())
    one_hot = np.eye(3)[Y]
    history = model.fit(X, index_labels(Y, 3), validation_data=(X, one_hot), epochs=30, verbose=0).history
    expected = (keras.ops.convert_to_numpy(model(X)).argmax(1) == Y).mean()
    assert history["val_accuracy"][-1] == pytest.approx(expected)
    assert history["accuracy"][-1] == pytest.approx(expected, abs=0.21)
    plain = keras.losses.CategoricalCrossentropy(from_logits=True)(one_hot, model(X))
    assert history["val_loss"][-1] == pytest.approx(float(number(plain)), rel=1e-4)


def test_zero_strength_is_the_plain_loss_and_targets_get_no_gradient():
    labels = index_labels(Y, 3)
    plain = with_gradient(keras.losses.SparseCategoricalCrossentropy(from_logits=True), Y, LOGITS)
    for got, expected in zip(with_gradient(elr(strength=0), labels, LOGITS), plain, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-7)
    loss = elr(momentum=0.0)  # t = p, but held still
    _, slope = with_gradient(loss, labels, LOGITS)
    p = softmax(LOGITS)
    g = -3 * p / (1 - (p * p).sum(1, keepdims=True))
    np.testing.assert_allclose(slope, (p - np.eye(3)[Y] + p * (g - (g * p).sum(1, keepdims=True))) / 10, atol=1e-5)


def test_extreme_float16_logits_stay_finite():
    logits = np.array([[1e4, -1e4, 0]] * 10, "float16")
    value, gradient = with_gradient(elr(), index_labels(Y, 3), logits)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # of Keras, where NumPy reads its tensors
@pytest.mark.parametrize("make", [elr, lambda: JSDConsistency(from_logits=True)])
def test_training_labels_without_an_index_are_told(make):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.SGD(0.1), make())
    model.evaluate(X, Y, verbose=0)  # where nothing is to be told
    with pytest.warns(NoEffectWarning, match=r"Call fit\(x, index_labels\(y, classes\)"):
        model.fit(X, Y, verbose=0)


def test_memory_is_a_weight_once():
    loss = elr()
    model = model_of(loss)
    weights = len(model.weights)
    loss.attach(model)
    assert len(model.weights) == weights == 3
    with pytest.raises(ValueError, match="memory of another EarlyLearning"):
        elr().attach(model)
    with pytest.raises(ValueError, match="must be built"):
        elr().attach(keras.Sequential([keras.layers.Dense(3)]))


def test_fit_without_attach():
    loss = elr()
    model = model_of(loss, attach=False)
    if JAX:
        with pytest.raises(ValueError, match=r"Call loss\.attach\(model\) before fit"):
            model.fit(X, index_labels(Y, 3), verbose=0)
    else:
        model.fit(X, index_labels(Y, 3), batch_size=10, epochs=2, verbose=0)
        np.testing.assert_allclose(loss.targets, targets_by_hand(2)[0], rtol=1e-4)


@pytest.mark.parametrize("attach", [True, False])
def test_memory_is_saved_and_training_goes_on(attach, tmp_path):
    if JAX and not attach:
        pytest.skip("on JAX it is always attached")
    model = model_of(elr(), attach)
    labels = index_labels(Y, 3)
    model.fit(X, labels, batch_size=10, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.loss.targets, model.loss.targets)
    np.testing.assert_allclose(number(loaded(X)), number(model(X)), rtol=1e-5, atol=1e-6)
    loaded.loss.attach(loaded)
    loaded.fit(X, labels, batch_size=10, epochs=2, verbose=0)
    np.testing.assert_allclose(loaded.loss.targets, targets_by_hand(4)[0], rtol=1e-4)
    model.save_weights(tmp_path / "model.weights.h5")
    other = model_of(elr(), attach)
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(other.loss.targets, model.loss.targets)


def test_loads_in_a_fresh_process(tmp_path):
    model = model_of(elr())
    model.fit(X, index_labels(Y, 3), verbose=0)
    saved = SavedModels(tmp_path)
    saved.add(model.loss, model, X, np.eye(3)[Y])
    saved.check()


@pytest.mark.parametrize(
    ("labels", "logits", "message"),
    [
        (index_labels(Y, 3, np.arange(10) + 1), LOGITS, r"below `samples`, which is 10\. Rows\. Received 1"),
        (np.concatenate([np.eye(3)[Y], np.ones((10, 1))], 1), LOGITS, "must be made by `index_labels`"),
        (np.concatenate([np.eye(3)[Y], np.full((10, 1), -1.5)], 1), LOGITS, "must be made by `index_labels`"),
        (Y, LOGITS[:, :2], "`classes` is 3"),
        (Y, LOGITS[:, :1], "at least 2 classes"),
    ],
)
def test_bad_labels_are_refused(labels, logits, message):
    with pytest.raises(ValueError, match=message):
        elr()(labels, logits)


def test_an_index_out_of_range_makes_the_loss_nan_in_fit():
    model = model_of(elr())
    labels = index_labels(Y, 3, np.arange(10) + 1)
    if keras.backend.backend() == "torch":
        with pytest.raises(ValueError, match="below `samples`"):
            model.fit(X, labels, verbose=0)
    else:
        assert np.isnan(model.fit(X, labels, verbose=0).history["loss"][0])


def test_a_loss_of_16_bits_cannot_tell_samples_apart():
    with pytest.raises(ValueError, match="cannot tell samples apart"):
        elr(dtype="float16")(index_labels(Y, 3), LOGITS)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"labels": np.array([3, 0])}, ValueError, "from 0 to 2"),
        ({"labels": np.array([0.5, 0])}, ValueError, "from 0 to 2"),
        ({"labels": np.eye(4)}, ValueError, r"soft of shape \(n, 3\)"),
        ({"labels": Y, "index": [1, 2]}, ValueError, r"`index` must have the shape \(10,\)"),
        ({"labels": Y, "index": Y - 5}, ValueError, "whole numbers from 0"),
        ({"labels": Y, "index": Y + 0.5}, ValueError, "whole numbers from 0"),
        ({"labels": Y, "index": Y + 2**24}, ValueError, "whole numbers from 0"),
        ({"labels": Y, "classes": 1}, ValueError, "`classes` must be in"),
        ({"labels": Y, "classes": "3"}, TypeError, "`classes` must be an integer"),
    ],
)
def test_index_labels_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        index_labels(**{"classes": 3, **arguments})


def test_index_labels_keeps_soft_labels_and_the_largest_class():
    soft = RANDOM.dirichlet(np.ones(3), size=10)
    labels = index_labels(soft, 3)
    np.testing.assert_allclose(labels[:, :3], soft, rtol=1e-6)
    np.testing.assert_array_equal(labels.argmax(1), soft.argmax(1))
    np.testing.assert_array_equal(index_labels(Y[:, None], 3), index_labels(Y, 3))


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # of Keras, where NumPy reads its tensors
def test_integer_labels_beside_indexed_ones_are_told_once():
    loss = elr()
    loss(Y, LOGITS)  # where nothing is to be told
    loss(index_labels(Y, 3), LOGITS)
    with pytest.warns(DataWarning, match=r"to_categorical\(y_val, classes\)"):
        loss(Y, LOGITS)
    loss(Y, LOGITS)  # warnings are errors
    loss(np.eye(3)[Y], LOGITS)


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_integer_validation_labels_are_told_in_fit():
    with pytest.warns(DataWarning, match="takes them for one-hot ones"):
        model_of(elr()).fit(X, index_labels(Y, 3), validation_data=(X, Y), verbose=0)
