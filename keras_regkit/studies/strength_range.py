"""The strengths a search may give to a lever: an interval to draw from."""

import dataclasses
import math

import numpy as np

from keras_regkit._core.checks import OneOf


@dataclasses.dataclass(frozen=True)
class StrengthRange:
    """An interval of strengths, drawn from evenly or evenly on the scale of logarithms.

    Args:
        low, high: Its ends, low < high.
        scale: `"linear"`, or `"log"` (low > 0): as many between 0.001 and 0.01 as between 0.01 and 0.1.
        integer: Whether only whole numbers are drawn, both ends included.

    Raises:
        ValueError: ends in the wrong order, or a logarithm of what is not positive.

    Example:

    >>> import numpy as np
    >>> spread = StrengthRange(1e-4, 1e-1, "log")
    >>> 1e-4 <= spread.draw(np.random.default_rng(0)) <= 1e-1
    True
    """

    low: float
    high: float
    scale: str = "linear"
    integer: bool = False

    def __post_init__(self):
        OneOf("linear", "log").check("scale", self.scale)
        if not self.low < self.high:
            raise ValueError(f"A range must go from low to high. Received: ({self.low!r}, {self.high!r})")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(
                f"A range on a log scale must start above 0. Received: ({self.low!r}, {self.high!r}). 'Off' is always "
                "among the choices and needs no 0"
            )

    def draw(self, random: np.random.Generator) -> float:
        """Returns one strength, rounded to three digits: finer differences drown in the noise of the seeds.

        Args:
            random: A `numpy.random.Generator`.
        """
        if self.integer:
            low, high = self.low - 0.5, self.high + 0.5  # so that the ends are as likely as the rest
        else:
            low, high = self.low, self.high
        if self.scale == "log":
            value = math.exp(random.uniform(math.log(low), math.log(high)))
        else:
            value = random.uniform(low, high)
        value = round(value) if self.integer else float(f"{value:.3g}")
        return min(max(value, self.low), self.high)
