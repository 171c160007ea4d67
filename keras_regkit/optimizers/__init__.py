"""Optimizers that regularize: proximal steps, decay with a policy, gradient transforms, averaging of steps.

Each technique is a mixin, to be put before any optimizer class of Keras: by `mix`, or in a class of your own. The
common pairs are ready as classes.
"""

from keras_regkit.optimizers.adaptive_gradient_clipping import AdaptiveGradientClipping
from keras_regkit.optimizers.adaptive_gradient_clipping_sgd import AdaptiveGradientClippingSGD
from keras_regkit.optimizers.gradient_centralization import GradientCentralization
from keras_regkit.optimizers.gradient_centralization_sgd import GradientCentralizationSGD
from keras_regkit.optimizers.gradient_noise import GradientNoise
from keras_regkit.optimizers.gradient_noise_sgd import GradientNoiseSGD
from keras_regkit.optimizers.layerwise_learning_rates import layerwise_learning_rates
from keras_regkit.optimizers.learning_rate_multipliers import LearningRateMultipliers
from keras_regkit.optimizers.learning_rate_multipliers_adamw import LearningRateMultipliersAdamW
from keras_regkit.optimizers.lookahead import Lookahead
from keras_regkit.optimizers.lookahead_adam import LookaheadAdam
from keras_regkit.optimizers.lookahead_adamw import LookaheadAdamW
from keras_regkit.optimizers.lookahead_sgd import LookaheadSGD
from keras_regkit.optimizers.mix import mix
from keras_regkit.optimizers.proximal import Proximal
from keras_regkit.optimizers.proximal_adagrad import ProximalAdagrad
from keras_regkit.optimizers.proximal_adam import ProximalAdam
from keras_regkit.optimizers.proximal_adamw import ProximalAdamW
from keras_regkit.optimizers.proximal_rmsprop import ProximalRMSprop
from keras_regkit.optimizers.proximal_sgd import ProximalSGD
from keras_regkit.optimizers.weight_decay_policy import WeightDecayPolicy
from keras_regkit.optimizers.weight_decay_policy_adamw import WeightDecayPolicyAdamW
from keras_regkit.optimizers.weight_decay_policy_sgd import WeightDecayPolicySGD

__all__ = [
    "AdaptiveGradientClipping",
    "AdaptiveGradientClippingSGD",
    "GradientCentralization",
    "GradientCentralizationSGD",
    "GradientNoise",
    "GradientNoiseSGD",
    "LearningRateMultipliers",
    "LearningRateMultipliersAdamW",
    "Lookahead",
    "LookaheadAdam",
    "LookaheadAdamW",
    "LookaheadSGD",
    "Proximal",
    "ProximalAdagrad",
    "ProximalAdam",
    "ProximalAdamW",
    "ProximalRMSprop",
    "ProximalSGD",
    "WeightDecayPolicy",
    "WeightDecayPolicyAdamW",
    "WeightDecayPolicySGD",
    "layerwise_learning_rates",
    "mix",
]
