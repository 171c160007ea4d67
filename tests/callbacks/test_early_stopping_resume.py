"""A fit that is killed and resumed ends like one that was not."""

import os
import signal
import types

import keras
import numpy as np
import pytest

from keras_regkit.callbacks._backup import Backup
from keras_regkit.callbacks.early_stopping import EarlyStopping

# NumPy's complaint about Keras and JAX; `pytest.warns` raises it again in the name of the test, past the usual filters.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.linspace(-1, 1, 32).reshape(16, 2).astype("float32")
Y = X.sum(axis=1, keepdims=True)
VALUES = (5.0, 3.0, 4.0, 2.0, 2.5, 2.4, 2.3, 1.0)  # patience 3: best is epoch 3, the end is epoch 6


class Script(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = VALUES[epoch]


class Bomb(keras.callbacks.Callback):
    def __init__(self, epoch, hook):
        super().__init__()
        self.epoch, self.now = epoch, None
        setattr(self, hook, self.explode)

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def explode(self, *args, **kwargs):
        if self.now == self.epoch:
            raise RuntimeError("bang")


def make_model(units=3):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def fit(model, *callbacks):
    callbacks = [Script(), *callbacks]
    return model.fit(X, Y, batch_size=8, epochs=8, shuffle=False, verbose=0, callbacks=callbacks)


@pytest.fixture(scope="module")
def undisturbed():
    model, stopping = make_model(), EarlyStopping(patience=3)
    fit(model, stopping)
    assert (stopping.best_epoch, stopping.stopped_epoch) == (3, 6)
    return model, stopping


def killed(folder, epoch, hook, order, shared, **options):
    """Runs until the bomb explodes, then again without it; returns the second model and early stopping."""
    for bombs in ([Bomb(epoch, hook)], []):
        model = make_model()
        stopping = EarlyStopping(backup_dir=folder if shared else folder / "own", **options)
        parts = {
            "e": [stopping],
            "b": [keras.callbacks.BackupAndRestore(folder)],
            "x": bombs,
        }
        callbacks = [callback for letter in order for callback in parts[letter]]
        if bombs:
            with pytest.raises(RuntimeError, match="bang"):
                fit(model, *callbacks)
        else:
            fit(model, *callbacks)
    return model, stopping


def assert_like(model, stopping, undisturbed):
    other, reference = undisturbed
    assert stopping.record == reference.record
    for weight, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-6)


@pytest.mark.parametrize("epoch", range(7))
def test_killed_at_any_epoch(epoch, tmp_path, undisturbed):
    order, shared = ("ebx", "bex")[epoch % 2], epoch % 3 == 0
    model, stopping = killed(tmp_path / "backup", epoch, "on_train_batch_end", order, shared, patience=3)
    assert_like(model, stopping, undisturbed)
    assert not (tmp_path / "backup" / "own").exists()
    assert not list(tmp_path.rglob("*.*")), "nothing is left after a training that ended by itself"


@pytest.mark.parametrize("epoch", [3, 4])
def test_killed_between_the_two_backups(epoch, tmp_path, undisturbed):
    # Early stopping has seen an epoch that BackupAndRestore has not: it is run again.
    model, stopping = killed(tmp_path, epoch, "on_epoch_end", "exb", True, patience=3)
    assert_like(model, stopping, undisturbed)


def test_backup_and_restore_is_ahead(tmp_path):
    with pytest.warns(UserWarning, match="training starts at epoch 3, so not all"):
        _, stopping = killed(tmp_path, 2, "on_epoch_end", "bxe", True, patience=3)
    assert stopping.history["epoch"] == [0, 1, 3, 4, 5, 6]
    assert (stopping.best_epoch, stopping.stopped_epoch) == (3, 6)


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_epoch_end"])
def test_resumed_after_ctrl_c(hook, tmp_path, undisturbed):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    press = Bomb(4, hook)
    setattr(press, hook, lambda *_, **__: press.now == 4 and os.kill(os.getpid(), signal.SIGINT))
    interrupted = EarlyStopping(patience=3, backup_dir=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), keras.callbacks.BackupAndRestore(tmp_path), interrupted, press)
    signal.signal(signal.SIGINT, before)
    assert (interrupted.reason, interrupted.best_epoch) == ("interrupted", 3)
    model, stopping = make_model(), EarlyStopping(patience=3, backup_dir=tmp_path)
    fit(model, keras.callbacks.BackupAndRestore(tmp_path), stopping)
    assert_like(model, stopping, undisturbed)


def test_killed_after_the_verdict(tmp_path, undisturbed):
    # One more epoch is all that Keras allows; it must not count.
    model, stopping = killed(tmp_path, 6, "on_epoch_end", "ebx", True, patience=3)
    assert_like(model, stopping, undisturbed)


def test_killed_in_the_warm_up(tmp_path):
    reference = EarlyStopping(start_from_epoch=20)
    model = make_model()
    with pytest.warns(UserWarning, match="best epoch of the warm-up, 7, counts"):
        fit(model, reference)
    with pytest.warns(UserWarning, match="best epoch of the warm-up, 7, counts"):
        resumed = killed(tmp_path, 5, "on_train_batch_end", "bex", True, start_from_epoch=20)
    assert_like(*resumed, (model, reference))


def test_nan_epochs_are_replayed(tmp_path):
    class Spoil(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["val_loss"] = [np.nan, 1.0, np.nan, np.nan, None, np.nan][epoch]

    options = {"patience": 3, "check_finite": False, "backup_dir": tmp_path}
    for bombs in ([Bomb(5, "on_train_batch_end")], []):
        stopping, callbacks = EarlyStopping(**options), [Spoil(), keras.callbacks.BackupAndRestore(tmp_path)]
        try:
            fit(make_model(), *callbacks, stopping, *bombs)
        except RuntimeError:
            assert bombs
    # Epoch 4 has no value: it is skipped, where NaN counts as no improvement.
    assert (stopping.best_epoch, stopping.stopped_epoch, stopping.wait) == (1, 5, 3)


def test_state_without_a_restored_model_is_not_used(tmp_path, undisturbed):
    with pytest.raises(RuntimeError, match="bang"):
        fit(make_model(), EarlyStopping(patience=3, backup_dir=tmp_path), Bomb(5, "on_train_batch_begin"))
    model, stopping = make_model(), EarlyStopping(patience=3, backup_dir=tmp_path)
    with pytest.warns(UserWarning, match="training starts at epoch 0, so none of the earlier"):
        fit(model, stopping)
    assert_like(model, stopping, undisturbed)


def test_state_of_other_monitors_or_models_is_refused(tmp_path):
    with pytest.raises(RuntimeError, match="bang"):
        fit(make_model(), EarlyStopping(backup_dir=tmp_path), Bomb(3, "on_train_batch_end"))
    with pytest.raises(ValueError, match=r"monitors \['val_loss'\], but this one monitors \['loss'\]"):
        fit(make_model(), EarlyStopping("loss", backup_dir=tmp_path))
    with pytest.raises(ValueError, match="weights of another model"):
        make_model(4).fit(
            X, Y, initial_epoch=3, epochs=4, verbose=0, callbacks=[Script(), EarlyStopping(backup_dir=tmp_path)]
        )


def test_lost_weights_start_the_search_anew(tmp_path):
    with pytest.raises(RuntimeError, match="bang"):
        fit(make_model(), EarlyStopping(backup_dir=tmp_path), Bomb(5, "on_train_batch_end"))
    next(tmp_path.glob("*.npz")).unlink()
    stopping = EarlyStopping(backup_dir=tmp_path)
    with pytest.warns(UserWarning, match="no longer holds the weights of the best epoch, 3"):
        make_model().fit(X, Y, initial_epoch=5, epochs=6, verbose=0, callbacks=[Script(), stopping])
    assert stopping.best_epoch == 5


def test_weights_are_written_only_when_they_change(tmp_path):
    stamps = {}

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            stamps[epoch] = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.npz")}

    fit(make_model(), EarlyStopping(patience=3, backup_dir=tmp_path), Look())
    names = {epoch: {name.split("_")[-1] for name in files} for epoch, files in stamps.items()}
    # The one before the newest stays an epoch longer.
    assert names[1] == {"0.npz", "1.npz"}
    assert names[2] == {"1.npz"}
    assert names[3] == {"1.npz", "3.npz"}
    assert stamps[4] == stamps[5] == stamps[6]


def test_weights_of_every_type_survive(tmp_path):
    import ml_dtypes

    weights = [
        np.arange(3, dtype=ml_dtypes.bfloat16),
        np.array(1.5, ml_dtypes.bfloat16),
        np.ones((2, 2), ml_dtypes.float8_e4m3fn),
        np.float32(7).reshape(()),
        np.array([True, False]),
        np.arange(6, dtype="int64").reshape(2, 3).T,
    ]
    Backup(tmp_path).save([0], {"loss": [1.0]}, 0, weights)
    model = types.SimpleNamespace(built=True, weights=weights)
    restored = Backup(tmp_path).weights(0, like=model)
    for weight, other in zip(weights, restored, strict=True):
        assert (weight.dtype, weight.shape) == (other.dtype, other.shape)
        np.testing.assert_array_equal(weight, other)
