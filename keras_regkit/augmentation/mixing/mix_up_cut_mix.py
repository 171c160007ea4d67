"""Samples blended with others, or with a part of them."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.strength import Strength
from keras_regkit._core.types import StrengthLike
from keras_regkit.augmentation.image._images import is_channels_first
from keras_regkit.augmentation.mixing._erasing import Erasing, MaybeErasing
from keras_regkit.augmentation.mixing._layer import FORMAT, SHARED, Mixing


@keras.saving.register_keras_serializable("keras_regkit")
class MixUpCutMix(Mixing):
    """Does either `MixUp` or `CutMix`, in one pass over the samples.

        with probability s:   x ← M ⊙ x + (1 − M) ⊙ x′,   M of λ ~ Beta(α₂, α₂)
        else:                 x ← λ x + (1 − λ) x′,       λ ~ Beta(α₁, α₁)

    Use it for long trainings of image classifiers, for which it is part of the usual recipes. What either does is told
    in `MixUp` and `CutMix`; labels go with the samples.

    Args:
        mixup_alpha: α₁, above 0: a number or a schedule, as in `MixUp`. Defaults to 0.2.
        cutmix_alpha: α₂, above 0: a number or a schedule, as in `CutMix`. Defaults to 1.
        switch_probability: s, the share of the samples (of the batches, if `per="batch"`) that are cut, strictly
            between 0 and 1. Defaults to 0.5.
        erasing: A `keras_regkit.augmentation.image.RandomErasing` that erases parts of the mixed images, in the same
            pass: faster than behind it. Its `value_range`, `probability` and further arguments count, its seed and
            `data_format` do not. Labels stay as mixed. Defaults to None.
        num_classes, per, probability, labels, data_format, seed: As in `CutMix`.
        **kwargs: Further arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: As in `CutMix`, of floats or integers of up to 16 bits.
        training: Whether to mix. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: as in `MixUp` and `CutMix`.

    Reference:
        Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization", equation 1; Yun et al. 2019, "CutMix",
        equations 1 and 2; Touvron et al. 2021, "Training data-efficient image transformers", table 9, for the two in
        turn.

    Example:

    >>> mix = MixUpCutMix(num_classes=10, seed=1)
    >>> x, y = mix((np.zeros((4, 8, 8, 3), "uint8"), np.array([0, 1, 2, 3])))
    >>> tuple(x.shape), tuple(y.shape)
    ((4, 8, 8, 3), (4, 10))
    """

    RANGES = {  # noqa: RUF012
        "mixup_alpha": Interval(0, closed="neither"),
        "cutmix_alpha": Interval(0, closed="neither"),
        "switch_probability": Interval(0, 1, closed="neither"),
        "erasing": MaybeErasing(),
        **SHARED,
        **FORMAT,
    }

    def __init__(
        self,
        mixup_alpha: StrengthLike = 0.2,
        cutmix_alpha: StrengthLike = 1.0,
        switch_probability: float = 0.5,
        num_classes: int | None = None,
        per: str = "sample",
        probability: float = 1.0,
        labels: str = "dense",
        data_format: str | None = None,
        seed: int | None = None,
        erasing: keras.layers.Layer | None = None,
        **kwargs: Any,
    ):
        super().__init__(num_classes, per, probability, labels, seed, **kwargs)
        check_arguments(self.RANGES, switch_probability=switch_probability, data_format=data_format, erasing=erasing)
        self._mixup_alpha = Strength("mixup_alpha", mixup_alpha, self.RANGES["mixup_alpha"], owner=self.name)
        self._cutmix_alpha = Strength("cutmix_alpha", cutmix_alpha, self.RANGES["cutmix_alpha"], owner=self.name)
        self.switch_probability = switch_probability
        self.data_format = data_format
        self.erasing = erasing
        self.erases = None if erasing is None else Erasing(erasing, is_channels_first(data_format))

    @property
    def mixup_alpha(self):
        """α of blending as it was given: a number or a schedule."""
        return self._mixup_alpha.given

    @property
    def cutmix_alpha(self):
        """α of cutting as it was given: a number or a schedule."""
        return self._cutmix_alpha.given

    @property
    def switch(self):
        return self.switch_probability

    @property
    def strengths(self):
        return self._mixup_alpha, self._cutmix_alpha

    def get_config(self):
        return {
            **super().get_config(),
            "switch_probability": self.switch_probability,
            "data_format": self.data_format,
            "erasing": keras.saving.serialize_keras_object(self.erasing),
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "erasing": keras.saving.deserialize_keras_object(config["erasing"])})
