"""Dropout with one mask for all steps of a sequence."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit.layers._noise import Noise
from keras_regkit.layers._survivors import survivors


@keras.saving.register_keras_serializable("keras_regkit")
class LockedDropout(Noise):
    """Drops the same features at all steps of a sequence, in training.

        y_t = x_t · m / (1 − rate),   m ~ Bernoulli(1 − rate), one for each sample and feature, the same for all t

    Use it between and around recurrent layers: noise that changes from step to step is averaged out by the recurrence,
    or breaks its memory; a locked mask does neither. It is also called variational dropout.

    Args:
        rate: Share of the features dropped, in [0, 1): a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object).
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Sequences, `(batch, steps, features)`.
        training: Whether to drop anything. Otherwise the inputs pass through.

    Raises:
        TypeError, ValueError: the rate, or a value that its schedule passes through, is not in [0, 1); when built, the
            inputs are no sequences.

    Reference:
        Gal & Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks", section
        4; by this name in Merity et al. 2017, "Regularizing and Optimizing LSTM Language Models", section 4.2.

    Example:

    >>> layer = LockedDropout(0.5, seed=1)
    >>> y = np.array(layer(np.ones((2, 5, 8)), training=True))
    >>> bool((y == y[:, :1]).all())
    True
    """

    RANGES = {"rate": Interval(0, 1, closed="left")}  # noqa: RUF012

    def build(self, input_shape):
        if len(input_shape) != 3:
            raise ValueError(
                "LockedDropout needs sequences, inputs of shape (batch, steps, features). Received: inputs of shape "
                f"{tuple(input_shape)}. For other ranks use Dropout with `noise_shape`"
            )
        self.built = True

    def call(self, inputs, training=False):
        if not training:
            return inputs
        samples, _, features = ops.shape(inputs)
        return inputs * survivors((samples, 1, features), self._rate.advance(), self.seed_generator, inputs.dtype)
