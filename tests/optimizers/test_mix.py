"""Mixins together, with any optimizer, and in another process."""

import itertools
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from problems import assert_same, data, small, trained

from keras_regkit import optimizers
from keras_regkit.optimizers.mix import add_mixin, take_mixin

ARGUMENTS = {
    optimizers.Lookahead: {"sync_period": 3},
    optimizers.LearningRateMultipliers: {"multipliers": {"hidden/.*": 0.5}},
    optimizers.Proximal: {},
    optimizers.WeightDecayPolicy: {"weight_decay": 0.1},
    optimizers.GradientCentralization: {},
    optimizers.AdaptiveGradientClipping: {"clipping": 0.1},
    optimizers.GradientNoise: {"eta": 0.01, "seed": 0},
}
PAIRS = list(itertools.combinations(ARGUMENTS, 2))
L1 = keras.regularizers.L1(0.01)


def mixed(*mixins, base=keras.optimizers.Adam, **arguments):
    given = {key: value for mixin in mixins for key, value in ARGUMENTS[mixin].items()}
    return optimizers.mix(base, *mixins)(0.01, **given, **arguments)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "-".join(mixin.__name__ for mixin in pair))
def test_every_pair_trains_in_mixed_precision_with_accumulated_gradients(pair):
    model = small("mixed_float16", L1)
    start = model.get_weights()
    optimizer = keras.optimizers.LossScaleOptimizer(mixed(*pair, gradient_accumulation_steps=2))
    weights = trained(model, optimizer, epochs=3)
    assert all(np.isfinite(w).all() for w in weights)
    assert not np.allclose(weights[0], start[0])


def test_the_order_in_which_mixins_are_named_does_not_matter():
    first = optimizers.mix(keras.optimizers.Adam, optimizers.Lookahead, optimizers.Proximal)
    assert optimizers.mix(keras.optimizers.Adam, optimizers.Proximal, optimizers.Lookahead) is first
    assert optimizers.mix(optimizers.ProximalAdam, optimizers.Lookahead) is first
    assert optimizers.mix(optimizers.LookaheadAdam, optimizers.Proximal) is first
    assert first.__name__ == "LookaheadProximalAdam"


@pytest.mark.parametrize(
    "base",
    [
        keras.optimizers.SGD, keras.optimizers.RMSprop, keras.optimizers.Adagrad, keras.optimizers.Adadelta,
        keras.optimizers.Adamax, keras.optimizers.Nadam, keras.optimizers.Ftrl, keras.optimizers.Lion,
        keras.optimizers.Adafactor, keras.optimizers.Muon, keras.optimizers.AdamW,
    ],
)  # fmt: skip
def test_every_optimizer_of_keras_can_be_mixed(base):
    mixins = [mixin for mixin in ARGUMENTS if mixin is not optimizers.Proximal]
    optimizer = mixed(*mixins, base=base)
    weights = trained(small(), optimizer)
    assert all(np.isfinite(w).all() for w in weights)
    again = type(optimizer).from_config(optimizer.get_config())
    assert_same(weights, trained(small(), again))


def test_jit_ema_and_everything_at_once():
    # All but noise, which XLA draws with another algorithm.
    mixins = [mixin for mixin in ARGUMENTS if mixin is not optimizers.GradientNoise]
    jit = keras.backend.backend() != "torch"
    jitted, plain = (
        trained(small(regularizer=L1), mixed(*mixins, use_ema=True, clipnorm=1.0), jit_compile=each)
        for each in (jit, False)
    )
    assert_same(jitted, plain, 1e-4)


_CONTINUE = """
import json, sys
import keras_regkit, keras, numpy
data = numpy.load(sys.argv[1])
for name in json.loads(sys.argv[2]):
    model = keras.saving.load_model(name)
    model.fit(data["x"], data["y"], batch_size=8, epochs=2, shuffle=False, verbose=0)
    numpy.savez(name + ".npz", *model.get_weights())
    print(type(model.optimizer).__name__)
"""


def test_models_go_on_in_another_process_as_they_would_have_here(tmp_path):
    x, y = data()
    np.savez(tmp_path / "data.npz", x=x, y=y)
    chosen = [tuple(ARGUMENTS), PAIRS[0], (optimizers.GradientNoise,), (optimizers.Proximal,)]
    files, expected = [], []
    for number, mixins in enumerate(chosen):
        model = small(regularizer=L1)
        trained(model, mixed(*mixins))
        files.append(str(tmp_path / f"{number}.keras"))
        model.save(files[-1])
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        expected.append(model.get_weights())
    command = [sys.executable, "-c", _CONTINUE, str(tmp_path / "data.npz"), json.dumps(files)]
    root = str(pathlib.Path(optimizers.__file__).parents[2])
    environment = {**os.environ, "KERAS_BACKEND": keras.backend.backend(), "PYTHONPATH": root}
    process = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert process.returncode == 0, process.stderr[-2000:]
    for file, weights in zip(files, expected, strict=True):
        with np.load(file + ".npz") as found:
            assert_same([found[f"arr_{i}"] for i in range(len(found.files))], weights, 1e-5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((keras.optimizers.Adam,), ValueError, "at least one mixin"),
        ((keras.optimizers.Adam, optimizers.Lookahead, optimizers.Lookahead), ValueError, "each once"),
        ((optimizers.ProximalAdam, optimizers.Proximal), ValueError, "ProximalAdam is a Proximal already"),
        (("adam", optimizers.Lookahead), TypeError, r"must be an optimizer class.*Received: 'adam'"),
        ((keras.layers.Dense, optimizers.Lookahead), TypeError, "must be an optimizer class"),
        ((keras.optimizers.Optimizer, optimizers.Lookahead), TypeError, "an `update_step` of its own"),
        ((keras.optimizers.LossScaleOptimizer, optimizers.Lookahead), TypeError, "must take steps itself"),
        ((keras.optimizers.Adam, optimizers.LookaheadAdam), TypeError, "A mixin must be one of"),
        ((keras.optimizers.Adam, keras.optimizers.SGD), TypeError, "A mixin must be one of"),
        ((keras.optimizers.Muon, optimizers.Proximal), ValueError, "Received: Muon"),
    ],
)
def test_what_cannot_be_mixed_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        optimizers.mix(*arguments)


@pytest.mark.skipif(not hasattr(keras.optimizers, "MultiOptimizer"), reason="Keras has MultiOptimizer since 3.15")
def test_an_optimizer_around_several_is_refused():
    with pytest.raises(TypeError, match="must take steps itself"):
        optimizers.mix(keras.optimizers.MultiOptimizer, optimizers.Lookahead)


def test_an_instance_is_refused_with_its_class():
    with pytest.raises(TypeError, match="Give its class, Adam"):
        optimizers.mix(keras.optimizers.Adam(), optimizers.Lookahead)


def test_a_class_with_mixins_of_its_own_is_refused():
    class Mine(optimizers.Lookahead, keras.optimizers.Adam):
        pass

    with pytest.raises(ValueError, match="name all of them together"):
        optimizers.mix(Mine, optimizers.Proximal)


def test_a_mixin_is_added_set_anew_and_taken():
    optimizer = add_mixin(keras.optimizers.Adam(0.02, beta_1=0.8), optimizers.Lookahead, sync_period=7)
    assert (type(optimizer).__name__, optimizer.sync_period, optimizer.beta_1) == ("LookaheadAdam", 7, 0.8)
    noisy = add_mixin(optimizer, optimizers.GradientNoise, eta=0.5)
    assert (type(noisy).__name__, noisy.sync_period, noisy.eta) == ("LookaheadGradientNoiseAdam", 7, 0.5)
    assert add_mixin(noisy, optimizers.Lookahead, sync_period=2).sync_period == 2
    plain = take_mixin(take_mixin(noisy, optimizers.Lookahead), optimizers.GradientNoise)
    assert isinstance(plain, keras.optimizers.Adam)
    assert "Noise" not in type(plain).__name__
    assert plain.get_config()["beta_1"] == 0.8
