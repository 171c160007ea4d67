"""A population trains as its members would alone, number by number. On JAX, where both run in one process."""

import contextlib
import itertools
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from tiny_studies import labels, regressor, table

from keras_regkit import presets
from keras_regkit.studies.builder import Builder
from keras_regkit.studies.design import one_knob_at_a_time
from keras_regkit.studies.engine import SequentialEngine, Setup
from keras_regkit.studies.population.recruiting import data_of, recruit

if keras.backend.backend() != "jax":
    pytest.skip("compares on JAX", allow_module_level=True)

import jax

from keras_regkit.studies.population import _jax_probe
from keras_regkit.studies.population._jax_convolution import by_patches
from keras_regkit.studies.population._jax_worker import Workshop

SEEDS = (0, 1, 2, 3)


def trained(build, knobs, width=3, epochs=3, train=None, validation=None, loss=None):
    """Returns the trials of both engines by pair: together, and alone."""
    setup = Setup(
        Builder(build), train or table(), validation or table(seed=1), epochs, 8, "val_data_loss", "min", loss=loss
    )
    plan = [(variant, seed) for variant in one_knob_at_a_time(knobs) for seed in SEEDS]
    jobs, _, unfit = recruit(setup, plan, "data", lambda size, members: width)
    assert not unfit
    workshop = Workshop()
    workshop.add(data_of(setup, "data"))
    together = {}
    for job in jobs:
        for finished in workshop.train(job, lambda *news: None):
            together[finished.record["variant"], finished.record["seed"]] = finished.record
    alone = {(t.variant, t.seed): t for t in SequentialEngine().run(setup, plan)}
    return together, alone


@contextlib.contextmanager
def float64():
    policy = keras.config.dtype_policy().name
    jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", False)
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy(policy)


def test_in_float64_all_is_equal_to_the_tenth_digit():
    def build(seed):
        return presets.mlp(3, task="binary", units=(8, 4), batch_norm=False, dropout=0.3, learning_rate=0.05, seed=seed)

    knobs = {
        "dropout": [0.5],
        "l2": [0.01],
        "label_smoothing": [0.1],
        "weight_decay": [0.1],
        "early_stopping": [0, 2],
    }
    with float64():
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        together, alone = trained(build, knobs, epochs=8, train=labels(20), validation=labels(seed=1), loss=loss)
    assert together.keys() == alone.keys()
    stopped = 0
    for pair, trial in alone.items():
        record = together[pair]
        assert record["epochs"] == trial.epochs, pair
        stopped += trial.epochs < 8
        for name, values in trial.curves.items():
            np.testing.assert_allclose(record["curves"][name], values, rtol=1e-10, err_msg=f"{pair} {name}")
        for name in ("data_loss", "val_data_loss", "gap"):
            np.testing.assert_allclose(record["metrics"][name], trial.metrics[name], rtol=1e-9, atol=1e-12)
        # Penalties are added up in float32.
        np.testing.assert_allclose(record["metrics"]["penalty"], trial.metrics["penalty"], rtol=1e-5)
    assert stopped >= 4  # or equal stopping epochs say nothing
    # What is equal here must be able to differ: seeds and variants are a thousandth apart or more.
    ends = sorted(trial.metrics["val_data_loss"] for pair, trial in alone.items() if "stopping" not in pair[0])
    assert np.median(np.diff(ends)) > 1e-4


def image_model():
    """A small convolutional net, also for `population_on_devices`."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.SpatialDropout2D(0.2),
            layers.Flatten(),
            layers.Dense(1, kernel_regularizer=keras.regularizers.L1L2(1e-3, 1e-3), kernel_constraint="max_norm"),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def sequence_model():
    layers = keras.layers
    tokens = keras.Input((5,), dtype="int32")
    x = layers.Embedding(9, 4)(tokens)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 2, dropout=0.2)(x, x))
    model = keras.Model(tokens, layers.Dense(1)(layers.GRU(3, dropout=0.2)(x)))
    model.compile(keras.optimizers.AdamW(0.01), "mse")
    return model


def own_noise():
    """Noise, penalties and normalization of ours, whose strengths are weights."""
    from keras_regkit import layers, regularizers

    return regressor(
        keras.layers.Dense(3, kernel_regularizer=regularizers.GroupLasso(0.01)),
        layers.Dropout(0.3),
        keras.layers.GaussianNoise(0.1),
    )


def images(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(20, 6, 6, 2)).astype("float32"), rng.normal(size=(20, 1)).astype("float32")


def sequences(seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 9, (20, 5)).astype("int32"), rng.normal(size=(20, 1)).astype("float32")


@pytest.mark.parametrize(
    ("build", "knobs", "data"),
    [
        (image_model, {"dropout": [0.4]}, images),
        (sequence_model, {"weight_decay": [0.1]}, sequences),
        (own_noise, {"early_stopping": [1]}, lambda seed=0: table(seed=seed)),
    ],
    ids=["images", "sequences", "ours"],
)
def test_in_float32_the_first_steps_are_equal(build, knobs, data):
    together, alone = trained(build, knobs, epochs=1, train=data(), validation=data(seed=1))
    for pair, trial in alone.items():
        for name in ("data_loss", "val_data_loss", "penalty"):
            assert together[pair]["metrics"][name] == pytest.approx(trial.metrics[name], rel=1e-5, abs=1e-6), pair


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_in_mixed_precision_the_same_units_are_dropped(policy):
    def build():
        keras.config.set_dtype_policy(policy)
        try:
            return regressor(keras.layers.Dropout(0.3), keras.layers.Dense(8))
        finally:
            keras.config.set_dtype_policy("float32")

    together, alone = trained(build, {"dropout": [0.6]}, epochs=1)
    for pair, trial in alone.items():
        for name in ("data_loss", "val_data_loss"):
            # A unit dropped here and not there would be seen: the two rates are far more apart.
            assert together[pair]["metrics"][name] == pytest.approx(trial.metrics[name], rel=3e-3), pair
    strong, weak = (alone["dropout=0.6", 0], alone["baseline", 0])
    assert strong.metrics["data_loss"] != pytest.approx(weak.metrics["data_loss"], rel=1e-2)


def nudged(build):
    """`build`, with one weight moved by the least that float32 can tell."""

    def builds():
        model = build()
        kernel = model.layers[0].kernel
        values = np.array(kernel.value)
        values.flat[0] = np.nextafter(values.flat[0], np.float32(9))
        kernel.assign(values)
        return model

    return builds


def test_later_drift_is_that_of_the_last_digit():
    def build():
        return regressor(keras.layers.BatchNormalization(), keras.layers.Dropout(0.2), keras.layers.Dense(8, "relu"))

    knobs = {"early_stopping": [99]}
    together, alone = trained(build, knobs, epochs=25)
    _, control = trained(nudged(build), knobs, epochs=25)

    def drift(pair, curves):
        return np.abs(np.array(curves["data_loss"]) - alone[pair].curves["data_loss"]).max()

    ours = [drift(pair, together[pair]["curves"]) for pair in alone]
    chaos = [drift(pair, control[pair].curves) for pair in alone]
    assert max(chaos) > 0  # a nudge is seen, or this compares nothing
    assert np.median(ours) <= 10 * np.median(chaos) + 1e-6


def test_places_that_are_refilled_train_as_fresh_ones_do():
    knobs = {"early_stopping": [0]}
    (few, alone), (many, _) = (trained(regressor, knobs, width=w, epochs=12) for w in (2, 8))
    for pair in alone:
        np.testing.assert_allclose(few[pair]["curves"]["data_loss"], many[pair]["curves"]["data_loss"], rtol=1e-6)
    assert len({record["epochs"] for record in few.values()}) > 1  # places were given up at different times


def test_a_member_that_diverges_takes_no_other_along():
    together, alone = trained(regressor, {"l2": [0.1, 1e38]}, epochs=2)
    for (variant, seed), record in together.items():
        finite = np.isfinite(record["metrics"]["val_data_loss"])
        assert finite == (variant != "l2=1e+38"), (variant, seed)
        if finite:
            wanted = alone[variant, seed].metrics["val_data_loss"]
            assert record["metrics"]["val_data_loss"] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("strides", "dilation"), [((1, 1), (1, 1)), ((2, 1), (1, 1)), ((1, 1), (2, 3))])
def test_patches_are_a_convolution(padding, strides, dilation):
    layer = keras.layers.Conv2D(3, (3, 2), strides=strides, padding=padding, dilation_rate=dilation)
    x = np.random.default_rng(0).normal(size=(2, 9, 8, 2)).astype("float32")
    model = keras.Sequential([keras.Input(x.shape[1:]), layer])
    wanted = np.asarray(model(x))
    with by_patches(model):
        assert "convolution_op" in vars(layer)
        np.testing.assert_allclose(np.asarray(model(x)), wanted, rtol=1e-4, atol=1e-5)
    assert "convolution_op" not in vars(layer)


class Step:
    """What the probe asks of a program, for a step that is written here."""

    first_batch, data = 4, (table(), None, None)

    def __init__(self, step):
        self._step = step

    def step(self, state, numbers, rows, data):
        return jax.tree.map(self._step, state)


def test_what_members_would_share_is_noticed():
    states = [([np.ones(2, "float32")], [], []), ([np.zeros(2, "float32")], [], [])]
    _jax_probe.probe(Step(lambda a: a * 2.0), states, [])
    calls = itertools.count(1)
    with pytest.raises(_jax_probe.NotAlike, match="shared by all"):
        _jax_probe.probe(Step(lambda a: a + next(calls)), states, [])  # as noise from a global state is


def test_two_devices_train_as_one_and_do_not_wait_for_each_other():
    script = pathlib.Path(__file__).parent / "population_on_devices.py"
    places = os.pathsep.join(place or os.getcwd() for place in sys.path)
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONPATH": places}
    process = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr[-2000:]
    found = json.loads(process.stdout)
    assert found["devices"] == 2
    assert found["collectives"] == []
    together, _ = trained(image_model, {"early_stopping": [1]}, width=4, epochs=1, train=images(), validation=images(1))
    for seed in SEEDS:
        wanted = together["baseline", seed]["metrics"]["data_loss"]
        assert found["data_loss"][str(seed)] == pytest.approx(wanted, rel=1e-5)
