"""The cards of averaging, put into a fit."""

import keras
import numpy as np
import pytest

from keras_regkit import callbacks, levers
from keras_regkit.studies import Study

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


@pytest.mark.parametrize("name", KINDS)
def test_in_a_study_it_is_another_training(name):
    def build(seed):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.3), "mse")
        return model

    knobs = {name: [KINDS[name][2]]}
    arguments = {"train": (X, Y), "validation": (X[:8] + 1, Y[:8]), "seeds": 2, "epochs": 4, "batch_size": 4}
    result = Study(build, levers=knobs, engine="sequential", **arguments).run(verbose=0)
    found = {(trial.variant != "baseline", trial.seed): trial.metrics["val_data_loss"] for trial in result.trials}
    for seed in (0, 1):
        assert found[True, seed] != pytest.approx(found[False, seed], rel=1e-4)


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
