"""The cards of averaging, put into a fit."""

import keras
import numpy as np
import pytest

from keras_regkit import callbacks, levers

X = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)
KINDS = {
    "ema": ("ema", "decay", 0.9),
    "swa": ("swa", "start_from_epoch", 1),
    "top_k_averaging": ("top-k", "k", 2),
    "greedy_soup": ("greedy soup", "k", 2),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_card_makes_its_callback(name):
    kind, argument, strength = KINDS[name]
    (averaging,) = levers.get(name).callbacks(strength)
    assert isinstance(averaging, callbacks.WeightAveraging)
    assert (averaging.kind, getattr(averaging, argument), averaging.monitor) == (kind, strength, "val_loss")


def test_the_members_follow_the_study_s_monitor():
    (averaging,) = levers.get("top_k_averaging").callbacks(2, monitor="val_score", mode="max")
    assert (averaging.monitor, averaging.mode) == ("val_score", "max")


def last_weights(*callbacks):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, epochs=2, validation_data=(X, Y), shuffle=False, verbose=0, callbacks=[*callbacks])
    return model.get_weights()


def test_the_weakest_ema_is_none():
    for weight, plain in zip(last_weights(*levers.get("ema").callbacks(0.0)), last_weights(), strict=True):
        # The early average forgets faster than any decay, and with a decay of 0 altogether.
        np.testing.assert_allclose(weight, plain, rtol=1e-6)


def test_an_ensemble_is_set_by_hand():
    with pytest.raises(ValueError, match="SnapshotEnsemble"):
        levers.get("snapshot_ensemble").apply(keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]), 5)
