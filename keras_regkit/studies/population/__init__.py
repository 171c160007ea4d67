"""A whole plan of trainings as one compiled program: a leading axis over every weight, slot, statistic and seed."""

from keras_regkit.studies.population.engine import PopulationEngine

__all__ = ["PopulationEngine"]
