"""Training methods that take more than one pass, or see the inputs, as models around the user's model."""

from keras_regkit.training.adversarial_weight_perturbation import AdversarialWeightPerturbation
from keras_regkit.training.gradient_penalty import GradientPenalty
from keras_regkit.training.jacobian_penalty import JacobianPenalty
from keras_regkit.training.manifold_mix_up import ManifoldMixUp
from keras_regkit.training.r_drop import RDrop
from keras_regkit.training.sam import SAM
from keras_regkit.training.virtual_adversarial import VirtualAdversarial

__all__ = [
    "SAM",
    "AdversarialWeightPerturbation",
    "GradientPenalty",
    "JacobianPenalty",
    "ManifoldMixUp",
    "RDrop",
    "VirtualAdversarial",
]
