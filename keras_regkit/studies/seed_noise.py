"""Noise that begins alike, whether the model that trains is a fresh one or a used one."""

import keras


class SeedNoise(keras.callbacks.Callback):
    """Sets the global seeds when the first epoch begins.

    On the torch backend, layers without a seed of their own draw from torch's global state, and so does Keras when a
    model is fitted for the first time, before the callbacks' turn.
    """

    def __init__(self, seed):
        super().__init__()
        self._seed = seed

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 0:
            keras.utils.set_random_seed(self._seed)
