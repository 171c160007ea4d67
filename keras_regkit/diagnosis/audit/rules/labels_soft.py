"""Labels that are smoothed or mixed where they should not be."""

import keras
import numpy as np

from keras_regkit._core.output_kind import config_of_loss
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.outputs import (
    BINARY,
    CATEGORICAL,
    SPARSE,
    outputs_of,
    targets,
    with_kind,
)
from keras_regkit.diagnosis.audit.rule import rule


@rule("RK402", family="labels", title="Labels are smoothed twice", severity="warning", needs=("compiled", "train"))
def smoothed_twice(case):
    """The loss smooths labels, and those in the data are smoothed or mixed already.

    Why: The smoothing adds up: s of the loss on top of s of the data leaves the true class about (1 − s)² of its mass,
    and each is tuned as if it were alone.

    Do: Smooth in one place. With mixup, smoothing is rarely needed.

    Example: compile(loss=): smoothing of the loss 0.1, smoothing of the data 0.1, share of rows 1

    Source: Szegedy et al. 2016, "Rethinking the Inception Architecture", section 7.
    """
    for output in outputs_of(case):
        smoothing = float(_smoothing(output.loss) or 0)
        if output.kind not in (CATEGORICAL, BINARY) or not smoothing:
            continue
        soft, amount = _softness(targets(case, output), output.kind)
        if soft > 0.5:
            yield case.finding(
                where=output.where,
                evidence={"smoothing of the loss": smoothing, "smoothing of the data": amount, "share of rows": soft},
                advice="Smooth in the loss or in the data, not in both.",
            )


@rule("RK403", family="labels", title="Label smoothing that does nothing", severity="error", needs=("compiled",))
def smoothing_without_effect(case):
    """A loss says that it smooths labels, and its value for a known prediction shows that it does not.

    `label_smoothing` is read when a loss is made. Set on the object later it shows in the config and changes nothing;
    `SparseCategoricalCrossentropy` has no such argument at all.

    Why: The model trains on hard labels, and the config says otherwise.

    Do: Pass `label_smoothing=` when the loss is made; for class numbers use `keras_regkit.losses.LabelSmoothing`.

    Example: compile(loss=): smoothing claimed 0.1, smoothing measured 0

    Source: Measured: cross-entropy is linear in the labels, so that one prediction tells s.
    """
    known = False
    for output in outputs_of(case):
        if output.kind not in (SPARSE, CATEGORICAL, BINARY) or not isinstance(output.loss, keras.losses.Loss):
            continue
        known = True
        claimed = _smoothing(output.loss)
        if not isinstance(claimed, (int, float)) or not claimed:
            continue
        measured = _measured_smoothing(output.loss, output.kind, output.from_logits)
        if measured is not None and abs(measured - claimed) > 0.1 * claimed and abs(measured) < 1e-3:
            yield case.finding(
                where=output.where,
                evidence={"smoothing claimed": claimed, "smoothing measured": max(0.0, round(measured, 6))},
                advice="Pass it when the loss is made; class numbers need keras_regkit.losses.LabelSmoothing.",
            )
    if not known:
        raise CannotRun("no loss on classes was given as a keras.losses object")


@rule(
    "RK404",
    family="labels",
    title="class_weight with soft labels",
    severity="warning",
    needs=("compiled", "train", "fit_args"),
)
def class_weight_with_soft_labels(case):
    """`class_weight` is given, and labels are mixed or smoothed.

    Keras takes the class of the largest share for the whole row: one that is 51% cat and 49% dog weighs as a cat.

    Why: The weight of half of each mixed row is that of the wrong class.

    Do: Weight the rows yourself, Σ yₖ wₖ as `sample_weight`, or balance the batches instead.

    Example: fit(class_weight=): share of rows with soft labels 0.9

    Source: Keras 3, `class_weight_to_sample_weights`: argmax of the labels.
    """
    if not case.fit_args.get("class_weight"):
        return
    weights = [float(weight) for weight in case.fit_args["class_weight"].values()]
    for output in with_kind(case, CATEGORICAL):
        soft, _ = _mixed(targets(case, output))
        if soft > 0.01 and len(set(weights)) > 1:
            yield case.finding(
                where="fit(class_weight=)",
                evidence={
                    "share of rows with mixed labels": soft,
                    "largest over least weight": max(weights) / min(weights),
                },
                advice="Pass sample_weight = labels @ weights instead.",
            )


@rule(
    "RK411", family="labels", title="Validation labels are mixed or smoothed", severity="error", needs=("validation",)
)
def soft_validation_labels(case):
    """One-hot labels of the validation data have been mixed or smoothed.

    Why: A validation loss against soft labels has another floor and another order of models; the augmentation was
    meant for training alone.

    Do: Mix and smooth in the training pipeline only.

    Example: validation: share of rows with soft labels 1, largest share of a class 0.93

    Source: Müller et al. 2019, "When Does Label Smoothing Help?": smoothed and plain loss rank models differently.
    """
    y = case.sample("validation").y
    leaves = [leaf for leaf in keras.tree.flatten(y) if leaf is not None and leaf.ndim == 2 and leaf.shape[1] > 1]
    if not leaves:
        raise CannotRun("`validation` has no one-hot targets")
    for leaf in leaves:
        soft, _ = _softness(leaf, CATEGORICAL)
        # Labels that were never hard are what the task is: those of a teacher, or of several annotators.
        _, structured = _mixed(leaf)
        if soft > 0.01 and structured:
            yield case.finding(
                where="validation",
                evidence={
                    "share of rows with soft labels": soft,
                    "median share of the true class": np.median(leaf.max(1)),
                },
                advice="Mix and smooth labels in the training pipeline only.",
            )


def _smoothing(loss):
    """The smoothing that a loss says it has; None for none."""
    # Of a loss around another one, both can smooth.
    config = {**config_of_loss(loss), **(loss.get_config() if isinstance(loss, keras.losses.Loss) else {})}
    for name in ("smoothing", "label_smoothing"):
        value = config.get(name)
        value = getattr(loss, name, None) if value is None else value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return None


def _measured_smoothing(loss, kind, from_logits):
    """Solves L(s) = (1 − s)·a + s·m for s, where a is the loss of the class and m the mean over classes."""
    p = np.array([[0.7, 0.2, 0.1]]) if kind != BINARY else np.array([[0.7, 0.7]])
    y = {SPARSE: np.array([0]), CATEGORICAL: np.array([[1.0, 0.0, 0.0]]), BINARY: np.array([[1.0, 1.0]])}[kind]
    a = -np.log(0.7)
    m = np.mean(-np.log(p)) if kind != BINARY else -(np.log(0.7) + np.log(0.3)) / 2
    if from_logits:
        p = np.log(p) if kind != BINARY else np.log(p / (1 - p))
    if type(loss).__module__.partition(".")[0] != "keras" or "Focal" in type(loss).__name__:
        return None  # losses with other terms are not linear in the labels
    value = float(
        keras.ops.convert_to_numpy(loss(y.astype("int32" if kind == SPARSE else "float32"), p.astype("float32")))
    )
    return (value - a) / (m - a)


def _softness(y, kind):
    """Returns the share of rows whose labels are soft, and the smoothing s that explains the typical one."""
    if y.dtype.kind != "f":
        return 0.0, 0.0
    if kind == BINARY:
        flat = y.reshape(len(y), -1)
        between = ((flat > 1e-6) & (flat < 1 - 1e-6)).any(1)
        return float(between.mean()), float(2 * np.median(np.minimum(flat, 1 - flat)))
    if y.ndim < 2 or y.shape[-1] < 2:
        return 0.0, 0.0
    flat = y.reshape(-1, y.shape[-1])
    # Rows of zeros alone are those of several labels of which none is true.
    soft = (flat.max(1) < 1 - 1e-6) & (flat.max(1) > 1e-6)
    if not soft.any():
        return 0.0, 0.0
    classes = flat.shape[1]
    return float(soft.mean()), float(np.median(1 - flat[soft].max(1)) * classes / (classes - 1))


def _mixed(y):
    """Returns the share of soft rows, and whether they look made: two classes beyond a floor that all others share."""
    if y.dtype.kind != "f" or y.ndim < 2 or y.shape[-1] < 2:
        return 0.0, False
    flat = y.reshape(-1, y.shape[-1])
    soft = flat[(flat.max(1) < 1 - 1e-6) & (flat.max(1) > 1e-6)]
    if not len(soft):
        return 0.0, False
    # All but the two largest are the same number: the floor of smoothing, or the zeros of mixup.
    ordered = np.sort(soft, 1)
    rest = ordered[:, :-2]
    if rest.shape[1] > 1:
        made = rest.max(1) - rest.min(1) < 1e-5
    else:  # with two or three classes only what all rows share can be told from shares that were always soft
        shared = rest if rest.size else ordered
        made = (np.abs(shared - np.median(shared, 0)) < 1e-5).all(1)
    return len(soft) / len(flat), bool(made.mean() > 0.95)
