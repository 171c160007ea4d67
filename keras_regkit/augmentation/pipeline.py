"""A `tf.data` pipeline that augments and mixes, for training."""

import sys

import keras

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.types import Data
from keras_regkit.augmentation._layer import Augmentation
from keras_regkit.augmentation.image._layer import ImageAugmentation
from keras_regkit.augmentation.mixing._layer import Mixing

_RANGES = {
    "targets": OneOf("labels", "segmentation_masks", "bounding_boxes"),
    "mix_until_epoch": Interval(1, closed="left", integer=True, optional=True),
    "seed": Interval(0, closed="left", integer=True, optional=True),
    "parallel": Interval(1, closed="left", integer=True, optional=True),
    "prefetch": Interval(0, closed="left", integer=True, optional=True),
}


def pipeline(
    dataset: Data,
    augment: keras.layers.Layer | None = None,
    *,
    mix: keras.layers.Layer | None = None,
    mix_until_epoch: int | None = None,
    targets: str = "labels",
    seed: int | None = None,
    parallel: int | None = None,
    prefetch: int | None = None,
) -> Data:
    """Returns a `tf.data.Dataset` that augments the batches of another one, for training alone.

    Use it for `fit`, whatever the backend of Keras: samples are augmented on other threads, and a few batches ahead of
    the step that needs them. Datasets for validation and tests stay as they are; where `mix` makes integer labels
    one-hot, `dataset.map(lambda x, y: mix((x, y), training=False))` does so with theirs.

    Random numbers come from the dataset, one seed for each batch, and not from the layers: the same `seed` gives the
    same batches in the next run, however many threads there are; epochs differ, and so do layers of the same seed.

    Args:
        dataset: A batched `tf.data.Dataset` of images, `(images, y)`, `(images, y, sample_weight)`, `(images_dict, y)`
            or dicts, with the keys that image layers take: `images`, and perhaps `labels`, `segmentation_masks` and
            `bounding_boxes`, which move along; further keys pass through. Layers for other data take theirs in the same
            way, in dicts by their own key: `series`, `audio`, `spectrograms`, `rows`, `token_ids`, or `text` for
            strings; `lengths` or `mask` beside it tell of padding.
        augment: An augmentation layer of this package, such as a `Compose`. Defaults to None: nothing but `mix`.
        mix: A `MixUp`, `CutMix` or `MixUpCutMix`, which comes after `augment`. Its α may be a schedule: steps are the
            batches that have entered the pipeline since it was made. Defaults to None.
        mix_until_epoch: Number of epochs, at least 1, after which `mix` stops: models gain from some epochs on plain
            images at the end. An epoch is counted when its last batch has been taken, so the dataset must know its
            length, and come before any `repeat`. Defaults to None: `mix` goes on.
        targets: What y is, for tuples: `"labels"` stay as they are, `"segmentation_masks"` and `"bounding_boxes"` move
            with their images, and with nothing else. Defaults to `"labels"`.
        seed: Integer seed, at least 0. Defaults to None: that of `keras.utils.set_random_seed`, if any, or another one
            for each run.
        parallel: Batches that are made at once. Defaults to None: `tf.data.AUTOTUNE`.
        prefetch: Batches that wait to be used; 0 for none. Defaults to None: `tf.data.AUTOTUNE`.

    Returns:
        A `tf.data.Dataset` of the same structure and length.

    Raises:
        TypeError: `dataset` is no `tf.data.Dataset`, `augment` or `mix` is no layer of that kind, an argument is of the
            wrong type.
        ValueError: there is neither `augment` nor `mix`; the dataset is not batched, has ragged batches, no images, or
            no labels for `mix`; its length is not known for `mix_until_epoch`; an argument is out of its range.

    Example:

    >>> import tensorflow as tf
    >>> from keras_regkit.augmentation.image import RandomFlip
    >>> from keras_regkit.augmentation.mixing import CutMix
    >>> images, labels = np.zeros((8, 4, 4, 3), "uint8"), np.arange(8) % 2
    >>> dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(4)
    >>> train = pipeline(dataset, RandomFlip(), mix=CutMix(num_classes=2), seed=0)
    >>> train.element_spec[1].shape.as_list(), len(train)
    ([None, 2], 2)
    """
    check_arguments(
        _RANGES,
        targets=targets,
        mix_until_epoch=mix_until_epoch,
        seed=seed,
        parallel=parallel,
        prefetch=prefetch,
    )
    _check_dataset(dataset)
    _check_layers(augment, mix, mix_until_epoch, targets)
    from keras_regkit.augmentation import _tensorflow_pipeline

    return _tensorflow_pipeline.build(dataset, augment, mix, mix_until_epoch, targets, seed, parallel, prefetch)


def _check_dataset(dataset):
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or not isinstance(dataset, tensorflow.data.Dataset):
        raise TypeError(
            "`dataset` must be a batched tf.data.Dataset, such as tf.data.Dataset.from_tensor_slices((x, y)).batch(64)"
            f". Received: {type(dataset).__name__}. Within the loop of a PyDataset, call the layers themselves: "
            "layer(images, training=True)"
        )


def _check_layers(augment, mix, mix_until_epoch, targets):
    if augment is None and mix is None:
        raise ValueError("`augment` or `mix` must be given. Received: neither")
    if augment is not None and (not isinstance(augment, Augmentation) or isinstance(augment, Mixing)):
        raise TypeError(
            "`augment` must be a layer of keras_regkit.augmentation, such as image.Compose([...]); a mixing layer "
            f"goes to mix=..., and other layers to dataset.map. Received: {augment!r:.80} of type "
            f"{type(augment).__name__}"
        )
    if mix is not None and not isinstance(mix, Mixing):
        raise TypeError(
            f"`mix` must be a MixUp, CutMix or MixUpCutMix. Received: {mix!r:.80} of type {type(mix).__name__}"
        )
    if mix is None and mix_until_epoch is not None:
        raise ValueError(f"`mix_until_epoch` needs `mix`. Received: mix_until_epoch={mix_until_epoch}, mix=None")
    if targets != "labels" and augment is not None and not isinstance(augment, ImageAugmentation):
        raise ValueError(
            f"`targets` that move are those of images. Received: targets={targets!r}, augment={augment!r:.80}"
        )
    if mix is not None and targets != "labels":
        raise ValueError(f"`mix` mixes labels, not masks or boxes. Received: targets={targets!r}")
