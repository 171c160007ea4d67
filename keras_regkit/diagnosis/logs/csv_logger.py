"""Files of `keras.callbacks.CSVLogger`, and any table with one line for each epoch."""

import csv

import numpy as np

from keras_regkit.diagnosis.logs.keras_names import keras_name
from keras_regkit.diagnosis.logs.log import Log, column

MISSING = ("", "NA")


def read_table(path):
    """Returns `(header, rows)` of a delimited text file, as strings.

    Raises:
        ValueError: not a text in UTF-8, no line of numbers, or lines of different lengths.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"'{path}' is not a text file in UTF-8 ({error.reason} at byte {error.start}). Expected a file written by "
            "`keras.callbacks.CSVLogger`, Lightning's metrics.csv, a JSON log, or a TensorBoard event file, whose name "
            "holds 'tfevents'."
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
    return header, [[value.strip() for value in row] for row in rows]


def read_csv_logger(path, header, rows):
    """Returns the `Log` of a table with one line for each epoch.

    Args:
        path: For error messages.
        header, rows: As `read_table` returns them.

    Raises:
        ValueError: the column `epoch` holds something that is no whole number.
    """
    table = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    epochs, caveats = np.arange(len(rows)), ()
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
    columns = {}
    for name, values in table.items():
        other = keras_name(name)
        name = name if other in table else other
        columns[name] = column(name, [None if v in MISSING else v for v in values], epochs)
    return Log(columns, caveats)
