"""When early stopping stops, why, and what it says; without any training."""

import json
import math

import keras
import numpy as np
import pytest

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.callbacks.early_stopping import EarlyStopping


class Model:
    """As much of a model as a callback touches; its one weight is the epoch it was trained for."""

    built = True
    optimizer = None

    def __init__(self):
        self.stop_training = False
        self.weights = [np.zeros(())]

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights


def drive(stopping, epochs):
    """Runs `stopping` through one dict of logs per epoch; returns the model."""
    model = Model()
    stopping.set_model(model)
    stopping.on_train_begin()
    for epoch, logs in enumerate(epochs):
        stopping.on_epoch_begin(epoch)
        model.weights = [np.array(float(epoch))]
        stopping.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    stopping.on_train_end()
    return model


def losses(*values):
    return [{"val_loss": value} for value in values]


@pytest.mark.parametrize("seed", range(60))
def test_stops_and_keeps_the_same_epochs_as_keras(seed):
    rng = np.random.default_rng(seed)
    options = {
        "mode": ("min", "max")[seed % 2],
        "patience": int(rng.integers(0, 5)),
        "min_delta": float(rng.choice([0, 0.1, 0.5])),
        "baseline": None if rng.random() < 0.5 else float(rng.normal()),
        "start_from_epoch": int(rng.choice([0, 0, 3])),
        "restore_best_weights": True,
    }
    values = (rng.normal(size=12) - (0.1 if seed % 4 else 0) * np.arange(12)).tolist()
    ours, theirs = EarlyStopping(**options), keras.callbacks.EarlyStopping(**options)
    our_model, their_model = drive(ours, losses(*values)), drive(theirs, losses(*values))
    assert ours.best_epoch == theirs.best_epoch
    assert ours.stopped_epoch == theirs.stopped_epoch
    assert ours.best_value == ours.best == pytest.approx(float(theirs.best))
    assert our_model.weights == their_model.weights
    assert ours.reason == ("no_improvement" if our_model.stop_training else "completed")


@pytest.mark.parametrize(
    ("options", "values", "reason", "stopped", "best"),
    [
        ({"patience": 2}, [3, 2, 2, 2, 1], "no_improvement", 3, 1),
        ({}, [3, 2, 1], "completed", 0, 2),
        ({"target": 2}, [3, 2, 1], "target_reached", 1, 1),
        ({"target": 2, "min_delta": 0.5}, [2.3, 2.1, 2.0, 1], "target_reached", 2, 2),
        ({"target": 2, "start_from_epoch": 2}, [1, 3, 2], "target_reached", 2, 2),
        ({"target": 0.9, "mode": "max"}, [0.5, 0.8, 0.95], "target_reached", 2, 2),
        ({"divergence_threshold": 5}, [3, 5, 6, 1], "diverged", 2, 0),
        ({"divergence_threshold": 0.1, "mode": "max"}, [0.5, 0.1, 0.05], "diverged", 2, 0),
        ({"divergence_threshold": 5, "start_from_epoch": 1}, [9, 3], "completed", 0, 1),
        ({}, [3, math.nan, 1], "nan", 1, 0),
        ({}, [3, math.inf, 1], "diverged", 1, 0),
        ({"check_finite": False, "patience": 2}, [math.nan, 3, math.nan, math.nan, 1], "no_improvement", 3, 1),
        ({"check_finite": False}, [math.inf, math.nan, 3, -math.inf, 4], "completed", 0, 2),
        ({"check_finite": False, "divergence_threshold": 5}, [3, math.nan, math.inf], "diverged", 2, 0),
    ],
)
def test_reason(options, values, reason, stopped, best):
    stopping = EarlyStopping(**options)
    model = drive(stopping, losses(*values))
    assert (stopping.reason, stopping.stopped_epoch, stopping.best_epoch) == (reason, stopped, best)
    assert model.weights == [best]
    assert model.stop_training == (reason != "completed")


def test_nan_in_the_first_epoch_leaves_no_best():
    stopping = EarlyStopping()
    with pytest.warns(NoEffectWarning, match="no epoch with a finite `val_loss`"):
        drive(stopping, losses(math.nan, 1))
    assert (stopping.reason, stopping.best_epoch, stopping.best_value) == ("nan", None, None)
    assert stopping.record["weights_epoch"] == 0
    assert stopping.best_weights is None


def test_warm_up_that_swallows_the_run():
    stopping = EarlyStopping(start_from_epoch=9)
    with pytest.warns(UserWarning, match="best epoch of the warm-up, 1,"):
        model = drive(stopping, losses(3, 1, 2))
    assert (stopping.best_epoch, stopping.best_value, model.weights) == (1, 1, [1])
    assert stopping.record["reason"] == "completed"


def test_best_of_the_warm_up_does_not_compete_afterwards():
    stopping = EarlyStopping(start_from_epoch=2)
    model = drive(stopping, losses(0, 0, 5, 6))
    assert (stopping.best_epoch, model.weights) == (2, [2])


def test_without_restoring():
    stopping = EarlyStopping(patience=1, restore_best_weights=False)
    model = drive(stopping, losses(1, 2))
    assert (stopping.best_epoch, stopping.best_weights, model.weights) == (0, None, [1])
    assert stopping.record["weights_epoch"] == 1


def test_state_is_fresh_in_every_fit():
    stopping = EarlyStopping(patience=1)
    drive(stopping, losses(1, 2))
    first = stopping.record
    drive(stopping, losses(5, 4, 3))
    assert (stopping.best_value, stopping.reason, stopping.stopped_epoch) == (3, "completed", 0)
    assert first["best_value"] == 1, "the record of an earlier fit must stay as it was"


def two(a, b):
    return [{"val_loss": x, "val_accuracy": y} for x, y in zip(a, b, strict=True)]


@pytest.mark.parametrize(("policy", "stopped"), [("any", 2), ("all", 5)])
def test_policy(policy, stopped):
    stopping = EarlyStopping(["val_loss", "val_accuracy"], patience=2, policy=policy)
    epochs = two([1, 2, 3, 4, 5, 6, 7], [0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4])
    drive(stopping, epochs)
    assert (stopping.stopped_epoch, stopping.best_epoch, stopping.wait) == (stopped, 0, stopped)
    assert stopping.record["monitors"]["val_accuracy"]["mode"] == "max"
    assert stopping.record["monitors"]["val_accuracy"]["best_epoch"] == min(stopped, 3)


def test_best_follows_the_first_monitor():
    stopping = EarlyStopping(["val_accuracy", "val_loss"], policy="all")
    drive(stopping, two([3, 2, 1], [0.9, 0.8, 0.7]))
    assert (stopping.best_epoch, stopping.best_value) == (0, 0.9)


def test_arguments_by_name():
    names = ["val_loss", "val_score"]
    stopping = EarlyStopping(
        names,
        patience=1,
        policy="all",
        mode={"val_score": "max"},
        min_delta={"val_score": 0.5},
        baseline={"val_score": 2.0},
    )
    scores = [0.0, 1.0, 3.0, 3.4, 9.0]
    drive(stopping, [{"val_loss": 1 + i, "val_score": score} for i, score in enumerate(scores)])
    # Epoch 1 is better than epoch 0 but below the baseline, epoch 3 is within min_delta of epoch 2.
    assert stopping.stopped_epoch == 3
    with pytest.raises(ValueError, match="Did you mean 'val_score'"):
        EarlyStopping(names, mode={"val_scores": "max"})


def test_history_and_record(tmp_path):
    path = tmp_path / "records" / "stopping.json"
    stopping = EarlyStopping(patience=1, record_path=path)
    seen = []
    model = Model()
    stopping.set_model(model)
    stopping.on_train_begin()
    for epoch, value in enumerate([2.0, 1.0, 1.5]):
        stopping.on_epoch_begin(epoch)
        seen.append(json.loads(path.read_text()))
        stopping.on_epoch_end(epoch, {"val_loss": value})
    stopping.on_train_end()
    assert [record["reason"] for record in seen] == [None] * 3
    assert [record["best_epoch"] for record in seen] == [None, 0, 1]
    assert stopping.history == {
        "epoch": [0, 1, 2],
        "val_loss": [2.0, 1.0, 1.5],
        "best_epoch": [0, 1, 1],
        "best_value": [2.0, 1.0, 1.0],
        "wait": [0, 0, 1],
    }
    assert json.loads(path.read_text()) == stopping.record
    assert stopping.record | {"history": 0, "monitors": 0} == {
        "monitor": ["val_loss"],
        "best_epoch": 1,
        "best_value": 1.0,
        "stopped_epoch": 2,
        "reason": "no_improvement",
        "weights_epoch": 1,
        "wait": 1,
        "monitors": 0,
        "history": 0,
    }


def test_verbose(capsys):
    drive(EarlyStopping(patience=1), losses(1, 2))
    assert capsys.readouterr().out == ""
    drive(EarlyStopping(patience=1, verbose=1), losses(1, 2))
    out = capsys.readouterr().out
    assert "Epoch 2: early stopping (no_improvement)" in out
    assert "best epoch: 1." in out


def test_wrong_monitor_names_what_there_is():
    with pytest.raises(ValueError, match=r"\['loss', 'val_loss'\].*Did you mean 'val_loss'.*'val_los'"):
        drive(EarlyStopping("val_los", mode="min"), [{"loss": 1, "val_loss": 1}])
    with pytest.raises(ValueError, match="list one before `EarlyStopping`"):
        drive(EarlyStopping("gap"), [{"loss": 1, "val_loss": 1}])


def test_epochs_without_validation_are_skipped():
    stopping = EarlyStopping(patience=2)
    epochs = [{"loss": 0}, {"loss": 0, "val_loss": 1}, {"loss": 0}, {"loss": 0}, {"loss": 0, "val_loss": 0}]
    with pytest.warns(UserWarning, match=r"only \['loss'\] are.*validation_data.*validation_freq") as caught:
        drive(stopping, epochs)
    assert len(caught) == 1
    assert (stopping.best_epoch, stopping.reason) == (4, "completed")
    assert stopping.history["val_loss"] == [None, 1, None, None, 0]


def test_absent_validation_is_told_and_no_best_is_claimed():
    stopping = EarlyStopping("val_acuracy", mode="max")
    with pytest.warns() as caught:
        drive(stopping, [{"accuracy": 1}] * 3)
    assert [w.category for w in caught] == [UserWarning, NoEffectWarning]
    assert "Did you mean 'val_accuracy'" in str(caught[0].message)
    assert (stopping.best_epoch, stopping.best_weights) == (None, None)


def test_monitors_logged_now_and_then():
    gaps = [{"gap": 1, "val_loss": 1}, {"val_loss": 1}, {"gap": 0.5, "val_loss": 1}]
    stopping = EarlyStopping("gap", patience=1)
    drive(stopping, gaps)
    assert (stopping.best_epoch, stopping.reason) == (2, "completed")


def test_array_metric_is_refused():
    with pytest.raises(TypeError, match=r"one number per epoch, but `f1_score` is an array of shape \(3,\)"):
        drive(EarlyStopping("f1_score"), [{"f1_score": np.ones(3)}])


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [(name, value, error) for name, legal in EarlyStopping.RANGES.items() for value, error in legal.bad_values()],
)
def test_illegal_values(argument, value, error):
    with pytest.raises(error, match=f"`{argument}` must be"):
        EarlyStopping(**{argument: value})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"monitor": "val_score"}, ValueError, "is better. Pass mode='min' or mode='max'"),
        ({"monitor": "val_los"}, ValueError, "Did you mean 'val_loss'. Otherwise pass mode='min'"),
        ({"monitor": 3}, TypeError, "`monitor` must be the name"),
        ({"monitor": []}, ValueError, "`monitor` must hold names"),
        ({"monitor": ["loss", "loss"]}, ValueError, "each once"),
        ({"record_path": 3}, TypeError, "`record_path` must be a path"),
        ({"backup_dir": ""}, ValueError, "`backup_dir` must be a path"),
        ({"target": 3, "divergence_threshold": 2}, ValueError, "`target` must be better"),
        ({"mode": {"val_loss": "up"}}, ValueError, r"`mode\['val_loss'\]` must be one of"),
    ],
)
def test_other_illegal_arguments(options, error, message):
    with pytest.raises(error, match=message):
        EarlyStopping(**options)


def test_arguments_are_stored_as_given(tmp_path):
    options = {"monitor": ["loss", "val_auc"], "mode": {"val_auc": "max"}, "min_delta": 0.1, "backup_dir": tmp_path}
    stopping = EarlyStopping(**options)
    assert {name: getattr(stopping, name) for name in options} == options
