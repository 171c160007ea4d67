"""What a model with dropout does not know: Monte-Carlo dropout."""

from keras_regkit.uncertainty.mc_predict import Predictions, mc_predict
from keras_regkit.uncertainty.monte_carlo import MonteCarlo

__all__ = ["MonteCarlo", "Predictions", "mc_predict"]
