"""Functions over a built model: they return a new model, and leave the old one as it was."""

from keras_regkit.surgery.rebuild import copy, insert_after, insert_before, replace
from keras_regkit.surgery.recompile import recompile

__all__ = ["copy", "insert_after", "insert_before", "recompile", "replace"]
