"""Reads a training's log, in any of the shapes Keras leaves it in, into columns."""

import csv
import dataclasses
import os
import pathlib
from collections.abc import Mapping

import keras
import numpy as np

_MISSING = ("", "NA")
# The entries of GapMonitor, which keeps its own rhythm.
GAP_MONITOR = ("data_loss", "penalty", "val_data_loss", "gap")


@dataclasses.dataclass(frozen=True)
class Log:
    """Columns of one training.

    Args:
        columns: `{name: (epochs, values)}` as arrays; for a column that cannot be used, the reason as a string.
        caveats: What must be kept in mind about all of them.
        notes: `{name: caveat}` about single ones.
    """

    columns: dict
    caveats: tuple = ()
    notes: dict = dataclasses.field(default_factory=dict)


def read_log(history):
    """Returns the `Log` of one training.

    Args:
        history: A Keras `History`, a dict of lists, or the path of a file written by `CSVLogger`.
    """
    if isinstance(history, keras.callbacks.History):
        return _from_history(history)
    if isinstance(history, Mapping):
        return _from_dict(history)
    if isinstance(history, (str, os.PathLike)):
        return _from_csv(pathlib.Path(history))
    hint = ""
    if isinstance(history, keras.Model):
        hint = " Pass what `fit` returned (also kept as `model.history`), and the model as `model=`."
    elif hasattr(history, "to_dict"):
        hint = " Pass `table.to_dict('list')`."
    raise TypeError(
        "`history` must be the History that `fit` returned, a dict of lists such as `history.history`, the path of a "
        "CSVLogger file, or a list of them (one for each seed)."
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
    exact = {key: _column(key, values, epochs) for key, values in monitor.items()}
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
        columns[name] = _mismatch(name, len(values), count) if at is None else _column(name, values, at)
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


def _mismatch(name, length, count):
    return (
        f"the curve {name!r} has {length} values for {count} epochs, which no fixed interval explains. "
        "Expected one value for each epoch, or one every k epochs (`validation_freq=k`, `GapMonitor(every=k)`). "
        "For an irregular schedule log with CSVLogger and pass its file."
    )


def _column(name, values, epochs):
    """Returns `(epochs, values)` without the missing entries, or the reason why the column cannot be used."""
    if len(values) != len(epochs):
        return _mismatch(name, len(values), len(epochs))
    present = [i for i, value in enumerate(values) if value is not None]
    try:
        kept = np.array([float(values[i]) for i in present])
    except (TypeError, ValueError):
        return f"the curve {name!r} holds something that is not a number: {values!r:.60}"
    return epochs[present], kept


def _from_csv(path):
    if path.is_dir() or not path.exists():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise FileNotFoundError(
            f"`history` must be the path of a file written by `keras.callbacks.CSVLogger`. "
            f"Received: '{path}', which {kind}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"'{path}' is not a text file in UTF-8 ({error.reason} at byte {error.start}). Expected a file written by "
            "`keras.callbacks.CSVLogger`."
        ) from error
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        raise ValueError(
            f"'{path}' holds no epochs: expected a header line and one line for each epoch, as CSVLogger writes. "
            f"Received: {len(lines)} line(s)"
        )
    # CSVLogger lets the separator be chosen; no Keras metric name holds one of these.
    separator = max(",;\t|", key=lines[0].count)
    header, *rows = csv.reader(lines, delimiter=separator)
    header = [name.strip() for name in header]
    uneven = next((i for i, row in enumerate(rows, start=2) if len(row) != len(header)), None)
    if uneven is not None:
        raise ValueError(
            f"'{path}' is damaged: line {uneven} has {len(rows[uneven - 2])} fields, its header {len(header)}."
        )
    table = {name: [row[i].strip() for row in rows] for i, name in enumerate(header)}
    return _from_table(path, table, len(rows))


def _from_table(path, table, count):
    epochs, caveats = np.arange(count), ()
    numbered = table.pop("epoch", None)
    if numbered is not None:
        try:
            numbered = np.array([int(float(value)) for value in numbered])
        except ValueError as error:
            raise ValueError(f"The column 'epoch' of '{path}' must hold whole numbers: {error}") from error
        if np.all(np.diff(numbered) > 0):
            epochs = numbered
        else:
            caveats = (
                "The column 'epoch' starts again within the file (several calls of `fit`, appended): rows were "
                "counted instead.",
            )
    columns = {
        name: _column(name, [None if v in _MISSING else v for v in values], epochs) for name, values in table.items()
    }
    return Log(columns, caveats)
