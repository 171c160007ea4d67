"""Callbacks that go into `model.fit(callbacks=[...])`."""

from keras_regkit.callbacks.early_stopping import EarlyStopping
from keras_regkit.callbacks.ensemble_model import EnsembleModel
from keras_regkit.callbacks.gap_monitor import GapMonitor
from keras_regkit.callbacks.gradual_unfreezing import GradualUnfreezing
from keras_regkit.callbacks.snapshot_ensemble import SnapshotEnsemble
from keras_regkit.callbacks.strength_monitor import StrengthMonitor
from keras_regkit.callbacks.strength_schedule import StrengthSchedule
from keras_regkit.callbacks.weight_averaging import WeightAveraging

__all__ = [
    "EarlyStopping",
    "EnsembleModel",
    "GapMonitor",
    "GradualUnfreezing",
    "SnapshotEnsemble",
    "StrengthMonitor",
    "StrengthSchedule",
    "WeightAveraging",
]
