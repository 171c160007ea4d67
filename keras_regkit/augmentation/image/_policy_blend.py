"""Several chains of passes over the same images, and a weighted mean of what comes out."""

import dataclasses
from typing import Any

import keras


@dataclasses.dataclass(frozen=True)
class Blend:
    """The mean of the images as they come, and of what each chain makes of them.

    Args:
        chain: Stages for `chains` times the images: all of them for the first chain, then all for the next one.
        weights: `(images, 1 + chains)`, non-negative and with sum 1: of the images as they come, then of each chain.
        chains: Number of chains.
        counts: How many tensors each stage has; known after `split`.
    """

    chain: tuple
    weights: Any
    chains: int
    counts: tuple = ()
    takes_whole_numbers = True

    def then(self, later):
        """Returns None: these do not go together with anything."""
        return None

    def split(self, ops, like):
        """Returns what is known before the images are, and the tensors."""
        split = [stage.split(ops, ops.concatenate([like] * self.chains, axis=0)) for stage in self.chain]
        ready = tuple(stage for stage, _ in split)
        counts = tuple(len(own) for _, own in split)
        return Blend(ready, None, self.chains, counts), [self.weights, *(tensor for _, own in split for tensor in own)]

    def run(self, images, tensors, ops, value_range):
        """Returns the new images; of a stage whose numbers were split off."""
        weights, *tensors = tensors
        if "float" in keras.backend.standardize_dtype(images.dtype):
            # What colours left the range before counts as the end of the range, here as in each chain.
            images = ops.clip(images, *value_range)
        changed = ops.concatenate([images] * self.chains, axis=0)
        for stage, count in zip(self.chain, self.counts, strict=True):
            own, tensors = tensors[:count], tensors[count:]
            changed = stage.run(changed, own, ops, value_range)
        changed = ops.reshape(changed, (self.chains, *ops.shape(images)))
        parts = [images, *(changed[k] for k in range(self.chains))]
        return sum(weights[:, k][:, None, None, None] * ops.cast(part, "float32") for k, part in enumerate(parts))
