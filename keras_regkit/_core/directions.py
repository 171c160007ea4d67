"""Which way is better, for a metric known by name."""

import re

from keras_regkit._core.checks import did_you_mean

# Endings of metric names, after `val_` and Keras' counter (`auc_1`) are taken off. Names that mean a loss in one place
# and a metric in another (cosine_similarity) are left out on purpose: then the user is asked.
_LOWER_IS_BETTER = (
    "loss", "error", "mse", "mae", "rmse", "mape", "msle", "perplexity", "crossentropy", "divergence",
    "logcosh", "hinge", "poisson", "brier", "ece", "nll", "gap", "penalty", "false_positives", "false_negatives",
)  # fmt: skip
_HIGHER_IS_BETTER = (
    "accuracy", "acc", "auc", "precision", "recall", "f1_score", "f1", "fbeta_score", "iou", "r2_score", "r2",
    "psnr", "ssim", "bleu", "dice", "mcc", "true_positives", "true_negatives",
    "sensitivity_at_specificity", "specificity_at_sensitivity", "precision_at_recall", "recall_at_precision",
)  # fmt: skip

# What is monitored most, for whoever misspells it.
COMMON = ("loss", "val_loss", "val_data_loss", "accuracy", "val_accuracy", "val_auc", "val_mae", "val_mse")


def direction(metric):
    """Returns `"min"` or `"max"` for a metric with a common name, else `None`.

    >>> direction("val_loss"), direction("val_auc_1"), direction("val_score")
    ('min', 'max', None)
    """
    name = re.sub(r"_\d+$", "", metric.removeprefix("val_").lower())
    # A multi-output model prefixes the output's name: `digits_accuracy`. So endings are compared, whole words only.
    endings = [name, *(name[m.end() :] for m in re.finditer("_", name))]
    if any(ending.startswith("top_") and ending.endswith("accuracy") for ending in endings):
        return "max"
    if any(ending in _LOWER_IS_BETTER for ending in endings):
        return "min"
    if any(ending in _HIGHER_IS_BETTER for ending in endings):
        return "max"
    return None


def direction_of(metric, mode):
    """Returns `"min"` or `"max"`: the mode, or if that is `"auto"` what the metric's name tells.

    Raises:
        ValueError: it tells nothing.
    """
    found = direction(metric) if mode == "auto" else mode
    if found is None:
        guess = did_you_mean(metric, COMMON, likeness=0.9)
        raise ValueError(
            f"`mode` must be 'min' or 'max' for {metric!r}: which way is better cannot be told from its name.{guess} "
            "Received: 'auto'"
        )
    return found
