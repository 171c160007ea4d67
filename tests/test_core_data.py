import keras
import numpy as np
import pytest

from keras_regkit._core.data import as_batches, count_rows, take_rows, weight_by_class
from keras_regkit.testing._models import Batches

X = np.arange(14, dtype="float32").reshape(7, 2)
Y = np.arange(7)
WEIGHT = np.linspace(0, 1, 7, dtype="float32")


def kinds():
    """The same 7 rows in batches of 3, in every kind that fit takes."""
    yield "arrays", (X, Y)
    yield "pydataset", Batches(X, Y, 3)
    yield "list of batches", [(X[i : i + 3], Y[i : i + 3]) for i in (0, 3, 6)]
    if keras.backend.backend() == "tensorflow":
        from keras_regkit.testing._tensorflow import as_dataset

        yield "tf.data", as_dataset(X, Y, 3)


def endless():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("tf.data is read with TensorFlow")
    from keras_regkit.testing._tensorflow import as_dataset

    return as_dataset(X, Y, 3).repeat()


class Endless(Batches):
    num_batches = None


KINDS = dict(kinds())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_batches_twice(kind):
    batches = as_batches(KINDS[kind], 3, "train")
    for _ in range(2):
        seen = list(batches())
        assert [count_rows(batch) for batch in seen] == [3, 3, 1]
        assert all(isinstance(x, np.ndarray) and weight is None for x, _, weight in seen)
        np.testing.assert_array_equal(np.concatenate([x for x, _, _ in seen]), X)
        np.testing.assert_array_equal(np.concatenate([y for _, y, _ in seen]), Y)


def test_structures_and_weights_are_sliced_together():
    (x, y, weight), _ = as_batches(({"a": X, "b": [X, Y]}, {"c": Y}, WEIGHT), 4, "train")()
    np.testing.assert_array_equal(x["a"], X[:4])
    np.testing.assert_array_equal(x["b"][1], Y[:4])
    np.testing.assert_array_equal(y["c"], Y[:4])
    np.testing.assert_array_equal(weight, WEIGHT[:4])


def test_float64_becomes_what_fit_computes_in():
    ((x, y, _),) = as_batches((X.astype("float64"), Y.astype("int64")), 8, "train")()
    assert (x.dtype, y.dtype) == ("float32", "int64")


def test_tensors_are_arrays():
    ((x, _, _),) = as_batches((keras.ops.convert_to_tensor(X), Y), 8, "train")()
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize(
    "data",
    [(batch for batch in [(X, Y)]), iter([(X, Y)]), None, 3, X, [X, Y], keras.ops.convert_to_tensor(X)],
    ids=["generator", "iterator", "none", "number", "array", "list of arrays", "tensor"],
)
def test_what_cannot_be_read_twice_as_batches_is_refused(data):
    with pytest.raises(TypeError, match=rf"`train` must be \(x, y\) arrays.*Received: {type(data).__name__}"):
        as_batches(data, 3, "train")


def test_endless_datasets_are_refused():
    with pytest.raises(ValueError, match="`train` must end"):
        as_batches(Endless(X, Y, 3), 3, "train")
    with pytest.raises(ValueError, match=r"`validation` must end.*take\(steps\)"):
        as_batches(endless(), 3, "validation")


@pytest.mark.parametrize("data", [(X, Y[:-1]), (X, Y, WEIGHT[:3]), ({"a": X, "b": X[:2]}, Y)])
def test_unequal_lengths_are_refused(data):
    with pytest.raises(ValueError, match="`train` must have equally many rows"):
        as_batches(data, 3, "train")


def test_rows_of_arrays_are_drawn_once_each_and_stay_together():
    x, y, weight = take_rows((X, Y, WEIGHT), 4, 0, "train")
    assert len(set(y)) == 4
    np.testing.assert_array_equal(x, X[y])
    np.testing.assert_array_equal(weight, WEIGHT[y])
    np.testing.assert_array_equal(take_rows((X, Y), 4, 0, "train")[1], y)
    drawn = {tuple(take_rows((X, Y), 4, seed, "train")[1]) for seed in range(5)}
    assert len(drawn) > 1


@pytest.mark.parametrize("size", [None, 7, 100])
@pytest.mark.parametrize("kind", KINDS)
def test_all_rows_are_taken(kind, size):
    x, y, weight = take_rows(KINDS[kind], size, 0, "train")
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)
    assert weight is None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "arrays"])
def test_a_dataset_is_read_no_further_than_needed(kind):
    assert count_rows(take_rows(KINDS[kind], 4, 0, "train")) == 6


def test_an_empty_dataset_is_refused():
    with pytest.raises(ValueError, match="at least one batch"):
        take_rows([], 3, 0, "train")


@pytest.mark.parametrize(
    "labels",
    [Y % 2, (Y % 2)[:, None], np.eye(2)[Y % 2], (Y % 2).astype("float32")],
    ids=["n", "n1", "one-hot", "float"],
)
def test_class_weights_multiply_row_weights(labels):
    _, _, weight = weight_by_class((X, labels, WEIGHT[:, None]), {1: 3.0})
    np.testing.assert_allclose(weight, WEIGHT * np.where(Y % 2, 3.0, 1.0))
    _, _, weight = weight_by_class((X, labels, None), {0: 0.5, 1: 3.0})
    np.testing.assert_allclose(weight, np.where(Y % 2, 3.0, 0.5))
