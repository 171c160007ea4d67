"""Gradients without their mean."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import check_arguments
from keras_regkit.optimizers._mixin import Mixin
from keras_regkit.optimizers._paths import Patterns, fits_any
from keras_regkit.optimizers._units import is_embedding, unit_axes


def centralize(gradient, axes):
    """g − mean(g) for each unit, whose weights lie along `axes`."""
    return gradient - ops.mean(gradient, axis=axes, keepdims=True)


@keras.saving.register_keras_serializable("keras_regkit")
class GradientCentralization(Mixin):
    """Takes the mean off the gradient of each unit's weights.

    Put it before an optimizer of Keras, or use a ready class: `GradientCentralizationSGD`. Use it for convolutional
    networks: it costs next to nothing. The mean of each unit's weights then stays where it began, which makes the
    output less dependent on a common offset of the inputs.

        g_i ← g_i − mean(g_i)   for each unit i of a kernel

    A unit is what leads to one entry of the last axis of a kernel. Vectors, and tables of embeddings, are left alone.
    (For the kernels of depthwise and transposed convolutions, whose outputs lie elsewhere, name them in
    `centralize_exclude`.)

    Args:
        args, kwargs: As for the optimizer of Keras.
        centralize_exclude: List of regular expressions that fit the end of a weight's path, from the beginning of a
            name. Those weights are left alone too. Defaults to None.

    Raises:
        TypeError, ValueError: the patterns are no list of regular expressions.

    Reference:
        Yong et al. 2020, "Gradient Centralization: A New Optimization Technique for Deep Neural Networks", eq. 1.

    Example:

    >>> gradient = ops.array([[1.0, 2.0], [3.0, 2.0]])
    >>> ops.convert_to_numpy(centralize(gradient, axes=(0,))).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """

    RANK = 40
    RANGES = {"centralize_exclude": Patterns(optional=True)}  # noqa: RUF012

    def __init__(self, *args: Any, centralize_exclude: Sequence[str] | None = None, **kwargs: Any):
        check_arguments(GradientCentralization.RANGES, centralize_exclude=centralize_exclude)
        super().__init__(*args, **kwargs)
        self.centralize_exclude = centralize_exclude

    def update_step(self, gradient, variable, learning_rate):
        own = self.keras_variable(variable)
        if len(own.shape) > 1 and not is_embedding(own) and not fits_any(self.centralize_exclude or (), own):
            gradient = ops.cast(ops.convert_to_tensor(gradient), variable.dtype)
            gradient = centralize(gradient, unit_axes(own))
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        exclude = self.centralize_exclude
        return {**super().get_config(), "centralize_exclude": None if exclude is None else list(exclude)}
