"""A window of a series that runs faster or slower."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.time_series._layer import SeriesAugmentation
from keras_regkit.augmentation.time_series._ranges import Positive
from keras_regkit.augmentation.time_series._valid import Valid, whole


@keras.saving.register_keras_serializable("keras_regkit")
class WindowWarp(SeriesAugmentation):
    """Makes a random window of a series longer or shorter, and brings the whole back to its length.

        x(t) ↦ x(σ(t)),  σ runs at speed c/s within the window and c without,  c such that the ends stay

    Use it where a part of an event may take longer than it did. Values between steps are interpolated linearly, and
    once: the reference resamples the window first, and then the whole.

    Args:
        window_ratio: Length of the window as a share of the series, in (0, 1]; at least one step. Defaults to 0.1.
        scales: List of factors s for the length of the window, each positive and as probable: 2 is half as fast.
            Defaults to (0.5, 2.0), as in the reference.
        probability: Share of the series that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Series `(batch, steps, features)` or `(steps, features)`, or a dict with `series`; further keys pass
            through. With padding, by a mask or `lengths` in the dict, only what is valid is warped, to its own length.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the series have the wrong rank.

    Reference:
        Le Guennec et al. 2016, Data Augmentation for Time Series Classification using Convolutional Neural Networks,
        section 3.2.

    Example:

    >>> clock = np.arange(13, dtype="float32").reshape(1, 13, 1)
    >>> warped = WindowWarp(0.5, scales=(2.0,), seed=1)(clock).numpy()[0, :, 0]
    >>> float(np.diff(warped).min().round(3)), float(np.diff(warped).max().round(3))  # 18 steps' time in 12
    (0.75, 1.5)
    """

    RANGES = {  # noqa: RUF012
        "window_ratio": Interval(0, 1, closed="right"),
        "scales": Positive(),
        **PROBABILITY,
    }
    own_draws = 2

    def __init__(self, window_ratio: float = 0.1, scales: Sequence[float] = (0.5, 2.0), **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, window_ratio=window_ratio, scales=scales, probability=self.probability)
        self.window_ratio = window_ratio
        self.scales = scales

    def transform(self, x, numbers, mask, ops):
        valid = Valid.of(x, mask, ops)
        last = valid.length - 1
        window = ops.minimum(ops.maximum(ops.round(self.window_ratio * valid.length), 1.0), last)
        start = whole(numbers[:, :1], last - window, ops)
        chosen = whole(numbers[:, 1:2], len(self.scales) - 1.0, ops)
        scale = sum(ops.cast(ops.equal(chosen, k), "float32") * s for k, s in enumerate(self.scales))
        # Where a step lies if the window has its new length; then back along the three parts.
        at = (last + (scale - 1) * window) * valid.fraction(ops)
        within = ops.clip((at - start) / scale, 0.0, window)
        source = ops.minimum(at, start) + within + ops.maximum(at - start - scale * window, 0.0)
        return valid.kept(valid.read(x, source, ops), x, ops)

    def get_config(self):
        return {**super().get_config(), "window_ratio": self.window_ratio, "scales": self.scales}
