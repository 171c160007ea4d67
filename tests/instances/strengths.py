"""Components whose strength moves, and the callbacks that watch and drive it."""

import keras

from instances.data import CLASSES, PROBABILITIES
from instances.instance import Instance
from keras_regkit import callbacks, layers, losses, regularizers, strengths

# One kernel: a clone gives each layer a strength of its own, also where the original layers share one.
KERNEL = ((4, 3),)


def with_strengths():
    """Returns a small model with two strengths that can move."""
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, kernel_regularizer=regularizers.Scheduled("l2", strengths.Linear(0.0, 1.0, steps=9))),
            layers.Dropout(0.2, name="drop"),
            keras.layers.Dense(1),
        ]
    )


STRENGTHS = [
    Instance(
        "scheduled",
        "regularizer",
        regularizers.Scheduled,
        {"regularizer": keras.regularizers.L2(0.01), "strength": strengths.Cosine(1.0, 0.5, steps=10), "name": "l2"},
        {"zero_strength": regularizers.Scheduled("l2", 0.0), "shapes": KERNEL},
    ),
    Instance(
        "scheduled-constant",
        "regularizer",
        regularizers.Scheduled,
        {"regularizer": keras.regularizers.L1(0.5), "strength": 0.5, "name": "l1"},
        {"zero_strength": regularizers.Scheduled("l1", 0), "shapes": KERNEL},
        regularizers.Scheduled.RANGES,
    ),
    Instance(
        "label-smoothing-on-a-schedule",
        "loss",
        losses.LabelSmoothing,
        {"loss": "sparse_categorical_crossentropy", "smoothing": strengths.Linear(0.1, 0.2, steps=10)},
        {"y_true": CLASSES, "y_pred": PROBABILITIES},
        losses.LabelSmoothing.RANGES,
        exempt=dict.fromkeys(["fits_without_jit", "fits_with_jit"], "needs a StrengthMonitor, see tests/callbacks")
        if keras.backend.backend() == "jax"
        else {},
    ),
    Instance("strength-monitor", "callback", callbacks.StrengthMonitor, check={"make_model": with_strengths}),
    Instance(
        "strength-schedule",
        "callback",
        callbacks.StrengthSchedule,
        {"schedules": {"drop": strengths.Linear(0.0, 0.5, epochs=3)}},
        {"make_model": with_strengths},
        callbacks.StrengthSchedule.RANGES,
    ),
    Instance(
        "strength-schedule-by-steps",
        "callback",
        callbacks.StrengthSchedule,
        {"schedules": {"d.*p": keras.optimizers.schedules.CosineDecay(0.5, 10)}, "every": 2},
        {"make_model": with_strengths},
        callbacks.StrengthSchedule.RANGES,
    ),
]
