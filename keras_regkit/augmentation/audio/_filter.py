"""What the filters share."""

from typing import Any

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._layer import WaveformAugmentation
from keras_regkit.augmentation.audio._recursion import filtered

FILTER = {"sampling_rate": Interval(0, closed="neither"), "order": Interval(1, 8, integer=True)}


class FilterAugmentation(WaveformAugmentation):
    """A Butterworth filter, causal, at rest before the clip begins.

    Args:
        sampling_rate: Samples a second.
        order: Order of the filter, 1 to 8.
        **kwargs: Passed on.
    """

    def __init__(self, sampling_rate: float, order: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(
            {**FILTER, **PROBABILITY}, sampling_rate=sampling_rate, order=order, probability=self.probability
        )
        self.sampling_rate = sampling_rate
        self.order = order

    def response(self, numbers, ops):
        """Returns the `Response` of each clip's filter."""
        raise NotImplementedError

    def change(self, waves, numbers, part, ops):
        return filtered(waves, self.response(numbers, ops), ops)

    def check_below_nyquist(self, name, hertz, given):
        """Raises `ValueError` where a frequency that may be drawn cannot be told from another at this sampling rate."""
        if hertz >= self.sampling_rate / 2:
            raise ValueError(
                f"`{name}` must stay below half the sampling rate, {self.sampling_rate / 2:g} Hz. Received: "
                f"{name}={given!r}, which goes up to {hertz:g} Hz, with sampling_rate={self.sampling_rate!r}"
            )

    def get_config(self):
        return {**super().get_config(), "sampling_rate": self.sampling_rate, "order": self.order}
