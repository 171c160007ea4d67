"""One canonical instance of every component: the table that feeds the contract tests.

A new public class in a component room gets a row in the file of its room; `test_contract.py` fails until it has one.
"""

import dataclasses

from instances.augmentation_audio import AUGMENTATION_AUDIO
from instances.augmentation_colour import AUGMENTATION_COLOUR
from instances.augmentation_geometry import AUGMENTATION_GEOMETRY
from instances.augmentation_mixing import AUGMENTATION_MIXING
from instances.augmentation_policies import AUGMENTATION_POLICIES
from instances.augmentation_series import AUGMENTATION_SERIES
from instances.augmentation_tabular import AUGMENTATION_TABULAR
from instances.augmentation_text import AUGMENTATION_TEXT
from instances.averaging import AVERAGING
from instances.callbacks import CALLBACKS
from instances.constraints import CONSTRAINTS
from instances.fine_tuning import FINE_TUNING
from instances.losses import LOSSES
from instances.noise_layers import NOISE_LAYERS
from instances.normalization_layers import NORMALIZATION_LAYERS
from instances.optimizers import OPTIMIZERS
from instances.regularizers import REGULARIZERS
from instances.residual_layers import RESIDUAL_LAYERS
from instances.stock import STOCK
from instances.strengths import STRENGTHS
from instances.training import TRAINING

# Rows that differ from another one in arguments, axes or shapes, and in no operation that a backend could do otherwise.
LIKE_ANOTHER = {
    "keras-gaussian-noise", "keras-max-norm", "keras-categorical-crossentropy", "keras-early-stopping",
    "max-norm-of-axis", "max-norm-depthwise", "max-norm-transposed", "dropout-noise-shape",
    "dropout-on-a-keras-schedule", "color-jitter-of-two", "random-brightness-of-a-range", "grid-mask-straight",
    "top-k-per-tensor", "ghost-batch-norm-of-vectors", "weight-norm-transposed", "weight-norm-einsum",
    "weight-standardization-conv", "spectral-normalization-transposed", "group-lasso-along-axes",
    "drop-path-batch", "shake-shake-batch", "scheduled-constant", "weighted-l2-around-a-reference",
    "total-variation-along-an-axis",
}  # fmt: skip


def once(rows):
    """Returns the rows, those that are like another one for TensorFlow alone."""
    return [dataclasses.replace(row, everywhere=False) if row.id in LIKE_ANOTHER else row for row in rows]


OURS = once([
    *AUGMENTATION_AUDIO,
    *AUGMENTATION_COLOUR,
    *AUGMENTATION_GEOMETRY,
    *AUGMENTATION_MIXING,
    *AUGMENTATION_POLICIES,
    *AUGMENTATION_SERIES,
    *AUGMENTATION_TABULAR,
    *AUGMENTATION_TEXT,
    *AVERAGING,
    *CALLBACKS,
    *CONSTRAINTS,
    *FINE_TUNING,
    *LOSSES,
    *NOISE_LAYERS,
    *NORMALIZATION_LAYERS,
    *OPTIMIZERS,
    *REGULARIZERS,
    *RESIDUAL_LAYERS,
    *STRENGTHS,
    *TRAINING,
])  # fmt: skip

INSTANCES = [*once(STOCK), *OURS]
