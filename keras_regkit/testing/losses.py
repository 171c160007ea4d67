"""What every loss must do."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_regkit._core.types import Array
from keras_regkit.testing import _models, _saving
from keras_regkit.testing._config import CONFIG_RULES, ConfigCase
from keras_regkit.testing._models import BATCH, POLICIES, number
from keras_regkit.testing._rules import expect, hold
from keras_regkit.testing.fresh_process import SavedModels


def check_loss(
    loss: keras.losses.Loss,
    y_true: Array,
    y_pred: Array,
    *,
    arguments: Mapping[str, Any] | None = None,
    fresh_process: bool | SavedModels = True,
    exempt: Mapping[str, str] | None = None,
) -> None:
    """Checks that a loss does what Keras and its users count on.

    Use it in the tests of every loss of your own, once per canonical instance and kind of label. It looks at
    the config, the value (a finite float32 scalar under every dtype policy), sample weights, training with
    and without `jit_compile` (not on torch, where that is torch.compile), datasets and saving.

    Args:
        loss: The loss, a `keras.losses.Loss` whose reduction is a mean over the batch.
        y_true: Labels, an array of at least 8 samples.
        y_pred: Predictions that are legal for this loss, a float array of as many samples, `(samples, ...,
            outputs)`.
        arguments: Dict of the arguments that it was made with. When given, the config must hold exactly
            these. Defaults to
            None: the config must have every argument, whatever its value.
        fresh_process: True to load a saved model in a fresh process (takes seconds), False not to, or a
            `SavedModels` that collects the files of many checks. Defaults to True.
        exempt: Dict from the name of a rule that does not fit to the reason. Defaults to None.

    Raises:
        AssertionError: a rule is broken. The message names the rule and what was seen.

    Example:

    >>> y_true, y_pred = np.zeros((8, 1), "float32"), np.full((8, 1), 0.5, "float32")
    >>> check_loss(keras.losses.MeanSquaredError(), y_true, y_pred, fresh_process=False)
    """
    case: Any = ConfigCase(loss, arguments)
    case.y_true, case.y_pred, case.fresh_process = np.asarray(y_true), np.asarray(y_pred, "float32"), fresh_process
    hold(case, LOSS_RULES, exempt)


def value_is_finite_float32(case):
    """The value is a finite float32 scalar under every dtype policy, for predictions of its compute dtype."""
    for policy in POLICIES:
        with _models.dtype_policy(policy):
            predictions = ops.cast(case.y_pred, keras.config.dtype_policy().compute_dtype)
            value = case.copy()(case.y_true, predictions)
        dtype = keras.backend.standardize_dtype(value.dtype)
        expect(len(value.shape) == 0, f"under {policy} a value of shape {tuple(value.shape)}")
        expect(dtype == "float32", f"under {policy} a value of dtype {dtype}")
        expect(np.isfinite(number(value)), f"under {policy} the value {number(value)}")


def value_is_the_mean_of_samples(case):
    """With `reduction="none"` there is one value per sample (or more), and their mean is the reduced value."""
    samples = _per_sample(case)
    expect(samples.shape[:1] == case.y_pred.shape[:1], f"{len(case.y_pred)} samples, values of shape {samples.shape}")
    value = number(case.subject(case.y_true, case.y_pred))
    expect(np.isclose(value, samples.mean(), rtol=1e-4), f"{value} is not the mean {samples.mean()}")


def weights_are_respected(case):
    """A sample counts as much as its weight says; samples of weight 0 do not count."""
    weights = (np.arange(len(case.y_pred)) % 3).astype("float32")
    samples = _per_sample(case)
    expected = (samples * weights.reshape(-1, *[1] * (samples.ndim - 1))).mean()
    got = number(case.subject(case.y_true, case.y_pred, sample_weight=weights))
    expect(np.isclose(got, expected, rtol=1e-4, atol=1e-6), f"{got} with weights 0, 1, 2, not {expected}")


def fits_without_jit(case):
    """`fit` with `jit_compile=False` takes two steps on a PyDataset (and on TensorFlow a tf.data.Dataset), finite."""
    _fit(case, jit_compile=False)


def fits_with_jit(case):
    """`fit` with `jit_compile=True` takes two steps, all finite. Not run on torch."""
    if _models.can_jit():
        _fit(case, jit_compile=True)


def reloads_in_fresh_process(case):
    """A saved compiled model evaluates to the same loss in a process that imported only the loss's package."""
    model = _model(case)
    model.compile("sgd", case.copy())
    _saving.expect_fresh_reload(case.fresh_process, case.subject, model, case.y_pred, case.y_true)


LOSS_RULES = (
    *CONFIG_RULES,
    value_is_finite_float32,
    value_is_the_mean_of_samples,
    weights_are_respected,
    fits_without_jit,
    fits_with_jit,
    reloads_in_fresh_process,
)


def _per_sample(case):
    loss = case.copy()
    loss.reduction = "none"
    return _models.to_numpy(loss(case.y_true, case.y_pred))[0]


def _model(case):
    """Returns a model that predicts its inputs, so that legal predictions stay legal."""
    inputs = keras.Input(case.y_pred.shape[1:])
    outputs = keras.layers.Dense(case.y_pred.shape[-1], use_bias=False, kernel_initializer="identity")(inputs)
    return keras.Model(inputs, outputs)


def _fit(case, jit_compile):
    data = list(_models.datasets(case.y_pred[: 2 * BATCH], case.y_true[: 2 * BATCH]))
    data = data[:1] if jit_compile else data  # each kind may be compiled anew
    _models.fit_two_steps(_model(case), *data, loss=case.copy(), jit_compile=jit_compile)
