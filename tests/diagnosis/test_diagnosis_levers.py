"""What is recommended, in which order, and what a model changes about it."""

import keras
import numpy as np
import pytest
from synthetic import clean, curves

from keras_regkit import layers, regularizers, strengths
from keras_regkit.diagnosis import REGIMES, Recommendation, diagnose
from keras_regkit.diagnosis.inspecting import inspect_model

CARDS = {
    "l1",
    "l2",
    "l1_l2",
    "dropout",
    "batch_norm",
    "max_norm",
    "early_stopping",
    "label_smoothing",
    "weight_decay",
    "less_capacity",
}


def _model(*layers, loss="sparse_categorical_crossentropy", optimizer="adam", outputs=3):
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(outputs, name="out")])
    model.compile(optimizer, loss)
    return model


def _names(d):
    return [lever.name for lever in d.levers]


def _why(d, name):
    return next(lever.why for lever in d.levers if lever.name == name)


@pytest.mark.parametrize("data_kind", [None, "tabular", "image", "audio", "text"])
@pytest.mark.parametrize("kind", REGIMES)
def test_recommendations_are_well_formed(kind, data_kind):
    d = diagnose(clean(kind), data_kind=data_kind, n_train=500, n_validation=100)
    assert all(isinstance(lever, Recommendation) and lever.title and lever.why for lever in d.levers)
    assert len(set(_names(d))) == len(d.levers)
    assert all(lever.card == (lever.name in CARDS) for lever in d.levers)


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("diverging", ["lower_learning_rate", "gradient_clipping", "batch_norm"]),
        ("underfitting", ["less_regularization", "more_capacity", "longer_training"]),
        ("still improving", ["longer_training", "early_stopping"]),
        ("noisy validation", ["early_stopping", "more_validation_data"]),
        ("validation easier than train", ["check_split", "less_regularization"]),
        ("overfitting", ["early_stopping", "l2", "dropout"]),
    ],
)
def test_order_follows_the_workflow(kind, first):
    d = diagnose(clean(kind, sigma=0.003))
    assert _names(d)[: len(first)] == first


def test_images_and_audio_get_augmentation_after_dropout():
    for data_kind in ("image", "audio"):
        names = _names(diagnose(clean("overfitting"), data_kind=data_kind))
        assert names.index("dropout") < names.index("augmentation") < names.index("mixup")
    assert "augmentation" not in _names(diagnose(clean("overfitting"), data_kind="text"))
    assert "embeddings" in _why(diagnose(clean("overfitting"), data_kind="text"), "dropout")
    assert {"l1", "l1_l2"} <= set(_names(diagnose(clean("overfitting"), data_kind="tabular")))


def test_a_penalty_of_another_kind_is_known_and_not_to_be_overwritten():
    model = _model(keras.layers.Dense(4, name="hidden", kernel_regularizer=regularizers.GroupLasso(0.01)))
    assert inspect_model(model).other_penalties == ("GroupLasso",)
    assert not {"l1", "l2", "l1_l2"} & set(_names(diagnose(clean("overfitting"), model=model, data_kind="tabular")))
    moving = keras.layers.Dense(4, kernel_regularizer=regularizers.Scheduled(keras.regularizers.L2(0.01), 0.01))
    facts = inspect_model(_model(moving))
    assert (facts.l2, facts.other_penalties) == ((0.01,), ())
    assert "l2" in _names(diagnose(clean("overfitting"), model=_model(keras.layers.Dense(4))))
    model.compile("adam", "mse")
    assert "GroupLasso" in _why(diagnose(clean("underfitting"), model=model), "less_regularization")


def test_a_convolutional_model_counts_as_image_unless_told_otherwise():
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()])
    assert "augmentation" in _names(diagnose(clean("overfitting"), model=model))
    assert "augmentation" not in _names(diagnose(clean("overfitting"), model=model, data_kind="tabular"))


def test_unstable_training_gets_batch_norm_before_dropout():
    train, validation = curves("overfitting", sigma=0.0)
    jumps = 0.15 * np.where(np.arange(len(train)) % 2, 1, -1)
    log = {"data_loss": train + jumps, "val_data_loss": validation}
    names = _names(diagnose(log))
    assert names.index("l2") < names.index("batch_norm") < names.index("dropout")
    assert "batch_norm" not in _names(diagnose(log, model=_model(keras.layers.BatchNormalization())))
    assert "batch_norm" not in _names(diagnose(clean("overfitting")))


def test_strengths_start_from_what_the_model_has():
    layers = keras.layers
    model = _model(layers.Dense(64, kernel_regularizer=keras.regularizers.L2(1e-4), name="wide"), layers.Dropout(0.2))
    d = diagnose(clean("overfitting"), model=model)
    assert "from 0.2 to 0.35" in _why(d, "dropout")
    assert "from 0.0001 to 0.001" in _why(d, "l2")
    assert "(wide)" in _why(d, "l2")
    assert "weight_decay" not in _names(d)
    assert d.evidence["parameters"] == model.count_params()


def test_levers_that_are_exhausted_are_left_out():
    layers = keras.layers
    model = _model(layers.Dense(8, kernel_regularizer=keras.regularizers.L2(0.05)), layers.Dropout(0.5))
    assert not {"dropout", "l2"} & set(_names(diagnose(clean("overfitting"), model=model)))


def test_nested_models_and_wrappers_are_looked_into():
    layers = keras.layers
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.Dropout(0.3)])
    assert "from 0.3 to 0.45" in _why(diagnose(clean("overfitting"), model=_model(inner)), "dropout")
    wrapped = keras.Sequential([keras.Input((2, 4)), layers.TimeDistributed(layers.Dropout(0.4))])
    assert "from 0.4 to 0.5" in _why(diagnose(clean("overfitting"), model=wrapped), "dropout")


def test_weight_decay_is_raised_rather_than_joined_by_l2():
    model = _model(optimizer=keras.optimizers.AdamW(weight_decay=0.01))
    d = diagnose(clean("overfitting"), model=model)
    assert "l2" not in _names(d)
    assert "from 0.01 to 0.03" in _why(d, "weight_decay")
    assert "weight_decay" not in _names(diagnose(clean("overfitting"), model=_model(optimizer="sgd")))


def test_label_smoothing_for_confident_mistakes_in_classification_only():
    log = clean("overfitting") | {"val_accuracy": np.linspace(0.6, 0.8, 40).tolist()}
    falls = clean("overfitting") | {"val_accuracy": np.linspace(0.8, 0.6, 40).tolist()}
    assert "label_smoothing" in _names(diagnose(log))
    assert "label_smoothing" not in _names(diagnose(falls))
    no_rise = clean("wide gap") | {"val_accuracy": log["val_accuracy"]}
    assert "label_smoothing" not in _names(diagnose(no_rise))
    assert "label_smoothing" not in _names(diagnose(clean("overfitting")))
    assert "label_smoothing" not in _names(diagnose(log, model=_model(loss="mse")))
    smoothed = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    assert "label_smoothing" not in _names(diagnose(log, model=_model(loss=smoothed)))


def test_less_capacity_when_memorised_or_too_large():
    assert "less_capacity" not in _names(diagnose(clean("overfitting")))
    memorised = {"data_loss": np.exp(-np.arange(20) / 2), "val_data_loss": 1 + 0.1 * np.arange(20)}
    assert "memorised" in _why(diagnose(memorised), "less_capacity")
    model = _model(keras.layers.Dense(500))
    assert "less_capacity" not in _names(diagnose(clean("overfitting"), model=model, n_train=100_000))
    assert "for 100 rows" in _why(diagnose(clean("overfitting"), model=model, n_train=100), "less_capacity")


def test_underfitting_names_what_holds_the_model_back():
    log = clean("underfitting", sigma=0.001)
    model = _model(keras.layers.Dropout(0.6), loss="mse", outputs=1)
    assert "dropout 0.6" in _why(diagnose(log, model=model), "less_regularization")
    assert "less_regularization" not in _names(diagnose(log, model=_model(loss="mse")))


def test_reference_level_is_read_from_a_classifier():
    d = diagnose(clean("good fit"), model=_model())
    assert d.evidence["reference_loss"] == pytest.approx(np.log(3))
    binary = diagnose(clean("good fit"), model=_model(loss="binary_crossentropy", outputs=1))
    assert binary.evidence["reference_loss"] == pytest.approx(np.log(2))
    assert "reference_loss" not in diagnose(clean("good fit"), model=_model(loss="mse")).evidence
    assert diagnose(clean("good fit"), model=_model(), reference_loss=2.0).evidence["reference_loss"] == 2.0


def test_learning_rate_hint_starts_from_the_optimizer():
    clipped = _model(optimizer=keras.optimizers.SGD(0.1, clipnorm=1.0))
    d = diagnose(clean("diverging"), model=clipped)
    assert "from 0.1 to 0.01" in _why(d, "lower_learning_rate")
    assert "gradient_clipping" not in _names(d)


def test_uncompiled_and_unbuilt_models_are_fine():
    assert diagnose(clean("overfitting"), model=keras.Sequential([keras.layers.Dense(2)])).regime == "overfitting"


def test_few_validation_rows_are_said():
    d = diagnose(clean("noisy validation"), n_validation=50)
    assert "50 rows are few" in _why(d, "more_validation_data")
    assert any("50 validation rows" in caveat for caveat in d.caveats)


def test_what_a_model_has_of_this_package_is_seen():
    moving = regularizers.Scheduled(keras.regularizers.L2(0.02), strengths.Linear(0.0, 1.0, steps=100))
    stack = [layers.LockedDropout(0.4), keras.layers.Dense(2, kernel_regularizer=moving)]
    facts = inspect_model(keras.Sequential([keras.Input((4, 3)), *stack]))
    assert (facts.dropout, facts.l2) == ((0.4,), (0.02,))
