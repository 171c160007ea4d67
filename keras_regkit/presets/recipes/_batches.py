"""Shuffled batches of images, augmented."""

import keras
import numpy as np

from keras_regkit._core.checks import Interval
from keras_regkit.augmentation import image, mixing


def one_hot(labels, classes):
    """Returns integer labels as float32 rows with a single one.

    Raises:
        ValueError: the labels are no integers from 0 to `classes` − 1.
    """
    labels = np.asarray(labels)
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    whole = labels.ndim == 1 and bool(np.all(labels == labels.astype("int64")))
    if not whole or not len(labels) or labels.min() < 0 or labels.max() >= classes:
        told = f"shape {labels.shape}, from {labels.min()} to {labels.max()}" if labels.size else "none"
        raise ValueError(f"`y` must be integer labels from 0 to {classes - 1}, one per sample. Received: {told}")
    return np.eye(classes, dtype="float32")[labels.astype("int64")]


class Batches(keras.utils.PyDataset):
    """Batches in an order that is drawn anew for each epoch, augmented.

    Args:
        x: Images, `(samples, height, width, channels)`, in the value range of the recipe.
        y: One-hot labels.
        batch_size: Samples in a batch.
        strengths: The recipe's `augmentation`.
        seed: Integer or None.
    """

    def __init__(self, x, y, batch_size, strengths, seed=None, **kwargs):
        super().__init__(**kwargs)
        if len(x) != len(y):
            raise ValueError(f"`x` and `y` must be of the same length. Received: {len(x)} and {len(y)}")
        Interval(1, integer=True).check("batch_size", batch_size)
        self.x, self.y, self.batch_size = x, y, batch_size
        self._rng = np.random.default_rng(seed)
        self._single, self._mixers = _layers(strengths, self._rng)
        self._order = self._rng.permutation(len(x))

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, index):
        rows = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        images = np.asarray(self.x[rows], "float32")
        for layer in self._single:
            images = layer(images, training=True)
        batch = {"images": images, "labels": self.y[rows]}
        mixer = self._draw()
        if mixer is not None and len(images) > 1:  # the last batch may have nobody to mix with
            batch = mixer(batch, training=True)
        return tuple(np.asarray(keras.ops.convert_to_numpy(batch[key]), "float32") for key in ("images", "labels"))

    def on_epoch_end(self):
        self._order = self._rng.permutation(len(self.x))

    def _draw(self):
        """Returns CutMix with its probability, else MixUp; None where the one drawn is off."""
        cut, mix, probability = self._mixers
        return cut if self._rng.random() < probability else mix


def _layers(strengths, rng):
    """Returns a list of layers for images alone, and `(CutMix, MixUp or None, probability of CutMix)`."""

    def seed():
        return int(rng.integers(2**31))

    ops = []
    if strengths["flip"]:
        ops.append(image.RandomFlip("horizontal"))
    if strengths["crop"]:
        ops.append(image.RandomTranslation(strengths["crop"], strengths["crop"], fill_mode="constant"))
    if strengths["color_jitter"]:
        ops.append(_color_jitter(strengths["color_jitter"]))
    if strengths["rand_augment"]:
        # The recipe counts from 0 to 1, the paper to 10.
        ops.append(image.RandAugment(strengths["rand_augment_ops"], 10 * strengths["rand_augment"]))
    single = [image.Compose(ops, value_range=tuple(strengths["value_range"]), seed=seed())] if ops else []
    mix = mixing.MixUp(strengths["mixup"], seed=seed()) if strengths["mixup"] else None
    return single, (mixing.CutMix(1.0, seed=seed()), mix, strengths["cutmix"])


def _color_jitter(amount):
    """Returns the op that scales contrast and saturation by 1 − amount to 1 + amount, and brightness about as much.

    It adds to the brightness: half the amount, of the whole range, is what scaling does to a medium grey. And it takes
    the saturation as m / (1 + m) for a scale of m.
    """
    low, high = 1 - amount, 1 + amount
    return image.ColorJitter(
        brightness_factor=amount / 2,
        contrast_factor=amount,
        saturation_factor=(low / (1 + low), high / (1 + high)),
    )
