"""Callbacks that go into `model.fit(callbacks=[...])`."""

from keras_regkit.callbacks.early_stopping import EarlyStopping
from keras_regkit.callbacks.gap_monitor import GapMonitor

__all__ = ["EarlyStopping", "GapMonitor"]
