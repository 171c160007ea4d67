"""Small tasks on which training levers are compared: a plain model overfits each of them."""

import dataclasses
import functools

import keras
import numpy as np
from sklearn import datasets


@dataclasses.dataclass(frozen=True)
class Split:
    """Rows of one seed: arrays of inputs and integer labels."""

    train: tuple
    validation: tuple
    test: tuple


@dataclasses.dataclass(frozen=True)
class Task:
    """A classification task.

    Args:
        name: Name in the tables.
        load: Name of the scikit-learn table.
        train, validation: How many rows; the rest is the test set.
        label_noise: Share of training and validation labels that are replaced by another class, drawn evenly.
        units: Width of the two hidden layers.
        epochs, batch_size: How long the plain model trains: well into overfitting.
    """

    name: str
    load: str
    train: int
    validation: int
    label_noise: float
    units: int
    epochs: int
    batch_size: int

    def split(self, seed):
        """Returns the rows of one seed, standardized by its training rows."""
        x, y = getattr(datasets, f"load_{self.load}")(return_X_y=True)
        random = np.random.default_rng(seed)
        order = random.permutation(len(x))
        x, y = x[order].astype("float32"), y[order].astype("int32")
        known = self.train + self.validation
        x = (x - x[: self.train].mean(axis=0)) / (x[: self.train].std(axis=0) + 1e-3)
        noisy = random.random(known) < self.label_noise
        shift = random.integers(1, self.classes, size=known)
        y[:known] = np.where(noisy, (y[:known] + shift) % self.classes, y[:known])
        parts = [slice(self.train), slice(self.train, known), slice(known, None)]
        return Split(*((x[part], y[part]) for part in parts))

    @property
    def classes(self):
        return {"digits": 10, "breast_cancer": 2, "wine": 3}[self.load]

    @property
    def features(self):
        return {"digits": 64, "breast_cancer": 30, "wine": 13}[self.load]

    def model(self, dropout=0.0):
        """Returns a new uncompiled model: two hidden layers, and nothing that regularizes but `dropout`."""
        layers = [keras.Input((self.features,))]
        for _ in range(2):
            layers.append(keras.layers.Dense(self.units, activation="relu"))
            if dropout:
                layers.append(keras.layers.Dropout(dropout))
        return keras.Sequential([*layers, keras.layers.Dense(self.classes, activation="softmax")])

    def first_weights(self, seed):
        """Returns what the model starts from for a seed: all levers start from the same."""
        keras.utils.set_random_seed(seed)
        return self.model().get_weights()


class Transfer(Task):
    """Digits 5 to 9 from few rows, by a model that knows digits 0 to 4."""

    def split(self, seed):
        x, y = _digits()
        return _rows(x[y > 4], y[y > 4] - 5, self.train, self.validation, seed)

    def first_weights(self, seed):
        return _pretrained(self, seed)

    @property
    def classes(self):
        return 5


@functools.cache
def _pretrained(task, seed):
    x, y = _digits()
    keras.utils.set_random_seed(seed)
    model = task.model()
    head = model.layers[-1].get_weights()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x[y < 5], y[y < 5], epochs=20, batch_size=32, verbose=0)
    model.layers[-1].set_weights(head)
    return model.get_weights()


def _digits():
    x, y = datasets.load_digits(return_X_y=True)
    return (x.astype("float32") - 4.9) / 6.0, y.astype("int32")


def _rows(x, y, train, validation, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    parts = order[:train], order[train : train + validation], order[train + validation :]
    return Split(*((x[part], y[part]) for part in parts))


TASKS = {
    task.name: task
    for task in (
        Task("digits-noisy", "digits", 600, 300, 0.3, 128, 40, 32),
        Task("breast-cancer-small", "breast_cancer", 60, 100, 0.0, 64, 100, 16),
        Task("wine-small", "wine", 30, 60, 0.0, 64, 100, 16),
        Transfer("digits-transfer", "digits", 40, 100, 0.0, 64, 60, 8),
    )
}
