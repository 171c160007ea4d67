"""Dropping a residual branch."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.types import StrengthLike
from keras_regkit.layers._noise import Noise
from keras_regkit.layers._survivors import survivors


def drop_path(x, rate, seed, mode="sample"):
    """Sets whole samples of `x` to zero with probability `rate`, and divides the rest by 1 − rate.

    Args:
        x: Tensor, `(batch, ...)`.
        rate: Number or scalar tensor, in [0, 1).
        seed: A `keras.random.SeedGenerator`.
        mode: `"sample"` to draw for each sample, `"batch"` to draw once for all.

    Returns:
        Tensor of the same shape.
    """
    samples = ops.shape(x)[0] if mode == "sample" else 1
    return x * survivors((samples, *[1] * (len(x.shape) - 1)), rate, seed, x.dtype)


@keras.saving.register_keras_serializable("keras_regkit")
class DropPath(Noise):
    """Drops a residual branch for some of the samples, in training.

        y = b · m / (1 − rate),   m ~ Bernoulli(1 − rate), one for each sample

    Put it at the end of a branch, before the addition: `x + DropPath(0.1)(branch(x))`. Deep residual networks (ResNet,
    ViT, ConvNeXt) are trained with it. It saves no computation; `StochasticDepth` does.

    Args:
        rate: Share of the samples whose branch is dropped, in [0, 1): a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object). See `depth_rates`.
        mode: `"sample"` to draw for each sample, `"batch"` to keep or drop the branch for the whole batch. Defaults to
            `"sample"`.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Output of the branch, `(batch, ...)`.
        training: Whether to drop anything. Otherwise the inputs pass through.

    Raises:
        TypeError, ValueError: the rate, or a value that its schedule passes through, is not in [0, 1), or no such mode.

    Reference:
        Huang et al. 2016, "Deep Networks with Stochastic Depth", eq. 2 (with the scaling in training); by sample as in
        Larsson et al. 2017, "FractalNet".

    Example:

    >>> layer = DropPath(0.5, seed=3)
    >>> rows = np.array(layer(np.ones((64, 3)), training=True))
    >>> sorted({tuple(row.tolist()) for row in rows})
    [(0.0, 0.0, 0.0), (2.0, 2.0, 2.0)]
    """

    RANGES = {  # noqa: RUF012
        "rate": Interval(0, 1, closed="left"),
        "mode": OneOf("sample", "batch"),
    }

    def __init__(self, rate: StrengthLike, mode: str = "sample", seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed, **kwargs)
        check_arguments({"mode": self.RANGES["mode"]}, mode=mode)
        self.mode = mode
        self.built = True

    def call(self, inputs, training=False):
        if not training:
            return inputs
        return drop_path(inputs, self._rate.advance(), self.seed_generator, self.mode)

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}
