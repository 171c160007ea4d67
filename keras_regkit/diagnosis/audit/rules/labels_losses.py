"""Outputs, losses and metrics that do not belong together."""

import numpy as np

from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.outputs import (
    BINARY,
    CATEGORICAL,
    REGRESSION,
    SPARSE,
    compiled_metrics,
    labels_of,
    outputs_of,
    predictions_of,
    targets,
)
from keras_regkit.diagnosis.audit.rule import rule

_PROBABILITIES = ("softmax", "sigmoid", "hard_sigmoid", "sparsemax")
# What comes out of an activation, and so what a target must lie in to be reached.
_RANGES = {
    "sigmoid": (0, 1),
    "hard_sigmoid": (0, 1),
    "softmax": (0, 1),
    "tanh": (-1, 1),
    "softsign": (-1, 1),
    "relu": (0, np.inf),
    "relu6": (0, 6),
    "softplus": (0, np.inf),
    "exponential": (0, np.inf),
}
_THRESHOLDED = (
    "BinaryAccuracy",
    "Precision",
    "Recall",
    "TruePositives",
    "FalsePositives",
    "TrueNegatives",
    "FalseNegatives",
)


@rule("RK405", family="labels", title="Logits and probabilities are mixed up", severity="error", needs=("compiled",))
def logits_mismatch(case):
    """The loss takes logits and the model gives probabilities, or the other way round.

    Seen from the last activation; where that cannot be seen, from the predictions for one batch of `train`.

    Why: Probabilities taken for logits squeeze every prediction between 1/(1 + (K − 1)e) and e/(e + K − 1), so that the
    loss cannot fall far. Logits taken for probabilities are cut off at 0 and 1, and give no gradient there.

    Do: `from_logits=True` with a linear last layer, or `from_logits=False` with softmax or sigmoid.

    Example: compile(loss=): from_logits True, activation softmax

    Source: Keras 3, losses: `from_logits` is believed.
    """
    known = False
    for output in outputs_of(case):
        if output.kind not in (SPARSE, CATEGORICAL, BINARY) or output.from_logits is None:
            continue
        if output.activation is not None:
            known = True
            gives = output.activation in _PROBABILITIES
            if output.from_logits == gives and (
                gives or output.activation in ("linear", "relu", "tanh", "gelu", "elu")
            ):
                yield _logits(case, output, {"from_logits": output.from_logits, "activation": output.activation})
            continue
        made = predictions_of(case, output)
        known = True
        low, high = float(made.min()), float(made.max())
        inside = low >= 0 and high <= 1
        sums = inside and made.shape[-1] > 1 and np.allclose(made.sum(-1), 1, atol=1e-3)
        if not output.from_logits and not inside and min(low, 1 - high) < -1e-3:
            yield _logits(case, output, {"from_logits": False, "least prediction": low, "largest prediction": high})
        elif output.from_logits and sums and output.kind != BINARY:
            yield _logits(case, output, {"from_logits": True, "predictions of a row sum to": 1.0})
    if not known:
        raise CannotRun("no loss says whether it takes logits")


def _logits(case, output, evidence):
    want = "softmax or sigmoid" if not output.from_logits else "no activation"
    return case.finding(
        where=output.where,
        evidence=evidence,
        advice=f"Set from_logits={not output.from_logits} in the loss, or give the last layer {want}.",
    )


@rule(
    "RK406",
    family="labels",
    title="An activation of another task than the loss",
    severity="warning",
    needs=("compiled",),
)
def activation_of_another_task(case):
    """The last activation makes one kind of probabilities, and the loss is for the other.

    Softmax makes classes exclude each other, sigmoid does not; `categorical` losses are for the first, `binary` ones
    for the second. Softmax over a single unit is 1 whatever the input.

    Why: A categorical loss over sigmoids is divided by their sum, so that the loss of a row says nothing about how
    likely its class is. Softmax under a binary loss cannot say yes twice. Neither raises an error.

    Do: Softmax with a categorical loss for classes that exclude each other, sigmoid with a binary one for others.

    Example: compile(loss=): loss categorical_crossentropy, activation sigmoid, units 10

    Source: Keras 3, `categorical_crossentropy`: "scale preds so that the class probas of each sample sum to 1".
    """
    known = False
    for output in outputs_of(case):
        if output.activation is None or output.from_logits:
            continue
        known = True
        evidence = {"loss": output.kind, "activation": output.activation, "units": output.units}
        if output.activation == "softmax" and output.units == 1:
            yield case.finding(
                where=output.where,
                evidence=evidence,
                advice="Use sigmoid for one unit: softmax over one is always 1.",
                severity="error",
            )
        elif output.kind in (SPARSE, CATEGORICAL) and output.units == 1:
            yield case.finding(
                where=output.where,
                evidence=evidence,
                advice="One unit is one class: its loss is 0 whatever the model does. Use as many units as classes.",
                severity="error",
            )
        elif output.kind in (SPARSE, CATEGORICAL) and output.activation in ("sigmoid", "hard_sigmoid"):
            yield case.finding(
                where=output.where,
                evidence=evidence,
                advice="Use softmax, or a binary loss if a row can have several classes.",
            )
        elif output.kind == BINARY and output.activation == "softmax":
            yield case.finding(
                where=output.where,
                evidence=evidence,
                advice="Use sigmoid, or a categorical loss if the classes exclude each other.",
            )
    if not known:
        raise CannotRun("the last activation cannot be seen, or the loss takes logits")


@rule(
    "RK407",
    family="labels",
    title="Targets that the output cannot reach",
    severity="error",
    needs=("compiled", "train"),
)
def targets_out_of_reach(case):
    """Targets lie outside the range of the last activation: negative ones under ReLU, ones above 1 under sigmoid.

    Why: These rows keep their error whatever is learnt, and their gradients push into the flat part of the activation.

    Do: Use a linear last layer, or scale the targets into the range.

    Example: compile(loss=): activation relu, least target -2.1, share out of reach 0.48

    Source: The range of the activation.
    """
    known = False
    for output in outputs_of(case):
        if output.activation not in (*_RANGES, "linear") or output.kind in (SPARSE, CATEGORICAL):
            continue
        known = True
        if output.activation == "linear":
            continue
        y = targets(case, output)
        if y.dtype.kind not in "biuf":
            continue
        low, high = _RANGES[output.activation]
        out = (y < low - 1e-6) | (y > high + 1e-6)
        if out.any():
            yield case.finding(
                where=output.where,
                evidence={
                    "activation": output.activation,
                    "least target": float(np.nanmin(y)),
                    "largest target": float(np.nanmax(y)),
                    "share out of reach": float(out.mean()),
                },
                advice=f"Use a linear last layer, or scale the targets into [{low}, {high}].",
            )
    if not known:
        raise CannotRun("no output has an activation with a known range and a loss on numbers")


@rule("RK408", family="labels", title="A metric for something else", severity="warning", needs=("compiled",))
def metric_mismatch(case):
    """A metric takes other targets or predictions than it gets.

    Accuracy of numbers; `BinaryAccuracy`, `Precision` and others that cut at 0.5 where predictions are logits; AUC of
    logits; sparse metrics of one-hot labels.

    Why: It shows a number that means nothing, and callbacks may follow it. A cut of 0.5 on logits is a cut at a
    probability of 0.62.

    Do: Pass `threshold=0` (`from_logits=True` for AUC) where predictions are logits; the metric of the labels' form.

    Example: compile(metrics=): metric binary_accuracy, threshold 0.5, predictions logits

    Source: Keras 3: the string "accuracy" is `BinaryAccuracy(threshold=0.5)` under a binary loss, logits or not.
    """
    metrics = compiled_metrics(case)
    if not metrics:
        raise CannotRun("the model is compiled without metrics")
    outputs = {output.name: output for output in outputs_of(case)}
    for of, name, given in metrics:
        output = outputs.get(of) or (next(iter(outputs.values())) if len(outputs) == 1 else None)
        reason = None if output is None else _wrong_metric(case, output, name, given)
        if reason is not None:
            evidence, advice = reason
            yield case.finding(where=f"compile(metrics=): {name}", evidence=evidence, advice=advice)


def _wrong_metric(case, output, name, given):
    kind = given.get("class_name") or _class_of(name, output)
    config = given.get("config", {})
    # Where the loss takes probabilities for logits, that is the mistake, and another rule's.
    logits = bool(output.from_logits) and output.activation not in _PROBABILITIES
    if kind.endswith("Accuracy") and output.kind == REGRESSION:
        if case.data["train"] is None and output.activation in _PROBABILITIES:
            return None  # squared errors of probabilities
        y = targets(case, output) if case.data["train"] is not None else None
        classes = None if y is None else labels_of(y)
        if classes is None:
            return (
                {"metric": name, "loss": "of numbers"},
                "Accuracy counts predictions that equal the target: use an error, or R2Score.",
            )
        return None
    if output.kind == BINARY and logits:
        thresholds = config.get("threshold", config.get("thresholds"))
        if kind in _THRESHOLDED and thresholds in (None, 0.5, [0.5]):
            argument = "threshold" if kind == "BinaryAccuracy" else "thresholds"
            return (
                {"metric": name, "threshold": 0.5, "predictions": "logits"},
                f"Use keras.metrics.{kind}({argument}=0): logits are cut at 0.",
            )
    if kind == "AUC" and logits and not config.get("from_logits"):
        return {
            "metric": name,
            "from_logits": False,
            "predictions": "logits",
        }, "Use keras.metrics.AUC(from_logits=True)."
    if kind in ("SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy") and output.kind == CATEGORICAL:
        return {"metric": name, "labels": "one-hot"}, f"Use keras.metrics.{kind.removeprefix('Sparse')}."
    if kind in ("CategoricalAccuracy", "TopKCategoricalAccuracy", "F1Score", "FBetaScore") and output.kind == SPARSE:
        return {"metric": name, "labels": "class numbers"}, "Use the sparse form of it, or one-hot labels."
    if kind == "Accuracy" and given and output.kind in (SPARSE, CATEGORICAL, BINARY):
        return (
            {"metric": "keras.metrics.Accuracy", "predictions": "not classes"},
            'Use the string "accuracy": the class Accuracy counts predictions that equal the label.',
        )
    return None


def _class_of(name, output):
    """The class that Keras makes of a metric's name."""
    if name in ("accuracy", "acc"):
        return {BINARY: "BinaryAccuracy", SPARSE: "SparseCategoricalAccuracy"}.get(output.kind, "CategoricalAccuracy")
    known = {"auc": "AUC", "mse": "MeanSquaredError", "mae": "MeanAbsoluteError"}
    return known.get(name.lower(), "".join(part[:1].upper() + part[1:] for part in name.split("_")))
