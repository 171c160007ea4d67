"""Columns of one training, and how a list of numbers becomes one."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Log:
    """Columns of one training.

    Args:
        columns: `{name: (epochs, values)}` as arrays; for a column that cannot be used, the reason as a string.
        caveats: What must be kept in mind about all of them.
        notes: `{name: caveat}` about single ones.
    """

    columns: dict
    caveats: tuple = ()
    notes: dict = dataclasses.field(default_factory=dict)


def mismatch(name, length, count):
    """Says why a curve of `length` values does not belong to `count` epochs."""
    return (
        f"the curve {name!r} has {length} values for {count} epochs, which no fixed interval explains. "
        "Expected one value for each epoch, or one every k epochs (`validation_freq=k`, `GapMonitor(every=k)`). "
        "For an irregular schedule log with CSVLogger and pass its file."
    )


def column(name, values, epochs):
    """Returns `(epochs, values)` without the missing entries, or the reason why the column cannot be used."""
    if len(values) != len(epochs):
        return mismatch(name, len(values), len(epochs))
    present = [i for i, value in enumerate(values) if value is not None]
    try:
        kept = np.array([float(values[i]) for i in present])
    except (TypeError, ValueError):
        return f"the curve {name!r} holds something that is not a number: {values!r:.60}"
    return epochs[present], kept
