"""From learning curves to a named regime and the levers to try, in order.

`diagnose` reads a training's curves and returns a plain record, `Diagnosis`. The workflow behind the ranking is the
table in `keras_regkit.diagnosis.recommending`; the thresholds are the constants of `keras_regkit.diagnosis.thresholds`.
`audit` looks at the model, the data and the callbacks for mistakes that raise no error.
"""

from keras_regkit.diagnosis.audit import Audit, Finding, Rule, audit, audit_rules, find_rule
from keras_regkit.diagnosis.auditor import Auditor
from keras_regkit.diagnosis.curves import Curves
from keras_regkit.diagnosis.diagnose import diagnose
from keras_regkit.diagnosis.diagnosis import Diagnosis
from keras_regkit.diagnosis.recommendation import Recommendation
from keras_regkit.diagnosis.regimes import REGIMES

__all__ = [
    "REGIMES",
    "Audit",
    "Auditor",
    "Curves",
    "Diagnosis",
    "Finding",
    "Recommendation",
    "Rule",
    "audit",
    "audit_rules",
    "diagnose",
    "find_rule",
]
