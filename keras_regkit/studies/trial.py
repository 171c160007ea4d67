"""One training: a variant, a seed, and what came of it."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from keras_regkit._core.files import plain


@dataclasses.dataclass(frozen=True)
class Trial:
    """The record of one finished training.

    Args:
        variant: Name of the variant.
        seed: Seed of initial weights, batch order and noise.
        metrics: Final values with the weights that the trial ends with: `data_loss`, `val_data_loss`, `gap`, and the
            model's own metrics on the validation data as `val_...`. NaN where a value was not finite, and all of them
            where a weight was not, which TensorFlow's ReLU hides from losses.
        curves: `data_loss` and `val_data_loss` after each epoch.
        epochs: Number of epochs trained.
        best_epoch: 0-based epoch of the lowest `val_data_loss`; None if it never was finite, or a
            weight is not.
        seconds: Wall-clock time of building, training and evaluating.
        settings: `{lever: strength}` of the variant; empty for the baseline.
        provenance: What the result depends on besides: `keras_regkit`, `keras`, `backend`, `backend_version`, `numpy`,
            `python` (versions), `engine`, `train`, `validation` and `model` (fingerprints), `epochs` (the most that
            were asked for), `batch_size`, `finished` (time, UTC).
            A study fills it in; what an engine has written itself stays.

    Example:

    >>> trial = Trial("baseline", 0, {"val_data_loss": 0.3}, {"val_data_loss": [0.5, 0.3]}, 2, 1, 0.8)
    >>> Trial.from_dict(trial.to_dict()) == trial
    True
    """

    variant: str
    seed: int
    metrics: dict
    curves: dict
    epochs: int
    best_epoch: int | None
    seconds: float
    settings: dict = dataclasses.field(default_factory=dict)
    provenance: dict = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Returns the record in what JSON knows; values that are not finite become null."""
        return plain(dataclasses.asdict(self))

    @staticmethod
    def file_name(variant: str, seed: int) -> str:
        """Returns the name, without an ending, of what is kept of a trial in a file of its own."""
        safe = "".join(c if c.isalnum() or c in "._-=" else "_" for c in variant)
        return f"{safe}-seed{seed}"

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Trial":
        """The inverse of `to_dict`."""
        nan = math.nan
        return cls(
            **{
                **record,
                "metrics": {k: nan if v is None else v for k, v in record["metrics"].items()},
                "curves": {k: [nan if v is None else v for v in values] for k, values in record["curves"].items()},
            }
        )
