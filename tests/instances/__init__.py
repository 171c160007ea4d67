"""One canonical instance of every component: the table that feeds the contract tests.

A new public class in a component room gets a row in the file of its room; `test_contract.py` fails until it has one.
"""

from instances.callbacks import CALLBACKS
from instances.constraints import CONSTRAINTS
from instances.losses import LOSSES
from instances.noise_layers import NOISE_LAYERS
from instances.normalization_layers import NORMALIZATION_LAYERS
from instances.regularizers import REGULARIZERS
from instances.residual_layers import RESIDUAL_LAYERS
from instances.stock import STOCK
from instances.strengths import STRENGTHS

OURS = [
    *CALLBACKS,
    *CONSTRAINTS,
    *LOSSES,
    *NOISE_LAYERS,
    *NORMALIZATION_LAYERS,
    *REGULARIZERS,
    *RESIDUAL_LAYERS,
    *STRENGTHS,
]

INSTANCES = [*STOCK, *OURS]
