"""Runs the rules over a case."""

import warnings

from keras_regkit._core.checks import did_you_mean
from keras_regkit.diagnosis.audit.audit_result import Audit
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.finding import SEVERITIES
from keras_regkit.diagnosis.audit.rule import FAMILIES, audit_rules


def run_rules(case, disable=(), chosen=None):
    """Returns the `Audit` of a case.

    Args:
        case: A `Case`.
        disable: Ids or families of rules that are not to run.
        chosen: The rules; all by default.
    """
    chosen = audit_rules() if chosen is None else chosen
    disabled = _disabled(disable, chosen)
    findings, checked, skipped = [], [], {}
    for rule in chosen:
        if rule.id in disabled:
            continue
        found, reason = _run(rule, case)
        findings += found
        if reason is None:
            checked.append(rule.id)
        else:
            skipped[rule.id] = reason
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Audit(tuple(findings), tuple(checked), skipped, tuple(disabled), tuple(case.notes))


def _run(rule, case):
    """Returns what a rule found, and why it could not (or not wholly) run; None if it could."""
    found = []
    try:
        case.expect(rule.needs)
        # What Keras warns of while a rule looks is not the user's doing.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for finding in rule.check(case.for_rule(rule)):
                found.append(finding)
    except CannotRun as reason:
        return found, str(reason)
    except Exception as error:  # a fault of one rule must not take the others' findings away
        return found, f"failed with {type(error).__name__}: {' '.join(str(error).split()):.200}"
    return found, None


def _disabled(disable, chosen):
    disable = [disable] if isinstance(disable, str) else list(disable)
    known = [rule.id for rule in chosen]
    for name in disable:
        if name not in known and name not in FAMILIES:
            options = [*known, *FAMILIES]
            raise ValueError(
                f"`disable` must name rules, such as 'RK101', or families: {', '.join(FAMILIES)}."
                f"{did_you_mean(name, options)} Received: {name!r}"
            )
    return [rule.id for rule in chosen if rule.id in disable or rule.family in disable]
