"""Batch normalization: what batches say, and settings of its variants."""

import keras
import numpy as np
from keras import ops

from keras_regkit._core.batch_moments import moments_estimator
from keras_regkit._core.batch_norms import batch_norms, is_batch_norm
from keras_regkit.diagnosis.audit import layer_probes, probes
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.noise_layers import is_noise, is_silent, rates_of
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.diagnosis.audit.rules.normalization_steps import is_new, known_batch_size

SHIFT, RATIO = 1.0, 4.0  # of means, in standard deviations; of variances
LOSS_RATIO = 2.0
ROWS = 512
FEW_SAMPLES = 16  # in a ghost batch


@rule(
    "RK203",
    family="normalization",
    title="Stale moving statistics",
    severity="warning",
    needs=("built", "train"),
)
def stale_statistics(case):
    """What batch normalization has stored is far from the mean and variance of what it is fed now.

    The means and variances of up to 512 training rows are measured at each layer, as training would see them, and
    compared with the stored ones: the median over channels of |μ − stored μ| / stored σ, and of the ratio of the
    variances. If the model is compiled, the loss with the batches' statistics is compared with that of inference.
    Frozen layers are left out: they train on what they have stored.

    Why: Inference uses the stored ones, so every prediction is off while the training loss looks right. It happens
    after a change of weights (averaging, pruning, a restored checkpoint), with data scaled otherwise than before, after
    a loop that never moved them, and after too few steps.

    Do: `surgery.recalibrate_batch_norm(model, x)`, which measures them anew.

    Example: norm: shift of the mean in standard deviations 3.2, ratio of variances 12.4

    Source: Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima", section 3.2; Wu & Johnson 2021, "Rethinking
    'Batch' in BatchNorm", section 3.
    """
    every = batch_norms(case.model)
    if not every:
        return
    norms = {path: layer for path, layer in every.items() if layer.trainable}
    if not norms:
        raise CannotRun("batch normalization is frozen, and trains on what it has stored")
    steps = int(ops.convert_to_numpy(case.optimizer.iterations)) if case.compiled else 0
    if not steps and all(is_new(layer) for layer in norms.values()):
        raise CannotRun("the statistics are those of a model that was not trained")
    batches = case.sample("train").shuffled_batches(case.batch_size, ROWS)
    try:
        moments = moments_estimator(case.model, list(norms.values()))(lambda: (x for x, _, _ in batches))
    except Exception as error:  # models are users' code
        raise CannotRun(f"the batches' statistics cannot be measured: {type(error).__name__}: {error}") from error
    losses = _losses(case, list(norms.values()), batches[0])
    advice = "Measure them anew with surgery.recalibrate_batch_norm(model, x)."
    found = False
    for (path, layer), (mean, variance) in zip(norms.items(), moments, strict=True):
        stored_mean, stored_variance = (ops.convert_to_numpy(v) for v in (layer.moving_mean, layer.moving_variance))
        shift = float(np.median(np.abs(mean - stored_mean) / np.sqrt(stored_variance + layer.epsilon)))
        ratio = (variance + layer.epsilon) / (stored_variance + layer.epsilon)
        ratio = float(np.median(np.maximum(ratio, 1 / ratio)))
        if shift > SHIFT or ratio > RATIO:
            found = True
            evidence = {"shift of the mean in standard deviations": shift, "ratio of variances": ratio}
            yield case.finding(where=path, evidence={**evidence, **losses}, advice=advice)
    if not found and losses:
        with_batch, with_stored = losses.values()
        if with_stored > LOSS_RATIO * with_batch and with_stored - with_batch > 0.01:
            yield case.finding(where="model", evidence=losses, advice=advice)


@rule(
    "RK207",
    family="normalization",
    title="Dropout right before batch normalization",
    severity="warning",
    needs=("built",),
)
def dropout_before_batch_norm(case):
    """Batch normalization is fed by dropout, with no layer with weights between.

        Var_train(y) = (Var(x) + rate · E(x)²) / (1 − rate),   Var_inference(y) = Var(x)

    With training data the two variances are measured, as a mean over the features.

    Why: The stored variance is that of training, with noise. At inference there is none, and every output of the layer
    is too small: the variance shift. It costs accuracy that no longer training brings back.

    Do: Put dropout behind the last batch normalization, or keep its rate low there.

    Example: norm: fed by drop, rate 0.5, variance in training over that at inference 2.31

    Source: Li et al. 2019, "Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift",
    equation 3.
    """
    for call in case.wiring:
        if call.layer is None or not is_batch_norm(call.layer) or not call.layer.trainable:
            continue
        for source in _fed_by_noise(call):
            measured = {}
            if case.data["train"] is not None:
                ratio = layer_probes.variance_shift(case.model, case.batch[0], source)
                measured = {} if ratio is None else {"variance in training over that at inference": ratio}
            yield case.finding(
                where=case.paths.get(id(call.layer), call.layer.name),
                evidence={"fed by": case.paths.get(id(source), source.name), **rates_of(source), **measured},
                advice="Put dropout behind the last batch normalization.",
            )


@rule(
    "RK208",
    family="normalization",
    title="Settings of ghost batches or renormalization without effect or bounds",
    severity="warning",
    needs=("built",),
)
def renorm_and_ghost_settings(case):
    """Ghost batches are as large as the batch, or tiny; or batch renormalization has no bounds for its corrections.

    Why: One ghost batch is plain batch normalization, without the noise that was asked for; parts of fewer than 16 rows
    make training noisy. Renormalization corrects each batch by r and d, which are unbounded unless `renorm_clipping` is
    given: while the statistics are those of a new layer they are huge.

    Do: `virtual_batch_size` of 16 to a half of the batch; `renorm_clipping={"rmax": 3, "rmin": 1 / 3, "dmax": 5}` after
    a start with plain batch normalization.

    Example: norm: virtual batch size 32, batch size 32

    Source: Hoffer et al. 2017, "Train longer, generalize better", section 4; Ioffe 2017, "Batch Renormalization",
    section 3.
    """
    for path, layer in batch_norms(case.model).items():
        if not layer.trainable:
            continue
        if hasattr(layer, "virtual_batch_size"):
            size = known_batch_size(case)
            part = size // layer.groups if layer.groups else layer.virtual_batch_size or 32
            if part >= size or part < FEW_SAMPLES:
                why = "one part is plain batch normalization" if part >= size else "parts this small are mostly noise"
                yield case.finding(
                    where=path,
                    evidence={"virtual batch size": part, "batch size": size},
                    advice=f"Choose parts of {FEW_SAMPLES} rows to half a batch: {why}.",
                )
        elif getattr(layer, "renorm", False) and not getattr(layer, "renorm_clipping", None):
            yield case.finding(
                where=path,
                evidence={"renorm": True, "renorm clipping": "None"},
                advice='Bound the corrections: renorm_clipping={"rmax": 3, "rmin": 1 / 3, "dmax": 5}.',
            )


def _losses(case, norms, batch):
    """The loss of a batch with either kind of statistics; nothing where there is no loss."""
    if not case.compiled or batch[1] is None:
        return {}
    try:
        with_batch, with_stored = probes.losses_by_statistics(case.model, norms, batch)
    except CannotRun:
        return {}
    return {"loss with the batch's statistics": with_batch, "loss at inference": with_stored}


def _fed_by_noise(call):
    """The noise layers that are met first before a call, with no weights between."""
    found, waiting, seen = [], list(call.before), []
    while waiting:
        part = waiting.pop()
        if part in seen:
            continue
        seen.append(part)
        if part.layer is not None and is_noise(part.layer):
            # The noise of GaussianNoise does not depend on what it is added to, and is small where features are scaled.
            if not is_silent(part.layer) and not isinstance(part.layer, keras.layers.GaussianNoise):
                found.append(part.layer)
        elif len(part.before) <= 1 and (part.layer is None or not part.layer.weights):
            waiting += part.before
    return found
