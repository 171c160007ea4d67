"""The code that shows how the saved model is used."""

_TABLE = """\
import keras
import pandas

model = keras.saving.load_model("model.keras")
rows = pandas.read_csv("new_rows.csv")  # the same columns; the target may be missing
"""
_NUMBERS = """\
inputs = {i.name: rows[[i.name]].to_numpy("float32") for i in model.inputs}
"""
_TEXTS = """\


def tensor(i):  # numbers as float32 with NaN for missing; text with "" for missing
    column = rows[[i.name]]
    column = column.fillna("").astype(str) if i.dtype == "string" else column.astype("float32")
    return keras.ops.convert_to_tensor(column.to_numpy())


inputs = {i.name: tensor(i) for i in model.inputs}
"""
_PREDICT = """\
print(model.predict(inputs)[:5])
"""


def usage(schema=None):
    """Returns runnable Python that loads `model.keras` and predicts for the raw rows of a CSV file.

    Args:
        schema: The `TableSchema` of the model's table, or None. With it the code is as short as that table allows.
    """
    lines = [_TABLE]
    renamed = {} if schema is None else {c: i for c, i in schema.input_names.items() if c != i}
    if renamed:
        lines.append(f"rows = rows.rename(columns={renamed!r})  # names that Keras takes\n")
    lines += [_TEXTS if schema is None or schema.categories else _NUMBERS, _PREDICT]
    return "".join(lines)
