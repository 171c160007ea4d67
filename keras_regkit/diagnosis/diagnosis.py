"""The record that a diagnosis is."""

import dataclasses
from typing import Any

from keras_regkit._core.files import plain
from keras_regkit._core.pictures import draw
from keras_regkit.diagnosis.curves import Curves
from keras_regkit.diagnosis.recommendation import Recommendation
from keras_regkit.diagnosis.rendering import as_html, as_text


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """What the learning curves say, and what to do about it.

    Made by `diagnose`. `print(d)` reads well in a terminal, a notebook shows it as a small table, `d.plot()` draws it.

    Args:
        regime: One of `REGIMES`.
        since: Epoch from which the regime holds, counted from 0 as in `History.epoch`, or `None`.
        best_epoch: Epoch of the best validation value; `None` when none was finite.
        evidence: `{name: number}`, what was measured. Differences are positive where the later value, or validation, is
            worse; for a score within [0, 1] they are differences of the error rate.
        caveats: What weakens the verdict, one sentence each, and regimes that show as well.
        confidence: Between 0 and 1: of simulated trainings with a verdict as clear as this, the share whose verdict was
            right. A heuristic for others; lowered for raw curves and for fewer than 10 epochs.
        levers: `Recommendation`s in the order to try them.
        curves: The `Curves` that were judged.

    >>> import keras_regkit as rk
    >>> d = rk.diagnose({"loss": [0.9, 0.7, 0.5, 0.3, 0.1], "val_loss": [0.9, 0.8, 0.8, 1.0, 1.3]})
    >>> d.regime, d.best_epoch, d.levers[0].name
    ('overfitting', 1, 'early_stopping')
    """

    regime: str
    since: int | None
    best_epoch: int | None
    evidence: dict
    caveats: tuple
    confidence: float
    levers: tuple
    curves: Curves

    def to_dict(self) -> dict[str, Any]:
        """Returns the record in what JSON knows."""
        return plain(dataclasses.asdict(self))

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Diagnosis":
        """Returns the record that `to_dict` took apart.

        Raises:
            ValueError: `record` lacks a field, or has an unknown one.
        """
        wanted = [field.name for field in dataclasses.fields(cls)]
        if not isinstance(record, dict) or sorted(record) != sorted(wanted):
            received = sorted(record) if isinstance(record, dict) else record
            raise ValueError(
                f"`record` must be what `Diagnosis.to_dict` returns, with the keys {wanted}. Received: {received!r}"
            )
        return cls(
            **{
                **record,
                "caveats": tuple(record["caveats"]),
                "levers": tuple(Recommendation(**lever) for lever in record["levers"]),
                "curves": Curves.from_dict(record["curves"]),
            }
        )

    def plot(self, **options: Any) -> Any:
        """Draws the curves with the best epoch and the gap; returns a matplotlib figure.

        Args:
            **options: Passed on to `keras_regkit.plots.draw`.
        """
        return draw(self, **options)

    def __str__(self):
        return as_text(self)

    def _repr_html_(self):
        return as_html(self)
