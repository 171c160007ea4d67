"""Splits for the rules about data: what their numbers are."""

import keras
import numpy as np
from audit_cases_data import case, classes, table
from audit_table import faulty, fine
from keras import layers


def scaled(fit_on, low_high=False):
    """Skewed columns, split by halves after scaling."""
    x = np.random.default_rng(0).gamma(2.0, size=(200, 5))
    part = x[: {"all": 200, "train": 150}[fit_on]]
    if low_high:
        return (x - part.min(0)) / np.ptp(part, axis=0)
    return (x - part.mean(0)) / part.std(0)


def halves(x):
    y = classes(200)
    return case(train=(x[:150], y[:150]), validation=(x[150:], y[150:]))


@faulty("RK608", where="train, validation", columns=5, count=1)
def standardized_with_all_rows():
    return halves(scaled("all"))


@faulty("RK608", where="train, validation")
def least_and_largest_of_all_rows():
    return halves(scaled("all", low_high=True))


@faulty("RK608", where="train, validation, test", count=1)
def standardized_with_test_rows():
    x, y = scaled("all"), classes(200)
    return case(train=(x[:120], y[:120]), validation=(x[120:160], y[120:160]), test=(x[160:], y[160:]))


@fine("RK608")
def standardized_with_training_rows():
    return halves(scaled("train"))


@fine("RK608")
def least_and_largest_of_training_rows():
    return halves(scaled("train", low_high=True))


@fine("RK608")
def pixels_between_0_and_1():
    pixels = np.random.default_rng(0).integers(0, 256, (200, 5)) / 255
    return halves(np.clip(pixels, 0.1, 0.9) / 0.8 - 0.125)


@faulty("RK609", where="validation", rows=60, count=1, **{"accuracy known to ±": 1.96 * np.sqrt(0.09 / 60)})
def few_validation_rows():
    return case(train=(table(), classes()), validation=(table(60), classes(60)))


@faulty("RK609", rows=150, **{"accuracy known to ±": 1.96 * np.sqrt(0.25 / 150)})
def few_rows_for_that_accuracy():
    history = {"val_accuracy": [0.3, 0.5, 0.4]}
    return case(train=(table(), classes()), validation=(table(150), classes(150)), history=history)


@faulty("RK609", rows=60)
def few_rows_of_numbers():
    return case(validation=(table(60), table(60)[:, 0]))


@faulty("RK609", **{"difference claimed": 0.01, "differences in accuracy known to ±": 1.96 * np.sqrt(2 * 0.09 / 400)})
def too_few_rows_for_a_point():
    return case(validation=(table(), classes()), difference=0.01)


@faulty("RK609", **{"differences in squared error known to ±": 1.96 * np.sqrt(4 / 400)})
def too_few_rows_for_a_share_of_the_error():
    return case(validation=(table(), table()[:, 0]), difference=0.1)


@fine("RK609")
def rows_enough_for_a_large_difference():
    return case(validation=(table(60), classes(60)), difference=0.15)


@fine("RK609")
def validation_rows_enough():
    return case(train=(table(), classes()), validation=(table(), classes()))


def clusters(noise, rows=600, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    x = rng.normal(size=(rows, 4)) + 4 * np.eye(4)[y]
    wrong = rng.random(rows) < noise
    return x.astype("float32"), np.where(wrong, rng.integers(0, 3, rows), y)


@faulty("RK610", where="train", count=1)
def wrong_labels():
    return case(train=clusters(0.2))


@fine("RK610")
def right_labels():
    return case(train=clusters(0.0))


@fine("RK610")
def labels_without_relation_to_inputs():
    return case(train=(table(), (np.random.default_rng(1).random(400) < 0.1).astype(int)))


def shifted(rows, seed, shift):
    x = table(rows, seed=seed)
    x[:, 2] += shift
    return x, classes(rows, seed)


@faulty("RK611", where="validation: column 2", count=1)
def one_column_drifts():
    return case(train=shifted(400, 0, 0.0), validation=shifted(200, 1, 1.0))


@faulty("RK611", count=2)
def brighter_pictures():
    pictures = [np.random.default_rng(i).random((100, 5, 5, 1)) * (1 + 0.5 * i) for i in range(2)]
    return case(train=(pictures[0], classes(100)), test=(pictures[1], classes(100)))


@faulty("RK611", where="validation: city")
def words_drift():
    rng = np.random.default_rng(0)
    splits = [({"city": rng.choice(["Ulm", "Jena"], 200, p=p)}, classes(200)) for p in ([0.5, 0.5], [0.9, 0.1])]
    return case(train=splits[0], validation=splits[1])


@fine("RK611")
def columns_of_one_distribution():
    return case(train=(table(), classes()), validation=(table(200, seed=1), classes(200)))


def correlated(rows, seed, r):
    x = table(rows, seed=seed)
    x[:, 1] = r * x[:, 0] + np.sqrt(1 - r**2) * x[:, 1]
    return x, classes(rows, seed)


@faulty("RK612", where="validation", count=1)
def another_mixture():
    x = table(200, seed=1)
    return case(train=(table(), classes()), validation=(x * 0.6 + 0.4, classes(200)))


@fine("RK612")
def one_mixture():
    return case(train=(table(), classes()), validation=(table(200, seed=1), classes(200)))


@faulty("RK613", where="train", rows=2, columns="column 3", **{"first row": 7})
def inputs_that_are_nan():
    x = table()
    x[[7, 9], 3] = np.nan, np.inf
    return case(train=(x, classes()))


@fine("RK613")
def finite_inputs():
    return case(train=(table(), classes()), validation=(table(seed=1), classes()))


@faulty("RK614", where="train", count=1)
def columns_of_very_different_size():
    return case(train=(table() * [1e-3, 1, 1, 1, 1, 1e4], classes()))


@fine("RK614")
def columns_of_like_size():
    return case(train=(table() * [0.1, 1, 1, 1, 1, 10], classes()))


@fine("RK614")
def columns_that_the_model_scales():
    x = table() * [1e-3, 1, 1, 1, 1, 1e4]
    model = keras.Sequential([keras.Input((6,)), layers.BatchNormalization(), layers.Dense(1)])
    return {"model": model, "train": (x, classes())}


@faulty("RK615", where="train: column 4", count=1)
def column_with_the_classes():
    x, y = table(), classes()
    x[:, 4] = [(0.5, 2.0, -1.0, 9.0)[c] for c in y]
    return case(train=(x, y))


@faulty("RK615", where="train: column 4", count=1)
def column_with_the_numbers():
    x = table()
    return case(train=(x, 3 * x[:, 4] + 1))


@fine("RK615")
def columns_that_help():
    x = table()
    return case(train=(x, x[:, 4] + 0.1 * x[:, 3]))
