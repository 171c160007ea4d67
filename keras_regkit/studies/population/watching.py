"""Callbacks that watch one member of a population, as they would watch a model in `fit`."""

import pickle

from keras_regkit.callbacks import EarlyStopping

# What these ask of a model is that it can hand out its weights, take some back, and be stopped.
WATCHERS = (EarlyStopping,)


class Watched:
    """Stands for the model in the callbacks of a member, and notes what they want of it.

    Args:
        callbacks: Pickled list of callbacks.

    Attributes:
        keep: Whether the weights of the epoch that has just ended are to be kept.
        held: 0-based epoch of the weights that are kept; None before there are any.
        restored: Whether the member ends with the weights that were kept.
        stop_training: Whether it is to train no further.
    """

    optimizer = None
    history = None

    def __init__(self, callbacks):
        self._callbacks = pickle.loads(callbacks)
        self.stop_training, self.keep, self.held, self.restored = False, False, None, False
        self._epoch = None
        for callback in self._callbacks:
            callback.set_model(self)
            callback.on_train_begin()

    def epoch_ended(self, epoch, logs):
        """Tells the callbacks of an epoch."""
        self.keep, self._epoch = False, epoch
        for callback in self._callbacks:
            callback.on_epoch_begin(epoch)
            callback.on_epoch_end(epoch, dict(logs))

    def train_ended(self):
        """Tells the callbacks that training is over."""
        for callback in self._callbacks:
            callback.on_train_end()

    def get_weights(self):
        self.keep, self.held = True, self._epoch
        return []

    def set_weights(self, weights):
        self.restored = self.held is not None
