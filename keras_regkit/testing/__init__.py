"""Contract checks for components of Keras models: call them on your own layers, losses, regularizers and callbacks.

Each check takes an instance and raises `AssertionError` at the first broken rule, saying which rule and what
was seen. They run on the active backend (`KERAS_BACKEND`). A rule that does not fit a component is named in
`exempt`, with the reason.
"""

from keras_regkit.testing.bad_arguments import check_bad_arguments
from keras_regkit.testing.callbacks import check_callback
from keras_regkit.testing.constraints import check_constraint
from keras_regkit.testing.fresh_process import SavedModels, load_in_fresh_process
from keras_regkit.testing.layers import check_layer
from keras_regkit.testing.losses import check_loss
from keras_regkit.testing.optimizers import check_optimizer
from keras_regkit.testing.regularizers import check_regularizer
from keras_regkit.testing.training import check_training

__all__ = [
    "SavedModels",
    "check_bad_arguments",
    "check_callback",
    "check_constraint",
    "check_layer",
    "check_loss",
    "check_optimizer",
    "check_regularizer",
    "check_training",
    "load_in_fresh_process",
]
