"""The losses on classes against plain loops, at their published numbers, and where numbers run out."""

import inspect
import math

import keras
import numpy as np
import pytest

from keras_regkit.callbacks import StrengthMonitor
from keras_regkit.losses import (
    Bootstrapping,
    ConfidencePenalty,
    GeneralizedCrossEntropy,
    JSDConsistency,
    LabelSmoothing,
    PolyLoss,
    SymmetricCrossEntropy,
)
from keras_regkit.losses._labels import Classes
from keras_regkit.strengths import Linear

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(6, 4)).astype("float32")
CLASSES = np.array([0, 1, 2, 3, 1, 0])
ONE_HOT = np.eye(4, dtype="float32")[CLASSES]
SOFT = RANDOM.dirichlet(np.ones(4), size=6).astype("float32")
BITS = np.array([[1], [0], [1], [1], [0], [0]], "float32")
BIT_LOGITS = RANDOM.normal(size=(6, 1)).astype("float32")


def sce(y, p):
    rce = -sum(pk * (math.log(yk) if yk > math.exp(-4) else -4) for yk, pk in zip(y, p, strict=True))
    return 0.5 * ce(y, p) + 0.7 * rce


def ce(y, p):
    return -sum(yk * math.log(pk) for yk, pk in zip(y, p, strict=True))


def gce(y, p):
    return sum(yk * (1 - pk**0.7) / 0.7 for yk, pk in zip(y, p, strict=True))


def soft(y, p):
    return ce([0.9 * yk + 0.1 * pk for yk, pk in zip(y, p, strict=True)], p)


def hard(y, p):
    return 0.8 * ce(y, p) - 0.2 * math.log(max(p))


def confidence(y, p):
    return ce(y, p) + 0.3 * sum(pk * math.log(pk) for pk in p)


def poly(y, p):
    return ce(y, p) + 2 * (1 - sum(yk * pk for yk, pk in zip(y, p, strict=True)))


FORMULAS = [
    (lambda **o: SymmetricCrossEntropy(0.5, 0.7, **o), sce),
    (lambda **o: GeneralizedCrossEntropy(0.7, **o), gce),
    (lambda **o: Bootstrapping("soft", 0.9, **o), soft),
    (lambda **o: Bootstrapping("hard", 0.8, **o), hard),
    (lambda **o: ConfidencePenalty(0.3, **o), confidence),
    (lambda **o: PolyLoss(2.0, **o), poly),
]
IDS = ["symmetric", "generalized", "soft", "hard", "confidence", "poly"]
# Each at the strength at which it is the plain cross-entropy.
OFF = [
    lambda **o: SymmetricCrossEntropy(1.0, 0.0, **o),
    lambda **o: GeneralizedCrossEntropy(0, **o),
    lambda **o: Bootstrapping("soft", 1.0, **o),
    lambda **o: Bootstrapping("hard", 1, **o),
    lambda **o: ConfidencePenalty(0.0, **o),
    lambda **o: PolyLoss(0.0, **o),
]


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def number(tensor):
    return keras.ops.convert_to_numpy(tensor)


def rows_of(formula, labels, logits):
    return [formula(y, p) for y, p in zip(labels.astype("float64"), softmax(logits.astype("float64")), strict=True)]


def with_gradient(loss, labels, logits):
    """Loss and gradient with regard to the logits, which are a weight of a model's layer."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        logits = tf.constant(logits)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(labels, logits)
        return value.numpy(), tape.gradient(value, logits).numpy()
    if backend == "jax":
        import jax

        value, gradient = jax.value_and_grad(lambda z: loss(labels, z))(jax.numpy.asarray(logits))
        return np.asarray(value), np.asarray(gradient)
    import torch

    logits = torch.tensor(logits, requires_grad=True)
    value = loss(labels, logits)
    value.backward()
    return value.detach().numpy(), logits.grad.numpy()


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize(
    ("labels", "rows"),
    [(CLASSES, ONE_HOT), (CLASSES[:, None], ONE_HOT), (ONE_HOT, ONE_HOT), (SOFT, SOFT)],
    ids=["sparse", "sparse-column", "one-hot", "soft"],
)
@pytest.mark.parametrize(("make", "formula"), FORMULAS, ids=IDS)
def test_classes_against_loops(make, formula, labels, rows, from_logits):
    loss = make(from_logits=from_logits, reduction="none")
    values = number(loss(labels, LOGITS if from_logits else softmax(LOGITS)))
    np.testing.assert_allclose(values, rows_of(formula, rows, LOGITS), rtol=2e-5)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize(("make", "formula"), FORMULAS, ids=IDS)
def test_one_output_is_a_choice_between_two_classes(make, formula, from_logits):
    loss = make(from_logits=from_logits, reduction="none")
    pairs = np.concatenate([1 - BITS, BITS], 1)
    two = np.concatenate([np.zeros_like(BIT_LOGITS), BIT_LOGITS], 1)
    for labels in (BITS, BITS[:, 0], BITS.astype("int32")):
        values = number(loss(labels, BIT_LOGITS if from_logits else sigmoid(BIT_LOGITS)))
        np.testing.assert_allclose(values, rows_of(formula, pairs, two), rtol=2e-5)


@pytest.mark.parametrize(("make", "formula"), FORMULAS, ids=IDS)
def test_several_yes_or_no_outputs_are_averaged(make, formula):
    labels, logits = BITS.reshape(2, 3), BIT_LOGITS.reshape(2, 3)
    values = number(make(from_logits=True, multi_label=True, reduction="none")(labels, logits))
    pairs = np.concatenate([1 - BITS, BITS], 1)
    two = np.concatenate([np.zeros_like(BIT_LOGITS), BIT_LOGITS], 1)
    np.testing.assert_allclose(values, np.reshape(rows_of(formula, pairs, two), (2, 3)).mean(1), rtol=2e-5)


@pytest.mark.parametrize("make", OFF, ids=IDS)
def test_off_is_the_plain_cross_entropy(make):
    for labels, predictions, plain, options in [
        (CLASSES, LOGITS, keras.losses.SparseCategoricalCrossentropy(from_logits=True), {"from_logits": True}),
        (SOFT, softmax(LOGITS), keras.losses.CategoricalCrossentropy(), {}),
        (BITS, BIT_LOGITS, keras.losses.BinaryCrossentropy(from_logits=True), {"from_logits": True}),
    ]:
        expected, slope = with_gradient(plain, labels, predictions)
        got, gradient = with_gradient(make(**options), labels, predictions)
        assert got == pytest.approx(expected, rel=1e-6)
        np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-7)


def test_published_numbers():
    # A = −4: a one-hot label costs 4 for each share of probability that is elsewhere.
    assert number(SymmetricCrossEntropy(0, 1.0)([1], [[0.3, 0.5, 0.2]])) == pytest.approx(4 * 0.5, rel=1e-6)
    # q = 1 is half the mean absolute error summed over classes.
    absolute = np.abs(ONE_HOT - softmax(LOGITS)).sum(-1).mean()
    assert number(GeneralizedCrossEntropy(1)(CLASSES, softmax(LOGITS))) == pytest.approx(absolute / 2, rel=1e-5)
    # The entropy of the uniform distribution is log K.
    uniform = np.full((1, 4), 0.25, "float32")
    assert number(ConfidencePenalty(1.0)([0], uniform)) == pytest.approx(0, abs=1e-6)
    # ε = −1 takes the first term of Σ (1 − P)^j / j away.
    series = sum(0.5**j / j for j in range(2, 60))
    assert number(PolyLoss(-1.0)([0], [[0.5, 0.5]])) == pytest.approx(series, rel=1e-5)


@pytest.mark.parametrize("q", [1e-7, 1e-4])
def test_small_q_goes_to_the_cross_entropy_smoothly(q):
    plain = number(keras.losses.SparseCategoricalCrossentropy(from_logits=True)(CLASSES, LOGITS))
    assert number(GeneralizedCrossEntropy(q, from_logits=True)(CLASSES, LOGITS)) == pytest.approx(plain, rel=1e-3)


@pytest.mark.filterwarnings("ignore:JSDConsistency was trained on labels without")
@pytest.mark.parametrize("dtype", [None, "float16"])
@pytest.mark.parametrize(
    "make",
    [
        *(make for make, _ in FORMULAS),
        *OFF,
        lambda **o: LabelSmoothing(keras.losses.SparseCategoricalCrossentropy(**o), 0.1),
        lambda from_logits: JSDConsistency(from_logits=from_logits),
    ],
)
def test_extreme_float16_logits_give_finite_losses_and_gradients(make, dtype):
    loss = make(from_logits=True)
    if dtype:
        loss = type(loss)(
            **{k: v for k, v in vars_of(loss).items() if k != "dtype"},
            dtype=dtype,
        )
    logits = np.array([[1e4, -1e4, 0], [1e4, -1e4, 0], [-1e4, -1e4, -1e4]], "float16")
    value, gradient = with_gradient(loss, np.array([0, 1, 2]), logits)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()
    assert gradient.dtype == "float16"


def vars_of(loss):
    config = loss.get_config()
    if "loss" in config:
        config["loss"] = keras.losses.deserialize(config["loss"])
    return {k: config[k] for k in inspect.signature(type(loss)).parameters if k in config}


def test_extreme_float16_logits_of_a_yes_or_no():
    for make, _ in FORMULAS:
        value, gradient = with_gradient(make(from_logits=True), BITS[:2], np.array([[1e4], [1e4]], "float16"))
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


def test_gradients_of_robust_losses_fade_where_labels_are_hopeless():
    logits = np.array([[8.0, 0.0]], "float32")
    slopes = {
        name: abs(with_gradient(make(from_logits=True), np.array([1]), logits)[1]).max()
        for name, (make, _) in zip(IDS, FORMULAS, strict=True)
    }
    plain = abs(
        with_gradient(keras.losses.SparseCategoricalCrossentropy(from_logits=True), np.array([1]), logits)[1]
    ).max()
    assert slopes["generalized"] < 0.01 < 0.99 < plain
    assert slopes["symmetric"] == pytest.approx(plain / 2, rel=0.01)


def test_soft_bootstrapping_lets_the_gradient_through_the_prediction():
    loss = Bootstrapping("soft", 0.0, from_logits=True)
    _, gradient = with_gradient(loss, np.array([0]), np.array([[1.0, 0.0]], "float32"))
    p = softmax(np.array([1.0, 0.0]))
    # d H / d z_k = −p_k (log p_k + H)
    entropy = -(p * np.log(p)).sum()
    np.testing.assert_allclose(gradient[0], -p * (np.log(p) + entropy), rtol=1e-5)


def test_weights_and_reductions_are_those_of_keras():
    weights = np.array([0, 1, 2, 0.5, 3, 1], "float32")
    for make, formula in FORMULAS:
        rows = np.array(rows_of(formula, ONE_HOT, LOGITS))
        for reduction, expected in [
            ("sum_over_batch_size", (rows * weights).mean()),
            ("sum", (rows * weights).sum()),
            ("mean_with_sample_weight", (rows * weights).sum() / weights.sum()),
            ("none", rows * weights),
        ]:
            loss = make(from_logits=True, reduction=reduction)
            np.testing.assert_allclose(number(loss(CLASSES, LOGITS, sample_weight=weights)), expected, rtol=2e-5)


def test_every_position_of_a_sequence_counts():
    for make, formula in FORMULAS:
        values = number(make(from_logits=True, reduction="none")(CLASSES.reshape(2, 3), LOGITS.reshape(2, 3, 4)))
        np.testing.assert_allclose(values.ravel(), rows_of(formula, ONE_HOT, LOGITS), rtol=2e-5)


def test_float64_stays_float64():
    before = keras.backend.floatx()
    keras.config.set_floatx("float64")
    try:
        if keras.backend.backend() != "jax":  # which is told separately to have float64
            # Keras' reduction is float32 on torch.
            values = PolyLoss(2.0, from_logits=True, reduction="none")(ONE_HOT, LOGITS.astype("float64"))
            np.testing.assert_allclose(number(values), rows_of(poly, ONE_HOT, LOGITS), rtol=1e-12)
    finally:
        keras.config.set_floatx(before)


ALL = [make for make, _ in FORMULAS]


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        ([0, 4], LOGITS[:2], r"whole numbers from 0 to 3\. Received 1"),
        ([0, -1], LOGITS[:2], r"whole numbers from 0 to 3\. Received 1"),
        ([0.5, 2], LOGITS[:2], "whole numbers from 0 to 3"),
        ([np.nan, 2], LOGITS[:2], "whole numbers from 0 to 3"),
        ([[2.0], [0.0]], BIT_LOGITS[:2], r"shares must be in \[0, 1\]"),
        ([[0, 2, 0, 0]], LOGITS[:1], r"shares must be in \[0, 1\]"),
        (ONE_HOT[:2, :3], LOGITS[:2], r"Received: labels of shape \(2, 3\), predictions of shape \(2, 4\)"),
        (CLASSES[:4].reshape(2, 2), LOGITS[:2], "must be integer labels of shape"),
        (CLASSES[:3], LOGITS.reshape(1, 6, 4), "must be integer labels of shape"),
        ([[1.0, 0.0]], BIT_LOGITS[:1], "must be zeros and ones"),
        ([1.0], [0.5], "`y_pred` must have the shape"),
    ],
)
@pytest.mark.parametrize("make", ALL, ids=IDS)
def test_labels_that_do_not_fit_are_refused(make, labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        make(from_logits=True)(np.asarray(labels, "float32"), np.asarray(predictions, "float32"))


@pytest.mark.parametrize("make", [*ALL, lambda **o: LabelSmoothing(keras.losses.SparseCategoricalCrossentropy(**o))])
def test_a_class_out_of_range_is_never_a_silent_zero_in_fit(make):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    model.compile(keras.optimizers.SGD(0.0), make(from_logits=True))
    labels = np.array([0, 1, 9, 0, 1, 2])
    if keras.backend.backend() == "torch":  # which runs step by step, so that labels can be seen
        with pytest.raises(ValueError, match="whole numbers from 0 to 3"):
            model.fit(LOGITS, labels, verbose=0)
    else:
        assert np.isnan(model.fit(LOGITS, labels, verbose=0).history["loss"][0])


@pytest.mark.parametrize(("labels", "logits"), [(SOFT, LOGITS), (BITS, BIT_LOGITS)])
def test_shares_may_be_off_by_their_rounding(labels, logits):
    rounded = labels.copy()
    rounded[0], rounded[1] = np.eye(labels.shape[1])[0] * (1 + 1e-6), np.eye(labels.shape[1])[0] - 1e-6
    clean = np.clip(rounded.round(4), 0, 1)
    for make in ALL:
        loss = make(from_logits=True)
        assert number(loss(rounded, logits)) == pytest.approx(number(loss(clean, logits)), abs=1e-4)


def test_more_classes_than_a_dtype_can_count_are_refused():
    with pytest.raises(ValueError, match=r"bfloat16 cannot tell 300 integer labels apart.*dtype='float32'"):
        PolyLoss(dtype="bfloat16")(np.array([1]), np.full((1, 300), 1 / 300))


def test_strengths_may_move():
    loss = PolyLoss(Linear(0.0, 2.0, steps=4), from_logits=True)
    assert isinstance(loss.epsilon, Linear)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, kernel_initializer="identity")])
    model.compile(keras.optimizers.SGD(0.0), loss)
    values = model.fit(LOGITS, CLASSES, epochs=3, verbose=0, callbacks=[StrengthMonitor()]).history["loss"]
    plain, full = (np.mean(rows_of(f, ONE_HOT, LOGITS)) for f in (ce, poly))
    expected = [plain + share * (full - plain) for share in (0, 0.25, 0.5)]
    np.testing.assert_allclose(values, expected, rtol=1e-5)
    again = PolyLoss.from_config(loss.get_config())
    assert again.get_config() == loss.get_config()


def test_each_loss_trains_and_is_saved_with_the_model(tmp_path):
    for make in ALL:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
        model.compile(keras.optimizers.Adam(0.1), make(from_logits=True), metrics=["accuracy"])
        history = model.fit(LOGITS, CLASSES, epochs=6, verbose=0).history
        assert history["loss"][-1] < history["loss"][0]
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        assert loaded.loss.get_config() == model.loss.get_config()
        np.testing.assert_allclose(
            loaded.evaluate(LOGITS, CLASSES, verbose=0), model.evaluate(LOGITS, CLASSES, verbose=0), rtol=1e-5
        )


def test_log_probabilities_are_those_of_keras_where_they_saturate():
    p = np.array([[1.0, 0.0]], "float32")
    found = number(Classes(np.array([0]), p, from_logits=False).log_p)
    np.testing.assert_allclose(found, np.log([[1 - 1e-7, 1e-7]]), rtol=1e-3, atol=1e-6)
