"""The levers: one card per technique, and how it is applied to a model.

>>> from keras_regkit import levers
>>> levers.get("dropout").strengths
(0.3, 0.5)
"""

from keras_regkit.levers.lever import Lever
from keras_regkit.levers.registry import get, names, parse

__all__ = ["Lever", "get", "names", "parse"]
