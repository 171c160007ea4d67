"""Recipes: values with sources, on the way to a fit."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from tiny_models import TOKENS, penalty_of, values

from keras_regkit import callbacks, losses, testing
from keras_regkit.presets import recipes
from keras_regkit.presets.recipes._batches import Batches
from keras_regkit.presets.recipes._scaling import Amount

# What the augmentation layers of Keras do on JAX and on torch.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64:UserWarning"),
    pytest.mark.filterwarnings("ignore:Tensor.T is deprecated:UserWarning"),
]

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(12, 5)).astype("float32")
PIXELS = RNG.uniform(size=(12, 16, 16, 3)).astype("float32")
LABELS = np.arange(12) % 3
TEXT = np.concatenate([TOKENS, TOKENS[:4]])


def pretrained():
    layers = [keras.layers.Dense(6, "relu", name="first"), keras.layers.BatchNormalization(name="norm")]
    layers += [keras.layers.Dense(6, "relu", name="second"), keras.layers.Dense(3, name="head")]
    model = keras.Sequential([keras.Input((5,)), *layers])
    model.build((None, 5))
    return model


RECIPES = {
    "tabular": lambda samples=100, gap=None: recipes.tabular(5, 3, "multiclass", samples=samples, gap=gap),
    "language_model": lambda samples=100, gap=None: recipes.language_model(6, 11, samples=samples, gap=gap),
    "resnet": lambda samples=100, gap=None: recipes.image_classification((16, 16, 3), 3, samples=samples, gap=gap),
    "convnet": lambda samples=100, gap=None: recipes.image_classification(
        (16, 16, 3), 3, samples=samples, gap=gap, model="convnet"
    ),
    "fine_tuning": lambda samples=100, gap=None: recipes.fine_tuning(samples=samples, gap=gap, stages=2),
}
EACH = pytest.mark.parametrize("make", RECIPES.values(), ids=RECIPES)
DATA = {
    "tabular": (ROWS, LABELS),
    "language_model": (TEXT, TEXT[:, ::-1]),
    "image_classification": (PIXELS, LABELS),
    "fine_tuning": (ROWS, LABELS),
}
TINY_VALUES = {
    "tabular": {"units": [4]},
    "language_model": {"width": 8, "heads": 2, "blocks": 1},
}


@EACH
def test_from_a_recipe_to_a_fit(make):
    recipe = make()
    recipe = recipe.with_(batch_size=6, epochs=3, **TINY_VALUES.get(recipe.name, {}))
    model = recipe.compile(pretrained()) if recipe.builder is None else recipe.build(seed=0)
    x, y = DATA[recipe.name]
    history = model.fit(**recipe.fit_arguments(x, y, validation_data=(x, y), seed=0), verbose=0)
    assert set(history.history) >= {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert np.isfinite(history.history["val_loss"]).all()
    assert int(model.optimizer.iterations) == 2 * 3


@EACH
def test_every_value_is_printed_with_its_source(make):
    recipe = make()
    lines = str(recipe).splitlines()
    table = recipe._repr_html_()
    sections = [getattr(recipe, section) for section in ("model", "optimizer", "loss", "augmentation", "callbacks")]
    for name, value in {k: v for section in [*sections, recipe.training] for k, v in section.items()}.items():
        (line,) = [line for line in lines if line.split()[0] == name and line.startswith("  ")]
        assert recipe.sources[name] in line
        assert len(recipe.sources[name]) > 3
        assert (f"{value:g}" if isinstance(value, float) else str(value)) in line
        assert f"<td>{name}</td>" in table


@EACH
def test_it_is_plain_values_that_survive_json(make):
    recipe = make()
    text = json.dumps(recipe.to_dict())
    again = recipes.Recipe(**json.loads(text))
    assert again == recipe
    assert str(again) == str(recipe)


# Towards stronger regularization with less data and more gap, and nothing moves the other way.
SCALED = ("dropout", "attention_dropout", "embedding_dropout", "drop_path", "spatial_dropout", "l2", "weight_decay")
SCALED += ("color_jitter", "rand_augment", "mixup", "cutmix", "l2_sp")


def everything(recipe):
    sections = (recipe.model, recipe.optimizer, recipe.loss, recipe.augmentation, recipe.callbacks, recipe.training)
    return {name: value for section in sections for name, value in section.items()}


@EACH
def test_more_data_less_regularization_and_more_gap_more(make):
    by_size = [everything(make(samples=n)) for n in (10, 300, 3_000, 30_000, 300_000, 3_000_000, 10**9)]
    by_gap = [everything(make(samples=30_000, gap=gap)) for gap in (5.0, 2.0, 1.5, 1.1, 1.0, 0.5)]
    for series in (by_size, by_gap):
        moved = set()
        for name, first in series[0].items():
            found = [recipe[name] for recipe in series]
            if any(value != first for value in found):
                moved.add(name)
                assert name in SCALED
                assert found == sorted(found, reverse=True)
        assert len(moved) >= 1
    assert by_gap[-1] == by_gap[-2] == everything(make(samples=30_000))  # no gap is as good as none known
    moved = [name for name in by_size[0] if by_size[0][name] != by_size[-1][name]]
    assert set(moved) == {name for name, value in by_size[0].items() if name in SCALED and value}


def test_the_amount_by_hand():
    assert Amount(1_000, None, 1e3, 1e6).value == 0.5
    assert Amount(10, 7.0, 1e3, 1e6).value == 1.0
    assert Amount(10**6, None, 1e3, 1e6).value == 0.0
    assert Amount(10**7, 1.5, 1e3, 1e6).value == 0.25
    assert Amount(10**4, None, 1e3, 1e6).value == pytest.approx(1 / 3)
    assert Amount(1_000, None, 1e3, 1e6).linear(0.0, 0.4, "A")[0] == 0.2
    assert Amount(1_000, None, 1e3, 1e6).logarithmic(1e-6, 1e-2, "A") == (
        1e-4,
        "A. Between 1e-06 and 0.01, 50% of the way: a rule of thumb of ours",
    )


def test_ends_of_the_ranges_are_those_published():
    light, strong = RECIPES["resnet"](samples=10**7), RECIPES["resnet"](samples=10, gap=3.0)
    assert (light.optimizer["weight_decay"], strong.optimizer["weight_decay"]) == (1e-4, 1e-2)
    assert (light.model["dropout"], strong.model["dropout"]) == (0.0, 0.5)
    assert light.loss["label_smoothing"] == strong.loss["label_smoothing"] == 0.1
    light, start = RECIPES["language_model"](samples=10**9), RECIPES["language_model"](samples=10)
    assert (light.optimizer["weight_decay"], light.model["dropout"], start.model["dropout"]) == (0.01, 0.0, 0.1)
    assert start.optimizer["clip_norm"] == 1.0


def test_a_changed_value_says_so_and_the_old_recipe_stays():
    recipe = RECIPES["tabular"]()
    other = recipe.with_(dropout=0.7, patience=3)
    assert (other.model["dropout"], other.callbacks["patience"]) == (0.7, 3)
    assert other.sources["dropout"] == "set by hand"
    assert recipe.model["dropout"] != 0.7
    assert other.sources["units"] == recipe.sources["units"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.name = "other"


def test_an_unknown_value_is_refused_with_a_hint():
    with pytest.raises(ValueError, match="Did you mean 'dropout'"):
        RECIPES["tabular"]().with_(dropuot=0.5)


def test_a_value_without_source_is_refused():
    recipe = RECIPES["tabular"]()
    with pytest.raises(ValueError, match=r"a source\. Received: .'activation'"):
        dataclasses.replace(recipe, model={**recipe.model, "activation": "gelu"})


def test_what_compile_makes_of_the_values():
    recipe = RECIPES["tabular"]().with_(units=[4], weight_decay=0.5, learning_rate=1.0, clip_norm=2.0)
    model = recipe.build(seed=0)
    assert isinstance(model.loss, losses.LabelSmoothing)
    assert model.optimizer.global_clipnorm == 2.0
    for variable in model.trainable_variables:
        variable.assign(keras.ops.ones(variable.shape))
    model.optimizer.apply([keras.ops.zeros(v.shape) for v in model.trainable_variables], model.trainable_variables)
    for variable, value in zip(model.trainable_variables, values(model.trainable_variables), strict=True):
        np.testing.assert_allclose(value, 0.5 if variable.name == "kernel" else 1.0, err_msg=variable.path)


def test_a_compiled_model_loads_in_a_fresh_process(tmp_path):
    model = RECIPES["tabular"]().with_(units=[4]).build(seed=0)
    tuned = RECIPES["fine_tuning"]().compile(pretrained())
    for name, each in (("table", model), ("tuned", tuned)):
        each.fit(ROWS, LABELS, verbose=0)
        each.save(tmp_path / f"{name}.keras")
    loaded = testing.load_in_fresh_process([tmp_path / "table.keras", tmp_path / "tuned.keras"], [ROWS, ROWS])
    assert [record.error for record in loaded] == [None, None]
    np.testing.assert_allclose(loaded[1].outputs[0], tuned.predict(ROWS, verbose=0), atol=1e-5)


def test_callbacks_follow_the_values():
    recipe = RECIPES["resnet"]().with_(patience=7)
    averaging, stopping = recipe.make_callbacks()
    assert isinstance(averaging, callbacks.WeightAveraging)
    assert isinstance(stopping, callbacks.EarlyStopping)
    assert stopping.patience == 7
    assert recipe.with_(averaging=None, patience=None).make_callbacks() == []
    arguments = recipe.fit_arguments(PIXELS, LABELS)
    assert "validation_data" not in arguments
    assert [type(callback).__name__ for callback in arguments["callbacks"]] == ["WeightAveraging"]


# Fine-tuning


def test_fine_tuning_pulls_the_body_back_and_the_head_to_zero():
    model = pretrained()
    recipe = RECIPES["fine_tuning"]().with_(l2_sp=0.5, head_l2=0.25)
    before = values(model.trainable_variables)
    recipe.compile(model)
    head = before[-2]
    assert penalty_of(model) == pytest.approx(0.125 * np.square(head).sum(), rel=1e-5)
    kernel = model.get_layer("first").kernel
    kernel.assign(kernel + 1.0)
    pulled = 0.25 * 30 + 0.125 * np.square(head).sum()
    assert penalty_of(model) == pytest.approx(pulled, rel=1e-5)
    plain = recipe.with_(l2_sp=0.0, head_l2=0.0).compile(pretrained())
    assert plain.losses == []


@pytest.mark.filterwarnings("ignore:Stages of GradualUnfreezing begin:UserWarning")
def test_fine_tuning_unfreezes_from_the_head_down_with_falling_rates():
    model = RECIPES["fine_tuning"]().with_(epochs=1).compile(pretrained())
    rates = [model.optimizer.multiplier_of(v) for v in model.trainable_variables]
    assert rates[-1] == 1
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(0.3846 ** (2 * 3 / 4), rel=1e-6)  # two groups, four layers, three steps down
    statistics = values([model.get_layer("norm").moving_mean])[0]
    first, head = (values([model.get_layer(name).kernel])[0] for name in ("first", "head"))
    unfreezing = RECIPES["fine_tuning"]().with_(unfreeze_epochs=1).make_callbacks()[0]
    model.fit(ROWS, LABELS, epochs=1, callbacks=[unfreezing], verbose=0)
    np.testing.assert_array_equal(values([model.get_layer("first").kernel])[0], first)
    assert not np.array_equal(values([model.get_layer("head").kernel])[0], head)
    model.fit(ROWS, LABELS, epochs=2, callbacks=[unfreezing], verbose=0)
    assert not np.array_equal(values([model.get_layer("first").kernel])[0], first)
    np.testing.assert_array_equal(values([model.get_layer("norm").moving_mean])[0], statistics)


def test_fine_tuning_wants_a_model_that_gives_logits():
    recipe = RECIPES["fine_tuning"]()
    with pytest.raises(ValueError, match=r"must give logits.*'softmax'"):
        recipe.compile(keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, "softmax")]))
    with pytest.raises(ValueError, match="that is built"):
        recipe.compile(keras.Sequential([keras.layers.Dense(3)]))
    with pytest.raises(ValueError, match=r"Use compile\(model\)"):
        recipe.build()
    regression = recipes.fine_tuning("regression", samples=10)
    assert "label_smoothing" not in regression.loss
    assert isinstance(regression.compile(pretrained()).loss, keras.losses.MeanSquaredError)


def test_fine_tuning_trains_what_was_frozen_within_a_backbone_too():
    layers = [keras.layers.Dense(4, name="low"), keras.layers.BatchNormalization(name="norm")]
    backbone = keras.Sequential([keras.Input((5,)), *layers], name="backbone")
    backbone.trainable = False
    model = keras.Sequential([keras.Input((5,)), backbone, keras.layers.Dense(3, name="head")])
    RECIPES["fine_tuning"]().compile(model)
    assert list(model.optimizer.multipliers) == ["low/.*", "norm/.*", "head/.*"]
    assert [v.path.split("/")[-2] for v in model.trainable_variables] == ["low", "low", "norm", "norm", "head", "head"]
    assert 0 < model.optimizer.multiplier_of(backbone.get_layer("low").kernel) < 1
    assert type(backbone.get_layer("low").kernel.regularizer).__name__ == "L2SP"


# Another loss


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", keras.losses.MeanSquaredError),
        ("mae", keras.losses.MeanAbsoluteError),
        ("MAE", keras.losses.MeanAbsoluteError),
        ("huber", keras.losses.Huber),
    ],
)
def test_regression_by_another_loss(name, cls):
    model = recipes.fine_tuning("regression", samples=9).with_(loss=name).compile(pretrained())
    assert type(model.loss) is cls
    targets = np.stack([ROWS[:, 0]] * 3, axis=1)
    model = recipes.tabular(5, 3, "regression", samples=9).with_(loss=name, l2=0.0, units=[3]).build(seed=0)
    logs = model.evaluate(ROWS, targets, verbose=0, return_dict=True)
    expected = float(cls()(targets, model.predict(ROWS, verbose=0)))
    assert set(logs) == {"loss", "mae"}
    assert logs["loss"] == pytest.approx(expected, rel=1e-5)


def test_a_robust_loss_is_taken_as_it_is():
    robust = losses.GeneralizedCrossEntropy(from_logits=True)
    recipe = RECIPES["tabular"]().with_(loss=robust, units=[3], l2=0.0)
    assert recipe.loss == {"loss": robust, "label_smoothing": 0.0}
    assert "GeneralizedCrossEntropy " in str(recipe)
    model = recipe.build(seed=0)
    assert model.loss is robust
    logs = model.evaluate(ROWS, LABELS, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(float(robust(LABELS, model.predict(ROWS, verbose=0))), rel=1e-5)
    assert "accuracy" in logs


def test_a_focal_loss_by_name_is_on_logits_and_smoothed():
    loss = recipes.tabular(5, samples=9).with_(loss="binary_focal_crossentropy").build(seed=0).loss
    assert isinstance(loss, keras.losses.BinaryFocalCrossentropy)
    assert (loss.get_config()["from_logits"], loss.get_config()["label_smoothing"]) == (True, 0.1)


@pytest.mark.parametrize(
    ("recipe", "loss", "error", "message"),
    [
        ("tabular", "mse", ValueError, r"`loss` must be one of .'sparse_cat"),
        ("tabular", "sparse_categorical_crossentropi", ValueError, "Did you mean 'sparse_categorical_crossentropy'"),
        ("tabular", keras.losses.MeanSquaredError(), ValueError, "must fit the labels"),
        ("tabular", keras.losses.SparseCategoricalCrossentropy(), ValueError, "make it with from_logits=True"),
        ("tabular", losses.GeneralizedCrossEntropy(), ValueError, "make it with from_logits=True"),
        ("tabular", keras.losses.huber, TypeError, "must be a name or a loss object"),
        ("tabular", None, TypeError, "must be a name or a loss object"),
        ("resnet", keras.losses.SparseCategoricalCrossentropy(from_logits=True), ValueError, "must fit the labels"),
        ("regression", losses.GeneralizedCrossEntropy(from_logits=True), ValueError, "must fit the labels"),
    ],
)
def test_a_loss_that_does_not_fit_is_refused(recipe, loss, error, message):
    recipe = recipes.tabular(5, task="regression", samples=9) if recipe == "regression" else RECIPES[recipe]()
    with pytest.raises(error, match=message):
        recipe.with_(loss=loss)


def test_a_loss_object_smooths_its_labels_itself():
    robust = losses.GeneralizedCrossEntropy(from_logits=True)
    with pytest.raises(ValueError, match=r"smooth with losses\.LabelSmoothing"):
        RECIPES["tabular"]().with_(loss=robust, label_smoothing=0.1)
    with pytest.raises(ValueError, match=r"smooth with losses\.LabelSmoothing"):
        RECIPES["tabular"]().with_(loss=robust).with_(label_smoothing=0.1).build()


@pytest.mark.parametrize("name", ["tabular", "convnet"])
def test_averages_of_epochs_get_the_data_for_batch_normalization(name):
    recipe = RECIPES[name]().with_(averaging="swa", epochs=2, batch_size=6)
    recipe = recipe.with_(units=[4]) if name == "tabular" else recipe
    model = recipe.build(seed=0)
    norm = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    before = values([norm.moving_mean])[0]
    arguments = recipe.fit_arguments(*DATA[recipe.name], seed=0)
    model.fit(**arguments, verbose=0)
    assert arguments["callbacks"][0].updates == 2
    assert not np.allclose(values([norm.moving_mean])[0], before)


@pytest.mark.parametrize(
    ("outputs", "task", "expected"),
    [(None, None, "binary"), (1, None, "binary"), (3, None, "multiclass"), (3, "binary", "binary")],
)
def test_the_task_of_a_table_follows_its_outputs(outputs, task, expected):
    assert recipes.tabular(5, outputs, task, samples=9).given["task"] == expected


# Augmented batches

OFF = {"value_range": [0.0, 1.0], "flip": False, "crop": 0.0, "color_jitter": 0.0, "rand_augment": 0.0}
OFF |= {"rand_augment_ops": 2, "mixup": 0.0, "cutmix": 0.0}
ONE_HOT = np.eye(3, dtype="float32")[LABELS]


def test_batches_without_augmentation_are_the_data_in_a_new_order_each_epoch():
    batches = Batches(PIXELS, ONE_HOT, 5, OFF, seed=1)
    assert [len(x) for x, _ in (batches[i] for i in range(len(batches)))] == [5, 5, 2]
    epochs = []
    for _ in range(2):
        x, y = (np.concatenate(parts) for parts in zip(*(batches[i] for i in range(3)), strict=True))
        rows = [int(np.flatnonzero((image == PIXELS).all(axis=(1, 2, 3)))[0]) for image in x]
        assert sorted(rows) == list(range(12))
        np.testing.assert_array_equal(y, ONE_HOT[rows])
        epochs.append(rows)
        batches.on_epoch_end()
    assert epochs[0] != epochs[1]
    again = Batches(PIXELS, ONE_HOT, 5, OFF, seed=1)
    np.testing.assert_array_equal(again[0][0], PIXELS[epochs[0][:5]])


@pytest.mark.parametrize(
    ("name", "value"), [("flip", True), ("crop", 0.2), ("color_jitter", 0.4), ("rand_augment", 0.3)]
)
def test_each_augmentation_changes_images_and_not_labels(name, value):
    x, y = Batches(PIXELS, ONE_HOT, 12, {**OFF, name: value}, seed=0)[0]
    plain, labels = Batches(PIXELS, ONE_HOT, 12, OFF, seed=0)[0]
    assert x.shape == plain.shape
    assert set(map(tuple, y)) == set(map(tuple, labels))
    # Another order is drawn after the layers' seeds: compare as sets.
    kept = [(np.abs(PIXELS - image).max(axis=(1, 2, 3)) < 1e-6).any() for image in x]
    assert not all(kept)
    assert x.min() >= -1e-5
    assert x.max() <= 1 + 1e-5


def test_a_flip_is_a_flip():
    x, _ = Batches(PIXELS, ONE_HOT, 12, {**OFF, "flip": True}, seed=0)[0]
    both = np.concatenate([PIXELS, PIXELS[:, :, ::-1]])
    found = [int(np.argmin(np.abs(both - image).max(axis=(1, 2, 3)))) for image in x]
    np.testing.assert_allclose(x, both[found], atol=1e-6)
    assert len({i // 12 for i in found}) == 2


def test_color_jitter_keeps_the_mean_saturation():
    """On average it neither bleaches nor saturates: Keras' own single factor would only bleach."""
    color = np.broadcast_to(np.float32([0.6, 0.5, 0.4]), (400, 2, 2, 3))
    labels = np.eye(3, dtype="float32")[np.zeros(400, int)]
    x, _ = Batches(color, labels, 400, {**OFF, "color_jitter": 0.2}, seed=0)[0]
    spread = np.ptp(x, axis=-1)
    assert spread.mean() == pytest.approx(0.2, abs=0.02)
    assert x.mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("strengths", [{"mixup": 0.4}, {"cutmix": 1.0}])
def test_mixing_mixes_labels_too(strengths):
    x, y = Batches(PIXELS, ONE_HOT, 12, {**OFF, **strengths}, seed=0)[0]
    np.testing.assert_allclose(y.sum(axis=1), 1, atol=1e-5)
    assert (y.max(axis=1) < 0.999).any()
    assert x.shape == PIXELS.shape


@pytest.mark.parametrize("labels", [LABELS + 1, LABELS - 1, LABELS + 0.5, ONE_HOT, np.zeros((0,), int)], ids=range(5))
def test_labels_must_be_integers_of_the_classes(labels):
    with pytest.raises(ValueError, match="integer labels from 0 to 2"):
        RECIPES["resnet"]().fit_arguments(PIXELS, labels)


def test_integer_labels_may_stand_in_a_column():
    arguments = RECIPES["resnet"]().with_(mixup=0.0, cutmix=0.0).fit_arguments(PIXELS, LABELS[:, None])
    np.testing.assert_allclose(arguments["x"][0][1].sum(axis=1), 1)


def test_images_and_labels_must_be_as_many():
    with pytest.raises(ValueError, match="same length"):
        RECIPES["resnet"]().fit_arguments(PIXELS[:5], LABELS)


# Bad input


def test_grey_images_have_no_colours():
    recipe = recipes.image_classification((16, 16, 1), 3, samples=10)
    assert (recipe.augmentation["color_jitter"], recipe.augmentation["rand_augment"]) == (0.0, 0.0)
    assert "three channels" in recipe.sources["color_jitter"]


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (RECIPES["tabular"], {"samples": 0}, "`samples` must be in"),
        (RECIPES["tabular"], {"samples": 10.0}, "`samples` must be an integer"),
        (RECIPES["language_model"], {"samples": None}, "`samples` must be an integer"),
        (RECIPES["resnet"], {"gap": 0.0}, "`gap` must be in"),
        (RECIPES["fine_tuning"], {"gap": float("nan")}, "`gap` must be in"),
        (recipes.tabular, {"input_shape": 3, "task": "multiclass", "samples": 9}, "number of classes"),
        (recipes.tabular, {"input_shape": 3, "task": "multi", "samples": 9}, "Did you mean 'multiclass'"),
        (recipes.language_model, {"length": 0, "vocabulary": 9, "samples": 9}, "`length` must be in"),
        (recipes.language_model, {"length": 4, "vocabulary": 1, "samples": 9}, "`vocabulary` must be in"),
        (recipes.image_classification, {"input_shape": (8, 8, 3), "outputs": 1, "samples": 9}, "`outputs` must be"),
        (
            recipes.image_classification,
            {"input_shape": (8, 8, 3), "outputs": 2, "samples": 9, "model": "vgg"},
            "`model` must be one of",
        ),
        (
            recipes.image_classification,
            {"input_shape": (8, 8, 3), "outputs": 2, "samples": 9, "value_range": (1, 0)},
            "two numbers that rise",
        ),
        (recipes.fine_tuning, {"samples": 9, "stages": 0}, "`stages` must be in"),
    ],
)
def test_bad_arguments_are_explained(make, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make(**arguments)


def test_regression_has_no_labels_to_smooth():
    recipe = recipes.tabular(5, task="regression", samples=100)
    assert recipe.loss == {"loss": "mean_squared_error"}
    model = recipe.with_(units=[3]).build()
    assert set(model.fit(ROWS, ROWS[:, :1], verbose=0).history) == {"loss", "mae"}
