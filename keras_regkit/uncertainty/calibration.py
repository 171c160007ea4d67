"""Whether a model's probabilities can be taken at their word."""

import keras
import numpy as np

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.types import Data
from keras_regkit.uncertainty._class_rows import log_softmax, logit_pairs
from keras_regkit.uncertainty._classifier import predicts_logits, read_classifier
from keras_regkit.uncertainty.calibration_result import BINS, CalibrationResult, measured

_RANGES = {
    "bins": BINS,
    "from_logits": OneOf("auto", True, False),
    "batch_size": Interval(1, closed="left", integer=True),
}


def calibration(
    model: keras.Model, data: Data, bins: int = 15, from_logits: bool | str = "auto", batch_size: int = 256
) -> CalibrationResult:
    """Measures whether a classifier is right as often as it says.

    Use it on held-out data before probabilities are shown or decided by. A model whose `confidence` lies above its
    `accuracy` is overconfident: `TemperatureScaling` mends that without changing what is predicted.

        ECE = Σ_m |B_m| / n · |acc(B_m) − conf(B_m)|,    B_m: rows with confidence max_k p_k in ((m − 1)/M, m/M]

    Args:
        model: A built classifier with one output: `(rows, classes)`, or one column for a yes or no.
        data: `(x, y)` or `(x, y, sample_weight)` arrays, a `tf.data.Dataset`, a `keras.utils.PyDataset` or another
            iterable of batches. Labels are integers, one-hot or soft; rows count by their sample weights.
        bins: Number of bins M, at least 1. Defaults to 15.
        from_logits: Whether the model's outputs are logits. Defaults to `"auto"`: a last layer with softmax or sigmoid
            makes probabilities; otherwise the compiled loss says it; without one, a last layer without activation makes
            logits.
        batch_size: Rows per batch, for arrays. Defaults to 256.

    Returns:
        A `CalibrationResult`: `ece`, `adaptive_ece`, `classwise_ece`, `mce`, `brier`, `nll`, `accuracy`, `confidence`,
        the table `bins`, and `plot()`.

    Raises:
        ValueError: the model has several outputs or several yes-or-no decisions, gives NaN, or is not built; the labels
            do not fit; `"auto"` cannot tell; probabilities are none.
        TypeError: `model` is no model, or `data` none of the above.

    Reference:
        Guo et al. 2017, "On Calibration of Modern Neural Networks", equations 3 (ECE) and 5 (MCE). Brier 1950,
        "Verification of Forecasts Expressed in Terms of Probability".

    Example:

    >>> same = keras.Sequential([keras.Input((2,)), keras.layers.Activation("softmax")])
    >>> logits = np.log([[0.75, 0.25]] * 4)
    >>> result = calibration(same, (logits, np.array([0, 0, 0, 1])))
    >>> result.accuracy, round(result.confidence, 4), round(result.ece, 4)
    (0.75, 0.75, 0.0)
    """
    check_arguments(_RANGES, bins=bins, from_logits=from_logits, batch_size=batch_size)
    outputs, labels, weights = read_classifier(model, data, batch_size)
    if not predicts_logits(model, from_logits):
        return CalibrationResult.of(_as_given(labels, outputs), outputs, bins, weights)
    log_p = log_softmax(logit_pairs(outputs))
    return measured(np.exp(log_p), log_p, labels, weights, bins)


def _as_given(labels, outputs):
    """The share of "yes" for a single output."""
    return labels[:, 1] if outputs.shape[1] == 1 else labels
