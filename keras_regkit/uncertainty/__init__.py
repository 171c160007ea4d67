"""What a model does not know, and whether its probabilities can be taken at their word."""

from keras_regkit.uncertainty.calibration import calibration
from keras_regkit.uncertainty.calibration_bin import CalibrationBin
from keras_regkit.uncertainty.calibration_result import CalibrationResult
from keras_regkit.uncertainty.ensemble_predict import ensemble_predict
from keras_regkit.uncertainty.mc_predict import mc_predict
from keras_regkit.uncertainty.monte_carlo import MonteCarlo
from keras_regkit.uncertainty.predictions import Predictions
from keras_regkit.uncertainty.temperature_scaling import TemperatureScaling

__all__ = [
    "CalibrationBin",
    "CalibrationResult",
    "MonteCarlo",
    "Predictions",
    "TemperatureScaling",
    "calibration",
    "ensemble_predict",
    "mc_predict",
]
