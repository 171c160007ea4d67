"""One canonical instance of every component: the table that feeds the contract tests.

A new public class in a component room gets a row here; `test_contract.py` fails until it has one.
"""

import dataclasses
from collections.abc import Callable, Mapping

import keras
import numpy as np

from keras_regkit import callbacks, losses

_random = np.random.default_rng(0)
X = _random.normal(size=(16, 4)).astype("float32")
Y = X.sum(axis=1, keepdims=True)
CLASSES = np.arange(8) % 3
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
BINARY = (np.arange(8) % 2).astype("float32")[:, None]
PROBABILITIES = _random.dirichlet(np.ones(3), size=8).astype("float32")
SHARES = _random.uniform(0.1, 0.9, size=(8, 1)).astype("float32")


@dataclasses.dataclass(frozen=True)
class Instance:
    """A component as it is tested.

    Args:
        id: Name of the test.
        kind: Which check it gets: layer, regularizer, constraint, loss or callback.
        factory: The class.
        arguments: What it is made with; the config must give exactly these back.
        check: Further arguments of the check.
        ranges: The table of legal arguments; None for components of Keras, whose errors are not ours.
        exempt: Name of a rule that is not to be run -> reason.
    """

    id: str
    kind: str
    factory: type
    arguments: Mapping = dataclasses.field(default_factory=dict)
    check: Mapping = dataclasses.field(default_factory=dict)
    ranges: Mapping | None = None
    exempt: Mapping = dataclasses.field(default_factory=dict)

    def make(self) -> Callable:
        """Returns a new component."""
        return self.factory(**self.arguments)


# Components of Keras, to see that the checks accept what is good.
STOCK = [
    Instance(
        "keras-dropout",
        "layer",
        keras.layers.Dropout,
        {"rate": 0.5, "seed": 1},
        {"input_shape": (5, 3), "training_only": True, "zero_strength": keras.layers.Dropout(0.0)},
    ),
    Instance(
        "keras-gaussian-noise",
        "layer",
        keras.layers.GaussianNoise,
        {"stddev": 0.3},
        {"input_shape": (6,), "training_only": True, "zero_strength": keras.layers.GaussianNoise(0.0)},
    ),
    Instance(
        "keras-batch-normalization",
        "layer",
        keras.layers.BatchNormalization,
        {"momentum": 0.9},
        {"input_shape": (5, 3)},
    ),
    Instance(
        "keras-l2",
        "regularizer",
        keras.regularizers.L2,
        {"l2": 0.01},
        {"zero_strength": keras.regularizers.L2(0.0)},
    ),
    Instance("keras-max-norm", "constraint", keras.constraints.MaxNorm, {"max_value": 0.5, "axis": 0}),
    Instance(
        "keras-categorical-crossentropy",
        "loss",
        keras.losses.CategoricalCrossentropy,
        {"label_smoothing": 0.1},
        {"y_true": ONE_HOT, "y_pred": PROBABILITIES},
    ),
    Instance("keras-early-stopping", "callback", keras.callbacks.EarlyStopping, {"patience": 1}),
]

OURS = [
    Instance(
        "label-smoothing-sparse",
        "loss",
        losses.LabelSmoothing,
        {"loss": "sparse_categorical_crossentropy", "smoothing": 0.1, "convention": "uniform"},
        {"y_true": CLASSES, "y_pred": PROBABILITIES},
        losses.LabelSmoothing.RANGES,
    ),
    Instance(
        "label-smoothing-categorical",
        "loss",
        losses.LabelSmoothing,
        {"loss": "categorical_crossentropy", "smoothing": 0.2, "convention": "others"},
        {"y_true": ONE_HOT, "y_pred": PROBABILITIES},
        losses.LabelSmoothing.RANGES,
    ),
    Instance(
        "label-smoothing-binary",
        "loss",
        losses.LabelSmoothing,
        {"loss": "binary_crossentropy", "smoothing": 0.1, "convention": "uniform"},
        {"y_true": BINARY, "y_pred": SHARES},
        losses.LabelSmoothing.RANGES,
    ),
    Instance(
        "early-stopping",
        "callback",
        callbacks.EarlyStopping,
        {"monitor": "val_loss", "patience": 1},
        ranges=callbacks.EarlyStopping.RANGES,
    ),
    Instance(
        "gap-monitor",
        "callback",
        callbacks.GapMonitor,
        {"train": (X, Y), "validation": (X, Y)},
        {"data": (X, Y)},
        ranges=callbacks.GapMonitor.RANGES,
    ),
    Instance(
        "gap-monitor-of-val-loss",
        "callback",
        callbacks.GapMonitor,
        {"train": (X, Y)},
        {"data": (X, Y)},
        ranges=callbacks.GapMonitor.RANGES,
    ),
]

INSTANCES = [*STOCK, *OURS]
