"""Our callbacks for fine-tuning."""

from instances.instance import Instance
from keras_regkit import callbacks

FINE_TUNING = [
    Instance(
        "gradual-unfreezing",
        "callback",
        callbacks.GradualUnfreezing,
        {"stages": 1, "epochs": 1, "batch_norm": "inference"},
        ranges=callbacks.GradualUnfreezing.RANGES,
    ),
]
