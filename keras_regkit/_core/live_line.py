"""One line of text that changes while something runs, wherever it is shown."""

import os
import shutil
import sys


def live_line(file=None):
    """Returns what shows a changing line on `file`, or None where that would need characters nobody can read.

    Args:
        file: Where to write. Defaults to standard output.

    Returns:
        An object with `show(text, *shorter)`, which takes the first text that fits, and `close()`: a line of a terminal
        that is written over, or an output of a notebook that is replaced. None for files, pipes and terminals that only
        append.
    """
    file = sys.stdout if file is None else file
    display = _notebook_display() if file is sys.stdout else None
    if display is not None:
        return _NotebookLine(display)
    return _TerminalLine(file) if _is_terminal(file) else None


def _is_terminal(file):
    try:
        return file.isatty() and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):  # closed, or no file at all
        return False


def _notebook_display():
    """IPython's `display`, if this runs in a notebook's kernel."""
    ipython = sys.modules.get("IPython")  # a notebook has imported it; nothing else should
    shell = ipython.get_ipython() if ipython is not None else None
    return sys.modules["IPython.display"].display if getattr(shell, "kernel", None) is not None else None


class _TerminalLine:
    def __init__(self, file):
        self._file = file
        self._width = 0

    def show(self, *texts):
        width = shutil.get_terminal_size().columns - 1
        text = next((text for text in texts if len(text) <= width), texts[-1])
        text = shorten(writable(text, self._file), width)
        # Spaces over what was longer before: every terminal knows them.
        self._file.write("\r" + text.ljust(self._width))
        self._file.flush()
        self._width = len(text)

    def close(self):
        self._file.write("\n" if self._width else "")
        self._file.flush()


class _NotebookLine:
    def __init__(self, display):
        self._display = display
        self._handle = None

    def show(self, text, *shorter):
        bundle = {"text/plain": text}
        if self._handle is None:
            self._handle = self._display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def close(self):
        pass  # the last text stays


def writable(text, file):
    """Returns the text in what the file's encoding has; the rest becomes question marks.

    >>> import io
    >>> writable("3 s · 2/4", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    '3 s ? 2/4'
    """
    encoding = getattr(file, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def shorten(text, width):
    """Returns the text, cut to `width` characters.

    >>> shorten("a long line", 7), shorten("short", 7)
    ('a long…', 'short')
    """
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"
