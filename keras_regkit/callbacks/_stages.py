"""Splitting a model into stages by the order of its layers."""

import itertools

import keras

from keras_regkit._core.batch_norms import is_batch_norm
from keras_regkit._core.paths import layer_paths, weight_paths
from keras_regkit._core.tracking import all_layers


def stages_from_the_top(model, number):
    """Splits the layers with weights into groups of about equal numbers of layers, the last layers first.

    A layer that is no model is one, whatever it holds: attention is not cut in two. Batch normalization goes with the
    layer before it, and is not counted.

    Args:
        model: A built model.
        number: How many groups.

    Returns:
        A list of dicts `{path: layer}`.

    Raises:
        ValueError: the model has fewer layers with weights than groups are wanted.
    """
    # Layers that make weights themselves: the order of a Functional model is that of its graph.
    owners = {id(weight.layer) for weight in weight_paths(model)}
    blocks, taken = [], set()
    for path, layer in layer_paths(model).items():
        whole = id(layer) in owners if isinstance(layer, keras.Model) else bool(layer.weights)
        if not whole or id(layer) in taken:
            continue
        taken.update(id(part) for part in all_layers(layer))
        if is_batch_norm(layer) and blocks:
            blocks[-1][path] = layer
        else:
            blocks.append({path: layer})
    if number > len(blocks):
        raise ValueError(
            f"`stages` must be at most the number of layers with weights, {len(blocks)} in {model.name!r}. "
            f"Received: {number}"
        )
    bounds = [len(blocks) * stage // number for stage in range(number + 1)]
    groups = [blocks[low:high] for low, high in itertools.pairwise(bounds)]
    return [{path: layer for block in group for path, layer in block.items()} for group in reversed(groups)]
