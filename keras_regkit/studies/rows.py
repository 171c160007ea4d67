"""Batches of arrays in an order that depends on the seed and the epoch, and on nothing else."""

import keras
import numpy as np

from keras_regkit._core.data import count_rows


class ShuffledRows(keras.utils.PyDataset):
    """Arrays in batches, permuted anew each epoch by `default_rng([seed, epoch])`.

    Keras shuffles from the backend's global random state, which a model with one more random layer advances
    differently. Here every variant sees the same rows in the same order, so that runs can be paired by seed.
    """

    def __init__(self, arrays, batch_size, seed):
        super().__init__(workers=0)
        self._arrays = tuple(a for a in arrays if a is not None)
        self._batch_size = batch_size
        self._seed = seed
        self.start_epoch(0)

    def start_epoch(self, epoch):
        """Draws the order of `epoch`. Called by `FollowEpochs`: the dataset's own hooks do not know the epoch."""
        self._order = np.random.default_rng([self._seed, epoch]).permutation(count_rows(self._arrays))

    def __len__(self):
        return -(-len(self._order) // self._batch_size)

    def __getitem__(self, index):
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        parts = (keras.tree.map_structure(lambda a: a[rows], part) for part in self._arrays)
        # TensorFlow's generators take tuples of arrays, not lists.
        return tuple(tuple(part) if isinstance(part, list) else part for part in parts)


class FollowEpochs(keras.callbacks.Callback):
    """Tells a `ShuffledRows` which epoch begins."""

    def __init__(self, rows):
        super().__init__()
        self._rows = rows

    def on_epoch_begin(self, epoch, logs=None):
        self._rows.start_epoch(epoch)
