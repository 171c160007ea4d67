"""Proximal steps: penalties that bring weights to exactly zero."""

import warnings
from typing import Any

import keras
from keras import ops

from keras_regkit._core.backend import gradient_at, replicas_in_sync
from keras_regkit._core.prox import has_prox, prox_in_metric, takes_step_per_weight, without_strengths
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.optimizers._mixin import Mixin, optimizer_in
from keras_regkit.optimizers._moving import MovingStrengths
from keras_regkit.optimizers._step_sizes import ONE_STEP_FOR_ALL, STEP_SIZES, step_sizes


@keras.saving.register_keras_serializable("keras_regkit")
class Proximal(Mixin):
    """Takes penalties by a proximal step instead of by their gradient, so that weights become exactly zero.

    Put it before an optimizer of Keras, or use a ready class: `ProximalSGD`, `ProximalAdam`, `ProximalAdamW`,
    `ProximalRMSprop`, `ProximalAdagrad`. With a plain optimizer L1 and group lasso bring weights near zero and no
    further, and with Adam their gradient is rescaled with the others.

        w ← prox_R(w − steps · ∇loss),   prox_R(x) = argmin_u ½ Σ_i (u_i − x_i)² / steps_i + R(u)

    It acts on every weight whose `regularizer` has a proximal operator: L1, L2 and L1L2 of Keras, `GroupLasso`,
    `SparseGroupLasso`, `MCP`, `SCAD`, `L2SP` and `WeightedL2`, or one of your own with `prox(x, step)`; also in
    `Scheduled`. Nothing is to be set but the `kernel_regularizer` itself. The penalty stays in the loss that `fit`
    shows. Its gradient is taken out before anything else sees the gradients: clipping, moments and other mixins work
    with the gradient of the data. Penalties without such an operator, such as `Hoyer`, act by their gradient as ever.

    The steps are the optimizer's own: the learning rate for SGD (over 1 − momentum), one for each weight for Adam and
    its kin. For penalties on groups these unequal steps are taken into account (by a few Newton steps for the norm of
    each group): to use one step for all weights of a group would move the solution. A point stays where it is if and
    only if loss and penalty balance there, whatever the steps.

    Zeros are there when a training step ends. `use_ema` averages them away. The gradient is that of the penalties as
    `fit` adds them to the loss: a training loop of your own must add `model.losses` too.

    On steps that a `LossScaleOptimizer` leaves out a schedule within `Scheduled` moves on, and here it does not.

    Args:
        args, kwargs: As for the optimizer of Keras.

    Raises:
        ValueError: the optimizer's steps have no known length (Lion, Muon, Adafactor); when built, a penalty on groups
            does not know how to take a step for each weight.

    Reference:
        Parikh & Boyd 2014, "Proximal Algorithms", section 4.2; for adaptive optimizers: Yun, Lozano & Yang 2021,
        "Adaptive Proximal Gradient Methods for Structured Neural Networks", algorithm 1.

    Example:

    >>> class ProximalNadam(Proximal, keras.optimizers.Nadam):
    ...     pass
    >>> x, y = np.eye(4, dtype="float32"), np.array([[1.0], [0.1], [0.0], [-2.0]], "float32")
    >>> dense = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L1(0.1))
    >>> model = keras.Sequential([keras.Input((4,)), dense])
    >>> model.compile(ProximalNadam(0.1), "mse")
    >>> history = model.fit(np.tile(x, (200, 1)), np.tile(y, (200, 1)), batch_size=4, shuffle=False, verbose=0)
    >>> (model.get_weights()[0][:, 0] == 0).tolist()
    [False, True, True, False]
    """

    RANK = 60

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.check_base(type(self))

    @classmethod
    def check_base(cls, base):
        stepping = optimizer_in(base.__mro__)
        if stepping not in STEP_SIZES:
            known = sorted(known.__name__ for known in STEP_SIZES)
            raise ValueError(
                f"Proximal needs an optimizer whose step has a known length for each weight: {known}, or a subclass "
                f"that steps as they do. Received: {getattr(stepping, '__name__', base.__name__)}"
            )

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._check_penalties(variables)
        # JAX shows an optimizer its own variables only: what moves is kept among them.
        self._moving = MovingStrengths(variables, self)

    def apply(self, grads, trainable_variables=None):
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        if not self.built:
            with keras.name_scope(self.name):
                self.build(variables)
        grads = [self._without_penalty(g, v) for g, v in zip(grads, variables, strict=True)]
        super().apply(grads, trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate)
        regularizer = self.keras_variable(variable).regularizer
        if not has_prox(regularizer):
            return
        inner, strengths = without_strengths(regularizer)
        steps = step_sizes(optimizer_in(type(self).__mro__), self, variable, learning_rate)
        steps = steps * ops.cast(self._moving.product(strengths), steps.dtype)
        self.assign(variable, prox_in_metric(inner, ops.convert_to_tensor(variable), steps))

    def _without_penalty(self, gradient, variable):
        regularizer = getattr(variable, "regularizer", None)
        if gradient is None or not has_prox(regularizer):
            return gradient
        inner, strengths = without_strengths(regularizer)
        scale = self._moving.product(strengths) * (self.loss_scale_factor or 1.0) / replicas_in_sync()
        penalty = gradient_at(inner, ops.convert_to_tensor(variable))
        gradient = ops.convert_to_tensor(gradient)
        return gradient - ops.cast(penalty * ops.cast(scale, penalty.dtype), gradient.dtype)

    def _check_penalties(self, variables):
        found = [variable for variable in variables if has_prox(variable.regularizer)]
        if not found:
            warnings.warn(
                f"{type(self).__name__} found no penalty to take a proximal step for: it acts as the plain optimizer. "
                "Set one on the layers, such as kernel_regularizer=keras.regularizers.L1(1e-4)",
                NoEffectWarning,
                stacklevel=2,
            )
        if optimizer_in(type(self).__mro__) in ONE_STEP_FOR_ALL:
            return
        for variable in found:
            if not takes_step_per_weight(variable.regularizer):
                raise ValueError(
                    f"The regularizer of {variable.path!r} shrinks groups, and {type(self).__name__} has a step for "
                    "each weight. Give the regularizer a method `weighted_prox(x, steps)`, or use ProximalSGD. "
                    f"Received: {variable.regularizer!r}"
                )
