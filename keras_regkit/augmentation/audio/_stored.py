"""Arrays in configs."""

import keras


def loaded(value):
    """Returns an argument as it was given: arrays in saved models are dicts."""
    return keras.saving.deserialize_keras_object(value) if isinstance(value, dict) else value
