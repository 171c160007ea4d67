"""Rules that test hypotheses do not cry wolf: clean random splits of many kinds, and tails against SciPy."""

import collections

import keras
import numpy as np
import pytest

from keras_regkit.diagnosis import audit, audit_rules
from keras_regkit.diagnosis.audit import tails
from keras_regkit.diagnosis.audit.rows import nearest, vectors
from keras_regkit.diagnosis.audit.rules.data_drift import _auc

STATISTICAL = ("RK601", "RK602", "RK604", "RK605", "RK608", "RK610", "RK611", "RK612", "RK615")


def draw(rng):
    """Inputs and targets of one population, of a random kind and size."""
    n, d, kind = int(rng.integers(120, 1200)), int(rng.integers(1, 40)), rng.integers(6)
    if kind == 0:
        x = rng.normal(size=(n, d))
    elif kind == 1:
        x = rng.standard_t(2, size=(n, d))
    elif kind == 2:
        x = rng.gamma(0.5, size=(n, d))
    elif kind == 3:
        x = rng.integers(0, 5, size=(n, d)).astype(float)
    elif kind == 4:
        x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
        x[:, ::2] = np.round(x[:, ::2])
    else:
        x = 4 * rng.normal(size=(8, d))[rng.integers(0, 8, n)]
        x = x + rng.normal(size=(n, d)) * rng.choice([0.2, 1], size=(n, 1))
    targets = (rng.integers(0, rng.integers(2, 6), n), rng.normal(size=n), (rng.random(n) < 0.1).astype(int))
    return x.astype("float32"), targets[rng.integers(3)]


def test_clean_data_raise_no_alarm():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    found, ran = collections.Counter(), collections.Counter()
    for seed in range(40):
        x, y = draw(np.random.default_rng(seed))
        a, b = int(len(x) * 0.6), int(len(x) * 0.8)
        splits = {"train": (x[:a], y[:a]), "validation": (x[a:b], y[a:b]), "test": (x[b:], y[b:])}
        others = [rule.id for rule in audit_rules() if rule.id not in STATISTICAL]
        result = audit(model, **splits, fit_args={"validation_split": 0.2}, disable=others)
        assert not any("failed with" in reason for reason in result.skipped.values()), result.skipped
        found.update(finding.id for finding in result.findings)
        ran.update(result.checked)
    assert all(ran[id] >= 8 for id in STATISTICAL), ran
    # Of 40 audits at these levels not one in ten would have a finding at all.
    assert not found


def test_a_classifier_tells_nothing_apart_where_there_is_nothing():
    rng = np.random.default_rng(0)
    z = []
    for _ in range(100):
        n, m, d = rng.integers(60, 300), rng.integers(60, 300), rng.integers(1, 33)
        auc = _auc(rng.normal(size=(n, d)), rng.normal(size=(m, d)))
        z.append((auc - 0.5) / np.sqrt((n + m + 1) / (12 * n * m)))
    # Scores out of fold are a little less sure than the normal law says, never more than twice as wide.
    assert abs(np.mean(z)) < 0.5
    assert 0.7 < np.std(z) < 1.6


def test_label_noise_is_a_lower_bound():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 900)
    x = (rng.normal(size=(900, 4)) + 5 * np.eye(4)[y]).astype("float32")
    wrong = rng.random(900) < 0.1
    labels = np.where(wrong, (y + 1) % 3, y)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    found = [f for f in audit(model, train=(x, labels)).findings if f.id == "RK610"]
    assert 0.6 * wrong.mean() < found[0].evidence["share contradicted"] <= 1.05 * wrong.mean()
    assert wrong[list(found[0].evidence["the first"])].all()


def test_tails_agree_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    for n, m, shift in ((60, 90, 0.0), (200, 100, 0.3), (400, 400, 0.5)):
        a, b = rng.normal(size=n), rng.normal(size=m) + shift
        d, p = tails.kolmogorov_smirnov(a, b)
        expected = stats.ks_2samp(a, b, method="asymp")
        assert d == pytest.approx(expected.statistic)
        assert p == pytest.approx(expected.pvalue, rel=0.35, abs=1e-12)
    for table in ([[30, 50, 20], [40, 45, 35]], [[100, 10], [60, 40]]):
        expected = stats.chi2_contingency(table, correction=False).pvalue
        assert tails.same_shares(*table) == pytest.approx(expected, rel=1e-9)
    for x, df in ((1.0, 1), (20.0, 4), (50.0, 7), (3.0, 30)):
        assert tails.upper_chi_squared(x, df) == pytest.approx(stats.chi2.sf(x, df), rel=1e-9)
    for k, n, p in ((3, 20, 0.05), (40, 100, 0.2), (0, 5, 0.3)):
        assert tails.upper_binomial(k, n, p) == pytest.approx(stats.binom.sf(k - 1, n, p), rel=1e-9)
    assert tails.upper_normal(2.5) == pytest.approx(stats.norm.sf(2.5))


def test_stability_index_by_hand():
    reference, other = np.arange(100.0), np.arange(50.0, 150.0)
    p = np.full(10, 10.5) / 105
    q = np.array([0.5] * 5 + [10.5] * 4 + [60.5]) / 105
    assert tails.stability_index(reference, other) == pytest.approx(((q - p) * np.log(q / p)).sum())
    assert tails.stability_index(reference, reference) == pytest.approx(0)


def test_nearest_rows_by_brute_force():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 3)).astype("float32"), rng.normal(size=(60, 3)).astype("float32")
    all_of_them = np.linalg.norm(a[:, None] - b[None], axis=2)
    distances, order = nearest(a, b, 4)
    assert distances == pytest.approx(np.sort(all_of_them, 1)[:, :4], abs=1e-3)
    assert (order == np.argsort(all_of_them, 1)[:, :4]).all()
    distances, order = nearest(b, b, 2, skip_self=True)
    assert (order != np.arange(60)[:, None]).all()
    assert (distances > 0).all()


def test_short_vectors_keep_distances():
    x = np.random.default_rng(0).normal(size=(80, 500)).astype("float32")
    short = vectors(x)
    assert short.shape == (80, 32)
    true = np.linalg.norm(x[:40] - x[40:], axis=1) / np.sqrt(500)
    assert np.linalg.norm(short[:40] - short[40:], axis=1) / np.sqrt(32) == pytest.approx(true, rel=0.5)
