"""The two curves that are judged, as a plain record."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_regkit._core.types import Array


@dataclasses.dataclass(frozen=True)
class Curves:
    """A train curve and a validation curve, each with the epochs at which it was measured.

    Values that were not finite (NaN or infinite) are kept as `None`, so that the record survives JSON.

    Args:
        epochs: Epochs of `train`, counted from 0 as in `History.epoch`.
        train: One value for each of `epochs`.
        validation_epochs: Epochs of `validation`: fewer than `epochs` when it was measured every k epochs only.
        validation: One value for each of `validation_epochs`.
        train_name, validation_name: Names of the curves in the log.
        train_spread, validation_spread: Standard deviation between runs at each epoch; `None` for a single run.
        runs: How many runs the curves average.
        clean: Whether both were measured in inference mode with the penalties taken out.
        higher_is_better: Whether large values are good (accuracy) or bad (a loss).

    Example:

    >>> curves = Curves(epochs=(0, 1, 2), train=(0.9, 0.5, 0.3), validation_epochs=(2,), validation=(0.4,))
    >>> [array.tolist() for array in curves.paired()]
    [[2], [0.3], [0.4]]
    """

    epochs: tuple
    train: tuple
    validation_epochs: tuple
    validation: tuple
    train_name: str = "loss"
    validation_name: str = "val_loss"
    train_spread: tuple | None = None
    validation_spread: tuple | None = None
    runs: int = 1
    clean: bool = False
    higher_is_better: bool = False

    def paired(self) -> tuple[Array, Array, Array]:
        """Returns epochs, train and validation as arrays, at the epochs where both were measured."""
        train = dict(zip(self.epochs, self.train, strict=True))
        validation = dict(zip(self.validation_epochs, self.validation, strict=True))
        common = [epoch for epoch in self.validation_epochs if epoch in train]
        return (
            np.array(common, dtype=int),
            numbers([train[epoch] for epoch in common]),
            numbers([validation[epoch] for epoch in common]),
        )

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Curves":
        """Returns the record that `dataclasses.asdict` (and JSON) took apart."""
        fields: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in record.items()}
        return cls(**fields)


def numbers(values):
    """Returns `values` as an array of floats, NaN where a value is `None`."""
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def finite_or_none(values):
    """Returns `values` as a tuple of floats, `None` where a value is not finite."""
    return tuple(float(v) if np.isfinite(v) else None for v in np.asarray(values, dtype=float))
