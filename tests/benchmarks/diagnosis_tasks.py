"""Tasks whose irreducible loss is known: a random teacher draws the targets, and a small network learns them.

Trainings of one `Group` have sizes and architecture in common, so that one compiled program trains them all. Each has a
teacher, noise, rows and settings of its own, drawn from its seed.
"""

import dataclasses

import keras
import numpy as np

FAMILIES = ("regression", "binary", "multiclass", "image")
KINDS = ("any", "scarce", "narrow", "plenty", "tiny validation")
CLASSES = 4
SIDE = 6  # pixels of an image
RICH = 8  # times the rows, for the twin that shows what the sample costs
TEST_ROWS = 1024  # at least


@dataclasses.dataclass(frozen=True)
class Group:
    """What trainings have in common.

    Args:
        seed: Seed of the group.
        kind: One of `KINDS`.
        family: One of `FAMILIES`.
        rows, validation_rows: Number of rows.
        features: Number of columns; 0 for images.
        units: Units of each hidden layer, or filters of each convolution.
        batch_norm: Whether the hidden layers are normalized.
        batch_size: Rows per step.
        optimizer: `"adam"` or `"sgd"`.
    """

    seed: int
    kind: str
    family: str
    rows: int
    validation_rows: int
    features: int
    units: tuple
    batch_norm: bool
    batch_size: int
    optimizer: str

    @property
    def outputs(self):
        return CLASSES if self.family in ("multiclass", "image") else 1

    @property
    def shape(self):
        return (SIDE, SIDE, 1) if self.family == "image" else (self.features,)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What one training of a group is set to.

    Args:
        teacher: Hidden units of the teacher; 0 for a linear one.
        noise: Standard deviation of a regression's noise, beside a signal of 1; of classes, from 0 for labels that are
            almost sure to 1 for labels that are hardly more than a guess.
        cleaner: Whether the validation rows have less noise than the train rows.
        learning_rate, dropout, l2, weight_decay: Of the network.
        end: The epoch after which it is judged.
    """

    teacher: int
    noise: float
    cleaner: bool
    learning_rate: float
    dropout: float
    l2: float
    weight_decay: float
    end: int


@dataclasses.dataclass(frozen=True)
class Part:
    """Rows, and for each the loss that the teacher itself has on it."""

    x: np.ndarray
    y: np.ndarray
    irreducible: np.ndarray

    def head(self, rows):
        return Part(self.x[:rows], self.y[:rows], self.irreducible[:rows])


def group(seed, kind=None):
    """Draws a group. Its kind leans it to one side, as chance alone would make some regimes rare."""
    kind = kind or KINDS[seed % len(KINDS)]
    rng = np.random.default_rng([seed, 0])
    # Twenty groups in a row are each kind with each family.
    family = FAMILIES[seed // len(KINDS) % len(FAMILIES)]
    widths = [(4,), (8,), (16,)] if family == "image" else [(8,), (32,), (128,), (32, 32), (64, 64)]
    rows, units = int(2 ** rng.uniform(6, 10)), widths[rng.integers(len(widths))]
    if kind == "scarce":
        rows, units = int(2 ** rng.uniform(5, 8)), widths[-rng.integers(1, 3)]
    elif kind == "narrow":
        rows, units = int(2 ** rng.uniform(8, 10)), [(1,), (2,), (3,), (2, 2)][rng.integers(4)]
    elif kind != "any":
        rows = int(2 ** rng.uniform(9, 10))
    if family == "image":
        rows = min(rows, 320)  # convolutions cost more
        units = units[:1]
    share = rng.uniform(0.15, 0.6)
    return Group(
        seed=seed,
        kind=kind,
        family=family,
        rows=rows,
        validation_rows=int(rng.integers(6, 20)) if kind == "tiny validation" else max(24, int(share * rows)),
        features=0 if family == "image" else int(rng.choice([4, 8, 16])),
        units=units,
        batch_norm=bool(rng.random() < 0.3) and kind != "narrow",
        batch_size=int(rng.choice([16, 32, 64] if rows > 128 else [8, 16, 32])),
        optimizer="sgd" if rng.random() < 0.3 else "adam",
    )


def settings(group, seed, ends):
    """Draws what a training is set to; it is judged at one of `ends`."""
    rng = np.random.default_rng([group.seed, seed, 1])
    hidden = {"narrow": [4, 8], "plenty": [0, 1, 2], "tiny validation": [0, 1, 2]}.get(group.kind, [0, 2, 4, 8])
    cleaner = bool(rng.random() < 0.25) and group.kind == "plenty"
    noise = rng.uniform(0.5, 1.0) if cleaner else rng.uniform(0.0, 1.0)
    usual = 0.003 if group.optimizer == "adam" else 0.05
    hasty = rng.random() < (0.4 if group.kind == "tiny validation" else 0.12)
    rate = usual * 10 ** (rng.uniform(0.7, 2.0) if hasty else rng.uniform(-1, 0.7))
    # A layer of rate 0 has nothing to draw with, and would be another program.
    dropout, l2, decay = 1e-6, 1e-8, 1e-8
    held = rng.random()
    if held < 0.2:
        dropout = rng.uniform(0.1, 0.7)
    elif held < 0.4:
        l2 = 10 ** rng.uniform(-4, -0.5)
    elif held < 0.5:
        decay = 10 ** rng.uniform(-3, 0)
    return Settings(
        teacher=int(rng.choice(hidden)),
        noise=float(noise),
        cleaner=cleaner,
        learning_rate=float(rate),
        dropout=float(dropout),
        l2=float(l2),
        weight_decay=float(decay),
        end=int(rng.choice(ends)),
    )


def parts(group, chosen, seed):
    """Returns `{name: Part}`.

    `train`; `validation`; `again`, other rows drawn as those of `validation` were; `test`; and `rich`, the train rows
    with seven times as many more.
    """
    teacher = Teacher(group, chosen.teacher, seed)
    rng = np.random.default_rng([group.seed, seed, 2])
    rich = teacher.draw(RICH * group.rows, rng, chosen.noise)
    less = chosen.noise * (0.4 if chosen.cleaner else 1)
    return {
        "train": rich.head(group.rows),
        "validation": teacher.draw(group.validation_rows, rng, less),
        "again": teacher.draw(group.validation_rows, rng, less),
        "test": teacher.draw(test_rows(group), rng, chosen.noise),
        "rich": rich,
    }


def test_rows(group):
    """A multiple of the validation rows, which then fill as many places by being repeated."""
    return -(-TEST_ROWS // group.validation_rows) * group.validation_rows


class Teacher:
    """Draws rows, and targets whose distribution it knows."""

    def __init__(self, group, units, seed):
        self.group = group
        rng = np.random.default_rng([group.seed, seed, 3])
        width, self.hidden = (9 if group.family == "image" else group.features), None
        if units:
            self.hidden = rng.normal(size=(width, units)) * 2 / np.sqrt(width), rng.normal(size=units)
            width = units
        self.last = rng.normal(size=(width, group.outputs))
        # The signal has mean 0 and standard deviation 1, as many rows show.
        self.center, self.spread = 0.0, 1.0
        sample = self.signal(self.inputs(4096, np.random.default_rng([group.seed, seed, 4])))
        self.center, self.spread = sample.mean(0), sample.std(0)

    def inputs(self, rows, rng):
        if self.group.family != "image":
            return rng.normal(size=(rows, self.group.features)).astype("float32")
        fields = rng.normal(size=(rows, SIDE + 2, SIDE + 2))
        smooth = sum(np.roll(fields, (i, j), (1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1)) / 3
        return smooth[:, 1:-1, 1:-1, None].astype("float32")

    def signal(self, x):
        x = x.astype("float64")
        if self.group.family == "image":
            # How much an image changes in each of nine directions: what a small convolution can find.
            shifts = [(0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0), (2, 2), (2, -2), (1, 2)]
            x = np.stack([np.abs(x - np.roll(x, shift, (1, 2))).mean((1, 2, 3)) for shift in shifts], -1)
            x = (x - 0.95) / 0.15
        if self.hidden is not None:
            weights, bias = self.hidden
            x = np.tanh(x @ weights + bias)
        return (x @ self.last - self.center) / self.spread

    def draw(self, rows, rng, noise):
        x = self.inputs(rows, rng)
        signal = self.signal(x)
        if self.group.family == "regression":
            error = noise * rng.normal(size=signal.shape)
            return Part(x, (signal + error).astype("float32"), error[:, 0] ** 2)
        logits = signal * (8 * (1 - noise) + 0.8)
        if self.group.outputs == 1:
            logits = np.concatenate([np.zeros_like(logits), logits], 1)
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        y = (rng.random((rows, 1)) > p.cumsum(1)).sum(1).clip(max=p.shape[1] - 1)
        return Part(x, y[:, None].astype("float32"), -np.log(p[np.arange(rows), y] + 1e-12))


def trivial_loss(group, y):
    """Returns the loss of a constant prediction, the best one for `y`."""
    if group.family == "regression":
        return float(np.var(y))
    share = np.bincount(y.astype(int).ravel(), minlength=2) / len(y)
    return float(-(share * np.log(share + 1e-12)).sum())


def network(group, chosen, seed, x):
    """Returns the network's outputs for the Keras tensor `x`."""
    layers = keras.layers
    image = group.family == "image"
    for units in group.units:
        penalty = keras.regularizers.L2(chosen.l2)
        if image:
            x = layers.Conv2D(units, 3, padding="same", kernel_regularizer=penalty)(x)
        else:
            x = layers.Dense(units, kernel_regularizer=penalty)(x)
        x = layers.BatchNormalization()(x) if group.batch_norm else x
        x = layers.Activation("relu")(x)
    x = layers.Flatten()(x) if image else x
    return layers.Dense(group.outputs)(layers.Dropout(chosen.dropout, seed=seed)(x))


def optimizer(group, chosen):
    if group.optimizer == "adam":
        return keras.optimizers.AdamW(chosen.learning_rate, weight_decay=chosen.weight_decay)
    return keras.optimizers.SGD(chosen.learning_rate, momentum=0.9, weight_decay=chosen.weight_decay)


def plain_loss(group):
    if group.family == "regression":
        return keras.losses.MeanSquaredError()
    if group.family == "binary":
        return keras.losses.BinaryCrossentropy(from_logits=True)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def build(group, chosen, seed=0):
    """Returns the compiled network, as one would write it."""
    keras.utils.set_random_seed(seed)
    x = keras.Input(group.shape)
    model = keras.Model(x, network(group, chosen, seed, x))
    model.compile(optimizer(group, chosen), plain_loss(group))
    return model
