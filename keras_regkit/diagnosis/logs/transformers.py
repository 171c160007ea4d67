"""The `trainer_state.json` of transformers' Trainer: train losses at steps, evaluations in between."""

import numpy as np

from keras_regkit.diagnosis.logs.keras_names import keras_name
from keras_regkit.diagnosis.logs.log import Log

# What each evaluation says about itself.
_BOOKKEEPING = ("_runtime", "_per_second", "_jit_compilation_time")


def is_transformers(record):
    """Whether a parsed JSON file is such a state, or its `log_history` alone."""
    if isinstance(record, dict):
        return isinstance(record.get("log_history"), list)
    return isinstance(record, list) and any(
        isinstance(item, dict) and "step" in item and any(str(key).startswith("eval_") for key in item)
        for item in record
    )


def read_transformers(path, record):
    """Returns the `Log` of one training, with a point at every evaluation.

    The Trainer logs the mean train loss of the last `logging_steps`, and evaluates every epoch or every `eval_steps`.
    A point's train loss is the mean of those logged since the evaluation before, each weighted by its steps.
    Evaluations once an epoch are numbered by their epochs, others are counted, which is said.

    Args:
        path: For error messages.
        record: The parsed file.

    Raises:
        ValueError: there is no entry, no train loss, or an entry without a step.

    Reference: https://huggingface.co/docs/transformers/main_classes/callback#transformers.TrainerState
    """
    entries = record["log_history"] if isinstance(record, dict) else record
    if not entries:
        raise ValueError(f"'{path}' holds no entries: its `log_history` is empty. Was it written before any logging?")
    if any(not isinstance(entry, dict) or not isinstance(entry.get("step"), (int, float)) for entry in entries):
        raise ValueError(f"Each entry of `log_history` in '{path}' must be a dict with a number `step`.")
    entries = sorted(entries, key=lambda entry: entry["step"])
    evaluated = {}
    for entry in entries:
        if any(key.startswith("eval_") for key in entry):
            evaluated.setdefault(entry["step"], {}).update(entry)
    # Without evaluations, what was logged is still a curve.
    logged = [entry for entry in entries if "loss" in entry]
    points = list(evaluated.values()) or logged
    if not logged or not points:
        found = sorted({key for entry in entries for key in entry})
        raise ValueError(
            f"'{path}' holds no train loss: expected entries with 'loss', logged every `logging_steps`. "
            f"Received: {found}"
        )
    epochs, caveats = _numbering(points)
    columns = {"loss": _train_loss(logged, points, epochs)}
    for name in dict.fromkeys(key for point in points for key in point):
        if not isinstance(name, str) or not name.startswith("eval_") or name.endswith(_BOOKKEEPING):
            continue
        has = [isinstance(point.get(name), (int, float)) for point in points]
        values = np.array([float(point[name]) for point, ok in zip(points, has, strict=True) if ok])
        columns[keras_name(name)] = epochs[np.array(has)], values
    return Log(columns, caveats)


def _numbering(points):
    epochs = [point.get("epoch") for point in points]
    whole = all(isinstance(e, (int, float)) and abs(e - round(e)) < 0.01 and round(e) >= 1 for e in epochs)
    if whole:
        numbered = np.array([round(e) - 1 for e in epochs])
        if np.all(np.diff(numbered) > 0):
            return numbered, ()
    return np.arange(len(points)), ("The points are evaluations within epochs, counted from 0.",)


def _train_loss(logged, points, epochs):
    before, kept, values, last_step = 0, [], [], 0
    for epoch, point in zip(epochs, points, strict=True):
        since = []
        while before < len(logged) and logged[before]["step"] <= point["step"]:
            since.append((logged[before]["step"] - last_step, float(logged[before]["loss"])))
            last_step = logged[before]["step"]
            before += 1
        if since:
            steps, losses = np.array(since).T
            kept.append(epoch)
            values.append(float(np.average(losses, weights=np.maximum(steps, 1))))
    return np.array(kept, int), np.array(values)
