"""Whether verdicts and intervals of studies are right as often as they say: on values drawn, where the truth is known.

pytest tests/benchmarks/test_study_statistics.py --benchmark -n0 -s    (about ten minutes)
"""

import math

import numpy as np
from measuring import write_table
from synthetic_studies import NOISE, losses, synthetic

from keras_regkit.studies import bootstrap_difference, paired_difference, power, run_sequentially
from keras_regkit.studies.statistics import corrected_difference

STUDIES = 200
REPEATS = 10
INTERVALS = 2000


def of_nothing():
    """A lever against itself: 200 studies, ten times."""
    for noise in NOISE:
        for variants, seeds in ((1, 5), (4, 5), (12, 5), (4, 10)):
            rng = np.random.default_rng([variants, seeds])
            rates = []
            for _ in range(REPEATS):
                found = [synthetic(losses(rng, [0] * variants, seeds, noise)) for _ in range(STUDIES)]
                rates.append(np.mean([bool({"helps", "hurts"} & {s.verdict for s in r.summaries}) for r in found]))
            yield row("false verdicts", noise, seeds, f"{variants} variants, Holm", np.mean(rates))


def of_nothing_looked_at_early():
    for noise in NOISE:
        rng = np.random.default_rng(0)
        wrong, seeds = [], []
        for _ in range(STUDIES * 5):
            values = losses(rng, [0] * 4, 20, noise)
            found = run_sequentially(lambda n, values=values: synthetic(values[:, :n]))
            wrong.append(bool({"helps", "hurts"} & set(found.verdicts.values())))
            seeds.append(found.seeds)
        what = f"4 variants, looks at 5 10 15 20; {np.mean(seeds):.1f} seeds on average"
        yield row("false verdicts", noise, 20, what, np.mean(wrong))


DIFFERENCES = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy tails (t3)": lambda rng, n: rng.standard_t(3, size=n),
    "skewed (exponential)": lambda rng, n: rng.exponential(size=n) - 1,
    "very skewed (lognormal)": lambda rng, n: rng.lognormal(size=n) - math.exp(0.5),
    "losses of rows": lambda rng, n: rng.standard_t(3, size=n) * np.where(rng.random(n) < 0.2, 1, 0.05),
}


def of_intervals():
    """How often intervals of 95% hold the mean, and their median width beside the t interval's."""
    for noise, draw in DIFFERENCES.items():
        for n in (5, 10, 20, 100):
            rng = np.random.default_rng(n)
            held, widths = {}, {}
            for _ in range(INTERVALS if n <= 10 else INTERVALS // 2):
                values, zeros = draw(rng, n), np.zeros(n)
                found = {"t": paired_difference(values, zeros)}
                for method in ("studentized", "symmetric", "bca")[: 3 if n >= 10 else 2]:
                    found[method] = bootstrap_difference(values, zeros, method=method, resamples=999)
                for name, d in found.items():
                    held.setdefault(name, []).append(d.low <= 0 <= d.high)
                    widths.setdefault(name, []).append((d.high - d.low) / (found["t"].high - found["t"].low))
            for name in held:
                width = "" if name == "t" else f", {np.median(widths[name]):.2f} times as wide as t"
                yield row("coverage", noise, n, name + width, np.mean(held[name]))


def of_splits():
    """Two equally good fits on 15 random splits of 60 rows, 20 of them for testing."""
    rng = np.random.default_rng(0)
    plain, corrected = [], []
    for _ in range(INTERVALS):
        x = rng.normal(size=(60, 2))
        y = x.sum(axis=1) + rng.normal(size=60)
        fits = []
        for _ in range(15):
            test, train = np.split(rng.permutation(60), [20])
            slopes = x[train].T @ y[train] / (x[train] ** 2).sum(axis=0)
            fits.append(((y[test, None] - x[test] * slopes) ** 2).mean(axis=0))
        plain.append(paired_difference(*np.transpose(fits)).p < 0.05)
        corrected.append(corrected_difference(*np.transpose(fits), 40, 20).p < 0.05)
    yield row("false verdicts", "random splits", 15, "plain t-test", np.mean(plain))
    yield row("false verdicts", "random splits", 15, "corrected t-test", np.mean(corrected))


def of_effects():
    """How often an effect is found, beside the power that is computed; effects in sd of the differences."""
    for variants in (1, 6):
        for seeds in (5, 10, 20):
            for effect in (0.5, 1.0, 1.5, 2.0, 3.0):
                rng = np.random.default_rng([variants, seeds])
                sd = 0.5 * math.sqrt(2)
                found = []
                for _ in range(STUDIES * 2):
                    values = losses(rng, [-effect * sd, *[0] * (variants - 1)], seeds)
                    found.append(synthetic(values)["l2=1"].verdict == "helps")
                computed = power(sd, seeds, effect * sd, comparisons=variants)
                what = f"effect of {effect:g} sd, {variants} variants; computed {computed:.3f}"
                yield row("power", "normal", seeds, what, np.mean(found))


def row(what, noise, seeds, case, share):
    return {"measured": what, "noise": noise, "seeds": seeds, "case": case, "share": f"{share:.3f}"}


def test_study_statistics():
    parts = (of_nothing, of_nothing_looked_at_early, of_splits, of_intervals, of_effects)
    write_table("study-statistics", [line for part in parts for line in part()])
