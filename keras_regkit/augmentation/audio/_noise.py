"""Noise for waveforms."""

import numpy as np

from keras_regkit._core.checks import did_you_mean
from keras_regkit.augmentation._hashed import hashed_normal
from keras_regkit.augmentation.audio._fft_length import fft_length

COLOURS = ("white", "pink")


class Noise:
    """The name of a colour, or recordings `(clips, samples)`."""

    def check(self, name, value):
        """Returns the name, or a float32 array; raises `TypeError` or `ValueError`."""
        if isinstance(value, str) and value not in COLOURS:
            raise ValueError(
                f"`{name}` must be one of {list(COLOURS)}, or an array (clips, samples)."
                f"{did_you_mean(value, COLOURS)} Received: {value!r}"
            )
        return value if isinstance(value, str) else recordings(name, value)

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [("blue", ValueError), *recordings_refused()]


def recordings(name, value):
    """Returns recordings as a float32 array `(clips, samples)`; raises `TypeError` or `ValueError`."""
    if isinstance(value, bool | str) or value is None:
        raise TypeError(f"`{name}` must be an array of recordings (clips, samples). Received: {value!r}")
    try:
        array = np.asarray(value, "float32")
    except (TypeError, ValueError) as error:
        raise TypeError(f"`{name}` must be an array of recordings (clips, samples). Received: {value!r}") from error
    if array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"`{name}` must be an array of recordings (clips, samples), with none of both 0. Received: shape "
            f"{array.shape}, {value!r}"
        )
    if not np.isfinite(array).all() or not array.any(axis=1).all():
        bad = np.flatnonzero(~np.isfinite(array).all(axis=1) | ~array.any(axis=1))
        raise ValueError(
            f"`{name}` must be of finite numbers, and no recording silent. Received: recordings {bad.tolist()} that "
            f"are not, of {value!r}"
        )
    return array


def recordings_refused():
    """Values that `recordings` must refuse, with the error each deserves."""
    return [
        (True, TypeError),
        ([["loud"]], TypeError),
        ([0.5, 0.5], ValueError),
        ([[0.5, float("nan")]], ValueError),
        ([[0.0, 0.0]], ValueError),
    ]


def white(waves, keys, ops):
    """Returns independent standard normal numbers of the shape of the waveforms."""
    _, channels, samples = ops.shape(waves)
    return ops.reshape(hashed_normal(keys, channels * samples, ops), ops.shape(waves))


def pink(waves, keys, ops):
    """Returns noise of which each frequency has the power 1 / f, but 0 at 0; it repeats after the waveform's length."""
    batch, channels, samples = ops.shape(waves)
    length = fft_length(samples, ops)
    bins = length // 2 + 1
    spectrum = ops.reshape(hashed_normal(keys, 2 * channels * bins, ops), (batch, 2, channels, bins))
    frequency = ops.cast(ops.arange(0, bins, dtype="int32"), "float32")
    spectrum = ops.where(frequency > 0, spectrum / ops.sqrt(ops.maximum(frequency, 1.0)), ops.zeros_like(spectrum))
    # A factor that keeps the power near 1, for nothing else counts on it.
    noise = ops.irfft((spectrum[:, 0], spectrum[:, 1]), length) * ops.cast(length, "float32")
    return noise[:, :, :samples]


def recorded(clips, waves, keys, ops):
    """Returns a random one of the recordings for each clip, `(batch, 1, samples)`, from a random moment on."""
    samples = ops.shape(waves)[2]
    if isinstance(samples, int):
        # As long as the waveforms at least: then it begins again once at most.
        clips = np.tile(clips, -(-samples // clips.shape[1]))
    count, length = clips.shape
    which, first = (
        ops.minimum(ops.cast(keys[:, i : i + 1] * n, "int32"), n - 1) for i, n in enumerate((count, length))
    )
    moments = ops.arange(0, samples, dtype="int32")[None] + first
    if isinstance(samples, int):
        moments = ops.where(moments < length, moments, moments - length)
    else:
        moments = ops.mod(moments, length)
    return ops.take(ops.convert_to_tensor(clips.reshape(-1)), which * length + moments, axis=0)[:, None]
