"""What the cells of a `SampleGrid` hold where samples are no images."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class LineCell:
    """A series or a waveform.

    Args:
        values: Array `(steps, features)`.
        low, high: Ends of the axis of values.
        title: What stands above it.
    """

    values: Any
    low: float
    high: float
    title: str = ""


@dataclasses.dataclass(frozen=True)
class HeatCell:
    """A spectrogram.

    Args:
        values: Array `(time, frequency)`.
        low, high: Ends of the scale of colours.
        title: What stands above it.
    """

    values: Any
    low: float
    high: float
    title: str = ""


@dataclasses.dataclass(frozen=True)
class WordCell:
    """Words of a text, ids of tokens, or numbers of a row.

    Args:
        words: The words, as strings.
        changed: For each word whether it stands out.
        title: What stands above it.
    """

    words: tuple
    changed: tuple
    title: str = ""
