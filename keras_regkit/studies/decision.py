"""The record of a whole run: what was decided, and every reason for it."""

import dataclasses
import pathlib
from typing import Any

from keras_regkit._core.files import plain
from keras_regkit._core.pictures import draw
from keras_regkit.diagnosis import Diagnosis
from keras_regkit.studies.result import StudyResult


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of the combination: a lever was tried on top of those already taken, or taken out again.

    Args:
        variant: Name of the variant that was tried.
        against: Name of the variant it was compared with.
        difference, low, high: Mean and interval of the paired difference of the metric, over seeds.
        p: Of the paired t-test, not corrected: the step decides, it does not claim.
        accepted: Whether the combination went over to `variant`: the lever was taken, or dropped.
        kind: `"forward"`, or `"backward"` where `variant` is `against` without one of its levers.

    >>> from keras_regkit.studies import Step
    >>> Step("l2=0.001 + dropout=0.5", "l2=0.001", -0.03, -0.05, -0.01, p=0.01, accepted=True).accepted
    True
    """

    variant: str
    against: str
    difference: float
    low: float
    high: float
    p: float
    accepted: bool
    kind: str = "forward"

    @property
    def outcome(self) -> str:
        """What became of the lever: `"taken"` or `"left out"`; of a backward step `"dropped"` or `"kept"`."""
        accepted, refused = {"forward": ("taken", "left out"), "backward": ("dropped", "kept")}[self.kind]
        return accepted if self.accepted else refused

    def __str__(self):
        interval = f"[{self.low:+.3g}, {self.high:+.3g}]"
        return f"{self.variant} against {self.against}: {self.difference:+.3g} {interval} → {self.outcome}"


@dataclasses.dataclass(frozen=True)
class TestScore:
    """The one look at the test set.

    Args:
        rows: Number of test rows.
        baseline, winner: Mean test loss of the template and of the winner, over seeds. The same clean loss for both;
            for a regression in units of the training target's variance.
        difference, low, high: Mean of winner − baseline and its interval over the test rows.
        baseline_metrics, winner_metrics: The model's metrics (accuracy, or mae in the target's unit), mean over seeds.
        shipped: Test loss of the one model that was saved.
        verdict: `"better"`, `"worse"`, `"no difference shown"`, or `"same model"` where the template itself won.

    >>> from keras_regkit.studies import TestScore
    >>> test = TestScore(
    ...     rows=114, baseline=0.2, winner=0.15, difference=-0.05, low=-0.08, high=-0.02,
    ...     baseline_metrics={"accuracy": 0.95}, winner_metrics={"accuracy": 0.97}, shipped=0.16, verdict="better",
    ... )
    >>> test.winner_metrics["accuracy"]
    0.97
    """

    __test__ = False  # not a test, whatever its name says to a test runner

    rows: int
    baseline: float
    winner: float
    difference: float
    low: float
    high: float
    baseline_metrics: dict
    winner_metrics: dict
    shipped: float
    verdict: str


@dataclasses.dataclass(frozen=True)
class Decision:
    """What `regularize` found, decided and saved.

    Args:
        target, task, task_reason: The target column, what it asks for, and how that was decided.
        classes: The classes in the order of the model's outputs; None for a regression.
        rows, features: Number of rows with a target, and of encoded features.
        split: Sizes of the parts and what was verified about them.
        notes: What happened to the data on the way, one sentence each.
        diagnosis: The `Diagnosis` of the template's curves.
        result: The `StudyResult`: one knob at a time.
        steps: The combination, step by step.
        winner: Name of the variant that was chosen; `"baseline"` for the template itself.
        settings: Its levers, `{lever: strength}`.
        test: The `TestScore`.
        shipped_seed: Seed of the model that was saved: the first, fixed beforehand.
        output: Folder with `model.keras`, `report.html`, `decision.json` and `study/`.
        seconds: Wall-clock time of the run that made this record.
        versions: Versions of what it ran on.

    Example:

    >>> import pathlib
    >>> from keras_regkit.diagnosis import diagnose
    >>> from keras_regkit.studies import Decision, StudyResult, TestScore
    >>> decision = Decision(  # as `regularize` returns it
    ...     target="sick", task="binary", task_reason="The target 'sick' holds 2 classes.", classes=("no", "yes"),
    ...     rows=500, features=9, split={"sizes": {"train": 300, "validation": 100, "test": 100}}, notes=(),
    ...     diagnosis=diagnose({"data_loss": [0.9, 0.5, 0.2], "val_data_loss": [0.9, 0.6, 0.8]}),
    ...     result=StudyResult("template", "val_data_loss", "min", 0.95, (), (), "sequential"),
    ...     steps=(), winner="dropout=0.5", settings={"dropout": 0.5},
    ...     test=TestScore(100, 0.3, 0.2, -0.1, -0.15, -0.05, {}, {}, 0.21, "better"),
    ...     shipped_seed=0, output=pathlib.Path("regkit-run"), seconds=60.0, versions={},
    ... )
    >>> decision.conclusion().split(":")[0]
    'Looked best on validation'
    """

    target: str
    task: str
    task_reason: str
    classes: tuple | None
    rows: int
    features: int
    split: dict
    notes: tuple
    diagnosis: Diagnosis
    result: StudyResult
    steps: tuple
    winner: str
    settings: dict
    test: TestScore
    shipped_seed: int
    output: pathlib.Path
    seconds: float
    versions: dict

    def to_dict(self) -> dict[str, Any]:
        """Returns the record in what JSON knows; the trials stay in `study/`."""
        record = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        record["diagnosis"] = self.diagnosis.to_dict()
        record["result"] = {k: v for k, v in self.result.to_dict().items() if k != "trials"}
        record["steps"] = [dataclasses.asdict(step) for step in self.steps]
        record["test"] = dataclasses.asdict(self.test)
        return plain(record)

    def plot(self, **options: Any) -> Any:
        """Draws the decision path, and returns the matplotlib figure."""
        return draw(self, **options)

    def conclusion(self) -> str:
        """Returns the outcome in two sentences, and in one more if training was cut off too early."""
        if self.diagnosis.regime == "still improving":
            return f"{self._conclusion()} The template was still improving when it ended: repeat with more epochs."
        return self._conclusion()

    def _conclusion(self):
        test = self.test
        if self.winner == "baseline":
            return (
                "No lever looked better than the template on validation, so the template itself was saved. "
                f"Its test loss is {test.shipped:.4g} on {test.rows} rows that took no part in any decision."
            )
        outcome = {
            "better": "The test set confirms it",
            "worse": "The test set contradicts it: prefer the template",
            "no difference shown": "The test set is too small, or the gain too slight, to confirm it",
        }[test.verdict]
        return (
            f"Looked best on validation: {self.winner}. {outcome}: the test loss goes from {test.baseline:.4g} to "
            f"{test.winner:.4g} (difference {test.difference:+.3g}, 95% interval [{test.low:+.3g}, {test.high:+.3g}] "
            f"over {test.rows} rows)."
        )

    def __str__(self):
        sizes = self.split["sizes"]
        lines = [
            f"Target {self.target!r}: {self.task} ({self.task_reason})",
            f"{self.rows} rows, {self.features} features; train {sizes['train']}, validation {sizes['validation']}, "
            f"test {sizes['test']}",
            *(f"- {note}" for note in self.notes),
            "",
            str(self.diagnosis),
            "",
            str(self.result),
            "",
            *map(str, self.steps),
            *([""] if self.steps else []),
            self.conclusion(),
            f"Saved in {str(self.output)!r}: model.keras, report.html, decision.json, study/",
        ]
        return "\n".join(lines)
