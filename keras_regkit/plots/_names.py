"""Names of variants, which may be long, in lines that fit."""

import textwrap


def wrapped(name, width):
    """Returns the name in lines of at most `width` characters, broken between levers where it can be.

    >>> wrapped("weight_decay=0.01 + dropout=0.5", 20)
    'weight_decay=0.01\\n+ dropout=0.5'
    >>> wrapped("x" * 12, 8)
    'xxxxxxxx\\nxxxx'
    """
    lines = []
    for number, part in enumerate(name.split(" + ")):
        part = f"+ {part}" if number else part
        if lines and len(lines[-1]) + 1 + len(part) <= width:
            lines[-1] += f" {part}"
        else:
            lines += textwrap.wrap(part, width, break_on_hyphens=False) or [part]
    return "\n".join(lines)


def lines_in(text):
    """Returns the number of lines."""
    return text.count("\n") + 1
