"""An engine that trains nothing: what a trial reaches is a formula of its levers, epochs and seed."""

import numpy as np

from keras_regkit.studies import Trial


class MadeUpEngine:
    """Yields trials whose `val_data_loss` is `level(settings, epochs)` and a little noise; NaN levels stay NaN.

    Args:
        level: Function of `{lever: strength}` and the number of epochs.
        noise: Standard deviation over seeds, drawn anew for each variant.
    """

    name = "made up"
    salt = 0  # other noise for another number

    def __init__(self, level, noise=0.0):
        self._level = level
        self._noise = noise
        self.plans = []

    def run(self, setup, plan):
        self.plans.append([(variant.name, seed, setup.epochs) for variant, seed in plan])
        for variant, seed in plan:
            settings = {lever.name: strength for lever, strength in variant.settings}
            draw = np.random.default_rng([self.salt, seed, *variant.name.encode()]).normal() * self._noise
            value = self._level(settings, setup.epochs) + draw
            metrics = {"data_loss": value, "val_data_loss": value, "gap": 0.0}
            curves = {"data_loss": [value], "val_data_loss": [value]}
            yield Trial(variant.name, seed, metrics, curves, setup.epochs, 0, 0.0)
