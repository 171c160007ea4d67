"""What the cards of constraints do to models."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_regkit import constraints, levers
from keras_regkit._core.warnings import NoEffectWarning

# `pytest.warns` repeats the warning that Keras' variables give when NumPy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def net():
    inputs = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, name="conv")(inputs)
    x = layers.DepthwiseConv2D(3, name="depthwise")(x)
    x = layers.Conv2DTranspose(8, 3, name="transposed")(x)
    x = layers.Reshape((-1, 8))(x)
    x = layers.EinsumDense("abc,cd->abd", (None, 4), name="einsum")(x)
    x = layers.GRU(3, name="gru")(x)
    x = layers.Dense(5, name="dense")(x)
    model = keras.Model(inputs, layers.Dense(1, name="logits")(x))
    model.compile("sgd", "mse")
    return model


HIDDEN = ["conv", "depthwise", "transposed", "einsum", "gru", "dense"]


def constraint_of(layer):
    return layer.depthwise_constraint if layer.name == "depthwise" else layer.kernel_constraint


def constrained(model):
    return [layer.name for layer in model.layers if layer.name in [*HIDDEN, "logits"] and constraint_of(layer)]


def test_max_norm_knows_the_units_of_every_kernel():
    new = levers.get("max_norm").apply(net(), 0.2)
    assert constrained(new) == HIDDEN
    for weight in new.trainable_weights:
        weight.assign(10 * weight)  # so that every unit starts above the bound
    axes = {"conv": (0, 1, 2), "depthwise": (0, 1), "transposed": (0, 1, 3), "einsum": 0, "gru": 0, "dense": 0}
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 4)).astype("float32")
    new.fit(x, np.ones((4, 1), "float32"), verbose=0)
    for name in HIDDEN:
        layer = new.get_layer(name)
        kernel = ops.convert_to_numpy((layer.cell if name == "gru" else layer).kernel)
        norms = np.sqrt((kernel**2).sum(axis=axes[name]))
        assert norms.max() <= 0.2 + 1e-5, name
        if name in ("conv", "transposed", "einsum", "dense"):
            assert norms.min() > 0.19, name


@pytest.mark.parametrize(
    ("card", "cls"),
    [
        ("l1_ball", constraints.L1Ball),
        ("l2_ball", constraints.L2Ball),
        ("spectral_norm_cap", constraints.SpectralNorm),
        ("top_k_sparsity", constraints.TopKSparsity),
    ],
)
def test_strength_becomes_the_argument(card, cls):
    new = levers.get(card).apply(net(), 0.3)
    assert constrained(new) == HIDDEN
    for name in HIDDEN:
        constraint = constraint_of(new.get_layer(name))
        assert type(constraint) is cls
        assert 0.3 in constraint.get_config().values()


def test_orthonormal_goes_in_and_out():
    card = levers.get("orthonormal")
    new = card.apply(net(), 1)
    assert constrained(new) == HIDDEN
    assert constrained(card.apply(new, 0)) == []
    with pytest.warns(NoEffectWarning):
        assert constrained(card.apply(levers.get("max_norm").apply(net(), 1.0), 0)) == HIDDEN


def test_nm_sparsity_takes_kernels_that_blocks_of_four_fit():
    new = levers.get("nm_sparsity").apply(net(), 2)
    assert constrained(new) == ["conv", "transposed", "einsum", "gru"]  # dense takes 3 inputs
    assert new.get_layer("transposed").kernel_constraint.axis == -1
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 4)).astype("float32")
    new.fit(x, np.ones((4, 1), "float32"), verbose=0)
    kernel = ops.convert_to_numpy(new.get_layer("transposed").kernel)
    assert ((kernel.reshape(-1, 4) != 0).sum(axis=1) == 2).all()


def test_simplex_is_written_by_hand():
    with pytest.raises(ValueError, match=r"constraints\.Simplex\(\)"):
        levers.get("simplex").apply(net(), 1.0)
