"""Models for the rules about penalties."""

import keras
from audit_table import faulty, fine
from keras import layers
from keras.regularizers import L2


def chain(*stack, shape=(3,), optimizer="sgd", loss="mse", **compile_args):
    """A compiled Sequential model; uncompiled for optimizer=None."""
    model = keras.Sequential([keras.Input(shape), *stack])
    if optimizer is not None:
        model.compile(optimizer, loss, **compile_args)
    return model


@faulty("RK101", where="hidden/kernel", count=1)
def set_after_build():
    model = chain(layers.Dense(4, name="hidden"), layers.Dense(1))
    model.get_layer("hidden").kernel_regularizer = L2(0.01)
    return {"model": model}


@fine("RK101")
def set_before_build():
    return {"model": chain(layers.Dense(4, kernel_regularizer=L2(0.01)), layers.Dense(1, bias_regularizer="l2"))}
