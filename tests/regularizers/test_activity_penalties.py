"""Penalties on activities, as they stand in `model.losses`."""

import keras
import numpy as np
import pytest

from keras_regkit import regularizers as r

RANDOM = np.random.default_rng(0)


def penalty(regularizer, x):
    """What Keras adds to the loss: the value, divided by the batch size."""
    layer = keras.layers.Identity(activity_regularizer=regularizer)
    layer(x)
    return float(keras.ops.convert_to_numpy(layer.losses[0]))


def kl(p, q):
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


@pytest.mark.parametrize("shape", [(6, 4), (6, 3, 4), (2, 3, 2, 4)])
def test_kl_sparsity(shape):
    x = RANDOM.uniform(0.1, 0.9, size=shape).astype("float32")
    means = [np.mean([row[j] for row in x.reshape(-1, 4)]) for j in range(4)]
    assert penalty(r.KLSparsity(0.3, rho=0.2), x) == pytest.approx(0.3 * sum(kl(0.2, m) for m in means), rel=1e-4)


def test_kl_sparsity_is_zero_at_its_aim_and_finite_at_the_ends():
    assert penalty(r.KLSparsity(1.0, rho=0.25), np.full((8, 3), 0.25, "float32")) == pytest.approx(0, abs=1e-6)
    for end in (0.0, 1.0):
        value = penalty(r.KLSparsity(1.0, rho=0.25), np.full((8, 3), end, "float32"))
        assert np.isfinite(value)
        assert value > 1


@pytest.mark.parametrize("shape", [(6, 4), (6, 3, 4)])
def test_decorrelation(shape):
    x = RANDOM.normal(size=shape).astype("float32")
    covariance = np.cov(x.reshape(-1, 4).T, bias=True)
    expected = sum(covariance[i, j] ** 2 for i in range(4) for j in range(4) if i != j) / 2
    assert penalty(r.Decorrelation(0.3), x) == pytest.approx(0.3 * expected, rel=1e-4)


def test_decorrelation_leaves_units_that_are_apart_alone():
    x = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], "float32")
    assert penalty(r.Decorrelation(1.0), 100 + 5 * x) == pytest.approx(0, abs=1e-5)


def test_activation_regularization():
    h = RANDOM.normal(size=(3, 5, 2)).astype("float32")
    squares = [float(v) ** 2 for v in h.ravel()]
    assert penalty(r.ActivityL2(2.0), h) == pytest.approx(2 * sum(squares) / len(squares), rel=1e-5)
    changes = [float(h[i, t + 1, j] - h[i, t, j]) ** 2 for i in range(3) for t in range(4) for j in range(2)]
    assert penalty(r.TemporalActivityL2(1.5), h) == pytest.approx(1.5 * sum(changes) / len(changes), rel=1e-5)
    assert penalty(r.TemporalActivityL2(1.5), h[:, :1]) == 0


def test_total_variation_is_the_mean_over_the_examples():
    images = RANDOM.normal(size=(4, 3, 3, 2)).astype("float32")
    one_by_one = [penalty(r.TotalVariation(0.1, "activity"), images[i : i + 1]) for i in range(4)]
    assert penalty(r.TotalVariation(0.1, "activity"), images) == pytest.approx(np.mean(one_by_one), rel=1e-5)


@pytest.mark.parametrize(
    "regularizer",
    [
        r.KLSparsity(1.0),
        r.Decorrelation(1.0),
        r.ActivityL2(1.0),
        r.TemporalActivityL2(1.0),
        r.TotalVariation(1.0, "activity"),
    ],
    ids=lambda reg: type(reg).__name__,
)
def test_batch_size_does_not_change_the_penalty(regularizer):
    x = RANDOM.uniform(0.1, 0.9, size=(4, 5, 3)).astype("float32")
    assert penalty(regularizer, np.concatenate([x, x, x])) == pytest.approx(penalty(regularizer, x), rel=1e-5)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_trains_on_batches_of_any_size_and_sequences_of_any_length(policy, tmp_path):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        inputs = keras.Input((None, 2))
        h = keras.layers.GRU(3, return_sequences=True, activity_regularizer=r.TemporalActivityL2(1.0))(inputs)
        h = keras.layers.Dropout(0.2, activity_regularizer=r.ActivityL2(2.0))(h)
        h = keras.layers.Dense(4, "sigmoid", activity_regularizer=r.KLSparsity(0.1))(h)
        h = keras.layers.Dense(4, activity_regularizer=r.Decorrelation(0.1))(h)
        h = keras.layers.Conv1D(4, 1, activity_regularizer=r.TotalVariation(0.1, "activity"))(h)
        model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.GlobalAveragePooling1D()(h)))
    finally:
        keras.config.set_dtype_policy(before)
    # On torch, jit_compile means torch.compile, which needs a C++ compiler.
    model.compile("sgd", "mse", jit_compile=False if keras.backend.backend() == "torch" else "auto")
    x, y = RANDOM.normal(size=(7, 5, 2)), RANDOM.normal(size=(7, 1))
    history = model.fit(x, y, batch_size=4, epochs=2, verbose=0)  # the last batch is a short one
    assert np.isfinite(history.history["loss"]).all()
    model.evaluate(x[:, :3], y, verbose=0)
    model(x.astype("float32"))
    losses = [float(keras.ops.convert_to_numpy(value)) for value in model.losses]
    assert len(losses) == 5
    assert min(losses) > 0
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    loaded(x.astype("float32"))
    again = [float(keras.ops.convert_to_numpy(value)) for value in loaded.losses]
    assert again == pytest.approx(losses, rel=1e-2)


def test_states_of_a_recurrent_layer_are_no_sequences():
    layer = keras.layers.GRU(
        3, return_sequences=True, return_state=True, activity_regularizer=r.TemporalActivityL2(1.0)
    )
    with pytest.raises(ValueError, match="one such output"):
        layer(RANDOM.normal(size=(2, 4, 3)).astype("float32"))
