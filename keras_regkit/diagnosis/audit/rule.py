"""What a rule of the audit is, and the registry of all of them."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable

from keras_regkit._core.checks import did_you_mean
from keras_regkit.diagnosis.audit.finding import SEVERITIES

FAMILIES = {
    "penalties": "Penalties",
    "normalization": "Normalization",
    "noise": "Dropout and noise",
    "labels": "Labels and losses",
    "monitors": "Callbacks",
    "data": "Data",
    "training": "Training itself",
}
# What a rule can need, and what is said where it is missing.
NEEDS = {
    "model": "",
    "built": "the model is not built: start it with keras.Input(shape), or call it on a batch",
    "compiled": "the model is not compiled",
    "train": "no training data were given (train=)",
    "validation": "no validation data were given (validation=)",
    "test": "no test data were given (test=)",
    "history": "no history was given (history=)",
    "callbacks": "no callbacks were given (callbacks=)",
    "fit_args": "no arguments of fit were given (fit_args=)",
    "groups": "no groups were given (groups=)",
}
_SECTIONS = ("Why", "Do", "Example", "Source")
_RULES: dict = {}


@dataclasses.dataclass(frozen=True)
class Rule:
    """One thing that an audit looks for.

    Args:
        id: `"RK101"`. The first digit tells the family.
        family: One of penalties, normalization, noise, labels, monitors, data, training.
        title: What is wrong, in one line.
        severity: Of its findings, unless one says otherwise: `"error"`, `"warning"` or `"note"`.
        needs: What must be given: `"model"`, `"built"`, `"compiled"`, `"train"`, `"validation"`, `"test"`, `"history"`,
            `"callbacks"`, `"fit_args"`, `"groups"`.
        what: What is wrong, in full.
        why: Why it matters.
        do: What to do.
        example: A finding, with its numbers.
        source: Where this is known from.
        check: Function of a case that yields findings.

    >>> audit_rules()[0].id, audit_rules()[0].family
    ('RK101', 'penalties')
    """

    id: str
    family: str
    title: str
    severity: str
    needs: tuple
    what: str
    why: str
    do: str
    example: str
    source: str
    check: Callable = dataclasses.field(repr=False)

    @property
    def url(self) -> str:
        """The page about this rule, within the documentation."""
        return f"audit/{self.id}"

    def __str__(self):
        lines = [f"{self.id}  {self.title} ({self.severity}; {FAMILIES[self.family]})"]
        parts = {"": self.what, "Why": self.why, "Do": self.do, "Example": self.example, "Source": self.source}
        for name, text in parts.items():
            for paragraph in (f"{name}: {text}" if name else text).split("\n\n"):
                lines += ["", *([paragraph] if paragraph.startswith(" ") else textwrap.wrap(paragraph, 88))]
        return "\n".join(lines)


def rule(id, *, family, title, severity, needs=("model",)):
    """Makes a rule of a function and enters it into the registry.

    The function takes a `Case` and yields what `case.finding(where=..., evidence=..., advice=...)` returns. Its
    docstring says what is wrong, and then, under the headings `Why:`, `Do:`, `Example:` and `Source:`, the rest of the
    rule's page. What is missing for it to run is said by raising `CannotRun(reason)`, which the case does by itself.

    Args:
        id: `"RK101"`: RK1xx penalties, RK2xx normalization, RK3xx noise, RK4xx labels, RK5xx monitors, RK6xx data,
            RK7xx training.
        family, title, severity, needs: As for `Rule`.
    """
    if not re.fullmatch(r"RK\d{3}", id) or list(FAMILIES)[int(id[2]) - 1] != family:
        raise ValueError(f"A rule's id is RK and three digits, of which the first is its family's. Received: {id!r}")
    if severity not in SEVERITIES or not set(needs) <= set(NEEDS):
        raise ValueError(f"Rule {id} has severity {severity!r} and needs {needs!r}: not among those known")

    def enter(check):
        if id in _RULES and _RULES[id].check.__qualname__ != check.__qualname__:
            raise ValueError(f"Two rules are called {id}: {_RULES[id].check.__name__} and {check.__name__}")
        what, sections = _read(inspect.getdoc(check) or "")
        texts = {name.lower(): sections.get(name, "") for name in _SECTIONS}
        _RULES[id] = Rule(id, family, title, severity, tuple(needs), what, check=check, **texts)
        return check

    return enter


def audit_rules() -> tuple[Rule, ...]:
    """Returns every `Rule` of the audit, a tuple ordered by id.

    Example:

    >>> [rule.severity for rule in audit_rules() if rule.id == "RK101"]
    ['error']
    """
    from keras_regkit.diagnosis.audit import rules as room

    for module in pkgutil.iter_modules(room.__path__):
        importlib.import_module(f"{room.__name__}.{module.name}")
    return tuple(_RULES[id] for id in sorted(_RULES))


def find_rule(id: str) -> Rule:
    """Returns the `Rule` of that id.

    Args:
        id: Such as `"RK101"`.

    Raises:
        ValueError: there is no such rule.

    Example:

    >>> find_rule("RK101").family
    'penalties'
    """
    known = {rule.id: rule for rule in audit_rules()}
    if id not in known:
        raise ValueError(f"There is no rule {id!r}.{did_you_mean(id, known)} Rules: {', '.join(known)}")
    return known[id]


def _read(doc):
    """Returns the first part of a docstring, and `{heading: text}` of the rest, a line for each paragraph.

    What is indented, as equations are, stays as it is.
    """
    parts = re.split(rf"^({'|'.join(_SECTIONS)}):\s*", doc, flags=re.M)
    what, *rest = ("\n\n".join(map(_paragraph, re.split(r"\n\s*\n", part.strip()))) for part in parts)
    return what, dict(zip(rest[::2], rest[1::2], strict=True))


def _paragraph(text):
    return text.rstrip() if text.startswith("    ") else " ".join(text.split())
