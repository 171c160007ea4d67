"""The record that a finding is."""

import dataclasses

SEVERITIES = ("error", "warning", "note")


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that an audit found.

    Args:
        id: Of the rule, `"RK101"`; stable from release to release.
        severity: `"error"` (the training does not do what was written), `"warning"` (it probably does not do what was
            meant) or `"note"` (worth knowing).
        title: What is wrong, in one line.
        where: A layer's or weight's path, an argument, or row counts.
        evidence: `{name: number or text}`, what was measured or read.
        advice: What to do.
        url: The page about the rule.

    >>> Finding("RK101", "error", "An inert regularizer", "dense/kernel", {"l2": 0.01}, "Attach it.", "audit/RK101").id
    'RK101'
    """

    id: str
    severity: str
    title: str
    where: str
    evidence: dict
    advice: str
    url: str
