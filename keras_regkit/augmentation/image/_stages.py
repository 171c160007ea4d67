"""What becomes of a pipeline: a few passes over the pixels, each of as many ops as go together."""

import dataclasses
import functools
from typing import Any

import keras

from keras_regkit.augmentation.image import _matrices as m
from keras_regkit.augmentation.image._measures import mean_colour
from keras_regkit.augmentation.image._native import native
from keras_regkit.augmentation.image._warp import warp


@dataclasses.dataclass(frozen=True)
class Resample:
    """One resampling with one matrix per image.

    Args:
        matrix: 3 × 3, from the middles of output pixels to those of input pixels, (x, y, 1) with 0 the first pixel.
        size: Height and width of the output.
        fill: What lies outside, mode and value as of `warp`; None where nothing outside is read.
        interpolation: As of `warp`; None where every output pixel is one of the input.
    """

    matrix: tuple
    size: tuple
    fill: tuple | None
    interpolation: str | None

    def then(self, later):
        """Returns both as one, or None where they do not go together."""
        if not isinstance(later, Resample):
            return None
        for ours, theirs in ((self.fill, later.fill), (self.interpolation, later.interpolation)):
            if ours is not None and theirs is not None and ours != theirs:
                return None
        matrix = m.multiply(self.matrix, later.matrix)
        return Resample(matrix, later.size, self.fill or later.fill, self.interpolation or later.interpolation)

    def between_pixels(self):
        """Returns the same where points between pixels are read: bilinear, if nothing else is asked for."""
        return dataclasses.replace(self, interpolation=self.interpolation or "bilinear")

    def split(self, ops, like):
        """Returns what is known before the images are, and the tensors."""
        return dataclasses.replace(self, matrix=m.is_affine(self.matrix)), [m.stack(ops, self.matrix, like)]

    def run(self, images, tensors, ops, value_range):
        """Returns the new images; of a stage whose matrix was split off."""
        mode, value = self.fill or ("nearest", 0.0)
        interpolation = self.interpolation or "nearest"
        return warp(images, tensors[0], self.size, mode, value, interpolation, affine=self.matrix, ops=ops)

    def run_for_others(self, images, tensors, ops, value_range):
        """Returns the same as `run`, for stages that use each pixel more than once."""
        batch, _, _, channels = ops.shape(images)
        dtype = "float32" if self.interpolation == "bilinear" else keras.backend.standardize_dtype(images.dtype)
        make = functools.partial(self.run, tensors=tensors, ops=ops, value_range=value_range)
        return native(ops).once(make, images, tensors[0], (batch, *self.size, channels), dtype)

    def run_masks(self, masks, tensors, ops):
        """Returns the new masks, each pixel a class of the input, or class 0 where a constant fills."""
        mode, _ = self.fill or ("nearest", 0)
        return warp(masks, tensors[0], self.size, mode, 0, "nearest", affine=self.matrix, ops=ops)


@dataclasses.dataclass(frozen=True)
class Recolour:
    """One linear map of colours per image.

    Args:
        recolouring: A `Recolouring`.
        clip: Whether what leaves the value range is clipped at once, and not at the end of the pipeline.
    """

    recolouring: Any
    clip: bool = False

    def then(self, later):
        """Returns both as one, or None where they do not go together."""
        if not isinstance(later, Recolour) or self.clip:
            return None
        return Recolour(later.recolouring.after(self.recolouring), later.clip)

    def split(self, ops, like):
        """Returns what is known before the images are, and the tensors."""
        known, one = self.recolouring, ops.ones_like(like)
        if known.is_diagonal():
            linear = ops.stack([one * known.linear[k][k] for k in range(3)], axis=-1)
        else:
            linear = m.stack(ops, known.linear, like)
        offset = ops.stack([one * entry for entry in known.offset], axis=-1)
        mean = [m.stack(ops, known.mean, like)] if known.needs_mean() else []
        return dataclasses.replace(self, recolouring=None), [linear, offset, *mean]

    def run(self, images, tensors, ops, value_range):
        """Returns the new images; of a stage whose numbers were split off."""
        low, high = value_range
        linear, offset, *mean = tensors if images.shape[-1] == 3 else [_of_grey(t, ops) for t in tensors]
        # c ↦ low + (high − low) · map((c − low) / (high − low)): the range only moves the offset.
        total = linear if len(linear.shape) == 2 else ops.sum(linear, axis=-1)
        offset = (high - low) * offset + low - low * total
        if mean:
            offset = offset + _mapped(mean[0], mean_colour(images, ops) - low)
        images = _mapped(linear, images) + offset[:, None, None, :]
        return ops.clip(images, low, high) if self.clip else images


@dataclasses.dataclass(frozen=True)
class Filter:
    """An op that needs the pixels themselves.

    Args:
        op: The op, with `transform`.
        numbers: Its uniform numbers, `(images, draws)`.
        chosen: Boolean vector, which images, or None for all.
        clip: Whether what came before may have left the value range, and is clipped before it counts.
    """

    op: Any
    numbers: Any
    chosen: Any
    clip: bool = False

    def then(self, later):
        """Returns None: these do not go together with anything."""
        return None

    def split(self, ops, like):
        """Returns what is known before the images are, and the tensors."""
        chosen = [] if self.chosen is None else [self.chosen]
        return Filter(self.op, None, None, self.clip), [self.numbers, *chosen]

    def run(self, images, tensors, ops, value_range):
        """Returns the new images; of a stage whose numbers were split off."""
        numbers, *chosen = tensors
        images = ops.clip(images, *value_range) if self.clip else images
        changed = self.op.transform(images, numbers, value_range, ops)
        return ops.where(chosen[0][:, None, None, None], changed, images) if chosen else changed


def plan(steps, numbers, frame, clip):
    """Returns the passes that the steps take, and the frame of what comes out.

    Args:
        steps: Ops, each with `own_draws`, `probability` and `stage`.
        numbers: Uniform numbers, `(images, sum of draws)`.
        frame: The images as they come.
        clip: `"end"` or `"each"`: when values out of range are clipped.
    """
    passes, column = [], 0
    for step in steps:
        count = step.own_draws + (step.probability < 1)
        own = [numbers[:, column + k] for k in range(count)]
        column += count
        chosen = own.pop() < step.probability if step.probability < 1 else None
        made = step.stage(own, chosen, frame, clip == "each")
        # A policy is one step of several passes.
        for stage in made if isinstance(made, list) else filter(None, [made]):
            if isinstance(stage, Resample):
                frame = dataclasses.replace(frame, height=stage.size[0], width=stage.size[1])
            if isinstance(stage, Filter) and any(isinstance(earlier, Recolour) for earlier in passes):
                stage = dataclasses.replace(stage, clip=True)
            joined = passes[-1].then(stage) if passes else None
            passes = [*passes[:-1], joined] if joined else [*passes, stage]
    return passes, frame


def _mapped(matrix, colours):
    """Returns colours times one matrix per image.

    Args:
        matrix: `(images, 3, 3)`, or `(images, channels)` for a diagonal, where one channel stands for all.
        colours: `(images, ..., channels)`.
    """
    between = (slice(None),) + (None,) * (len(colours.shape) - 2)
    if len(matrix.shape) == 2:
        return matrix[between] * colours
    first, second, third = (matrix[..., k][between] * colours[..., k : k + 1] for k in range(3))
    return first + second + third


def _of_grey(tensor, ops):
    """Returns what a matrix or vector for three channels does where all of them are alike; as for a single channel."""
    return (ops.sum(tensor, axis=-1) if len(tensor.shape) == 3 else tensor)[:, :1]
