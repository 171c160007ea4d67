"""Studies: one knob at a time, over the same seeds, with intervals. They return plain records."""

from keras_regkit.studies.decision import Decision, Step, TestScore
from keras_regkit.studies.design import Variant, one_knob_at_a_time
from keras_regkit.studies.engine import SequentialEngine
from keras_regkit.studies.result import StudyResult, VariantSummary
from keras_regkit.studies.study import Study
from keras_regkit.studies.trial import Trial

__all__ = [
    "Decision",
    "SequentialEngine",
    "Step",
    "Study",
    "StudyResult",
    "TestScore",
    "Trial",
    "Variant",
    "VariantSummary",
    "one_knob_at_a_time",
]
