"""Our losses."""

from instances.data import BINARY, CLASSES, ONE_HOT, PROBABILITIES, SHARES
from instances.instance import Instance
from keras_regkit import losses

LOSSES = [
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
]
