"""Splits that are not alike in what they should share."""

import numpy as np

from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.outputs import labels_of
from keras_regkit.diagnosis.audit.rows import columns_of, given_splits
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.diagnosis.audit.tails import kolmogorov_smirnov, same_shares

# Of rows that were shuffled, one data set in a hundred thousand looks as ordered as this.
_LEVEL = 1e-5
_MANY_LEVELS = 50


@rule(
    "RK601",
    family="data",
    title="validation_split of ordered rows",
    severity="error",
    needs=("train", "fit_args"),
)
def ordered_tail(case):
    """`validation_split` takes the last rows, unshuffled, and they are not like the others.

    The labels of the tail are held against those of the rest: classes by χ², numbers by Kolmogorov and Smirnov, at a
    level of 1e-5.

    Why: Rows sorted by class, date or file validate on what was never trained on, or on the easy end. No curve shows
    which.

    Do: Shuffle rows once before `fit`, or split them yourself: by class, by group, or by time if that is the task.

    Example: fit(validation_split=): rows of the tail 200, classes only in the tail 1, p 3e-120

    Source: Keras 3, `train_validation_split`: the last samples, before shuffling.
    """
    split = case.fit_args.get("validation_split")
    if not split:
        raise CannotRun("no validation_split among fit_args=")
    sample = case.sample("train")
    if not sample.as_arrays:
        raise CannotRun("validation_split is for arrays")
    y = _single(sample.y, "train")
    tail = sample.rows >= int(sample.total * (1 - float(split)))
    if not 0 < tail.sum() < len(tail):
        raise CannotRun("validation_split leaves no rows on one side")
    evidence = _difference(y[~tail], y[tail])
    if evidence is None:
        return
    yield case.finding(
        where="fit(validation_split=)",
        evidence={"rows of the tail": int(tail.sum()), **evidence},
        advice="Shuffle the rows before fit, or split them by class, group or time on purpose.",
        severity="error" if evidence.get("classes only in the tail") or evidence["p"] < 1e-12 else "warning",
    )


@rule("RK602", family="data", title="A class that a split lacks", severity="error", needs=("train",))
def class_missing(case):
    """Validation or test data have a class that the training data lack, or the other way round.

    A class of training data counts as missing elsewhere only if one so rare would be seen there. A class that was never
    trained on is an error, and a warning where chance explains it.

    Why: A class that is not trained on is always wrong; one that is not validated on can be forgotten unseen.

    Do: Split by class (`stratify`), or drop the class from both.

    Example: validation: classes not in train [7], rows 12

    Source: Kohavi 1995, "A Study of Cross-Validation": stratified splits.
    """
    labels = {}
    for name in given_splits(case, at_least=2):
        y = case.sample(name).y
        labels[name] = None if y is None or isinstance(y, (dict, list, tuple)) else _class_names(y)
    trained = labels["train"]
    if trained is None or all(labels[name] is None for name in labels if name != "train"):
        raise CannotRun("the targets are no classes")
    for name, held_out in labels.items():
        if name == "train" or held_out is None:
            continue
        unseen = [c for c in np.unique(held_out) if c not in trained]
        seen = any(_would_be_seen(c, held_out, trained) for c in unseen)
        if unseen and (seen or case.sample("train").whole):
            yield case.finding(
                where=name,
                evidence={"classes not in train": unseen[:10], "rows": int(np.isin(held_out, unseen).sum())},
                advice="Split by class, so that each split has all of them.",
                severity="error" if seen else "warning",
            )
        absent = [c for c in np.unique(trained) if c not in held_out and _would_be_seen(c, trained, held_out)]
        if absent:
            yield case.finding(
                where=name,
                evidence={"classes only in train": absent[:10], "rows": len(held_out)},
                advice="Split by class, so that each split has all of them.",
                severity="warning",
            )


@rule("RK603", family="data", title="A category that was never trained on", severity="warning", needs=("train",))
def category_unseen(case):
    """A column of words has values in validation or test data that the training data lack.

    Columns with more than 50 values in training are looked at as names: if nearly none is shared, the rows were split
    by that group, which is a note.

    Why: The model has no weights for it: `StringLookup` maps it to the unknown token, an embedding row stays random.

    Do: Split so that all categories are trained on, or accept them as unknown and train the unknown token (word
    dropout).

    Example: validation: column 'city', values not in train ['Bonn'], rows 31

    Source: Keras 3, `StringLookup(num_oov_indices=1)`.
    """
    splits = given_splits(case, at_least=2)
    trained = {column.name: column for column in columns_of(case.sample("train").x) if column.is_text}
    if not trained:
        raise CannotRun("the inputs have no column of words")
    for name in splits[1:]:
        for column in columns_of(case.sample(name).x):
            if column.name not in trained or not column.is_text:
                continue
            known = set(trained[column.name].values)
            if len(known) > _MANY_LEVELS and not case.sample("train").whole:
                continue
            new = [value for value in np.unique(column.values) if value not in known]
            rows = int(np.isin(column.values, new).sum())
            texts = len(known) > 0.5 * len(trained[column.name].values)
            if new and not texts:
                yield case.finding(
                    where=f"{name}: {column.name}",
                    evidence={
                        "values not in train": [str(v) for v in new[:10]],
                        "rows": rows,
                        "of": len(column.values),
                    },
                    advice="Split so that all categories are trained on, or train the unknown token.",
                    severity="note" if len(known) > _MANY_LEVELS else "warning",
                )


@rule(
    "RK616",
    family="data",
    title="Training rows come in the order of their labels",
    severity="warning",
    needs=("train",),
)
def ordered_training_rows(case):
    """Training data that are not shuffled come sorted, or in long runs of one class.

        z = (changes − expected) / √variance,    expected = n (1 − Σ pₖ²)

    Looked at for datasets, and for arrays with `fit(shuffle=False)`. Reported below z = −8.

    Why: A batch of one class pulls every step its own way; batch statistics are those of one class.

    Do: `dataset.shuffle(size)` with a buffer that spans classes, or `shuffle=True`.

    Example: train: changes of class 9, expected 891, z -290

    Source: Wald and Wolfowitz 1940, the runs test; Meng et al. 2019, "Convergence Analysis of Distributed SGD with
    Random Shuffling".
    """
    sample = case.sample("train")
    if sample.as_arrays and case.fit_args.get("shuffle", True):
        raise CannotRun("fit shuffles arrays")
    labels = labels_of(_single(sample.y, "train"))
    if labels is None or len(labels) < 32:
        raise CannotRun("the targets are no classes, or too few rows")
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    change = float(1 - (shares**2).sum())
    if change == 0:
        return
    n = len(labels) - 1
    changes = int((labels[1:] != labels[:-1]).sum())
    z = (changes - n * change) / np.sqrt(n * change * (1 - change) + 1e-12)
    if z < -8 and changes < 0.5 * n * change:
        yield case.finding(
            where="train",
            evidence={"changes of class": changes, "expected": n * change, "z": z},
            advice="Shuffle with a buffer that spans classes, or shuffle the files.",
        )


def _difference(head, tail):
    """Returns evidence that two stretches of labels differ; None if they do not."""
    if labels_of(np.concatenate([head, tail])) is not None:
        labels = labels_of(np.concatenate([head, tail]))
        classes, codes = np.unique(labels, return_inverse=True)
        a, b = (np.bincount(part, minlength=len(classes)) for part in (codes[: len(head)], codes[len(head) :]))
        p = same_shares(a, b)
        if p >= _LEVEL:
            return None
        found = {"classes only in the tail": int(((a == 0) & (b > 0)).sum()), "classes": len(classes)}
        return found | {"difference of shares": float(np.abs(a / a.sum() - b / b.sum()).sum() / 2), "p": p}
    if head.dtype.kind not in "biuf" or head.size != len(head):
        raise CannotRun("the targets are neither classes nor single numbers")
    d, p = kolmogorov_smirnov(head.reshape(-1), tail.reshape(-1))
    if p >= _LEVEL or d < 0.1:
        return None
    return {"mean of the tail": float(tail.mean()), "mean of the rest": float(head.mean()), "D": d, "p": p}


def _single(y, name):
    """The only targets.

    Raises:
        CannotRun: there are none, or several.
    """
    if y is None:
        raise CannotRun(f"`{name}` has no targets")
    if isinstance(y, (dict, list, tuple)):
        parts = list(y.values()) if isinstance(y, dict) else list(y)
        if len(parts) != 1:
            raise CannotRun(f"`{name}` has several targets")
        y = parts[0]
    return np.asarray(y)


def _class_names(y):
    """Classes as they are called: numbers or words, those of one-hot rows by position; None if they are none."""
    labels = labels_of(y)
    if labels is None:
        return None
    y = np.asarray(y)
    return labels if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)


def _would_be_seen(label, where, elsewhere):
    """Whether a class as frequent as in `where` is missing from as many rows as `elsewhere` less than once in 1,000."""
    share = (where == label).mean()
    return (1 - share) ** len(elsewhere) < 1e-3
