"""Mistakes seeded into sound trainings, one at a time.

`BUGS` holds, for each, the rule that must find it, what else it rightly sets off, and where it goes: into the parts
that a training is made of (`before`), or into what `audit` gets (`after`).
"""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
from keras import layers, losses, regularizers

from keras_regkit import callbacks
from keras_regkit._core.tracking import all_layers
from keras_regkit.layers import GhostBatchNormalization

ROWS = 400
FORMS = ("sequential", "functional", "subclassed", "convolutional")


@dataclasses.dataclass
class Parts:
    """What a training is made of, before it is put together."""

    form: str
    hidden: list
    head: layers.Layer
    optimizer: object = "sgd"
    loss: object = "sparse_categorical_crossentropy"
    metrics: tuple = ("accuracy",)
    model_class: type = keras.Model
    data: dict = dataclasses.field(default_factory=dict)
    callbacks: list = dataclasses.field(default_factory=list)
    fit_args: dict = dataclasses.field(default_factory=dict)
    history: dict | None = None

    def build(self):
        """Returns the arguments of `audit`."""
        x = self.data["train"][0]
        stack = [*self.hidden, self.head]
        if self.form == "sequential":
            model = keras.Sequential([keras.Input(x.shape[1:]), *stack])
        elif self.form == "subclassed":
            model = Wired(stack)
        else:
            inputs = keras.Input(x.shape[1:])
            outputs = inputs
            for layer in stack:
                outputs = layer(outputs, training=False) if layer.name == "inner" else layer(outputs)
            model = self.model_class(inputs, outputs)
        model.compile(self.optimizer, self.loss, metrics=list(self.metrics))
        model(x[:2])
        rest = {"callbacks": self.callbacks, "fit_args": self.fit_args, "history": self.history}
        return {"model": model, **self.data, **rest}


class Wired(keras.Model):
    """Layers in a row, wired by its own `call`."""

    def __init__(self, stack):
        super().__init__()
        self.stack = stack

    def call(self, x, training=False):
        for layer in self.stack:
            x = layer(x, training=training) if "training" in layer.call_signature_parameters else layer(x)
        return x


def features(shape, seed, rows=ROWS, classes=4):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, rows)
    centres = np.random.default_rng(99).normal(size=(classes, *shape))
    return (1.5 * centres[y] + rng.normal(size=(rows, *shape))).astype("float32"), y


def sound(form, seed=0):
    """Returns the `Parts` of a training with nothing wrong."""
    shape = (6, 6, 2) if form == "convolutional" else (8,)
    if form == "convolutional":
        hidden = [
            layers.Conv2D(8, 3, use_bias=False, name="first"),
            layers.BatchNormalization(momentum=0.9, name="norm"),
            layers.ReLU(name="relu"),
            layers.Dropout(0.2, name="drop"),
            layers.Conv2D(8, 3, activation="relu", kernel_regularizer=regularizers.L2(1e-3), name="second"),
            layers.GlobalAveragePooling2D(name="pool"),
        ]
    else:
        hidden = [
            layers.Dense(16, use_bias=False, name="first"),
            layers.BatchNormalization(momentum=0.9, name="norm"),
            layers.ReLU(name="relu"),
            layers.Dropout(0.2, name="drop"),
            layers.Dense(8, activation="relu", kernel_regularizer=regularizers.L2(1e-3), name="second"),
        ]
    parts = Parts(form, hidden, layers.Dense(4, activation="softmax", name="head"))
    parts.data = {name: features(shape, [seed, i]) for i, name in enumerate(("train", "validation", "test"))}
    parts.callbacks = [
        callbacks.EarlyStopping(patience=10),
        keras.callbacks.ReduceLROnPlateau(patience=4),
        keras.callbacks.ModelCheckpoint("best.keras", "val_accuracy", mode="max", save_best_only=True),
    ]
    parts.fit_args = {"epochs": 100, "batch_size": 32}
    return parts


@dataclasses.dataclass(frozen=True)
class Bug:
    """One mistake.

    Args:
        rule: Id of the rule that must find it.
        name: What is wrong.
        before: Function that changes the parts.
        after: Function that changes the arguments of `audit`.
        also: Ids of rules that it rightly sets off too.
        forms: The forms of training it can be made in.
    """

    rule: str
    name: str
    before: Callable = lambda parts: None
    after: Callable = lambda case: None
    also: tuple = ()
    forms: tuple = FORMS


def layer(parts, name):
    return next(item for item in parts.hidden if item.name == name)


def put(parts, item, before=None):
    at = len(parts.hidden) if before is None else [h.name for h in parts.hidden].index(before)
    parts.hidden.insert(at, item)


def replace(parts, name, **changes):
    at = [h.name for h in parts.hidden].index(name)
    old = parts.hidden[at]
    parts.hidden[at] = type(old).from_config({**old.get_config(), **changes})


def rows_of(data, change):
    def map_data(case):
        x, y = case[data]
        case[data] = change(x.copy(), y.copy())

    return map_data


def set_fit(**values):
    return lambda parts: parts.fit_args.update(values)


def one_hot(parts, change=lambda y: y, loss="categorical_crossentropy", splits=("train",)):
    parts.loss = loss
    for name, (x, y) in parts.data.items():
        y = np.eye(4, dtype="float32")[y]
        parts.data[name] = x, change(y) if name in splits else y


def smooth(y):
    return 0.9 * y + 0.1 / y.shape[1]


def mix(y):
    return 0.7 * y + 0.3 * y[::-1]


def at(parts, name, value):
    setattr(parts, name, value)


class Forgetful(keras.Model):
    """A loss of its own, and no penalty in it."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(y, y_pred))


class Careless(layers.Layer):
    """Noise that does not ask whether the model trains."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.draws = keras.random.SeedGenerator(0)

    def call(self, x):
        return x + 0.3 * keras.random.normal(keras.ops.shape(x), seed=self.draws)


def with_cities(case):
    for number, (name, cities) in enumerate({"train": ("Ulm", "Jena"), "validation": ("Ulm", "Bonn")}.items()):
        x, y = case[name]
        case[name] = {"measures": x, "city": np.random.default_rng(number).choice(cities, len(y))}, y


def in_pairs(case):
    """Each patient gave two rows, and rows were dealt out one by one."""
    patients = np.random.default_rng(4).permutation(np.repeat(np.arange(ROWS), 2))
    case["groups"] = {"train": patients[:ROWS], "validation": patients[ROWS:]}


class Endless:
    """A dataset whose rows are made anew at each reading."""

    def __init__(self, make):
        self.make, self.reading = make, 0

    def __iter__(self):
        x, y = self.make(self.reading)
        self.reading += 1
        yield from ((x[i : i + 32], y[i : i + 32]) for i in range(0, len(x), 32))


def reshuffled(case):
    x, y = (np.concatenate(pair) for pair in zip(case["train"][:2], case["validation"][:2], strict=True))

    def part(rows):
        def make(reading):
            order = np.random.default_rng([7, reading]).permutation(len(x))[rows]
            return x[order], y[order]

        return make

    case["train"], case["validation"] = Endless(part(slice(0, ROWS))), Endless(part(slice(ROWS, None)))


def augmented(case):
    x, y = case["validation"]
    make = lambda reading: (x + 0.2 * np.random.default_rng(reading).normal(size=x.shape).astype("float32"), y)  # noqa: E731
    case["validation"] = Endless(make)


def scale_all(case):
    names = ("train", "validation", "test")
    whole = np.concatenate([case[name][0] for name in names])
    for name in names:
        x, y = case[name]
        case[name] = (x - whole.mean(0)) / whole.std(0), y


def copy_rows(noise):
    def change(case):
        x, y = case["validation"]
        x = x.copy()
        x[:60] = case["train"][0][:60] + noise * np.random.default_rng(5).normal(size=x[:60].shape)
        case["validation"] = x, np.concatenate([case["train"][1][:60], y[60:]])

    return change


def freeze_after(case):
    case["model"].fit(*case["train"], epochs=1, verbose=0)  # the optimizer holds on to what it trains from here
    named(case["model"], "second").trainable = False


def named(model, name):
    return next(layer for layer in all_layers(model) if layer.name == name)


def in_layers(name, change):
    def after(case):
        change(named(case["model"], name))

    return after


def curve(case):
    rng = np.random.default_rng(3)
    noise = 0.6 + 0.03 * rng.standard_normal(40)
    noise[17] = 0.72
    case["history"] = {"loss": np.linspace(1.4, 0.3, 40), "val_loss": np.linspace(1.4, 0.8, 40), "val_accuracy": noise}


WIRED = ("sequential", "functional", "convolutional")
TABLES = ("sequential", "functional", "subclassed")
CHECKPOINT = keras.callbacks.ModelCheckpoint

BUGS = [
    Bug(
        "RK101",
        "regularizer set after build",
        after=in_layers("first", lambda layer: setattr(layer, "kernel_regularizer", regularizers.L2(0.1))),
    ),
    Bug(
        "RK101",
        "regularizer strengthened after build",
        after=in_layers("second", lambda layer: setattr(layer, "kernel_regularizer", regularizers.L2(0.1))),
    ),
    Bug("RK102", "penalty on a frozen layer", lambda p: at(layer(p, "second"), "trainable", False)),
    Bug(
        "RK103",
        "a loss of one's own without the penalties",
        lambda p: at(p, "model_class", Forgetful),
        forms=("functional", "convolutional"),
    ),
    Bug("RK104", "L2 under AdamW", lambda p: at(p, "optimizer", keras.optimizers.AdamW(weight_decay=0.01))),
    Bug("RK105", "L2 under Adam", lambda p: at(p, "optimizer", "adam")),
    Bug(
        "RK106",
        "decay of biases and norms",
        lambda p: at(p, "optimizer", keras.optimizers.AdamW(weight_decay=0.01)),
        also=("RK104",),
    ),
    Bug("RK107", "L2 of 30", lambda p: replace(p, "second", kernel_regularizer=regularizers.L2(30.0))),
    Bug(
        "RK108",
        "L2 before batch normalization",
        lambda p: replace(p, "first", kernel_regularizer=regularizers.L2(1e-3)),
        forms=WIRED,
    ),
    Bug("RK109", "L1 for zeros, with SGD", lambda p: replace(p, "second", kernel_regularizer=regularizers.L1(1e-3))),
    Bug(
        "RK110",
        "the orthogonal penalty of matrices on a convolution",
        lambda p: replace(p, "second", kernel_regularizer=regularizers.OrthogonalRegularizer()),
        forms=("convolutional",),
    ),
    Bug("RK111", "L2 by its name", lambda p: replace(p, "second", kernel_regularizer="l2")),
    Bug("RK112", "'l1l2' by its name", lambda p: replace(p, "second", kernel_regularizer="l1l2")),
    Bug("RK201", "batches of 4", set_fit(batch_size=4)),
    Bug(
        "RK202",
        "momentum of 0.999 for 65 steps",
        lambda p: (replace(p, "norm", momentum=0.999), p.fit_args.update(epochs=5)),
        also=("RK503",),
    ),
    Bug(
        "RK203",
        "inputs scaled after the statistics were taken",
        after=in_layers(
            "norm",
            lambda layer: (
                layer.moving_mean.assign(layer.moving_mean + 50.0),
                layer.moving_variance.assign(layer.moving_variance * 1e-4),
            ),
        ),
        also=("RK701", "RK702"),
    ),
    Bug("RK205", "frozen after compile", after=freeze_after, also=("RK102",)),
    Bug(
        "RK204",
        "all frozen but the normalization",
        lambda p: [at(layer(p, name), "trainable", False) for name in ("first", "second")],
        forms=WIRED,
    ),
    Bug("RK206", "bias before batch normalization", lambda p: replace(p, "first", use_bias=True), forms=WIRED),
    Bug(
        "RK207",
        "dropout before batch normalization",
        lambda p: put(p, layers.Dropout(0.4, name="early"), "norm"),
        forms=WIRED,
    ),
    Bug(
        "RK208",
        "a ghost batch as large as the batch",
        lambda p: (
            put(p, GhostBatchNormalization(32, momentum=0.9, name="ghost"), "norm"),
            p.hidden.remove(layer(p, "norm")),
        ),
    ),
    Bug("RK209", "momentum as in PyTorch", lambda p: replace(p, "norm", momentum=0.1)),
    Bug("RK301", "frozen dropout", lambda p: at(layer(p, "drop"), "trainable", False)),
    Bug("RK302", "the rate kept instead of dropped", lambda p: replace(p, "drop", rate=0.85)),
    Bug(
        "RK303",
        "dropout on the output",
        lambda p: (p.hidden.append(p.head), at(p, "head", layers.Dropout(0.3, name="last"))),
        forms=WIRED,
        also=("RK306",),
    ),
    Bug(
        "RK304",
        "one seed for two dropouts",
        lambda p: (replace(p, "drop", seed=1), put(p, layers.Dropout(0.2, seed=1, name="other"))),
        forms=TABLES,
    ),
    Bug("RK305", "noise that is never off", lambda p: put(p, Careless(name="noisy"), "relu")),
    Bug(
        "RK306",
        "noise on probabilities",
        lambda p: (p.hidden.append(p.head), at(p, "head", layers.GaussianNoise(0.2, name="last"))),
        forms=WIRED,
        also=("RK303",),
    ),
    Bug(
        "RK307",
        "a backbone asked into inference mode",
        lambda p: put(p, keras.Sequential([layers.Dense(8), layers.Dropout(0.3)], name="inner")),
        forms=("functional", "convolutional"),
    ),
    Bug("RK401", "class numbers mixed", after=rows_of("train", lambda x, y: (x, 0.6 * y + 0.4 * y[::-1]))),
    Bug(
        "RK402",
        "smoothed in loss and data",
        lambda p: one_hot(p, smooth, losses.CategoricalCrossentropy(label_smoothing=0.1)),
    ),
    Bug(
        "RK403",
        "smoothing set on a made loss",
        lambda p: (one_hot(p, loss=losses.CategoricalCrossentropy()), at(p.loss, "label_smoothing", 0.2)),
    ),
    Bug(
        "RK404",
        "class weights with mixed labels",
        lambda p: (one_hot(p, mix), p.fit_args.update(class_weight={0: 4.0, 1: 1.0, 2: 1.0, 3: 1.0})),
    ),
    Bug(
        "RK405",
        "softmax taken for logits",
        lambda p: at(p, "loss", losses.SparseCategoricalCrossentropy(from_logits=True)),
    ),
    Bug("RK405", "logits taken for probabilities", lambda p: at(p, "head", layers.Dense(4, name="head"))),
    Bug(
        "RK406",
        "sigmoid for classes",
        lambda p: at(p, "head", layers.Dense(4, activation="sigmoid", name="head")),
        forms=WIRED,
    ),
    Bug(
        "RK407",
        "negative targets under ReLU",
        lambda p: (
            at(p, "head", layers.Dense(1, activation="relu", name="head")),
            at(p, "loss", "mse"),
            at(p, "metrics", ()),
            p.data.update(
                {
                    k: (x, x.reshape(len(x), -1)[:, :1] * 0.7 + x.reshape(len(x), -1)[:, 1:2])
                    for k, (x, _) in p.data.items()
                }
            ),
            p.callbacks.pop(),
        ),
        forms=WIRED,
    ),
    Bug(
        "RK408",
        "sparse accuracy of one-hot labels",
        lambda p: (one_hot(p), at(p, "metrics", ("sparse_categorical_accuracy",)), p.callbacks.pop()),
    ),
    Bug("RK409", "classes numbered from 1", after=rows_of("train", lambda x, y: (x, y + 1)), also=("RK602", "RK703")),
    Bug(
        "RK410",
        "a target of NaN",
        lambda p: (
            at(p, "head", layers.Dense(1, name="head")),
            at(p, "loss", "mse"),
            at(p, "metrics", ()),
            p.callbacks.pop(),
        ),
        rows_of("train", lambda x, y: (x, np.where(np.arange(len(y)) == 3, np.nan, y.astype("float32"))[:, None])),
        also=("RK703",),
    ),
    Bug("RK411", "smoothed validation labels", lambda p: one_hot(p, smooth, splits=("train", "validation"))),
    Bug(
        "RK501",
        "a monitor that is not logged",
        lambda p: p.callbacks.append(callbacks.EarlyStopping("val_acc", patience=9)),
    ),
    Bug(
        "RK502",
        "the best weights not restored",
        lambda p: at(p, "callbacks", [keras.callbacks.EarlyStopping(patience=9)]),
    ),
    Bug("RK503", "patience beyond the epochs", set_fit(epochs=8)),
    Bug(
        "RK504",
        "a start after the end",
        lambda p: p.callbacks.append(callbacks.EarlyStopping(patience=9, start_from_epoch=100)),
    ),
    Bug("RK505", "one callback twice", lambda p: p.callbacks.append(p.callbacks[0])),
    Bug("RK506", "averages overwritten", lambda p: at(p, "optimizer", keras.optimizers.SGD(use_ema=True))),
    Bug(
        "RK507",
        "plateau over a schedule",
        lambda p: at(p, "optimizer", keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 1000))),
    ),
    Bug("RK508", "stops before the plateau acts", lambda p: at(p.callbacks[0], "patience", 4)),
    Bug("RK509", "the best of a noisy accuracy", after=curve),
    Bug(
        "RK510",
        "the worst for the best",
        lambda p: p.callbacks.append(CHECKPOINT("a.keras", "val_accuracy", mode="min", save_best_only=True)),
    ),
    Bug(
        "RK601",
        "a split of sorted rows",
        set_fit(validation_split=0.2),
        lambda case: case.update(train=(case["train"][0][np.argsort(case["train"][1])], np.sort(case["train"][1]))),
    ),
    Bug(
        "RK602",
        "a class that is not trained on",
        after=lambda case: case.update(train=tuple(part[case["train"][1] != 2] for part in case["train"])),
        also=("RK612", "RK611"),
    ),
    Bug("RK603", "a city that is not trained on", after=with_cities),
    Bug("RK604", "rows in two splits", after=copy_rows(0.0)),
    Bug("RK605", "noisy copies in two splits", after=copy_rows(0.02)),
    Bug("RK606", "shuffle before take and skip", after=reshuffled, also=("RK604",)),
    Bug("RK607", "augmented validation", after=augmented),
    Bug("RK608", "scaled with all rows", after=scale_all),
    Bug(
        "RK609",
        "40 validation rows",
        after=lambda case: case.update(validation=tuple(part[:40] for part in case["validation"])),
    ),
    Bug("RK609", "a point claimed from 400 rows", after=lambda case: case.update(difference=0.01)),
    Bug(
        "RK610",
        "a quarter of the labels drawn anew",
        after=rows_of(
            "train",
            lambda x, y: (
                x,
                np.where(
                    np.random.default_rng(0).random(len(y)) < 0.25, np.random.default_rng(77).integers(0, 4, len(y)), y
                ),
            ),
        ),
    ),
    Bug(
        "RK611",
        "a column that drifts",
        after=rows_of("test", lambda x, y: (x + np.float32(1.0) * (np.arange(x.shape[-1]) == 1), y)),
        also=("RK612",),
    ),
    Bug(
        "RK612",
        "another mixture in the test data",
        after=rows_of("test", lambda x, y: (0.5 * x + 0.8, y)),
        also=("RK611",),
    ),
    Bug(
        "RK613",
        "an input of NaN",
        after=rows_of("train", lambda x, y: (np.where(np.arange(x.size).reshape(x.shape) == 9, np.nan, x), y)),
        also=("RK703",),
    ),
    Bug(
        "RK614",
        "columns of very different size",
        lambda p: p.hidden.remove(layer(p, "norm")),
        lambda case: [
            case.update({k: (case[k][0] * np.array([1e-3, 1e4] + [1] * 6, "float32"), case[k][1])})
            for k in ("train", "validation", "test")
        ],
        forms=("sequential", "functional", "subclassed"),
        also=("RK701",),
    ),
    Bug(
        "RK615",
        "the target among the columns",
        after=rows_of("train", lambda x, y: (np.where(np.arange(8) == 5, y[:, None] - 1.5, x).astype("float32"), y)),
        forms=TABLES,
        also=("RK611", "RK612"),
    ),
    Bug(
        "RK616",
        "sorted rows, not shuffled",
        set_fit(shuffle=False),
        lambda case: case.update(train=(case["train"][0][np.argsort(case["train"][1])], np.sort(case["train"][1]))),
    ),
    Bug("RK617", "patients in two splits", after=in_pairs),
    Bug(
        "RK701",
        "biases far below zero",
        after=in_layers("second", lambda layer: layer.bias.assign(layer.bias - 100.0)),
    ),
    Bug(
        "RK702",
        "weights of hundreds",
        after=in_layers("second", lambda layer: layer.kernel.assign(layer.kernel * 1e3)),
        also=("RK107", "RK701"),
    ),
    Bug(
        "RK703",
        "a weight of NaN",
        after=in_layers("second", lambda layer: layer.kernel.assign(layer.kernel * np.nan)),
        also=("RK701",),
    ),
]
