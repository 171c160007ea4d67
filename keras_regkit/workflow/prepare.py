"""From a table to arrays in three parts, with everything that was decided on the way."""

import dataclasses
import warnings

import keras

from keras_regkit import tables
from keras_regkit._core.warnings import DataWarning


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A table, ready to train on.

    Args:
        frame: The rows with a target.
        target, task, task_reason: The target column, its task, and how that was decided.
        split: The `tables.Split`.
        encoder, target_encoder: Fitted on the training rows.
        train, validation, test: `(x, y)` arrays.
        notes: What happened to the data, one sentence each.
    """

    frame: object
    target: str
    task: str
    task_reason: str
    split: tables.Split
    encoder: tables.TableEncoder
    target_encoder: tables.TargetEncoder
    train: tuple
    validation: tuple
    test: tuple
    notes: tuple

    @property
    def outputs(self):
        """Width of the model's last layer."""
        return len(self.target_encoder.classes) if self.task == "multiclass" else 1


def prepare(data, target, *, task, group, validation, test, seed, separator, encoding):
    """Reads, describes, splits and encodes a table; arguments as in `regularize`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        frame = tables.read_table(data, separator=separator, encoding=encoding)
        frame = tables.rows_with_target(frame, target)
        task, reason, classes = tables.infer_task(frame[target], task)
        schema = tables.describe_columns(frame, target, group=group)
        split = tables.split_table(
            frame, target, task=task, group=group, validation=validation, test=test, seed=seed, features=schema.features
        )
        if schema.categories and keras.backend.backend() != "tensorflow":
            warnings.warn(
                f"The table has text columns, and {keras.backend.backend()!r} has no tensors of text: `model.keras` "
                "will take raw rows under KERAS_BACKEND=tensorflow only",
                DataWarning,
                stacklevel=3,
            )
    for warning in caught:
        # Seen by whoever calls from Python, and kept for the report.
        warnings.warn(warning.message, warning.category, stacklevel=3)
    parts = {part: frame.iloc[getattr(split, part)] for part in ("train", "validation", "test")}
    encoder = tables.TableEncoder(schema).fit(parts["train"])
    target_encoder = tables.TargetEncoder(task, classes).fit(parts["train"][target])
    warned = (str(w.message) for w in caught if issubclass(w.category, DataWarning))
    unseen = (note for part in ("validation", "test") for note in encoder.notes(parts[part], part))
    return Prepared(
        frame=frame,
        target=target,
        task=task,
        task_reason=reason,
        split=split,
        encoder=encoder,
        target_encoder=target_encoder,
        **{p: (encoder.transform(rows), target_encoder.transform(rows[target])) for p, rows in parts.items()},
        notes=tuple(dict.fromkeys((*warned, *schema.notes, *split.notes, *unseen))),
    )
