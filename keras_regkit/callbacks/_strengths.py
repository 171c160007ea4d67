"""What callbacks do for the strengths of a model that trains."""

import keras

from keras_regkit._core.backend import to_numpy
from keras_regkit._core.strength import Strength, strengths_in, strengths_of_loss
from keras_regkit._core.tracking import adopt, all_layers


def hold_strengths_of_loss(model):
    """Makes the strengths of the model's loss weights of one of its layers, on JAX.

    There, a compiled step takes every variable that is not the model's for a constant. They stay where they are put:
    other callbacks have counted the weights, and will put them back.
    """
    if keras.backend.backend() != "jax":
        return
    for number, strength in enumerate(_of_loss(model)):
        if not any(v is strength.number for v in model.variables):
            host = [layer for layer in all_layers(model) if not isinstance(layer, (keras.Model, Strength))][-1]
            adopt(host, f"_strength_of_loss_{number}", strength)
            strength.held = True


def catch_up(model):
    """Moves the schedules of activity regularizers, which Keras does not save, to the step at which the optimizer is.

    Those of losses too: files of weights alone are without them.
    """
    penalties = [layer.activity_regularizer for layer in all_layers(model)]
    inside = [layer for p in penalties if isinstance(p, keras.layers.Layer) for layer in all_layers(p)]
    done = int(to_numpy(model.optimizer.iterations))
    for strength in [*_of_loss(model), *(layer for layer in inside if isinstance(layer, Strength))]:
        if strength.schedule and int(to_numpy(strength.number)) < done:
            strength.number.assign(done)


def log_strengths(model, logs):
    """Adds `strength/<name>` to the logs of an epoch."""
    logs.update({f"strength/{name}": strength.current() for name, strength in strengths_in(model).items()})


def _of_loss(model):
    return [strength for loss in keras.tree.flatten(model.loss) for strength in strengths_of_loss(loss)]
