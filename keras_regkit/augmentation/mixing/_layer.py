"""What the mixing layers share: what they take, how λ is drawn, and what becomes of labels."""

import warnings
from typing import Any

import keras

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.augmentation._finite import check_finite
from keras_regkit.augmentation._layer import Augmentation
from keras_regkit.augmentation._namespace import compiled, is_foreign, ops_for
from keras_regkit.augmentation.mixing import _labels
from keras_regkit.augmentation.mixing._batch import unpack
from keras_regkit.augmentation.mixing._kernel import SHARED_DRAWS, Recipe, can_blend, mix

SHARED = {
    "num_classes": Interval(2, integer=True, optional=True),
    "per": OneOf("sample", "batch"),
    "probability": Interval(0, 1),
    "labels": OneOf("dense", "pair"),
}
FORMAT = {"data_format": OneOf(None, "channels_last", "channels_first")}
# One for all layers: what differs between them is in the recipe.
_KERNEL = compiled(mix)


class Mixing(Augmentation):
    """A layer that mixes each sample of a batch with another one, and their labels alike.

    Subclasses have `switch`, and hold α in `strengths`: for blending, for cutting, or for both, in this order.

    Args:
        num_classes: Number of classes, for integer labels.
        per: `"sample"` or `"batch"`: what a λ is drawn for.
        probability: Share of the samples, or batches, that are mixed.
        labels: `"dense"` or `"pair"`.
        seed: Integer or None.
    """

    # Share of the samples that are cut, the others are blended.
    switch = 0.0
    data_format: str | None = None
    # What is erased of the mixed images: an `Erasing`, or None.
    erases: Any = None

    def __init__(
        self,
        num_classes: int | None = None,
        per: str = "sample",
        probability: float = 1.0,
        labels: str = "dense",
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, **kwargs)
        check_arguments(SHARED, num_classes=num_classes, per=per, probability=probability, labels=labels)
        self.num_classes = num_classes
        self.per = per
        self.probability = probability
        self.labels = labels

    @property
    def strengths(self):
        """α of blending, α of cutting, or both: a tuple of `Strength`."""
        raise NotImplementedError

    def shape_of_numbers(self, inputs, ops):
        x = self._samples(unpack(inputs, self.name))[0]
        axes = self.cut_axes(len(x.shape))
        places = 0 if axes is None else len(axes) or x.shape[-1]
        count = SHARED_DRAWS + (0 < self.switch < 1) + places + (self.probability < 1)
        return ops.shape(x)[0], count + (self.erases.draws if self.erases else 0)

    def augment(self, inputs, numbers, ops, alphas=None):
        """Returns the mixed inputs; α may be handed over where the layer's own cannot be read."""
        batch = unpack(inputs, self.name)
        xs, ys, weights = self._checked(batch)
        for x in xs:
            check_finite(ops.convert_to_tensor(x), self.name, "samples")
        if xs[0].shape[0] == 1:
            warnings.warn(
                f"Layer {self.name!r} received a batch of one: there is nothing to mix it with",
                NoEffectWarning,
                stacklevel=2,
            )
            return self.rest(inputs)
        alphas = self.alphas(inputs) if alphas is None else alphas
        alphas = [ops.convert_to_tensor(alpha, dtype="float32") for alpha in alphas]
        recipe = Recipe(
            switch=self.switch,
            axes=self.cut_axes(len(xs[0].shape)),
            per_batch=self.per == "batch",
            probability=self.probability,
            pair=self.labels == "pair",
            num_classes=self.num_classes,
            dtypes=tuple(keras.backend.standardize_dtype(self.dtype_out(x.dtype)) for x in xs),
            erasing=self.erases,
            shapes=tuple(tuple(tensor.shape[1:]) for tensor in (*xs, *ys, *weights)),
            ops=ops,
        )
        # Two entries, so that blending is the first and cutting the second also where there is one alone.
        xs, ys, weights = _KERNEL(recipe, xs, ys, weights, numbers, [alphas[0], alphas[-1]])
        return self._packed(batch, xs, ys, weights)

    def rest(self, inputs):
        batch, ops = unpack(inputs, self.name), ops_for(inputs)
        xs, ys, weights = self._checked(batch)
        xs = [ops.cast(x, self.dtype_out(x.dtype)) for x in xs]
        if self.labels == "pair":
            ys = [*ys, *ys, ops.ones((ops.shape(xs[0])[0],), dtype="float32")]
        else:
            ys = [_labels.dense(y, self.num_classes, ops) for y in ys]
        return self._packed(batch, xs, ys, weights)

    def alphas(self, beside):
        """Returns α, or the two α, for a step with inputs like `beside`."""
        if not is_foreign(beside):
            return [strength.advance() for strength in self.strengths]
        for strength in self.strengths:
            if strength.schedule:
                raise ValueError(
                    f"Layer {self.name!r} has a schedule for `{strength.argument}`, which cannot be read in tf.data "
                    f"beside the {keras.backend.backend()} backend. Use augmentation.pipeline(dataset, mix=layer), "
                    "which counts the steps itself, or a number"
                )
        return [strength.given for strength in self.strengths]

    def cut_axes(self, rank):
        """Returns the axes to cut along, for samples of this rank with their batch; empty for features, None for none.

        Raises:
            ValueError: there is nothing to cut.
        """
        if self.switch == 0:
            return None
        if rank < 2:
            raise ValueError(
                f"Layer {self.name!r} cuts samples of shape (batch, features), (batch, steps, features) or images. "
                f"Received: rank {rank}"
            )
        first = (self.data_format or keras.config.image_data_format()) == "channels_first"
        return tuple(range(2, rank) if first else range(1, rank - 1))

    def compute_output_spec(self, inputs, training=True):
        batch = unpack(inputs, self.name)
        xs, ys, weights = self._checked(batch)
        xs = [keras.KerasTensor(x.shape, self.dtype_out(x.dtype)) for x in xs]
        if self.labels == "pair":
            ys = [keras.KerasTensor(y.shape, y.dtype) for y in (*ys, *ys)]
            ys.append(keras.KerasTensor(xs[0].shape[:1], "float32"))
        else:
            shapes = [_labels.dense_shape(y.shape, self.num_classes) for y in ys]
            ys = [keras.KerasTensor(shape, _labels.dense_dtype(y)) for shape, y in zip(shapes, ys, strict=True)]
        weights = [keras.KerasTensor(w.shape, _labels.dense_dtype(w)) for w in weights]
        return self._packed(batch, xs, ys, weights)

    def compute_output_shape(self, input_shape):
        batch = unpack(input_shape, self.name)
        if self.labels == "pair":
            return batch.packed(batch.x, (batch.y, batch.y, tuple(batch.x[:1])), batch.weight)
        return batch.packed(batch.x, _labels.dense_shape(batch.y, self.num_classes), batch.weight)

    def get_config(self):
        return {
            **super().get_config(),
            **{strength.argument: strength.config() for strength in self.strengths},
            "num_classes": self.num_classes,
            "per": self.per,
            "probability": self.probability,
            "labels": self.labels,
        }

    def _samples(self, batch):
        """Returns the tensors of samples; several only where all of them can be blended."""
        xs = keras.tree.flatten(batch.x)
        if not all(hasattr(x, "shape") and len(x.shape) for x in xs):
            raise ValueError(f"Layer {self.name!r} takes batches. Received: a single sample. Batch the dataset before")
        if self.switch > 0 and len(xs) > 1:
            raise ValueError(
                f"Layer {self.name!r} cuts one tensor of samples. Received: {len(xs)}. Use MixUp, which blends all"
            )
        return xs

    def _checked(self, batch):
        """Returns the tensors of samples, labels and weights, as lists; raises `ValueError` where they do not fit."""
        xs, ys = self._samples(batch), keras.tree.flatten(batch.y)
        weights = [] if batch.weight is None else [batch.weight]
        self.cut_axes(len(xs[0].shape))
        if self.erases and len(xs[0].shape) != 4:
            raise ValueError(
                f"Layer {self.name!r} has `erasing`, which takes images (batch, height, width, channels). "
                f"Received: shape {tuple(xs[0].shape)}"
            )
        for x in xs:
            if self.switch < 1 and not can_blend(x):
                raise ValueError(
                    f"Layer {self.name!r} blends floats, and integers of at most 16 bits. Received: samples of dtype "
                    f"{keras.backend.standardize_dtype(x.dtype)}. Cast numbers to floats; ids have nothing between "
                    "them: CutMix takes them, or training.ManifoldMixUp blends what a model makes of them"
                )
        for y in ys:
            _labels.check_labels(y, self.num_classes, self.labels == "pair", self.name)
            _labels.check_range(y, self.num_classes, self.name)
        sizes = {tensor.shape[0] for tensor in (*xs, *ys, *weights)} - {None}
        if len(sizes) > 1:
            raise ValueError(
                f"Layer {self.name!r} takes as many samples as labels and weights. Received: shapes "
                f"{[tuple(tensor.shape) for tensor in (*xs, *ys, *weights)]}"
            )
        return xs, ys, weights

    def _packed(self, batch, xs, ys, weights):
        x = keras.tree.pack_sequence_as(batch.x, xs)
        if self.labels == "pair":
            half = len(ys) // 2
            ours, theirs = (keras.tree.pack_sequence_as(batch.y, part) for part in (ys[:half], ys[half:-1]))
            y = (ours, theirs, ys[-1])
        else:
            y = keras.tree.pack_sequence_as(batch.y, ys)
        return batch.packed(x, y, weights[0] if weights else None)
