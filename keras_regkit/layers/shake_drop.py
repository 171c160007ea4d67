"""Shaking a single residual branch."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.types import StrengthLike
from keras_regkit.layers._noise import Noise
from keras_regkit.layers.shake_shake import with_gradient_of


@keras.saving.register_keras_serializable("keras_regkit")
class ShakeDrop(Noise):
    """Scales a residual branch by a random number for some of the samples, another one in the backward pass.

        y = (g + α − g·α) · b       g ~ Bernoulli(1 − rate), α ~ U(−1, 1), in training
        ∂y/∂b = g + β − g·β         β ~ U(0, 1)
        y = (1 − rate) · b          at inference, the expected value

    So a sample is left alone with probability 1 − rate, and disturbed else. Put it at the end of a branch, before the
    addition: `x + ShakeDrop(0.5)(branch(x))`, where the branch ends in a BatchNormalization, without which training may
    diverge. It brings the effect of `ShakeShake` to networks with one branch. The rates rise with depth, as for
    `DropPath`: see `depth_rates`.

    Args:
        rate: Share of the samples whose branch is disturbed, in [0, 1): a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object). The paper has 0.5 for the last block.
            At inference, the branch is scaled with the rate that the next training step will have.
        mode: `"sample"` to draw for each sample, `"batch"` to draw once for all. Defaults to `"sample"`.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Output of the branch, `(batch, ...)`.
        training: Whether to disturb anything. Otherwise the branch is scaled by 1 − rate.

    Raises:
        TypeError, ValueError: the rate, or a value that its schedule passes through, is not in [0, 1), or no such mode.

    Reference:
        Yamada et al. 2019, "ShakeDrop Regularization for Deep Residual Learning", section 3, with α in [−1, 1] and β in
        [0, 1].

    Example:

    >>> layer = ShakeDrop(0.5, seed=1)
    >>> float(np.array(layer(np.ones((1, 1))))[0, 0])
    0.5
    >>> y = np.array(layer(np.ones((64, 1)), training=True))
    >>> bool(y.min() >= -1), bool(y.max() == 1)
    (True, True)
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
            return inputs * ops.cast(1 - self._rate.read(), inputs.dtype)
        shape = (ops.shape(inputs)[0] if self.mode == "sample" else 1, *[1] * (len(inputs.shape) - 1))
        gate, alpha, beta = (keras.random.uniform(shape, seed=self.seed_generator, dtype="float32") for _ in range(3))
        disturbed = gate < self._rate.advance()
        forward, backward = (
            ops.cast(ops.where(disturbed, scale, 1.0), inputs.dtype) for scale in (2 * alpha - 1, beta)
        )
        return with_gradient_of(inputs * forward, inputs * backward)

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}
