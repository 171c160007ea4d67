"""Callbacks that go into `model.fit(callbacks=[...])`."""

from keras_regkit.callbacks.early_stopping import EarlyStopping
from keras_regkit.callbacks.gap_monitor import GapMonitor
from keras_regkit.callbacks.gradual_unfreezing import GradualUnfreezing
from keras_regkit.callbacks.strength_monitor import StrengthMonitor
from keras_regkit.callbacks.strength_schedule import StrengthSchedule

__all__ = ["EarlyStopping", "GapMonitor", "GradualUnfreezing", "StrengthMonitor", "StrengthSchedule"]
