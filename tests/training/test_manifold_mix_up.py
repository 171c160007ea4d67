"""Manifold mixup against batches mixed by hand."""

import keras
import numpy as np
import pytest
from extra_passes import X, Y, array, expect_close, fit, number
from keras import layers

from keras_regkit.losses import JSDConsistency, index_labels
from keras_regkit.training import ManifoldMixUp


def classifier():
    keras.utils.set_random_seed(2)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, name="first"),
            layers.Activation("tanh", name="hidden"),
            layers.Dense(3, "softmax", name="last"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def step(model, **arguments):
    """Returns the outputs and the loss of a training pass, and the share and the order that were drawn."""
    weight = arguments.pop("sample_weight", None)
    wrapper = ManifoldMixUp(model, **{"seed": 0, **arguments})
    outputs = wrapper(X, training=True)
    share, order = wrapper._drawn.value
    loss = number(wrapper.compute_loss(X, Y, outputs, weight, training=True))
    return array(outputs), loss, float(array(share)), array(order)


def mixed_by_hand(model, layer, share, order):
    """The outputs for states mixed behind `layer`; None mixes the inputs."""
    h = X if layer else share * X + (1 - share) * X[order]
    for each in model.layers:
        h = array(each(h))
        if each.name == layer:
            h = share * h + (1 - share) * h[order]
    return h


@pytest.mark.parametrize(("place", "layer"), [("input", None), ("hidden", "hidden"), ("first", "first")])
def test_outputs_are_those_of_mixed_states(place, layer):
    model = classifier()
    outputs, _, share, order = step(model, layers=[place])
    assert sorted(order) == list(range(16))
    assert 0.5 <= share < 0.99
    expect_close([outputs], [mixed_by_hand(model, layer, share, order)], 1e-5)


def test_the_loss_is_that_of_mixed_labels():
    weight = np.linspace(0, 2, 16).astype("float32")
    outputs, loss, share, order = step(classifier(), sample_weight=weight)
    mixed = share * weight[:, None] * np.eye(3)[Y] + (1 - share) * (weight[:, None] * np.eye(3)[Y])[order]
    assert loss == pytest.approx(-np.mean(np.sum(mixed * np.log(outputs), axis=1)), rel=1e-5)


def test_each_place_has_its_turn():
    model = classifier()
    wrapper = ManifoldMixUp(model, seed=0)
    assert wrapper.places == ("input", "hidden")
    used = []
    for _ in range(20):
        outputs = array(wrapper(X, training=True))
        share, order = (array(drawn) for drawn in wrapper._drawn.value)
        by_hand = [mixed_by_hand(model, layer, share, order) for layer in (None, "hidden")]
        used.append([np.allclose(outputs, expected, atol=1e-5) for expected in by_hand].index(True))
    assert 4 <= sum(used) <= 16  # of 20 fair coins, but for a chance of 0.3%


def test_the_model_within_is_left_as_it_is(tmp_path):
    call, model = layers.Activation.call, classifier()
    before = model.to_json()
    wrapper = ManifoldMixUp(model, seed=0)
    fit(wrapper)
    assert layers.Activation.call is call
    assert model.to_json() == before
    model.save(tmp_path / "plain.keras")
    loaded = keras.models.load_model(tmp_path / "plain.keras")
    expect_close([loaded.predict(X, verbose=0)], [wrapper.predict(X, verbose=0)])
    # Outside of a training step nothing is mixed, whatever the mode.
    expect_close([array(model(X, training=True))], [array(model(X))])


def test_in_mixed_precision_states_keep_their_dtype():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8, dtype="mixed_bfloat16"), layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert np.isfinite(fit(ManifoldMixUp(model, layers=["dense"]))["loss"]).all()


def test_rows_that_belong_together_are_not_mixed():
    model = classifier()
    model.compile("sgd", JSDConsistency())
    labels = index_labels(np.zeros(15, int), 3, np.repeat(np.arange(5), 3))
    with pytest.raises(ValueError, match="'jsd_consistency' needs them in groups"):
        ManifoldMixUp(model).train_on_batch(X[:15], labels)


def residual():
    inputs = keras.Input((4,))
    x = layers.Dense(8, name="stem")(inputs)
    for block in "ab":
        y = layers.Dense(8, "relu", name=f"{block}_inner")(x)
        x = layers.ReLU(name=f"{block}_out")(layers.Add(name=f"{block}_add")([x, layers.Dense(8)(y)]))
    return keras.Model(inputs, layers.Dense(3, name="head")(x))


def test_places_are_where_all_paths_pass():
    assert ManifoldMixUp(residual()).places == ("input", "stem", "a_out", "b_out")
    whole = keras.Sequential([keras.Input((4,)), residual(), layers.Dropout(0.1, name="drop"), layers.Dense(2)])
    places = ManifoldMixUp(whole).places
    assert [place.split("/")[-1] for place in places] == ["input", "stem", "a_out", "b_out", "drop"]
    texts = [keras.Input((5,), dtype="int32"), layers.Embedding(9, 4, name="words"), layers.GRU(3, name="read")]
    reader = keras.Sequential([*texts, layers.Dense(2)])
    assert ManifoldMixUp(reader).places == ("words", "read")
    assert ManifoldMixUp(reader, layers=["read"]).places == ("read",)  # and not the cell within it
    assert ManifoldMixUp(residual(), layers=["_out$", "input"]).places == ("a_out", "b_out", "input")


class Wired(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4, name="dense")

    def call(self, x):
        return self.dense(self.dense(x))


def test_what_makes_no_sense():
    model = classifier()
    with pytest.raises(ValueError, match=r"`alpha` must be in \(0, inf\)"):
        ManifoldMixUp(model, alpha=0.0)
    for wrong in ("hidden", [], [layers.Dense], 3):
        with pytest.raises(TypeError, match="`layers` must be None or a list of strings"):
            ManifoldMixUp(model, layers=wrong)
    with pytest.raises(ValueError, match="must select at least one layer"):
        ManifoldMixUp(model, layers=["hiden"])
    wired = Wired()
    wired(X)
    with pytest.raises(ValueError, match=r"`layers` must be named for .* wired by its own `call`"):
        ManifoldMixUp(wired)
    with pytest.raises(ValueError, match="called once in a pass"):
        ManifoldMixUp(wired, layers=["dense"])(X, training=True)
    assert ManifoldMixUp(wired, layers=["input"])(X, training=True).shape == (16, 4)
    with pytest.raises(ValueError, match="has no point before a kernel that all paths pass"):
        ManifoldMixUp(keras.Sequential([keras.Input((4,), dtype="int32"), layers.Embedding(3, 2)]))
