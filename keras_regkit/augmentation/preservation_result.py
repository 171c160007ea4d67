"""The record that `label_preservation` returns."""

import dataclasses
import html
import math
import statistics

import numpy as np


@dataclasses.dataclass(frozen=True)
class PreservationRow:
    """How often predictions changed under one op at one strength.

    Args:
        name: Name of the op.
        strength: Its strength, or None for the op as it was.
        changed: Number of changed predictions.
        total: Number of predictions: images times repeats.
        share: Share of changed ones.
        low, high: Ends of the interval of the share.
    """

    name: str
    strength: float | None
    changed: int
    total: int
    share: float
    low: float
    high: float

    @classmethod
    def of(cls, name, strength, shares, repeats, confidence):
        """Returns the row for the share of changed versions of each image."""
        images = len(shares)
        share = float(np.mean(shares))
        low, high = wilson_interval(share, effective_size(np.asarray(shares), repeats), confidence)
        changed = round(float(np.sum(shares)) * repeats)
        return cls(name, strength, changed, images * repeats, share, low, high)


@dataclasses.dataclass(frozen=True)
class PreservationResult:
    """How often a classifier changed its mind, op by op. Made by `label_preservation`.

    Args:
        rows: A `PreservationRow` for each op and strength.
        repeats: Versions of each image.
        confidence: Of the intervals.

    Example:

    >>> row = PreservationRow.of("RandomRotation", 0.1, np.array([0, 0, 1, 0.5]), repeats=2, confidence=0.95)
    >>> print(PreservationResult((row,), 2, 0.95))
    op              strength  changed  share  95% interval
    ------------------------------------------------------
    RandomRotation       0.1  3 of 8   37.5%  9.3% to 77.8%
    """

    rows: tuple
    repeats: int
    confidence: float

    def to_dict(self):
        """Returns the record as plain dicts and lists."""
        return dataclasses.asdict(self) | {"rows": [dataclasses.asdict(row) for row in self.rows]}

    def __str__(self):
        rows = [self._header(), *map(_cells, self.rows)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = [
            "  ".join(
                cell.rjust(width) if k == 1 else cell.ljust(width)
                for k, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])

    def _repr_html_(self):
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in self._header())
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(row)) + "</tr>" for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _header(self):
        return "op", "strength", "changed", "share", f"{self.confidence:.0%} interval"


def effective_size(shares, repeats):
    """Returns how many independent predictions tell as much: versions of one image go together.

    >>> effective_size(np.array([0.0, 0.0, 1.0, 1.0]), repeats=10)  # all versions of an image alike
    4.0
    """
    images, share = len(shares), float(np.mean(shares))
    spread = float(np.var(shares, ddof=1)) / images if images > 1 else 0.0
    size = share * (1 - share) / spread if spread > 0 else images
    return float(min(max(size, images), images * repeats))


def wilson_interval(share, size, confidence):
    """Returns the ends of Wilson's score interval for a share that was seen in `size` samples.

        (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n)

    >>> low, high = wilson_interval(0.5, 10, 0.95)
    >>> round(low, 4), round(high, 4)
    (0.2366, 0.7634)
    """
    z = statistics.NormalDist().inv_cdf(0.5 + confidence / 2)
    middle = share + z * z / (2 * size)
    reach = z * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    scale = 1 + z * z / size
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def _cells(row):
    strength = "" if row.strength is None else f"{row.strength:g}" if isinstance(row.strength, float | int) else ""
    return (
        row.name,
        strength or ("" if row.strength is None else str(row.strength)),
        f"{row.changed} of {row.total}",
        f"{row.share:.1%}",
        f"{row.low:.1%} to {row.high:.1%}",
    )
