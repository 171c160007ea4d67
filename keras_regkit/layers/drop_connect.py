"""Dropping weights instead of units."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval
from keras_regkit._core.strength import Strength
from keras_regkit._core.types import StrengthLike
from keras_regkit.layers._reparametrized import Reparametrized
from keras_regkit.layers._survivors import survivors


@keras.saving.register_keras_serializable("keras_regkit")
class DropConnect(Reparametrized):
    """Sets weights of a layer to zero at random in training.

        w' = w · m / (1 − rate),   m ~ Bernoulli(1 − rate) for each weight, drawn anew at each step

    Use it on wide dense layers, where dropping whole units is too much. There is one mask for all samples of the batch:
    one for each, as in the paper, would need a kernel for each. Biases are not dropped. At inference the layer computes
    with its kernel as it is; the paper samples a Gaussian there.

    Args:
        layer: The layer to wrap, with a `kernel`: Dense, EinsumDense, any convolution.
        rate: Share of the weights dropped, in [0, 1): a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object).
        seed: Integer seed. Defaults to None.
        **kwargs: `name`, `trainable` and `dtype`, as for every layer. The dtype defaults to that of `layer`.

    Call arguments:
        inputs: As `layer` takes them.
        training: Whether to drop anything.

    Returns:
        What `layer` returns.

    Raises:
        TypeError, ValueError: the rate, or a value that its schedule passes through, is not in [0, 1); `layer` is no
            layer; when built, it has no kernel.

    Reference:
        Wan et al. 2013, "Regularization of Neural Networks using DropConnect", section 3 (with the scaling in
        training).

    Example:

    >>> layer = DropConnect(keras.layers.Dense(1, kernel_initializer="ones"), rate=0.5, seed=2)
    >>> keras.ops.convert_to_numpy(layer(np.ones((1, 4)))).tolist()
    [[4.0]]
    >>> float(keras.ops.convert_to_numpy(layer(np.ones((1, 4)), training=True))[0, 0]) in (0, 2, 4, 6, 8)
    True
    """

    RANGES = {"rate": Interval(0, 1, closed="left")}  # noqa: RUF012

    monte_carlo = True

    def __init__(self, layer: keras.layers.Layer, rate: StrengthLike, seed: int | None = None, **kwargs: Any):
        super().__init__(layer, **kwargs)
        self._rate = Strength("rate", rate, self.RANGES["rate"], owner=self.name)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    @property
    def rate(self):
        """The rate as it was given: a number or a schedule."""
        return self._rate.given

    def effective_kernel(self, training):
        kernel = self.stored_kernel()
        if not training:
            return kernel
        return kernel * survivors(kernel.shape, self._rate.advance(), self.seed_generator, kernel.dtype)

    def get_config(self):
        return {**super().get_config(), "rate": self._rate.config(), "seed": self.seed}
