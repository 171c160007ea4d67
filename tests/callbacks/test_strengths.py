"""Strengths in fit: logged, driven, handed to the model."""

import keras
import numpy as np
import pytest

from keras_regkit import layers, losses, regularizers
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.callbacks import EarlyStopping, GapMonitor, StrengthMonitor, StrengthSchedule
from keras_regkit.strengths import Linear, Piecewise, read

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = np.arange(16) % 3
IS_JAX = keras.backend.backend() == "jax"


def make(loss="sparse_categorical_crossentropy", **dense):
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(4, **dense),
            layers.Dropout(0.5, name="drop_1"),
            layers.Dropout(0.25, name="drop_2"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", loss)
    return model


def fit(model, *callbacks, epochs=2, **kwargs):
    return model.fit(X, Y, batch_size=4, epochs=epochs, verbose=0, callbacks=list(callbacks), **kwargs).history


def test_monitor_logs_every_strength():
    penalty = regularizers.Scheduled("l2", Linear(0.0, 1.0, steps=10), name="l2")
    history = fit(make(kernel_regularizer=penalty), StrengthMonitor(), validation_data=(X, Y))
    logged = {name: values for name, values in history.items() if name.startswith("strength/")}
    assert logged == {
        "strength/l2": pytest.approx([0.4, 0.8]),
        "strength/drop_1": [0.5, 0.5],
        "strength/drop_2": [0.25, 0.25],
    }


def test_monitor_says_when_there_is_nothing():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(3)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    monitor = StrengthMonitor()
    monitor.set_model(model)
    with pytest.warns(NoEffectWarning, match="found no strength that can move"):
        monitor.on_train_begin()


def test_schedule_over_epochs():
    history = fit(make(), StrengthSchedule({"drop_1": Linear(0.0, 0.4, epochs=2), "drop_2": 0.125}), epochs=4)
    assert history["strength/drop_1"] == pytest.approx([0.0, 0.2, 0.4, 0.4])
    assert history["strength/drop_2"] == [0.125] * 4


def test_schedule_takes_effect_in_a_step_that_was_compiled_before():
    model = make()
    fit(model)
    # At a rate this high hardly anything comes through: the first kernel gets no gradient worth the name.
    before = model.get_weights()[0]
    fit(model, StrengthSchedule({"drop_.": 0.999999}))
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_schedule_over_steps():
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(read(self.model)["drop_1"])

    model = make()
    steps = StrengthSchedule({"drop_1": Linear(0.0, 0.8, steps=8)}, every=1)
    fit(model, steps, Look())
    assert seen == pytest.approx([0.1 * t for t in range(8)])
    # The optimizer knows how far training has come, also in a second fit, and in a resumed one.
    fit(model, steps, Look(), epochs=1)
    assert seen[8:] == pytest.approx([0.8] * 4)


def test_every_other_step():
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(read(self.model)["drop_1"])

    fit(make(), StrengthSchedule({"drop_1": Piecewise([1, 3], [0.1, 0.2, 0.3])}, every=2), Look(), epochs=1)
    assert seen == pytest.approx([0.1, 0.1, 0.2, 0.2])


def test_names_by_pattern():
    model = make()
    fit(model, StrengthSchedule({"drop_.*": 0.125}), epochs=1)
    assert read(model) == {"drop_1": 0.125, "drop_2": 0.125}


@pytest.mark.parametrize(
    ("schedules", "message"),
    [
        ({"drp_1": 0.1}, r"Did you mean 'drop_1'\? Received: 'drp_1'.*drop_1, drop_2"),
        ({"drop_1": 1.0}, r"`rate` must be in \[0, 1\)\. Received: 1\.0"),
        ({"drop_1": Linear(0.9, 2.0, epochs=2)}, r"'drop_1': `rate` must be in \[0, 1\)\. Received: 1\.4"),
        ({"drop_2": Linear(0.9, 2.0, steps=900)}, r"'drop_2': `rate` must be in \[0, 1\)\. Received: 1\.0"),
        ({"drop_1": 0.1, "drop_.*": 0.2}, "'drop_1' and 'drop_.*', which both fit 'drop_1'"),
    ],
)
def test_bad_schedules(schedules, message):
    with pytest.raises(ValueError, match=message):
        fit(make(), StrengthSchedule(schedules))


def test_a_name_means_all_copies_of_one_regularizer(tmp_path):
    shared = regularizers.Scheduled("l2", 1.0, name="lam")
    dense = [keras.layers.Dense(3, kernel_regularizer=shared) for _ in range(2)]
    model = keras.Sequential([keras.Input((4,)), *dense])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    fit(loaded, StrengthSchedule({"lam": 0.5}), epochs=1)
    assert read(loaded) == {"lam": 0.5, "lam_1": 0.5}


def test_a_strength_with_a_schedule_of_its_own_is_not_driven():
    penalty = regularizers.Scheduled("l2", Linear(0.0, 1.0, steps=10), name="l2")
    with pytest.raises(ValueError, match="'strength' of 'l2' follows a schedule of its own"):
        fit(make(kernel_regularizer=penalty), StrengthSchedule({"l2": 0.5}))


@pytest.mark.parametrize("schedules", [{}, None, ["drop"], {"drop": "high"}, {"drop": None}])
def test_schedules_must_be_a_dict(schedules):
    with pytest.raises(TypeError, match="schedules"):
        StrengthSchedule(schedules)


def test_label_smoothing_on_a_schedule():
    loss = losses.LabelSmoothing(smoothing=Linear(0.0, 0.4, steps=16))
    model = make(loss)
    history = fit(model, StrengthMonitor(), validation_data=(X, Y))
    assert history["strength/label_smoothing"] == pytest.approx([0.1, 0.2])
    assert read(model)["label_smoothing"] == pytest.approx(0.2)
    expected = losses.LabelSmoothing(smoothing=0.2)(Y, model(X))
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(float(keras.ops.convert_to_numpy(expected)), rel=1e-5)
    assert read(model)["label_smoothing"] == pytest.approx(0.2)


def test_label_smoothing_driven_from_outside():
    history = fit(
        make(losses.LabelSmoothing(smoothing=0.3)), StrengthSchedule({"label_smoothing": Linear(0, 0.2, epochs=2)})
    )
    assert history["strength/label_smoothing"] == pytest.approx([0.0, 0.1])


def test_a_loss_on_a_schedule_beside_other_callbacks():
    model = make(losses.LabelSmoothing(smoothing=Linear(0.0, 0.4, steps=64)))
    history = fit(
        model,
        GapMonitor((X, Y)),
        EarlyStopping(patience=1, monitor="val_loss"),
        keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True),
        StrengthMonitor(),
        validation_data=(X, Y),
        epochs=4,
    )
    assert history["strength/label_smoothing"][0] == pytest.approx(0.025)


@pytest.mark.skipif(not IS_JAX, reason="elsewhere a compiled step sees every variable")
def test_jax_does_not_take_a_schedule_of_the_loss_for_a_constant():
    with pytest.raises(ValueError, match=r"'label_smoothing' is not among the weights.*StrengthMonitor"):
        fit(make(losses.LabelSmoothing(smoothing=Linear(0.0, 0.4, steps=16))))


def test_resume_goes_on_where_the_file_stopped(tmp_path):
    ramp = Linear(0.0, 0.4, steps=16)
    activity = regularizers.Scheduled("l2", ramp, name="activity")
    model = make(losses.LabelSmoothing(smoothing=ramp), activity_regularizer=activity)
    fit(model, StrengthMonitor(), epochs=1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    history = fit(loaded, StrengthMonitor(), epochs=1)
    assert history["strength/label_smoothing"] == pytest.approx([0.2])
    assert history["strength/activity"] == pytest.approx([0.2])


def test_resume_from_a_backup(tmp_path):
    def run(epochs):
        model = make(kernel_regularizer=regularizers.Scheduled("l2", Linear(0.0, 1.0, steps=20), name="l2"))
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)
        return fit(model, backup, StrengthMonitor(), epochs=epochs)

    run(2)
    assert run(3)["strength/l2"] == pytest.approx([0.6])
