"""Parts of a series in another order."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.time_series._layer import SeriesAugmentation
from keras_regkit.augmentation.time_series._valid import Valid, whole


@keras.saving.register_keras_serializable("keras_regkit")
class Permutation(SeriesAugmentation):
    """Cuts a series into segments, and puts them together in random order.

        x = (s_1, …, s_k) ↦ (s_π(1), …, s_π(k))

    Use it where what tells the class comes at any time within a window, such as in activities cut out of long records;
    where order matters, it destroys the label. One order in k! is the old one.

    Args:
        segments: Number of segments k, at least 1. Defaults to 4, as in the reference.
        min_length: Smallest number of steps of a segment between random cuts, at least 1. Where fewer steps than
            k `min_length` are valid beside padding, it is their k-th part. Defaults to 10, as in the reference.
        cuts: `"random"` for segments of random length, `"equal"` for segments as long as each other, up to one step.
            Defaults to `"random"`.
        probability: Share of the series that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Series `(batch, steps, features)` or `(steps, features)`, or a dict with `series`; further keys pass
            through. With padding, by a mask or `lengths` in the dict, only what is valid is cut and moved.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the series have the wrong rank, or are too short for
            their segments.

    Reference:
        Um et al. 2017, Data Augmentation of Wearable Sensor Data for Parkinson's Disease Monitoring using Convolutional
        Neural Networks, section 2.2.

    Example:

    >>> clock = np.arange(6).reshape(1, 6, 1)
    >>> Permutation(2, cuts="equal", seed=2)(clock).numpy()[0, :, 0].tolist()
    [3, 4, 5, 0, 1, 2]
    """

    RANGES = {  # noqa: RUF012
        "segments": Interval(1, integer=True, closed="left"),
        "min_length": Interval(1, integer=True, closed="left"),
        "cuts": OneOf("random", "equal"),
        **PROBABILITY,
    }
    computes_in = None

    def __init__(self, segments: int = 4, min_length: int = 10, cuts: str = "random", **kwargs: Any):
        super().__init__(**kwargs)
        given = {"segments": segments, "min_length": min_length, "cuts": cuts, "probability": self.probability}
        check_arguments(self.RANGES, **given)
        self.segments = segments
        self.min_length = min_length
        self.cuts = cuts

    def check_sample_shape(self, shape):
        needed = self.segments * (self.min_length if self.cuts == "random" else 1)
        if shape[0] is not None and shape[0] < needed:
            raise ValueError(
                f"Layer {self.name!r} cuts {self.segments} segments of at least {needed // self.segments} steps, and "
                f"takes series of {needed} steps or more. Received: {shape[0]} steps. Lower `segments` or `min_length`"
            )

    def draws_for(self, shape):
        return self.segments + (self.segments - 1 if self.cuts == "random" else 0)

    def transform(self, x, numbers, mask, ops):
        valid = Valid.of(x, mask, ops)
        starts = self._starts(valid.length, numbers, ops)
        ends = ops.concatenate([starts[:, 1:], valid.length + ops.zeros_like(starts[:, :1])], axis=1)
        order = ops.argsort(numbers[:, : self.segments], axis=1)
        starts, sizes = (ops.take_along_axis(own, order, axis=1) for own in (starts, ends - starts))
        ends = ops.cumsum(sizes, axis=1)
        # How far each step comes from: the shift of the first segment, and from each next one on the change to its own.
        shifts = starts - (ends - sizes)
        changes = shifts[:, 1:] - shifts[:, :-1]
        later = valid.position[..., None] >= ends[:, None, :-1]
        moved = shifts[:, :1] + ops.sum(ops.where(later, changes[:, None], ops.zeros_like(changes[:, None])), axis=-1)
        source = ops.clip(valid.position + moved, 0.0, valid.length - 1)
        return valid.kept(valid.pick(x, ops.cast(source, "int32"), ops), x, ops)

    def _starts(self, length, numbers, ops):
        """Returns where the segments start, `(batch, segments)`."""
        count = ops.arange(0, self.segments, dtype="float32")[None]
        first = ops.zeros_like(numbers[:, :1])
        if self.cuts == "equal":
            return ops.floor(count * length / self.segments) + first
        shortest = ops.minimum(ops.floor(length / self.segments), float(self.min_length))
        cuts = numbers[:, self.segments :]
        cuts = ops.take_along_axis(cuts, ops.argsort(cuts, axis=1), axis=1)
        # What is left of the steps when each segment has its shortest length lies between the cuts.
        cuts = whole(cuts, length - self.segments * shortest, ops)
        return shortest * count + ops.concatenate([first, cuts], axis=1)

    def get_config(self):
        config = super().get_config()
        return {**config, "segments": self.segments, "min_length": self.min_length, "cuts": self.cuts}
