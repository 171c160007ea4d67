"""Splits that come from different distributions."""

import numpy as np

from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.rows import columns_of, given_splits, vectors
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.diagnosis.audit.tails import kolmogorov_smirnov, same_shares, stability_index, upper_normal

_LEVEL = 1e-3  # for all columns of all splits together
_AUC = 0.6
_FOLDS = 5
_FEWEST = 50


@rule(
    "RK611",
    family="data",
    title="A column is distributed otherwise in another split",
    severity="warning",
    needs=("train",),
)
def column_drift(case):
    """A column of validation or test data has another distribution than in training.

    Numbers by Kolmogorov and Smirnov, words by χ²; for images, series and texts the mean and the spread of each row.
    The p-values of all columns and splits are held to a common level of 1e-3 (Holm), and D must be at least 0.1.

    Why: The score on that split answers another question. A drift between train and test that validation does not have
    stays unseen until the end.

    Do: Split at random if the rows belong to one population. If not (time, sites), validate as the test will: the
    latest rows, a site left out.

    Example: validation: column column 3, D 0.24, PSI 0.31, p 2e-9

    Source: Holm 1979; Rabanser et al. 2019, "Failing Loudly": univariate tests with correction detect most shifts.
    """
    splits = given_splits(case, at_least=2)
    trained = {column.name: column for column in columns_of(case.sample("train").x)}
    tests = []
    for name in splits[1:]:
        for column in columns_of(case.sample(name).x):
            base = trained.get(column.name)
            if base is None or base.is_text != column.is_text:
                continue
            found = _compare(base, column)
            if found is not None:
                tests.append((found["p"], name, column.name, found))
    if not tests:
        raise CannotRun("the splits have no column in common that can be compared, or too few rows")
    tests.sort(key=lambda test: test[0])
    for rank, (p, name, column, found) in enumerate(tests):
        if p * (len(tests) - rank) > _LEVEL:
            break
        if found["D"] >= 0.1:
            yield case.finding(
                where=f"{name}: {column}",
                evidence=found,
                advice="Split at random, or validate in the way that the test will.",
                severity="warning" if found["PSI"] >= 0.25 else "note",
            )


@rule("RK612", family="data", title="The splits can be told apart", severity="warning", needs=("train",))
def told_apart(case):
    """A linear classifier tells whether a row is from training or from another split, better than by chance.

        AUC = P(score of one of theirs > score of one of ours),   z = (AUC − ½) / √((n₁ + n₂ + 1) / (12 n₁ n₂))

    Ridge regression on at most 32 numbers a row and their squares, each row scored by a model of the other four fifths.
    Reported above an AUC of 0.6 with p below 1e-5.

    Why: It sees what no single column shows: another mixture, another camera, another time.

    Do: As for RK611. `evidence` tells how far apart they are; 0.5 is not at all.

    Example: validation: AUC 0.83, p 1e-30

    Source: Lopez-Paz and Oquab 2017, "Revisiting Classifier Two-Sample Tests".
    """
    splits = given_splits(case, at_least=2)
    train = case.sample("train")
    for name in splits[1:]:
        other = case.sample(name)
        n, m = len(train.rows), len(other.rows)
        if min(n, m) < _FEWEST:
            raise CannotRun(f"a classifier needs at least {_FEWEST} rows on each side")
        auc = _auc(vectors(train.x), vectors(other.x, train.x))
        p = upper_normal((auc - 0.5) / np.sqrt((n + m + 1) / (12 * n * m)))
        if auc > _AUC and p < 1e-5:
            yield case.finding(
                where=name,
                evidence={"AUC": auc, "p": p, "rows": m},
                advice="Split at random, or validate in the way that the test will.",
            )


def _compare(base, column):
    if min(len(base.values), len(column.values)) < _FEWEST:
        return None
    if column.is_text:
        values, codes = np.unique(np.concatenate([base.values, column.values]), return_inverse=True)
        if len(values) > 0.2 * len(codes):
            return None  # names and texts
        a, b = (np.bincount(c, minlength=len(values)) for c in np.split(codes, [len(base.values)]))
        p, q = (a + 0.5) / (a + 0.5).sum(), (b + 0.5) / (b + 0.5).sum()
        distance = float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)
        return {"D": distance, "PSI": float(((q - p) * np.log(q / p)).sum()), "p": same_shares(a, b)}
    a, b = (values[np.isfinite(values)] for values in (base.values, column.values))
    if min(len(a), len(b)) < _FEWEST or np.ptp(np.concatenate([a, b])) == 0:
        return None
    d, p = kolmogorov_smirnov(a, b)
    return {"D": d, "PSI": stability_index(a, b), "p": p, "mean in train": float(a.mean()), "mean": float(b.mean())}


def _auc(ours, theirs):
    """Returns the AUC of out-of-fold scores."""
    x = np.concatenate([ours, theirs]).astype("float64")
    x = np.column_stack([np.ones(len(x)), x, x**2])
    y = np.repeat([0.0, 1.0], [len(ours), len(theirs)])
    # Weights that make both sides count alike.
    w = np.where(y == 1, 0.5 / len(theirs), 0.5 / len(ours)) * len(y)
    folds = np.empty(len(y), int)
    rng = np.random.default_rng(0)
    for side in (y == 0, y == 1):
        folds[side] = rng.permutation(np.arange(side.sum()) % _FOLDS)
    spread = x.std(0) + 1e-12
    spread[0] = 1
    x = (x - np.where(np.arange(x.shape[1]) == 0, 0, x.mean(0))) / spread
    auc = []
    for fold in range(_FOLDS):
        use, held = folds != fold, folds == fold
        weighted = x[use] * w[use, None]
        ridge = 0.01 * use.sum() * np.eye(x.shape[1])
        ridge[0, 0] = 0
        coefficients = np.linalg.solve(weighted.T @ x[use] + ridge, weighted.T @ (2 * y[use] - 1))
        scores = x[held] @ coefficients
        a, b = np.sort(scores[y[held] == 0]), scores[y[held] == 1]
        below = (np.searchsorted(a, b, "left") + np.searchsorted(a, b, "right")) / 2
        auc.append(below.mean() / len(a))
    # Folds have constants of their own: scores are compared within them.
    return float(np.mean(auc))
