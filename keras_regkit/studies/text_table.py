"""Rows of words as a table of plain text."""


def text_table(header, rows):
    """Returns a table whose columns are as wide as what they hold.

    >>> print(text_table(("lever", "p"), [("l2=0.001", "0.1"), ("dropout=0.5", "")]))
    lever        p
    ----------------
    l2=0.001     0.1
    dropout=0.5
    """
    cells = [tuple(header), *map(tuple, rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([lines[0], "-" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]])
