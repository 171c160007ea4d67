"""What every callback must do."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from keras_regkit._core.types import Array
from keras_regkit.testing import _models
from keras_regkit.testing._rules import expect, hold

EPOCHS = 3


def check_callback(
    callback: keras.callbacks.Callback | Callable[[], keras.callbacks.Callback],
    fit_kwargs: Mapping[str, Any] | None = None,
    *,
    data: tuple[Array, Array] | None = None,
    make_model: Callable[[], keras.Model] | None = None,
    exempt: Mapping[str, str] | None = None,
) -> None:
    """Checks that a callback works wherever `fit` does, and leaves the rest of training alone.

    Use it in the tests of every callback of your own, once per canonical instance. It fits small models on
    arrays and datasets, with validation, again with the same instance, and with and without `jit_compile`
    (not on torch, where that is torch.compile).

    Args:
        callback: A callback, used for all runs, or a function without arguments that returns a new one for
            each rule.
        fit_kwargs: Dict of further arguments of `fit`, legal for arrays and datasets alike. Defaults to 3
            epochs.
        data: Tuple `(x, y)` of float arrays to fit and validate on, each `(samples, features)`. Defaults to
            16 normal samples of 4 features, and their sum.
        make_model: Function without arguments that returns a new model for these data, built and not compiled. Defaults
            to None: a Dense layer with an L2 penalty, and Dropout.
        exempt: Dict from the name of a rule that does not fit to the reason. Defaults to None.

    Raises:
        AssertionError: a rule is broken. The message names the rule and what was seen.
        TypeError: `callback` is neither a callback nor a function.

    Example:

    >>> check_callback(keras.callbacks.EarlyStopping(patience=1))
    """
    if not isinstance(callback, keras.callbacks.Callback) and not callable(callback):
        raise TypeError(
            "`callback` must be a keras.callbacks.Callback, or a function that returns one. "
            f"Received: {callback!r} of type {type(callback).__name__}"
        )
    hold(CallbackCase(callback, fit_kwargs, data, make_model), CALLBACK_RULES, exempt)


class CallbackCase:
    """A callback, or how to make one, and what it is tried on."""

    def __init__(self, callback, fit_kwargs, data, make_model):
        is_instance = isinstance(callback, keras.callbacks.Callback)
        self.make = (lambda: callback) if is_instance else callback
        self.subject = self.make()
        self.fit_kwargs = fit_kwargs or {}
        if data is None:
            x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
            data = x, x.sum(axis=1, keepdims=True)
        self.x, self.y = data
        self.make_model = make_model or self._default_model

    def _default_model(self):
        inputs = keras.Input(self.x.shape[1:])
        x = keras.layers.Dense(self.y.shape[-1], kernel_regularizer="l2")(inputs)
        return keras.Model(inputs, keras.layers.Dropout(0.1)(x))

    def model(self, jit_compile=False):
        model = self.make_model()
        model.compile(keras.optimizers.SGD(1e-2), "mse", metrics=["mae"], jit_compile=jit_compile)
        return model

    def fit(self, model, callback, data=None):
        """Fits and expects a History that is whole and a model that still works."""
        kwargs = {"epochs": EPOCHS, "verbose": 0, **self.fit_kwargs}
        if data is None:
            history = model.fit(
                self.x, self.y, batch_size=8, validation_data=(self.x, self.y), callbacks=[callback], **kwargs
            )
        else:
            history = model.fit(data, validation_data=data, callbacks=[callback], **{"shuffle": False, **kwargs})
        _expect_whole(history, kwargs["epochs"])
        expect(model.history is history, "model.history is not the History that fit returned")
        _models.expect_finite(model(self.x, training=False), "a prediction after fit")


def fits_arrays(case):
    """`fit` on arrays with validation gives a whole History (every epoch, losses and metrics) and a usable model."""
    case.fit(case.model(), case.make())


def fits_again_with_the_same_instance(case):
    """The same instance works in a second `fit` of the same model, and in a `fit` of another model."""
    callback, model = case.make(), case.model()
    for each in (model, model, case.model()):
        case.fit(each, callback)


def fits_from_a_dataset(case):
    """`fit` on a PyDataset (and a tf.data.Dataset on TensorFlow) gives a whole History and a usable model."""
    model = case.model()
    for data in _models.datasets(case.x, case.y):
        case.fit(model, case.make(), data)


def fits_with_jit(case):
    """`fit` with `jit_compile=True` gives a whole History and a usable model. Not run on torch."""
    if _models.can_jit():
        case.fit(case.model(jit_compile=True), case.make())


CALLBACK_RULES = (fits_arrays, fits_again_with_the_same_instance, fits_from_a_dataset, fits_with_jit)


def _expect_whole(history, epochs):
    logs = history.history
    missing = {"loss", "mae", "val_loss", "val_mae"} - set(logs)
    expect(not missing, f"missing from History: {sorted(missing)}; it has {sorted(logs)}")
    ran = len(history.epoch)
    expect(1 <= ran <= epochs, f"{ran} epochs in History, {epochs} were asked for")
    for name, values in logs.items():
        expect(len(values) <= ran, f"{len(values)} entries of {name} in {ran} epochs")
        if name in ("loss", "mae", "val_loss", "val_mae"):
            expect(len(values) == ran, f"{len(values)} entries of {name} in {ran} epochs")
            expect(all(np.isfinite(float(value)) for value in values), f"{name} became {values}")
        numbers = all(np.ndim(value) == 0 and np.isreal(value) for value in values)
        expect(numbers, f"{name} holds something else than numbers: {values}")
