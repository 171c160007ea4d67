"""AugMix's consistency between three views."""

import keras
import numpy as np
import pytest
from test_class_losses import number, softmax, with_gradient

from keras_regkit.losses import JSDConsistency, index_labels

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(4, 3, 5)).astype("float32")  # samples, views, classes
Y = np.array([0, 3, 4, 3])
ROWS = LOGITS.reshape(12, 5)
LABELS = index_labels(np.repeat(Y, 3), 5, np.repeat(np.arange(4), 3))


def by_hand(strength):
    """One value per sample."""
    values = []
    for views, label in zip(softmax(LOGITS.astype("float64")), Y, strict=True):
        mean = views.mean(0)
        divergence = np.mean([sum(p * np.log(p / m) for p, m in zip(view, mean, strict=True)) for view in views])
        values.append(-np.log(views[0, label]) + strength * divergence)
    return np.array(values)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("strength", [0, 12.0])
def test_against_loops(strength, from_logits):
    predictions = ROWS if from_logits else softmax(ROWS)
    loss = JSDConsistency(strength, from_logits, reduction="none")
    np.testing.assert_allclose(number(loss(LABELS, predictions)), np.repeat(by_hand(strength), 3), rtol=1e-4)


def test_reductions_and_weights():
    mean = number(JSDConsistency(from_logits=True)(LABELS, ROWS))
    assert mean == pytest.approx(by_hand(12).mean(), rel=1e-4)
    weights = np.repeat([1.0, 0, 2, 0], 3).astype("float32")
    total = number(JSDConsistency(from_logits=True, reduction="sum")(LABELS, ROWS, sample_weight=weights))
    assert total == pytest.approx(3 * (by_hand(12) * [1, 0, 2, 0]).sum(), rel=1e-4)


def test_views_alike_cost_nothing_and_views_apart_log_three():
    same = np.repeat(LOGITS[:, :1], 3, axis=1).reshape(12, 5)
    plain = number(keras.losses.SparseCategoricalCrossentropy(from_logits=True)(Y, LOGITS[:, 0]))
    assert number(JSDConsistency(from_logits=True)(LABELS, same)) == pytest.approx(plain, rel=1e-5)
    apart = (1e4 * np.eye(5)[:3]).astype("float16")
    labels = index_labels(np.zeros(3, int), 5, np.zeros(3, int))
    value, gradient = with_gradient(JSDConsistency(1.0, from_logits=True), labels, apart)
    assert value == pytest.approx(np.log(3), rel=1e-4)
    assert np.isfinite(gradient).all()


def test_plain_rows_get_the_plain_loss():
    plain = number(keras.losses.SparseCategoricalCrossentropy(from_logits=True)(Y, LOGITS[:, 0]))
    for labels in (Y, np.eye(5)[Y]):
        assert number(JSDConsistency(from_logits=True)(labels, LOGITS[:, 0])) == pytest.approx(plain, rel=1e-6)


def test_trains_on_threes_and_validates_on_plain_rows():
    x = RANDOM.normal(size=(12, 4)).astype("float32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5)])
    model.compile(keras.optimizers.Adam(0.05), JSDConsistency(from_logits=True), metrics=["accuracy"])
    data = (x[::3], np.eye(5)[Y])
    history = model.fit(x, LABELS, validation_data=data, batch_size=6, shuffle=False, epochs=5, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    plain = keras.losses.CategoricalCrossentropy(from_logits=True)(data[1], model(data[0]))
    assert history["val_loss"][-1] == pytest.approx(float(number(plain)), rel=1e-4)


def test_rows_that_are_not_in_threes():
    shuffled = LABELS[[1, 4, 2, 3, 0, 5, 6, 7, 8, 9, 10, 11]]
    loss = JSDConsistency(from_logits=True)
    with pytest.raises(ValueError, match=r"groups of 3.*Received 2 that are not"):
        loss(shuffled, ROWS)
    with pytest.raises(ValueError, match=r"3 rows per sample\. Received: 10 rows"):
        loss(LABELS[:10], ROWS[:10])
    with pytest.raises(ValueError, match="at least 2 classes"):
        loss(Y, LOGITS[:, 0, :1])
    if keras.backend.backend() != "torch":  # in a compiled step they cannot be seen
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(5)])
        model.compile("sgd", loss)
        assert np.isnan(model.fit(ROWS, shuffled, batch_size=12, shuffle=False, verbose=0).history["loss"][0])
