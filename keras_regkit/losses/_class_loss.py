"""What the losses on classes have in common: any kind of labels, logits or probabilities, one strength."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import OneOf, check_arguments
from keras_regkit._core.strength import Strength
from keras_regkit.losses._labels import Classes

FLAG = OneOf(True, False)


class ClassLoss(keras.losses.Loss):
    """A cross-entropy with something added, as strong as one argument says. To be subclassed.

    A subclass names that argument in `STRENGTH`, has its bounds in `RANGES`, and implements `choices`.

    Args:
        strength: A number, or a schedule over training steps.
        from_logits, multi_label, reduction, name, dtype: As every subclass documents them.
    """

    STRENGTH = ""
    RANGES: dict[str, Any] = {"from_logits": FLAG}  # noqa: RUF012

    def __init__(self, strength, from_logits, reduction, name, dtype, multi_label=False):
        check_arguments({"from_logits": FLAG, "multi_label": FLAG}, from_logits=from_logits, multi_label=multi_label)
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = from_logits
        self.multi_label = multi_label
        self._strength = Strength(self.STRENGTH, strength, self.RANGES[self.STRENGTH], self.name, held=False)

    def call(self, y_true, y_pred):
        classes = Classes(y_true, y_pred, self.from_logits, self.multi_label)
        return self.scale(lambda strength: classes.per_sample(self.choices(classes, strength)))

    def choices(self, classes, strength):
        """Returns the loss of each choice: of each row, or each yes-or-no output.

        Args:
            classes: `Classes` of the batch.
            strength: Scalar tensor.
        """
        raise NotImplementedError

    def scale(self, value):
        """Returns `value(strength)`; a schedule moves on when a gradient is taken of it."""
        return self._strength.scale(value)

    def get_config(self):
        config = {**super().get_config(), self.STRENGTH: self._strength.config(), "from_logits": self.from_logits}
        return {**config, "multi_label": self.multi_label} if "multi_label" in self.RANGES else config

    @property
    def given(self):
        """The strength as it was given: a number or a schedule."""
        return self._strength.given


def like(strength, tensor):
    """Returns the strength in the dtype of `tensor`."""
    return ops.cast(strength, tensor.dtype)
