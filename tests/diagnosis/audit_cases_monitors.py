"""Lists of callbacks for the rules about them."""

import keras
import numpy as np
from audit_table import faulty, fine
from keras import callbacks, layers

import keras_regkit as rk


def model(**compile_args):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", "metrics": ["mae"], **compile_args})
    return model


def with_callbacks(*listed, epochs=100, **more):
    args = {"epochs": epochs, "validation_split": 0.2}
    return {"model": model(), "callbacks": list(listed), "fit_args": args, **more}


@faulty("RK501", where="EarlyStopping(monitor='val_acc')", count=1)
def monitor_that_is_no_metric():
    return with_callbacks(callbacks.EarlyStopping("val_acc"))


@faulty("RK501", where="EarlyStopping(monitor='val_loss')", count=1)
def no_validation():
    return {"model": model(), "callbacks": [callbacks.EarlyStopping()], "fit_args": {"epochs": 9}}


@faulty("RK501", where="ModelCheckpoint(monitor='val_f1')")
def monitor_that_is_not_in_the_history():
    checkpoint = callbacks.ModelCheckpoint("a.keras", "val_f1", save_best_only=True, mode="max")
    return with_callbacks(checkpoint, history={"loss": [1.0, 0.5], "val_loss": [1.0, 0.6]})


@fine("RK501")
def monitors_that_are_logged():
    return with_callbacks(
        callbacks.EarlyStopping(),
        callbacks.ReduceLROnPlateau("val_mae"),
        callbacks.ModelCheckpoint("a.keras", "whatever"),
    )


@fine("RK501")
def monitor_of_a_gap_monitor():
    x = np.ones((4, 3))
    gap = rk.callbacks.GapMonitor((x, x[:, :1]), (x, x[:, :1]))
    return with_callbacks(gap, rk.callbacks.EarlyStopping("val_data_loss"))


@fine("RK501")
def monitor_of_one_of_two_outputs():
    inputs = keras.Input((3,))
    two = keras.Model(inputs, [layers.Dense(1, name="a")(inputs), layers.Dense(1, name="b")(inputs)])
    two.compile("sgd", ["mse", "mse"], metrics=[["mae"], ["mae"]])
    watching = [callbacks.EarlyStopping("val_a_mae", mode="min"), callbacks.EarlyStopping("b_loss", mode="min")]
    return {"model": two, "callbacks": watching, "fit_args": {"validation_split": 0.1}}


@faulty("RK502", where="EarlyStopping", patience=10, count=1)
def best_weights_are_lost():
    return with_callbacks(callbacks.EarlyStopping(patience=10))


@fine("RK502")
def best_weights_are_kept():
    return with_callbacks(callbacks.EarlyStopping(patience=10, restore_best_weights=True), rk.callbacks.EarlyStopping())


@fine("RK502")
def best_weights_are_in_a_checkpoint():
    return with_callbacks(
        callbacks.EarlyStopping(patience=10), callbacks.ModelCheckpoint("a.keras", save_best_only=True)
    )


@faulty("RK503", where="EarlyStopping", patience=50, epochs=20, count=1)
def patience_of_more_than_all_epochs():
    return with_callbacks(rk.callbacks.EarlyStopping(patience=50), epochs=20)


@faulty("RK503", start_from_epoch=12)
def patience_of_more_than_what_is_left():
    return with_callbacks(callbacks.EarlyStopping(patience=8, start_from_epoch=12), epochs=20)


@fine("RK503")
def patience_that_can_run_out():
    return with_callbacks(callbacks.EarlyStopping(patience=5), callbacks.ReduceLROnPlateau(patience=2), epochs=20)


@faulty("RK504", where="EarlyStopping", start_from_epoch=20, epochs=20, count=1)
def start_after_the_end():
    return with_callbacks(rk.callbacks.EarlyStopping(start_from_epoch=20), epochs=20)


@fine("RK504")
def start_before_the_end():
    return with_callbacks(rk.callbacks.EarlyStopping(start_from_epoch=10), epochs=20)


@faulty("RK505", count=1, **{"times in the list": 2})
def listed_twice():
    stopping = callbacks.EarlyStopping()
    return with_callbacks(stopping, stopping)


@faulty("RK505", count=1, **{"model it belongs to": "elsewhere"})
def used_for_another_model():
    stopping = callbacks.EarlyStopping()
    other = keras.Sequential([keras.Input((3,)), layers.Dense(1)], name="elsewhere")
    stopping.set_model(other)
    return with_callbacks(stopping)


@faulty("RK505", count=1, **{"stopped before at epoch": 1})
def used_in_an_earlier_fit():
    case = with_callbacks(callbacks.EarlyStopping(mode="max"))  # a loss that falls stops at once
    x = np.ones((8, 3))
    case["model"].fit(x, x[:, :1], epochs=5, verbose=0, validation_data=(x, x[:, :1]), callbacks=case["callbacks"])
    return case


@fine("RK505")
def each_made_anew():
    return with_callbacks(callbacks.EarlyStopping(), callbacks.EarlyStopping("val_mae"))


@fine("RK505")
def looked_at_after_its_fit():
    case = with_callbacks(callbacks.EarlyStopping(patience=1))
    x = np.ones((8, 3))
    fit = {"epochs": 3, "verbose": 0, "validation_data": (x, x[:, :1])}
    return {**case, "history": case["model"].fit(x, x[:, :1], callbacks=case["callbacks"], **fit)}


def averaging(*listed):
    return {"model": model(optimizer=keras.optimizers.Adam(use_ema=True)), "callbacks": list(listed)}


@faulty("RK506", where="EarlyStopping", count=1)
def averages_are_overwritten():
    return averaging(callbacks.EarlyStopping(restore_best_weights=True))


@fine("RK506")
def averages_are_swapped_in_before():
    return averaging(callbacks.SwapEMAWeights(swap_on_epoch=True), callbacks.EarlyStopping(restore_best_weights=True))


@fine("RK506")
def nothing_is_restored_over_averages():
    return averaging(callbacks.EarlyStopping())


@faulty("RK507", where="ReduceLROnPlateau", count=1, **{"learning rate of the optimizer": "CosineDecay"})
def plateau_over_a_schedule():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 100)
    return {"model": model(optimizer=keras.optimizers.SGD(schedule)), "callbacks": [callbacks.ReduceLROnPlateau()]}


@faulty("RK507", count=1, **{"callbacks that set it": 2})
def plateau_beside_a_scheduler():
    return with_callbacks(callbacks.ReduceLROnPlateau(), callbacks.LearningRateScheduler(lambda epoch: 0.1))


@fine("RK507")
def plateau_over_a_number():
    return with_callbacks(callbacks.ReduceLROnPlateau())


@faulty("RK508", where="EarlyStopping", count=1, **{"patience": 5, "patience of ReduceLROnPlateau": 10})
def stops_first():
    return with_callbacks(rk.callbacks.EarlyStopping(patience=5), callbacks.ReduceLROnPlateau(patience=10))


@fine("RK508")
def lowers_first():
    return with_callbacks(callbacks.EarlyStopping(patience=20), callbacks.ReduceLROnPlateau(patience=10))


def noisy_accuracy(noise, rise, epochs=40):
    rng = np.random.default_rng(1)
    curve = 0.6 + rise * (1 - np.exp(-np.arange(epochs) / 8))
    return {"loss": np.linspace(1, 0.2, epochs), "val_accuracy": curve + noise * rng.standard_normal(epochs)}


@faulty("RK509", where="EarlyStopping(monitor='val_accuracy')", count=1)
def best_of_a_noisy_accuracy():
    stopping = rk.callbacks.EarlyStopping("val_accuracy")
    return with_callbacks(stopping, history=noisy_accuracy(0.03, 0.2))


@faulty("RK509")
def best_of_a_spike_in_the_loss():
    curve = np.linspace(1.0, 0.6, 30)
    curve[12] = 0.3
    curve += 0.02 * np.random.default_rng(0).standard_normal(30)
    return with_callbacks(
        callbacks.ModelCheckpoint("a.keras", save_best_only=True), history={"loss": curve, "val_loss": curve}
    )


@fine("RK509")
def best_of_a_smooth_curve():
    stopping = rk.callbacks.EarlyStopping("val_accuracy")
    return with_callbacks(stopping, history=noisy_accuracy(0.002, 0.3))


@faulty("RK510", where="EarlyStopping(monitor='val_accuracy')", mode="min", count=1)
def worst_accuracy():
    return with_callbacks(callbacks.EarlyStopping("val_accuracy", mode="min"))


@faulty("RK510", mode="max")
def worst_loss():
    return with_callbacks(callbacks.ModelCheckpoint("a.keras", "val_loss", save_best_only=True, mode="max"))


@fine("RK510")
def best_of_each():
    return with_callbacks(
        callbacks.EarlyStopping("val_accuracy", mode="max"),
        callbacks.ReduceLROnPlateau("val_loss"),
        rk.callbacks.EarlyStopping(["val_loss", "my_score"], mode={"my_score": "max"}),
    )


@faulty("RK511", where="EarlyStopping(monitor='val_data_loss')", count=1, position=0)
def follows_what_comes_after():
    x = np.ones((4, 3))
    gap = rk.callbacks.GapMonitor((x, x[:, :1]), (x, x[:, :1]))
    return with_callbacks(rk.callbacks.EarlyStopping("val_data_loss"), gap)


@fine("RK511")
def follows_what_came_before():
    x = np.ones((4, 3))
    gap = rk.callbacks.GapMonitor((x, x[:, :1]), (x, x[:, :1]))
    return with_callbacks(gap, rk.callbacks.EarlyStopping("val_data_loss"), callbacks.EarlyStopping())
