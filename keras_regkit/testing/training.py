"""What every training method, a model around a model, must do."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from keras_regkit._core.types import Array, Data
from keras_regkit.testing import _models, _saving
from keras_regkit.testing._config import CONFIG_RULES, ConfigCase
from keras_regkit.testing._models import BATCH
from keras_regkit.testing._rules import expect, hold
from keras_regkit.testing.fresh_process import SavedModels


def check_training(
    wrapper: keras.Model,
    x: Data | None = None,
    y: Array | None = None,
    *,
    loss: str | Callable[..., Any] = "mse",
    arguments: Mapping[str, Any] | None = None,
    fresh_process: bool | SavedModels = True,
    exempt: Mapping[str, str] | None = None,
) -> None:
    """Checks that a training method does what Keras and its users count on.

    Use it in the tests of every wrapper model of your own that trains another model, once per canonical instance. It
    looks at the config, at predictions and losses (those of the model within), at compiling, training with and
    without `jit_compile` (not on torch, where that is torch.compile) and in mixed precision, at what is left in the
    model within, and at saving.

    Args:
        wrapper: The wrapper, a `keras.Model` that is made with a model as its first argument, holds it as `.model`, and
            was not compiled. The model within is Sequential or Functional; one with BatchNormalization and dropout
            shows most.
        x: Inputs, an array (or list or dict of arrays) of at least 8 samples. Defaults to normal numbers.
        y: Targets. Defaults to zeros.
        loss: Loss, as for `compile`. Defaults to `"mse"`.
        arguments: Dict of the arguments that it was made with. When given, the config must hold exactly
            these. Defaults to
            None: the config must have every argument, whatever its value.
        fresh_process: True to load a saved model in a fresh process (takes seconds), False not to, or a
            `SavedModels` that collects the files of many checks. Defaults to True.
        exempt: Dict from the name of a rule that does not fit to the reason. Defaults to None.

    Raises:
        AssertionError: a rule is broken. The message names the rule and what was seen.

    Example:

    >>> class Plain(keras.Model):
    ...     def __init__(self, model, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.model = model
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    >>> try:
    ...     check_training(Plain(model))
    ... except AssertionError as error:
    ...     print(str(error).splitlines()[0])
    Plain breaks the rule `config_is_plain`.
    """
    case: Any = ConfigCase(wrapper, arguments)
    case.x = _noise(wrapper.model) if x is None else x
    case.y = np.zeros((2 * BATCH, *wrapper.model.output_shape[1:]), "float32") if y is None else y
    case.loss, case.fresh_process = loss, fresh_process
    hold(case, TRAINING_RULES, exempt)


def passes_inputs_through(case):
    """At inference the wrapper gives the outputs of the model within, and knows their shape."""
    wrapper = case.copy()
    outputs = wrapper(case.x, training=False)
    expect(_models.same(outputs, wrapper.model(case.x, training=False)), "the outputs are others")
    shapes = keras.tree.map_structure(lambda a: (None, *a.shape[1:]), case.x)
    got, expected = (model.compute_output_shape(shapes) for model in (wrapper, wrapper.model))
    expect(got == expected, f"compute_output_shape gives {got}, that of the model within {expected}")


def refuses_unbuilt_model(case):
    """A model that was not built is refused with a ValueError: there is nothing to train."""
    unbuilt = keras.saving.serialize_keras_object(keras.Sequential([keras.layers.Dense(1)]))
    try:
        case.copy(model=unbuilt)
    except ValueError:
        return
    expect(False, "an unbuilt model is accepted")


def takes_over_compilation(case):
    """A compiled model need not be compiled again: the wrapper has its optimizer, the very same, and its loss."""
    model = case.copy().model
    model.compile(keras.optimizers.SGD(1e-3), case.loss)
    wrapper = _wrapped(case, model)
    expect(wrapper.compiled, "the wrapper is not compiled")
    expect(wrapper.optimizer is model.optimizer, "the optimizer is another one")
    _expect_same_loss(case, wrapper)


def fits_without_jit(case):
    """`fit` with `jit_compile=False` takes two steps on a PyDataset (and on TensorFlow a tf.data.Dataset), finite."""
    _models.fit_two_steps(case.copy(), *_models.datasets(*_two_batches(case)), loss=case.loss, jit_compile=False)


def fits_with_jit(case):
    """`fit` with `jit_compile=True` takes two steps, all finite. Not run on torch."""
    if _models.can_jit():
        _models.fit_two_steps(case.copy(), _data(case), loss=case.loss, jit_compile=True)


def fits_in_mixed_precision(case):
    """Around a model in mixed precision, `fit` takes two steps that are finite."""
    for policy in ("mixed_float16", "mixed_bfloat16"):
        under = functools.partial(_under, policy)
        with _models.dtype_policy(policy):
            model = keras.models.clone_model(case.subject.model, clone_function=under)
            wrapper = _wrapped(case, model, dtype=policy)
            _models.fit_two_steps(wrapper, _data(case), loss=case.loss)


def fits_with_accumulation_and_weights(case):
    """`fit` takes sample weights, and an optimizer that accumulates gradients."""
    wrapper = case.copy()
    wrapper.compile(keras.optimizers.SGD(1e-3, gradient_accumulation_steps=2), case.loss)
    x, y = _two_batches(case)
    weights = np.linspace(0, 2, 2 * BATCH).astype("float32")
    before = wrapper.get_weights()
    history = wrapper.fit(x, y, sample_weight=weights, batch_size=BATCH, verbose=0).history
    expect(np.isfinite(history["loss"][0]), f"the loss is {history['loss'][0]}")
    _models.expect_finite(wrapper.get_weights(), "a weight")
    expect(not _models.same(before, wrapper.get_weights(), 0), "no weight has changed")


def moves_averages_once(case):
    """In a step the moving averages of the model within move once, as in a plain step."""
    wrapper = case.copy()
    plain = type(wrapper.model).from_config(wrapper.model.get_config())
    plain.set_weights(wrapper.model.get_weights())
    x, y = keras.tree.map_structure(lambda a: a[:BATCH], (case.x, case.y))
    for model in (wrapper, plain):
        model.compile(keras.optimizers.SGD(1e-3), case.loss)
        model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)
    for expected, got in zip(plain.non_trainable_weights, wrapper.model.non_trainable_weights, strict=True):
        expect(_models.same(expected.value, got.value, 1e-4), f"{expected.path} is not what a plain step leaves")


def leaves_the_model_ready(case):
    """After `fit`, the model within evaluates as the wrapper does, and can be trained on with the same optimizer."""
    wrapper = case.copy()
    wrapper.compile(keras.optimizers.SGD(1e-3), case.loss)
    x, y = _two_batches(case)
    wrapper.fit(x, y, batch_size=BATCH, verbose=0)
    expect(wrapper.model.compiled, "the model within is not compiled")
    expect(wrapper.model.optimizer is wrapper.optimizer, "the optimizer of the model within is another one")
    _expect_same_loss(case, wrapper)
    wrapper.model.fit(x, y, batch_size=BATCH, verbose=0)


def clones(case):
    """`clone_model` gives a wrapper of new layers that computes the same."""
    wrapper = case.copy()
    wrapper(case.x)
    _saving.expect_clone(wrapper, case.x)


def reloads_in_fresh_process(case):
    """A saved compiled wrapper evaluates to the same loss in a process that imported only the method's package."""
    wrapper = case.copy()
    wrapper.compile(keras.optimizers.SGD(1e-3), case.loss)
    y = case.y if isinstance(case.y, np.ndarray) else None
    _saving.expect_fresh_reload(case.fresh_process, case.subject, wrapper, case.x, y)


TRAINING_RULES = (
    *CONFIG_RULES,
    passes_inputs_through,
    refuses_unbuilt_model,
    takes_over_compilation,
    fits_without_jit,
    fits_with_jit,
    fits_in_mixed_precision,
    fits_with_accumulation_and_weights,
    moves_averages_once,
    leaves_the_model_ready,
    clones,
    reloads_in_fresh_process,
)


def _noise(model):
    random = np.random.default_rng(0)
    arrays = [random.normal(size=(2 * BATCH, *tensor.shape[1:])).astype("float32") for tensor in model.inputs]
    return arrays if len(arrays) > 1 else arrays[0]


def _wrapped(case, model, **changes):
    """Returns a wrapper like the subject around this very model."""
    config = {**case.subject.get_config(), **changes}
    arguments = {key: value for key, value in config.items() if key != "model"}
    return type(case.subject)(model, **arguments)


def _under(policy, layer):
    config = layer.get_config()
    # A layer that was told its dtype keeps it.
    return type(layer).from_config({**config, "dtype": policy} if layer.dtype_policy.name == "float32" else config)


def _two_batches(case):
    return keras.tree.map_structure(lambda a: a[: 2 * BATCH], (case.x, case.y))


def _data(case):
    return next(iter(_models.datasets(*_two_batches(case))))


def _expect_same_loss(case, wrapper):
    got = wrapper.evaluate(case.x, case.y, verbose=0, return_dict=True)["loss"]
    expected = wrapper.model.evaluate(case.x, case.y, verbose=0, return_dict=True)["loss"]
    expect(np.isclose(got, expected, rtol=1e-4, atol=1e-6), f"it evaluates to {got}, the model within to {expected}")
