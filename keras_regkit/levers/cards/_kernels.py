"""What the cards about kernels share: which layers have one, how it is laid out, and putting things on it."""

import keras

from keras_regkit._core.kernel_axes import kernel_kind, layer_input_axes
from keras_regkit.levers.hidden import edited, hidden_layers, only
from keras_regkit.surgery import replace
from keras_regkit.surgery.rebuild import is_rewritable

DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
TRANSPOSED = (keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)
RECURRENT = (keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU)
CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D, *DEPTHWISE, *TRANSPOSED)
FEEDFORWARD = (keras.layers.Dense, keras.layers.EinsumDense, *CONVOLUTIONS)


def all_layers(model):
    """Returns the layers of a model, those of nested models in place of these."""
    return [found for layer in model.layers for found in (all_layers(layer) if is_rewritable(layer) else [layer])]


def kernel_layers(model, kinds=(*FEEDFORWARD, *RECURRENT)):
    """Returns the layers of these kinds that do not make the model's output."""
    # Penalties cannot find depthwise kernels under their usual name, so that they do not count as hidden layers there.
    hidden = {id(layer) for layer in hidden_layers(model)}
    return [
        layer
        for layer in all_layers(model)
        if isinstance(layer, kinds) and (id(layer) in hidden or isinstance(layer, DEPTHWISE))
    ]


def units_of(layer):
    """Returns the arguments that tell a constraint what the units of the layer's kernel are."""
    if isinstance(layer, keras.layers.EinsumDense):
        return {"axis": list(layer_input_axes(layer, layer.kernel.shape))}
    return {"kind": "recurrent" if isinstance(layer, RECURRENT) else kernel_kind(layer)}


def constrain(model, layers, make):
    """Returns a copy of the model with the constraint `make(layer)` on the kernel of each of these layers."""

    def rule(layer):
        return edited(layer, **{constraint_name(layer): make(layer)})

    return replace(model, only(layers), rule)


def constraint_name(layer):
    """Returns the name of the argument that the kernel's constraint is given as."""
    return "depthwise_constraint" if isinstance(layer, DEPTHWISE) else "kernel_constraint"


def wrap(model, layers, wrapper, suffix):
    """Returns a copy of the model with each of these layers, and its weights, inside a new `wrapper`."""

    def rule(layer):
        inner = type(layer).from_config(layer.get_config())
        inner.build_from_config(layer.get_build_config())
        inner.set_weights(layer.get_weights())
        return wrapper(inner, name=f"{layer.name}_{suffix}")

    return replace(model, only(layers), rule)


def unwrap(model, wrapper):
    """Returns a copy of the model without this kind of wrapper; the layers inside compute as they did."""
    return replace(model, wrapper, lambda layer: layer.unwrapped())
