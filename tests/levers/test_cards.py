"""What every card must have, and what it does to the arguments of the preset."""

import warnings

import pytest

from keras_regkit import levers
from keras_regkit._core.checks import Interval
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.callbacks import EarlyStopping
from keras_regkit.presets import mlp

FAMILIES = (
    "penalty",
    "noise",
    "normalization",
    "constraint",
    "stopping",
    "targets",
    "decay",
    "gradients",
    "sharpness",
    "averaging",
    "capacity",
    "fine-tuning",
    "uncertainty",
    "augmentation",
)
ON_MODELS = [name for name in levers.names() if levers.get(name).rewrite]
IN_PRESETS = [name for name in levers.names() if levers.get(name).keywords]
BY_HAND = [name for name in levers.names() if not levers.get(name).rewrite and not levers.get(name).make_callbacks]


@pytest.mark.parametrize("name", levers.names())
def test_card_is_complete(name):
    card = levers.get(name)
    assert card.name == name
    assert card.family in FAMILIES
    for field in ("title", "strength", "equation", "use_when", "trade_off", "source"):
        assert getattr(card, field).strip(), field
    assert card.strengths
    assert all(value in card.bounds for value in card.strengths)
    assert card.interactions
    for other, what in card.interactions:
        assert other in levers.names()
        assert other != name
        assert what
    assert card.rewrite or not card.keywords
    assert card.rewrite or card.make_callbacks or card.usage


@pytest.mark.parametrize("name", BY_HAND)
def test_a_technique_for_where_the_model_is_written_says_how(name):
    card = levers.get(name)
    for target in (mlp(3, units=2), {}):
        with pytest.raises(ValueError, match=f"'{name}' is not set by `apply`, but by hand: "):
            card.apply(target, card.strengths[0])
    assert card.callbacks(card.strengths[0]) == []
    compile(card.usage, name, "eval")


def test_names_follow_the_workflow():
    assert levers.names()[:10] == (
        "early_stopping",
        "l2",
        "batch_norm",
        "dropout",
        "weight_decay",
        "max_norm",
        "label_smoothing",
        "less_capacity",
        "l1",
        "l1_l2",
    )


@pytest.mark.parametrize("name", levers.names())
def test_strengths_out_of_bounds_name_the_lever(name):
    card = levers.get(name)
    for value, error in card.bounds.bad_values():
        with pytest.raises(error, match=f"`{name} strength` must be"):
            card.check(value)
        with pytest.raises(error, match=f"`{name} strength` must be"):
            card.apply({}, value)


@pytest.mark.parametrize(
    ("name", "strength", "config", "expected"),
    [
        ("l2", 0.01, {"l2": 0.1}, {"l2": 0.01}),
        ("l1", 0.01, {"units": 3}, {"units": 3, "l1": 0.01}),
        ("l1_l2", 0.01, {}, {"l1": 0.01, "l2": 0.01}),
        ("dropout", 0, {"dropout": 0.5}, {"dropout": 0}),
        ("batch_norm", 0, {}, {"batch_norm": False}),
        ("max_norm", 2, {}, {"max_norm": 2}),
        ("label_smoothing", 0.1, {}, {"label_smoothing": 0.1}),
        ("weight_decay", 0.1, {}, {"weight_decay": 0.1}),
        ("less_capacity", 0.5, {}, {"units": (128, 64)}),
        ("less_capacity", 0.75, {"units": (10, 1)}, {"units": (2, 1)}),
        ("less_capacity", 0.5, {"units": 10}, {"units": 5}),
    ],
)
def test_arguments_of_the_preset(name, strength, config, expected):
    given = dict(config)
    changed = levers.get(name).apply(config, strength)
    assert changed == expected
    assert config == given
    mlp(3, **{"units": 2, **changed})


@pytest.mark.parametrize("name", IN_PRESETS)
def test_arguments_that_change_nothing_warn(name):
    card = levers.get(name)
    config = {"units": 1} if name == "less_capacity" else card.apply({}, card.strengths[0])
    with pytest.warns(NoEffectWarning, match=f"'{name}' at"):
        assert card.apply(config, card.strengths[0]) == config


def test_early_stopping_acts_on_fit():
    card = levers.get("early_stopping")
    (callback,) = card.callbacks(7, monitor="val_accuracy")
    assert isinstance(callback, EarlyStopping)
    assert (callback.patience, callback.monitor, callback.restore_best_weights) == (7, "val_accuracy", True)
    (callback,) = card.callbacks(7, monitor="val_score", mode="max")  # a name that tells no direction
    assert (callback.monitor, callback.mode) == ("val_score", "max")
    with pytest.raises(
        ValueError, match=r"acts on training.*callbacks=levers\.get\('early_stopping'\)\.callbacks\(7\)"
    ):
        card.apply(mlp(3, units=2), 7)
    with pytest.raises(ValueError, match="acts on training"):
        card.apply({}, 7)


@pytest.mark.parametrize("name", ON_MODELS)
def test_levers_on_models_have_no_callbacks(name):
    card = levers.get(name)
    assert card.callbacks(card.strengths[0]) == []
    with pytest.raises((TypeError, ValueError), match=f"`{name} strength`"):
        card.callbacks(-1)


def test_a_card_must_do_something_within_its_bounds():
    fields = {
        **dict.fromkeys(("title", "family", "strength", "equation", "use_when", "trade_off"), "any"),
        **{"name": "mine", "bounds": Interval(0, 1), "strengths": (1,)},
    }
    with pytest.raises(ValueError, match="must act on a model"):
        levers.Lever(**fields)
    with pytest.raises(ValueError, match="`mine strength` must be in"):
        levers.Lever(**{**fields, "strengths": (2,)}, rewrite=lambda model, strength: model)
    mine = levers.Lever(**fields, rewrite=lambda model, strength: model)
    with pytest.raises(ValueError, match="not an argument of presets"):
        mine.apply({}, 1)
    assert levers.get(mine) is mine


def test_unknown_names_are_told_the_alternatives():
    with pytest.raises(ValueError, match=r"Unknown lever 'dropuot'\. Did you mean 'dropout'\?.*'less_capacity'"):
        levers.get("dropuot")
    with pytest.raises(TypeError, match="must be a name"):
        levers.get(3)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("dropout", [("dropout", (0.3, 0.5))]),
        (["l2", "batch_norm"], [("l2", (1e-3, 1e-2)), ("batch_norm", (1,))]),
        ({"dropout": 0.1, "l2": [1, 2]}, [("dropout", (0.1,)), ("l2", (1, 2))]),
        ({"less_capacity": (0.5,)}, [("less_capacity", (0.5,))]),
        (levers.get("l1"), [("l1", (1e-5, 1e-4))]),
        ((levers.get("l1"), "l2"), [("l1", (1e-5, 1e-4)), ("l2", (1e-3, 1e-2))]),
    ],
)
def test_parse_takes_what_users_write(given, expected):
    assert [(lever.name, strengths) for lever, strengths in levers.parse(given)] == expected


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([], ValueError, "at least one lever"),
        ({}, ValueError, "at least one lever"),
        (["l2", "l2"], ValueError, "names 'l2' more than once"),
        (["l2", levers.get("l2")], ValueError, "names 'l2' more than once"),
        ({"l2": []}, ValueError, "at least one strength"),
        ({"l2": [0.1, 0.1]}, ValueError, "a strength twice"),
        ({"l2": -0.1}, ValueError, r"`l2 strength` must be in \[0, inf\)\. Received: -0\.1"),
        ({"dropout": 1.0}, ValueError, r"`dropout strength` must be in \[0, 1\)\. Received: 1\.0"),
        ({"dropout": [[0.1]]}, TypeError, "`dropout strength` must be a number"),
        ({"dropout": "strong"}, TypeError, "`dropout strength` must be a number"),
        ({"batch_norm": 0.5}, TypeError, "`batch_norm strength` must be an integer"),
        (["drop"], ValueError, "Unknown lever 'drop'"),
        ([3], TypeError, "must be a name"),
        (None, TypeError, "`levers` must be names"),
    ],
)
def test_parse_refuses_what_makes_no_sense(given, error, message):
    with pytest.raises(error, match=message):
        levers.parse(given)


@pytest.mark.parametrize("name", ON_MODELS)
def test_apply_wants_a_compiled_model_or_arguments(name):
    card = levers.get(name)
    model = mlp(3, units=2)
    model.compiled = False
    with pytest.raises(ValueError, match=f"must be compiled before '{name}' is applied"):
        card.apply(model, card.strengths[0])
    with pytest.raises(TypeError, match=r"must be a keras\.Model or a dict"):
        card.apply("model", card.strengths[0])


def test_applying_leaves_the_arguments_given_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        config = {"units": (4,)}
        levers.get("dropout").apply(config, 0.5)
    assert config == {"units": (4,)}
