"""Cards of augmentation: where the layer goes, and that the strength is the one asked for."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_regkit import levers
from keras_regkit.augmentation import image

X = np.random.default_rng(0).uniform(0, 255, (4, 8, 8, 3)).astype("float32")
CARDS = [name for name in levers.names() if levers.get(name).family == "augmentation"]
ON_MODELS = [name for name in CARDS if levers.get(name).rewrite]


def model_of(*stack, shape=(8, 8, 3), dtype="float32"):
    model = keras.Sequential([keras.Input(shape, dtype=dtype), *stack, layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    return model


def predictions(model):
    return keras.ops.convert_to_numpy(model(X, training=False))


def test_every_technique_of_the_room_has_a_card():
    without = {"Compose"}  # how ops are put together, not one of them
    classes = {name for name in image.__all__ if name not in without}
    named = {"".join(part.capitalize() for part in name.split("_")) for name in CARDS}
    assert classes <= named
    assert {"MixUp", "CutMix", "MixUpCutMix"} <= named


@pytest.mark.parametrize("name", ON_MODELS)
def test_the_layer_goes_behind_the_images_and_acts_in_training_alone(name):
    model = model_of(layers.Rescaling(1 / 255))
    card = levers.get(name)
    new = card.apply(model, card.strengths[-1])
    first = new.layers[0]
    assert type(first).__name__ == "".join(part.capitalize() for part in name.split("_"))
    assert [type(layer) for layer in new.layers[1:]] == [type(layer) for layer in model.layers]
    np.testing.assert_allclose(predictions(new), predictions(model), rtol=1e-5)
    again = card.apply(new, card.strengths[0])
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in new.layers]
    config = card.apply(model, card.strengths[0]).layers[0].get_config()
    assert {**again.layers[0].get_config(), "name": ""} == {**config, "name": ""}


def test_functional_models():
    inputs = keras.Input((8, 8, 3), name="pictures")
    x = layers.Conv2D(2, 3, name="conv")(inputs)
    model = keras.Model(inputs, layers.Flatten()(layers.Add()([x, layers.ReLU()(x)])))
    model.compile("sgd", "mse")
    new = levers.get("random_flip").apply(model, 1.0)
    assert [type(layer).__name__ for layer in new.layers[:3]] == ["InputLayer", "RandomFlip", "Conv2D"]
    np.testing.assert_allclose(predictions(new), predictions(model), rtol=1e-4)
    split = keras.Model(inputs, layers.Add()([x, layers.Conv2D(2, 3, name="other")(inputs)]))
    split.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"must go into one layer first.*\['conv', 'other'\]"):
        levers.get("random_flip").apply(split, 1.0)


def test_the_range_of_pixels_is_that_of_the_model():
    card = levers.get("random_brightness")
    for model in (model_of(layers.Rescaling(1 / 127.5, offset=-1)), model_of(layers.Rescaling(1 / 255), dtype="uint8")):
        assert card.apply(model, 0.1).layers[0].value_range == (0, 255)
    for model in (model_of(), model_of(layers.Rescaling(2.0))):
        with pytest.raises(ValueError, match=r"Which values the pixels have cannot be seen"):
            card.apply(model, 0.1)


def test_models_of_something_else_are_refused():
    with pytest.raises(ValueError, match=r"one input, of images.*\(None, 8, 3\)"):
        levers.get("random_flip").apply(model_of(shape=(8, 3)), 1.0)
    with pytest.raises(ValueError, match=r"must have 3 channels.*with 1"):
        levers.get("random_hue").apply(model_of(layers.Rescaling(1 / 255), shape=(8, 8, 1)), 0.1)
    free = keras.Sequential([keras.Input((None, None, 3)), layers.GlobalAveragePooling2D(), layers.Dense(1)])
    free.compile("sgd", "mse")
    with pytest.raises(ValueError, match="must have a known size"):
        levers.get("random_resized_crop").apply(free, 0.5)
