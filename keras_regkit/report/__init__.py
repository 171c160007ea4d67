"""The outcome of a run, to be read: one self-contained HTML page, or the terminal."""

from keras_regkit.report.terminal import print_decision
from keras_regkit.report.write import write

__all__ = ["print_decision", "write"]
