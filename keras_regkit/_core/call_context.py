"""What a layer can know of the calls around its own."""

import contextlib

import keras


@contextlib.contextmanager
def training_by_default(layer, inputs):
    """Whether a layer that changes data in training alone is to do so in a call where nobody says `training`.

    Keras' own layers of that kind then do, even within a model, and tell the layers behind them that it trains: so
    `model(x)`, and what `model.export` writes, augment what they predict. Ours do where they are called by themselves,
    or in a model of nothing but such layers, as in `dataset.map`.

    Args:
        layer: The layer, whose `__call__` comes within this context.
        inputs: What it is called with.

    Yields:
        The arguments to call with: `{}` where it is for Keras to say, since an outer call knows, else `training`. Where
        a model is only being assembled that is None, or Keras would write down what it then defaults to.
    """
    if any(keras.utils.is_keras_tensor(x) for x in keras.tree.flatten(inputs)):
        yield {"training": None}
        return
    if not hasattr(layer, "_get_call_context"):
        yield {}
        return
    # It makes a context where there is none: there is no other way to look at it.
    context = layer._get_call_context()
    try:
        known = context.get_value("training") is not None
        yield {} if known else {"training": context.entry_layer is layer or not context.entry_layer.weights}
    finally:
        # Its own end comes with that of the call, unless Keras has refused the arguments.
        layer._maybe_reset_call_context()
