"""How verdicts look, in every picture of a study."""

from keras_regkit.plots import _figure as fig
from keras_regkit.studies.result import HELPS, HURTS, NO_EVIDENCE

# Told apart by colour, by shape and by filling: any one of them is enough.
MARKS = {
    HELPS: {"color": fig.GREEN, "marker": "o", "filled": True},
    HURTS: {"color": fig.ORANGE, "marker": "s", "filled": True},
    NO_EVIDENCE: {"color": fig.GREY, "marker": "D", "filled": False},
    "baseline": {"color": fig.BLUE, "marker": "P", "filled": True},
}
_OTHER = {"color": fig.PURPLE, "marker": "^", "filled": False}


def mark_of(verdict):
    """Returns `{"color", "marker", "filled"}` for a verdict; one of their own for words that have none.

    >>> mark_of("helps")["marker"], mark_of("hurts")["marker"], mark_of("no evidence")["filled"]
    ('o', 's', False)
    """
    return MARKS.get(verdict, _OTHER)


def verdict_text(summary):
    """Returns the verdict of a `VariantSummary`, and how many of its trainings diverged."""
    lost = f" ({summary.diverged} of {summary.seeds} diverged)" if summary.diverged else ""
    return summary.verdict + lost
