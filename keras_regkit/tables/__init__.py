"""From a file with a table to arrays, and back to a model that takes raw rows.

In order: `read_table`, `rows_with_target`, `infer_task`, `describe_columns`, `split_table`, then `TableEncoder` and
`TargetEncoder` fitted on the training rows, and `raw_row_model` around the trained network.
"""

from keras_regkit.tables.describe_columns import describe_columns
from keras_regkit.tables.infer_task import infer_task, rows_with_target
from keras_regkit.tables.raw_row_model import raw_inputs, raw_row_model
from keras_regkit.tables.read_table import MINIMUM_ROWS, read_table
from keras_regkit.tables.split_table import Split, split_table
from keras_regkit.tables.table_encoder import TableEncoder
from keras_regkit.tables.table_schema import Column, TableSchema
from keras_regkit.tables.target_encoder import TargetEncoder

__all__ = [
    "MINIMUM_ROWS",
    "Column",
    "Split",
    "TableEncoder",
    "TableSchema",
    "TargetEncoder",
    "describe_columns",
    "infer_task",
    "raw_inputs",
    "raw_row_model",
    "read_table",
    "rows_with_target",
    "split_table",
]
