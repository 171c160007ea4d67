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
    Instance(
        "symmetric-cross-entropy",
        "loss",
        losses.SymmetricCrossEntropy,
        {"alpha": 0.5, "beta": 0.7, "log_clip": -4.0},
        {"y_true": CLASSES, "y_pred": PROBABILITIES},
        losses.SymmetricCrossEntropy.RANGES,
    ),
    Instance(
        "generalized-cross-entropy",
        "loss",
        losses.GeneralizedCrossEntropy,
        {"q": 0.7},
        {"y_true": ONE_HOT, "y_pred": PROBABILITIES},
        losses.GeneralizedCrossEntropy.RANGES,
    ),
    Instance(
        "bootstrapping-soft",
        "loss",
        losses.Bootstrapping,
        {"kind": "soft", "beta": 0.95, "from_logits": True},
        {"y_true": CLASSES, "y_pred": PROBABILITIES},
        losses.Bootstrapping.RANGES,
    ),
    Instance(
        "bootstrapping-hard-binary",
        "loss",
        losses.Bootstrapping,
        {"kind": "hard", "beta": 0.8},
        {"y_true": BINARY, "y_pred": SHARES},
        losses.Bootstrapping.RANGES,
    ),
    Instance(
        "confidence-penalty-multi-label",
        "loss",
        losses.ConfidencePenalty,
        {"beta": 0.1, "multi_label": True},
        {"y_true": ONE_HOT, "y_pred": PROBABILITIES},
        losses.ConfidencePenalty.RANGES,
    ),
    Instance(
        "poly-loss",
        "loss",
        losses.PolyLoss,
        {"epsilon": 2.0},
        {"y_true": CLASSES, "y_pred": PROBABILITIES},
        losses.PolyLoss.RANGES,
    ),
    # Their own labels, with an index, need a memory in the model or rows in threes: tests/losses has those.
    Instance(
        "jsd-consistency",
        "loss",
        losses.JSDConsistency,
        {"strength": 12.0},
        {"y_true": ONE_HOT, "y_pred": PROBABILITIES},
        losses.JSDConsistency.RANGES,
    ),
    Instance(
        "early-learning",
        "loss",
        losses.EarlyLearning,
        {"samples": 8, "classes": 3, "strength": 3.0, "momentum": 0.7},
        {"y_true": CLASSES, "y_pred": PROBABILITIES},
        losses.EarlyLearning.RANGES,
    ),
]
