"""What every optimizer must do."""

import json
import pathlib
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from keras_regkit.testing import _models, _saving
from keras_regkit.testing._config import ConfigCase, config_is_plain, config_keeps_arguments, config_round_trip
from keras_regkit.testing._models import BATCH
from keras_regkit.testing._rules import expect, hold
from keras_regkit.testing.fresh_process import SavedModels


def check_optimizer(
    optimizer: keras.optimizers.Optimizer,
    *,
    arguments: Mapping[str, Any] | None = None,
    make_model: Callable[[], keras.Model] | None = None,
    fresh_process: bool | SavedModels = True,
    exempt: Mapping[str, str] | None = None,
) -> None:
    """Checks that an optimizer does what Keras and its users count on.

    Use it in the tests of every optimizer of your own, once per canonical instance. It looks at the config, training
    with and without `jit_compile` (not on torch, where that is torch.compile), in mixed precision, with accumulated
    gradients and with a learning-rate schedule, copies, and models that are saved in the middle of training.

    Args:
        optimizer: The optimizer, which has taken no step.
        arguments: Dict of the arguments that it was made with. When given, the config must hold exactly these.
            Defaults to None: the config must have every argument, whatever its value.
        make_model: Function without arguments that returns a new model, built, not compiled, with one input and one
            output. Defaults to None: two Dense layers, `"hidden"` and `"outputs"`, the first with an L1 penalty.
        fresh_process: True to load a saved model in a fresh process (takes seconds), False not to, or a
            `SavedModels` that collects the files of many checks. Defaults to True.
        exempt: Dict from the name of a rule that does not fit to the reason. Defaults to None.

    Raises:
        AssertionError: a rule is broken. The message names the rule and what was seen.

    Example:

    >>> check_optimizer(keras.optimizers.Lion(0.5), fresh_process=False)
    """
    case: Any = OptimizerCase(optimizer, arguments)
    case.make_model, case.fresh_process = make_model or _default_model, fresh_process
    hold(case, OPTIMIZER_RULES, exempt)


class OptimizerCase(ConfigCase):
    """An optimizer, and the model that it is tried on."""

    def model(self, optimizer=None, policy="float32", jit_compile=False):
        """Returns a new compiled model, always with the same weights."""
        with _models.dtype_policy(policy):
            model = self.make_model()
            random = np.random.default_rng(0)
            model.set_weights([random.normal(size=w.shape).astype(w.dtype) for w in model.get_weights()])
            model.compile(self.copy() if optimizer is None else optimizer, "mse", jit_compile=jit_compile)
        return model

    def fit(self, model, epochs=1):
        """Takes two steps an epoch; the loss, the weights and the optimizer's variables must stay finite."""
        x, y = self.data(model)
        before = model.get_weights()
        history = model.fit(x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0)
        expect(np.isfinite(history.history["loss"]).all(), f"the losses are {history.history['loss']}")
        _models.expect_finite(model.get_weights(), "a weight after two steps")
        _models.expect_finite([v.value for v in model.optimizer.variables], "a variable of the optimizer")
        moved = any(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
        expect(moved, "no weight has moved")
        return model

    def plain(self):
        """A model after two steps, or more: the weights after two are `plain_weights()`."""
        if self._plain is None:
            self._plain = self.fit(self.model())
            self._plain_weights = self._plain.get_weights()
        return self._plain

    def plain_weights(self):
        """The weights after two steps, as all ways of training must reach them."""
        self.plain()
        return self._plain_weights

    _plain = None

    def data(self, model):
        x, y = _models.noise_for(model)
        return x, y + 1


def deserializes(case):
    """`keras.saving.serialize_keras_object` and back, through JSON, gives an optimizer of the same class and config."""
    record = json.loads(json.dumps(keras.saving.serialize_keras_object(case.subject)))
    again = keras.saving.deserialize_keras_object(record)
    expect(type(again) is type(case.subject), f"it came back as {type(again).__name__}; is the class registered?")
    before, after = case.subject.get_config(), again.get_config()
    expect(json.dumps(before) == json.dumps(after), f"before: {before}\nafter: {after}")


def fits_without_jit(case):
    """`fit` with `jit_compile=False` takes two steps on arrays that move weights, all finite."""
    case.plain_weights()


def fits_with_jit(case):
    """`fit` with `jit_compile=True` takes two steps that move weights, all finite. Not run on torch."""
    if _models.can_jit():
        case.jitted = case.fit(case.model(jit_compile=True))


def jit_changes_nothing(case):
    """The steps with `jit_compile=True` are those without. Not for optimizers that draw random numbers."""
    if _models.can_jit():
        _expect_same_weights(case.plain_weights(), case.jitted, "with jit", 1e-4)


def fits_in_mixed_precision(case):
    """`fit` under mixed_float16, within a LossScaleOptimizer, takes two steps near those in float32."""
    mixed = case.fit(case.model(policy="mixed_float16"))
    expect(isinstance(mixed.optimizer, keras.optimizers.LossScaleOptimizer), "the loss is not scaled")
    _expect_same_weights(case.plain_weights(), mixed, "in mixed precision", 0.1)


def accumulates_gradients(case):
    """With `gradient_accumulation_steps=2`, two half batches move the weights as one whole batch does."""
    whole, halves = case.model(), case.model(case.copy(gradient_accumulation_steps=2))
    x, y = case.data(whole)
    whole.fit(x, y, batch_size=2 * BATCH, epochs=2, shuffle=False, verbose=0)
    halves.fit(x, y, batch_size=BATCH, epochs=2, shuffle=False, verbose=0)
    _expect_same_weights(whole.get_weights(), halves, "with accumulated gradients", 1e-4)


def takes_a_schedule(case):
    """A learning-rate schedule that is constant takes the steps that the number takes, and comes back from a config."""
    rate = case.subject.get_config()["learning_rate"]
    if isinstance(rate, float):
        schedule = keras.optimizers.schedules.ExponentialDecay(rate, 10, 1.0)
        scheduled = case.copy(learning_rate=schedule)
        again = type(scheduled).from_config(scheduled.get_config())
        _expect_same_weights(case.plain_weights(), case.fit(case.model(again)), "with a schedule", 1e-5)


def a_copy_takes_the_same_steps(case):
    """The optimizer and one from its config take the same steps."""
    first = case.fit(case.model(case.subject))
    _expect_same_weights(case.plain_weights(), first, "with the original", 1e-6)


def goes_on_after_reload(case):
    """A model that is saved in the middle of training, and loaded, goes on as the one that was not saved."""
    model = case.plain()
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "model.keras"
        model.save(file)
        loaded = keras.saving.load_model(file)
    expect(type(loaded.optimizer) is type(model.optimizer), f"the optimizer became {type(loaded.optimizer).__name__}")
    _expect_same_weights(case.fit(model, epochs=3).get_weights(), case.fit(loaded, epochs=3), "after loading", 1e-6)


def reloads_in_fresh_process(case):
    """A model saved in the middle of training loads, compiled, in a process that imported only the class's package."""
    model = case.plain()
    _saving.expect_fresh_reload(case.fresh_process, case.subject, model, *case.data(model))


OPTIMIZER_RULES = (
    config_is_plain,
    config_keeps_arguments,
    config_round_trip,
    deserializes,
    fits_without_jit,
    fits_with_jit,
    jit_changes_nothing,
    fits_in_mixed_precision,
    accumulates_gradients,
    takes_a_schedule,
    a_copy_takes_the_same_steps,
    goes_on_after_reload,
    reloads_in_fresh_process,
)


def _default_model():
    penalty = keras.regularizers.L1(0.01)
    inputs = keras.Input((4,))
    x = keras.layers.Dense(3, activation="tanh", kernel_regularizer=penalty, name="hidden")(inputs)
    # The outputs are float32 under every policy, as Keras advises.
    return keras.Model(inputs, keras.layers.Dense(2, name="outputs", dtype="float32")(x))


def _expect_same_weights(expected, got, when, tolerance):
    for a, b in zip(expected, got.get_weights(), strict=True):
        far = np.abs(a - b).max() / max(np.abs(a).max(), 1e-3)
        expect(far <= tolerance, f"{when} a weight is {far:.2g} of its size off: {b.ravel()[:4]}, not {a.ravel()[:4]}")
