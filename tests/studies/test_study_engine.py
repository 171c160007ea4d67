import keras
import numpy as np
import pytest
from tiny_studies import labels, noisy_regressor, numpy, regressor, study, table, timeless, trial

from keras_regkit import levers
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.callbacks import EarlyStopping
from keras_regkit.studies import SequentialEngine, Variant
from keras_regkit.studies.builder import Builder
from keras_regkit.studies.design import BASELINE
from keras_regkit.studies.engine import Setup, build_variant
from keras_regkit.studies.rows import FollowEpochs, ShuffledRows
from keras_regkit.studies.transplant import transplant

DROPOUT = Variant(((levers.get("dropout"), 0.3),))


def run(*plan, build=noisy_regressor, callbacks=None):
    """Runs `(variant, seed)` pairs in one engine, and returns the trials by pair, without their times."""
    setup = Setup(Builder(build), table(), table(seed=1), 2, 8, "val_data_loss", "min", callbacks=callbacks)
    return {(t.variant, t.seed): timeless(t.to_dict()) for t in SequentialEngine().run(setup, plan)}


class Watch(keras.callbacks.Callback):
    """Notes which models train, and what they hold and predict when their training ends."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def on_train_end(self, logs=None):
        x = table(seed=1)[0]
        self.seen.append((id(self.model), numpy(self.model(x, training=False))))


def test_a_trial_is_the_same_on_a_fresh_model_and_on_a_used_one():
    seen = []
    used = run((BASELINE, 0), (BASELINE, 1), (DROPOUT, 0), (DROPOUT, 1), callbacks=lambda: [Watch(seen)])
    models = [model for model, _ in seen]
    assert models[0] == models[1]  # or there is nothing to test
    assert models[2] == models[3]
    # Other seeds first, other variants first, or nothing first.
    fresh = run((DROPOUT, 1), (BASELINE, 1)) | run((DROPOUT, 0))
    for key, record in fresh.items():
        assert record == used[key], key
    values = [record["metrics"]["val_data_loss"] for record in used.values()]
    assert len(set(values)) == 4  # another seed or variant is another trial


class Meddle(keras.callbacks.Callback):
    """Leaves the model other than it was."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def on_train_end(self, logs=None):
        self.change(self.model)


def test_what_a_callback_leaves_behind_does_not_reach_the_next_trial():
    def lower_rate(model):
        model.optimizer.learning_rate = 1e-6

    def take_noise_away(model):
        model.layers[2].rate = 0.0

    def change_loss(model):
        model.compile("sgd", "mae")

    alone = run((BASELINE, 1))["baseline", 1]
    for change in (lower_rate, take_noise_away, change_loss):
        found = run((BASELINE, 0), (BASELINE, 1), callbacks=lambda change=change: [Meddle(change)])
        assert found["baseline", 1]["curves"] == alone["curves"], change.__name__


def test_transplant_refuses_another_architecture_and_other_settings():
    assert transplant(regressor(), regressor())
    assert not transplant(regressor(), noisy_regressor())
    assert not transplant(regressor(keras.layers.Dropout(0.1)), regressor(keras.layers.Dropout(0.2)))


def test_the_order_of_rows_depends_on_seed_and_epoch_and_shows_each_row_once():
    rows = np.arange(10)
    orders = {}
    for seed in (0, 1):
        data = ShuffledRows((rows, -rows, None), 4, seed)
        follow = FollowEpochs(data)
        for epoch in (2, 0, 1):  # in whatever order they are asked for
            follow.on_epoch_begin(epoch)
            batches = [data[i] for i in range(len(data))]
            assert [len(x) for x, _ in batches] == [4, 4, 2]
            assert all((x == -y).all() for x, y in batches)
            orders[seed, epoch] = np.concatenate([x for x, _ in batches]).tolist()
            assert orders[seed, epoch] == np.random.default_rng([seed, epoch]).permutation(10).tolist()
    assert all(sorted(order) == list(range(10)) for order in orders.values())
    assert len({tuple(order) for order in orders.values()}) == 6


def line():
    """A linear model that starts at zero: its training can be followed with NumPy."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def trained_line(x, y, weight, orders, batch_size):
    """Gradient descent on Σ wᵢ (xᵢ·k + b − yᵢ)² / n, batch by batch, in float64."""
    x, y = x.astype(float), y.astype(float)[:, 0]
    kernel, bias = np.zeros(3), 0.0
    for order in orders:
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            error = weight[rows] * 2 * (x[rows] @ kernel + bias - y[rows]) / len(rows)
            kernel, bias = kernel - 0.1 * x[rows].T @ error, bias - 0.1 * error.sum()
    return [*kernel, bias]


class Batches(keras.utils.PyDataset):
    """All rows in one batch, so that the order of batches does not matter."""

    def __init__(self, x, y):
        super().__init__(workers=0)
        self.x, self.y = x, y

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.x, self.y


def in_order(seed):
    return [np.arange(12)] * 3


def shuffled(seed):
    return [np.random.default_rng([seed, epoch]).permutation(12) for epoch in range(3)]


def arrays(x, y, weight):
    return x, y


def weighted_arrays(x, y, weight):
    return x, y[:, 0], weight


def tf_dataset(x, y, weight):
    tf = pytest.importorskip("tensorflow", reason="tf.data is TensorFlow's")
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(5)


def py_dataset(x, y, weight):
    return Batches(x, y)


@pytest.mark.parametrize(
    ("make", "orders"),
    [(arrays, shuffled), (weighted_arrays, shuffled), (tf_dataset, in_order), (py_dataset, in_order)],
)
def test_a_trial_is_gradient_descent_on_these_rows(tmp_path, make, orders):
    x, y = table(12)
    weight = np.arange(12) / 6 if make is weighted_arrays else np.ones(12)
    data = make(x, y, weight)
    found = study(
        line, train=data, validation=data, epochs=3, batch_size=5, levers=["early_stopping"], store=tmp_path,
        keep_weights=True,
    )  # fmt: skip
    result = found.run(verbose=0)
    for seed in found.seeds:
        kernel, bias = found.model("baseline", seed).get_weights()
        expected = trained_line(x, y, weight, orders(seed), 12 if make is py_dataset else 5)
        np.testing.assert_allclose([*kernel[:, 0], *bias], expected, rtol=1e-4, atol=1e-6)
        error = np.mean(weight * (x @ expected[:3] + expected[3] - y[:, 0]) ** 2)
        trial = next(t for t in result.trials if (t.variant, t.seed) == ("baseline", seed))
        assert trial.metrics["val_data_loss"] == pytest.approx(error, rel=1e-4)
        assert trial.metrics["gap"] == pytest.approx(0, abs=1e-6)
        assert len(trial.curves["data_loss"]) == trial.epochs == 3


def test_all_variants_start_from_the_same_weights():
    build = Builder(lambda: regressor(keras.layers.Dense(4), keras.layers.Dense(4)))
    for seed in (0, 1):
        start = build_variant(build, BASELINE, seed)
        for name, strength in (("l2", 0.1), ("dropout", 0.5), ("max_norm", 3.0), ("weight_decay", 0.1)):
            variant = Variant(((levers.get(name), strength),))
            kernels = [v for v in build_variant(build, variant, seed).trainable_variables if v.name == "kernel"]
            ours = [v for v in start.trainable_variables if v.name == "kernel"]
            assert len(kernels) == len(ours) == 4
            for one, other in zip(ours, kernels, strict=True):
                np.testing.assert_array_equal(numpy(one), numpy(other))


def classifier(loss="binary_crossentropy", outputs=1, activation="sigmoid", learning_rate=0.05):
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(outputs, activation)]
    )
    model.compile(keras.optimizers.SGD(learning_rate), loss, metrics=["accuracy"])
    return model


def predicted(found, variant, seed):
    return numpy(found.model(variant, seed)(labels(seed=1)[0])).astype(float)


def test_early_stopping_watches_the_metric_of_the_study(tmp_path):
    def build():  # it learns so slowly that the loss falls in each epoch while no label changes
        return classifier(learning_rate=1e-5)

    found = study(
        build, train=labels(), validation=labels(seed=1), metric="val_accuracy", levers={"early_stopping": [1]},
        epochs=4, store=tmp_path, keep_weights=True,
    )  # fmt: skip
    result = found.run(verbose=0)
    assert [t.epochs for t in result.trials] == [4, 4, 2, 2]
    assert result.direction == "max"
    y = labels(seed=1)[1]
    for t in result.trials:
        p = predicted(found, t.variant, t.seed)
        assert t.metrics["val_accuracy"] == pytest.approx(np.mean((p > 0.5) == y))
    falling = np.diff([t.curves["val_data_loss"] for t in result.trials if t.epochs == 4])
    assert (falling < 0).all()


@pytest.mark.parametrize("kind", ["binary", "sparse"])
def test_smoothed_and_penalized_variants_are_judged_by_the_clean_loss(tmp_path, kind):
    classes = 2 if kind == "binary" else 3
    train, validation = labels(classes=classes), labels(seed=1, classes=classes)

    def build():
        if kind == "binary":
            return classifier()
        return classifier(keras.losses.SparseCategoricalCrossentropy(from_logits=True), 3, None)

    found = study(
        build, train=train, validation=validation, levers={"label_smoothing": [0.3], "l2": [0.5]}, store=tmp_path,
        keep_weights=True,
    )  # fmt: skip
    for t in found.run(verbose=0).trials:
        p, y = predicted(found, t.variant, t.seed), validation[1][:, 0]
        if kind == "binary":
            p = np.concatenate([1 - p, p], axis=1)
        else:
            p = np.exp(p) / np.exp(p).sum(1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(y)), y]))
        assert t.metrics["val_data_loss"] == pytest.approx(loss, rel=1e-5), t.variant
        assert t.curves["val_data_loss"][-1] == pytest.approx(loss, rel=1e-5)


def test_one_loss_for_two_outputs_is_summed_as_keras_sums_it(tmp_path):
    def build():
        inputs = keras.Input((3,))
        model = keras.Model(inputs, [keras.layers.Dense(1)(inputs), keras.layers.Dense(2)(inputs)])
        model.compile("sgd", "mse")
        return model

    x, y = table()
    data = (x, [y, np.concatenate([y, -y], axis=1)])
    found = study(build, train=data, validation=data, levers=["early_stopping"], store=tmp_path, keep_weights=True)
    first = found.run(verbose=0).trials[0]
    outputs = [numpy(o) for o in found.model("baseline", 0)(x)]
    expected = sum(np.mean((o - t) ** 2) for o, t in zip(outputs, data[1], strict=True))
    assert first.metrics["val_data_loss"] == pytest.approx(expected, rel=1e-5)


def test_the_kept_model_predicts_what_the_trained_one_did(tmp_path):
    seen = []
    found = study(
        noisy_regressor, levers={"dropout": [0.2], "early_stopping": [0]}, epochs=3, store=tmp_path, keep_weights=True,
        callbacks=lambda: [Watch(seen)],
    )  # fmt: skip
    found.run(verbose=0)
    again = study(
        noisy_regressor, levers={"dropout": [0.2], "early_stopping": [0]}, epochs=3, store=tmp_path, keep_weights=True
    )
    x = table(seed=1)[0]
    plan = [(variant, seed) for variant in found.variants for seed in found.seeds]
    for (variant, seed), (_, expected) in zip(plan, seen, strict=True):
        found_now = numpy(again.model(variant, seed)(x, training=False))
        np.testing.assert_allclose(found_now, expected, rtol=1e-6, atol=1e-6)
    with pytest.raises(ValueError, match="No weights are kept for 'baseline', seed 7"):
        again.model("baseline", 7)
    with pytest.raises(ValueError, match=r"`variant` must be one of \['baseline', 'dropout=0.2'"):
        again.model("dropout", 0)


def test_callbacks_are_made_anew_for_each_trial():
    made = []

    def callbacks():
        made.append(EarlyStopping("val_data_loss", patience=0))
        return made[-1:]

    result = study(callbacks=callbacks).run(verbose=0)
    assert len(made) == 4
    assert [len(c.history["epoch"]) for c in made] == [t.epochs for t in result.trials]


class Canned:
    """An engine that trains nothing."""

    name = "canned"

    def __init__(self, **metrics):
        self.metrics = metrics
        self.plans = []

    def run(self, setup, plan):
        self.plans.append([(variant.name, seed) for variant, seed in plan])
        return [trial(variant.name, seed, value=float(seed), **self.metrics) for variant, seed in plan]


def test_an_engine_of_ones_own_slots_in(recwarn):
    engine = Canned()
    found = study(engine=engine)
    result = found.run(verbose=0)
    assert engine.plans == [[("baseline", 0), ("baseline", 1), ("l2=0.1", 0), ("l2=0.1", 1)]]
    assert result.engine == "canned"
    assert [s.mean for s in result.summaries] == [0.5, 0.5]
    # What is finished is not asked for again, and a combination only adds its own.
    both = found.variants[1].plus(Variant(((levers.get("dropout"), 0.0),)))
    found.run_variants([both], verbose=0)
    (warning,) = [w for w in recwarn.list if w.category is NoEffectWarning]
    assert str(warning.message).startswith("'l2=0.1 + dropout=0': Nothing")
    assert engine.plans[1:] == [[("l2=0.1 + dropout=0", 0), ("l2=0.1 + dropout=0", 1)]]


def test_an_engine_that_leaves_trials_out_is_named():
    class Lazy(Canned):
        def run(self, setup, plan):
            return super().run(setup, plan)[:-1]

    with pytest.raises(
        RuntimeError, match=r"Engine 'canned' must yield a trial for each.*Missing: \[\('l2=0.1', 1\)\]"
    ):
        study(engine=Lazy()).run(verbose=0)


def test_a_trial_without_the_metric_is_stored_before_the_study_stops(tmp_path):
    def build():
        return classifier()

    found = study(
        build, train=labels(), validation=labels(), metric="val_accuracy", engine=Canned(val_acc=1.0), store=tmp_path
    )
    with pytest.raises(ValueError, match=r"`metric` must be one of .*'val_acc'.*Received: 'val_accuracy'"):
        found.run(verbose=0)
    assert (tmp_path / "trials.jsonl").read_text().count("\n") == 1


def test_a_callback_may_watch_the_validation_of_fit():
    def stopping():
        return [keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, min_delta=1e9)]

    result = study(epochs=9, callbacks=stopping, engine="sequential").run(verbose=0)
    assert {trial.epochs for trial in result.trials} == {2}
