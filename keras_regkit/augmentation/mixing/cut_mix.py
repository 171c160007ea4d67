"""Samples with a part of others."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval
from keras_regkit._core.strength import Strength
from keras_regkit._core.types import StrengthLike
from keras_regkit.augmentation.mixing._layer import FORMAT, SHARED, Mixing


@keras.saving.register_keras_serializable("keras_regkit")
class CutMix(Mixing):
    """Puts a box of another sample into each sample of a batch, and mixes the labels by area.

        x ← M ⊙ x + (1 − M) ⊙ x′,    y ← λ̂ y + (1 − λ̂) y′,    λ ~ Beta(α, α)

    M is 0 in a box with sides ⌊H √(1 − λ)⌋ and ⌊W √(1 − λ)⌋ around a random middle, which ends where the image ends;
    λ̂ is the share of x that is left, counted from the box as it was clipped.

    Use it for image classifiers: pixels stay those of photographs, and the model must look at more than one spot.

    Along d axes the sides are (1 − λ)^(1/d) of the sizes: of sequences, `(batch, steps, features)`, an interval of
    steps is cut, of volumes a box. Of tables, `(batch, features)`, round((1 − λ) · features) random columns are.

    In Keras' `CutMix`, `factor=1.0` draws α itself at random, and labels are mixed by the box before it is clipped.

    Args:
        alpha: α of the Beta distribution, above 0: a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object). Within `tf.data` a schedule wants
            `augmentation.pipeline`. Defaults to 1: all sizes of boxes alike.
        num_classes: Number of classes, at least 2. Integer labels need it: they come out as one-hot rows, mixed. Floats
            are mixed as they are. Defaults to None.
        per: `"sample"`, or `"batch"` for the same box in all samples of a batch, as published. Defaults to `"sample"`.
        probability: Share of the samples (of the batches, if `per="batch"`) that are mixed at all, in [0, 1]. Defaults
            to 1.
        labels: `"dense"` for mixed labels, or `"pair"` for `(y, y′, λ̂)`, labels as they came, to mix losses:
            `λ̂ ℓ(y, f) + (1 − λ̂) ℓ(y′, f)`. Defaults to `"dense"`.
        data_format: `"channels_last"`, `"channels_first"` or None, the default: `keras.config.image_data_format()`.
        seed: Integer seed. Defaults to None.
        **kwargs: Further arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: `(x, y)` or `(x, y, sample_weight)`, or a dict with `images`, `labels` and perhaps `sample_weight`;
            tensors of shape `(batch, ...)`, with one for x. They come back in the same form. x may be of any dtype, ids
            too; weights are mixed as labels are. In a compiled step a NaN spreads to its partner.
        training: Whether to mix. Defaults to True outside of models. Where it is False, integer labels become one-hot
            rows too, and a pair is `(y, y, 1)`, so that one loss serves both.

    Raises:
        TypeError, ValueError: an argument is out of its range; labels are missing, or of integers without
            `num_classes`, or out of range where they can be seen (in a compiled step they become NaN); shapes do not
            fit; samples hold NaN, where they can be seen.

    A `NoEffectWarning` says where a batch of one is handed through, as far as sizes are known.

    Reference:
        Yun et al. 2019, "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features",
        equations 1 and 2.

    Example:

    >>> mix = CutMix(alpha=1.0, labels="pair", seed=1)
    >>> x, (ours, theirs, share) = mix((np.arange(2 * 64.0).reshape(2, 8, 8, 1), np.array([0, 1])))
    >>> bool(np.isclose(float(share[0]), np.mean(keras.ops.convert_to_numpy(x)[0] < 64)))
    True
    """

    RANGES = {"alpha": Interval(0, closed="neither"), **SHARED, **FORMAT}  # noqa: RUF012
    switch = 1.0

    def __init__(
        self,
        alpha: StrengthLike = 1.0,
        num_classes: int | None = None,
        per: str = "sample",
        probability: float = 1.0,
        labels: str = "dense",
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(num_classes, per, probability, labels, seed, **kwargs)
        FORMAT["data_format"].check("data_format", data_format)
        self._alpha = Strength("alpha", alpha, self.RANGES["alpha"], owner=self.name)
        self.data_format = data_format

    @property
    def alpha(self):
        """α as it was given: a number or a schedule."""
        return self._alpha.given

    @property
    def strengths(self):
        return (self._alpha,)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}
