"""How much regularization: a rule of thumb of ours, from the number of samples and the gap seen so far."""

import math

from keras_regkit._core.checks import Interval, check_arguments

RANGES = {
    "samples": Interval(1, integer=True),
    "gap": Interval(0, closed="neither", optional=True),
}


class Amount:
    """A number in [0, 1] that says how far to go from the light end of a published range to the strong one.

        size   = log(many / samples) / log(many / few), within [0, 1]
        excess = gap − 1, within [0, 1]; 0 where no gap is known
        amount = (size + excess) / 2

    So one starts light: with few samples in the middle of the range, with many at its light end. More data give less;
    a validation loss above the training loss gives more, as far as the strong end. No paper says so; it is ours.

    Args:
        samples: Number of training samples, at least 1.
        gap: Validation loss divided by training loss, > 0; None where nothing was trained yet.
        few, many: Numbers of samples from which on, and below which, the size has no further effect.
    """

    def __init__(self, samples, gap, few, many):
        check_arguments(RANGES, samples=samples, gap=gap)
        size = min(max(math.log(many / samples) / math.log(many / few), 0.0), 1.0)
        excess = 0.0 if gap is None else min(max(gap - 1.0, 0.0), 1.0)
        self.value = (size + excess) / 2

    def linear(self, light, strong, published):
        """Returns the value between two, in a straight line, and its source."""
        return round(light + self.value * (strong - light), 4), self._source(light, strong, published)

    def logarithmic(self, light, strong, published):
        """Returns the value between two, by equal ratios, and its source; to three digits."""
        value = light * (strong / light) ** self.value
        return float(f"{value:.3g}"), self._source(light, strong, published)

    def _source(self, light, strong, published):
        return f"{published}. Between {light:g} and {strong:g}, {self.value:.0%} of the way: a rule of thumb of ours"
