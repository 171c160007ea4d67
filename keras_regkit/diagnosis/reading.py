"""Reads a training's log, in any of the shapes Keras leaves it in, into columns."""

import os
import pathlib
from collections.abc import Mapping

import keras
import numpy as np

from keras_regkit.diagnosis.logs.csv_logger import read_csv_logger, read_table
from keras_regkit.diagnosis.logs.json_log import read_json
from keras_regkit.diagnosis.logs.lightning import is_lightning, read_lightning
from keras_regkit.diagnosis.logs.log import Log, column, mismatch
from keras_regkit.diagnosis.logs.tensorboard import event_files, read_tensorboard

__all__ = ["GAP_MONITOR", "Log", "read_log"]

# The entries of GapMonitor, which keeps its own rhythm.
GAP_MONITOR = ("data_loss", "penalty", "val_data_loss", "gap")


def read_log(history):
    """Returns the `Log` of one training.

    Args:
        history: A Keras `History`, a dict of lists, or the path of a log in one of the formats of `logs`.
    """
    if isinstance(history, keras.callbacks.History):
        return _from_history(history)
    if isinstance(history, Mapping):
        return _from_dict(history)
    if isinstance(history, (str, os.PathLike)):
        return _from_file(pathlib.Path(history))
    hint = ""
    if isinstance(history, keras.Model):
        hint = " Pass what `fit` returned (also kept as `model.history`), and the model as `model=`."
    elif hasattr(history, "to_dict"):
        hint = " Pass `table.to_dict('list')`."
    raise TypeError(
        "`history` must be the History that `fit` returned, a dict of lists such as `history.history`, the path of a "
        "log, or a list of them (one for each seed)."
        f"{hint} Received: {history!r:.80} of type {type(history).__name__}"
    )


def _from_history(history):
    recorded = getattr(history, "history", None)
    if not recorded:
        raise ValueError(
            "The History is empty: no epoch was finished. Call `fit` first and pass what it returns. "
            f"Received: history={recorded!r}"
        )
    log = _from_dict(recorded, epochs=getattr(history, "epoch", None))
    monitor = dict(getattr(history, "gap_monitor", None) or {})
    # GapMonitor keeps its own epochs: exact whatever its interval, where the plain lists only have a length.
    epochs = np.asarray(monitor.pop("epoch", ()), dtype=int)
    exact = {key: column(key, values, epochs) for key, values in monitor.items()}
    notes = {key: note for key, note in log.notes.items() if key not in exact}
    return Log({**log.columns, **exact}, log.caveats, notes)


def _from_dict(record, epochs=None):
    lists = {}
    for name, values in record.items():
        if isinstance(values, (str, bytes, Mapping)) or np.ndim(values) != 1:
            raise TypeError(
                "`history` as a dict must hold one list of numbers for each curve, such as "
                f"{{'loss': [...], 'val_loss': [...]}}. Received: {name!r}: {values!r:.60}"
            )
        lists[str(name)] = values
    longest = max((len(values) for values in lists.values()), default=0)
    if longest == 0:
        raise ValueError(
            "`history` is empty: expected at least one list with one value for each epoch. "
            f"Received: {dict(record)!r:.80}"
        )
    if epochs is None and len(lists.get("epoch", ())) == longest:
        epochs = lists["epoch"]
    lists.pop("epoch", None)
    count = len(lists.get("loss", ())) or longest
    epochs = np.arange(count) if epochs is None or len(epochs) != count else np.asarray(epochs, int)
    columns, notes = {}, {}
    for name, values in lists.items():
        at, every, sure = _aligned(name, len(values), epochs)
        columns[name] = mismatch(name, len(values), count) if at is None else column(name, values, at)
        if not sure:
            notes[name] = (
                f"{len(values)} values of {name!r} for {count} epochs fit several intervals; every {every} epochs "
                "was taken. A CSVLogger file keeps the exact epochs, and so does the History of a GapMonitor run."
            )
    return Log(columns, notes=notes)


def _aligned(name, length, epochs):
    """Returns the epochs of a list that may be shorter because it was measured every k epochs; k; whether k is sure.

    The epochs are `None` where no k explains the length.
    """
    n = len(epochs)
    if length == n:
        return epochs, 1, True
    fitting = [every for every in range(2, n + 1) if len(_measured(name, every, epochs)) == length]
    if not fitting:
        return None, None, True
    counted = max(1, length - (name in GAP_MONITOR))
    every = n // counted if n // counted in fitting else fitting[0]
    return _measured(name, every, epochs), every, len(fitting) == 1


def _measured(name, every, epochs):
    """Returns those of `epochs` after which a curve is measured at an interval of `every`.

    Keras validates after epochs k-1, 2k-1, ..., counted from the first epoch ever, not the first of this fit;
    GapMonitor takes the first epoch of the fit as well.
    """
    due = (epochs + 1) % every == 0
    if name in GAP_MONITOR:
        due[0] = True
    return epochs[due]


def _from_file(path):
    """Reads a file or a folder by its name, or by what is in it."""
    if not path.exists():
        raise FileNotFoundError(
            f"`history` must be the path of a log: {_FORMATS}. Received: '{path}', which does not exist"
        )
    if path.is_dir():
        return _from_folder(path)
    if "tfevents" in path.name:
        return read_tensorboard(path)
    if path.suffix.lower() in (".json", ".jsonl", ".ndjson"):
        return read_json(path, _from_dict)
    header, rows = read_table(path)
    if is_lightning(header, rows):
        return read_lightning(path, header, rows)
    return read_csv_logger(path, header, rows)


_FORMATS = (
    "a file of `keras.callbacks.CSVLogger`, TensorBoard's folder or event file, Lightning's metrics.csv, the "
    "trainer_state.json of transformers, or a history in JSON"
)


def _from_folder(path):
    checkpoints = [p for p in path.glob("checkpoint-*/trainer_state.json") if p.parent.name[11:].isdigit()]
    # The last checkpoint holds the whole history.
    checkpoints.sort(key=lambda p: int(p.parent.name[11:]))
    for candidate in (path / "trainer_state.json", *checkpoints[::-1][:1], path / "metrics.csv"):
        if candidate.exists():
            return _from_file(candidate)
    if event_files(path):
        return read_tensorboard(path)
    raise FileNotFoundError(
        f"`history` must be the path of a log: {_FORMATS}. Received: '{path}', which is a folder without any of them"
    )
