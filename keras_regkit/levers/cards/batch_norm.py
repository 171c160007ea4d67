"""Batch normalization after the hidden dense and convolutional layers."""

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.levers.hidden import edited, hidden_layers, only
from keras_regkit.levers.lever import Lever
from keras_regkit.surgery import insert_after, replace
from keras_regkit.surgery.graph import feeders

_FEEDFORWARD = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)


def _set(model, present):
    layers = [layer for layer in hidden_layers(model) if isinstance(layer, _FEEDFORWARD)]
    normalized = _normalized(model)
    if present:
        return _normalize(model, [layer for layer in layers if layer.name not in normalized])
    return _denormalize(model, [layer for layer in layers if layer.name in normalized])


def _normalize(model, layers):
    """Dense(activation=f) becomes Dense → BatchNormalization → f, without the bias that the shift makes idle."""
    activations = {layer.name: layer.activation for layer in layers}
    linear = keras.activations.linear
    if any(layer.use_bias or layer.activation is not linear for layer in layers):
        model = replace(model, only(layers), lambda layer: edited(layer, activation="linear", use_bias=False))

    def before_normalization(layer):
        return layer.name in activations

    if any(f is not linear for f in activations.values()):
        model = insert_after(
            model,
            lambda layer: activations.get(layer.name, linear) is not linear,
            lambda layer: keras.layers.Activation(activations[layer.name], name=f"{layer.name}_activation"),
        )
    return insert_after(
        model, before_normalization, lambda layer: keras.layers.BatchNormalization(name=f"{layer.name}_batch_norm")
    )


def _denormalize(model, layers):
    """Takes the BatchNormalization after these layers out, and gives them their bias back."""
    norms = {norm for layer in layers for norm in _normalized(model)[layer.name]}

    def rule(layer):
        if layer.name in norms:
            return keras.layers.Identity(name=layer.name)
        return edited(layer, use_bias=True)

    chosen = only(layers)
    return replace(model, lambda layer: chosen(layer) or layer.name in norms, rule)


def _normalized(model):
    """Names of the layers whose output a BatchNormalization takes, each with the names of those it feeds."""
    layers, found = {layer.name: layer for layer in model.layers}, {}
    for name, sources in feeders(model).items():
        if isinstance(layers.get(name), keras.layers.BatchNormalization):
            for source in sources:
                found.setdefault(source, []).append(name)
        elif isinstance(layers.get(name), keras.Model):
            found |= _normalized(layers[name])
    return found


BATCH_NORM = Lever(
    name="batch_norm",
    title="Batch normalization",
    family="normalization",
    strength="1 puts it in, 0 takes it out",
    bounds=Interval(0, 1, integer=True),
    strengths=(1,),
    equation="y = γ (x − mean of batch) / √(variance of batch + ε) + β; moving averages in inference",
    use_when="training is unstable or slow in a deep feed-forward net; its noise regularizes a little",
    trade_off="wrong with tiny batches; needs enough steps for its moving averages; freeze it when fine-tuning",
    interactions=(
        ("dropout", "put dropout after it, not before"),
        ("l2", "it undoes the scale that L2 shrinks: what is left is an effect on the learning rate"),
    ),
    source="Ioffe & Szegedy 2015, Batch Normalization, algorithm 1",
    rewrite=_set,
    keywords=lambda strength, config: {"batch_norm": bool(strength)},
)
