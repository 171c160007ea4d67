"""The numbers that say how well probabilities fit, in NumPy."""

import numpy as np

from keras_regkit.uncertainty.calibration_bin import CalibrationBin


def binned(confidence, correct, weights, bins):
    """Returns the `CalibrationBin`s of equal width, ((m − 1)/M, m/M]."""
    # What lies on an edge belongs to the bin below it; 0 to the first.
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return tuple(_bin(m / bins, (m + 1) / bins, places == m, confidence, correct, weights) for m in range(bins))


def equally_filled(confidence, correct, weights, bins):
    """Returns the `CalibrationBin`s of equally many rows, ordered by confidence."""
    parts = [part for part in np.array_split(np.argsort(confidence, kind="stable"), bins) if part.size]
    return tuple(
        _bin(confidence[part].min(), confidence[part].max(), part, confidence, correct, weights) for part in parts
    )


def calibration_error(bins):
    """Returns Σ_m share_m |accuracy_m − confidence_m|."""
    return float(sum(b.share * abs(b.accuracy - b.confidence) for b in bins if b.share))


def classwise_error(p, labels, weights, bins):
    """Returns the calibration error of each class's probability for itself, averaged over classes."""
    columns = zip(p.T, labels.T, strict=True)
    return float(np.mean([calibration_error(binned(column, y, weights, bins)) for column, y in columns]))


def brier_score(p, labels, weights):
    """Returns the mean of Σ_k (p_k − y_k)², halved for two classes."""
    squares = np.sum((p - labels) ** 2, 1)
    return float(weights @ squares / (2 if p.shape[1] == 2 else 1))


def negative_log_likelihood(log_p, labels, weights):
    """Returns the mean of −Σ_k y_k log p_k, in nats."""
    return float(-(weights @ np.sum(np.where(labels > 0, labels * log_p, 0), 1)))


def _bin(low, high, rows, confidence, correct, weights):
    inside = weights[rows]
    share = float(inside.sum())
    if not share:
        return CalibrationBin(float(low), float(high), 0, 0.0, float("nan"), float("nan"))
    means = (float(inside @ values[rows] / share) for values in (confidence, correct))
    return CalibrationBin(float(low), float(high), int((inside > 0).sum()), share, *means)
