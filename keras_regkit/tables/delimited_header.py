"""The first line of a delimited text file, looked at before pandas hides what is wrong with it."""

import collections
import csv

SEPARATORS = {";": "';'", "\t": "a tab", "|": "'|'", ",": "','"}


def check_header(path, separator, encoding):
    """Raises `ValueError` when the header is empty, duplicated, a row of numbers or split wrongly."""
    with open(path, encoding=encoding, errors="replace", newline="") as file:
        rows = csv.reader(file, delimiter=separator, skipinitialspace=True)
        try:
            names = next((row for row in rows if "".join(row).strip() or len(row) > 1), None)
        except csv.Error as error:
            raise ValueError(f"The first line of `{path.name}` cannot be read: {error}") from error
    if names is None:
        raise ValueError(f"`{path.name}` is empty. Expected a header line and rows below it.")
    names = [name.strip() for name in names]
    _check_separator(path, names, separator)
    if all(_is_number(name) for name in names):
        raise ValueError(
            f"The first line of `{path.name}` must hold the columns' names. Received only numbers: "
            f"{', '.join(names[:5])}{' ...' if len(names) > 5 else ''}. Add a header line to the file."
        )
    repeated = [n for n, count in collections.Counter(names).items() if n and count > 1]
    if repeated:
        raise ValueError(
            f"The column names of `{path.name}` must differ. These occur more than once: {repeated}. "
            "Rename or remove the copies in the file's first line."
        )


def _check_separator(path, names, separator):
    if len(names) > 1:
        return
    other = max(SEPARATORS, key=names[0].count)
    if names[0].count(other):
        # What to type: a shell and Python both want a tab spelled out.
        typed = "\\t" if other == "\t" else other
        raise ValueError(
            f"`{path.name}` was read with {SEPARATORS.get(separator, repr(separator))} as separator "
            f"and has a single column, {names[0]!r}, that contains {SEPARATORS[other]}. "
            f'Pass `separator="{typed}"` (command line: --separator "{typed}").'
        )


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
