"""What a unit is, for each kind of kernel."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_regkit import constraints
from keras_regkit._core.kernel_axes import as_matrix, from_matrix, input_axes, kernel_kind, layer_input_axes

RANDOM = np.random.default_rng(2)


def built(layer, shape):
    layer.build((None, *shape))
    return layer


LAYERS = {
    "dense": (lambda: keras.layers.Dense(3), (4,)),
    "conv": (lambda: keras.layers.Conv2D(4, 3), (6, 6, 2)),
    "depthwise": (lambda: keras.layers.DepthwiseConv2D(3, depth_multiplier=4, padding="same"), (6, 6, 2)),
    "conv_transpose": (lambda: keras.layers.Conv1DTranspose(4, 3), (6, 2)),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_unit_makes_one_output_channel(kind):
    """The weights that reach one channel of the output, found by switching them off, are those of one unit."""
    make, shape = LAYERS[kind]
    layer = built(make(), shape)
    kernel = layer.kernel
    x = RANDOM.normal(size=(1, *shape)).astype("float32")
    full = RANDOM.normal(size=kernel.shape).astype("float32")
    unit_of = np.zeros(kernel.shape, int)
    for position in np.ndindex(*kernel.shape):
        changed = full.copy()
        changed[position] += 1
        kernel.assign(full)
        before = ops.convert_to_numpy(layer(x))
        kernel.assign(changed)
        reached = np.flatnonzero(abs(ops.convert_to_numpy(layer(x)) - before).reshape(-1, before.shape[-1]).sum(axis=0))
        assert len(reached) == 1
        unit_of[position] = reached[0]
    axes = input_axes(kernel.shape, kind)
    columns = ops.convert_to_numpy(as_matrix(ops.convert_to_tensor(unit_of), axes))
    assert (columns == columns[:1]).all()
    assert len(set(columns[0])) == columns.shape[1]
    assert layer_input_axes(layer, kernel.shape) == axes
    assert input_axes(kernel.shape, kernel_kind(layer)) == axes


@pytest.mark.parametrize(
    ("equation", "shape", "axes"),
    [("ab,bc->ac", (4, 3), (0,)), ("abc,cde->abde", (4, 2, 3), (0,)), ("abc,bcd->ad", (4, 2, 3), (0, 1))],
)
def test_units_of_einsum_are_told_by_the_equation(equation, shape, axes):
    assert layer_input_axes(keras.layers.EinsumDense(equation, (3,)), shape) == axes


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 2), (3, 0), (0, 1, 2, 3)])
def test_matrix_and_back(axes):
    w = RANDOM.normal(size=(2, 3, 4, 5)).astype("float32")
    matrix = ops.convert_to_numpy(as_matrix(ops.convert_to_tensor(w), axes))
    assert matrix.shape[0] == np.prod([w.shape[a] for a in axes])
    np.testing.assert_array_equal(ops.convert_to_numpy(from_matrix(ops.convert_to_tensor(matrix), w.shape, axes)), w)
    np.testing.assert_allclose(matrix.sum(axis=0), w.sum(axis=axes).ravel(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "shape", "axes"),
    [
        ({}, (4, 3), 0),
        ({}, (3, 3, 2, 4), (0, 1, 2)),
        ({"kind": "depthwise"}, (3, 3, 2, 4), (0, 1)),
        ({"kind": "conv_transpose"}, (3, 3, 2, 4), (0, 1, 3)),
        ({"kind": "recurrent"}, (4, 12), 0),
        ({"axis": -1}, (4, 3), 1),
        ({"axis": [0, 1]}, (4, 3), (0, 1)),
        ({"axis": 0}, (5,), 0),
    ],
)
def test_max_norm_caps_along_the_axes_of_the_kind(arguments, shape, axes):
    w = RANDOM.normal(size=shape).astype("float32")
    norms = np.sqrt((w**2).sum(axis=axes, keepdims=True))
    cap = float(np.median(norms))
    got = ops.convert_to_numpy(constraints.MaxNorm(cap, **arguments)(w))
    np.testing.assert_allclose(got, w * np.minimum(1, cap / norms), rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "shape", "message"),
    [
        ({"axis": 2}, (4, 3), r"`axis` must be in \[-2, 1\] for a weight of shape \(4, 3\)\. Received: axis=2"),
        ({"axis": [0, -2]}, (4, 3), "names only"),
        ({}, (4,), r'kind="auto" must have rank at least 2.*axis=0'),
        ({"kind": "dense"}, (3, 3, 4), r'kind="dense" must have rank 2'),
        ({"kind": "depthwise"}, (3, 4), r'kind="depthwise" must have rank at least 3'),
    ],
)
def test_weights_without_these_axes_are_refused(arguments, shape, message):
    with pytest.raises(ValueError, match=message):
        constraints.L2Ball(**arguments)(np.ones(shape, "float32"))


def test_axis_and_kind_exclude_each_other():
    with pytest.raises(ValueError, match=r"`axis` or `kind`, not both.*axis=0, kind='dense'"):
        constraints.MaxNorm(axis=0, kind="dense")
    with pytest.raises(ValueError, match="Did you mean 'depthwise'"):
        constraints.MaxNorm(kind="depthwize")


@pytest.mark.parametrize("layer", ["LSTM", "GRU", "SimpleRNN"])
def test_recurrent_kernels_stay_within_the_cap(layer):
    cap = constraints.MaxNorm(0.3, kind="recurrent")
    make = getattr(keras.layers, layer)
    model = keras.Sequential([keras.Input((4, 2)), make(3, kernel_constraint=cap, recurrent_constraint=cap)])
    model.compile("sgd", "mse")
    model.fit(RANDOM.normal(size=(8, 4, 2)).astype("float32"), np.zeros((8, 3), "float32"), verbose=0)
    for kernel in (model.layers[0].cell.kernel, model.layers[0].cell.recurrent_kernel):
        norms = np.linalg.norm(ops.convert_to_numpy(kernel), axis=0)
        assert norms.max() <= 0.3 + 1e-6
