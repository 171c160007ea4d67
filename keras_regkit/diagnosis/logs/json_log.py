"""Logs in JSON: a saved `history.history`, a list of records, or one record a line."""

import json
import pathlib

import numpy as np

from keras_regkit.diagnosis.logs.keras_names import keras_name
from keras_regkit.diagnosis.logs.log import Log
from keras_regkit.diagnosis.logs.log import column as as_column
from keras_regkit.diagnosis.logs.transformers import is_transformers, read_transformers

_EXPECTED = (
    "Expected a dict of lists such as `history.history`, a list of records with one for each epoch, one such record a "
    "line, or the trainer_state.json of transformers."
)


def read_json(path, from_dict):
    """Returns the `Log` of a JSON file.

    Args:
        path: The file.
        from_dict: Reads a dict of lists.

    Raises:
        ValueError: no JSON, nothing in it, or another structure than those that are known.
    """
    record = _parse(pathlib.Path(path))
    if is_transformers(record):
        return read_transformers(path, record)
    if isinstance(record, dict) and isinstance(record.get("history"), dict):
        record = record["history"]
    if isinstance(record, list) and record and all(isinstance(item, dict) for item in record):
        return _from_records(path, record)
    if isinstance(record, dict) and any(isinstance(value, list) for value in record.values()):
        return from_dict({name: value for name, value in record.items() if isinstance(value, list)})
    raise ValueError(f"'{path}' is JSON, but no log that is known. {_EXPECTED} Received: {_shape(record)}")


def _parse(path):
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"'{path}' is not a text in UTF-8 ({error.reason} at byte {error.start}).") from error
    if not text.strip():
        raise ValueError(f"'{path}' is empty. {_EXPECTED}")
    try:
        return json.loads(text)
    except json.JSONDecodeError as whole:
        lines = [line for line in text.splitlines() if line.strip()]
        records = []
        for number, line in enumerate(lines, start=1):
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError as error:
                # A process that was killed leaves half a line at the end; anything else is damage.
                if number == len(lines) > 2:
                    break
                reason = whole if number == 1 else error
                raise ValueError(f"'{path}' is not JSON ({reason}). {_EXPECTED}") from error
        return records


def _from_records(path, records):
    if any("epoch" not in record for record in records):
        epochs, caveats = np.arange(len(records)), ()
    else:
        try:
            epochs = np.array([int(float(record["epoch"])) for record in records])
        except (TypeError, ValueError) as error:
            raise ValueError(f"'epoch' in '{path}' must be a number in each record: {error}") from error
        caveats = ()
    if len(set(epochs.tolist())) < len(epochs):
        epochs = np.arange(len(records))
        caveats = ("Several records have the same epoch: records were counted instead.",)
    columns = {}
    names = dict.fromkeys(name for record in records for name in record if name not in ("epoch", "step"))
    for name in names:
        values = [record.get(name) for record in records]
        if any(isinstance(value, (dict, list)) for value in values):
            continue
        other = keras_name(name)
        columns[name if other in names else other] = as_column(name, values, epochs)
    return Log(columns, caveats)


def _shape(record):
    if isinstance(record, dict):
        return f"a dict with the keys {sorted(map(str, record))[:8]}"
    return f"a {type(record).__name__}, {record!r:.60}"
