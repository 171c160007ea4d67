"""Which weights are kept, and how many."""

import numpy as np
import pytest
from keras import ops

from keras_regkit import constraints

RANDOM = np.random.default_rng(1)


def applied(constraint, w):
    return ops.convert_to_numpy(constraint(w))


@pytest.mark.parametrize(("n", "m", "shape", "axis"), [(2, 4, (8, 3), -2), (1, 3, (2, 2, 6, 4), 2), (2, 2, (5, 4), 1)])
def test_n_of_m(n, m, shape, axis):
    w = RANDOM.normal(size=shape).astype("float32")
    got = applied(constraints.NMSparsity(n, m, axis=axis), w)
    lines = np.moveaxis(w, axis, -1).reshape(-1, m)
    kept = np.moveaxis(got, axis, -1).reshape(-1, m)
    for line, result in zip(lines, kept, strict=True):
        largest = set(np.argsort(-abs(line))[:n])
        assert [bool(value) for value in result] == [i in largest for i in range(m)]
        np.testing.assert_array_equal(result[result != 0], line[result != 0])


def test_ties_are_broken():
    got = applied(constraints.NMSparsity(2, 4), np.ones((8, 2), "float32"))
    np.testing.assert_array_equal(got.reshape(2, 4, 2).sum(axis=1), np.full((2, 2), 2))


@pytest.mark.parametrize(("density", "kept"), [(0.5, 4), (0.3, 2), (0.01, 1), (1, 8), (0.1875, 2)])
def test_share_of_each_unit(density, kept):
    w = RANDOM.normal(size=(2, 2, 2, 5)).astype("float32")
    got = applied(constraints.TopKSparsity(density), w).reshape(8, 5)
    for before, after in zip(w.reshape(8, 5).T, got.T, strict=True):
        np.testing.assert_array_equal(after, np.where(abs(before) >= np.sort(abs(before))[-kept], before, 0))


def test_share_of_the_whole_tensor():
    w = RANDOM.normal(size=(5, 4)).astype("float32")
    got = applied(constraints.TopKSparsity(0.25, per="tensor"), w)
    np.testing.assert_array_equal(got, np.where(abs(w) >= np.sort(abs(w).ravel())[-5], w, 0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: constraints.NMSparsity(5, 4), r"`n` must be at most `m`.*n=5, m=4"),
        (lambda: constraints.NMSparsity()(np.ones((6, 3))), r"`m` must divide.*shape \(6, 3\).*Choose another"),
        (lambda: constraints.NMSparsity(axis=2)(np.ones((4, 3))), r"`axis` must be in \[-2, 1\].*axis=2"),
        (lambda: constraints.TopKSparsity(0.5, per="tensor", axis=0), r'Leave them out, or set per="unit"'),
        (lambda: constraints.TopKSparsity(0.5, per="units"), r"Did you mean 'unit'\?"),
        (lambda: constraints.TopKSparsity(0), r"`density` must be in \(0, 1\]"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()
