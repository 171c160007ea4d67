"""What a study found: plain records that print, and draw when asked."""

import dataclasses
import html
import math
import textwrap

from keras_regkit._core.files import plain
from keras_regkit._core.pictures import draw

HELPS, HURTS, NO_EVIDENCE = "helps", "hurts", "no evidence"


@dataclasses.dataclass(frozen=True)
class VariantSummary:
    """One variant over all seeds, compared with the baseline seed by seed.

    Args:
        name: Name of the variant.
        settings: `{lever: strength}`.
        mean, sd: Mean and standard deviation of the metric over seeds.
        difference: Mean of variant − baseline over seeds.
        low, high: Confidence interval of the difference, for this variant alone.
        p, p_adjusted: Of the paired t-test; adjusted (Holm) for the number of variants. None for the baseline.
        verdict: `"helps"`, `"hurts"` or `"no evidence"`, from `p_adjusted`; `"baseline"` for the baseline.
        gap: Mean of `val_data_loss − data_loss` with the final weights.
        epochs: Mean number of epochs trained.
        seconds: Mean wall-clock time of a trial.
        seeds: Number of seeds.
        diverged: How many of them ended with a metric that is not finite.

    Example:

    >>> measured = (0.3, 0.02, -0.05, -0.09, -0.01, 0.02, 0.04)
    >>> summary = VariantSummary("l2=0.01", {"l2": 0.01}, *measured, "helps", 0.1, 40, 2, 5, 0)
    >>> summary.low < summary.difference < summary.high
    True
    """

    name: str
    settings: dict
    mean: float
    sd: float
    difference: float
    low: float
    high: float
    p: float | None
    p_adjusted: float | None
    verdict: str
    gap: float
    epochs: float
    seconds: float
    seeds: int
    diverged: int


@dataclasses.dataclass(frozen=True)
class StudyResult:
    """The outcome of a study.

    Args:
        name: Name of the study.
        metric: What variants were compared by.
        direction: `"min"` or `"max"`: which way of the metric is better.
        confidence: Level of the intervals; 1 − confidence is the level of the verdicts.
        summaries: One per variant, the baseline first.
        trials: All trials.
        engine: Name of the engine that ran them.

    Example:

    >>> baseline = VariantSummary("baseline", {}, 0.35, 0.02, 0.0, 0.0, 0.0, None, None, "baseline", 0.2, 40, 2, 5, 0)
    >>> measured = (0.3, 0.02, -0.05, -0.09, -0.01, 0.02, 0.04)
    >>> l2 = VariantSummary("l2=0.01", {"l2": 0.01}, *measured, "helps", 0.1, 40, 2, 5, 0)
    >>> StudyResult("mine", "val_data_loss", "min", 0.95, (baseline, l2), (), "sequential").best.name
    'l2=0.01'
    """

    name: str
    metric: str
    direction: str
    confidence: float
    summaries: tuple
    trials: tuple
    engine: str

    @property
    def baseline(self):
        """The summary of the baseline."""
        return self.summaries[0]

    @property
    def best(self):
        """The summary of the variant with the best mean among those that help; the baseline if none does."""
        return min([self.baseline, *self.helping], key=self._cost)

    @property
    def helping(self):
        """The summaries of the variants that help, the best first."""
        return tuple(sorted((s for s in self.summaries if s.verdict == HELPS), key=self._cost))

    def __getitem__(self, name):
        for summary in self.summaries:
            if summary.name == name:
                return summary
        raise KeyError(f"No variant {name!r}. Variants: {[s.name for s in self.summaries]}")

    def to_dict(self):
        """Returns the record in what JSON knows."""
        return plain(dataclasses.asdict(self))

    def plot(self, **options):
        """Draws the differences with their intervals, and returns the matplotlib figure."""
        return draw(self, **options)

    def __str__(self):
        seeds = self.baseline.seeds
        header = _header(self)
        rows = [header, *(_row(s) for s in self.summaries)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        better = "lower" if self.direction == "min" else "higher"
        title = f"Study {self.name!r}: {len(self.summaries) - 1} variants against the baseline, {seeds} seeds each"
        note = f"Differences are paired by seed; {better} {self.metric} is better."
        conclusion = textwrap.fill(self._conclusion(), 100, break_on_hyphens=False)
        return "\n".join([title, "", lines[0], "-" * len(lines[0]), *lines[1:], "", note, conclusion])

    def _repr_html_(self):
        cells = [_row(s) for s in self.summaries]
        header = _header(self)
        head = "".join(f"<th>{html.escape(c)}</th>" for c in header)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in cells)
        conclusion = html.escape(self._conclusion())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{conclusion}</p>"

    def _cost(self, summary):
        return summary.mean if self.direction == "min" else -summary.mean

    def _conclusion(self):
        helping = self.helping
        if helping:
            return f"Helps: {', '.join(s.name for s in helping)}."
        return f"No variant is shown to help: with {self.baseline.seeds} seeds only large effects can be."


def _header(result):
    interval = f"{result.confidence:.0%} interval"
    return "variant", result.metric, "difference", interval, "p (Holm)", "gap", "epochs", "s", "verdict"


def _row(summary):
    if summary.verdict == "baseline":
        return summary.name, f"{summary.mean:.4g} ± {summary.sd:.2g}", "", "", "", *_means(summary), ""
    verdict = summary.verdict
    if summary.diverged:
        verdict += f" ({summary.diverged} of {summary.seeds} diverged)"
    interval = "" if math.isnan(summary.low) else f"[{summary.low:+.3g}, {summary.high:+.3g}]"
    return (
        summary.name,
        f"{summary.mean:.4g} ± {summary.sd:.2g}",
        f"{summary.difference:+.3g}",
        interval,
        "<0.001" if summary.p_adjusted < 0.001 else f"{summary.p_adjusted:.3f}",
        *_means(summary),
        verdict,
    )


def _means(summary):
    return f"{summary.gap:+.3g}", f"{summary.epochs:.0f}", f"{summary.seconds:.1f}"
