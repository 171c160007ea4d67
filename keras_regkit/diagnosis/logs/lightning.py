"""The `metrics.csv` of Lightning's CSVLogger: sparse lines, several for each epoch."""

import numpy as np

from keras_regkit.diagnosis.logs.csv_logger import MISSING
from keras_regkit.diagnosis.logs.keras_names import keras_name
from keras_regkit.diagnosis.logs.log import Log


def is_lightning(header, rows):
    """Whether a table is one: it numbers steps beside epochs, and an epoch takes more than one line, with gaps."""
    if not {"epoch", "step"} <= set(header):
        return False
    epochs = [row[header.index("epoch")] for row in rows]
    return len(set(epochs)) < len(epochs) or any(value in MISSING for row in rows for value in row)


def read_lightning(path, header, rows):
    """Returns the `Log` of one training: for each epoch the mean of what was logged in it.

    A quantity logged both ways, `train_loss_step` and `train_loss_epoch`, is taken from the latter, and one that was
    logged at steps only is averaged over those of an epoch, which is said in a note: Lightning logs every 50th step
    by default. Names become Keras': `train_loss` is `loss`, `valid_loss` is `val_loss`.

    Args:
        path: For error messages.
        header, rows: As `csv_logger.read_table` returns them.

    Raises:
        ValueError: an epoch or a value is not a number.

    Reference: https://lightning.ai/docs/pytorch/stable/api/lightning.pytorch.loggers.csv_logs.html
    """
    at = header.index("epoch")
    columns, notes = {}, {}
    names = [name for name in header if name not in ("epoch", "step")]
    for name in names:
        stem = name.removesuffix("_step").removesuffix("_epoch")
        if name.endswith("_step") and f"{stem}_epoch" in names:
            continue
        position = header.index(name)
        by_epoch = {}
        for line, row in enumerate(rows, start=2):
            if row[position] in MISSING:
                continue
            if row[at] in MISSING:
                continue  # system statistics carry no epoch
            epoch = _number(path, line, "epoch", row[at])
            by_epoch.setdefault(int(epoch), []).append(_number(path, line, name, row[position]))
        key = keras_name(stem)
        if not by_epoch or key in columns:
            continue
        epochs = np.array(sorted(by_epoch))
        columns[key] = epochs, np.array([np.mean(by_epoch[epoch]) for epoch in epochs])
        most = max(map(len, by_epoch.values()))
        if most > 1:
            notes[key] = (
                f"{name!r} was logged at steps: each epoch is the mean of up to {most} of them. "
                "`self.log(..., on_epoch=True)` logs the mean of all."
            )
    return Log(columns, notes=notes)


def _number(path, line, name, text):
    try:
        return float(text)
    except ValueError:
        raise ValueError(
            f"'{path}', line {line}: the column {name!r} must hold numbers, as Lightning writes. Received: {text!r}"
        ) from None
