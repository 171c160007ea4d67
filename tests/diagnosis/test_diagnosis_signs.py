"""The small functions, against values worked out by hand."""

import numpy as np
import pytest

from keras_regkit.diagnosis import signs, thresholds


@pytest.mark.parametrize("n", [3, 4, 10, 50])
def test_smooth_leaves_a_straight_line_alone(n):
    line = 3.0 - 0.2 * np.arange(n)
    assert signs.smooth(line) == pytest.approx(line)


def test_smooth_takes_most_of_the_noise():
    noise = np.random.default_rng(0).standard_normal(200)
    assert signs.smooth(noise).std() < 0.5 * noise.std()


def test_noise_estimates_the_standard_deviation_on_a_trend():
    rng = np.random.default_rng(0)
    estimates = [signs.noise(np.exp(-np.arange(200) / 20) + 0.05 * rng.standard_normal(200)) for _ in range(50)]
    assert np.mean(estimates) == pytest.approx(0.05, rel=0.1)


def test_noise_ignores_single_spikes():
    values = np.linspace(1, 0, 50)
    values[[10, 30]] += 5
    assert signs.noise(values) == pytest.approx(0, abs=1e-12)


def test_scale():
    train, validation = np.array([1.0, 0.4, 0.2]), np.array([1.1, 0.6, 0.7])
    assert signs.scale(train, validation) == pytest.approx(0.9)
    assert signs.scale(train, validation, reference=2.0) == pytest.approx(1.8)
    # A reference below all that was reached says nothing about the improvement.
    assert signs.scale(train, validation, reference=0.1) == pytest.approx(0.9)
    rising = np.array([1.0, 2.0, 4.0])
    assert signs.scale(rising, rising) == pytest.approx(3.0)


def test_as_loss():
    assert signs.as_loss([0.2, 0.9], True) == pytest.approx([0.8, 0.1])
    assert signs.as_loss([20.0, 30.0], True) == pytest.approx([-20, -30])
    assert signs.as_loss([0.2, 0.9], False) == pytest.approx([0.2, 0.9])


def test_a_sign_is_present_from_its_threshold_on():
    assert signs.Sign(1.0).present
    assert not signs.Sign(0.99).present


def test_wide_gap_says_since_when():
    train = np.ones(10)
    validation = 1 + np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1.0])
    sign = signs.wide_gap(train, validation, 0.0, 1.0)
    assert sign.ratio == pytest.approx(1 / thresholds.GAP_SHARE)
    assert sign.since in (3, 4)


def test_easier_needs_a_wider_margin_on_raw_curves():
    train = np.linspace(1.0, 0.5, 20)
    validation = train - 0.05
    assert signs.easier(train, validation, 0.0, 0.5, clean=True).present
    assert not signs.easier(train, validation, 0.0, 0.5, clean=False).present


def test_a_smaller_gap_is_wide_where_train_is_less_than_half_of_validation():
    between = (thresholds.REMEMBERED_GAP_SHARE + thresholds.GAP_SHARE) / 2
    validation = np.full(10, 1.9 * between)
    remembered = signs.wide_gap(np.full(10, 0.9 * between), validation, 0.0, 1.0)
    not_remembered = signs.wide_gap(validation - between + 0.1, validation + 0.1, 0.0, 1.0)
    negative = signs.wide_gap(np.full(10, -between), np.full(10, 0.0), 0.0, 1.0)
    assert remembered.ratio > 1
    assert not_remembered.ratio < 1
    assert negative.ratio < 1  # halves of a loss that can be negative mean nothing
