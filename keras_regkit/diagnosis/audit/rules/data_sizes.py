"""Too few rows to tell, and labels that their neighbours contradict."""

import math

import numpy as np

from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.outputs import labels_of
from keras_regkit.diagnosis.audit.rows import nearest, vectors
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.diagnosis.audit.tails import upper_binomial

_WIDE, _WIDE_ERROR = 0.05, 0.2
_NEIGHBOURS = 15
_FEWEST_VOTES = 11
_SHARE = 0.03
_ROWS = 4000


@rule("RK609", family="data", title="Too few validation rows to tell", severity="warning", needs=("validation",))
def validation_too_small(case):
    """The validation rows are too few for what they are to tell.

        accuracy: 1.96 √(p(1 − p)/n)        squared error: 1.96 √(2/n)

    p is the best validation accuracy of `history`, or 0.9 without one. Reported where the score is known no better than
    ±5 points of accuracy, or ±20% of a squared error. Where `difference=` says what difference between two models is
    claimed, or looked for, it is the limit, and n counts half: the difference of two scores is known less well, by √2
    where the two err independently, and better where they err on the same rows.

    Why: Differences between epochs, levers and models that are smaller than this are luck.

    Do: More validation rows, cross-validation, or `keras_regkit.Study` over several seeds and splits.

    Example: validation: rows 60, accuracy known to ± 0.076

    Source: The standard error of a mean; of squared normal numbers, which have variance 2σ⁴.
    """
    sample = case.sample("validation")
    y = sample.y
    if y is None or isinstance(y, (dict, list, tuple)):
        raise CannotRun("`validation` has no single target")
    n, classes, claimed = sample.total, labels_of(y) is not None, case.difference
    known = n is not None
    if not known:
        if claimed is None:
            return  # more than was looked at, which is enough
        n = len(sample.rows)
    if classes:
        accuracies = _accuracies(case)
        p = float(np.nanmax(accuracies)) if accuracies is not None else 0.9
        p = min(max(p, 1 / (n + 2)), 1 - 1 / (n + 2))
        half, limit = 1.96 * math.sqrt(p * (1 - p) / n), _WIDE
    else:
        half, limit = 1.96 * math.sqrt(2 / n), _WIDE_ERROR
    said = "accuracy" if classes else "squared error"
    evidence = {"rows": n, f"{said} known to ±{'' if classes else ' a share of'}": half}
    if claimed is not None:
        half, limit = half * math.sqrt(2), claimed
        evidence = {"rows": n, "difference claimed": claimed, f"differences in {said} known to ±": half}
    if half > limit and not known:
        raise CannotRun(f"how many rows `validation` has is not known, and the {n:,} looked at do not tell {claimed}")
    if half > limit:
        yield case.finding(
            where="validation",
            evidence=evidence,
            advice=f"Use about {math.ceil(n * (half / limit) ** 2):,} rows, cross-validation, or several seeds.",
        )


@rule("RK610", family="data", title="Labels that their neighbours contradict", severity="warning", needs=("train",))
def label_noise(case):
    """Many training rows carry another class than nearly all of their 15 nearest neighbours.

    A row is contradicted where 11 to 15 of 15 agree on one other class: as many as it takes for the frequencies of the
    classes alone to contradict 1% of rows at most. It is reported where the neighbours tell the classes well (κ above
    0.4), the share is above 3%, above three times what frequencies alone would make, and not explained by chance (p
    below 1e-6).
    It is a lower bound on label noise where classes are clusters.

    Why: Wrong labels are learnt by heart in the late epochs; they set a floor to the loss and a ceiling to the score.

    Do: Look at the rows that are named. `losses.Bootstrapping`, `GeneralizedCrossEntropy` and early stopping bear with
    noise.

    Example: train: share contradicted 0.08, rows 80, the first [3, 17, 40]

    Source: Wilson 1972, edited nearest neighbours; Northcutt et al. 2021, "Pervasive Label Errors".
    """
    sample = case.sample("train")
    y = sample.y
    labels = None if y is None or isinstance(y, (dict, list, tuple)) else labels_of(y)
    if labels is None or len(np.unique(labels)) < 2:
        raise CannotRun("the targets are no classes")
    if len(labels) < 100:
        raise CannotRun(f"neighbours need at least 100 rows; `train` has {len(labels)}")
    some = np.sort(np.random.default_rng(0).permutation(len(labels))[:_ROWS])
    labels = np.unique(labels[some], return_inverse=True)[1]
    rows = vectors(sample.x)[some]
    _, order = nearest(rows, rows, _NEIGHBOURS, skip_self=True)
    classes = labels.max() + 1
    votes = np.stack([(labels[order] == c).sum(1) for c in range(classes)], 1)
    favourite = votes.argmax(1)
    shares = np.bincount(labels, minlength=classes) / len(labels)
    agreement, chance = float((favourite == labels).mean()), float((shares[favourite]).mean())
    kappa = (agreement - chance) / max(1 - chance, 1e-12)
    for agree in range(_FEWEST_VOTES, _NEIGHBOURS + 1):
        # What frequent classes do to rare ones without any relation to the inputs.
        winning = np.array([upper_binomial(agree, _NEIGHBOURS, share) for share in shares])
        expected = float(sum(shares[c] * (winning.sum() - winning[c]) for c in range(classes)))
        if 3 * expected <= _SHARE:
            break
    contradicted = (favourite != labels) & (votes.max(1) >= agree)
    found = int(contradicted.sum())
    share = found / len(labels)
    if (
        kappa > 0.4
        and share > max(_SHARE, 3 * expected)
        and upper_binomial(found, len(labels), max(3 * expected, 0.01)) < 1e-6
    ):
        yield case.finding(
            where="train",
            evidence={
                "share contradicted": share,
                "rows": found,
                "the first": sample.rows[some[np.flatnonzero(contradicted)[:5]]].tolist(),
                "kappa of the neighbours": kappa,
            },
            advice="Look at these rows; a loss that bears with noise (losses.Bootstrapping) and early stopping help.",
        )


def _accuracies(case):
    if not case.has_history:
        return None
    try:
        curves = case.history
    except CannotRun:
        return None
    names = [
        n for n in curves if n.startswith("val_") and n.endswith(("accuracy", "acc")) and np.isfinite(curves[n]).any()
    ]
    return curves[names[0]] if names else None
