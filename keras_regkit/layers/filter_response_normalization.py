"""Normalization of each channel of each sample by its own mean square."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments

# Added to |ε| when ε is learned, and where |ε| starts.
_LEAST_EPSILON = 1e-6
_FIRST_EPSILON = 1e-4


def mean_square(x, axes, mask=None):
    """Returns ν², the mean of x² over `axes`, with these kept.

    Args:
        x: Tensor.
        axes: The spatial axes.
        mask: Zeros and ones that broadcast against `x`: where to look. None for everywhere.
    """
    if mask is None:
        return ops.mean(ops.square(x), axis=axes, keepdims=True)
    mask = ops.broadcast_to(mask, ops.shape(x))
    count = ops.maximum(ops.sum(mask, axis=axes, keepdims=True), 1)
    return ops.sum(ops.square(x) * mask, axis=axes, keepdims=True) / count


@keras.saving.register_keras_serializable("keras_regkit")
class FilterResponseNormalization(keras.layers.Layer):
    """Divides each channel of each sample by its root mean square over space, then cuts it off at a learned threshold.

    Use it in place of batch normalization and the ReLU behind it, where batches are small: nothing depends on other
    samples, and training and inference are the same. It wants a warm-up of the learning rate. Leave out the activation
    after it: the threshold is the activation.

    For the N positions x_i of a channel:

        ν² = Σ x_i² / N,   y_i = γ x_i / √(ν² + ε) + β,   z_i = max(y_i, τ)

    γ, β and τ are learned, one number per channel. It has nothing to average over in the output of a Dense layer, and
    with a single position and a small ε it gives the sign of its input alone: there, ε must be learned, as
    ε = 10⁻⁶ + |ε_l| with ε_l starting at 10⁻⁴.

    Args:
        axis: The axis of the channels: −1, or 1 for `data_format="channels_first"`. Defaults to −1.
        epsilon: Added to the mean square, > 0. Defaults to 1e-6. Not used where it is learned.
        learned_epsilon: Whether ε is learned, one number for the layer. Defaults to False.
        threshold: Whether outputs are cut off at τ; False leaves room for another activation. Defaults to True.
        beta_initializer: Initializer of β. Defaults to `"zeros"`.
        gamma_initializer: Initializer of γ. Defaults to `"ones"`.
        tau_initializer: Initializer of τ. Defaults to `"zeros"`, which is a ReLU.
        **kwargs: `name`, `trainable` and `dtype`, as for every layer.

    Call arguments:
        inputs: Tensor of rank 3 to 5: batch, one to three spatial axes, and channels.
        mask: Booleans of shape `(batch, steps)`, or one per position: which positions make up ν². Taken from the layer
            before, if that has one.

    Returns:
        Tensor of the same shape.

    Raises:
        ValueError: for inputs of rank 2, an axis that does not exist or is that of the batch, a single spatial position
            without `learned_epsilon`, or a mask with channels that are not last.

    Reference:
        Singh & Krishnan 2020, "Filter Response Normalization Layer", section 3.

    Example:

    >>> import numpy as np
    >>> layer = FilterResponseNormalization()
    >>> x = np.array([3.0, -3.0, 3.0, -3.0]).reshape(1, 4, 1)
    >>> keras.ops.convert_to_numpy(layer(x)).ravel().round(3).tolist()
    [1.0, 0.0, 1.0, 0.0]
    """

    RANGES = {  # noqa: RUF012
        "axis": Interval(integer=True),
        "epsilon": Interval(0, closed="neither"),
        "learned_epsilon": OneOf(True, False),
        "threshold": OneOf(True, False),
    }

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-6,
        learned_epsilon: bool = False,
        threshold: bool = True,
        beta_initializer: str | keras.Initializer = "zeros",
        gamma_initializer: str | keras.Initializer = "ones",
        tau_initializer: str | keras.Initializer = "zeros",
        **kwargs: Any,
    ):
        check_arguments(self.RANGES, axis=axis, epsilon=epsilon, learned_epsilon=learned_epsilon, threshold=threshold)
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = epsilon
        self.learned_epsilon = learned_epsilon
        self.threshold = threshold
        self.beta_initializer = keras.initializers.get(beta_initializer)
        self.gamma_initializer = keras.initializers.get(gamma_initializer)
        self.tau_initializer = keras.initializers.get(tau_initializer)
        self.supports_masking = True

    def build(self, input_shape):
        self._check_shape(input_shape)
        channels = input_shape[self.axis]
        if channels is None:
            raise ValueError(
                f"The number of channels must be known. Received: inputs of shape {tuple(input_shape)} and "
                f"axis={self.axis}"
            )
        self.gamma = self._per_channel("gamma", channels, self.gamma_initializer)
        self.beta = self._per_channel("beta", channels, self.beta_initializer)
        if self.threshold:
            self.tau = self._per_channel("tau", channels, self.tau_initializer)
        if self.learned_epsilon:
            self.epsilon_l = self.add_weight(
                shape=(), initializer=keras.initializers.Constant(_FIRST_EPSILON), name="epsilon", autocast=False
            )
        self.input_spec = keras.layers.InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs, mask=None):
        self._check_shape(inputs.shape)
        rank = len(inputs.shape)
        channels = self.axis % rank
        spatial = tuple(axis for axis in range(1, rank) if axis != channels)
        # Squares overflow in float16.
        x = ops.cast(inputs, keras.backend.result_type(inputs.dtype, "float32"))
        nu2 = mean_square(x, spatial, self._weights(mask, x))
        epsilon = _LEAST_EPSILON + ops.abs(ops.cast(self.epsilon_l, x.dtype)) if self.learned_epsilon else self.epsilon
        shape = [1] * rank
        shape[channels] = -1

        def along_channels(variable):
            return ops.reshape(ops.cast(variable, x.dtype), shape)

        y = along_channels(self.gamma) * x * ops.rsqrt(nu2 + epsilon) + along_channels(self.beta)
        if self.threshold:
            y = ops.maximum(y, along_channels(self.tau))
        return ops.cast(y, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "learned_epsilon": self.learned_epsilon,
            "threshold": self.threshold,
            "beta_initializer": keras.initializers.serialize(self.beta_initializer),
            "gamma_initializer": keras.initializers.serialize(self.gamma_initializer),
            "tau_initializer": keras.initializers.serialize(self.tau_initializer),
        }

    def _per_channel(self, name, channels, initializer):
        return self.add_weight(shape=(channels,), initializer=initializer, name=name, autocast=False)

    def _check_shape(self, shape):
        rank = len(shape)
        if rank not in (3, 4, 5):
            raise ValueError(
                "FilterResponseNormalization needs inputs with one to three spatial axes to average over: rank 3 to 5. "
                f"Received: inputs of shape {tuple(shape)}. After a Dense layer use LayerNormalization"
            )
        if not -rank < self.axis < rank or self.axis % rank == 0:
            raise ValueError(
                f"`axis` must be the axis of the channels, in [1, {rank - 1}] or negative, for inputs of shape "
                f"{tuple(shape)}. Received: axis={self.axis}"
            )
        spatial = [size for axis, size in enumerate(shape) if axis not in (0, self.axis % rank)]
        if all(size == 1 for size in spatial) and not self.learned_epsilon:
            raise ValueError(
                "With a single spatial position and a fixed epsilon nothing but the sign of the inputs is left. "
                f"Received: inputs of shape {tuple(shape)}. Set learned_epsilon=True, or use LayerNormalization"
            )

    def _weights(self, mask, x):
        if mask is None:
            return None
        if self.axis % len(x.shape) != len(x.shape) - 1:
            raise ValueError(f"A mask needs channels last. Received: a mask with axis={self.axis}")
        mask = ops.cast(mask, x.dtype)
        return ops.reshape(mask, (*ops.shape(mask), *[1] * (len(x.shape) - len(mask.shape))))
