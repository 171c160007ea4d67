"""What every regularizer must do."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_regkit.testing import _models, _saving
from keras_regkit.testing._config import CONFIG_RULES, ConfigCase
from keras_regkit.testing._models import POLICIES, number
from keras_regkit.testing._rules import expect, hold
from keras_regkit.testing.fresh_process import SavedModels

SHAPES = ((4, 3), (3, 3, 2, 4))


def check_regularizer(
    regularizer: keras.regularizers.Regularizer,
    shapes: Sequence[tuple[int, ...]] = SHAPES,
    *,
    arguments: Mapping[str, Any] | None = None,
    zero_strength: keras.regularizers.Regularizer | None = None,
    fresh_process: bool | SavedModels = True,
    exempt: Mapping[str, str] | None = None,
) -> None:
    """Checks that a regularizer does what Keras and its users count on.

    Use it in the tests of every regularizer of your own, once per canonical instance. It looks at the config,
    the value (a finite float32 scalar, never negative, under every dtype policy), its gradient at zero
    weights, training with and without `jit_compile` (not on torch, where that is torch.compile),
    `clone_model` and saving.

    Args:
        regularizer: The regularizer.
        shapes: Shapes of the weights to try: `(inputs, units)` or `(*window, inputs, filters)`. Defaults to a
            Dense and a Conv2D kernel, `((4, 3), (3, 3, 2, 4))`.
        arguments: Dict of the arguments that it was made with. When given, the config must hold exactly
            these. Defaults to
            None: the config must have every argument, whatever its value.
        zero_strength: The same kind of regularizer with its strength at zero: its value must be 0. Defaults
            to None.
        fresh_process: True to load a saved model in a fresh process (takes seconds), False not to, or a
            `SavedModels` that collects the files of many checks. Defaults to True.
        exempt: Dict from the name of a rule that does not fit to the reason. Defaults to None.

    Raises:
        AssertionError: a rule is broken. The message names the rule and what was seen.

    Example:

    >>> check_regularizer(keras.regularizers.L2(0.01), fresh_process=False)
    """
    case: Any = ConfigCase(regularizer, arguments)
    case.shapes, case.zero_strength, case.fresh_process = shapes, zero_strength, fresh_process
    hold(case, REGULARIZER_RULES, exempt)


def value_is_finite_float32(case):
    """The value is a finite float32 scalar, not negative, under every dtype policy, also for large weights."""
    for policy in POLICIES:
        with _models.dtype_policy(policy):
            for weights in _models.kernels(case.shapes, scale=100):
                _expect_value(case.copy()(ops.convert_to_tensor(weights)), f"{weights.shape} under {policy}")


def model_penalty_is_finite_float32(case):
    """In a model under every dtype policy, `model.losses` holds one finite float32 scalar per regularized weight."""
    for policy in POLICIES:
        with _models.dtype_policy(policy):
            model = _models.weighted_model(case.shapes, kernel_regularizer=case.copy())
        model(_models.noise_for(model)[0])
        expect(len(model.losses) == len(case.shapes), f"{len(model.losses)} losses for {len(case.shapes)} weights")
        for shape, value in zip(case.shapes, model.losses, strict=True):
            _expect_value(value, f"{tuple(shape)} under {policy}")


def value_is_deterministic(case):
    """The same weights give the same value."""
    for weights in _models.kernels(case.shapes):
        a, b = number(case.subject(weights)), number(case.subject(weights))
        expect(a == b, f"{a}, then {b} for shape {weights.shape}")


def zero_strength_is_zero(case):
    """At zero strength the value is 0."""
    if case.zero_strength is not None:
        for weights in _models.kernels(case.shapes):
            value = number(case.zero_strength(weights))
            expect(value == 0, f"{value} for shape {weights.shape}")


def fits_from_zero_weights(case):
    """`fit` with `jit_compile=False` takes two steps from weights of zero (where a norm has no gradient), finite."""
    _fit(case, "zeros", jit_compile=False)


def fits_with_jit(case):
    """`fit` with `jit_compile=True` takes two steps, all finite. Not run on torch."""
    if _models.can_jit():
        _fit(case, "glorot_uniform", jit_compile=True)


def clone_is_equal(case):
    """`clone_model` keeps the regularizer: the clone's penalty is the original's."""
    model = _models.weighted_model(case.shapes, kernel_regularizer=case.copy())
    _saving.expect_clone(model, _models.noise_for(model)[0])


def reloads(case):
    """A saved model loads with the same penalty."""
    model = _models.weighted_model(case.shapes, kernel_regularizer=case.copy())
    _saving.expect_reload(model, _models.noise_for(model)[0])


def reloads_in_fresh_process(case):
    """A saved model loads with the same penalty in a process that imported only the regularizer's package."""
    model = _models.weighted_model(case.shapes, kernel_regularizer=case.copy())
    _saving.expect_fresh_reload(case.fresh_process, case.subject, model, _models.noise_for(model)[0])


REGULARIZER_RULES = (
    *CONFIG_RULES,
    value_is_finite_float32,
    model_penalty_is_finite_float32,
    value_is_deterministic,
    zero_strength_is_zero,
    fits_from_zero_weights,
    fits_with_jit,
    clone_is_equal,
    reloads,
    reloads_in_fresh_process,
)


def _expect_value(value, where):
    dtype = keras.backend.standardize_dtype(value.dtype)
    expect(len(value.shape) == 0, f"for {where} a value of shape {tuple(value.shape)}")
    expect(dtype == "float32", f"for {where} a value of dtype {dtype}")
    expect(np.isfinite(number(value)) and number(value) >= 0, f"for {where} the value {number(value)}")


def _fit(case, initializer, jit_compile):
    model = _models.weighted_model(case.shapes, initializer, kernel_regularizer=case.copy())
    _models.fit_two_steps(model, _models.Batches(*_models.noise_for(model), _models.BATCH), jit_compile=jit_compile)
