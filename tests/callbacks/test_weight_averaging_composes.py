"""Weight averaging beside other callbacks, in any order, after Ctrl-C, and after a kill."""

import itertools
import os
import signal

import keras
import numpy as np
import pytest

from keras_regkit.callbacks import EarlyStopping, GapMonitor, GradualUnfreezing, SnapshotEnsemble, WeightAveraging

# NumPy's complaint about Keras and JAX; `pytest.warns` raises it again in the name of the test, past the usual filters.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.linspace(-1, 1, 48).reshape(16, 3).astype("float32")
Y = (X[:, :1] - X[:, 1:2] ** 2).astype("float32")
KINDS = ("ema", "swa", "top-k", "greedy soup")


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.ends, self.starts = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.starts.append(weights_of(self.model))

    def on_epoch_end(self, epoch, logs=None):
        self.ends.append(weights_of(self.model))


def weights_of(model):
    return [np.array(w, copy=True) for w in model.get_weights()]


def make_model(optimizer=None, norm=False, **compile_arguments):
    keras.utils.set_random_seed(5)
    layers = [keras.Input((3,)), keras.layers.Dense(3, name="hidden"), keras.layers.Dense(1, name="out")]
    if norm:
        layers.insert(2, keras.layers.BatchNormalization(momentum=0.8, name="norm"))
    model = keras.Sequential(layers)
    model.compile(optimizer or keras.optimizers.SGD(0.2, momentum=0.5), "mse", **compile_arguments)
    return model


def fit(model, *callbacks, epochs=5, validate=True, **arguments):
    data = {"validation_data": (X, Y)} if validate else {}
    return model.fit(
        X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0, callbacks=[*callbacks], **data, **arguments
    )


def assert_same(weights, others, tolerance=0):
    for weight, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(weight, other, rtol=tolerance, atol=tolerance)


def loss_of(model):
    return model.evaluate(X, Y, verbose=0)


class Scores(keras.callbacks.Callback):
    """Makes epoch 2 the best."""

    def on_epoch_end(self, epoch, logs=None):
        logs["score"] = [1.0, 2.0, 4.0, 3.0, 3.0][epoch]


@pytest.mark.parametrize("first", [True, False], ids=["averaging-first", "averaging-last"])
@pytest.mark.parametrize(
    "stopping",
    [
        lambda: EarlyStopping(patience=9, mode="max", monitor="score"),
        lambda: keras.callbacks.EarlyStopping(patience=9, mode="max", monitor="score", restore_best_weights=True),
    ],
    ids=["ours", "keras"],
)
@pytest.mark.parametrize("kind", ["ema", "top-k"])
def test_early_stopping_restores_the_average_of_its_best_epoch(kind, stopping, first):
    model, stop, recorder, averaging = make_model(), stopping(), Recorder(), WeightAveraging(kind)
    others = [Scores(), stop, recorder]
    history = fit(model, *([averaging, *others] if first else [*others, averaging]))
    assert stop.best_epoch == 2
    assert_same(weights_of(model), recorder.ends[2])
    np.testing.assert_allclose(loss_of(model), history.history["val_loss"][2], rtol=1e-5)


@pytest.mark.parametrize("first", [True, False], ids=["averaging-first", "averaging-last"])
@pytest.mark.parametrize("validate", [True, False], ids=["validation", "no-validation"])
def test_a_checkpoint_holds_the_average(tmp_path, first, validate):
    file = tmp_path / "best.keras"
    checkpoint = keras.callbacks.ModelCheckpoint(file, monitor="loss", save_best_only=True)
    model, recorder, averaging = make_model(norm=True), Recorder(), WeightAveraging("swa", train=X, batch_size=16)
    callbacks = [averaging, recorder, checkpoint] if first else [checkpoint, recorder, averaging]
    history = fit(model, *callbacks, validate=validate)
    best = int(np.argmin(history.history["loss"]))
    loaded = keras.models.load_model(file)
    assert_same(weights_of(loaded), recorder.ends[best])
    # Its optimizer is whole, and has nothing of ours: training can go on.
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables) == 2 + 6
    loaded.fit(X, Y, verbose=0)


def test_a_checkpoint_within_an_epoch_is_whole(tmp_path):
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", save_freq=3)
    fit(make_model(), checkpoint, WeightAveraging(), epochs=1)
    loaded = keras.models.load_model(tmp_path / "1.keras")
    assert int(keras.ops.convert_to_numpy(loaded.optimizer.iterations.value)) == 3


def test_the_rate_falls_on_a_plateau_of_the_average():
    model = make_model()
    plateau = keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_delta=10.0)
    fit(model, plateau, WeightAveraging(), epochs=4)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model.optimizer.learning_rate.value), 0.2 / 8, rtol=1e-6)


def test_the_gap_is_that_of_the_average():
    model, monitor = make_model(), GapMonitor((X, Y), (X, Y), samples=None)
    fit(model, monitor, WeightAveraging("swa"), validate=False)
    np.testing.assert_allclose(monitor.history["val_data_loss"][-1], loss_of(model), rtol=1e-5)


@pytest.mark.parametrize("kind", ["ema", "swa"])
def test_layers_that_are_unfrozen_are_averaged_from_then_on(kind):
    def run(*callbacks):
        model = make_model()
        unfreezing = GradualUnfreezing(["out", "hidden"], epochs=2)
        steps = []
        record = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda b, logs: steps.append(weights_of(record.model))
        )
        fit(model, *callbacks, unfreezing, record, epochs=4)
        return model, steps

    _, steps = run()
    model, same = run(WeightAveraging(kind))
    for weights, others in zip(same, steps, strict=True):
        assert_same(weights, others, 1e-6)
    ends = steps[3::4]
    if kind == "swa":
        expected = [np.mean([end[i] for end in ends], axis=0) for i in range(4)]
    else:
        expected = [w.astype("float64") for w in weights_of(make_model())]
        for count, weights in enumerate(steps):
            share = max(0.001, 9 / (10 + count))
            expected = [old + share * (new - old) for old, new in zip(expected, weights, strict=True)]
    assert_same(weights_of(model), expected, 2e-6)


@pytest.mark.parametrize("snapshots_first", [True, False])
def test_snapshots_beside_it_are_averages(snapshots_first):
    model, recorder = make_model(), Recorder()
    snapshots, averaging = SnapshotEnsemble(2), WeightAveraging()
    callbacks = [snapshots, averaging, recorder] if snapshots_first else [averaging, snapshots, recorder]
    fit(model, *callbacks, epochs=4)
    assert_same(snapshots._snapshots.read(0), recorder.ends[1])
    assert_same(weights_of(model), recorder.ends[3])
    assert "train_step" not in vars(model)


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "accumulated": lambda: keras.optimizers.AdamW(0.01, gradient_accumulation_steps=2),
    "loss-scaled": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=2.0**8),
}


@pytest.mark.parametrize(("kind", "optimizer"), list(itertools.product(("ema", "swa"), OPTIMIZERS)))
def test_any_optimizer(kind, optimizer):
    model = make_model(OPTIMIZERS[optimizer]())
    averaging = WeightAveraging(kind)
    history = fit(model, averaging, epochs=3)
    np.testing.assert_allclose(loss_of(model), history.history["val_loss"][-1], rtol=1e-5)
    assert averaging.updates == {"ema": 6 if optimizer == "accumulated" else 12, "swa": 3}[kind]


class Finalizing(keras.optimizers.SGD):
    """An optimizer that sets the weights when `fit` ends, as Lookahead does."""

    def finalize_variable_values(self, var_list):
        for variable in var_list:
            variable.assign(np.full(variable.shape, 7.0))


@pytest.mark.parametrize("kind", ["ema", "swa", "top-k", "greedy soup"])
def test_the_optimizer_does_not_overwrite_the_average(kind):
    model = make_model(Finalizing(0.1))
    history = fit(model, WeightAveraging(kind), epochs=2)
    np.testing.assert_allclose(loss_of(model), history.history["val_loss"][-1], rtol=1e-5)
    fit(model, epochs=1)
    np.testing.assert_array_equal(model.get_weights()[0], 7.0)  # without the callback it does as before


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model, recorder = make_model(norm=True), Recorder()
    finally:
        keras.config.set_dtype_policy("float32")
    fit(model, recorder, WeightAveraging("swa", train=X))
    assert all(w.dtype == "float32" for w in weights_of(model))
    assert_same(weights_of(model), recorder.ends[-1])


def test_a_step_that_overflows_is_not_counted():
    # The first step's gradients overflow at this scale: no step is taken, and nothing is averaged.
    model = make_model(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=2.0**127))
    averaging = WeightAveraging()
    fit(model, averaging, epochs=2)
    inner = model.optimizer.inner_optimizer
    assert averaging.updates == int(keras.ops.convert_to_numpy(inner.iterations.value)) < 8


class Doubled(keras.Model):
    """A model around another."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.built = True

    def call(self, x, training=None):
        return 2 * self.model(x, training=training)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_holds_another(kind):
    inner = make_model(norm=True)
    model = Doubled(inner)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    recorder = Recorder()
    history = fit(model, recorder, WeightAveraging(kind, train=X))
    assert_same(weights_of(inner), recorder.ends[-1])
    np.testing.assert_allclose(loss_of(model), history.history["val_loss"][-1], rtol=1e-5)


class Press(keras.callbacks.Callback):
    """Presses Ctrl-C at one hook of one epoch."""

    def __init__(self, hook, epoch=2):
        super().__init__()
        self.epoch, self.now = epoch, None
        setattr(self, hook, self.press)

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def press(self, *args, **kwargs):
        if self.now == self.epoch:
            self.epoch = None
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("hook", ["on_train_batch_begin", "on_test_batch_end", "on_epoch_end"])
@pytest.mark.parametrize("kind", ["ema", "top-k"])
def test_ctrl_c_leaves_the_average(kind, hook):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        model, recorder, averaging = make_model(), Recorder(), WeightAveraging(kind)
        with pytest.raises(KeyboardInterrupt):
            fit(model, recorder, Press(hook), averaging)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert averaging.updates > 0
    assert {"train_step", "evaluate"}.isdisjoint(vars(model))
    assert len(model.optimizer.variables) == 2 + 4
    # In the midst of training the average has moved on since the last epoch's end; later it is that of the epoch.
    ends = recorder.ends
    if kind == "top-k" or hook == "on_epoch_end":
        assert_same(weights_of(model), ends[-1], 1e-6) if hook != "on_test_batch_end" else None
    assert not np.array_equal(weights_of(model)[0], recorder.starts[-1][0])
    fit(model, epochs=1)


def test_ctrl_c_with_early_stopping_leaves_its_best():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        model, recorder, stop = make_model(), Recorder(), EarlyStopping(mode="max", monitor="score", patience=9)
        with pytest.raises(KeyboardInterrupt):
            fit(model, recorder, Scores(), stop, Press("on_train_batch_begin", 4), WeightAveraging())
    finally:
        signal.signal(signal.SIGINT, before)
    assert stop.best_epoch == 2
    assert_same(weights_of(model), recorder.ends[2])


def test_after_another_error_the_average_is_put_by_hand():
    def bang(epoch, logs=None):
        if epoch == 3:
            raise RuntimeError("bang")

    model, recorder, averaging = make_model(), Recorder(), WeightAveraging("swa")
    with pytest.raises(RuntimeError, match="bang"):
        fit(model, recorder, keras.callbacks.LambdaCallback(on_epoch_begin=bang), averaging)
    averaging.put_average()
    assert_same(weights_of(model), recorder.ends[2])
    assert "train_step" not in vars(model)


class Bomb(keras.callbacks.Callback):
    def __init__(self, hook, epoch):
        super().__init__()
        self.epoch, self.now = epoch, None
        setattr(self, hook, self.explode)

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def explode(self, *args, **kwargs):
        if self.now == self.epoch:
            raise RuntimeError("bang")


@pytest.mark.parametrize("order", ["awb", "bwa", "wab"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_training_ends_like_one_that_was_not_killed(tmp_path, kind, order):
    """`w` is the averaging, `b` the backup, `a` the bomb: with `awb` it kills before the backup of the epoch."""

    def run(bomb=None, backup=True):
        model = make_model(norm=True)
        averaging = WeightAveraging(kind, train=X, start_from_epoch=1, k=3)
        parts = {
            "w": [averaging],
            "b": [keras.callbacks.BackupAndRestore(tmp_path)] if backup else [],
            "a": [bomb] if bomb else [],
        }
        fit(model, *(callback for letter in order for callback in parts[letter]), epochs=5)
        return model, averaging

    expected, undisturbed = run(backup=False)
    hook = "on_train_batch_begin" if order == "wab" else "on_epoch_end"
    with pytest.raises(RuntimeError, match="bang"):
        run(Bomb(hook, 3))
    model, averaging = run()
    assert_same(weights_of(model), weights_of(expected), 1e-6)
    assert averaging.updates == undisturbed.updates
    assert averaging.members == undisturbed.members
    assert not list(tmp_path.glob("weight_averaging*"))


def test_epochs_that_were_chosen_by_something_else_are_refused(tmp_path):
    backup = keras.callbacks.BackupAndRestore(tmp_path)
    model = make_model()
    model.compile(keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
    with pytest.raises(RuntimeError, match="bang"):
        fit(model, WeightAveraging("top-k"), backup, Bomb("on_train_batch_begin", 2))
    with pytest.raises(ValueError, match="chosen by 'val_loss', which are not to be compared with 'val_mae'"):
        fit(model, WeightAveraging("top-k", monitor="val_mae"), backup)


def test_a_folder_of_another_training_is_refused(tmp_path):
    backup = keras.callbacks.BackupAndRestore(tmp_path)
    with pytest.raises(RuntimeError, match="bang"):
        fit(make_model(), WeightAveraging(), backup, Bomb("on_train_batch_begin", 2))
    with pytest.raises(ValueError, match="holds the average of another training"):
        fit(make_model(), WeightAveraging("swa"), backup)
