"""What becomes of a pipeline: a few passes over the pixels, each of as many ops as go together."""

import dataclasses
from typing import Any

from keras_regkit.augmentation.image import _matrices as m
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

    def split(self, ops, like):
        """Returns what is known before the images are, and the tensors."""
        return dataclasses.replace(self, matrix=m.is_affine(self.matrix)), [m.stack(ops, self.matrix, like)]

    def run(self, images, tensors, ops, value_range):
        """Returns the new images; of a stage whose matrix was split off."""
        mode, value = self.fill or ("nearest", 0.0)
        interpolation = self.interpolation or "nearest"
        return warp(images, tensors[0], self.size, mode, value, interpolation, affine=self.matrix, ops=ops)


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
        known, map_ = self.recolouring, m.stack(ops, self.recolouring.linear, like)
        mean = [m.stack(ops, known.mean, like)] if known.needs_mean() else []
        offset = ops.stack([ops.ones_like(like) * entry for entry in known.offset], axis=-1)
        return dataclasses.replace(self, recolouring=known.needs_mean()), [map_, offset, *mean]

    def run(self, images, tensors, ops, value_range):
        """Returns the new images; of a stage whose numbers were split off."""
        low, high = value_range
        linear, offset, *mean = tensors
        # c ↦ low + (high − low) · map((c − low) / (high − low)): the range only moves the offset.
        offset = (high - low) * offset + low - low * ops.sum(linear, axis=-1)
        if mean:
            mean_colour = ops.mean(images, axis=(1, 2))[..., None]
            offset = offset + ops.matmul(mean[0], mean_colour - low)[..., 0]
        columns = [linear[:, None, None, :, k] * images[..., k : k + 1] for k in range(3)]
        images = columns[0] + columns[1] + columns[2] + offset[:, None, None, :]
        return ops.clip(images, low, high) if self.clip else images


@dataclasses.dataclass(frozen=True)
class Filter:
    """An op that needs the pixels themselves.

    Args:
        op: The op, with `transform`.
        numbers: Its uniform numbers, `(images, draws)`.
        chosen: Boolean vector, which images, or None for all.
    """

    op: Any
    numbers: Any
    chosen: Any

    def then(self, later):
        """Returns None: these do not go together with anything."""
        return None

    def split(self, ops, like):
        """Returns what is known before the images are, and the tensors."""
        chosen = [] if self.chosen is None else [self.chosen]
        return Filter(self.op, None, None), [self.numbers, *chosen]

    def run(self, images, tensors, ops, value_range):
        """Returns the new images; of a stage whose numbers were split off."""
        numbers, *chosen = tensors
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
        stage = step.stage(own, chosen, frame, clip == "each")
        if stage is None:
            continue
        if isinstance(stage, Resample):
            frame = dataclasses.replace(frame, height=stage.size[0], width=stage.size[1])
        joined = passes[-1].then(stage) if passes else None
        passes = [*passes[:-1], joined] if joined else [*passes, stage]
    return passes, frame
