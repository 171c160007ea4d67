"""What single layers of a model make of one batch, without being changed by it."""

import functools

import keras
from keras import ops

from keras_regkit._core.layer_modes import only_in_training
from keras_regkit._core.layer_outputs import outputs_through
from keras_regkit._core.tracking import all_layers
from keras_regkit.diagnosis.audit.probes import evaluate


def in_order(model, x, layers, summary, *, training=False, values=None):
    """Returns `[(path, summary)]` for layers that hold no others, in the order in which they are called.

    Args:
        model: A built model.
        x: A batch of inputs.
        layers: `{path: layer}`.
        summary: Function of an output that returns a tensor of a fixed shape. Of several calls the largest counts.
        training: The mode.
        values: What the model's variables are to be meanwhile. Defaults to what they are.
    """
    leaves = {path: layer for path, layer in layers.items() if len(all_layers(layer)) == 1}
    names = []

    def once(x):
        seen = {}

        def keep(path):
            def keep_output(outputs):
                tensors = [t for t in keras.tree.flatten(outputs) if keras.backend.is_float_dtype(t.dtype)]
                seen.setdefault(path, []).extend(summary(ops.cast(tensor, "float32")) for tensor in tensors)
                return outputs

            return keep_output

        with outputs_through([(layer, keep(path)) for path, layer in leaves.items()]):
            model(x, training=training)
        names[:] = [path for path, values in seen.items() if values]
        return [functools.reduce(ops.maximum, seen[path]) for path in names]

    summaries = evaluate(model, once, x, values=values)
    return list(zip(names, summaries, strict=True))


def first_that_differs(model, x, layers):
    """Returns the path of the first layer whose outputs differ between two calls in inference mode; `None` for none.

    Args:
        model: A built model.
        x: A batch of inputs.
        layers: `{path: layer}`, of which those that hold others are passed over.
    """
    leaves = {path: layer for path, layer in layers.items() if len(all_layers(layer)) == 1}
    names = []

    def twice(x):
        seen = {}

        def keep(path):
            return lambda outputs: seen.setdefault(path, []).append(keras.tree.flatten(outputs)) or outputs

        with outputs_through([(layer, keep(path)) for path, layer in leaves.items()]):
            for _ in range(2):
                model(x, training=False)
        names[:] = [path for path, calls in seen.items() if len(calls) % 2 == 0]  # in the order of the calls
        return [_difference(seen[path]) for path in names]

    differences = evaluate(model, twice, x)
    return next((path for path, value in zip(names, differences, strict=True) if value > 1e-7), None)


def _difference(calls):
    first, second = calls[: len(calls) // 2], calls[len(calls) // 2 :]
    tensors = [pair for a, b in zip(first, second, strict=True) for pair in zip(a, b, strict=True)]
    parts = [ops.max(ops.abs(ops.cast(a, "float32") - ops.cast(b, "float32"))) for a, b in tensors]
    return ops.max(ops.stack(parts))


def variance_shift(model, x, layer):
    """Returns by how much the variance of a noise layer's outputs is larger in training; `None` if it has none.

    The variance of each feature over all else, and the mean of them.
    """

    def both(x):
        seen = []
        with outputs_through([(layer, lambda outputs: seen.append(outputs) or outputs)]):
            model(x, training=False)
            with only_in_training(model, [layer]):
                model(x, training=False)
        plain, noisy = (ops.cast(tensor, "float32") for tensor in (seen[0], seen[-1]))
        axes = tuple(range(len(plain.shape) - 1))
        return ops.mean(ops.var(noisy, axis=axes)), ops.mean(ops.var(plain, axis=axes))

    noisy, plain = (float(value) for value in evaluate(model, both, x))
    return noisy / plain if plain > 0 else None
