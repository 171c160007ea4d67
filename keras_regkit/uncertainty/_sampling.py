"""One forward pass with dropout on, everything else in inference, and nothing changed by it."""

import warnings

from keras import ops

from keras_regkit._core.backend import torch_seeded
from keras_regkit._core.layer_modes import only_in_training
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.uncertainty._dropouts import dropouts

# Seeds are drawn below this, so that they fit every backend's dtype for seeds.
SEED_LIMIT = 2**31 - 1


def seed_states(model):
    """Returns the variables that hold the state of the model's random number generators."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def sample(model, x, seeds):
    """Returns the model's output for a batch, with dropout on. To be called in a `StatelessScope`.

    Args:
        model: A built model.
        x: A batch of inputs.
        seeds: Integer tensor `(generators, 2)`, the state from which each generator starts.
    """
    for index, state in enumerate(seed_states(model)):
        state.assign(ops.reshape(ops.cast(seeds[index], state.dtype), (2,)))
    with torch_seeded(seeds), only_in_training(model, dropouts(model)):
        return model(x, training=False)


def check_model(model, stacklevel):
    """Raises if `model` is not built; warns if it has no dropout to sample from."""
    if not model.built:
        raise ValueError(
            f"The model must be built. Received: {model.name!r}, which is not. Start it with keras.Input(shape), or "
            "call it on a batch"
        )
    if not dropouts(model):
        warnings.warn(
            f"{model.name!r} has no dropout layer with a rate above 0: all samples are the same, and their standard "
            "deviation is 0",
            NoEffectWarning,
            stacklevel=stacklevel + 1,
        )
