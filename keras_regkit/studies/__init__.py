"""Studies: one knob at a time, over the same seeds, with intervals. They return plain records."""

from keras_regkit.studies import export
from keras_regkit.studies.bootstrap import BootstrapInterval, bootstrap_difference
from keras_regkit.studies.combination import Combination, combine
from keras_regkit.studies.compare import Comparison, compare
from keras_regkit.studies.cross_validation import cross_validate
from keras_regkit.studies.cross_validation_result import CrossValidationResult, SplitSize, SplitSummary
from keras_regkit.studies.decision import Decision, Step, TestScore
from keras_regkit.studies.design import Variant, factorial, one_knob_at_a_time
from keras_regkit.studies.engine import SequentialEngine
from keras_regkit.studies.nested import nested
from keras_regkit.studies.nested_result import NestedFold, NestedResult
from keras_regkit.studies.population import PopulationEngine
from keras_regkit.studies.practical import PracticalGain, PracticalTable, practical_gain
from keras_regkit.studies.ray_executor import RayExecutor
from keras_regkit.studies.result import StudyResult, VariantSummary
from keras_regkit.studies.run_sequentially import SequentialResult, run_sequentially
from keras_regkit.studies.sample_size import detectable, power, seeds_needed
from keras_regkit.studies.search import search
from keras_regkit.studies.search_result import Candidate, HeldOutScore, Rung, SearchResult
from keras_regkit.studies.selection import WinnerEstimate, honest_best
from keras_regkit.studies.sequential import Look, SequentialTest
from keras_regkit.studies.space import Space
from keras_regkit.studies.statistics import PairedDifference, corrected_difference, holm, paired_difference
from keras_regkit.studies.stored import StoredStudy, load
from keras_regkit.studies.strength_range import StrengthRange
from keras_regkit.studies.study import Study
from keras_regkit.studies.trial import Trial

__all__ = [
    "BootstrapInterval",
    "Candidate",
    "Combination",
    "Comparison",
    "CrossValidationResult",
    "Decision",
    "HeldOutScore",
    "Look",
    "NestedFold",
    "NestedResult",
    "PairedDifference",
    "PopulationEngine",
    "PracticalGain",
    "PracticalTable",
    "RayExecutor",
    "Rung",
    "SearchResult",
    "SequentialEngine",
    "SequentialResult",
    "SequentialTest",
    "Space",
    "SplitSize",
    "SplitSummary",
    "Step",
    "StoredStudy",
    "StrengthRange",
    "Study",
    "StudyResult",
    "TestScore",
    "Trial",
    "Variant",
    "VariantSummary",
    "WinnerEstimate",
    "bootstrap_difference",
    "combine",
    "compare",
    "corrected_difference",
    "cross_validate",
    "detectable",
    "export",
    "factorial",
    "holm",
    "honest_best",
    "load",
    "nested",
    "one_knob_at_a_time",
    "paired_difference",
    "power",
    "practical_gain",
    "run_sequentially",
    "search",
    "seeds_needed",
]
