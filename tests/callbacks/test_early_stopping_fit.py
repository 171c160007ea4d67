"""Early stopping inside real fits."""

import threading

import keras
import numpy as np
import pytest

from keras_regkit.callbacks.early_stopping import EarlyStopping

# NumPy's complaint about Keras and JAX; `pytest.warns` raises it again in the name of the test, past the usual filters.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.linspace(-1, 1, 32).reshape(16, 2).astype("float32")
Y = X.sum(axis=1, keepdims=True)


class Script(keras.callbacks.Callback):
    """Logs the given values as `val_loss` and remembers the weights of every epoch."""

    def __init__(self, *values):
        super().__init__()
        self.values = values
        self.weights = {}

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = self.values[epoch]
        self.weights[epoch] = [np.array(w) for w in self.model.get_weights()]


def make_model(**options):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), "mse", **options)
    return model


def assert_same(weights, others):
    for weight, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(weight, other)


def differ(weights, others):
    return any(np.any(weight != other) for weight, other in zip(weights, others, strict=True))


@pytest.mark.parametrize("steps_per_execution", [1, 4])
def test_best_weights_are_true_copies_and_restored(steps_per_execution):
    if steps_per_execution > 1 and keras.config.backend() == "torch":
        pytest.skip("Keras takes single steps on torch")
    model = make_model(steps_per_execution=steps_per_execution)
    script, stopping = Script(3, 1, 2, 2, 2), EarlyStopping(patience=2)
    history = model.fit(X, Y, batch_size=4, epochs=5, verbose=0, callbacks=[script, stopping])
    assert (stopping.best_epoch, stopping.stopped_epoch, stopping.reason) == (1, 3, "no_improvement")
    assert differ(script.weights[1], script.weights[3])
    assert_same(stopping.best_weights, script.weights[1])
    assert_same(model.get_weights(), script.weights[1])
    assert history.early_stopping is stopping.record
    assert history.early_stopping["best_epoch"] == 1


def test_real_validation_on_a_dataset():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]

    model, stopping = make_model(), EarlyStopping(patience=9)
    history = model.fit(Batches(), epochs=3, verbose=0, validation_data=Batches(), callbacks=[stopping])
    assert stopping.history["val_loss"] == history.history["val_loss"]
    assert stopping.best_epoch == int(np.argmin(history.history["val_loss"]))
    loss = model.evaluate(X, Y, verbose=0)
    assert loss == pytest.approx(stopping.best_value, rel=1e-4)


def test_tf_data():
    data = pytest.importorskip("tensorflow").data.Dataset.from_tensor_slices((X, Y)).batch(4)
    model, stopping = make_model(), EarlyStopping(target=100.0)
    model.fit(data, epochs=3, shuffle=False, verbose=0, validation_data=data, callbacks=[stopping])
    assert (stopping.reason, stopping.stopped_epoch, stopping.best_epoch) == ("target_reached", 0, 0)


def test_validation_freq():
    model, stopping = make_model(), EarlyStopping(patience=1)
    with pytest.warns(UserWarning, match="validation_freq"):
        model.fit(X, Y, epochs=4, verbose=0, validation_data=(X, Y), validation_freq=2, callbacks=[stopping])
    assert [value is None for value in stopping.history["val_loss"]] == [True, False, True, False]


def test_several_outputs():
    inputs = keras.Input((2,))
    outputs = {name: keras.layers.Dense(1, name=name)(inputs) for name in ("a", "b")}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"a": "mse", "b": "mse"}, metrics={"b": ["mae"]})
    stopping = EarlyStopping(["val_b_mae", "val_a_loss"], patience=9)
    y = {"a": Y, "b": Y}
    history = model.fit(X, y, epochs=2, verbose=0, validation_data=(X, y), callbacks=[stopping])
    assert stopping.history["val_b_mae"] == history.history["val_b_mae"]
    assert stopping.history["val_a_loss"] == history.history["val_a_loss"]


def test_another_callback_ends_training():
    class Enough(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 2

    model, script, stopping = make_model(), Script(1, 2, 3, 4), EarlyStopping()
    model.fit(X, Y, epochs=4, verbose=0, callbacks=[script, stopping, Enough()])
    assert (stopping.reason, stopping.record["stopped_epoch"], len(script.weights)) == ("completed", None, 3)
    assert_same(model.get_weights(), script.weights[0])


def test_reuse():
    model, stopping = make_model(), EarlyStopping(patience=1)
    first = model.fit(X, Y, epochs=3, verbose=0, callbacks=[Script(1, 2, 3), stopping])
    second = model.fit(X, Y, epochs=3, verbose=0, callbacks=[Script(9, 8, 7), stopping])
    assert (first.early_stopping["best_epoch"], second.early_stopping["best_epoch"]) == (0, 2)


def test_outside_of_the_main_thread():
    model, script, stopping = make_model(), Script(1, 2, 3), EarlyStopping(patience=1)
    fit = threading.Thread(
        target=model.fit, args=(X, Y), kwargs={"epochs": 3, "verbose": 0, "callbacks": [script, stopping]}
    )
    fit.start()
    fit.join()
    assert (stopping.reason, stopping.stopped_epoch) == ("no_improvement", 1)
    assert_same(model.get_weights(), script.weights[0])


def test_restore_after_another_exception():
    class Bomb(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("bang")

    model, script, stopping = make_model(), Script(1, 2, 3), EarlyStopping()
    with pytest.raises(RuntimeError, match="bang"):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[script, stopping, Bomb()])
    assert stopping.reason is None
    assert stopping.restore() == 0
    assert_same(model.get_weights(), script.weights[0])


@pytest.mark.parametrize("averaging", [True, False])
def test_averaged_weights_are_not_lost_silently(averaging, recwarn):
    model = make_model()
    model.compile(keras.optimizers.SGD(0.1, use_ema=averaging), "mse")
    model.fit(X, Y, epochs=1, verbose=0, callbacks=[Script(1), EarlyStopping()])
    assert any("SwapEMAWeights" in str(w.message) for w in recwarn) == averaging


def test_averaged_weights_are_kept_as_the_warning_says():
    model, script, stopping = make_model(), Script(1, 2, 3), EarlyStopping(patience=9)
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer, "mse")
    raw = Script(1, 2, 3)
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    with pytest.warns(UserWarning, match="use_ema"):
        model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[raw, swap, script, stopping])
    assert differ(raw.weights[0], script.weights[0])
    assert_same(model.get_weights(), script.weights[0])
