"""Bundles of settings that are known to go together, each value with its source.

A recipe is a plain record: look at it with `print`, change it with `with_`, and go from it to `fit` in three lines.
"""

from keras_regkit.presets.recipes.fine_tuning import fine_tuning
from keras_regkit.presets.recipes.image_classification import image_classification
from keras_regkit.presets.recipes.language_model import language_model
from keras_regkit.presets.recipes.recipe import Recipe
from keras_regkit.presets.recipes.tabular import tabular

__all__ = ["Recipe", "fine_tuning", "image_classification", "language_model", "tabular"]
