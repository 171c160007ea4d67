"""Entropy and mutual information of sampled predictions, and predictions of several models."""

import keras
import numpy as np
import pytest

from keras_regkit.uncertainty import Predictions, ensemble_predict, mc_predict

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(7, 3)).astype("float32")


def entropy_of(p):
    return -sum(v * np.log(v) for v in p if v > 0)


def test_against_loops():
    samples = RANDOM.dirichlet(np.ones(4), size=(5, 6))
    found = Predictions.of(samples)
    for row in range(6):
        total = entropy_of(samples[:, row].mean(0))
        expected = np.mean([entropy_of(p) for p in samples[:, row]])
        assert found.entropy[row] == pytest.approx(total)
        assert found.expected_entropy[row] == pytest.approx(expected)
        # The mutual information is also the mean divergence from the mean.
        divergence = np.mean([np.sum(p * np.log(p / samples[:, row].mean(0))) for p in samples[:, row]])
        assert found.mutual_information[row] == pytest.approx(divergence)
    np.testing.assert_allclose(found.variance, samples.var(0))


def test_one_column_is_the_probability_of_yes():
    p = RANDOM.uniform(size=(5, 6, 1))
    one, two = Predictions.of(p), Predictions.of(np.concatenate([1 - p, p], -1))
    assert one.entropy.shape == (6,)
    np.testing.assert_allclose(one.entropy, two.entropy)
    np.testing.assert_allclose(one.mutual_information, two.mutual_information)
    # Sure and agreed: nothing to say. Sure and split: all of it is disagreement.
    sure = Predictions.of(np.array([[[0.0], [0.0]], [[0.0], [1.0]]]))
    np.testing.assert_allclose(sure.entropy, [0, np.log(2)])
    np.testing.assert_allclose(sure.mutual_information, [0, np.log(2)])


def test_logits_must_become_probabilities_first():
    logits = 3 * RANDOM.normal(size=(4, 6, 3)).astype("float32")
    found = Predictions.of(logits)
    with pytest.raises(ValueError, match=r"needs class probabilities.*as_probabilities"):
        _ = found.entropy
    powers = np.exp(logits)
    softmax = powers / powers.sum(-1, keepdims=True)
    np.testing.assert_allclose(found.as_probabilities().samples, softmax, rtol=1e-5)
    np.testing.assert_allclose(found.as_probabilities().mean, softmax.mean(0), rtol=1e-5)
    column = Predictions.of(logits[..., :1]).as_probabilities()
    np.testing.assert_allclose(column.samples, 1 / (1 + np.exp(-logits[..., :1])), rtol=1e-5)


def test_monte_carlo_dropout_of_a_model_with_two_outputs():
    inputs = keras.Input((3,))
    dropped = keras.layers.Dropout(0.5)(inputs)
    outputs = [keras.layers.Dense(n, "softmax" if n > 1 else "sigmoid")(dropped) for n in (3, 1)]
    found = mc_predict(keras.Model(inputs, outputs), X, samples=10, seed=0, verbose=0)
    assert [h.shape for h in found.entropy] == [(7,), (7,)]
    assert all((m > 0).all() for m in found.mutual_information)


def models(count, **options):
    made = []
    for seed in range(count):
        initializer = keras.initializers.GlorotUniform(seed)
        layer = keras.layers.Dense(2, kernel_initializer=initializer, **options)
        made.append(keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5), layer]))
    return made


@pytest.mark.parametrize("options", [{}, {"dtype": "mixed_bfloat16"}])
def test_an_ensemble_predicts_with_each_of_its_models(options):
    members = models(3, **options)
    found = ensemble_predict(members, X, batch_size=3, verbose=0)
    each = np.stack([X @ keras.ops.convert_to_numpy(m.layers[-1].kernel.value) for m in members])
    tolerance = {"atol": 0.05} if options else {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(found.samples, each, **tolerance)
    np.testing.assert_allclose(found.mean, each.mean(0), **tolerance)
    np.testing.assert_allclose(found.variance, each.var(0), **tolerance)
    assert found.mean.dtype == "float32"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: models(1), ValueError, "at least 2 models. Received: 1"),
        (lambda: models(1)[0], ValueError, "at least 2 models. Received: 1"),
        (lambda: [*models(1), "model"], TypeError, "must be a list of keras"),
        (lambda: [*models(1), keras.Sequential([keras.layers.Dense(2)])], ValueError, "must be built"),
        (lambda: [*models(1), keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)])], ValueError, "same shape"),
    ],
)
def test_what_is_no_ensemble_is_refused(make, error, message):
    with pytest.raises(error, match=message.replace(".", r"\.")):
        ensemble_predict(make(), X)
