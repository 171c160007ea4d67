"""A rule is a function of a case: its name names it, its docstring says what must hold, it raises where that fails."""

import collections.abc


def hold(case, rules, exempt=None):
    """Runs `rules` in order on `case`; raises `AssertionError` at the first that is broken.

    Args:
        case: What the rules look at. `case.subject` is the component, for the message.
        rules: Functions of the case.
        exempt: Mapping from the name of a rule that is not to be run to the reason why.

    Raises:
        AssertionError: a rule is broken.
        ValueError: `exempt` names no such rule, or gives no reason.
    """
    exempt = _checked_exemptions(exempt, rules)
    for rule in rules:
        if rule.__name__ in exempt:
            continue
        try:
            rule(case)
        # Broad on purpose: a component under test may raise anything, and whatever it raises breaks the rule.
        except Exception as error:
            seen = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
            raise AssertionError(
                f"{type(case.subject).__name__} breaks the rule `{rule.__name__}`.\n"
                f"Rule: {' '.join(rule.__doc__.split())}\nSeen: {seen}"
            ) from error


def expect(condition, seen):
    """Raises `AssertionError(seen)` unless `condition` is true."""
    if not condition:
        raise AssertionError(seen)


def _checked_exemptions(exempt, rules):
    if exempt is None:
        return {}
    if not isinstance(exempt, collections.abc.Mapping):
        raise ValueError(f"`exempt` must map the name of a rule to the reason. Received: {exempt!r}")
    names = [rule.__name__ for rule in rules]
    for name, reason in exempt.items():
        if name not in names:
            raise ValueError(f"`exempt` must name rules of this check, which are {names}. Received: {name!r}")
        if not isinstance(reason, str) or not reason.strip():
            raise ValueError(f"`exempt` must give a reason for {name!r}. Received: {reason!r}")
    return exempt
