"""Bridges: a space of levers as other tuners know it. Each needs its tuner, and nothing else here does."""

from keras_regkit.studies.bridges.keras_tuner import hyper_model
from keras_regkit.studies.bridges.optuna import optuna_objective

__all__ = ["hyper_model", "optuna_objective"]
