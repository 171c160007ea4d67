"""What `augmentation.pipeline` builds."""

import warnings

import keras
import numpy as np
import tensorflow as tf

from keras_regkit._core.strength import Schedule
from keras_regkit.augmentation._tensorflow import seeded_uniform
from keras_regkit.augmentation.image._images import KEYS
from keras_regkit.augmentation.image._layer import ImageAugmentation


def build(dataset, augment, mix, mix_until_epoch, targets, seed, parallel, prefetch):
    """Returns the dataset; arguments as in `pipeline`."""
    spec = dataset.element_spec
    _check_spec(spec, augment, mix)
    if targets == "labels" and isinstance(augment, ImageAugmentation):
        _warn_of_masks(spec)
    batches = None if mix_until_epoch is None else _known_length(dataset)
    clock = Clock(mix.strengths if mix is not None else (), mix_until_epoch is not None)

    # Keras' layers and ours are written for tracing as they are.
    @tf.autograph.experimental.do_not_convert
    def train(batch, number, alphas, epoch):
        if augment is not None:
            batch = _augmented(augment, batch, targets, lambda shape: seeded_uniform(shape, [number, 0]))
        if mix is None:
            return batch

        def mixed():
            return mix.augment_with(lambda shape: seeded_uniform(shape, [number, 1]), batch, alphas=alphas)

        if mix_until_epoch is None:
            return mixed()
        return tf.cond(epoch < mix_until_epoch, mixed, lambda: mix.rest(batch))

    # One number for each batch, and other ones in the next epoch. What moves on is read one batch at a time, in order.
    numbers = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    moments = numbers.map(clock.read)
    automatic = tf.data.AUTOTUNE
    zipped = tf.data.Dataset.zip(dataset, moments)
    result = zipped.map(
        lambda batch, moment: train(batch, *moment),
        num_parallel_calls=automatic if parallel is None else parallel,
        deterministic=True,
    )
    if prefetch != 0:
        result = result.prefetch(automatic if prefetch is None else prefetch)
    if batches is None:
        return result
    # After the prefetching, so that only what was really taken counts.
    return result.enumerate().map(lambda index, batch: clock.passed(index == batches - 1, batch))


class Clock:
    """What a dataset must know of the time: the step, for strengths on a schedule, and the epoch.

    Args:
        strengths: The strengths to read.
        counts_epochs: Whether epochs are counted.
    """

    def __init__(self, strengths, counts_epochs):
        self._strengths = strengths
        moving = any(isinstance(strength.given, Schedule) for strength in strengths)
        with tf.init_scope(), tf.device("CPU"):  # where datasets run
            self._step = tf.Variable(0, dtype=tf.int64) if moving else None
            self._epoch = tf.Variable(0, dtype=tf.int64) if counts_epochs else None

    @tf.autograph.experimental.do_not_convert
    def read(self, number):
        """Returns the number, the strengths, and the epoch, for the next batch."""
        step = None if self._step is None else self._step.assign_add(1) - 1
        epoch = tf.constant(0, tf.int64) if self._epoch is None else self._epoch.read_value()
        return number, tuple(_at(strength.given, step) for strength in self._strengths), epoch

    @tf.autograph.experimental.do_not_convert
    def passed(self, is_last, batch):
        """Returns the batch, and counts the epoch that it was the last of."""
        self._epoch.assign_add(tf.cast(is_last, tf.int64))
        return batch


def _at(given, step):
    """Returns a strength at a step."""
    if not isinstance(given, Schedule):
        return tf.constant(given, tf.float32)
    if keras.backend.backend() == "tensorflow":
        return tf.cast(given(step), tf.float32)
    # The schedule computes with another backend.
    value = tf.numpy_function(
        lambda step: np.float32(keras.ops.convert_to_numpy(given(int(step)))), [step], tf.float32, stateful=False
    )
    return tf.ensure_shape(value, ())


def _augmented(augment, batch, targets, uniform):
    """Returns a batch with its samples augmented, and what moves with them."""
    if not isinstance(augment, ImageAugmentation):
        # Nothing moves with samples that are no images, and of a dict they know their own.
        if isinstance(batch, tuple):
            return (augment.augment_with(uniform, batch[0]), *batch[1:])
        return augment.augment_with(uniform, batch)
    if isinstance(batch, dict):
        known = {key: value for key, value in batch.items() if key in KEYS and key != "labels"}
        return {**batch, **augment.augment_with(uniform, known)}
    if not isinstance(batch, tuple):
        return augment.augment_with(uniform, batch)
    x, *others = batch
    if others and targets != "labels":
        given = dict(x) if isinstance(x, dict) else {"images": x}
        moved = augment.augment_with(uniform, {**given, targets: others[0]})
        others = [moved.pop(targets), *others[1:]]
        return (moved if isinstance(x, dict) else moved["images"], *others)
    return (_augmented(augment, x, targets, uniform), *others)


def _check_spec(spec, augment, mix):
    for leaf in tf.nest.flatten(spec):
        if not isinstance(leaf, tf.TensorSpec):
            raise ValueError(
                f"`dataset` must yield dense tensors. Received: {leaf}. Give images one size, and pad boxes, before "
                "the dataset is batched"
            )
        if leaf.shape.rank is None:
            raise ValueError(
                "`dataset` must yield tensors of known rank. Received: one of unknown shape, as tf.py_function makes. "
                "Say it with tf.ensure_shape(x, (None, height, width, 3))"
            )
        if leaf.shape.rank == 0:
            raise ValueError(f"`dataset` must be batched: dataset.batch(64). Received elements of {spec}")
    if mix is not None and (isinstance(spec, tf.TensorSpec) or (isinstance(spec, tuple) and len(spec) < 2)):
        raise ValueError(f"`mix` needs labels: a dataset of (images, labels). Received elements of {spec}")
    if isinstance(augment, ImageAugmentation):
        x = spec[0] if isinstance(spec, tuple) else spec
        images = x.get("images") if isinstance(x, dict) else x
        if not isinstance(images, tf.TensorSpec):
            raise ValueError(
                f"`dataset` must yield images, (images, labels), or dicts with 'images'. Received elements of {spec}"
            )
        if images.shape.rank != 4:
            raise ValueError(
                "`dataset` must be batched, of images (batch, height, width, channels): dataset.batch(64). Received: "
                f"images of shape {images.shape}"
            )
    elif augment is not None:
        _check_samples(spec, augment)


def _check_samples(spec, augment):
    """Raises `ValueError` where elements hold no samples for a layer of signals, series, rows, ids or texts."""
    key = getattr(augment, "key", "text")
    x = spec[0] if isinstance(spec, tuple) else spec
    samples = x.get(key) if isinstance(x, dict) else x
    if not isinstance(samples, tf.TensorSpec):
        raise ValueError(
            f"`dataset` must yield {key}, ({key}, labels), or dicts with {key!r}, for {type(augment).__name__}. "
            f"Received elements of {spec}"
        )
    ranks = [rank + 1 for rank in getattr(augment, "ranks", ())]
    if ranks and samples.shape.rank not in ranks:
        raise ValueError(
            f"`dataset` must be batched, of {key} of shape {augment.shapes}: dataset.batch(64). Received: {key} of "
            f"shape {samples.shape}"
        )


def _warn_of_masks(spec):
    """Warns where what is taken for labels is as high and wide as the images: masks that should move with them."""
    if not isinstance(spec, tuple) or len(spec) < 2 or not isinstance(spec[1], tf.TensorSpec):
        return
    images = spec[0]["images"] if isinstance(spec[0], dict) else spec[0]
    size, seen = images.shape[1:3].as_list(), spec[1].shape[1:3].as_list()
    if len(spec[1].shape) >= 3 and size == seen:
        warnings.warn(
            f"The labels have the shape {spec[1].shape}, the height and width of the images, and stay where they are. "
            "If they are masks, say targets='segmentation_masks', and they move with the images",
            stacklevel=4,
        )


def _known_length(dataset):
    batches = int(dataset.cardinality())
    if batches < 0:
        raise ValueError(
            "`mix_until_epoch` needs a dataset of known length, before any repeat(): "
            "dataset.apply(tf.data.experimental.assert_cardinality(batches)). Received: one of "
            f"{'infinite' if batches == tf.data.INFINITE_CARDINALITY else 'unknown'} length"
        )
    return batches
