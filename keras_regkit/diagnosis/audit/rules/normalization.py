"""Batch normalization: what can be told from how a model is put together."""

import contextlib

import keras
from keras import ops

from keras_regkit._core.batch_norms import batch_norms, is_batch_norm
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.noise_layers import fixed_modes
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.surgery import batch_norm_report

SMALL_BATCH = 8
FEW_SAMPLES = 16  # in a ghost batch
LEFT_OVER = 0.05  # share of the initial statistics
LOW_MOMENTUM = 0.5


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


@rule(
    "RK204",
    family="normalization",
    title="Batch normalization that trains inside a frozen part",
    severity="warning",
    needs=("built",),
)
def trains_among_frozen(case):
    """Batch normalization has `trainable = True` between layers that are frozen.

    Why: It normalizes with the batches of the new task and moves its statistics, while the weights around it fit the
    old ones. The features that the frozen layers were trained for are lost, most of all with small batches.

    Do: Freeze it with the rest (`surgery.freeze`, which keeps the flags of batch normalization in view). Calling the
    backbone with `training=False` is not enough in a Functional model (RK307).

    Example: backbone/bn: trainable True, layers with weights around it frozen

    Source: Keras guide "Transfer learning & fine-tuning", note on BatchNormalization.
    """
    modes = case.keep("fixed modes", lambda: fixed_modes(case.model))
    found = {state.path for state in batch_norm_report(case.model) if state.among_frozen}
    with contextlib.suppress(CannotRun):  # the report has looked at the layers that stand beside each other
        found |= {case.paths[id(call.layer)] for call in case.wiring if _is_between_frozen(call)}
    for path in case.layers:
        if path in found and modes.get(id(case.layers[path])) is not False:
            yield case.finding(
                where=path,
                evidence={"trainable": True, "layers with weights around it": "frozen"},
                advice="Freeze it too (surgery.freeze).",
            )


@rule(
    "RK205",
    family="normalization",
    title="Layers frozen or unfrozen since the model was compiled",
    severity="error",
    needs=("built", "compiled"),
)
def trainable_changed_after_compile(case):
    """The optimizer was built for other weights than those that train now.

    Why: The compiled step goes on as before: what was frozen still trains on TensorFlow, and what was unfrozen does
    not. On JAX the next step fails.

    Do: Compile again after the change, or use `callbacks.GradualUnfreezing`, which keeps the optimizer's moments.

    Example: model: weights that train 4, weights of the optimizer 8, first that differs backbone/dense/kernel

    Source: Keras 3, `Model.compile` and `Layer.trainable`.
    """
    known = getattr(case.optimizer, "_trainable_variables", None)
    if not case.optimizer.built or not known:
        return
    before, now = {id(v) for v in known}, {id(v) for v in case.model.trainable_variables}
    if before != now:
        first = next((weight.path for weight in case.weights if id(weight.variable) in before ^ now), "unknown")
        yield case.finding(
            where="model",
            evidence={
                "weights that train": len(now),
                "weights of the optimizer": len(before),
                "first that differs": first,
            },
            advice="Compile the model again (surgery.recompile), or unfreeze with callbacks.GradualUnfreezing.",
        )


@rule(
    "RK206",
    family="normalization",
    title="A bias that batch normalization takes away",
    severity="note",
    needs=("built",),
)
def bias_before_batch_norm(case):
    """A layer adds a bias, and batch normalization behind it subtracts the mean, bias included.

        BN(W x + b) = BN(W x)

    Why: The bias has no effect and no gradient; with weight decay or L2 it is shrunk for nothing. It costs memory, and
    looks like capacity in a count of parameters.

    Do: `use_bias=False`; the shift of batch normalization is the bias.

    Example: conv/bias: numbers in it 64

    Source: Ioffe & Szegedy 2015, "Batch Normalization", section 3.2.
    """
    for call in case.wiring:
        linear = getattr(call.layer, "activation", None) in (None, keras.activations.linear)
        if call.layer is None or is_batch_norm(call.layer) or getattr(call.layer, "bias", None) is None or not linear:
            continue
        if call.after and not call.is_output and all(_normalizes(after.layer) for after in call.after):
            yield case.finding(
                where=f"{case.paths.get(id(call.layer), call.layer.name)}/bias",
                evidence={"numbers in it": int(ops.size(call.layer.bias))},
                advice="Set use_bias=False: the shift of batch normalization is the bias.",
            )


@rule("RK209", family="normalization", title="A momentum as PyTorch counts it", severity="warning", needs=("built",))
def momentum_of_pytorch(case):
    """Batch normalization keeps less than half of its moving statistics in each step.

        moving ← momentum · moving + (1 − momentum) · batch

    PyTorch's `momentum` is the share of the batch: its default of 0.1 is 0.9 in Keras.

    Why: The statistics are those of the last batch or two, and predictions change with every step.

    Do: `momentum=0.9`, or 1 minus the number of PyTorch.

    Example: norm: momentum 0.1, batches remembered 1.1

    Source: Keras 3, `BatchNormalization`; PyTorch, `torch.nn.BatchNorm2d`.
    """
    for path, layer in batch_norms(case.model).items():
        if layer.momentum < LOW_MOMENTUM:
            yield case.finding(
                where=path,
                evidence={"momentum": float(layer.momentum), "batches remembered": 1 / (1 - float(layer.momentum))},
                advice="In Keras it is the share that is kept: 1 minus PyTorch's number, as in momentum=0.9.",
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


def _normalizes(layer):
    return layer is not None and is_batch_norm(layer)


def _is_between_frozen(call):
    """Whether batch normalization trains while the nearest layers with weights, before and behind it, do not."""
    if not _normalizes(call.layer) or not call.layer.trainable:
        return False
    sides = [_nearest(call, "before"), _nearest(call, "after")]
    return all(side and not any(layer.trainable_weights for layer in side) for side in sides)


def _nearest(call, side):
    """The layers with weights that are met first on one side; other batch normalization is passed over."""
    found, waiting, seen = [], list(getattr(call, side)), []
    while waiting:
        part = waiting.pop()
        if part in seen:
            continue
        seen.append(part)
        if part.layer is not None and part.layer.weights and not is_batch_norm(part.layer):
            found.append(part.layer)
        else:
            waiting += getattr(part, side)
    return found
