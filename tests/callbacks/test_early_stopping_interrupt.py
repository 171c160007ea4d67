"""Ctrl-C during a fit that is watched by early stopping."""

import json
import os
import signal

import keras
import numpy as np
import pytest

from keras_regkit.callbacks import _interrupt
from keras_regkit.callbacks.early_stopping import EarlyStopping

# NumPy's complaint about Keras and JAX; `pytest.warns` raises it again in the name of the test, past the usual filters.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.linspace(-1, 1, 32).reshape(16, 2).astype("float32")
Y = X.sum(axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def python_handles_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    # An early stopping that leaves its handler behind fails the test.
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


class Press(keras.callbacks.Callback):
    """Presses Ctrl-C at one hook of one epoch, and counts what still happens after that."""

    def __init__(self, hook, epoch=2, times=1):
        super().__init__()
        self.epoch, self.times = epoch, times
        self.now = None
        self.batches_after = 0
        self.pressed = False
        self.weights = {}
        setattr(self, hook, self.press)

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_epoch_end(self, epoch, logs=None):
        self.weights[epoch] = [np.array(w) for w in self.model.get_weights()]

    def on_train_batch_end(self, batch, logs=None):
        self.batches_after += self.pressed

    def press(self, *args, **kwargs):
        if self.now == self.epoch and not self.pressed:
            self.pressed = True
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)


class Scores(keras.callbacks.Callback):
    """Makes epoch 0 the best."""

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = float(epoch)


def make_model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    return model


def fit(model, *callbacks):
    callbacks = [Scores(), *callbacks]
    return model.fit(X, Y, batch_size=4, epochs=4, verbose=0, validation_data=(X, Y), callbacks=callbacks)


def assert_same(weights, others):
    for weight, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(weight, other)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("hook", ["on_train_batch_begin", "on_test_batch_end", "on_test_end"])
def test_best_weights_and_record_survive(hook, first, tmp_path):
    model, press = make_model(), Press(hook)
    stopping = EarlyStopping(record_path=tmp_path / "record.json", patience=9)
    with pytest.raises(KeyboardInterrupt):
        fit(model, *((press, stopping) if first else (stopping, press)))
    assert press.pressed
    assert press.batches_after <= 1
    assert (stopping.reason, stopping.best_epoch) == ("interrupted", 0)
    assert_same(model.get_weights(), press.weights[0])
    record = json.loads((tmp_path / "record.json").read_text())
    assert (record["reason"], record["weights_epoch"]) == ("interrupted", 0)
    assert model.history.early_stopping["reason"] == "interrupted"
    # In validation the epoch is unfinished; at its end it is finished and counts, and the next one is interrupted.
    finished = hook == "on_test_end"
    assert record["history"]["epoch"] == [0, 1, 2][: 3 if finished else 2]
    assert record["stopped_epoch"] == (3 if finished else 2)


def test_model_is_usable_after_an_interruption():
    model, stopping = make_model(), EarlyStopping(patience=9)
    with pytest.raises(KeyboardInterrupt):
        fit(model, Press("on_train_batch_end"), stopping)
    history = fit(model, stopping)
    assert stopping.reason == "completed"
    assert len(history.history["loss"]) == 4


def test_warm_up_interrupted():
    model, press, stopping = make_model(), Press("on_train_batch_end"), EarlyStopping(start_from_epoch=9)
    with pytest.warns(UserWarning, match="warm-up"), pytest.raises(KeyboardInterrupt):
        fit(model, press, stopping)
    assert stopping.best_epoch == 0
    assert_same(model.get_weights(), press.weights[0])


def test_interrupted_before_anything_could_be_kept():
    model, stopping = make_model(), EarlyStopping()
    with pytest.raises(KeyboardInterrupt):
        fit(model, Press("on_train_batch_end", epoch=0), stopping)
    assert (stopping.reason, stopping.best_epoch) == ("interrupted", None)
    assert stopping.record["weights_epoch"] is None


def test_second_press_raises_at_once():
    stopping, press = EarlyStopping(), Press("on_train_batch_begin", times=2)
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), stopping, press)
    assert stopping.reason is None


def test_press_after_the_last_epoch_is_not_lost():
    model, press = make_model(), Press("on_epoch_end", epoch=3)
    stopping = EarlyStopping(patience=9)
    with pytest.raises(KeyboardInterrupt):
        fit(model, stopping, press)
    assert (stopping.reason, stopping.record["weights_epoch"]) == ("completed", 0)


def test_both_of_two_in_one_fit_are_told():
    first, second = EarlyStopping(patience=9), EarlyStopping("loss", patience=9)
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), first, second, Press("on_train_batch_begin"))
    assert (first.reason, second.reason) == ("interrupted", "interrupted")


def test_fit_within_a_fit():
    inner, outer = EarlyStopping(patience=9), EarlyStopping(patience=9)
    inner_model = make_model()

    class Inner(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            fit(inner_model, inner, *([Press("on_train_batch_begin", epoch=1)] if epoch == 1 else []))

    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), outer, Inner())
    assert (inner.reason, len(inner.history["epoch"])) == ("interrupted", 1)
    assert (outer.reason, len(outer.history["epoch"])) == ("interrupted", 2)


class Bomb(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise RuntimeError("bang")


@pytest.mark.parametrize("gone", [True, False])
def test_handler_left_by_a_fit_that_died_heals_itself(gone):
    model, stopping = make_model(), EarlyStopping()
    with pytest.raises(RuntimeError, match="bang"):
        fit(model, stopping, Bomb())
    assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    if gone:
        del model, stopping
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert not _interrupt._watches


def test_fit_that_died_has_no_say_in_the_next_fit_of_the_model():
    model, dead, stopping = make_model(), EarlyStopping(), EarlyStopping(patience=9)
    with pytest.raises(RuntimeError, match="bang"):
        fit(model, dead, Bomb())
    with pytest.raises(KeyboardInterrupt):
        fit(model, stopping, Press("on_train_batch_end"))
    assert (dead.reason, stopping.reason) == (None, "interrupted")


def test_wrong_monitor_leaves_no_handler():
    with pytest.raises(ValueError, match="`monitor` must be"):
        fit(make_model(), EarlyStopping("accuracy"))


def test_somebody_elses_handler_is_respected():
    pressed = []
    signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    stopping = EarlyStopping(patience=9)
    fit(make_model(), stopping, Press("on_train_batch_end"))
    assert (pressed, stopping.reason) == ([signal.SIGINT], "completed")
    signal.signal(signal.SIGINT, signal.default_int_handler)
