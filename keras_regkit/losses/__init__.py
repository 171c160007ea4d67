"""Losses that regularize: they change what the model is asked to predict, or how much a wrong answer costs."""

from keras_regkit.losses.bootstrapping import Bootstrapping
from keras_regkit.losses.confidence_penalty import ConfidencePenalty
from keras_regkit.losses.early_learning import EarlyLearning
from keras_regkit.losses.generalized_cross_entropy import GeneralizedCrossEntropy
from keras_regkit.losses.index_labels import index_labels
from keras_regkit.losses.jsd_consistency import JSDConsistency
from keras_regkit.losses.label_smoothing import LabelSmoothing
from keras_regkit.losses.poly_loss import PolyLoss
from keras_regkit.losses.symmetric_cross_entropy import SymmetricCrossEntropy

__all__ = [
    "Bootstrapping",
    "ConfidencePenalty",
    "EarlyLearning",
    "GeneralizedCrossEntropy",
    "JSDConsistency",
    "LabelSmoothing",
    "PolyLoss",
    "SymmetricCrossEntropy",
    "index_labels",
]
