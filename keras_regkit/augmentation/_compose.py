"""Several ops on signals, series, rows or ids as one layer."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit.augmentation._sample_layer import SampleAugmentation


class Ops:
    """What `Compose` takes: a list of ops of one room."""

    def check(self, name, value):
        """Returns the ops; raises `TypeError` or `ValueError` where they are no such list."""
        if not isinstance(value, list | tuple) or not all(isinstance(op, SampleAugmentation) for op in value):
            raise TypeError(
                f"`{name}` must be a list of augmentation layers for audio, series, rows or ids; images have a "
                f"Compose of their own, and layers for strings are called one after the other. Received: {value!r}"
            )
        if not value:
            raise ValueError(f"`{name}` must hold at least one layer. Received: {value!r}")
        if len({op.key for op in value}) > 1:
            found = {type(op).__name__: op.key for op in value}
            raise ValueError(f"`{name}` must be layers for the same kind of data. Received: {found}")
        return list(value)

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [
            (None, TypeError),
            ("RandomGain", TypeError),
            ([keras.layers.Dropout(0.1)], TypeError),
            ([], ValueError),
        ]


@keras.saving.register_keras_serializable("keras_regkit", name="SampleCompose")
class Compose(SampleAugmentation):
    """Runs augmentation layers one after the other, with one draw of random numbers.

        x ↦ f_k(… f_2(f_1(x)))

    Use it for several ops on the same samples: one layer to hand over, with one seed for all. It is the same
    class in `augmentation.audio`, `text` (for ids), `tabular` and `time_series`; images have their own, which fuses.

    Args:
        augmentations: List of layers of one of these rooms, at least one. Each has its own `probability`.
        seed: Integer seed for all ops; their own do not count. Defaults to None.

    Call arguments:
        inputs: What the layers within take.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the layers take different kinds of data.

    Example:

    >>> from keras_regkit.augmentation.time_series import Compose, Jitter, Scaling
    >>> augment = Compose([Jitter(0.1), Scaling(0.2, probability=0.5)], seed=1)
    >>> augment(np.zeros((4, 10, 2), "float32")).shape
    TensorShape([4, 10, 2])
    """

    RANGES = {"augmentations": Ops()}  # noqa: RUF012
    without = ("probability",)

    def __init__(self, augmentations: Sequence[keras.layers.Layer], **kwargs: Any):
        if "probability" in kwargs:
            raise TypeError(
                "Compose takes no `probability`: give each of its layers its own. "
                f"Received: probability={kwargs['probability']!r}"
            )
        self.RANGES["augmentations"].check("augmentations", augmentations)
        super().__init__(**kwargs)
        self.augmentations = list(augmentations)
        # What it takes is what they take.
        first = self.augmentations[0]
        self.key, self.ranks, self.shapes, self.kinds = first.key, first.ranks, first.shapes, first.kinds

    def steps(self):
        return [step for op in self.augmentations for step in op.steps()]

    def get_config(self):
        config = super().get_config()
        del config["probability"]
        ops = [keras.saving.serialize_keras_object(op) for op in self.augmentations]
        return {**config, "augmentations": ops}

    @classmethod
    def from_config(cls, config):
        ops = [keras.saving.deserialize_keras_object(op) for op in config["augmentations"]]
        return cls(**{**config, "augmentations": ops})
