"""The rules about copies of a model: in memory, in a file, in another process."""

import pathlib
import tempfile

import keras

from keras_regkit.testing._models import number, same
from keras_regkit.testing._rules import expect
from keras_regkit.testing.fresh_process import SavedModels


def expect_clone(model, x):
    """Expects `clone_model` to give a model of new layers that computes the same with the same weights."""
    clone = keras.models.clone_model(model)
    shared = {id(layer) for layer in model.layers} & {id(layer) for layer in clone.layers}
    expect(not shared, "the clone shares layers with the original")
    clone.set_weights(model.get_weights())
    expect_same_outputs(model, clone, x, "the clone")


def expect_reload(model, x):
    """Expects a saved model to load in this process and to compute the same."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "model.keras"
        model.save(file)
        expect_same_outputs(model, keras.saving.load_model(file), x, "the loaded model")


def expect_fresh_reload(fresh_process, component, model, x, y=None):
    """Expects a saved model to load in a fresh process; a `SavedModels` is told and asked later."""
    if isinstance(fresh_process, SavedModels):
        fresh_process.add(component, model, x, y)
    elif fresh_process:
        with tempfile.TemporaryDirectory() as folder:
            saved = SavedModels(folder)
            saved.add(component, model, x, y)
            saved.check()


def expect_same_outputs(model, other, x, name):
    a, b = model(x, training=False), other(x, training=False)
    expect(same(a, b), f"{name} gives other outputs")
    a, b = sum(map(number, model.losses)), sum(map(number, other.losses))
    expect(abs(a - b) <= 1e-5 * max(1.0, abs(a)), f"{name} gives the penalty {b}, the original {a}")
