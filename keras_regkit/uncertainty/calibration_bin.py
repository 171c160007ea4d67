"""One row of a reliability table."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class CalibrationBin:
    """The rows whose confidence lies in one interval.

    Args:
        low, high: The interval; `high` belongs to it, `low` does not.
        count: Number of rows, those of weight 0 left out.
        share: Share of all rows, by weight.
        confidence: Their mean confidence; NaN where there are none.
        accuracy: The share of them that is right; NaN where there are none.

    >>> CalibrationBin(0.9, 1.0, count=50, share=0.5, confidence=0.97, accuracy=0.9).gap.__round__(2)
    0.07
    """

    low: float
    high: float
    count: int
    share: float
    confidence: float
    accuracy: float

    @property
    def gap(self) -> float:
        """Confidence less accuracy: above 0 where predictions are overconfident."""
        return self.confidence - self.accuracy
