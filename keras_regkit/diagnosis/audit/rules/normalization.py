"""Batch normalization: what can be told from how a model is put together."""

import contextlib

import keras
from keras import ops

from keras_regkit._core.batch_norms import batch_norms, is_batch_norm
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.noise_layers import fixed_modes
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.surgery import batch_norm_report

LOW_MOMENTUM = 0.5


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
