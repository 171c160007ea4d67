"""What layers share that drop something at a rate, in training, and keep the shape."""

from typing import Any

import keras

from keras_regkit._core.strength import Strength
from keras_regkit._core.types import StrengthLike


class Noise(keras.layers.Layer):
    """A rate that may move, a seed, and a mask that passes through. Subclasses say in `call` what is dropped.

    Args:
        rate: Number or schedule, within `RANGES["rate"]`.
        seed: Integer or None.
    """

    # Takes part in Monte-Carlo dropout, see `uncertainty`.
    monte_carlo = True

    def __init__(self, rate: StrengthLike, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._rate = Strength("rate", rate, self.RANGES["rate"], owner=self.name)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    @property
    def rate(self):
        """The rate as it was given: a number or a schedule."""
        return self._rate.given

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self._rate.config(), "seed": self.seed}
