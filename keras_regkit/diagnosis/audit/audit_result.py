"""The record that an audit is."""

import dataclasses
import json
from typing import Any

from keras_regkit._core.files import plain
from keras_regkit.diagnosis.audit.finding import Finding
from keras_regkit.diagnosis.audit.rendering import as_html, as_text


@dataclasses.dataclass(frozen=True)
class Audit:
    """What an audit found, and what it could not look at.

    Made by `audit`. `print(a)` reads well in a terminal, a notebook shows it as a table.

    Args:
        findings: `Finding`s, errors first.
        checked: Ids of the rules that ran.
        skipped: `{id: reason}` of the rules that could not run.
        disabled: Ids of the rules that were switched off.
        notes: What else is to be kept in mind: that data were sampled, for example.

    >>> print(Audit(findings=(), checked=("RK101",), skipped={}))
    Nothing found. 1 rule ran.
    """

    findings: tuple
    checked: tuple
    skipped: dict
    disabled: tuple = ()
    notes: tuple = ()

    @property
    def clean(self) -> bool:
        """Whether nothing was found by the rules that ran."""
        return not self.findings

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are errors."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that are warnings."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    @property
    def exit_status(self) -> int:
        """1 if there is an error among the findings, else 0."""
        return int(bool(self.errors))

    def to_dict(self) -> dict[str, Any]:
        """Returns the record in what JSON knows."""
        return plain({**dataclasses.asdict(self), "clean": self.clean, "exit_status": self.exit_status})

    def to_json(self) -> str:
        """Returns the record as JSON text; NaN and infinities are null."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def __str__(self):
        return as_text(self)

    def _repr_html_(self):
        return as_html(self)
