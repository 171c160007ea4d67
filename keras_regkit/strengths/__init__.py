"""Strengths that move: schedules over steps or epochs, for whatever takes a strength.

A schedule goes where a number goes: `layers.Dropout(Linear(0.0, 0.5, steps=1000))`. So does any object of
`keras.optimizers.schedules`, and these serve as learning rates too.
"""

from keras_regkit._core.strength import Strength
from keras_regkit.strengths.cosine import Cosine
from keras_regkit.strengths.linear import Linear
from keras_regkit.strengths.piecewise import Piecewise
from keras_regkit.strengths.polynomial import Polynomial
from keras_regkit.strengths.read import read
from keras_regkit.strengths.warm_up import WarmUp

__all__ = ["Cosine", "Linear", "Piecewise", "Polynomial", "Strength", "WarmUp", "read"]
