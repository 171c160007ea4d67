"""Functions over a built model.

Those that change its layers return a new model and leave the old one as it was (`copy`, `replace`, `insert_after`,
`insert_before`). Those that change what hangs on its weights work in place, on models of any kind (`attach`, `detach`,
`freeze`, `unfreeze`, `recalibrate_batch_norm`), and say what they changed.
"""

from keras_regkit.surgery.attach import attach
from keras_regkit.surgery.batch_norm_report import batch_norm_report
from keras_regkit.surgery.detach import detach
from keras_regkit.surgery.freeze import freeze
from keras_regkit.surgery.penalty import penalty
from keras_regkit.surgery.rebuild import copy, insert_after, insert_before, replace
from keras_regkit.surgery.recalibrate_batch_norm import recalibrate_batch_norm
from keras_regkit.surgery.recompile import recompile
from keras_regkit.surgery.unfreeze import unfreeze

__all__ = [
    "attach",
    "batch_norm_report",
    "copy",
    "detach",
    "freeze",
    "insert_after",
    "insert_before",
    "penalty",
    "recalibrate_batch_norm",
    "recompile",
    "replace",
    "unfreeze",
]
