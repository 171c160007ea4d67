"""Targets that the loss takes for something else."""

import keras
import numpy as np

from keras_regkit._core.output_kind import config_of_loss
from keras_regkit.diagnosis.audit.outputs import (
    SPARSE,
    predictions_of,
    targets,
    with_kind,
)
from keras_regkit.diagnosis.audit.rule import rule


@rule(
    "RK401",
    family="labels",
    title="Mixed labels under a loss on class numbers",
    severity="error",
    needs=("compiled", "train"),
)
def mixed_labels_with_sparse_loss(case):
    """A sparse loss takes whole class numbers, and the targets hold numbers between them.

    Mixup and cutmix of class numbers make 2.7 of classes 2 and 3; the loss cuts it down to class 2.

    Why: The images are mixed and the labels are not, so that the model learns wrong ones. No error is raised.

    Do: Use one-hot labels with a categorical loss, or `augmentation.mixing` layers with `num_classes=`.

    Example: compile(loss=): share of targets that are no class 0.48, such as 2.7

    Source: Keras 3 casts targets of `sparse_categorical_crossentropy` to integers; Zhang et al. 2018, "mixup".
    """
    for output in with_kind(case, SPARSE):
        y = targets(case, output)
        if y.dtype.kind != "f":
            continue
        between = np.isfinite(y) & (y != np.round(y))
        if between.any():
            yield case.finding(
                where=output.where,
                evidence={"share of targets that are no class": between.mean(), "such as": float(y[between].flat[0])},
                advice="Make the labels one-hot before they are mixed, and use a categorical loss.",
            )


@rule(
    "RK409",
    family="labels",
    title="Class numbers that the output does not have",
    severity="error",
    needs=("compiled", "train"),
)
def labels_out_of_range(case):
    """A label is below 0, or not below the number of outputs.

    Why: On a GPU and on JAX there is no error: the loss of such a row is NaN, 0 or that of another class.

    Do: Number the classes from 0, or give the output as many units as there are classes.

    Example: compile(loss=): units 10, least label 1, largest label 10, rows 102

    Source: Keras 3 on JAX: `one_hot` of a class out of range is a row of zeros.
    """
    for split in ("train", "validation", "test"):
        if case.data[split] is None:
            continue
        for output in with_kind(case, SPARSE):
            y = targets(case, output, split)
            ignored = config_of_loss(output.loss).get("ignore_class")
            if y.dtype.kind not in "biuf":
                continue
            units = output.units or predictions_of(case, output).shape[-1]
            wrong = ((y < 0) | (y >= units)) & (y != ignored if ignored is not None else True)
            if wrong.any():
                yield case.finding(
                    where=f"{split}: {output.where}",
                    evidence={
                        "units": units,
                        "least label": float(np.nanmin(y)),
                        "largest label": float(np.nanmax(y)),
                        "rows": int(wrong.sum()),
                    },
                    advice="Number the classes from 0 to units − 1.",
                )


@rule("RK410", family="labels", title="Targets that are not finite", severity="error", needs=("train",))
def targets_not_finite(case):
    """A target is NaN or infinite.

    Why: The first batch with such a row makes the loss NaN, and after one step all weights.

    Do: Drop these rows, or give them `sample_weight` 0 and a finite target.

    Example: train: rows 3, first row 17

    Source: Arithmetic: NaN goes through every sum.
    """
    for split in ("train", "validation", "test"):
        if case.data[split] is None:
            continue
        sample = case.sample(split)
        for leaf in keras.tree.flatten(sample.y):
            if leaf is None or leaf.dtype.kind != "f":
                continue
            wrong = ~np.isfinite(leaf).reshape(len(leaf), -1).all(1)
            if wrong.any():
                yield case.finding(
                    where=split,
                    evidence={"rows": int(wrong.sum()), "first row": int(sample.rows[wrong.argmax()])},
                    advice="Drop these rows.",
                )
