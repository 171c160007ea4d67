"""A learning rate for each layer."""

import keras
import numpy as np
import pytest
from problems import assert_same, small, trained

from keras_regkit import optimizers

SGD = optimizers.mix(keras.optimizers.SGD, optimizers.LearningRateMultipliers)
BASES = (keras.optimizers.SGD, keras.optimizers.AdamW, keras.optimizers.Lion, keras.optimizers.RMSprop)


@pytest.mark.parametrize("base", BASES)
def test_one_rate_for_all_is_that_rate_for_step_and_decay(base):
    mixed = optimizers.mix(base, optimizers.LearningRateMultipliers)
    got = trained(small(), mixed(0.1, weight_decay=0.1, multipliers={".*": 0.5}))
    assert_same(got, trained(small(), base(0.05, weight_decay=0.1)))


@pytest.mark.parametrize("base", BASES)
def test_a_frozen_weight_does_not_move_and_the_rest_does(base):
    mixed = optimizers.mix(base, optimizers.LearningRateMultipliers)
    start = small().get_weights()
    got = trained(small(), mixed(0.1, weight_decay=0.1, multipliers={"hidden/.*": 0}))
    assert_same(got[:2], start[:2], 0)
    assert not np.allclose(got[2], start[2])


def test_the_first_pattern_that_fits_counts_and_schedules_act_as_ever():
    optimizer = SGD(0.1, multipliers={"hidden/bias": 0.0, "hidden/.*": 0.5})
    model = small()
    optimizer.build(model.trainable_variables)
    assert [optimizer.multiplier_of(v) for v in model.trainable_variables] == [0.5, 0.0, 1, 1]
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.1, 0.0])
    scheduled = trained(small(), SGD(schedule, multipliers={"bias": 0.5}))
    assert not np.allclose(scheduled[0], small().get_weights()[0])


@pytest.mark.parametrize(
    ("multipliers", "error", "message"),
    [
        ([("a", 1)], TypeError, "must be a dict"),
        ({1: 1.0}, TypeError, "regular expressions for keys"),
        ({"(": 1.0}, ValueError, "must hold regular expressions"),
        ({"a": -1}, ValueError, r"`multipliers\['a'\]` must be in \[0, inf\)"),
        ({"a": True}, TypeError, "must be a number"),
    ],
)
def test_bad_multipliers_are_refused(multipliers, error, message):
    with pytest.raises(error, match=message):
        SGD(0.1, multipliers=multipliers)


def test_a_pattern_that_fits_nothing_names_what_is_near():
    with pytest.raises(ValueError, match=r"Did you mean 'hidden/kernel'\?.*multipliers_strict=False"):
        trained(small(), SGD(0.1, multipliers={"hiden/kernel": 0.1}))
    trained(small(), SGD(0.1, multipliers={"hiden/kernel": 0.1}, multipliers_strict=False))


def nested():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="low"), keras.layers.Dense(3, name="mid")])
    inputs = keras.Input((4,))
    x = keras.layers.LayerNormalization(name="norm")(inner(inputs))
    return keras.Model(inputs, keras.layers.Dense(1, name="head")(keras.layers.ReLU()(x)))


def test_rates_fall_from_the_last_layer_to_the_first():
    expected = {"low/.*": 0.125, "mid/.*": 0.25, "norm/.*": 0.5, "head/.*": 1.0}
    model = nested()
    rates = optimizers.layerwise_learning_rates(model, 0.5)
    assert rates == expected
    assert list(rates) == list(expected)
    optimizer = SGD(0.1, multipliers=rates)
    optimizer.build(model.trainable_variables)
    found = {v.path.split("/")[-2]: optimizer.multiplier_of(v) for v in model.trainable_variables}
    assert found == {"low": 0.125, "mid": 0.25, "norm": 0.5, "head": 1.0}
    for frozen in (model.get_layer("norm"), model.layers[1], model):
        frozen.trainable = False
        assert optimizers.layerwise_learning_rates(model, 0.5) == expected


def test_frozen_layers_have_their_rates_when_they_train():
    model = nested()
    model.layers[1].trainable = False
    blocks = ["(low|mid)/.*", "head/.*"]
    assert optimizers.layerwise_learning_rates(model, 0.1, blocks) == {"(low|mid)/.*": 0.1, "head/.*": 1.0}
    rates = optimizers.layerwise_learning_rates(model, 0.1)
    with pytest.raises(ValueError, match="multipliers_strict=False"):
        SGD(0.1, multipliers=rates).build(model.trainable_variables)
    optimizer = SGD(0.1, multipliers=rates, multipliers_strict=False)
    assert optimizer.multiplier_of(model.layers[1].layers[0].kernel) == pytest.approx(1e-3)
    optimizer.build(model.trainable_variables)


def test_statistics_are_no_weights_that_could_train():
    layers = [keras.layers.Normalization(mean=0.0, variance=1.0), keras.layers.BatchNormalization(name="norm")]
    layers += [keras.layers.Normalization(name="seen"), keras.layers.Dense(1, name="head")]
    model = keras.Sequential([keras.Input((4,)), *layers])
    assert optimizers.layerwise_learning_rates(model, 0.5) == {"norm/.*": 0.5, "head/.*": 1.0}
    with pytest.raises(ValueError, match="weights that can train"):
        optimizers.layerwise_learning_rates(model, 0.5, ["moving_mean", "head/.*"])


def test_blocks_are_counted_from_the_outputs():
    blocks = ["(low|mid)/.*", "head/.*"]
    assert optimizers.layerwise_learning_rates(nested(), 0.1, blocks) == {"(low|mid)/.*": 0.1, "head/.*": 1.0}


def test_layers_that_make_weights_within_are_one_block():
    inputs = keras.Input((3, 4))
    x = keras.layers.MultiHeadAttention(2, 2, name="attention")(inputs, inputs)
    model = keras.Model(inputs, keras.layers.LSTM(2, name="lstm")(x))
    rates = optimizers.layerwise_learning_rates(model, 0.5)
    assert rates == {"attention/.*": 0.5, "lstm/.*": 1.0}
    optimizer = SGD(0.1, multipliers=rates)
    optimizer.build(model.trainable_variables)
    assert {optimizer.multiplier_of(v) for v in model.trainable_variables} == {0.5, 1.0}


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: (keras.Sequential([keras.layers.Dense(1)]), 0.5), ValueError, "must be built"),
        (lambda: (nested(), 0), ValueError, r"`decay` must be in \(0, inf\)"),
        (lambda: (nested(), 0.5, []), TypeError, "`blocks` must be a list"),
        (lambda: (nested(), 0.5, "head"), TypeError, "`blocks` must be a list"),
        (lambda: (nested(), 0.5, ["heat/kernel"]), ValueError, r"Did you mean 'head/kernel'\?"),
        (lambda: (nested(), 0.5, ["head/.*", "head/.*"]), ValueError, "each block once"),
    ],
)
def test_bad_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        optimizers.layerwise_learning_rates(*make())


def test_layers_of_the_same_name_need_blocks():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="dense")])
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(1, name="dense")(inner(inputs)))
    with pytest.raises(ValueError, match=r"several called \['dense'\]"):
        optimizers.layerwise_learning_rates(model, 0.5)
