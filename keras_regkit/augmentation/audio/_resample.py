"""Waveforms read faster or slower, which moves their pitch."""

from keras_regkit.augmentation.audio._fft_length import fft_length

# Speeds are multiples of 1/4096, less than half a cent apart, so that whole numbers can tell where a sample is read.
STEPS = 4096
# Silence behind the waveform, for what the low-pass filter rings on.
_TAIL = 64


def steps_of(speed, ops):
    """Returns the nearest whole number of steps in a speed."""
    return ops.cast(ops.floor(speed * STEPS + 0.5), "int32")


def read(waves, steps, samples, ops):
    """Returns the waveforms read at another speed: y(n) = x(n · steps / 4096), free of aliases.

    What would come to lie above half the sampling rate is filtered out; between samples the cubic polynomial of
    Lagrange through four numbers, of twice as many samples, says what is read.

    Args:
        waves: `(batch, channels, length)`.
        steps: Speeds in 4096ths, below 2¹⁴, int32 `(batch, 1, 1)`.
        samples: Length of the result.
        ops: The functions to compute with.

    Returns:
        Tensor `(batch, channels, samples)`, zero beyond the waveforms.
    """
    fine = _doubled(waves, steps, ops)
    whole, share = _places(steps, samples, ops)
    return _between(fine, whole, share, ops)


def _doubled(waves, steps, ops):
    """Returns the waveforms with twice as many samples, and without what is too high for the speed."""
    batch, channels, samples = ops.shape(waves)
    length = fft_length(samples + _TAIL, ops)
    re, im = ops.rfft(waves, length)
    bins = length // 2 + 1
    frequency = ops.cast(ops.arange(0, bins, dtype="int32"), "float32") / ops.cast(length // 2, "float32")
    limit = STEPS / ops.cast(steps, "float32")
    # From 1 to 0 over the last tenth below the limit; at speed 1 and less nothing is too high.
    kept = ops.clip((limit - frequency) / (0.1 * limit), 0.0, 1.0)
    kept = ops.where(limit < 1, kept, ops.ones_like(kept))
    # Half of the samples, half of the numbers; half of the last one goes to each of what are two frequencies now.
    kept = kept * ops.where(frequency < 1, 2.0, 1.0)
    above = ops.zeros((batch, channels, length // 2))
    re, im = (ops.concatenate([part * kept, above], axis=2) for part in (re, im))
    return ops.irfft((re, im), 2 * length)[:, :, : 2 * samples]


def _places(steps, samples, ops):
    """Returns where each sample is read among twice as many: whole numbers, and what is left of them in [0, 1)."""
    number = ops.arange(0, samples, dtype="int32")
    # number · 2 · steps / 4096 in two parts, neither of which is too large for 32 bits: rounding errors are heard.
    high, low = ops.right_shift(number, 10), ops.bitwise_and(number, 1023)
    many = high * steps
    few = ops.bitwise_and(many, 1) * 1024 + low * steps
    whole = ops.right_shift(many, 1) + ops.right_shift(few, 11)
    return whole, ops.cast(ops.bitwise_and(few, 2047), "float32") / 2048


def _between(fine, whole, share, ops):
    batch, channels, samples = ops.shape(fine)
    rows = ops.reshape(
        ops.concatenate([ops.zeros_like(fine[:, :, :2]), fine, ops.zeros_like(fine[:, :, :4])], 2), (-1,)
    )
    row = (samples + 6) * ops.reshape(ops.arange(0, batch * channels, dtype="int32"), (batch, channels, 1))
    first = ops.minimum(whole, samples + 1) + row
    before, here, next_, after = (ops.take(rows, first + 1 + i, axis=0) for i in range(4))
    t = share
    return (
        here * ((t + 1) * (t - 1) * (t - 2) / 2)
        - before * (t * (t - 1) * (t - 2) / 6)
        - next_ * ((t + 1) * t * (t - 2) / 2)
        + after * ((t + 1) * t * (t - 1) / 6)
    )
