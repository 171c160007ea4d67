"""Our training methods."""

import keras
from keras import layers

from instances.instance import Instance
from keras_regkit import training
from keras_regkit.strengths import WarmUp


def _model():
    """A model with what passes change: moving averages, random seeds, penalties."""
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(6, activation="tanh", kernel_regularizer=keras.regularizers.L2(0.01)),
            layers.BatchNormalization(),
            layers.Dropout(0.3, seed=1),
            layers.Dense(2),
        ],
        name="trained",
    )


TRAINING = [
    Instance(
        "sam",
        "training",
        training.SAM,
        {"model": _model(), "rho": 0.1, "adaptive": False, "every": 2},
        ranges=training.SAM.RANGES,
    ),
    Instance(
        "asam-scheduled",
        "training",
        training.SAM,
        {"model": _model(), "rho": WarmUp(0.5, steps=4), "adaptive": True, "every": 1, "eta": 0.02},
        ranges={name: training.SAM.RANGES[name] for name in ("rho", "eta")},
    ),
    Instance(
        "adversarial-weight-perturbation",
        "training",
        training.AdversarialWeightPerturbation,
        {"model": _model(), "gamma": 0.01, "every": 1},
        ranges=training.AdversarialWeightPerturbation.RANGES,
    ),
    Instance(
        "r-drop",
        "training",
        training.RDrop,
        {"model": _model(), "alpha": 0.5},
        ranges=training.RDrop.RANGES,
    ),
    Instance(
        "gradient-penalty",
        "training",
        training.GradientPenalty,
        {"model": _model(), "strength": 0.1},
        ranges=training.GradientPenalty.RANGES,
    ),
    Instance(
        "jacobian-penalty",
        "training",
        training.JacobianPenalty,
        {"model": _model(), "strength": 0.01, "projections": 2, "seed": 0},
        ranges=training.JacobianPenalty.RANGES,
    ),
    Instance(
        "virtual-adversarial-scheduled",
        "training",
        training.VirtualAdversarial,
        {
            "model": _model(),
            "epsilon": 0.5,
            "alpha": WarmUp(0.5, steps=4),
            "xi": 0.2,
            "power_iterations": 2,
            "seed": 0,
        },
        ranges={name: training.VirtualAdversarial.RANGES[name] for name in ("epsilon", "xi", "power_iterations")},
    ),
    Instance(
        "manifold-mix-up",
        "training",
        training.ManifoldMixUp,
        {"model": _model(), "alpha": 2.0, "layers": ["input", "dense"], "seed": 0},
        ranges=training.ManifoldMixUp.RANGES,
        exempt={"moves_averages_once": "the moving averages are those of mixed samples, as they should be"},
    ),
]
