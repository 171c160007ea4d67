"""Datasets that are others when they are read again."""

import numpy as np

from keras_regkit.augmentation._row_hashes import equal_rows
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.rows import vectors
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.diagnosis.audit.samples import take_sample


@rule("RK606", family="data", title="Rows move between the splits", severity="error", needs=("train", "validation"))
def reshuffled_splits(case):
    """Read twice, the validation data hold rows that are there one time only, and that are training rows.

    `dataset.shuffle(n)` shuffles anew at each epoch; `take` and `skip` after it draw other splits each time.

    Why: After a few epochs every validation row has been trained on. Both losses fall together, and nothing shows it.

    Do: `shuffle(n, reshuffle_each_iteration=False)` before `take` and `skip`; better, split first and shuffle the
    training part.

    Example: validation: rows of one reading only that are training rows 81, share 0.81

    Source: tf.data, `Dataset.shuffle(reshuffle_each_iteration=True)` is the default.
    """
    train, first, second = case.sample("train"), case.sample("validation"), _again(case, "validation")
    before = len(equal_rows(train.x, first.x)[0]) / len(first.rows)
    count = _moved(train, first, second)
    if count > max(1, 0.01 * len(second.rows)):
        yield case.finding(
            where="validation",
            evidence={
                "rows of one reading only that are training rows": count,
                "share": count / len(second.rows),
                "share of training rows at the first reading": before,
            },
            advice="Split before shuffling, or shuffle with reshuffle_each_iteration=False.",
        )


@rule("RK607", family="data", title="Validation data change each time", severity="error", needs=("validation",))
def validation_changes(case):
    """Read twice, the validation data hold rows that were not there before.

    Rows that lie near their former selves were augmented; others were drawn anew. Training rows among them are the
    matter of RK606.

    Why: The validation curve moves by itself; epochs, runs and models are judged on different data. Augmented rows are
    harder, so that the gap to training looks smaller than it is.

    Do: Keep augmentation to the training pipeline, fix the seed of the split, or `cache()` the validation data.

    Example: validation: share of new rows 1, distance to the former row 0.2

    Source: Measured.
    """
    first, second = case.sample("validation"), _again(case, "validation")
    if not (first.whole and second.whole):
        raise CannotRun("the validation data are too large to be read wholly twice")
    kept, _ = equal_rows(first.x, second.x)
    new = np.setdiff1d(np.arange(len(second.rows)), kept)
    if not len(new):
        return
    if case.data["train"] is not None:
        moved = _moved(case.sample("train"), first, second)
        if moved > max(1, 0.01 * len(second.rows)):
            return
    evidence = {"share of new rows": len(new) / len(second.rows), "rows": len(second.rows)}
    if len(first.rows) == len(second.rows):
        a, b = vectors(first.x), vectors(second.x, first.x)
        if np.allclose(a, b, atol=1e-4):
            return  # sums in another order
        typical = np.linalg.norm(a - a[np.random.default_rng(0).permutation(len(a))], axis=1).mean()
        evidence["distance to the former row"] = float(np.linalg.norm(a - b, axis=1)[new].mean() / max(typical, 1e-12))
    augmented = evidence.get("distance to the former row", 1) < 0.8
    yield case.finding(
        where="validation",
        evidence=evidence,
        advice="Augment training data only."
        if augmented
        else "Fix the seed of the split, or cache() the validation data.",
    )


def _moved(train, first, second):
    """Number of rows that are in one reading only, and training rows.

    With a seed, both splits may be drawn anew in step, so that a reading shares none with the training rows of its own.
    """
    counts = [0]
    for here, there in ((first, second), (second, first)):
        alone = np.setdiff1d(np.arange(len(here.rows)), equal_rows(there.x, here.x)[0])
        known = len(np.intersect1d(alone, equal_rows(train.x, here.x)[0]))
        # Of rows that leaked and are augmented now and then, those that are left as they are would pass for moved.
        if not train.whole or known > 0.8 * len(alone):
            counts.append(known)
    return max(counts)


def _again(case, name):
    """Reads a dataset a second time.

    Raises:
        CannotRun: the data are arrays.
    """
    if case.sample(name).as_arrays:
        raise CannotRun(f"`{name}` are arrays, which do not change")
    return take_sample(case.data[name], name)
