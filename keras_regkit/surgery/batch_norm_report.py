"""What the batch normalization layers of a model do."""

import dataclasses

import keras
import numpy as np
from keras import ops

from keras_regkit._core.batch_norms import batch_norms, is_batch_norm
from keras_regkit._core.paths import layer_paths


@dataclasses.dataclass(frozen=True)
class BatchNormState:
    """One batch normalization layer.

    Args:
        path: The layer's path within the model.
        mode: What it does in `fit`: `"training"` (normalizes with the batch and moves its statistics) or `"inference"`
            (normalizes with its statistics, which stay still).
        momentum: Share of the moving statistics that a step keeps.
        epsilon: Added to the variance.
        among_frozen: Whether it trains although every other layer with weights beside it is frozen.
        untouched: Whether the statistics are those of a new layer: mean 0, variance 1.
    """

    path: str
    mode: str
    momentum: float
    epsilon: float
    among_frozen: bool
    untouched: bool


class BatchNormReport(tuple):
    """The batch normalization layers of a model, in order, as `BatchNormState` records.

    Example:

    >>> BatchNormReport([BatchNormState("bn", "training", 0.99, 0.001, False, True)])
    layer  mode      momentum  epsilon  remarks
    bn     training  0.99      0.001    statistics of a new layer
    """

    __slots__ = ()

    def __repr__(self):
        if not self:
            return "no batch normalization"
        rows = [("layer", "mode", "momentum", "epsilon", "remarks")]
        rows += [(s.path, s.mode, f"{s.momentum:g}", f"{s.epsilon:g}", _remarks(s)) for s in self]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join(line.rstrip() for line in lines)


def batch_norm_report(model: keras.Model) -> tuple:
    """Returns what each batch normalization layer of a model does: a tuple of records that prints as a table.

    Use it before fine-tuning: a layer that trains among frozen ones moves away from the weights around it, and one
    whose statistics are still those of a new layer spoils every prediction.

    Args:
        model: A built model of any kind.

    Returns:
        A tuple of records with `path`, `mode` (`"training"` or `"inference"`, in `fit`), `momentum`, `epsilon`,
        `among_frozen` and `untouched`.

    Example:

    >>> import keras
    >>> batch_norm_report(keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization(name="norm")]))
    layer  mode      momentum  epsilon  remarks
    norm   training  0.99      0.001    statistics of a new layer
    """
    paths = layer_paths(model)
    return BatchNormReport(
        BatchNormState(
            path=path,
            mode="training" if layer.trainable else "inference",
            momentum=float(layer.momentum),
            epsilon=float(getattr(layer, "epsilon", 0.0)),
            among_frozen=layer.trainable and _others_are_frozen(path, paths),
            untouched=_is_untouched(layer),
        )
        for path, layer in batch_norms(model).items()
    )


def _others_are_frozen(path, paths):
    parent = path.rpartition("/")[0]
    beside = [
        layer
        for other, layer in paths.items()
        if other.rpartition("/")[0] == parent and layer.weights and not is_batch_norm(layer)
    ]
    return bool(beside) and not any(layer.trainable_weights for layer in beside)


def _is_untouched(layer):
    mean, variance = ops.convert_to_numpy(layer.moving_mean), ops.convert_to_numpy(layer.moving_variance)
    return bool(np.all(mean == 0) and np.all(variance == 1))


def _remarks(state):
    remarks = ["trains among frozen layers"] * state.among_frozen + ["statistics of a new layer"] * state.untouched
    return ", ".join(remarks)
