"""From learning curves to a named regime and the levers to try, in order.

`diagnose` reads a training's curves and returns a plain record, `Diagnosis`. The workflow behind the ranking is the
table in `keras_regkit.diagnosis.recommending`; the thresholds are the constants of `keras_regkit.diagnosis.thresholds`.
"""

from keras_regkit.diagnosis.curves import Curves
from keras_regkit.diagnosis.diagnose import diagnose
from keras_regkit.diagnosis.diagnosis import Diagnosis
from keras_regkit.diagnosis.recommendation import Recommendation
from keras_regkit.diagnosis.regimes import REGIMES

__all__ = ["REGIMES", "Curves", "Diagnosis", "Recommendation", "diagnose"]
