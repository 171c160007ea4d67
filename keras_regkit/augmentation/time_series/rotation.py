"""Sensors worn in another way."""

import math
from typing import Any

import keras

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.time_series._layer import SeriesAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class Rotation(SeriesAugmentation):
    """Turns the axes of sensors: flips the sign of features and swaps them, or rotates triples of them in space.

        x(t) ↦ x(t) R,  R a random matrix of one ±1 in each row and column, or of rotations of three axes

    Use it where sensors may be worn in any way, and features are axes of the same kind. Rotations need features that
    are x, y, z of one sensor after the other; all sensors of a series turn alike, as in one housing.

    Args:
        kind: `"flip_permute"`, `"flip"` (each sign with probability 1/2) or `"permute"` for features of any kind and
            number; `"turn"` for rotations about an axis of random direction. Defaults to `"flip_permute"`.
        max_angle: For `"turn"`: largest angle to either side, in degrees in [0, 180]. Defaults to 180, as in the
            reference.
        probability: Share of the series that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Series `(batch, steps, features)` or `(steps, features)`, or a dict with `series`; further keys pass
            through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the series have the wrong rank, or no triples of
            features to turn.

    Reference:
        Um et al. 2017, Data Augmentation of Wearable Sensor Data for Parkinson's Disease Monitoring using Convolutional
        Neural Networks, section 2.2, for turns; Iwana and Uchida 2021, An empirical survey of data augmentation for
        time series classification with neural networks, section 3.1, for flips.

    Example:

    >>> step = np.array([[[3.0, 4.0, 0.0]]], "float32")
    >>> turned = Rotation("turn", seed=1)(step).numpy()
    >>> float(np.linalg.norm(turned).round(3))
    5.0
    >>> sorted(np.abs(Rotation(seed=1)(step).numpy()).ravel().tolist())
    [0.0, 3.0, 4.0]
    """

    RANGES = {  # noqa: RUF012
        "kind": OneOf("flip_permute", "flip", "permute", "turn"),
        "max_angle": Interval(0, 180),
        **PROBABILITY,
    }

    def __init__(self, kind: str = "flip_permute", max_angle: float = 180.0, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, kind=kind, max_angle=max_angle, probability=self.probability)
        self.kind = kind
        self.max_angle = max_angle

    def check_sample_shape(self, shape):
        if self.kind == "turn" and shape[1] is not None and shape[1] % 3:
            raise ValueError(
                f"Layer {self.name!r} turns triples of features, x, y and z of each sensor. Received: {shape[1]} "
                "features. Use another `kind`, or turn the axes before they are joined with others"
            )

    def draws_for(self, shape):
        return 3 if self.kind == "turn" else self.kind.count("flip") * shape[1] + self.kind.count("permute") * shape[1]

    def transform(self, x, numbers, mask, ops):
        if self.kind == "turn":
            new = turned(x, numbers, math.radians(self.max_angle), ops)
        else:
            new = self._rearranged(x, numbers, ops)
        return new if mask is None else ops.where(mask[..., None], new, x)

    def _rearranged(self, x, numbers, ops):
        features, new = x.shape[-1], x
        if "permute" in self.kind:
            order = ops.argsort(numbers[:, -features:], axis=1)[:, None]
            new = ops.take_along_axis(x, ops.broadcast_to(order, ops.shape(x)), axis=2)
        if "flip" in self.kind:
            new = new * (1 - 2 * ops.cast(numbers[:, None, :features] < 0.5, "float32"))
        return new

    def get_config(self):
        return {**super().get_config(), "kind": self.kind, "max_angle": self.max_angle}


def turned(x, numbers, limit, ops):
    """Returns triples of features, rotated by an angle up to `limit` about a random axis (Rodrigues' formula).

        v ↦ v cos θ + (k × v) sin θ + k (k · v)(1 − cos θ)

    Args:
        x: `(batch, steps, 3 sensors)`.
        numbers: Uniform numbers `(batch, 3)`: two for the axis, uniform on the sphere, one for θ.
        limit: Largest angle, in radians.
        ops: The functions to compute with.
    """
    height, around, angle = (numbers[:, k][:, None, None] for k in range(3))
    height, around, angle = 2 * height - 1, 2 * math.pi * around, limit * (2 * angle - 1)
    radius = ops.sqrt(1 - height * height)
    k = radius * ops.cos(around), radius * ops.sin(around), height
    v = [x[..., axis::3] for axis in range(3)]
    along = (k[0] * v[0] + k[1] * v[1] + k[2] * v[2]) * (1 - ops.cos(angle))
    new = []
    for axis in range(3):
        second, third = (axis + 1) % 3, (axis + 2) % 3
        across = k[second] * v[third] - k[third] * v[second]
        new.append(v[axis] * ops.cos(angle) + across * ops.sin(angle) + k[axis] * along)
    return ops.reshape(ops.stack(new, axis=-1), ops.shape(x))
