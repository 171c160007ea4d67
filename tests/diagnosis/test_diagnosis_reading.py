"""Logs in every shape they come in, and the ones that must be refused."""

import keras
import numpy as np
import pytest
from synthetic import clean, curves

from keras_regkit.diagnosis import diagnose


def _model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def _fit(**options):
    x = np.random.default_rng(0).standard_normal((16, 2)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    return _model().fit(x, y, verbose=0, **{"validation_data": (x, y), **options})


def _history(record, epoch=None, gap_monitor=None):
    history = keras.callbacks.History()
    history.history = record
    history.epoch = list(range(len(record["loss"]))) if epoch is None else epoch
    if gap_monitor is not None:
        history.gap_monitor = gap_monitor
    return history


def test_history_of_fit_and_its_dict_agree():
    history = _fit(epochs=4)
    from_object, from_dict = diagnose(history), diagnose(history.history)
    assert from_object == from_dict
    assert from_object.curves.train == pytest.approx(history.history["loss"])
    assert from_object.curves.epochs == (0, 1, 2, 3)


def test_validation_every_second_epoch():
    history = _fit(epochs=7, validation_freq=2)
    assert len(history.history["val_loss"]) == 3
    d = diagnose(history)
    assert d.curves.epochs == tuple(range(7))
    assert d.curves.validation_epochs == (1, 3, 5)
    assert d.curves.validation == pytest.approx(history.history["val_loss"])
    assert d.best_epoch in (1, 3, 5)


def test_validation_freq_counts_from_the_first_epoch_ever():
    history = _fit(initial_epoch=3, epochs=10, validation_freq=2)
    d = diagnose(history)
    assert d.curves.epochs == tuple(range(3, 10))
    assert d.curves.validation_epochs == (3, 5, 7, 9)


def test_ambiguous_interval_is_said():
    # 3 values for 15 epochs: an interval of 4 or of 5. 4 values for 19 epochs: only of 4.
    d = diagnose({"loss": np.linspace(1, 0.1, 15), "val_loss": [0.9, 0.5, 0.2]})
    assert d.curves.validation_epochs == (4, 9, 14)
    assert any("several intervals" in caveat for caveat in d.caveats)
    d = diagnose({"loss": np.linspace(1, 0.1, 19), "val_loss": [0.9, 0.5, 0.3, 0.2]})
    assert d.curves.validation_epochs == (3, 7, 11, 15)
    assert not any("several intervals" in caveat for caveat in d.caveats)


@pytest.mark.parametrize("length", [7, 12])
def test_other_lengths_are_refused(length):
    with pytest.raises(ValueError, match=rf"'val_loss' has {length} values for 10 epochs"):
        diagnose({"loss": [1.0] * 10, "val_loss": [1.0] * length})


def test_a_broken_column_that_is_not_needed_does_no_harm():
    log = clean("overfitting") | {"val_auc": [0.5] * 31, "note": ["a"] * 40}
    assert diagnose(log).regime == "overfitting"


def test_clean_curves_are_preferred():
    train, validation = curves("overfitting")
    other = np.linspace(1, 0.5, len(train))
    d = diagnose({"loss": other, "val_loss": other, "data_loss": train, "val_data_loss": validation})
    assert (d.curves.train_name, d.curves.validation_name, d.curves.clean) == ("data_loss", "val_data_loss", True)
    assert diagnose({"loss": other, "val_loss": other, "data_loss": train}).curves.train_name == "loss"


def test_gap_monitor_epochs_are_used():
    monitor = {
        "epoch": [0, 4, 9, 14],
        "data_loss": [1.0, 0.5, 0.3, 0.2],
        "val_data_loss": [1.0, 0.6, 0.7, 0.9],
        "penalty": [0.1, 0.2, 0.3, 0.4],
        "gap": [0.0, 0.1, 0.4, 0.7],
    }
    shown = {key: values for key, values in monitor.items() if key != "epoch"}
    loss = np.linspace(1, 0.3, 15).tolist()
    d = diagnose(_history({"loss": loss, "val_loss": loss, **shown}, gap_monitor=monitor))
    assert d.curves.epochs == d.curves.validation_epochs == (0, 4, 9, 14)
    assert d.best_epoch == 4
    assert d.evidence["penalty_end"] == 0.4
    # The bare dict has lost the epochs; GapMonitor's rhythm (the first, then every k-th) gives them back.
    assert diagnose({"loss": loss, "val_loss": loss, **shown}).curves.epochs == (0, 4, 9, 14)


def test_gap_monitor_without_validation_falls_back_to_raw_curves():
    monitor = {"epoch": [0, 1, 2], "data_loss": [1.0, 0.9, 0.8], "penalty": [0, 0, 0], "val_data_loss": [None] * 3}
    d = diagnose(_history({"loss": [1.0, 0.9, 0.8], "val_loss": [1.0, 0.9, 0.8]}, gap_monitor=monitor))
    assert d.curves.train_name == "loss"
    assert any("GapMonitor's curves" in caveat for caveat in d.caveats)


def test_csv_of_a_real_run(tmp_path):
    path = tmp_path / "log.csv"
    history = _fit(epochs=4, callbacks=[keras.callbacks.CSVLogger(path)])
    d = diagnose(path)
    assert d.curves.train == pytest.approx(history.history["loss"], rel=1e-5)
    assert d.curves.validation == pytest.approx(history.history["val_loss"], rel=1e-5)
    assert diagnose(str(path)) == d


def test_csv_with_missing_validation_and_another_separator(tmp_path):
    path = tmp_path / "log.csv"
    history = _fit(epochs=7, validation_freq=2, callbacks=[keras.callbacks.CSVLogger(path, separator=";")])
    assert "NA" in path.read_text()
    d = diagnose(path)
    assert d.curves.validation_epochs == (1, 3, 5)
    assert d.curves.validation == pytest.approx(history.history["val_loss"], rel=1e-5)


def test_csv_with_nan_diverges_where_missing_does_not(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss,val_loss\n0,1.0,1.0\n1,0.8,\n2,0.5,0.7\n3,nan,0.9\n")
    d = diagnose(path)
    assert (d.regime, d.since) == ("diverging", 3)
    assert d.curves.validation_epochs == (0, 2, 3)


def test_appended_csv_counts_rows_and_says_so(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss,val_loss\n" + "".join(f"{i % 3},{1 - 0.1 * i},{1 - 0.1 * i}\n" for i in range(6)))
    d = diagnose(path)
    assert d.curves.epochs == tuple(range(6))
    assert any("starts again" in caveat for caveat in d.caveats)


def test_several_seeds_give_mean_and_spread():
    runs = [clean("overfitting", seed=seed, sigma=0.03) for seed in range(4)]
    d = diagnose(runs)
    values = np.array([run["val_data_loss"] for run in runs])
    assert d.regime == "overfitting"
    assert d.curves.runs == d.evidence["runs"] == 4
    assert d.curves.validation == pytest.approx(values.mean(axis=0))
    assert d.curves.validation_spread == pytest.approx(values.std(axis=0, ddof=1))


def test_spread_between_seeds_counts_as_noise():
    # Smooth runs that disagree: the rise of the mean is within their standard error.
    train, validation = curves("good fit", sigma=0.0)
    rise = validation + 0.12 * np.clip(np.arange(len(train)) / 20 - 1, 0, 1)
    assert diagnose({"data_loss": train, "val_data_loss": rise}).regime == "overfitting"
    runs = [{"data_loss": train, "val_data_loss": rise + shift} for shift in (-0.09, 0.0, 0.09)]
    assert diagnose(runs).regime != "overfitting"


def test_seeds_of_different_length_are_cut_and_said():
    runs = [clean("overfitting", n=40), {k: v[:30] for k, v in clean("overfitting", n=40, seed=1).items()}]
    d = diagnose(runs)
    assert len(d.curves.epochs) == 30
    assert any("differ in length" in caveat for caveat in d.caveats)


def test_seeds_of_which_one_breaks():
    runs = [clean("good fit", seed=seed) for seed in range(3)]
    runs[1]["data_loss"][20] = float("nan")
    d = diagnose(runs)
    assert (d.regime, d.since) == ("diverging", 20)
    assert any("1 of 3 runs" in caveat for caveat in d.caveats)


@pytest.mark.parametrize(
    ("history", "error", "words"),
    [
        ({}, ValueError, "empty"),
        ({"loss": [], "val_loss": []}, ValueError, "empty"),
        ([], ValueError, "empty list"),
        ({"loss": [1.0], "val_loss": [1.0]}, ValueError, "at least 3 epochs.*Received: 1"),
        ({"loss": [1.0, 0.5], "val_loss": [1.0, 0.5]}, ValueError, "at least 3 epochs.*Received: 2"),
        ({"loss": [1.0, 0.5, 0.3], "auc": [0.5, 0.6, 0.7]}, ValueError, r"No validation curve.*\['auc', 'loss'\]"),
        ({"a": [1.0, 0.5, 0.3]}, ValueError, r"No loss curve.*\['a'\]"),
        ({"loss": [np.nan] * 4, "val_loss": [np.nan] * 4}, ValueError, "nothing but NaN"),
        ({"loss": [1.0] * 4, "val_loss": [None] * 4}, ValueError, "every entry is missing"),
        ({"loss": 1.0, "val_loss": 2.0}, TypeError, "one list of numbers for each curve"),
        ({"loss": "abc"}, TypeError, "one list of numbers for each curve"),
        ({"loss": ["a", "b", "c"], "val_loss": [1, 2, 3]}, ValueError, "not a number"),
        (3.5, TypeError, "of type float"),
        (None, TypeError, "of type NoneType"),
        ([1.0, 2.0], TypeError, "of type float"),
        ([{"loss": [1, 2, 3], "val_loss": [1, 2, 3]}, {"loss": [1, 2, 3]}], ValueError, "same curves"),
    ],
)
def test_unusable_histories_are_refused(history, error, words):
    with pytest.raises(error, match=f"(?s){words}"):
        diagnose(history)


def test_a_model_or_a_history_before_fit_is_refused_with_a_hint():
    with pytest.raises(TypeError, match=r"model\.history"):
        diagnose(_model())
    with pytest.raises(ValueError, match="Call `fit` first"):
        diagnose(keras.callbacks.History())


def test_unreadable_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        diagnose(tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        diagnose(tmp_path)
    cases = {
        "": "holds no epochs",
        "epoch,loss,val_loss\n": "holds no epochs",
        "epoch,loss,val_loss\n0,1,1\n1,2\n": "line 3 has 2 fields",
        "epoch,loss,val_loss\nx,1,1\n": "whole numbers",
        "epoch,loss\n0,1\n1,1\n2,1\n": "No validation curve",
        "epoch,loss,val_loss\n0,a,1\n1,b,1\n2,c,1\n": "not a number",
    }
    path = tmp_path / "log.csv"
    for text, words in cases.items():
        path.write_text(text)
        with pytest.raises(ValueError, match=words):
            diagnose(path)
    path.write_bytes(b"epoch,loss\xff\xfe\n")
    with pytest.raises(ValueError, match="UTF-8"):
        diagnose(path)


def test_metric_must_be_there_and_have_a_direction():
    log = {"loss": [1, 2, 3], "val_loss": [1, 2, 3], "accuracy": [1, 2, 3], "val_accuracy": [1, 2, 3]}
    with pytest.raises(ValueError, match="Did you mean 'accuracy'"):
        diagnose(log, metric="acuracy")
    with pytest.raises(TypeError, match="name of a curve"):
        diagnose(log, metric=3)
    with pytest.raises(ValueError, match="larger is better"):
        diagnose(log | {"zap": [1, 2, 3], "val_zap": [1, 2, 3]}, metric="zap")


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        ("data_kind", "video", ValueError),
        ("n_train", 0, ValueError),
        ("n_train", 2.5, TypeError),
        ("n_validation", -1, ValueError),
        ("reference_loss", float("nan"), ValueError),
        ("reference_loss", "much", TypeError),
        ("reachable_loss", float("inf"), ValueError),
        ("model", "dense", TypeError),
    ],
)
def test_bad_arguments_are_named(argument, value, error):
    with pytest.raises(error, match=f"`{argument}`"):
        diagnose(clean("good fit"), **{argument: value})
