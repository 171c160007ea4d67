"""The door of the room."""

import pathlib
from typing import Any

from keras_regkit._core.extras import require
from keras_regkit._core.files import write_atomically
from keras_regkit._core.types import PathLike
from keras_regkit.report import formats
from keras_regkit.report.page import page
from keras_regkit.studies import Decision
from keras_regkit.tables import TableSchema


def write(decision: Any, path: PathLike, table_summary: Any = None) -> pathlib.Path:
    """Writes the report of a whole run as one HTML file.

    Use it to show what was found to somebody who was not there: the page holds its pictures, needs no network and no
    scripts, follows the reader's light or dark mode, and reads on a phone and on paper. It is whole or absent, whatever
    interrupts the writing.

    Args:
        decision: The `Decision`.
        path: Where to write, a file name that ends in `.html`. Its folder is made if needed.
        table_summary: The `TableSchema` of the columns, to list them and to name them in the code that shows how the
            model is used. Defaults to None: no list.

    Returns:
        The path, as a `pathlib.Path`.

    Raises:
        TypeError: an argument is of another kind.
        ValueError: `path` does not end in `.html`, or is a folder.
        ImportError: jinja2 or matplotlib is missing.

    >>> from keras_regkit import report
    >>> report.write("no decision", "report.html")
    Traceback (most recent call last):
    ...
    TypeError: `decision` must be a Decision, as `regularize` returns it. Received: 'no decision' of type str
    """
    if not isinstance(decision, Decision):
        raise TypeError(
            f"`decision` must be a Decision, as `regularize` returns it. Received: {decision!r:.80} of type "
            f"{type(decision).__name__}"
        )
    if table_summary is not None and not isinstance(table_summary, TableSchema):
        raise TypeError(
            f"`table_summary` must be a TableSchema, as `tables.describe_columns` returns it, or None. "
            f"Received: {table_summary!r:.80} of type {type(table_summary).__name__}"
        )
    path = pathlib.Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"`path` must end in .html, so that browsers open it. Received: {str(path)!r}")
    if path.is_dir():
        raise ValueError(f"`path` must be a file. Received: {str(path)!r}, which is a folder")
    write_atomically(path, _render(page(decision, table_summary)))
    return path


def _render(context):
    jinja2 = require("jinja2", extra="app", purpose="The report")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_regkit", "report"),
        autoescape=True,  # names and values come from a user's table
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(formats.FILTERS)
    return environment.get_template("report.html.jinja").render(context)
