"""Samples blended with others."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval
from keras_regkit._core.strength import Strength
from keras_regkit._core.types import StrengthLike
from keras_regkit.augmentation.mixing._layer import SHARED, Mixing


@keras.saving.register_keras_serializable("keras_regkit")
class MixUp(Mixing):
    """Blends each sample of a batch with another one, and their labels alike.

        x ← λ x + (1 − λ) x′,    y ← λ y + (1 − λ) y′,    λ ~ Beta(α, α)

    Use it for classifiers that are too sure of themselves between the classes, or have noisy labels, and for
    regression; for images, sound, tables and whatever else is made of floats. Samples of any rank go, also several
    tensors for each sample: all are blended alike. x′ is any other sample of the batch, none meets itself.

    Keras' `MixUp` takes images and one-hot labels; of others it makes labels of a wrong shape, or nothing at all.

    Args:
        alpha: α of the Beta distribution, above 0: a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object). Small ones mix little. Within
            `tf.data` a schedule wants `augmentation.pipeline`. Defaults to 0.2.
        num_classes: Number of classes, at least 2. Integer labels need it: they come out as one-hot rows, blended.
            Floats are blended as they are: one-hot and soft rows, labels of 0 and 1, targets of a regression. Defaults
            to None.
        per: `"sample"`, or `"batch"` for one λ for all samples of a batch. Defaults to `"sample"`.
        probability: Share of the samples (of the batches, if `per="batch"`) that are blended at all, in [0, 1].
            Defaults to 1.
        labels: `"dense"` for blended labels, or `"pair"` for `(y, y′, λ)`, labels as they came, to blend losses:
            `λ ℓ(y, f) + (1 − λ) ℓ(y′, f)`. Defaults to `"dense"`.
        seed: Integer seed. Defaults to None.
        **kwargs: Further arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: `(x, y)` or `(x, y, sample_weight)`, or a dict with `images`, `labels` and perhaps `sample_weight`;
            tensors of shape `(batch, ...)`. They come back in the same form. Integers of up to 16 bits, such as pixels,
            are rounded; weights are blended as labels are. In a compiled step a NaN spreads to its partner.
        training: Whether to mix. Defaults to True outside of models. Where it is False, integer labels become one-hot
            rows too, and a pair is `(y, y, 1)`, so that one loss serves both.

    Raises:
        TypeError, ValueError: an argument is out of its range; labels are missing, or of integers without
            `num_classes`, or out of range where they can be seen (in a compiled step they become NaN); shapes do not
            fit; samples are of large integers, which may be ids; samples hold NaN, where they can be seen.

    A `NoEffectWarning` says where a batch of one is handed through, as far as sizes are known.

    Reference:
        Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization", equation 1 and algorithm 1.

    Example:

    >>> mix = MixUp(alpha=0.4, num_classes=3, seed=1)
    >>> x, y = mix((np.zeros((4, 8, 8, 3), "float32"), np.array([0, 1, 2, 1])))
    >>> tuple(y.shape), [round(float(total), 4) for total in keras.ops.sum(y, axis=-1)]
    ((4, 3), [1.0, 1.0, 1.0, 1.0])
    """

    RANGES = {"alpha": Interval(0, closed="neither"), **SHARED}  # noqa: RUF012
    switch = 0.0

    def __init__(
        self,
        alpha: StrengthLike = 0.2,
        num_classes: int | None = None,
        per: str = "sample",
        probability: float = 1.0,
        labels: str = "dense",
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(num_classes, per, probability, labels, seed, **kwargs)
        self._alpha = Strength("alpha", alpha, self.RANGES["alpha"], owner=self.name)

    @property
    def alpha(self):
        """α as it was given: a number or a schedule."""
        return self._alpha.given

    @property
    def strengths(self):
        return (self._alpha,)
