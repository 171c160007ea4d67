"""What the layers for waveforms share."""

import dataclasses
from typing import Any

from keras_regkit.augmentation._sample_layer import SampleAugmentation


@dataclasses.dataclass(frozen=True)
class Part:
    """Where the clips of a batch lie between their padding.

    Args:
        inside: Boolean `(batch, 1, samples)`, False where padding is, or None where none is.
        start, length: First sample and number of samples: `(batch, 1)`, or numbers that hold for all clips.
    """

    inside: Any
    start: Any
    length: Any


class WaveformAugmentation(SampleAugmentation):
    """A layer for waveforms `(batch, samples)` or `(batch, samples, channels)`, or one clip `(samples,)`."""

    key = "audio"
    ranks = (1, 2)
    shapes = "(batch, samples) or (batch, samples, channels), or (samples,) for one clip"
    RANGES: dict[str, Any]

    def transform(self, x, numbers, mask, ops):
        if not all(isinstance(size, int) for size in ops.shape(x)):
            # Only TensorFlow knows sizes that are not known yet, and not all functions of Keras take them.
            from keras_regkit.augmentation import _tensorflow as ops
        has_channels = len(x.shape) == 3
        waves = ops.transpose(x, (0, 2, 1)) if has_channels else x[:, None]
        part = _part(waves, mask, ops)
        if mask is not None:
            waves = ops.where(part.inside, waves, ops.zeros_like(waves))
        new = self.change(waves, numbers, part, ops)
        new = ops.transpose(new, (0, 2, 1)) if has_channels else new[:, 0]
        if mask is None:
            return new
        return ops.where(mask[..., None] if has_channels else mask, new, x)

    def change(self, waves, numbers, part, ops):
        """Returns the new waveforms.

        Args:
            waves: `(batch, channels, samples)`, zero where padding is.
            numbers: Uniform numbers in [0, 1), `(batch, draws)`.
            part: A `Part`. What is returned for padding does not count.
            ops: The functions to compute with.
        """
        raise NotImplementedError


def _part(waves, mask, ops):
    samples = ops.shape(waves)[2]
    if mask is None:
        return Part(None, 0, samples)
    steps = ops.arange(0, samples, dtype="int32")[None]
    start = ops.min(ops.where(mask, steps, steps * 0 + samples), axis=1, keepdims=True)
    end = ops.max(ops.where(mask, steps, steps * 0 - 1), axis=1, keepdims=True) + 1
    return Part(mask[:, None], start, ops.maximum(end - start, 0))


def column(numbers, index, ops):
    """Returns the numbers of one draw, to go with waveforms."""
    return ops.reshape(numbers[:, index], (-1, 1, 1))


def power(waves, part, ops):
    """Returns the mean square of each clip over all its channels, `(batch, 1, 1)`, if it is zero where padding is."""
    channels = ops.shape(waves)[1]
    total = ops.sum(ops.sum(ops.square(waves), axis=2, keepdims=True), axis=1, keepdims=True)
    if part.inside is None:
        return total / ops.cast(channels * part.length, "float32")
    return total / ops.maximum(ops.cast(channels * part.length[..., None], "float32"), 1.0)


def quotient(numerator, denominator, ops):
    """Returns the quotient, 0 where the denominator is 0."""
    found = denominator > 0
    return ops.where(found, numerator / ops.where(found, denominator, ops.ones_like(denominator)), 0.0)


def amplitude(decibels, ops):
    """Returns the factor of so many decibels."""
    return ops.exp(decibels * 0.11512925464970229)
