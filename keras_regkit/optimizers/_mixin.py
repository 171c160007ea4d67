"""What the mixins share."""

import keras
import numpy as np


class Mixin:
    """Something to put before an optimizer class of Keras: `class LookaheadAdam(Lookahead, keras.optimizers.Adam)`.

    Its arguments are keywords; all others belong to the optimizer. What is done to a gradient or a step is done in
    `update_step`, which sees one variable, and its gradient summed over all replicas and accumulated micro-batches.
    """

    # Where `mix` puts a mixin: those of higher rank act around those of lower rank.
    RANK = 0

    @classmethod
    def check_base(cls, base):
        """Raises `ValueError` for an optimizer class that the mixin cannot work with."""

    def keras_variable(self, variable):
        """Returns the model's variable, which has a path and a regularizer, for one that a step is taken of.

        TensorFlow hands its own variables to `update_step`.
        """
        return self._trainable_variables[self._get_variable_index(variable)] if self.built else variable

    def get_config(self):
        config = super().get_config()
        if isinstance(config["learning_rate"], float):
            # Keras gives back what float32 made of it: 0.0010000000474974513 for 0.001.
            config["learning_rate"] = float(str(np.float32(config["learning_rate"])))
        return config


def optimizer_in(classes):
    """Returns the first class that is an optimizer without mixins, and takes steps of its own."""
    for cls in classes:
        if issubclass(cls, keras.optimizers.Optimizer) and not issubclass(cls, Mixin) and "update_step" in vars(cls):
            return cls
    return None
