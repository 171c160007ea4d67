"""Reading a table from a file, with errors that say what is wrong with the file."""

import codecs
import difflib
import pathlib
import warnings

from keras_regkit._core.checks import Interval
from keras_regkit._core.extras import require
from keras_regkit._core.types import Frame, PathLike
from keras_regkit._core.warnings import DataWarning
from keras_regkit.tables.delimited_header import check_header

# Below this, a validation and a test part would hold a handful of rows each and decide nothing.
MINIMUM_ROWS = 20
TEXT = {".csv": ",", ".tsv": "\t"}
PARQUET = (".parquet", ".pq")
RANGES = {"minimum_rows": Interval(1, integer=True)}


def read_table(
    source: PathLike | Frame, *, separator: str | None = None, encoding: str = "utf-8", minimum_rows: int = MINIMUM_ROWS
) -> Frame:
    """Reads a table into a pandas DataFrame.

    Use it in front of `describe_columns`: what it returns has unique column names of type `str`, a plain row index, and
    enough rows to be split.

    Args:
        source: Path of a `.csv`, `.tsv` or `.parquet` file, or a DataFrame (which is copied).
        separator: What stands between two cells. Defaults to `","` for `.csv` and a tab for `.tsv`. Text files only.
        encoding: Encoding of a text file. Text files only.
        minimum_rows: Fewer rows than this are refused. At least 1; defaults to 20.

    Returns:
        A DataFrame.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is empty, has no rows or too few, is not what its ending says, has duplicated column names,
            another separator or another encoding.

    >>> import pandas
    >>> read_table(pandas.DataFrame({"x": range(20), "y": range(20)})).shape
    (20, 2)
    """
    RANGES["minimum_rows"].check("minimum_rows", minimum_rows)
    pandas = require("pandas", extra="app", purpose="Reading a table")
    if isinstance(source, pandas.DataFrame):
        _refuse_text_arguments("a DataFrame", separator, encoding)
        frame, label = source.copy(), "The table"
    elif isinstance(source, (str, pathlib.Path)):
        path = pathlib.Path(source).expanduser()
        frame, label = _read_file(pandas, path, separator, encoding), f"`{path.name}`"
    else:
        raise TypeError(
            "`source` must be the path of a file or a pandas DataFrame. "
            f"Received: {source!r} of type {type(source).__name__}"
        )
    return _tidy(frame, label, minimum_rows)


def _read_file(pandas, path, separator, encoding):
    _check_file(path)
    ending = path.suffix.lower()
    if ending in TEXT:
        return _read_text(pandas, path, separator or TEXT[ending], encoding)
    if ending not in PARQUET:
        raise ValueError(
            f"The file's ending must be one of {[*TEXT, *PARQUET]}. Received: {path.name!r}. "
            "Rename the file or save it as one of these."
        )
    _refuse_text_arguments(f"`{path.name}`", separator, encoding)
    pyarrow = require("pyarrow", extra="app", purpose="Reading Parquet")
    try:
        return pandas.read_parquet(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(
            f"`{path.name}` cannot be read as Parquet: it is damaged, cut off or another kind of file. "
            f"Save it again. The reader says: {error}"
        ) from error


def _refuse_text_arguments(what, separator, encoding):
    if separator is not None or encoding != "utf-8":
        raise ValueError(
            f"`separator` and `encoding` are for text files; {what} has neither. Leave them out. "
            f"Received: separator={separator!r}, encoding={encoding!r}"
        )


def _check_file(path):
    if path.is_dir():
        raise ValueError(f"Expected a file, received a folder: `{path}`. Name a file inside it.")
    if not path.exists():
        if not path.parent.is_dir():
            raise FileNotFoundError(f"There is no file `{path}`: its folder does not exist.")
        names = [other.name for other in path.parent.iterdir() if other.is_file()]
        close = difflib.get_close_matches(path.name, names, n=3)
        hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise FileNotFoundError(f"There is no file `{path}`.{hint}")
    if path.stat().st_size == 0:
        raise ValueError(f"`{path.name}` is empty (0 bytes). Expected a table.")


def _read_text(pandas, path, separator, encoding):
    if len(separator) != 1:
        raise ValueError(f"`separator` must be one character. Received: {separator!r}")
    try:
        # A byte-order mark would become part of the first column's name.
        codec = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    except LookupError as error:
        raise ValueError(
            f"`encoding` must be one that Python knows, such as 'utf-8', 'latin-1' or 'cp1252'. Received: {encoding!r}"
        ) from error
    try:
        check_header(path, separator, codec)
        with warnings.catch_warnings():
            # pandas only warns when it throws cells away.
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            return pandas.read_csv(
                path,
                sep=separator,
                encoding=codec,
                index_col=False,
                skipinitialspace=True,
                low_memory=False,
            )
    except UnicodeError as error:
        raise ValueError(_where_undecodable(path, encoding)) from error
    except pandas.errors.ParserWarning as error:
        raise ValueError(
            f"The rows of `{path.name}` have more cells than its header has names. Check that the "
            f"header is complete and that `separator` is right. Used: {separator!r}"
        ) from error
    except pandas.errors.ParserError as error:
        raise ValueError(
            f"`{path.name}` is not a regular table: {str(error).strip()}. Check that line, its quotes, "
            f"and that `separator` is right (command line: --separator). Used: {separator!r}"
        ) from error


def _where_undecodable(path, encoding):
    """Says where the file stops being `encoding`; pandas knows the place only within its buffer."""
    data = path.read_bytes()
    try:
        data.decode(encoding)
        place = ""
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        place = f" at byte offset {error.start} (line {line}): 0x{data[error.start]:02x}"
    likely = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"
    return (
        f"`{path.name}` is not {encoding} text{place}. Save the file again as UTF-8, or pass the encoding "
        f'it has, for example `encoding="{likely}"`.'
    )


def _tidy(frame, label, minimum_rows):
    if frame.columns.nlevels > 1:
        raise ValueError(
            f"{label} must have one level of column names. Received {frame.columns.nlevels} levels. "
            "Join them into one name each."
        )
    frame.columns = [str(name).strip() for name in frame.columns]
    repeated = sorted(set(frame.columns[frame.columns.duplicated()]))
    if repeated:
        raise ValueError(
            f"The column names of {label[0].lower() + label[1:]} must differ. These occur more than "
            f"once: {repeated}. Rename or remove the copies."
        )
    if len(frame) == 0:
        raise ValueError(f"{label} has a header but no rows. Expected at least {minimum_rows} rows.")
    if len(frame) < minimum_rows:
        raise ValueError(
            f"{label} has {len(frame)} rows. Expected at least {minimum_rows}: with fewer, nothing can "
            "be learned from one part and checked on another."
        )
    named = [str(name) for name in frame.index.names if name is not None]
    if named:
        warnings.warn(
            f"{label} has a row index named {named}, which is not used. Call `reset_index()` on the "
            "DataFrame first to use it as a column.",
            DataWarning,
            stacklevel=3,
        )
    return frame.reset_index(drop=True)
