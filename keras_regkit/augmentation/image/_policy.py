"""What policies share: ops that are chosen for each image, in few passes over all of them."""

from typing import Any

from keras_regkit._core.checks import Interval, check_arguments, did_you_mean
from keras_regkit.augmentation.image import _images
from keras_regkit.augmentation.image._layer import FILL, FORMAT, PROBABILITY, RangedAugmentation
from keras_regkit.augmentation.image._policy_paint import PAINTED, Paint
from keras_regkit.augmentation.image._policy_strengths import matrix
from keras_regkit.augmentation.image._policy_tables import GEOMETRIC
from keras_regkit.augmentation.image._stages import Resample

SHARED = {**PROBABILITY, **FORMAT, **FILL, "fill_value": Interval(optional=True)}


class Policy(RangedAugmentation):
    """A layer that draws for each image which ops change it, and how.

    Subclasses say in `slots` what becomes of the images, in order: one op for each image and slot. As only one op of a
    slot changes an image, all ops of a slot that move pixels are one matrix per image, and all others one pass.

    Args:
        fill_mode, fill_value, interpolation: As in `keras.layers.RandomRotation`; None for the published value.
        others: As of every image augmentation.
    """

    # Share of the value range that lies outside of images, as published.
    fill_share = 128 / 255
    # Whether the table has translations in pixels, and not in shares of the side.
    in_pixels = False

    def __init__(
        self,
        fill_mode: str = "constant",
        fill_value: float | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_arguments(SHARED, fill_mode=fill_mode, fill_value=fill_value, interpolation=interpolation)
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.interpolation = interpolation

    def slots(self, numbers, chosen, ops):
        """Returns the strengths of each slot, as `strengths` makes them; numbers are vectors, one per draw."""
        raise NotImplementedError

    def stage(self, numbers, chosen, frame, clip_each):
        if not frame.training:
            return []
        return self.passes(self.slots(numbers, chosen, frame.ops), frame)

    def passes(self, slots, frame):
        """Returns the stages that these slots take."""
        stages = []
        # The order within a slot is free: so that what moves pixels meets that of the next slot, and joins it, and the
        # last pass is one that works on each pixel for itself.
        for k, slot in reversed(list(enumerate(reversed(list(slots))))):
            pair = [self._resampling(slot, frame), self._paint(slot, frame)]
            stages += reversed(pair) if k % 2 else pair
        return [stage for stage in stages if stage]

    def _paint(self, slot, frame):
        painted = {name: slot[name] for name in PAINTED if name in slot}
        if not painted:
            return None
        _images.check_channels(frame.channels, self.name, type(self).__name__)
        return Paint(tuple(painted), tuple(painted.values()))

    def _resampling(self, slot, frame):
        if not any(name in slot for name in GEOMETRIC):
            return None
        sides = (1, 1) if self.in_pixels else frame.extent
        size = self.output_size(frame.height, frame.width)
        return Resample(matrix(slot, sides, frame), size, self._fill(frame.value_range), self.interpolation)

    def _fill(self, value_range):
        if self.fill_mode != "constant":
            return self.fill_mode, 0.0
        low, high = value_range
        published = low + (high - low) * self.fill_share
        return self.fill_mode, published if self.fill_value is None else self.fill_value

    def get_config(self):
        return {
            **super().get_config(),
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "interpolation": self.interpolation,
        }


class Operations:
    """Names of ops, each once, of those that a table has; or None for all of them.

    Args:
        rows: The table.
    """

    def __init__(self, rows):
        self.rows = rows

    def check(self, name, value):
        """Returns the rows of these ops; raises `TypeError` or `ValueError` where a name is none."""
        if value is None:
            return self.rows
        if not isinstance(value, tuple | list):
            raise TypeError(f"`{name}` must be a list of names of ops, or None for all. Received: {value!r}")
        known = [row.op for row in self.rows]
        for op in (op for op in value if op not in known):
            raise ValueError(f"`{name}` must name ops of {known}.{did_you_mean(op, known)} Received: {value!r}")
        if not value or len(set(value)) != len(value):
            raise ValueError(f"`{name}` must name at least one op, and each once. Received: {value!r}")
        return tuple(row for row in self.rows if row.op in value)

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [("rotate", TypeError), (3, TypeError), ([], ValueError), (["rotat"], ValueError)]


def plain(names):
    """Returns a list as a plain one: Keras makes something else of the lists that layers hold."""
    return list(names) if isinstance(names, list) else names
