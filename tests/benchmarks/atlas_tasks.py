"""The tasks of the atlas: small, bundled with scikit-learn or made here, and overfitted by a model without levers.

Each has 160 training rows, 80 validation rows, which only levers see that watch training, and a test set.
"""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
from keras import layers
from sklearn import datasets

ROWS, STEPS, WORDS, TOKENS, SIDE, SAMPLES, RATE = 160, 48, 120, 18, 12, 256, 2000
PAD, MASK = 0, 1  # tokens that are no words


@dataclasses.dataclass(frozen=True)
class Task:
    """A task of the atlas.

    Args:
        name: Name in tables.
        what: What it is, in a line.
        kind: `"table"`, `"image"`, `"series"`, `"sound"` or `"text"`: which levers can be tried.
        load: Function that returns x and y, shuffled.
        layers: Function that returns the model's layers, the last one without its activation.
        outputs: Number of classes; 0 for regression.
        label_noise: Share of the training and validation labels replaced by another class.
        standardized: Whether columns are standardized, by the training rows.
        epochs: Epochs of each training, well into overfitting.
    """

    name: str
    what: str
    kind: str
    load: Callable
    layers: Callable
    outputs: int
    label_noise: float = 0.0
    standardized: bool = False
    epochs: int = 30

    def parts(self):
        """Returns `{"train": (x, y), "validation": ..., "test": ...}`."""
        x, y = self.load()
        if self.standardized:
            x = (x - x[:ROWS].mean(axis=0)) / (x[:ROWS].std(axis=0) + 1e-3)
        if not self.outputs:
            y = (y - y[:ROWS].mean()) / y[:ROWS].std()
        random = np.random.default_rng(1)
        known = ROWS * 3 // 2
        wrong = random.random(known) < self.label_noise
        if self.outputs:
            y[:known] = np.where(wrong, (y[:known] + random.integers(1, self.outputs, known)) % self.outputs, y[:known])
        x = x.astype("int32" if self.kind == "text" else "float32")
        y = y.astype("int32" if self.outputs else "float32")
        cuts = {"train": slice(ROWS), "validation": slice(ROWS, known), "test": slice(known, known + 1500)}
        return {name: (x[cut], y[cut]) for name, cut in cuts.items()}

    def model(self):
        """Returns a new compiled model with no lever on it."""
        dtype = "int32" if self.kind == "text" else None
        shape = self.load()[0].shape[1:]
        model = keras.Sequential([keras.Input(shape, dtype=dtype), *self.layers(), layers.Dense(self.outputs or 1)])
        entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(3e-3), entropy if self.outputs else "mse")
        return model


def _bundled(name):
    def load():
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(x))
        return x[order].astype("float32"), y[order]

    return load


def _digits():
    x, y = _bundled("digits")()
    return x / 16, y


def _digit_images():
    x, y = _digits()
    return 255 * x.reshape(-1, 8, 8, 1), y


def _shapes():
    """Bright discs, squares, crosses and rings of any colour on dark ground of any other, in noise."""
    random = np.random.default_rng(0)
    rows = ROWS * 3 // 2 + 1500
    y = random.integers(4, size=rows)
    across, down = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    center = random.uniform(4, SIDE - 5, size=(2, rows, 1, 1))
    size = random.uniform(2, 4, size=(rows, 1, 1))
    u, v = np.abs(across - center[0]), np.abs(down - center[1])
    far = np.hypot(u, v)
    drawn = np.stack(
        [
            far < size,
            np.maximum(u, v) < size * 0.9,
            (np.minimum(u, v) < 0.8) & (far < size * 1.2),
            np.abs(far - size) < 0.7,
        ]
    )[y, np.arange(rows)]
    colours = random.uniform(0, 0.5, size=(2, rows, 1, 1, 3)) + np.array([0.5, 0])[:, None, None, None, None]
    image = np.where(drawn[..., None], colours[0], colours[1]) + 0.08 * random.normal(size=(rows, SIDE, SIDE, 3))
    return 255 * image.clip(0, 1), y


def _series():
    """Three sensors that swing: the class is the shape of the swing; speed, phase, size and noise are not."""
    random = np.random.default_rng(0)
    rows = ROWS * 3 // 2 + 1500
    y = random.integers(4, size=rows)
    steps = np.arange(STEPS)[None, :, None]
    phase = random.uniform(0, 2 * np.pi, size=(rows, 1, 1)) + np.array([0, 1, 2])
    turn = random.uniform(0.2, 0.6, size=(rows, 1, 1)) * steps + phase
    swings = np.stack([np.sin(turn), np.sign(np.sin(turn)), (turn / np.pi) % 2 - 1, np.abs(np.sin(turn)) * 2 - 1])
    x = swings[y, np.arange(rows)] * random.uniform(0.5, 1.5, size=(rows, 1, 3))
    return x + 0.6 * random.normal(size=x.shape), y


def _sounds():
    """A tone, a tone that rises, one that falls, and one that trembles, each somewhere in time and in noise."""
    random = np.random.default_rng(0)
    rows = ROWS * 3 // 2 + 1500
    y = random.integers(4, size=rows)
    time = np.arange(SAMPLES)[None] / RATE
    pitch = random.uniform(150, 500, size=(rows, 1))
    slope = np.array([0, 2000, -2000, 0])[y][:, None]
    trembling = np.where(y[:, None] == 3, 1.5 * np.sin(2 * np.pi * 30 * time), 0)
    tone = np.sin(2 * np.pi * (pitch * time + slope * time**2 / 2) + trembling + random.uniform(0, 6, size=(rows, 1)))
    loud = np.exp(-(((time - random.uniform(0.03, 0.1, size=(rows, 1))) / 0.05) ** 2))
    x = random.uniform(0.2, 0.8, size=(rows, 1)) * tone * loud
    return x + 0.05 * random.normal(size=x.shape), y


def _sentences():
    """Words of Zipf's frequencies, a few of which speak for a class, and one that turns the word behind it around."""
    random = np.random.default_rng(0)
    rows = ROWS * 3 // 2 + 1500
    first, turning = 3, 2
    share = 1 / np.arange(3, WORDS - first + 3)
    x = first + random.choice(WORDS - first, size=(rows, TOKENS), p=share / share.sum())
    x[random.random(x.shape) < 0.12] = turning
    meaning = np.zeros(WORDS)
    meaning[first::3], meaning[first + 1 :: 3] = 1, -1
    turned = np.concatenate([np.zeros((rows, 1), bool), x[:, :-1] == turning], axis=1)
    length = random.integers(8, TOKENS + 1, size=(rows, 1))
    there = np.arange(TOKENS)[None] < length
    score = (np.where(turned, -1, 1) * meaning[x] * there).sum(axis=1) + 0.5 * random.normal(size=rows)
    return np.where(there, x, PAD), (score > 0).astype("int32")


def _dense():
    return [layers.Dense(32, "relu"), layers.Dense(32, "relu")]


def _convolutions():
    return [
        layers.Rescaling(1 / 255),
        layers.Conv2D(6, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(12, 3, strides=2, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(24, "relu"),
    ]


def _convolutions_in_time():
    return [
        layers.Conv1D(12, 5, strides=2, activation="relu"),
        layers.Conv1D(16, 5, strides=2, activation="relu"),
        layers.Flatten(),
        layers.Dense(32, "relu"),
    ]


def _of_waves():
    return [
        layers.Reshape((SAMPLES, 1)),
        layers.Conv1D(8, 16, strides=4, activation="relu"),
        layers.Conv1D(12, 8, strides=4, activation="relu"),
        layers.Flatten(),
        layers.Dense(32, "relu"),
    ]


def _recurrent():
    return [layers.Embedding(WORDS, 12, mask_zero=True), layers.LSTM(16)]


TASKS = [
    Task(
        "breast cancer",
        "569 tumours, 30 measures, benign or not",
        "table",
        _bundled("breast_cancer"),
        _dense,
        2,
        standardized=True,
    ),
    Task(
        "diabetes", "442 patients, 10 measures, progress", "table", _bundled("diabetes"), _dense, 0, standardized=True
    ),
    Task("noisy digits", "digits as 64 numbers, a quarter of the labels wrong", "table", _digits, _dense, 10, 0.25),
    Task("digit images", "digits, 8 × 8 pixels", "image", _digit_images, _convolutions, 10),
    Task("shapes", "four shapes in colour, 12 × 12 pixels", "image", _shapes, _convolutions, 4),
    Task("series", "three sensors, four shapes of a swing", "series", _series, _convolutions_in_time, 4),
    Task("sentences", "18 words, positive or negative, with negation", "text", _sentences, _recurrent, 2),
    Task("sounds", "four kinds of tone, an eighth of a second", "sound", _sounds, _of_waves, 4),
]
