"""Data of every form are looked at or said to be beyond a rule: no rule breaks on them."""

import keras
import numpy as np
import pytest

from keras_regkit.diagnosis import audit
from keras_regkit.diagnosis.audit import samples

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype("float32")
Y = RNG.integers(0, 3, 60)


class Endless:
    def __iter__(self):
        while True:
            yield X[:8], Y[:8]


class Sequence(keras.utils.PyDataset):
    def __len__(self):
        return 6

    def __getitem__(self, i):
        return X[10 * i : 10 * i + 10], Y[10 * i : 10 * i + 10]


FORMS = {
    "arrays": (X, Y),
    "one row": (X[:1], Y[:1]),
    "no rows": (X[:0], Y[:0]),
    "no targets": (X, None),
    "weights": (X, Y, np.ones(60)),
    "one class": (X, np.zeros(60, int)),
    "constant inputs": (np.ones_like(X), Y),
    "NaN": (np.full_like(X, np.nan), Y),
    "NaN targets": (X, np.full(60, np.nan)),
    "strings": (np.array([["a", "b"]] * 60), Y),
    "objects": (np.array([["a", 1.0]] * 60, dtype=object), Y),
    "string labels": (X, np.array(["cat", "dog", "cow"])[Y]),
    "dict with strings": ({"a": X[:, 0], "city": np.array(["Ulm", "Jena", "Bonn"])[Y], "b": X}, Y),
    "two inputs": ((X, X[:, :1]), Y),
    "two targets": (X, {"a": Y, "b": X[:, 0]}),
    "list of targets": (X, [Y, X[:, 0]]),
    "images": (RNG.random((60, 9, 9, 3)), Y),
    "byte images": (RNG.integers(0, 255, (60, 9, 9, 1)).astype("uint8"), Y),
    "series": (RNG.random((60, 20, 2)), Y),
    "labels of pixels": (RNG.random((60, 4, 4, 1)), RNG.integers(0, 2, (60, 4, 4))),
    "tokens": (RNG.integers(0, 50, (60, 7)), Y),
    "booleans": (X > 0, X[:, :1] > 0),
    "multi-hot": (X, (RNG.random((60, 4)) < 0.5).astype("float32")),
    "PyDataset": Sequence(workers=1),
    "endless": Endless(),
    "nothing": [],
    "generator": (batch for batch in [(X, Y)]),
}


@pytest.mark.parametrize("form", FORMS)
def test_no_rule_breaks(form, monkeypatch):
    monkeypatch.setattr(samples, "ROWS", 300)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    data, other = FORMS[form], (X, Y)
    fit_args = {"validation_split": 0.2, "epochs": 3, "class_weight": {0: 1.0, 1: 2.0}}
    for splits in (
        {"train": data, "validation": data},
        {"train": other, "validation": data},
        {"train": data, "test": other},
    ):
        found = audit(model, **splits, fit_args=fit_args)
        broken = {id: reason for id, reason in found.skipped.items() if "failed with" in reason}
        assert not broken
        assert found.to_json()


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        ([1, 2, 3], TypeError, "must be a dict from some of"),
        ({"training": [1]}, ValueError, "must be a dict from some of"),
        ({"train": [1, 2, 3]}, ValueError, r"`groups\['train'\]` must hold one group for each of its 4 rows.*\(3,\)"),
        ({"test": [[1], [2]]}, ValueError, "must hold one group for each row"),
    ],
)
def test_groups_that_are_none(groups, error, message):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(error, match=message):
        audit(model, train=(np.ones((4, 2)), np.ones((4, 1))), groups=groups)


def test_rows_without_number_tell_a_difference_or_do_not(monkeypatch):
    monkeypatch.setattr(samples, "ROWS", 300)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    seen = {d: audit(model, validation=Endless(), difference=d) for d in (0.01, 0.5)}
    assert "304 looked at do not tell 0.01" in seen[0.01].skipped["RK609"]
    assert "RK609" in seen[0.5].checked
    assert not any(finding.id == "RK609" for found in seen.values() for finding in found.findings)


@pytest.mark.parametrize("difference", [0, -1, 2])
def test_a_difference_is_a_share(difference):
    with pytest.raises(ValueError, match=r"`difference` must be in \(0, 1\]"):
        audit(keras.Sequential([keras.layers.Dense(1)]), difference=difference)


class Noisy(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x), seed=self.seeds)


def test_losses_that_differ_by_noise_tell_nothing_of_penalties():
    dense = keras.layers.Dense(3, activation="softmax", kernel_regularizer="l2")
    model = keras.Sequential([keras.Input((3,)), Noisy(), dense])
    model.compile("sgd", "sparse_categorical_crossentropy")
    found = audit(model, train=(X, Y))
    assert "random numbers outside training" in found.skipped["RK103"]
    assert "RK305" in {finding.id for finding in found.findings}
