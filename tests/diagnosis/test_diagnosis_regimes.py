"""Every regime is recognised in curves whose regime is known by construction."""

import numpy as np
import pytest
from synthetic import EPOCHS, clean, curves

from keras_regkit.diagnosis import REGIMES, diagnose
from keras_regkit.diagnosis.judging import PRECEDENCE

KINDS = {"wide gap": "overfitting"}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [*REGIMES, "wide gap"])
def test_each_regime_is_found(kind, seed):
    d = diagnose(clean(kind, seed=seed, sigma=0.003 if kind == "underfitting" else 0.01))
    assert d.regime == KINDS.get(kind, kind)
    assert 0 < d.confidence <= 1


@pytest.mark.parametrize("shift", [-3.0, -0.5])
@pytest.mark.parametrize("kind", ["overfitting", "wide gap", "good fit", "diverging", "still improving"])
def test_losses_may_be_negative(kind, shift):
    log = {name: (np.array(values) + shift).tolist() for name, values in clean(kind).items()}
    assert diagnose(log).regime == KINDS.get(kind, kind)


@pytest.mark.parametrize("factor", [1e-3, 1e3])
@pytest.mark.parametrize("kind", [*REGIMES, "wide gap"])
def test_regime_does_not_depend_on_the_unit_of_the_loss(kind, factor):
    log = clean(kind, sigma=0.003)
    scaled = {name: (factor * np.array(values)).tolist() for name, values in log.items()}
    assert diagnose(scaled).regime == diagnose(log).regime


def test_overfitting_begins_at_the_best_epoch():
    train, validation = curves("overfitting", sigma=0.0)
    d = diagnose({"data_loss": train, "val_data_loss": validation})
    assert d.best_epoch == int(np.argmin(validation))
    assert d.since == d.best_epoch
    assert d.evidence["rise_since_best"] == pytest.approx(validation[-1] - validation.min())
    assert d.evidence["gap_at_best"] == pytest.approx((validation - train)[d.best_epoch])


def test_tiny_rise_below_the_noise_is_no_overfitting():
    rng = np.random.default_rng(3)
    train, validation = curves("good fit", sigma=0.0)
    rise = 0.02 * np.linspace(0, 1, EPOCHS)
    noisy = validation + rise + 0.02 * rng.standard_normal(EPOCHS)
    assert diagnose({"data_loss": train, "val_data_loss": noisy}).regime == "good fit"


def test_non_finite_values_diverge_from_their_epoch():
    log = clean("good fit")
    log["data_loss"][7] = float("inf")
    log["val_data_loss"][9] = float("nan")
    d = diagnose(log)
    assert (d.regime, d.since, d.confidence) == ("diverging", 7, 1.0)
    assert d.evidence["first_non_finite_epoch"] == 7


def test_exponential_blow_up_diverges():
    loss = [1, 0.5, 0.4, 0.6, 1, 3, 9, 40, 200, 900.0]
    d = diagnose({"loss": loss, "val_loss": loss})
    assert (d.regime, d.since) == ("diverging", 2)


def test_loss_that_only_rises_diverges():
    assert diagnose({"loss": [1, 2, 3, 4, 5], "val_loss": [1, 2, 3, 4, 5]}).regime == "diverging"


def test_constant_curves():
    assert diagnose({"loss": [0.7] * 12, "val_loss": [0.7] * 12}).regime == "underfitting"
    assert diagnose({"loss": [0.0] * 12, "val_loss": [0.0] * 12}).regime == "good fit"


def test_reference_loss_tells_a_good_start_from_underfitting():
    e = np.arange(20)
    log = {"data_loss": 0.095 + 0.005 * np.exp(-e / 2), "val_data_loss": 0.097 + 0.004 * np.exp(-e / 2)}
    guess = diagnose(log)
    assert guess.regime == "underfitting"
    assert any("reference_loss" in caveat for caveat in guess.caveats)
    known = diagnose(log, reference_loss=np.log(2))
    assert known.regime == "good fit"
    assert known.evidence["reference_loss"] == pytest.approx(np.log(2))


def test_a_loss_that_jumps_upwards_diverges():
    # Its jumps are as large as what it has lost, so that noise alone could be blamed.
    rising = [0.73, 0.66, 0.92, 0.71, 1.18, 0.84, 1.41, 1.02, 1.66, 1.21, 1.74, 1.53]
    d = diagnose({"data_loss": rising, "val_data_loss": rising}, reference_loss=np.log(2))
    assert d.regime == "diverging"


def test_a_falling_validation_loss_beside_a_flat_train_loss_promises_nothing():
    e = np.arange(20)
    assert diagnose({"data_loss": np.exp(-e / 2), "val_data_loss": 1 - 0.02 * e}).regime == "overfitting"


def test_reachable_loss_tells_a_small_network_from_noisy_targets():
    e = np.arange(20)
    # Ten classes, and a network of one unit: far from what others reach, with a gap of its own.
    log = {"data_loss": 1.61 + 0.69 * np.exp(-e / 2), "val_data_loss": 1.75 + 0.55 * np.exp(-e / 2)}
    small = diagnose(log, reference_loss=np.log(10), reachable_loss=0.3)
    assert small.regime == "underfitting"
    assert small.evidence["reachable_loss"] == 0.3
    noisy = diagnose(log, reference_loss=np.log(10), reachable_loss=1.68)
    assert noisy.regime == "good fit"
    memory = diagnose(
        {"data_loss": 0.2 + 2 * np.exp(-e / 2), "val_data_loss": log["val_data_loss"]},
        reference_loss=np.log(10),
        reachable_loss=1.3,
    )
    assert memory.regime == "overfitting"
    assert memory.since == int(np.argmax(0.2 + 2 * np.exp(-e / 2) < 1.3))


def test_reachable_accuracy():
    train = 0.62 - 0.08 * np.exp(-np.arange(20) / 2)
    log = {"accuracy": train, "val_accuracy": train - 0.01}
    levels = {"metric": "accuracy", "reference_loss": 0.5}
    assert diagnose(log, reachable_loss=0.95, **levels).regime == "underfitting"
    assert diagnose(log, reachable_loss=0.62, **levels).regime == "good fit"


def test_precedence_is_what_the_documentation_says():
    assert [name for name, _ in PRECEDENCE] == [
        "diverging",
        "still_improving",
        "underfitting",
        "rising",
        "wide_gap",
        "easier",
        "noisy",
    ]


def test_bias_before_variance():
    # Train hardly falls and validation climbs a little: both signs are present, underfitting is named.
    train, validation = np.linspace(0.70, 0.66, 20), np.linspace(0.70, 0.72, 20)
    d = diagnose({"data_loss": train, "val_data_loss": validation})
    assert d.regime == "underfitting"
    assert any("overfitting" in caveat for caveat in d.caveats)


def test_still_improving_outranks_a_wide_gap():
    e = np.arange(20)
    d = diagnose({"data_loss": 0.5 - 0.01 * e, "val_data_loss": 1 - 0.02 * e})
    assert d.regime == "still improving"
    assert any("overfitting" in caveat for caveat in d.caveats)
    assert [lever.name for lever in d.levers] == ["longer_training", "early_stopping", "l2"]


def test_divergence_outranks_everything():
    train, validation = curves("diverging", sigma=0.0)
    assert diagnose({"data_loss": train, "val_data_loss": 3 * validation}).regime == "diverging"


def test_raw_curves_lower_the_confidence_and_say_so():
    log = clean("overfitting")
    raw = diagnose({"loss": log["data_loss"], "val_loss": log["val_data_loss"]})
    honest = diagnose(log)
    assert raw.confidence < honest.confidence
    assert any(caveat.startswith("Raw curves") for caveat in raw.caveats)
    assert not any(caveat.startswith("Raw curves") for caveat in honest.caveats)


def test_few_epochs_lower_the_confidence():
    long, short = diagnose(clean("overfitting", sigma=0.0)), diagnose(clean("overfitting", sigma=0.0, n=6))
    assert short.regime == long.regime == "overfitting"
    assert short.confidence < long.confidence
    assert any("Only 6 epochs" in caveat for caveat in short.caveats)


def test_metric_where_higher_is_better():
    train, validation = curves("overfitting", sigma=0.0)
    d = diagnose(
        {"loss": train, "val_loss": train, "accuracy": 1 - 0.5 * train, "val_accuracy": 1 - 0.5 * validation},
        metric="val_accuracy",
    )
    assert d.regime == "overfitting"
    assert d.best_epoch == int(np.argmin(validation))
    assert d.evidence["validation_best"] == pytest.approx(1 - 0.5 * validation.min())
    assert d.evidence["gap_end"] > 0
    assert d.curves.higher_is_better
