"""The record that a calibration is."""

import dataclasses
from typing import Any

import numpy as np

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.pictures import draw
from keras_regkit._core.types import Array
from keras_regkit.uncertainty import _scores
from keras_regkit.uncertainty._class_rows import as_pairs, label_rows, looks_like_probabilities

BINS = Interval(1, closed="left", integer=True)
# As Keras and scikit-learn do: a probability of 0 for what happened would cost infinitely much.
_SMALLEST = 1e-7


@dataclasses.dataclass(frozen=True)
class CalibrationResult:
    """How far predicted probabilities can be taken at their word. Made by `calibration`.

    `plot()` draws the reliability diagram.

    Args:
        rows: Number of rows.
        classes: Number of classes K, 2 for a single output.
        accuracy: Share of rows whose most probable class is the label's.
        confidence: Mean of the largest probability. Above the accuracy, the model is overconfident.
        ece: Expected calibration error, Σ_m share_m |accuracy_m − confidence_m| over bins of equal width.
        adaptive_ece: The same over bins of equally many rows.
        classwise_ece: The same of each class's probability for itself, averaged over classes.
        mce: Maximum calibration error, the largest |accuracy_m − confidence_m|.
        brier: Mean of Σ_k (p_k − y_k)², between 0 and 2; halved for two classes, so that it is (p − y)² of the second.
        nll: Mean of −log p_y in nats.
        bins: The reliability table: a `CalibrationBin` for each interval of confidence.

    Example:

    >>> result = CalibrationResult.of([0, 1, 1, 1], np.array([0.2, 0.9, 0.9, 0.9]), bins=5)
    >>> result
    CalibrationResult(rows=4, accuracy=1, confidence=0.875, ece=0.125, brier=0.0175, nll=0.1348)
    >>> result.bins[4].share, round(result.bins[4].gap, 3)
    (0.75, -0.1)
    """

    rows: int
    classes: int
    accuracy: float
    confidence: float
    ece: float
    adaptive_ece: float
    classwise_ece: float
    mce: float
    brier: float
    nll: float
    bins: tuple

    @classmethod
    def of(
        cls, labels: Array, probabilities: Array, bins: int = 15, weights: Array | None = None
    ) -> "CalibrationResult":
        """Returns the record of probabilities from anywhere, such as the mean of `mc_predict`.

        Args:
            labels: Integers `(n,)`, or one-hot or soft rows; zeros and ones for a single column.
            probabilities: Array `(n, K)`, or `(n,)` or `(n, 1)` with the probability of 1.
            bins: Number of bins, at least 1. Defaults to 15.
            weights: Array `(n,)`, at least 0. Defaults to None: all rows count alike.

        Raises:
            ValueError: `probabilities` are none, or the labels or weights do not fit.
        """
        check_arguments({"bins": BINS}, bins=bins)
        p = np.asarray(probabilities, "float64")
        p = p[:, None] if p.ndim == 1 else p
        if p.ndim != 2 or not np.isfinite(p).all() or not looks_like_probabilities(p):
            raise ValueError(
                "`probabilities` must be numbers in [0, 1] of shape (rows, classes), with rows that sum to 1, or one "
                f"column of them. Received: shape {p.shape}, from {p.min(initial=np.inf):.4g} to "
                f"{p.max(initial=-np.inf):.4g}. Logits are read by calibration(..., from_logits=True)"
            )
        labels = label_rows(labels, p.shape[1])
        if len(labels) != len(p):
            raise ValueError(f"There must be as many labels as rows. Received: {len(labels)} labels, {len(p)} rows")
        weights = np.ones(len(p)) if weights is None else np.asarray(weights, "float64")
        if weights.size != len(p) or not (weights.min() >= 0 and 0 < weights.sum() < np.inf):
            raise ValueError(
                f"`weights` must be {len(p)} numbers, one for each row, at least 0, finite, and not all 0. Received: "
                f"shape {weights.shape}, from {weights.min(initial=np.inf):.4g} to {weights.max(initial=-np.inf):.4g}"
            )
        weights = weights.reshape(len(p))
        p = as_pairs(np.clip(p, 0, 1))
        return measured(p, np.log(np.clip(p, _SMALLEST, 1)), labels, weights / weights.sum(), bins)

    def plot(self, **options: Any) -> Any:
        """Draws the reliability diagram and how many rows each bin has; returns the matplotlib figure."""
        return draw(self, **options)

    def __repr__(self):
        shown = ("accuracy", "confidence", "ece", "brier", "nll")
        return f"CalibrationResult(rows={self.rows}, {', '.join(f'{n}={getattr(self, n):.4g}' for n in shown)})"


def measured(p, log_p, labels, weights, bins):
    """Returns the `CalibrationResult` of float64 rows `(n, K)`, with weights that sum to 1."""
    confidence = p.max(1)
    # A prediction of two classes alike goes to the first, as argmax does; so does a label.
    correct = (p.argmax(1) == labels.argmax(1)).astype("float64")
    table = _scores.binned(confidence, correct, weights, bins)
    return CalibrationResult(
        rows=len(p),
        classes=p.shape[1],
        accuracy=float(weights @ correct),
        confidence=float(weights @ confidence),
        ece=_scores.calibration_error(table),
        adaptive_ece=_scores.calibration_error(_scores.equally_filled(confidence, correct, weights, bins)),
        classwise_ece=_scores.classwise_error(p, labels, weights, bins),
        mce=max(abs(b.gap) for b in table if b.share),
        brier=_scores.brier_score(p, labels, weights),
        nll=_scores.negative_log_likelihood(log_p, labels, weights),
        bins=table,
    )
