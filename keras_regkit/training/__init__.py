"""Training methods that take more than one pass, or see the inputs, as models around the user's model."""

from keras_regkit.training.adversarial_weight_perturbation import AdversarialWeightPerturbation
from keras_regkit.training.sam import SAM

__all__ = ["SAM", "AdversarialWeightPerturbation"]
