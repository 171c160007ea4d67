"""Dropout that learns its rate."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.own_penalty import OwnPenalty


def concrete_mask(logit, noise, temperature):
    """Returns a soft dropout mask, differentiable in the rate p = sigmoid(logit).

        z = sigmoid((log p − log(1 − p) + log u − log(1 − u)) / t),   mask = (1 − z) / (1 − p)

    Args:
        logit: log p − log(1 − p), a scalar tensor.
        noise: Tensor of uniform numbers u in [0, 1).
        temperature: t > 0; towards 0 the mask is a Bernoulli one.

    Returns:
        Tensor with the shape of `noise`; its expected value tends to 1 as the temperature tends to 0.
    """
    noise = ops.clip(noise, 1e-7, 1 - 1e-7)
    dropped = ops.sigmoid((logit + ops.log(noise) - ops.log1p(-noise)) / temperature)
    return (1 - dropped) * (1 + ops.exp(logit))


def negative_entropy(logit):
    """Returns p log p + (1 − p) log(1 − p) of the rate p = sigmoid(logit)."""
    rate = ops.sigmoid(logit)
    return -(rate * ops.softplus(-logit) + (1 - rate) * ops.softplus(logit))


@keras.saving.register_keras_serializable("keras_regkit")
class ConcreteDropout(keras.layers.Wrapper):
    """Drops the inputs of a layer in training, at a rate that is learned with its weights.

        y = layer(x · m),   m from the concrete relaxation of Bernoulli dropout at the rate p
        loss + weight_regularizer · Σ w² / (1 − p) + dropout_regularizer · d · (p log p + (1 − p) log(1 − p))

    with w the kernel and d the number of the layer's input features. Use it where the rate of each layer matters and
    there is no time to search for it, or for calibrated Monte-Carlo dropout. More data make the learned rate smaller.
    For N samples and a prior length scale l the paper's objective, the mean negative log-likelihood + KL / N, asks for

        cross-entropy:        weight_regularizer = l² / (2 N),   dropout_regularizer = 1 / N
        mean squared error:   weight_regularizer = l² / (τ N),   dropout_regularizer = 2 / (τ N)

    with τ the precision of the targets, 1 / variance of the noise. The ratio of the two is l² / 2 for both.

    The two terms stand among `layer.losses`, in float32, as the penalty of the weight that holds the logit of p: once
    for a layer, however often it is called. Convolutions drop whole feature maps, as in the authors' code.

    Args:
        layer: The layer to wrap, with a `kernel`: Dense, EinsumDense, any convolution.
        weight_regularizer: Strength of the weight term, 0 or more. Defaults to 1e-6.
        dropout_regularizer: Strength of the entropy term, 0 or more. Defaults to 1e-5.
        initial_rate: The rate to begin with, in (0, 1). Defaults to 0.1.
        temperature: Of the relaxation, above 0. Defaults to 0.1.
        seed: Integer seed. Defaults to None.
        **kwargs: `name`, `trainable` and `dtype`, as for every layer. The dtype defaults to that of `layer`.

    Call arguments:
        inputs: As `layer` takes them.
        training: Whether to drop anything. Otherwise the layer gets its inputs as they are.

    Returns:
        What `layer` returns.

    Raises:
        TypeError, ValueError: an argument is out of its range; `layer` is no layer; when built, it has no kernel.

    Reference:
        Gal, Hron & Kendall 2017, "Concrete Dropout", section 3.

    Example:

    >>> layer = ConcreteDropout(keras.layers.Dense(2), initial_rate=0.2, seed=1)
    >>> layer(np.ones((3, 4)), training=True).shape == (3, 2)
    True
    >>> round(layer.learned_rate(), 3), len(layer.losses)
    (0.2, 1)
    """

    RANGES = {  # noqa: RUF012
        "weight_regularizer": Interval(0),
        "dropout_regularizer": Interval(0),
        "initial_rate": Interval(0, 1, closed="neither"),
        "temperature": Interval(0, closed="neither"),
    }

    monte_carlo = True

    def __init__(
        self,
        layer: keras.layers.Layer,
        weight_regularizer: float = 1e-6,
        dropout_regularizer: float = 1e-5,
        initial_rate: float = 0.1,
        temperature: float = 0.1,
        seed: int | None = None,
        **kwargs: Any,
    ):
        if isinstance(layer, keras.layers.Layer):
            kwargs.setdefault("dtype", layer.dtype_policy)
        super().__init__(layer, **kwargs)
        self._arguments = {
            "weight_regularizer": weight_regularizer,
            "dropout_regularizer": dropout_regularizer,
            "initial_rate": initial_rate,
            "temperature": temperature,
        }
        check_arguments(self.RANGES, **self._arguments)
        self.weight_regularizer = weight_regularizer
        self.dropout_regularizer = dropout_regularizer
        self.initial_rate = initial_rate
        self.temperature = temperature
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = layer.supports_masking

    def build(self, input_shape):
        super().build(input_shape)
        if not isinstance(getattr(self.layer, "kernel", None), keras.Variable):
            raise ValueError(
                "ConcreteDropout needs a layer that computes with a weight named `kernel`, such as Dense or Conv2D, "
                "whose size the learned rate depends on. Received: "
                f"{self.layer.name!r} of class {type(self.layer).__name__}, which has none"
            )
        self._features = input_shape[self._feature_axis()]
        odds = self.initial_rate / (1 - self.initial_rate)
        self.logit = self.add_weight(
            shape=(),
            initializer=lambda shape, dtype: ops.log(ops.cast(odds, dtype)),
            regularizer=OwnPenalty(self._penalty),
            name="logit",
            dtype="float32",
            autocast=False,
        )

    def call(self, inputs, training=False):
        if training:
            noise = keras.random.uniform(self._mask_shape(inputs), seed=self.seed_generator, dtype="float32")
            mask = concrete_mask(ops.convert_to_tensor(self.logit), noise, self.temperature)
            inputs = inputs * ops.cast(mask, inputs.dtype)
        return ops.cast(self.layer(inputs), self.compute_dtype)

    def learned_rate(self):
        """Returns the rate as it is now, a float."""
        return float(ops.convert_to_numpy(ops.sigmoid(ops.convert_to_tensor(self.logit))))

    def compute_mask(self, inputs, previous_mask=None):
        return self.layer.compute_mask(inputs, previous_mask)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), **self._arguments, "seed": self.seed}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        # Keras takes the layer out of the dict that it is given.
        return super().from_config(dict(config), custom_objects=custom_objects)

    def _penalty(self, logit):
        kernel = ops.cast(ops.convert_to_tensor(self.layer.kernel), "float32")
        # 1 / (1 − p) = 1 + exp(logit)
        weight = self.weight_regularizer * ops.sum(ops.square(kernel)) * (1 + ops.exp(logit))
        return weight + self.dropout_regularizer * self._features * negative_entropy(logit)

    def _feature_axis(self):
        return 1 if getattr(self.layer, "data_format", None) == "channels_first" else -1

    def _mask_shape(self, inputs):
        shape = list(ops.shape(inputs))
        if hasattr(self.layer, "data_format"):
            features = shape[self._feature_axis()]
            shape[1:] = [1] * (len(shape) - 1)
            shape[self._feature_axis()] = features
        return tuple(shape)
