"""Calibration against loops, scikit-learn, and generators whose calibration is known."""

import keras
import numpy as np
import pytest

from keras_regkit.losses import LabelSmoothing, PolyLoss
from keras_regkit.uncertainty import CalibrationResult, TemperatureScaling, calibration

RANDOM = np.random.default_rng(0)
LOGITS = 2 * RANDOM.normal(size=(400, 3)).astype("float32")
LABELS = RANDOM.integers(0, 3, size=400)
COLUMN = LOGITS[:, :1]
BITS = (LABELS > 0).astype(int)


def passing(columns, *layers):
    """A model whose outputs are its inputs."""
    return keras.Sequential([keras.Input((columns,)), *(layers or [keras.layers.Activation("linear")])])


def softmax(logits):
    powers = np.exp(logits.astype("float64") - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits.astype("float64")))


def ece_by_hand(confidence, correct, bins, weights=None):
    """Row by row into bins."""
    weights = np.ones(len(correct)) if weights is None else weights
    sums = {}
    for c, r, w in zip(confidence, correct, weights, strict=True):
        place = next(m for m in range(bins) if c <= (m + 1) / bins)
        total, sure, right = sums.get(place, (0, 0, 0))
        sums[place] = (total + w, sure + w * c, right + w * r)
    return sum(abs(right - sure) for _, sure, right in sums.values()) / weights.sum()


@pytest.mark.parametrize("bins", [1, 10, 15])
@pytest.mark.parametrize("weighted", [False, True])
def test_numbers_against_loops(bins, weighted):
    weights = RANDOM.integers(0, 3, size=400).astype("float32") if weighted else None
    data = (LOGITS, LABELS, weights) if weighted else (LOGITS, LABELS)
    found = calibration(passing(3), data, bins=bins, batch_size=150)
    p, w = softmax(LOGITS), np.ones(400) if weights is None else weights
    correct = p.argmax(1) == LABELS
    assert found.ece == pytest.approx(ece_by_hand(p.max(1), correct, bins, w), abs=1e-6)
    assert found.accuracy == pytest.approx((w * correct).sum() / w.sum())
    assert found.confidence == pytest.approx((w * p.max(1)).sum() / w.sum(), rel=1e-5)
    one_hot = np.eye(3)[LABELS]
    assert found.brier == pytest.approx((w * ((p - one_hot) ** 2).sum(1)).sum() / w.sum(), rel=1e-5)
    assert found.nll == pytest.approx(-(w * np.log(p[np.arange(400), LABELS])).sum() / w.sum(), rel=1e-5)
    each = [ece_by_hand(p[:, k], k == LABELS, bins, w) for k in range(3)]
    assert found.classwise_ece == pytest.approx(np.mean(each), abs=1e-6)
    assert sum(b.share for b in found.bins) == pytest.approx(1)
    assert sum(b.count for b in found.bins) == (w > 0).sum()
    assert found.mce == max(abs(b.gap) for b in found.bins if b.share)
    assert (found.rows, found.classes, len(found.bins)) == (400, 3, bins)


def test_adaptive_bins_hold_equally_many_rows():
    p = np.array([0.55, 0.6, 0.65, 0.7, 0.9, 0.95])
    found = CalibrationResult.of([0, 1, 1, 1, 1, 0], p, bins=3)
    halves = [(0.575, 0.5), (0.675, 1.0), (0.925, 0.5)]
    assert found.adaptive_ece == pytest.approx(np.mean([abs(a - c) for c, a in halves]))


def test_scikit_learn_agrees():
    metrics = pytest.importorskip("sklearn.metrics")
    p, column = softmax(LOGITS), sigmoid(COLUMN[:, 0])
    many, binary = CalibrationResult.of(LABELS, p), CalibrationResult.of(BITS, column)
    assert many.nll == pytest.approx(metrics.log_loss(LABELS, p))
    assert binary.nll == pytest.approx(metrics.log_loss(BITS, column))
    assert binary.brier == pytest.approx(metrics.brier_score_loss(BITS, column))


def test_labels_drawn_from_the_probabilities_are_calibrated():
    logits = 2 * RANDOM.normal(size=(20_000, 4))
    p = softmax(logits)
    labels = (RANDOM.uniform(size=(len(p), 1)) > p.cumsum(1)).sum(1)
    found = CalibrationResult.of(labels, p)
    # The mean of |noise| in 15 bins of 20,000 rows is below 0.01.
    assert max(found.ece, found.adaptive_ece, found.classwise_ece) < 0.012
    sharp = CalibrationResult.of(labels, softmax(3 * logits))
    assert sharp.ece > 0.1
    assert sharp.confidence > sharp.accuracy == found.accuracy
    assert sharp.nll > found.nll
    assert sharp.brier > found.brier


def test_one_column_and_its_pair_agree():
    p = sigmoid(COLUMN)
    one, two = CalibrationResult.of(BITS, p), CalibrationResult.of(BITS, np.concatenate([1 - p, p], 1))
    assert repr(one) == repr(two)
    assert one.brier == pytest.approx(np.mean((p[:, 0] - BITS) ** 2))
    found = calibration(passing(1), (COLUMN, BITS))
    assert found.nll == pytest.approx(one.nll, rel=1e-5)


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None], np.eye(3)[LABELS], LABELS.astype("float32")])
def test_kinds_of_labels(labels):
    assert repr(calibration(passing(3), (LOGITS, labels))) == repr(calibration(passing(3), (LOGITS, LABELS)))


def test_soft_labels_and_certainty():
    p = np.array([[1.0, 0.0], [0.5, 0.5]])
    found = CalibrationResult.of([[1.0, 0.0], [0.5, 0.5]], p)
    assert (found.brier, found.accuracy) == (0.0, 1.0)
    assert found.nll == pytest.approx(np.log(2) / 2)
    wrong = CalibrationResult.of([1], np.array([[1.0, 0.0]]))
    assert wrong.nll == pytest.approx(-np.log(1e-7))  # not infinite
    assert wrong.ece == 1.0


def test_extreme_logits_have_finite_likelihoods():
    found = calibration(passing(2), (np.array([[1e4, -1e4], [1e4, -1e4]]), np.array([0, 1])))
    assert found.nll == pytest.approx(1e4)


class Own(keras.Model):
    def call(self, x):
        return x


def compiled(model, loss):
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    ("make", "logits"),
    [
        (lambda: passing(3), True),
        (lambda: passing(3, keras.layers.Softmax()), False),
        (lambda: passing(3, keras.layers.Dense(3, "softmax", kernel_initializer="identity")), False),
        (lambda: passing(3, passing(3, keras.layers.Softmax())), False),
        (lambda: passing(3, keras.layers.Dropout(0.5)), None),
        (lambda: compiled(passing(3, keras.layers.Dropout(0.5)), "sparse_categorical_crossentropy"), False),
        (lambda: compiled(passing(3), keras.losses.SparseCategoricalCrossentropy(from_logits=True)), True),
        (lambda: compiled(passing(3), LabelSmoothing(keras.losses.CategoricalCrossentropy(from_logits=True))), True),
        (lambda: compiled(Own(), keras.losses.SparseCategoricalCrossentropy(from_logits=True)), True),
        (Own, None),
    ],
)
def test_logits_or_probabilities(make, logits):
    model = make()
    model(LOGITS[:2])
    if logits is None:
        with pytest.raises(ValueError, match="from_logits=True or from_logits=False"):
            calibration(model, (LOGITS, LABELS))
        assert calibration(model, (LOGITS, LABELS), from_logits=True).rows == 400
        return
    # A model that ends in softmax is given logits; one that is taken to predict probabilities is given those.
    ends = isinstance(model, keras.Sequential) and not isinstance(
        model.layers[-1], (keras.layers.Dropout, keras.layers.Activation)
    )
    x = LOGITS if logits or ends else softmax(LOGITS).astype("float32")
    expected = CalibrationResult.of(LABELS, softmax(LOGITS)).nll
    assert calibration(model, (x, LABELS)).nll == pytest.approx(expected, rel=1e-4)


def fit_temperature(model, data):
    return TemperatureScaling(model).fit_temperature(data)


def two_outputs():
    inputs = keras.Input((3,))
    return keras.Model(inputs, [keras.layers.Dense(3)(inputs), keras.layers.Dense(3)(inputs)])


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        (lambda: passing(3), (np.where(LOGITS > 3, np.nan, LOGITS), LABELS), "gave NaN or infinity for"),
        (lambda: passing(3), (LOGITS, LABELS + 1), r"from 0 to 2\. Received"),
        (lambda: passing(3), (LOGITS, np.eye(4)[LABELS]), r"predictions' shape \(rows, 3\)"),
        (lambda: passing(3), (LOGITS, 2 * np.eye(3)[LABELS]), "must be 0 or 1"),
        (lambda: passing(1), (COLUMN, LABELS), "must be 0 or 1"),
        (lambda: passing(3), (LOGITS, None), "must have labels"),
        (lambda: passing(3), (LOGITS, LABELS, -np.ones(400)), "weights must be at least 0"),
        (two_outputs, (LOGITS, LABELS), "must have one output"),
        (lambda: passing(3, keras.layers.Activation("sigmoid")), (LOGITS, np.eye(3)[LABELS]), "3 yes-or-no decisions"),
        (
            lambda: compiled(passing(3), keras.losses.BinaryCrossentropy(from_logits=True)),
            (LOGITS, np.eye(3)[LABELS]),
            "3 yes-or-no decisions",
        ),
        (
            lambda: compiled(passing(3), PolyLoss(from_logits=True, multi_label=True)),
            (LOGITS, np.eye(3)[LABELS]),
            "3 yes-or-no decisions",
        ),
        (lambda: passing(3, keras.layers.Reshape((3, 1))), (LOGITS, LABELS), r"must have the shape \(rows, classes\)"),
        (lambda: keras.Sequential([keras.layers.Dense(3)]), (LOGITS, LABELS), "must be built"),
        (lambda: compiled(passing(3), "sparse_categorical_crossentropy"), (LOGITS, LABELS), "from_logits=True"),
    ],
)
@pytest.mark.parametrize("run", [calibration, fit_temperature])
def test_what_cannot_be_calibrated_is_refused(run, model, data, message):
    if run is fit_temperature and message == "from_logits=True":
        pytest.skip("what is taken for probabilities is not looked at when a model is wrapped")
    with pytest.raises(ValueError, match=message):
        run(model(), data)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"bins": 0}, ValueError, "`bins` must be in"),
        ({"bins": 2.5}, TypeError, "`bins` must be an integer"),
        ({"from_logits": "yes"}, ValueError, "`from_logits` must be one of"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be in"),
        ({"data": LOGITS}, TypeError, "`data` must be"),
        ({"model": "model"}, TypeError, "`model` must be a keras"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        calibration(**{"model": passing(3), "data": (LOGITS, LABELS), **arguments})


@pytest.mark.parametrize("weights", [[1, -1], [0, 0], [np.nan, 1], [np.inf, 1], [1, 1, 1]])
def test_weights_that_do_not_fit_are_refused(weights):
    with pytest.raises(ValueError, match="`weights` must be 2 numbers"):
        CalibrationResult.of([0, 1], np.array([0.2, 0.9]), weights=np.array(weights))


@pytest.mark.parametrize("probabilities", [LOGITS, np.full((3, 3), 0.5), np.full((3,), np.nan), np.zeros((2, 2, 2))])
def test_what_are_no_probabilities_is_refused(probabilities):
    with pytest.raises(ValueError, match="`probabilities` must be"):
        CalibrationResult.of(LABELS[: len(probabilities)], probabilities)
