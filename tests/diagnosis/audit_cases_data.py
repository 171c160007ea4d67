"""Splits for the rules about data: how they were made."""

import keras
import numpy as np
from audit_table import faulty, fine
from keras import layers


def table(rows=400, columns=6, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype("float32")


def classes(rows=400, seed=0):
    return np.random.default_rng([seed, 1]).integers(0, 4, rows)


def case(**data):
    first = data["train"][0] if isinstance(data.get("train"), tuple) else table()
    shape = first.shape[1:] if hasattr(first, "shape") else (6,)
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(4, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return {"model": model, **data}


class Batches:
    """A dataset that makes its rows anew each time it is read."""

    def __init__(self, make, size=32):
        self.make, self.size, self.reading = make, size, 0

    def __iter__(self):
        x, y = self.make(self.reading)
        self.reading += 1
        yield from ((x[i : i + self.size], y[i : i + self.size]) for i in range(0, len(x), self.size))


SPLIT = {"fit_args": {"validation_split": 0.25}}


@faulty("RK601", where="fit(validation_split=)", count=1, **{"rows of the tail": 100, "classes only in the tail": 1})
def rows_sorted_by_class():
    return case(train=(table(), np.repeat(np.arange(4), 100)), **SPLIT)


@faulty("RK601", count=1)
def rows_sorted_by_number():
    return case(train=(table(), np.sort(table()[:, 0])), **SPLIT)


@faulty("RK601")
def one_hot_rows_sorted_by_class():
    return case(train=(table(), np.eye(4)[np.sort(classes())]), **SPLIT)


@fine("RK601")
def rows_in_no_order():
    return case(train=(table(), classes()), **SPLIT)


@faulty("RK602", where="validation", count=1, **{"classes not in train": (3,)})
def class_only_in_validation():
    y = classes()
    return case(train=(table()[y < 3], y[y < 3]), validation=(table(seed=1), classes(seed=1)))


@faulty("RK602", where="test", **{"classes only in train": (0,)})
def class_missing_in_test():
    y = classes()
    return case(train=(table(), y), test=(table()[y > 0], y[y > 0]))


@fine("RK602")
def classes_in_all_splits():
    return case(train=(table(), classes()), validation=(table(seed=1), classes(seed=1)))


@fine("RK602")
def a_rare_class_that_chance_left_out():
    y = np.append(np.zeros(299, int), 1)
    return case(train=(table(300), y), validation=(table(100), np.zeros(100, int)))


def with_cities(cities, seed=0):
    rng = np.random.default_rng(seed)
    return {"size": table(200, 1, seed), "city": rng.choice(cities, 200)}, classes(200, seed)


@faulty("RK603", where="validation: city", count=1, **{"values not in train": ("Bonn",)})
def city_only_in_validation():
    return case(train=with_cities(["Ulm", "Jena"]), validation=with_cities(["Ulm", "Bonn"], 1))


@fine("RK603")
def cities_in_both():
    return case(train=with_cities(["Ulm", "Jena"]), validation=with_cities(["Ulm", "Jena"], 1))


@faulty("RK604", where="train and validation", count=1, rows=30, share=0.3, **{"first pair": (0, 70)})
def equal_rows_in_two_splits():
    x = table(100, seed=1)
    x[70:] = table()[:30]
    return case(train=(table(), classes()), validation=(x, classes(100)))


@faulty("RK604", where="train and test", count=1)
def equal_images_in_two_splits():
    images = np.random.default_rng(0).integers(0, 255, (40, 6, 6, 1)).astype("uint8")
    return case(train=(images, classes(40)), test=(images[:5], classes(5)))


@faulty("RK604", where="train and validation", count=1, share=0.3)
def rows_of_a_training_set_that_was_oversampled():
    x = table(100, seed=1)
    x[70:] = table()[:30]
    return case(train=(np.repeat(table(100), 5, 0), classes(500)), validation=(x, classes(100)))


@faulty("RK604", where="train and validation", count=1)
def images_of_a_training_set_that_was_oversampled():
    images = np.random.default_rng(0).integers(0, 255, (200, 6, 6, 1)).astype("uint8")
    return case(train=(np.repeat(images[:120], 4, 0), classes(480)), validation=(images[40:], classes(160)))


@fine("RK604")
def different_rows():
    return case(train=(table(), classes()), validation=(table(seed=1), classes()), test=(table(seed=2), classes()))


@fine("RK604")
def rows_that_are_equal_by_chance():
    rng = np.random.default_rng(0)
    few = [rng.integers(0, 4, (n, 3)).astype("float32") for n in (300, 100)]
    return case(train=(few[0], classes(300)), validation=(few[1], classes(100)))


@faulty("RK605", where="train and validation", count=1, form="as they are", rows=50)
def copies_with_a_little_noise():
    x = table(200, seed=1)
    x[:50] = table()[:50] + 0.005 * table(50, seed=2)
    return case(train=(table(), classes()), validation=(x, classes(200)))


def pictures(rows, seed):
    """Soft blobs, so that averaging into cells keeps what they show."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(size=(rows, 4, 4, 1)).astype("float32")
    return np.kron(coarse, np.ones((1, 4, 4, 1), "float32"))


@faulty("RK605", form="mirrored", share=0.5)
def mirrored_pictures():
    x = pictures(100, 1)
    x[:50] = pictures(400, 0)[:50, :, ::-1]
    return case(train=(pictures(400, 0), classes()), validation=(x, classes(100)))


@fine("RK605")
def pictures_of_their_own():
    return case(train=(pictures(400, 0), classes()), validation=(pictures(100, 1), classes(100)))


@fine("RK605")
def rows_of_their_own():
    return case(train=(table(), classes()), validation=(table(200, seed=1), classes(200)))


def shuffled_anew(part):
    x, y = table(), classes()

    def make(reading):
        order = np.random.default_rng([reading, 5]).permutation(len(x))
        order = order[:300] if part == "train" else order[300:]
        return x[order], y[order]

    return Batches(make)


@faulty("RK606", where="validation", count=1)
def shuffled_before_take_and_skip():
    return case(train=shuffled_anew("train"), validation=shuffled_anew("validation"))


def shuffled_within(rows):
    def make(reading):
        order = np.random.default_rng(reading).permutation(rows)
        return table()[order], classes()[order]

    return Batches(make)


@fine("RK606")
def shuffled_after_the_split():
    return case(train=shuffled_within(np.arange(300)), validation=shuffled_within(np.arange(300, 400)))


@faulty("RK607", where="validation", count=1, **{"share of new rows": 1.0})
def augmented_validation():
    augmented = Batches(lambda reading: (table() + 0.1 * table(seed=reading), classes()))
    return case(train=(table(), classes()), validation=augmented)


@fine("RK606")
@faulty("RK607", where="validation", count=1)
def augmented_validation_rows_that_leaked():
    def now_and_then(reading):
        chosen = np.random.default_rng(reading).random((100, 1)) < 0.5
        return table()[:100] + chosen * 0.1 * table(100, seed=reading), classes(100)

    return case(train=(table(), classes()), validation=Batches(now_and_then))


@faulty("RK607", count=1)
def validation_drawn_anew():
    return case(validation=Batches(lambda reading: (table(seed=reading), classes())))


@fine("RK607")
def validation_in_another_order():
    return case(train=(table(seed=9), classes()), validation=shuffled_within(np.arange(300, 400)))


@fine("RK607")
def rounding_that_differs():
    return case(validation=Batches(lambda reading: (table() * np.float32(1 + 1e-6 * reading), classes())))


def of_patients(*splits):
    data = {name: (table(len(ids), seed=i), classes(len(ids))) for i, (name, ids) in enumerate(splits)}
    return case(**data, groups={name: np.array(ids) for name, ids in splits})


@faulty("RK617", where="train and test", count=1, rows=3, share=0.75, of=2, **{"the first": ("b",)})
def patient_in_two_splits():
    return of_patients(("train", list("aaabbb")), ("validation", list("ccdd")), ("test", list("bbbe")))


@fine("RK617")
def patients_in_one_split_each():
    return of_patients(("train", [1, 1, 2, 2, 3]), ("validation", [4, 4, 5]))


@faulty("RK616", where="train", count=1, **{"changes of class": 3})
def dataset_sorted_by_class():
    return case(train=Batches(lambda reading: (table(), np.sort(classes()))))


@faulty("RK616")
def arrays_sorted_and_not_shuffled():
    return case(train=(table(), np.sort(classes())), fit_args={"shuffle": False})


@fine("RK616")
def dataset_in_no_order():
    return case(train=Batches(lambda reading: (table(), classes())))
