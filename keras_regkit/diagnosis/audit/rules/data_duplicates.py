"""Rows that are in two splits."""

import keras
import numpy as np

from keras_regkit.augmentation._row_hashes import equal_rows
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.rows import columns_of, mirrored, nearest, pairs_of_splits, vectors
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.diagnosis.audit.tails import upper_binomial

_NEIGHBOURS = 20
_NEAR = 0.1  # of the distance of the tenth neighbour
_FEWEST = 200
_MANY = 0.05  # below, they may have arisen by themselves
_MOST = 4000


@rule("RK604", family="data", title="The same rows in two splits", severity="error", needs=("train",))
def exact_duplicates(case):
    """Inputs of validation or test rows equal those of training rows, number by number.

    Rows of few small whole numbers are equal by chance; there, the share must be twice what two halves of the training
    data have in common, or of the other data, where training rows were copied. Sampled data show a part of the
    duplicates.

    Why: What was trained on is remembered, so that the score on these rows is that of training.

    Do: Remove duplicates before splitting; copy rows (oversampling) after it.

    Example: train and validation: rows 31, share 0.31, first pair (7, 0)

    Source: Barz and Denzler 2020, "Do We Train on Test Data?": 3.3% and 10% of the CIFAR test sets.
    """
    for a, b in pairs_of_splits(case):
        first, second = case.sample(a), case.sample(b)
        try:
            theirs, ours = equal_rows(first.x, second.x)
        except ValueError as error:
            raise CannotRun(f"the inputs of {a} and {b} have different structures") from error
        count = len(second.rows)
        share = len(theirs) / count
        if not theirs or (not _continuous(first.x) and share <= _by_chance(first.x, second.x)):
            continue
        yield case.finding(
            where=f"{a} and {b}",
            evidence={
                "rows": len(theirs),
                "share": share,
                "first pair": (int(first.rows[ours[0]]), int(second.rows[theirs[0]])),
            },
            advice="Remove duplicates before splitting, and copy rows only after it.",
            severity="error" if share >= 0.01 and len(theirs) > 2 else "warning",
        )


@rule("RK605", family="data", title="Nearly the same rows in two splits", severity="error", needs=("train",))
def near_duplicates(case):
    """Validation or test rows lie far nearer to a training row than to that row's neighbourhood; images also mirrored.

        d₁ < 0.1 d₁₀,    by chance  1 − (1 − 0.1^m)^9,    m: dimension of the data by Levina and Bickel

    d₁ and d₁₀ are the distances of the first and the tenth nearest training row, within 8 × 8 cells of images, 16 steps
    of series, or all columns of tables. Reported where the number of such rows has a probability below 1e-6. In tables
    with columns of few values, three times what training rows are to each other counts as chance too.

    Why: Frames of one video, crops of one picture and augmented copies are remembered like equal rows.

    Do: Split by the origin (video, patient, page), and augment after splitting.

    Example: train and validation: rows 40, share 0.2, expected share 0.0001, first pair (7, 0)

    Source: Levina and Bickel 2004, "Maximum Likelihood Estimation of Intrinsic Dimension".
    """
    for a, b in pairs_of_splits(case):
        first, second = case.sample(a), case.sample(b)
        if len(first.rows) < _FEWEST:
            raise CannotRun(f"near rows need at least {_FEWEST} rows; `{a}` has {len(first.rows)}")
        known = vectors(first.x)
        some = np.sort(np.random.default_rng(0).permutation(len(second.rows))[:_MOST])
        smooth, flipped = _smooth(first.x), mirrored(second.x)
        for form, x in (("as they are", second.x), ("mirrored", flipped)):
            if x is None:
                continue
            queries = vectors(x, first.x)[some]
            found = _near(queries, known, equal=form == "mirrored")
            if found is None:
                continue
            near, pairs, expected = found
            if not smooth:  # columns of steps have no dimension: what training rows are to each other tells
                among = _near(known[:_MOST], known, equal=form == "mirrored", skip_self=True)
                expected = 1.0 if among is None else max(expected, 3 * float(among[0].mean()) + 10 / len(known))
            if form == "mirrored":
                # An image that mirrors itself is no second one.
                itself = np.linalg.norm(queries - vectors(second.x, first.x)[some], axis=1)
                near &= itself > 3 * pairs[1]
            count = int(near.sum())
            if count and upper_binomial(count, len(near), expected) < 1e-6:
                row = int(np.flatnonzero(near)[0])
                yield case.finding(
                    where=f"{a} and {b}",
                    evidence={
                        "rows": count,
                        "share": count / len(near),
                        "expected share": expected,
                        "form": form,
                        "first pair": (int(first.rows[pairs[0][row]]), int(second.rows[some[row]])),
                    },
                    advice="Split by where rows come from, and augment after splitting.",
                    severity="error" if count / len(near) >= _MANY else "warning",
                )


def _continuous(x):
    """Whether rows are equal by no chance: there is a column of broken numbers, many of them different."""
    _, copies = equal_rows(x, x)
    firsts = np.unique(copies)  # a row that was copied is one row
    for column in columns_of(keras.tree.map_structure(lambda leaf: leaf[firsts], x)):
        if column.is_text:
            continue
        values = column.values[np.isfinite(column.values)]
        if len(np.unique(values)) > max(20, 0.3 * len(values)) and (values != np.round(values)).any():
            return True
    return False


def _by_chance(x, other):
    """The most that the share of rows of `other` that are in `x` may be by chance."""
    rows, count = (len(keras.tree.flatten(part)[0]) for part in (x, other))
    # Copies, which are made of training rows, look like chance there; what is chance is seen in both.
    share = min(_in_common(x, rows), _in_common(other, rows))
    return share + 4 * np.sqrt(share * (1 - share) / count)


def _in_common(x, wanted):
    """Twice the share of rows that halves of the data have in common, as if they had `wanted` rows; at most 1."""
    rows = len(keras.tree.flatten(x)[0])
    if rows < 20:
        return 1.0
    order = np.random.default_rng(0).permutation(rows)
    a, b = (keras.tree.map_structure(lambda leaf, half=half: leaf[half], x) for half in np.array_split(order, 2))
    half = max(1, rows - rows // 2)
    share = len(equal_rows(a, b)[0]) / half
    share = 2 * min(0.5, share + 4 * np.sqrt(share * (1 - share) / half) + 4 / half)
    return 1 - (1 - share) ** max(1.0, wanted / 2 / half)


def _smooth(x):
    """Whether all columns have values of their own in most rows; images and series do."""
    columns = [column for column in columns_of(x) if not column.is_text]
    return all(len(np.unique(column.values)) > 0.3 * len(column.values) for column in columns)


def _near(queries, known, equal, skip_self=False):
    """Returns which queries have a near row, `(its index, its distance)`, and the share expected by chance.

    Rows that are equal count only if asked for: as they are, they are another rule's.
    """
    distances, order = nearest(queries, known, _NEIGHBOURS, skip_self)
    if distances.shape[1] < _NEIGHBOURS:
        return None
    usable = distances[:, 9] > 1e-6
    near = usable & (distances[:, 0] < _NEAR * distances[:, 9])
    if not equal:
        near &= distances[:, 0] > 1e-3 * distances[:, 9]
    if usable.sum() < 20:
        return None
    # From the outer neighbours, which copies of a row do not reach.
    ratios = np.log(distances[usable, -1:] / np.maximum(distances[usable, 9:-1], 1e-12))
    # Given the outermost, the m-th powers of the others are uniform order statistics: E[−ln U₍ⱼ₎] = H₁₉ − H₍ⱼ₋₁₎.
    harmonic = np.cumsum(1 / np.arange(1, _NEIGHBOURS))
    dimension = float(np.mean(harmonic[-1] - harmonic[8:-1])) / max(float(np.mean(ratios)), 1e-6)
    expected = 1 - (1 - _NEAR**dimension) ** 9
    return near, (order[:, 0], distances[:, 0]), float(np.clip(2 * expected, 1e-4, 1))
