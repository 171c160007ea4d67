"""What the layers for signals, series, rows and ids share: samples in, samples of the same shape out."""

from typing import Any

import keras
import numpy as np

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._finite import check_finite
from keras_regkit.augmentation._kernels import ClassSignature, kernel_of, signature
from keras_regkit.augmentation._layer import Augmentation
from keras_regkit.augmentation._namespace import ops_for
from keras_regkit.augmentation._samples import check_samples, unpack

PROBABILITY = {"probability": Interval(0, 1)}


class SampleAugmentation(Augmentation):
    """A layer that changes samples at random, and keeps their shape. Everything else in a dict passes through.

    The random numbers of a call are one uniform draw, so that a subclass says in `draws_for` how many it needs for a
    sample, and in `transform` what it makes of them; `transform` is compiled.

    Args:
        probability: Share of the samples that are changed, in [0, 1].
        seed: Integer or None.
    """

    # What samples are called in a dict, the ranks that one sample may have, and their shapes in words.
    key = "samples"
    ranks: tuple[int, ...] = (1,)
    shapes = "(batch, size)"
    # The kinds of dtype that are taken, and in which they are computed; None for the one that comes.
    kinds: tuple[str, ...] = ("float", "int")
    computes_in: str | None = "float32"
    own_draws = 0
    # Arguments of the classes above that a class does not take.
    without: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # What goes through **kwargs is an argument like any other, for `help` and for editors.
        cls.__signature__ = ClassSignature(signature(cls))

    def __init__(self, probability: float = 1.0, seed: int | None = None, **kwargs: Any):
        super().__init__(seed=seed, **kwargs)
        check_arguments(PROBABILITY, probability=probability)
        self.probability = probability
        self.supports_masking = True
        self._kernel = None

    def call(self, inputs, training=True, mask=None):
        if training is not None and not training:
            return self.rest(inputs)
        return self.augment_with(lambda shape: self.uniform(shape, inputs), inputs, mask=mask)

    def steps(self):
        """Returns the ops, in order."""
        return [self]

    def draws_for(self, shape):
        """Returns how many numbers the op needs for one sample of this shape, without that for the probability."""
        return self.own_draws

    def transform(self, x, numbers, mask, ops):
        """Returns the new samples, of the same shape.

        Args:
            x: Tensor `(batch, *sample)` of the dtype in `computes_in`.
            numbers: Uniform numbers in [0, 1), `(batch, draws)`.
            mask: Boolean `(batch, steps)`, False where a step is padding, or None. What is padding stays as it is, and
                what is not stays where it is: the mask that came still holds.
            ops: The functions to compute with: those of `keras.ops`, or of `augmentation._tensorflow`.
        """
        raise NotImplementedError

    def check_sample_shape(self, shape):
        """Raises `ValueError` where a sample of this shape, with None for what is not known, cannot be augmented."""

    def check_batch(self, x):
        """Raises `ValueError` where a batch cannot be augmented as it came, or warns; it need not be known yet."""

    def shape_of_numbers(self, inputs, ops):
        x = inputs[self.key] if isinstance(inputs, dict) and self.key in inputs else inputs
        check_samples(x, self)
        shape = ops.shape(x)
        count, shape = (1, shape) if len(shape) == min(self.ranks) else (shape[0], shape[1:])
        return count, sum(step.draws_for(shape) + (step.probability < 1) for step in self.steps())

    def augment(self, inputs, numbers, ops, mask=None):
        samples = unpack(inputs, mask, self, ops)
        x = ops.convert_to_tensor(samples.x)
        check_finite(x, self.name, "samples")
        shape = tuple(ops.shape(x)[1:])
        for step in self.steps():
            step.check_sample_shape(tuple(x.shape)[1:])
            step.check_batch(x)
        # What is unknown cannot be part of the name of a compilation, and XLA needs to know it.
        known = all(isinstance(length, int) for length in shape)
        dtype, used = keras.backend.standardize_dtype(self.dtype_out(x.dtype)), 0
        # Each op is compiled by itself: XLA would compute what an op reads by index again for each of its readers.
        for step in self.steps():
            needed = step.draws_for(shape) + (step.probability < 1)
            own, used = numbers[:, used : used + needed], used + needed
            x = step.compute(x, own, samples.mask, shape if known else None, ops)
        return samples.packed(in_dtype(dtype, x, ops))

    def compute(self, x, numbers, mask, known, ops):
        """Returns the new samples of this one op, in the dtype it computes in.

        Args:
            x: Tensor `(batch, *sample)`.
            numbers: Uniform numbers, also that for the probability.
            mask: As of `transform`.
            known: Shape of a sample where all of it is known, else None.
            ops: The functions to compute with.
        """
        if known is None:
            return self._compute((None, ops), x, numbers, mask)
        if self._kernel is None:
            self._kernel = kernel_of(self)
        return self._kernel((known, ops), x, numbers, mask)

    def _compute(self, spec, x, numbers, mask):
        _, ops = spec
        x = ops.cast(x, self.computes_in) if self.computes_in else x
        if self.probability == 1:
            return self.transform(x, numbers, mask, ops)
        changed = self.transform(x, numbers[:, :-1], mask, ops)
        chosen = ops.reshape(numbers[:, -1] < self.probability, (-1, *[1] * (len(x.shape) - 1)))
        return ops.where(chosen, changed, x)

    def rest(self, inputs):
        ops = ops_for(inputs)
        given = inputs if isinstance(inputs, dict) else {self.key: inputs}
        if self.key in given:
            check_samples(given[self.key], self)
        samples = unpack(inputs, None, self, ops)
        x = ops.convert_to_tensor(samples.x)
        return samples.packed(ops.cast(x, self.dtype_out(x.dtype)))

    def compute_output_spec(self, inputs, training=True, mask=None):
        x = inputs[self.key] if isinstance(inputs, dict) and self.key in inputs else inputs
        check_samples(x, self)
        new = keras.KerasTensor(x.shape, self.dtype_out(x.dtype))
        if not isinstance(inputs, dict):
            return new
        # Tensors of their own for what passes through: Keras would take the inputs themselves for results of the layer.
        others = keras.tree.map_structure(lambda other: keras.KerasTensor(other.shape, other.dtype), inputs)
        return {**others, self.key: new}

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}


def in_dtype(dtype, x, ops):
    """Returns the samples in the dtype that goes out: whole numbers rounded, and within its limits."""
    if "float" in keras.backend.standardize_dtype(x.dtype) and "float" not in dtype:
        limits = np.iinfo(dtype)
        # The largest float that is not above the limit: 2³¹ − 1 itself is none.
        high = np.float32(limits.max)
        high = high if int(high) <= limits.max else np.nextafter(high, np.float32(0))
        x = ops.clip(ops.round(x), float(limits.min), float(high))
    return ops.cast(x, dtype)
