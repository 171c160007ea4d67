"""Which weights decay."""

import keras
import numpy as np
import pytest
from problems import assert_same

from keras_regkit import optimizers
from keras_regkit._core.warnings import NoEffectWarning


def text_model():
    random = np.random.default_rng(0)
    inputs = keras.Input((3,), dtype="int32")
    x = keras.layers.Embedding(5, 4, name="words")(inputs)
    x = keras.layers.LayerNormalization(name="norm")(keras.layers.Flatten()(x))
    model = keras.Model(inputs, keras.layers.Dense(2, name="head")(keras.layers.Dense(3, name="body")(x)))
    model.set_weights([1 + abs(random.normal(size=w.shape)) for w in model.get_weights()])
    return model


def decayed(model, optimizer):
    """Returns the paths of the weights that move when no gradient does anything."""
    model.compile(optimizer, lambda y, p: 0 * keras.ops.mean(p))
    before = model.get_weights()
    model.fit(np.zeros((2, 3), "int32"), np.zeros((2, 2)), verbose=0)
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    return [v.path for v, m in zip(model.trainable_variables, moved, strict=True) if m]


@pytest.mark.parametrize(
    ("arguments", "paths"),
    [
        ({}, ["body/kernel", "head/kernel"]),
        ({"decay_exclude": []}, ["words/embeddings", "body/kernel", "head/kernel"]),
        ({"decay_exclude": ["head/.*", "embeddings"]}, ["body/kernel"]),
        ({"decay_exclude": ["ead/kernel", "kern", "words/embeddings"]}, ["body/kernel", "head/kernel"]),
        ({"decay_min_rank": 0, "decay_exclude": ["norm/.*", "kernel", "embeddings"]}, ["body/bias", "head/bias"]),
        ({"decay_exclude": [".*"]}, []),
    ],
)
@pytest.mark.filterwarnings("ignore:`decay_exclude` has '(ead/kernel|kern)'")
def test_rank_and_the_ends_of_paths_decide(arguments, paths):
    optimizer = optimizers.WeightDecayPolicySGD(0.1, weight_decay=0.5, **arguments)
    assert decayed(text_model(), optimizer) == paths


def test_a_pattern_that_fits_no_weight_warns():
    model = text_model()
    policy = optimizers.WeightDecayPolicySGD(0.1, weight_decay=0.5, decay_exclude=["bias", "heat/kernel"])
    with pytest.warns(NoEffectWarning, match=r"'heat/kernel', which fits.*Did you mean 'head/kernel'"):
        policy.build(model.trainable_variables)
    for usual in (None, ["bias", "embeddings"]):  # the model need not have such weights
        policy = optimizers.WeightDecayPolicySGD(0.1, weight_decay=0.5, decay_exclude=usual)
        policy.build([model.get_layer("head").kernel])


def test_the_biases_of_attention_have_two_axes_and_do_not_decay():
    tokens = keras.Input((3, 4))
    attended = keras.layers.MultiHeadAttention(2, 2, bias_initializer="ones", name="attention")(tokens, tokens)
    model = keras.Model(tokens, attended)
    model.compile(optimizers.WeightDecayPolicySGD(0.1, weight_decay=0.5), lambda y, p: 0 * keras.ops.mean(p))
    model.fit(np.zeros((2, 3, 4)), np.zeros((2, 3, 4)), verbose=0)
    biases = [np.unique(w) for v, w in zip(model.weights, model.get_weights(), strict=True) if v.name == "bias"]
    assert [b.tolist() for b in biases] == [[1.0]] * 4


def test_decay_takes_off_its_share():
    model, optimizer = text_model(), optimizers.WeightDecayPolicySGD(0.1, weight_decay=0.5)
    before = model.get_weights()
    decayed(model, optimizer)
    expected = [
        w * (1 - 0.1 * 0.5) if v.path.endswith("kernel") else w for v, w in zip(model.variables, before, strict=True)
    ]
    assert_same(model.get_weights(), expected)


def test_the_policy_is_kept_by_files_and_loss_scaling_and_adds_to_what_was_excluded(tmp_path):
    model = text_model()
    optimizer = optimizers.WeightDecayPolicyAdamW(0.1, weight_decay=0.5, decay_exclude=["embeddings", "head/kernel"])
    model.compile(keras.optimizers.LossScaleOptimizer(optimizer), "mse")
    model.fit(np.zeros((2, 3), "int32"), np.zeros((2, 2)), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").optimizer
    assert decayed(text_model(), type(loaded).from_config(loaded.get_config())) == ["body/kernel"]
    excluding = optimizers.WeightDecayPolicySGD(0.1, weight_decay=0.5)
    excluding.exclude_from_weight_decay(var_names=["kernel"])
    assert decayed(text_model(), excluding) == []


def test_sequential_models_whose_paths_have_the_models_name(tmp_path):
    model = keras.Sequential([keras.layers.Dense(2, name="a"), keras.layers.Dense(1, name="b")])
    model.build((None, 3))
    optimizer = optimizers.WeightDecayPolicySGD(0.1, weight_decay=0.5, decay_exclude=["a/kernel"])
    model.compile(optimizer, "mse")
    model.fit(np.ones((2, 3)), np.ones((2, 1)), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        decays = [each.optimizer._use_weight_decay(v) for v in each.trainable_variables]
        assert decays == [False, False, True, False]
