"""The one look at the test set."""

import keras
import numpy as np

from keras_regkit.studies import TestScore
from keras_regkit.studies.design import BASELINE
from keras_regkit.studies.statistics import paired_difference


def score(study, winner, prepared):
    """Compares the template and the winner on the test rows, with all seeds, and returns a `TestScore`.

    Each row's loss is averaged over the seeds; the interval is that of the paired difference over rows (over groups,
    where the table has them), so it says how much the choice of these test rows matters.
    """
    x, y = prepared.test
    losses, metrics, shipped = {}, {}, {}
    for variant in dict.fromkeys([BASELINE, winner]):
        rows, values = [], []
        for seed in study.seeds:
            model = study.model(variant, seed)
            outputs = _outputs(model, x)
            rows.append(row_losses(prepared.task, y, outputs))
            values.append(_metric(prepared, y, outputs))
        losses[variant], shipped[variant] = np.mean(rows, axis=0), float(np.mean(rows[0]))
        metrics[variant] = {name: float(np.mean([v[name] for v in values])) for name in values[0]}
    difference = paired_difference(*(_by_group(losses[v], prepared) for v in (winner, BASELINE)))
    return TestScore(
        rows=len(x),
        baseline=float(np.mean(losses[BASELINE])),
        winner=float(np.mean(losses[winner])),
        difference=difference.mean,
        low=difference.low,
        high=difference.high,
        baseline_metrics=metrics[BASELINE],
        winner_metrics=metrics[winner],
        shipped=shipped[winner],
        verdict=_verdict(difference, winner),
    )


def _by_group(losses, prepared):
    """Averages within the groups: rows of one patient are no independent witnesses."""
    if prepared.split.group is None:
        return losses
    members = prepared.frame[prepared.split.group].iloc[prepared.split.test].to_numpy()
    groups, index = np.unique(members.astype(str), return_inverse=True)
    return np.bincount(index, weights=losses) / np.bincount(index, minlength=len(groups))


def row_losses(task, y, outputs):
    """Returns the clean loss of each row: cross-entropy of the logits, or the squared error."""
    if task == "regression":
        loss = keras.losses.MeanSquaredError(reduction=None)
    elif task == "binary":
        loss = keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
    return keras.ops.convert_to_numpy(loss(y, outputs)).astype("float64")


def _outputs(model, x, batch_size=1024):
    # Called directly: `predict` would compile a program for each of these models, and each is used once.
    parts = [model(x[i : i + batch_size], training=False) for i in range(0, len(x), batch_size)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def _metric(prepared, y, outputs):
    if prepared.task == "regression":
        return {"mae": float(np.mean(np.abs(outputs - y))) * prepared.target_encoder.scale}
    predicted = outputs > 0 if prepared.task == "binary" else outputs.argmax(-1)
    return {"accuracy": float(np.mean(predicted == y))}


def _verdict(difference, winner):
    if winner == BASELINE:
        return "same model"
    if difference.high < 0:
        return "better"
    return "worse" if difference.low > 0 else "no difference shown"
