import keras
import numpy as np
import pytest

from keras_regkit.losses import LabelSmoothing
from keras_regkit.losses.label_smoothing import smooth_labels

SPARSE, CATEGORICAL, BINARY = (
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
)
CONVENTIONS = ("uniform", "others")
RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(6, 4)).astype("float32")
CLASSES = np.array([0, 1, 2, 3, 1, 0])
ONE_HOT = np.eye(4, dtype="float32")[CLASSES]
SOFT = RANDOM.dirichlet(np.ones(4), size=6).astype("float32")
BITS = RANDOM.integers(0, 2, size=(6, 2)).astype("float32")
BIT_LOGITS = RANDOM.normal(size=(6, 2)).astype("float32")


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def smoothed(labels, s, convention):
    """Entry by entry: each gives up a share s, which goes to all classes or to the others."""
    new = np.zeros_like(labels)
    rows, classes = labels.shape
    for row in range(rows):
        for source in range(classes):
            for target in range(classes):
                if target == source:
                    new[row, target] += (1 - s) * labels[row, source]
                elif convention == "others":
                    new[row, target] += s * labels[row, source] / (classes - 1)
                if convention == "uniform":
                    new[row, target] += s * labels[row, source] / classes
    return new


def cross_entropy(labels, probabilities):
    return -(labels * np.log(probabilities)).sum(-1)


def number(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize(
    ("convention", "expected"), [("uniform", (0.9333, 0.0333, 0.0333)), ("others", (0.9, 0.05, 0.05))]
)
def test_published_numbers_for_three_classes(convention, expected):
    np.testing.assert_allclose(smooth_labels(np.eye(3)[:1], 0.1, convention)[0], expected, atol=5e-5)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(
    ("cls", "labels", "rows"),
    [
        (keras.losses.SparseCategoricalCrossentropy, CLASSES, ONE_HOT),
        (keras.losses.SparseCategoricalCrossentropy, CLASSES[:, None], ONE_HOT),
        (keras.losses.CategoricalCrossentropy, ONE_HOT, ONE_HOT),
        (keras.losses.CategoricalCrossentropy, SOFT, SOFT),
    ],
)
def test_classes_against_numpy(cls, labels, rows, convention, from_logits):
    loss = LabelSmoothing(cls(from_logits=from_logits), 0.3, convention)
    probabilities = softmax(LOGITS)
    expected = cross_entropy(smoothed(rows, 0.3, convention), probabilities).mean()
    assert number(loss(labels, LOGITS if from_logits else probabilities)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_bits_against_numpy(convention, from_logits):
    loss = LabelSmoothing(keras.losses.BinaryCrossentropy(from_logits=from_logits), 0.3, convention)
    p = sigmoid(BIT_LOGITS)
    # Each output is a choice between two classes.
    pairs = smoothed(np.stack([1 - BITS, BITS], -1).reshape(-1, 2), 0.3, convention)
    expected = cross_entropy(pairs, np.stack([1 - p, p], -1).reshape(-1, 2)).mean()
    assert number(loss(BITS, BIT_LOGITS if from_logits else p)) == pytest.approx(expected, rel=1e-5)
    assert number(loss(BITS.astype("int32"), BIT_LOGITS if from_logits else p)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("cls", "labels", "logits"),
    [
        (keras.losses.CategoricalCrossentropy, ONE_HOT, LOGITS),
        (keras.losses.BinaryCrossentropy, BITS, BIT_LOGITS),
    ],
)
def test_uniform_is_what_keras_does_where_it_smooths(cls, labels, logits):
    ours = LabelSmoothing(cls(from_logits=True), 0.2)
    keras_own = cls(from_logits=True, label_smoothing=0.2)
    assert number(ours(labels, logits)) == pytest.approx(number(keras_own(labels, logits)), rel=1e-6)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(
    ("name", "labels", "predictions"),
    [(SPARSE, CLASSES, softmax(LOGITS)), (CATEGORICAL, SOFT, softmax(LOGITS)), (BINARY, BITS, sigmoid(BIT_LOGITS))],
)
def test_zero_smoothing_is_the_plain_loss(name, labels, predictions, convention):
    plain = keras.ops.mean(keras.losses.get(name)(labels, predictions))
    assert number(LabelSmoothing(name, 0, convention)(labels, predictions)) == pytest.approx(number(plain), rel=1e-5)


def test_weights_and_reduction_are_those_of_keras():
    weights = np.array([0, 1, 2, 0.5, 3, 1], "float32")
    rows = cross_entropy(smoothed(ONE_HOT, 0.1, "uniform"), softmax(LOGITS))
    for reduction, expected in [
        ("sum_over_batch_size", (rows * weights).mean()),
        ("sum", (rows * weights).sum()),
        ("none", rows * weights),
    ]:
        inner = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)
        loss = LabelSmoothing(inner, 0.1)
        assert loss.reduction == reduction
        np.testing.assert_allclose(number(loss(CLASSES, LOGITS, sample_weight=weights)), expected, rtol=1e-5)


def test_every_position_of_a_sequence_is_smoothed():
    logits, classes = LOGITS.reshape(2, 3, 4), CLASSES.reshape(2, 3)
    loss = LabelSmoothing(keras.losses.SparseCategoricalCrossentropy(from_logits=True), 0.1)
    expected = cross_entropy(smoothed(ONE_HOT, 0.1, "uniform"), softmax(LOGITS)).mean()
    assert number(loss(classes, logits)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("cls", "labels", "logits"),
    [
        (keras.losses.SparseCategoricalCrossentropy, [0, 1], [[300.0, -300.0], [300.0, -300.0]]),
        (keras.losses.BinaryCrossentropy, [[1.0], [0.0]], [[300.0], [300.0]]),
    ],
)
def test_extreme_float16_logits_stay_finite(cls, labels, logits):
    loss = LabelSmoothing(cls(from_logits=True), 0.1)
    value = loss(np.array(labels), keras.ops.cast(np.array(logits), "float16"))
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    # Two of two classes: 0.05 of 600 on the right row, 0.95 of it on the wrong one; sigmoid has one logit of 300.
    spread = 600 if cls is keras.losses.SparseCategoricalCrossentropy else 300
    assert number(value) == pytest.approx(spread * (0.05 + 0.95) / 2, rel=1e-3)


@pytest.mark.parametrize(
    ("loss", "labels", "predictions", "advice"),
    [
        (SPARSE, ONE_HOT, LOGITS, 'LabelSmoothing("categorical_crossentropy"'),
        (CATEGORICAL, CLASSES, LOGITS, 'LabelSmoothing("sparse_categorical_crossentropy"'),
        (CATEGORICAL, CLASSES[:, None], LOGITS, 'LabelSmoothing("sparse_categorical_crossentropy"'),
        (SPARSE, CLASSES, LOGITS[:, :1], 'LabelSmoothing("binary_crossentropy"'),
    ],
)
def test_labels_of_another_kind_are_refused_with_the_loss_to_use(loss, labels, predictions, advice):
    with pytest.raises(ValueError, match="Received") as caught:
        LabelSmoothing(loss)(labels, predictions)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ("mse", "only these have label mass to smooth"),
        (keras.losses.MeanSquaredError(), "only these have label mass to smooth"),
        (keras.losses.CategoricalFocalCrossentropy(), "only these have label mass to smooth"),
        (None, "only these have label mass to smooth"),
        (keras.losses.CategoricalCrossentropy(label_smoothing=0.1), r"smooths its labels already.*0\.1"),
        (keras.losses.SparseCategoricalCrossentropy(ignore_class=0), "ignore_class=None"),
        (keras.losses.CategoricalCrossentropy(axis=1), "axis=-1"),
    ],
)
def test_losses_that_cannot_be_smoothed_are_refused(loss, message):
    with pytest.raises(ValueError, match=message):
        LabelSmoothing(loss)


def test_loss_may_be_a_function_or_a_short_name():
    expected = number(LabelSmoothing(BINARY)(BITS, sigmoid(BIT_LOGITS)))
    for loss in ("bce", keras.losses.binary_crossentropy, keras.losses.BinaryCrossentropy()):
        assert number(LabelSmoothing(loss)(BITS, sigmoid(BIT_LOGITS))) == pytest.approx(expected)


def test_config_gives_back_the_same_loss():
    inner = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    loss = LabelSmoothing(inner, 0.25, "others", name="smooth")
    again = LabelSmoothing.from_config(loss.get_config())
    assert again.get_config() == loss.get_config()
    assert (again.name, again.reduction) == ("smooth", "sum")
    assert number(again(CLASSES, LOGITS)) == pytest.approx(number(loss(CLASSES, LOGITS)))


def test_trains_and_is_saved_with_the_model(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    loss = LabelSmoothing(keras.losses.SparseCategoricalCrossentropy(from_logits=True), 0.2, "others")
    model.compile(keras.optimizers.Adam(0.1), loss)
    losses = model.fit(LOGITS, CLASSES, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.loss.get_config() == loss.get_config()
    assert loaded.evaluate(LOGITS, CLASSES, verbose=0) == pytest.approx(model.evaluate(LOGITS, CLASSES, verbose=0))
    loaded.fit(LOGITS, CLASSES, verbose=0)
