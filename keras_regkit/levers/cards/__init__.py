"""One card per technique. Their order is the workflow's: cheap and safe levers first."""

from keras_regkit.levers.cards.batch_norm import BATCH_NORM
from keras_regkit.levers.cards.dropout import DROPOUT
from keras_regkit.levers.cards.early_stopping import EARLY_STOPPING
from keras_regkit.levers.cards.label_smoothing import LABEL_SMOOTHING
from keras_regkit.levers.cards.less_capacity import LESS_CAPACITY
from keras_regkit.levers.cards.max_norm import MAX_NORM
from keras_regkit.levers.cards.penalties import L1, L1_L2, L2
from keras_regkit.levers.cards.weight_decay import WEIGHT_DECAY

CARDS = (
    EARLY_STOPPING,
    L2,
    BATCH_NORM,
    DROPOUT,
    WEIGHT_DECAY,
    MAX_NORM,
    LABEL_SMOOTHING,
    LESS_CAPACITY,
    L1,
    L1_L2,
)
