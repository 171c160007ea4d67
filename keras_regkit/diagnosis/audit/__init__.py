"""The audit: mistakes that raise no error, found before they cost a training.

`audit` runs every rule of the registry, a small function each in `rules/`, over a `Case` and returns a plain record.
"""

from keras_regkit.diagnosis.audit.audit import audit
from keras_regkit.diagnosis.audit.audit_result import Audit
from keras_regkit.diagnosis.audit.finding import Finding
from keras_regkit.diagnosis.audit.rule import Rule, audit_rules, find_rule

__all__ = ["Audit", "Finding", "Rule", "audit", "audit_rules", "find_rule"]
