"""What every weight constraint must do."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from keras_regkit.testing import _models, _saving
from keras_regkit.testing._config import CONFIG_RULES, ConfigCase
from keras_regkit.testing._models import same
from keras_regkit.testing._rules import expect, hold
from keras_regkit.testing.fresh_process import SavedModels
from keras_regkit.testing.regularizers import SHAPES


def check_constraint(
    constraint: keras.constraints.Constraint,
    shapes: Sequence[tuple[int, ...]] = SHAPES,
    *,
    arguments: Mapping[str, Any] | None = None,
    fresh_process: bool | SavedModels = True,
    exempt: Mapping[str, str] | None = None,
) -> None:
    """Checks that a weight constraint does what Keras and its users count on.

    Use it in the tests of every constraint of your own, once per canonical instance. It looks at the config,
    the constrained weights (shape and dtype kept, finite, unchanged when constrained again), training with
    and without `jit_compile` (not on torch, where that is torch.compile), `clone_model` and saving.

    Args:
        constraint: The constraint.
        shapes: Shapes of the weights to try: `(inputs, units)` or `(*window, inputs, filters)`. Defaults to a
            Dense and a Conv2D kernel, `((4, 3), (3, 3, 2, 4))`.
        arguments: Dict of the arguments that it was made with. When given, the config must hold exactly
            these. Defaults to
            None: the config must have every argument, whatever its value.
        fresh_process: True to load a saved model in a fresh process (takes seconds), False not to, or a
            `SavedModels` that collects the files of many checks. Defaults to True.
        exempt: Dict from the name of a rule that does not fit to the reason. Defaults to None.

    Raises:
        AssertionError: a rule is broken. The message names the rule and what was seen.

    Example:

    >>> check_constraint(keras.constraints.MaxNorm(2.0), fresh_process=False)
    """
    case: Any = ConfigCase(constraint, arguments)
    case.shapes, case.fresh_process = shapes, fresh_process
    hold(case, CONSTRAINT_RULES, exempt)


def shape_and_dtype_are_kept(case):
    """The constrained weights have the shape and the dtype that they came with."""
    for weights in _models.kernels(case.shapes):
        for dtype in ("float32", "float16", "bfloat16"):
            result = case.subject(ops.cast(weights, dtype))
            got = keras.backend.standardize_dtype(result.dtype)
            expect(tuple(result.shape) == weights.shape, f"shape {weights.shape} became {tuple(result.shape)}")
            expect(got == dtype, f"{dtype} became {got}")


def weights_are_finite(case):
    """Small, large and zero weights all come out finite."""
    for scale in (0.0, 1e-8, 1.0, 1e8):
        for weights in _models.kernels(case.shapes, scale):
            _models.expect_finite(case.subject(weights), f"with weights of size {scale:g} the result")


def constraint_is_idempotent(case):
    """Weights that meet the constraint stay as they are."""
    for weights in _models.kernels(case.shapes, scale=10.0):
        once = case.subject(weights)
        expect(same(case.subject(once), once, 1e-4), f"constraining twice changed weights of shape {weights.shape}")


def fits_without_jit(case):
    """After two steps of `fit` with `jit_compile=False` the weights meet the constraint."""
    _fit(case, jit_compile=False)


def fits_with_jit(case):
    """After two steps of `fit` with `jit_compile=True` the weights meet the constraint. Not run on torch."""
    if _models.can_jit():
        _fit(case, jit_compile=True)


def clone_is_equal(case):
    """`clone_model` keeps the constraint."""
    model = _models.weighted_model(case.shapes, kernel_constraint=case.copy())
    _saving.expect_clone(model, _models.noise_for(model)[0])
    _expect_constraint(case, keras.models.clone_model(model))


def reloads(case):
    """A saved model loads and computes the same."""
    model = _models.weighted_model(case.shapes, kernel_constraint=case.copy())
    _saving.expect_reload(model, _models.noise_for(model)[0])


def reloads_in_fresh_process(case):
    """A saved model loads in a process that imported only the constraint's package."""
    model = _models.weighted_model(case.shapes, kernel_constraint=case.copy())
    _saving.expect_fresh_reload(case.fresh_process, case.subject, model, _models.noise_for(model)[0])


CONSTRAINT_RULES = (
    *CONFIG_RULES,
    shape_and_dtype_are_kept,
    weights_are_finite,
    constraint_is_idempotent,
    fits_without_jit,
    fits_with_jit,
    clone_is_equal,
    reloads,
    reloads_in_fresh_process,
)


def _fit(case, jit_compile):
    model = _models.weighted_model(case.shapes, kernel_constraint=case.copy())
    for layer in _constrained(model):
        layer.kernel.assign(10 * layer.kernel)  # far outside, so that the constraint has work to do
    _models.fit_two_steps(model, _models.Batches(*_models.noise_for(model), _models.BATCH), jit_compile=jit_compile)
    for layer in _constrained(model):
        weights = layer.get_weights()[0]
        expect(same(case.subject(weights), weights, 1e-4), f"weights of shape {weights.shape} do not meet it after fit")


def _expect_constraint(case, model):
    kinds = {type(layer.kernel_constraint) for layer in _constrained(model)}
    expect(kinds == {type(case.subject)}, f"the clone's constraints are {kinds}")


def _constrained(model):
    return [layer for layer in model.layers if hasattr(layer, "kernel_constraint")]
