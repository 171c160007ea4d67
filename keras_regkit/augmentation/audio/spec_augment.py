"""Masks in time and frequency, and warped time, on spectrograms."""

import numbers
import warnings
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments, did_you_mean
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._bands import inside_bands
from keras_regkit.augmentation.audio._spectrogram import SpectrogramAugmentation
from keras_regkit.augmentation.audio._warp import warped

# Park et al. 2019, table 1: W, F, m_F, T, p, m_T.
POLICIES = {
    "LB": (80, 27, 1, 100, 1.0, 1),
    "LD": (80, 27, 2, 100, 1.0, 2),
    "SM": (40, 15, 2, 70, 0.2, 2),
    "SS": (40, 27, 2, 70, 0.2, 2),
}
_COLUMNS = ("time_warp_param", "freq_mask_param", "num_freq_masks", "time_mask_param", "p", "num_time_masks")


class MaskValue:
    """What masks may be filled with: a finite number, or `"mean"`."""

    def check(self, name, value):
        """Returns the value; raises `TypeError` for a wrong kind, `ValueError` for a wrong number or name."""
        if isinstance(value, str):
            if value != "mean":
                raise ValueError(
                    f"`{name}` must be a number or 'mean'.{did_you_mean(value, ['mean'])} Received: {value!r}"
                )
            return value
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(f"`{name}` must be a number or 'mean'. Received: {value!r}")
        return Interval().check(name, value)

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [("median", ValueError), (True, TypeError), (None, TypeError), (float("nan"), ValueError)]


@keras.saving.register_keras_serializable("keras_regkit")
class SpecAugment(SpectrogramAugmentation):
    """Masks bands of frequency and stretches of time of a spectrogram, and warps its time.

        x[:, f₀ : f₀ + f] = value,   f ~ U{0, …, F},             f₀ ~ U{0, …, ν − f},   m_F times
        x[t₀ : t₀ + t, :] = value,   t ~ U{0, …, min(T, ⌊p τ⌋)}, t₀ ~ U{0, …, τ − t},   m_T times
        x(t) ↦ x(s),   s piecewise linear through 0 ↦ 0, w₀ + w ↦ w₀, τ − 1 ↦ τ − 1
        w₀ ~ U[W, τ − 1 − W],   w ~ U[−W, W]

    Use it for speech and other sound, on log mel spectrograms; it is the first thing to try there. τ is the number of
    valid frames, ν that of frequencies. Time is warped first. Adaptive masks follow the length of each sample:
    ⌊p_M τ⌋ masks of up to ⌊p_S τ⌋ frames.

    Frames between two frames are interpolated linearly, as in the paper of 2020; the paper of 2019 warps by splines.
    Masks may reach the last frame and the last frequency, which a half-open range of whole numbers would spare.

    Args:
        freq_mask_param: F, the largest width of a band in frequencies. Defaults to 27.
        num_freq_masks: m_F, at least 0. Defaults to 1.
        time_mask_param: T, the largest width of a mask in frames. Defaults to 100.
        num_time_masks: m_T, at least 0. Defaults to 1.
        p: Largest share of the valid frames in one mask, in [0, 1]. Defaults to 1.
        time_warp_param: W, the longest way in frames that a point is moved, 0 for no warp. What has no more than 2 W
            valid frames is not warped. Defaults to 80.
        adaptive_multiplicity: p_M, in place of m_T: masks for each valid frame, in [0, 1]. Defaults to None.
        adaptive_size: p_S, in place of T: the largest width of a mask, as a share of the valid frames, in [0, 1].
            Defaults to None.
        max_time_masks: The most masks in time where p_M is given. Defaults to 20.
        mask_value: What masks are filled with: a number, or `"mean"` for the mean of the spectrogram as it came.
            Defaults to 0, which is the mean of normalized spectrograms.
        probability: Share of the spectrograms that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Spectrograms `(batch, time, frequency)`, with channels behind or not, or one `(time, frequency)`; or a
            dict with `spectrograms`, further keys pass through. Padding, by a mask or `lengths` in the dict, stays as
            it is; masks and the warp keep to the valid part, which must be in one piece.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the spectrograms have the wrong rank, or hold NaN.

    A `NoEffectWarning` says where spectrograms are too short to be warped.

    Reference:
        Park et al. 2019, SpecAugment: A Simple Data Augmentation Method for Automatic Speech Recognition, section 2;
        Park et al. 2020, SpecAugment on Large Scale Datasets, section 2, for the linear warp and for adaptive masks.

    Example:

    >>> augment = SpecAugment.from_policy("SM", time_warp_param=0, seed=1)
    >>> augment(np.ones((2, 100, 80), "float32")).shape
    TensorShape([2, 100, 80])
    """

    RANGES = {  # noqa: RUF012
        "freq_mask_param": Interval(0, integer=True),
        "num_freq_masks": Interval(0, integer=True),
        "time_mask_param": Interval(0, integer=True),
        "num_time_masks": Interval(0, integer=True),
        "p": Interval(0, 1),
        "time_warp_param": Interval(0, integer=True),
        "adaptive_multiplicity": Interval(0, 1, optional=True),
        "adaptive_size": Interval(0, 1, optional=True),
        "max_time_masks": Interval(1, integer=True),
        "mask_value": MaskValue(),
        **PROBABILITY,
    }

    def __init__(
        self,
        freq_mask_param: int = 27,
        num_freq_masks: int = 1,
        time_mask_param: int = 100,
        num_time_masks: int = 1,
        p: float = 1.0,
        time_warp_param: int = 80,
        adaptive_multiplicity: float | None = None,
        adaptive_size: float | None = None,
        max_time_masks: int = 20,
        mask_value: float | str = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        own = {
            "freq_mask_param": freq_mask_param,
            "num_freq_masks": num_freq_masks,
            "time_mask_param": time_mask_param,
            "num_time_masks": num_time_masks,
            "p": p,
            "time_warp_param": time_warp_param,
            "adaptive_multiplicity": adaptive_multiplicity,
            "adaptive_size": adaptive_size,
            "max_time_masks": max_time_masks,
            "mask_value": mask_value,
        }
        check_arguments(self.RANGES, **own)
        for name, value in own.items():
            setattr(self, name, value)

    @classmethod
    def from_policy(cls, policy, **kwargs):
        """Returns the layer with the numbers of a published policy.

        ====== == == === === === ===
        policy W  F  m_F T   p   m_T
        ====== == == === === === ===
        LB     80 27 1   100 1.0 1
        LD     80 27 2   100 1.0 2
        SM     40 15 2   70  0.2 2
        SS     40 27 2   70  0.2 2
        ====== == == === === === ===

        LB and LD were found for LibriSpeech, SM and SS for Switchboard; they count in frames of 10 ms, and in 80
        frequencies.

        Args:
            policy: `"LB"`, `"LD"`, `"SM"` or `"SS"`.
            **kwargs: Arguments of `SpecAugment`, also in place of the policy's.

        Raises:
            ValueError: there is no such policy.

        Reference:
            Park et al. 2019, table 1.

        Example:

        >>> SpecAugment.from_policy("LD").num_time_masks
        2
        """
        if policy not in POLICIES:
            raise ValueError(
                f"`policy` must be one of {list(POLICIES)}.{did_you_mean(policy, POLICIES)} Received: {policy!r}"
            )
        return cls(**{**dict(zip(_COLUMNS, POLICIES[policy], strict=True)), **kwargs})

    def check_sample_shape(self, shape):
        steps, least = shape[0], 2 * self.time_warp_param + 1
        if self.time_warp_param and isinstance(steps, int) and steps < least:
            warnings.warn(
                f"Layer {self.name!r} with time_warp_param={self.time_warp_param} warps spectrograms of at least "
                f"{least} frames. Received: {steps} frames, whose time is not warped. Give it a smaller one, or 0",
                NoEffectWarning,
                stacklevel=2,
            )

    def draws_for(self, shape):
        return 2 * (bool(self.time_warp_param) + self.num_freq_masks + self._time_masks)

    def transform(self, x, numbers, mask, ops):
        if not self.draws_for(x.shape[1:]):
            return x
        rest = tuple(None for _ in x.shape[3:])
        place = ops.cast(ops.arange(0, ops.shape(x)[1], dtype="int32"), "float32")[None]
        valid = ops.ones_like(place) > 0 if mask is None else mask
        length = ops.sum(ops.cast(valid, "float32") + 0 * numbers[:, :1], axis=1, keepdims=True)
        # Places are counted from the first valid frame on.
        place = place - ops.min(ops.where(valid, place, place[:, -1:]), axis=1, keepdims=True)
        new = x
        if self.time_warp_param:
            new, numbers = warped(x, place, length, self.time_warp_param, numbers[:, :2], ops), numbers[:, 2:]
        value = self._value(x, valid, length, ops)
        if self.num_freq_masks:
            bands = self._masked_frequencies(ops.shape(x)[2], length, numbers[:, : 2 * self.num_freq_masks], ops)
            new = ops.where(bands[(slice(None), None, slice(None), *rest)], value, new)
        if self._time_masks:
            count, widest = self._time_limits(length, ops)
            bands = inside_bands(place, length, widest, count, numbers[:, 2 * self.num_freq_masks :], ops)
            new = ops.where(bands[(slice(None), slice(None), None, *rest)], value, new)
        return new if mask is None else ops.where(mask[(..., None, *rest)], new, x)

    def get_config(self):
        return {**super().get_config(), **{name: getattr(self, name) for name in self.RANGES}}

    @property
    def _time_masks(self):
        """The most masks in time that a sample can get."""
        return self.num_time_masks if self.adaptive_multiplicity is None else self.max_time_masks

    def _masked_frequencies(self, frequencies, length, numbers, ops):
        """Returns which frequencies are masked, `(batch, frequencies)`."""
        place = ops.cast(ops.arange(0, frequencies, dtype="int32"), "float32")[None]
        count = place[:, -1:] + 1 + ops.zeros_like(length)
        return inside_bands(place, count, ops.minimum(count, float(self.freq_mask_param)), None, numbers, ops)

    def _time_limits(self, length, ops):
        """Returns how many masks in time each sample gets, or None for all of them, and their largest width."""
        # A little more, since 0.2 · 100 may be below 20 in float32.
        share = lambda ratio: ops.floor(ratio * length + 1e-3)  # noqa: E731
        widest = share(self.p)
        if self.adaptive_size is None:
            widest = ops.minimum(widest, float(self.time_mask_param))
        else:
            widest = ops.minimum(widest, share(self.adaptive_size))
        return None if self.adaptive_multiplicity is None else share(self.adaptive_multiplicity), widest

    def _value(self, x, valid, length, ops):
        """Returns what masks are filled with: a number, or one for each sample."""
        if self.mask_value != "mean":
            return ops.cast(self.mask_value, x.dtype)
        others = tuple(range(2, len(x.shape)))
        # Of each frame first: means are smaller than sums, and padding is left out once.
        frames = ops.mean(x, axis=others)
        total = ops.sum(ops.where(valid, frames, ops.zeros_like(frames)), axis=1, keepdims=True)
        return ops.reshape(total / ops.maximum(length, 1.0), (-1, *[1] * (len(x.shape) - 1)))
