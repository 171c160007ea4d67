import csv

import keras
import numpy as np
import pytest

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.callbacks import EarlyStopping, GapMonitor
from keras_regkit.losses import LabelSmoothing
from keras_regkit.testing._models import datasets

# Keras' variables warn when NumPy reads them, and `pytest.warns` repeats what the configuration ignores.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(20, 3)).astype("float32")
Y = (X[:, :1] + RANDOM.normal(size=(20, 1)) > 0).astype("float32")
TRAIN, VALIDATION = (X[:12], Y[:12]), (X[12:], Y[12:])
KEYS = ["data_loss", "gap", "penalty", "val_data_loss"]


def make(loss=None, dropout=0.5, activity=None, outputs=1):
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(
                4,
                kernel_regularizer=keras.regularizers.L2(0.1),
                kernel_initializer=keras.initializers.GlorotUniform(0),
                activity_regularizer=activity,
            ),
            keras.layers.BatchNormalization(momentum=0.5),
            keras.layers.Dropout(dropout, seed=1),
            keras.layers.Dense(outputs, kernel_initializer=keras.initializers.GlorotUniform(2)),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), loss or keras.losses.BinaryCrossentropy(from_logits=True), metrics=["mae"])
    return model


def fit(model, *callbacks, data=TRAIN, validation=VALIDATION, epochs=2, **arguments):
    if isinstance(data, tuple):
        arguments |= {"x": data[0], "y": data[1], "batch_size": 4}
    else:
        arguments |= {"x": data}
    return model.fit(
        validation_data=validation, epochs=epochs, shuffle=False, verbose=0, callbacks=list(callbacks), **arguments
    )


def row_losses(model, x, y, smoothing=0.0):
    """Binary cross-entropy per row, from the logits, in NumPy."""
    logits = model.predict(x, verbose=0)[:, 0].astype("float64")
    y = (1 - smoothing) * y[:, 0] + smoothing / 2
    return np.logaddexp(0, logits) - y * logits


def penalty_of(model):
    return 0.1 * (model.get_weights()[0] ** 2).sum()


def last(history):
    return {key: history.history[key][-1] for key in KEYS}


def test_validation_alone_needs_data_of_its_own():
    x, y = np.ones((4, 3)), np.zeros((4, 1))
    with pytest.raises(ValueError, match="no validation data"):
        GapMonitor((x, y)).measure_validation()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("validation", [VALIDATION, None])
def test_entries_are_the_clean_losses(validation, smoothing):
    model = make(keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing))
    got = last(fit(model, GapMonitor(TRAIN, validation)))
    train, val = (row_losses(model, *data, smoothing).mean() for data in (TRAIN, VALIDATION))
    expected = {"data_loss": train, "gap": val - train, "penalty": penalty_of(model), "val_data_loss": val}
    assert got == pytest.approx(expected, rel=1e-4, abs=1e-5)
    evaluated = model.evaluate(*TRAIN, verbose=0)[0]
    assert got["data_loss"] == pytest.approx(evaluated - got["penalty"], rel=1e-4)


def test_another_loss_shows_the_clean_cross_entropy_under_smoothing():
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = make(LabelSmoothing(sparse, 0.3), outputs=2)
    got = last(fit(model, GapMonitor(TRAIN, VALIDATION, loss=sparse)))
    for key, (x, y) in (("data_loss", TRAIN), ("val_data_loss", VALIDATION)):
        logits = model.predict(x, verbose=0).astype("float64")
        expected = np.logaddexp(*logits.T) - logits[np.arange(len(x)), y[:, 0].astype(int)]
        assert got[key] == pytest.approx(expected.mean(), rel=1e-4)


@pytest.mark.parametrize("index", range(2 if keras.backend.backend() == "tensorflow" else 1))
def test_datasets_give_what_arrays_give(index):
    expected = fit(make(), GapMonitor(TRAIN, VALIDATION)).history
    train, validation = (list(datasets(*data))[index] for data in (TRAIN, VALIDATION))
    got = fit(make(), GapMonitor(train, validation), data=train, validation=validation).history
    for key in KEYS:
        assert got[key] == pytest.approx(expected[key], rel=1e-4, abs=1e-5)


def test_sample_and_class_weights_count_on_both_sides():
    model = make()
    weight = np.linspace(0.1, 2, 12, dtype="float32")
    monitor = GapMonitor((*TRAIN, weight), VALIDATION, class_weight={0: 0.5, 1: 3.0}, batch_size=5)
    got = last(fit(model, monitor))
    by_class = [np.where(y[:, 0] > 0, 3.0, 0.5) for _, y in (TRAIN, VALIDATION)]
    train = (row_losses(model, *TRAIN) * by_class[0] * weight).mean()
    val = (row_losses(model, *VALIDATION) * by_class[1]).mean()
    assert (got["data_loss"], got["val_data_loss"]) == pytest.approx((train, val), rel=1e-4)
    assert got["gap"] == pytest.approx(val - train, rel=1e-3)


def test_sample_is_fixed_and_of_the_size_asked_for():
    monitor = GapMonitor(TRAIN, VALIDATION, samples=5, seed=3)
    model = make()
    history = fit(model, monitor)
    rows = np.sort(np.random.default_rng(3).choice(12, 5, replace=False))
    expected = row_losses(model, X[rows], Y[rows]).mean()
    assert history.history["data_loss"][-1] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("validation", [VALIDATION, None])
def test_training_is_the_same_bit_for_bit(validation):
    watched, alone = make(), make()
    with_monitor = fit(watched, GapMonitor(TRAIN, validation), epochs=3).history
    without = fit(alone, epochs=3).history
    assert {key: with_monitor[key] for key in without} == without
    for variables in ("variables", "metrics_variables"):
        for a, b in zip(getattr(watched, variables), getattr(alone, variables), strict=True):
            np.testing.assert_array_equal(keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b), a.path)
    for a, b in zip(watched.optimizer.variables, alone.optimizer.variables, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b), a.path)


def test_penalties_that_depend_on_the_data_need_the_validation_data():
    activity = keras.regularizers.L1(0.1)
    with pytest.raises(ValueError, match=r"depends on the data.*validation=\(x_val, y_val\)"):
        fit(make(activity=activity), GapMonitor(TRAIN))
    model = make(activity=activity)
    got = last(fit(model, GapMonitor(TRAIN, VALIDATION)))
    assert got["val_data_loss"] == pytest.approx(row_losses(model, *VALIDATION).mean(), rel=1e-4)
    assert got["penalty"] > penalty_of(model) + 1e-3


def test_every_k_starts_with_the_first_epoch(tmp_path):
    monitor = GapMonitor(TRAIN, every=3)
    log = tmp_path / "log.csv"
    history = fit(make(), monitor, keras.callbacks.CSVLogger(log), epochs=7)
    assert monitor.history["epoch"] == [0, 2, 5]
    assert history.gap_monitor is monitor.history
    assert history.history["gap"] == monitor.history["gap"]
    with log.open() as file:
        rows = list(csv.DictReader(file))
    filled = [int(row["epoch"]) for row in rows if row["gap"] != "NA"]
    assert filled == [0, 2, 5]
    assert float(rows[5]["data_loss"]) == pytest.approx(monitor.history["data_loss"][2])


def test_early_stopping_can_monitor_it():
    stopping = EarlyStopping(monitor="val_data_loss", patience=1)
    history = fit(make(), GapMonitor(TRAIN, VALIDATION), stopping, epochs=4).history
    assert stopping.best_value == pytest.approx(min(history["val_data_loss"]))


def test_a_second_fit_and_a_recompiled_model_are_measured_anew():
    monitor, model = GapMonitor(TRAIN, VALIDATION), make()
    fit(model, monitor)
    first = monitor.history
    fit(model, monitor, epochs=1)
    assert len(first["epoch"]) == 2
    assert monitor.history["epoch"] == [0]
    assert monitor.history["data_loss"][0] == pytest.approx(row_losses(model, *TRAIN).mean(), rel=1e-4)
    model.compile("sgd", "mse")
    fit(model, monitor, epochs=1)
    expected = ((model.predict(TRAIN[0], verbose=0) - TRAIN[1]) ** 2).mean()
    assert monitor.history["data_loss"][0] == pytest.approx(expected, rel=1e-4)
    other = make("mae")
    fit(other, monitor, epochs=1)
    expected = np.abs(other.predict(TRAIN[0], verbose=0) - TRAIN[1]).mean()
    assert monitor.history["data_loss"][0] == pytest.approx(expected, rel=1e-4)


def test_several_outputs():
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(3, kernel_regularizer="l2")(inputs)
    model = keras.Model(inputs, [keras.layers.Dense(1, name="a")(hidden), keras.layers.Dense(1, name="b")(hidden)])
    model.compile("sgd", ["mse", "mae"], loss_weights=[0.5, 2.0])
    train, validation = ((x, [y, y]) for x, y in (TRAIN, VALIDATION))
    got = last(fit(model, GapMonitor(train, validation), data=train, validation=validation))
    for key, (x, (y, _)) in (("data_loss", train), ("val_data_loss", validation)):
        a, b = model.predict(x, verbose=0)
        assert got[key] == pytest.approx(0.5 * ((a - y) ** 2).mean() + 2 * np.abs(b - y).mean(), rel=1e-4)


def test_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = make()
        got = last(fit(model, GapMonitor(TRAIN, VALIDATION)))
    finally:
        keras.config.set_dtype_policy(before)
    assert got["penalty"] == pytest.approx(penalty_of(model), rel=1e-4)
    assert got["data_loss"] == pytest.approx(row_losses(model, *TRAIN).mean(), rel=0.01)


def test_without_validation_it_says_that_there_is_no_gap():
    with pytest.warns(NoEffectWarning, match="no validation"):
        history = fit(make(), GapMonitor(TRAIN), validation=None)
    assert {"data_loss", "penalty"} < set(history.history)
    assert "gap" not in history.history


def test_epochs_without_validation_are_left_out():
    monitor = GapMonitor(TRAIN)
    fit(make(), monitor, epochs=4, validation_freq=2)
    assert [value is None for value in monitor.history["gap"]] == [True, False, True, False]


@pytest.mark.parametrize("argument", [{"class_weight": {0: 2.0}}, {"loss": "mse"}])
def test_what_fit_does_not_evaluate_needs_the_validation_data(argument):
    with pytest.raises(ValueError, match=rf"`{next(iter(argument))}` changes what is evaluated"):
        GapMonitor(TRAIN, **argument)


@pytest.mark.parametrize("side", ["train", "validation"])
def test_unusable_data_is_refused_before_training(side):
    bad = [
        (TypeError, (batch for batch in [TRAIN])),
        (TypeError, X),
        (TypeError, [X, Y]),
        (ValueError, (X, Y[:3])),
        *((ValueError, data.repeat()) for data in datasets(X, Y) if hasattr(data, "repeat")),
    ]
    for error, data in bad:
        with pytest.raises(error, match=f"`{side}` must"):
            GapMonitor(**{"train": TRAIN, side: data})
