"""Logging the strengths that move."""

import warnings

import keras

from keras_regkit._core.strength import strengths_in
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.callbacks._strengths import catch_up, hold_strengths_of_loss, log_strengths


class StrengthMonitor(keras.callbacks.Callback):
    """Logs every strength of the model that can move, as `strength/<name>`, at the end of each epoch.

    Use it beside any component that was given a schedule: what it did is then in `History`, next to the losses. Names
    are those of the layers, regularizers and losses; `strengths.read(model)` lists them.

    A loss with a schedule needs it on JAX, where the loss has no weights of its own: the strength becomes a weight of
    the model's last layer. After a model was loaded, the schedules of activity regularizers, which Keras does not save,
    go on from the step that the optimizer is at.

    Example:

    >>> from keras_regkit.layers import Dropout
    >>> from keras_regkit.strengths import Linear
    >>> drop = Dropout(Linear(0.0, 0.5, steps=8), name="drop")
    >>> model = keras.Sequential([keras.Input((2,)), drop, keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = np.ones((8, 2))
    >>> history = model.fit(x, x[:, :1], batch_size=4, epochs=2, callbacks=[StrengthMonitor()], verbose=0)
    >>> history.history["strength/drop"]
    [0.125, 0.25]
    """

    def set_model(self, model):
        super().set_model(model)
        # Now rather than when training begins: the weights of the model must be complete before anything counts them.
        hold_strengths_of_loss(model)

    def on_train_begin(self, logs=None):
        if not strengths_in(self.model):
            warnings.warn(
                f"StrengthMonitor found no strength that can move in model {self.model.name!r}: they belong to the "
                "layers, regularizers and losses of keras_regkit, such as layers.Dropout and regularizers.Scheduled",
                NoEffectWarning,
                stacklevel=2,
            )

    def on_epoch_begin(self, epoch, logs=None):
        # Not when training begins: another callback may restore the model then.
        catch_up(self.model)

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            log_strengths(self.model, logs)
