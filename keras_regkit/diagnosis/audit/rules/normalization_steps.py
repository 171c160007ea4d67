"""Batch normalization: rows of a batch, and steps of a training."""

import keras
from keras import ops

from keras_regkit._core.batch_norms import batch_norms
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.rule import rule

SMALL_BATCH = 8
LEFT_OVER = 0.05  # share of the initial statistics


@rule("RK201", family="normalization", title="Batch normalization with small batches", severity="warning")
def small_batches(case):
    """Batch normalization trains on batches of fewer than 8 rows, or the last batch of an epoch has a single one.

    Why: Mean and variance of a few rows are noise, and inference uses others: the error of a ResNet on ImageNet rises
    from 23.6% at 32 images per batch to 34.7% at 2. With dense inputs a batch of one row is normalized to zero,
    whatever the row.

    Do: Larger batches; `GroupNormalization` or `LayerNormalization`, which need none; or
    `keras_regkit.layers.FilterResponseNormalization`. For a last batch of one, choose another batch size.

    Example: batch_size: batch size 4, batch normalization layers 12

    Source: Wu & He 2018, "Group Normalization", table 2.
    """
    norms = _training_norms(case)
    if not norms:
        return
    size = known_batch_size(case)
    if size < SMALL_BATCH:
        yield case.finding(
            where="batch_size",
            evidence={"batch size": size, "batch normalization layers": len(norms)},
            advice="Use larger batches, or a normalization that does not look at other rows (GroupNormalization).",
        )
    last = _rows_of_last_batch(case, size)
    flat = [layer for layer in norms.values() if getattr(layer.input_spec, "ndim", None) == 2]
    if last == 1 and size > 1 and flat:
        yield case.finding(
            where="the last batch of an epoch",
            evidence={"rows in it": 1, "batch size": size},
            advice="A single row is normalized to zero. Choose a batch size that leaves more over, or drop the rest.",
        )


@rule(
    "RK202",
    family="normalization",
    title="Too few steps for the momentum of batch normalization",
    severity="warning",
    needs=("built",),
)
def few_steps_for_momentum(case):
    """When training ends, the moving statistics still hold a share of their initial values, mean 0 and variance 1.

        share = momentum^steps

    Why: Training uses the batches' statistics and goes well; inference uses the moving ones and does not. Validation
    looks like overfitting, and is none.

    Do: A lower momentum (0.9 for a few hundred steps), more steps, or `surgery.recalibrate_batch_norm` after training.

    Example: norm: momentum 0.99, steps 100, share of the initial statistics 0.366

    Source: Ioffe & Szegedy 2015, "Batch Normalization", section 3.1; Keras 3, default momentum 0.99.
    """
    norms = _training_norms(case)
    if not norms:
        return
    steps, taken = _steps(case)
    by_momentum = {}
    for path, layer in norms.items():
        # Those of a pretrained layer are a good start. What training has left of the first ones cannot be told apart.
        if taken or is_new(layer):
            by_momentum.setdefault(float(layer.momentum), []).append(path)
    for momentum, paths in by_momentum.items():
        share = momentum**steps
        if share > LEFT_OVER:
            yield case.finding(
                where=paths[0] + (f" and {len(paths) - 1} more" if len(paths) > 1 else ""),
                evidence={"momentum": momentum, "steps": steps, "share of the initial statistics": share},
                advice="Lower the momentum (0.9), train longer, or call surgery.recalibrate_batch_norm after training.",
                severity="note" if taken else None,
            )


def _training_norms(case):
    return {path: layer for path, layer in batch_norms(case.model).items() if layer.trainable} if case.built else {}


def known_batch_size(case):
    if case.data["train"] is None and case.fit_args.get("batch_size") is None:
        raise CannotRun("the batch size is not known (train=, or fit_args={'batch_size': ...})")
    return case.batch_size


def _rows_of_last_batch(case, size):
    """Rows of the last batch of an epoch; `None` where it cannot be known."""
    data = case.data["train"]
    if not isinstance(data, tuple) or case.fit_args.get("steps_per_epoch"):
        return None
    rows = len(keras.tree.flatten(data)[0])
    rows -= rows - int(rows * (1 - (case.fit_args.get("validation_split") or 0)))
    return rows % size or size


def _steps(case):
    """Returns the number of steps, and whether they have been taken; else they are what `fit` will take."""
    taken = int(ops.convert_to_numpy(case.optimizer.iterations)) if case.compiled else 0
    if taken:
        return taken, True
    if case.epochs is None or case.steps_per_epoch is None:
        raise CannotRun("the number of steps is not known (train=, and fit_args={'epochs': ...})")
    return case.epochs * case.steps_per_epoch, False


def is_new(layer):
    mean, variance = ops.convert_to_numpy(layer.moving_mean), ops.convert_to_numpy(layer.moving_variance)
    return bool((mean == 0).all() and (variance == 1).all())
