"""The tables for those who come from elsewhere: nothing is left out, and every name that they send to exists."""

import importlib
import pathlib
import re

import foreign_names
import keras
import pytest

GUIDES = pathlib.Path(__file__).parents[1] / "docs" / "guides"
PAGES = ["migrating_tfa.md", "migrating_keras_cv.md", "migrating_keras2.md"]


def rows(text):
    """Returns the cells of each table row of three columns, without the headings."""
    cells = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in text.splitlines() if line.startswith("| `")]
    return [(*row, "")[:3] for row in cells]


def codes(cell):
    return re.findall(r"`([^`]+)`", cell)


def found(name):
    """Returns whether a dotted name of Keras or of this package leads to something public."""
    root, *parts = name.split(".")
    thing = importlib.import_module({"rk": "keras_regkit"}.get(root, root))
    for part in parts:
        if not hasattr(thing, part):
            return False
        thing = getattr(thing, part)
    return True


def test_all_of_tensorflow_addons_is_there():
    text = (GUIDES / "migrating_tfa.md").read_text()
    sections = dict(re.findall(r"^## tfa\.(\w+)\n(.*?)(?=^## )", text, flags=re.M | re.S))
    listed = {room: sorted(name for row in rows(body) for name in codes(row[0])) for room, body in sections.items()}
    assert listed == {room: sorted(names.split()) for room, names in foreign_names.TENSORFLOW_ADDONS.items()}


def test_all_of_keras_cv_is_there():
    listed = sorted(name for row in rows((GUIDES / "migrating_keras_cv.md").read_text()) for name in codes(row[0]))
    assert listed == sorted(name for names in foreign_names.KERAS_CV.values() for name in names.split())


@pytest.mark.parametrize("page", PAGES)
def test_names_that_are_sent_to_exist(page):
    said = [code for _, now, note in rows((GUIDES / page).read_text()) for code in codes(now) + codes(note)]
    names = [re.match(r"[\w.]+", code)[0] for code in said if re.match(r"(rk|keras)\.", code)]
    assert len(names) > 20
    assert [name for name in names if not found(name)] == []


@pytest.mark.parametrize("page", PAGES[:2])
def test_each_row_names_something_or_says_why_not(page):
    for old, now, note in rows((GUIDES / page).read_text()):
        assert now == "none" or codes(now), old
        assert now != "none" or note, f"{old}: none, and no reason"


@pytest.mark.parametrize(
    "old",
    [
        "keras.layers.Dense(2, W_regularizer='l2')",
        "keras.layers.LSTM(3, dropout_W=0.1)",
        "keras.layers.Dropout(p=0.5)",
        "keras.constraints.maxnorm(2)",
        "keras.regularizers.l1l2(0.1, 0.1)",
        "keras.optimizers.Adam(lr=1e-3)",
        "keras.optimizers.AdamW(exclude_from_weight_decay=['bias'])",
        "keras.layers.BatchNormalization(fused=True)",
        "keras.layers.BatchNormalization(virtual_batch_size=8)",
        "keras.callbacks.ModelCheckpoint('weights')",
        "keras.callbacks.ModelCheckpoint('weights.keras', period=2)",
        "keras.losses.SparseCategoricalCrossentropy(label_smoothing=0.1)",
        "keras.layers.noise.AlphaDropout",
        "keras.layers.experimental.SyncBatchNormalization",
        "keras.layers.RandomHeight",
        "keras.preprocessing.image.ImageDataGenerator",
        "keras.layers.ThresholdedReLU",
        "keras.optimizers.legacy.Adam()",
        "keras.backend.learning_phase()",
        "keras.Sequential().fit_generator",
        "keras.Sequential().add_loss(1.0)",
        "keras.losses.Reduction.NONE",
    ],
)
def test_old_lines_raise_as_the_page_says(old):
    with pytest.raises((AttributeError, ImportError, NotImplementedError, TypeError, ValueError)):
        eval(old)


def test_old_lines_that_work_and_mislead():
    assert float(keras.regularizers.get("l1l2")(keras.ops.ones(3))) == 0
    assert keras.regularizers.get("l2").l2 == 0.01
    with pytest.warns(UserWarning, match="decay"):
        keras.optimizers.Adam(decay=1e-6)
