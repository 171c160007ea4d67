"""Every rule of the audit finds what it is for, and leaves alone what is in order."""

import importlib
import pathlib

import audit_table
import pytest

from keras_regkit.diagnosis import audit, audit_rules

for path in sorted(pathlib.Path(__file__).parent.glob("audit_cases_*.py")):
    importlib.import_module(path.stem)


def name_of(case):
    return f"{case[0]}-{case[1].__name__}"


def run(id, function):
    return audit(**function(), disable=[rule.id for rule in audit_rules() if rule.id != id])


@pytest.mark.every_case  # what a rule measures may differ between backends
@pytest.mark.parametrize("case", audit_table.FAULTY, ids=name_of)
def test_a_fault_is_found(case):
    id, function, where, count, evidence = case
    found = run(id, function)
    assert not found.skipped
    assert {finding.id for finding in found.findings} == {id}
    first = found.findings[0]
    assert where in (None, first.where)
    assert count in (None, len(found.findings))
    assert {key: first.evidence[key] for key in evidence} == {
        key: pytest.approx(value) if isinstance(value, float) else value for key, value in evidence.items()
    }
    assert first.advice
    assert found.to_json()
    assert str(found)


@pytest.mark.parametrize("case", audit_table.FINE, ids=name_of)
def test_what_is_in_order_is_left_alone(case):
    id, function = case
    found = run(id, function)
    assert found.checked == (id,), f"it did not run: {found.skipped}"
    assert found.findings == ()


@pytest.mark.parametrize("rule", audit_rules(), ids=lambda rule: rule.id)
def test_every_rule_has_both_kinds_of_case_and_a_page(rule):
    assert rule.id in {case[0] for case in audit_table.FAULTY}
    assert rule.id in {case[0] for case in audit_table.FINE}
    assert all([rule.title, rule.what, rule.why, rule.do, rule.example, rule.source])
