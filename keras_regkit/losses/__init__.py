"""Losses that regularize: they change what the model is asked to predict."""

from keras_regkit.losses.label_smoothing import LabelSmoothing

__all__ = ["LabelSmoothing"]
