"""Augmentation: more data from the data there is."""

from keras_regkit.augmentation import audio, image, mixing, tabular, text, time_series
from keras_regkit.augmentation.augment_dataset import augment_dataset
from keras_regkit.augmentation.augmented_dataset import AugmentedDataset
from keras_regkit.augmentation.label_preservation import label_preservation
from keras_regkit.augmentation.pipeline import pipeline
from keras_regkit.augmentation.show import show

__all__ = [
    "AugmentedDataset",
    "audio",
    "augment_dataset",
    "image",
    "label_preservation",
    "mixing",
    "pipeline",
    "show",
    "tabular",
    "text",
    "time_series",
]
