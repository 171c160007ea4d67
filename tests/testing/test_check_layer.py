import broken
import keras
import numpy as np
import pytest

from keras_regkit.testing import SavedModels, check_layer

FACTS = {"input_shape": (5, 3), "training_only": True, "fresh_process": False}


def test_good_layer_passes():
    check_layer(broken.GoodNoise(0.3), zero_strength=broken.GoodNoise(0.0), **FACTS)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("LosesArgument", "config_keeps_arguments"),
        ("RoundsToFloat32", "config_keeps_arguments"),
        ("NumpyInConfig", "config_is_plain"),
        ("ConfigGrows", "config_round_trip"),
        ("NotRegistered", "is_registered"),
        ("LiesAboutShape", "output_shape_is_known"),
        ("AlwaysFloat32", "dtype_follows_policy"),
        ("OverflowsInFloat16", "dtype_follows_policy"),
        ("IgnoresTraining", "inference_is_deterministic"),
        ("ScalesAtInference", "inference_is_identity"),
        ("NeverActs", "inference_is_identity"),
        ("DropsMask", "mask_passes_through"),
        ("ReplacesSeedZero", "seed_is_respected"),
        ("DrawsFromGlobalSeed", "seed_is_respected"),
        ("IgnoresSeed", "seeds_differ"),
        ("RepeatsItsDraw", "draws_are_fresh"),
        ("BecomesNan", "fits_without_jit"),
    ],
)
def test_broken_layer_is_caught(name, rule):
    with pytest.raises(AssertionError, match=rf"{name} breaks the rule `{rule}`"):
        check_layer(getattr(broken, name)(0.3), **FACTS)


@pytest.mark.parametrize(("name", "rule"), [("UntrackedState", "clone_is_equal"), ("LosesWeights", "reloads")])
def test_layer_that_loses_its_state_is_caught(name, rule):
    with pytest.raises(AssertionError, match=rf"{name} breaks the rule `{rule}`"):
        check_layer(getattr(broken, name)(0.3), (3,), fresh_process=False)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="jit_compile is torch.compile there, and not checked")
@pytest.mark.parametrize(
    ("name", "rule"),
    # Keras traces on JAX before it fits, so there values are missed without jit too.
    [("NeedsValues", "fits_with(out)?_jit"), ("RefusesJit", "fits_with_jit")],
)
def test_layer_that_breaks_in_jit_is_caught(name, rule):
    with pytest.raises(AssertionError, match=rf"{name} breaks the rule `{rule}`"):
        check_layer(getattr(broken, name)(0.3), **FACTS)


def test_argument_of_another_type_is_caught_when_arguments_are_known():
    check_layer(broken.GoodNoise(1), arguments={"stddev": 1}, **FACTS)
    with pytest.raises(AssertionError, match=r"stddev=1 was given, the config says 1.0"):
        check_layer(broken.ChangesType(1), arguments={"stddev": 1}, **FACTS)


def test_layer_that_acts_at_zero_strength_is_caught():
    with pytest.raises(AssertionError, match="zero_strength_is_identity"):
        check_layer(broken.ActsAtZero(0.3), zero_strength=broken.ActsAtZero(0.0), **FACTS)


def test_layer_that_its_module_does_not_register_is_caught_in_a_fresh_process(tmp_path):
    saved = SavedModels(tmp_path)
    keras.saving.register_keras_serializable("broken")(broken.RegisteredElsewhere)
    facts = {**FACTS, "fresh_process": saved}
    for cls in (broken.GoodNoise, broken.RegisteredElsewhere):
        check_layer(cls(0.3), **facts)
    with pytest.raises(AssertionError, match="RegisteredElsewhere") as caught:
        saved.check()
    assert "GoodNoise" not in str(caught.value)


def test_exempt_rule_is_not_run():
    check_layer(broken.IgnoresSeed(0.3), exempt={"seeds_differ": "the test says so"}, **FACTS)


@pytest.mark.parametrize(
    ("exempt", "message"),
    [
        ({"seeds": "why not"}, "must name rules of this check.*Received: 'seeds'"),
        ({"seeds_differ": " "}, "must give a reason for 'seeds_differ'"),
        (["seeds_differ"], "must map the name of a rule"),
    ],
)
def test_exemption_without_rule_or_reason_is_refused(exempt, message):
    with pytest.raises(ValueError, match=message):
        check_layer(broken.GoodNoise(0.3), exempt=exempt, **FACTS)


def test_inputs_may_be_a_dict():
    inputs = {"a": np.ones((8, 2), "float32"), "b": np.ones((8, 3), "float32")}
    check_layer(broken.JoinsInputs(), inputs=inputs, fresh_process=False)


@pytest.mark.parametrize("given", [{}, {"input_shape": (2,), "inputs": np.ones((8, 2))}])
def test_either_shape_or_inputs(given):
    with pytest.raises(ValueError, match="`input_shape` or `inputs`"):
        check_layer(broken.GoodNoise(0.3), fresh_process=False, **given)
