"""The whole loop: read a table, train the template, diagnose, study, combine, test once, save."""

from keras_regkit.workflow.regularize import regularize

__all__ = ["regularize"]
