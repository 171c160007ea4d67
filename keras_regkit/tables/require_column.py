"""A named column that must be there."""

from keras_regkit._core.checks import did_you_mean


def require_column(frame, name, role):
    """Raises `ValueError` unless `frame` has the column `name`; `role` names it in the message."""
    columns = [str(column) for column in frame.columns]
    if name not in columns:
        shown = columns if len(columns) <= 20 else [*columns[:20], f"... {len(columns) - 20} more"]
        raise ValueError(
            f"The table has no {role} column {name!r}.{did_you_mean(name, columns)} Its columns are: {shown}"
        )
