"""What a study found: plain records that print, and draw when asked."""

import dataclasses
import html
import math
import statistics
import textwrap
from collections.abc import Collection
from typing import Any

from keras_regkit._core.files import plain
from keras_regkit._core.pictures import draw
from keras_regkit._core.words import counted
from keras_regkit.studies.bootstrap import BootstrapInterval, bootstrap_difference
from keras_regkit.studies.export import Exports
from keras_regkit.studies.practical import PracticalTable, practical_gain
from keras_regkit.studies.sample_size import detectable, seeds_needed
from keras_regkit.studies.selection import WinnerEstimate, honest_best
from keras_regkit.studies.statistics import PairedDifference
from keras_regkit.studies.trial_values import values_by_seed

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
        pairs: Number of seeds at which variant and baseline are both finite. 0 for the baseline.
        error: Standard error of the difference, of which interval and p are made. NaN for the baseline.

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
    pairs: int = 0
    error: float = math.nan


@dataclasses.dataclass(frozen=True)
class StudyResult(Exports):
    """The outcome of a study.

    Args:
        name: Name of the study.
        metric: What variants were compared by.
        direction: `"min"` or `"max"`: which way of the metric is better.
        confidence: Level of the intervals; 1 − confidence is the level of the verdicts.
        summaries: One per variant, the baseline first.
        trials: All trials.
        engine: Name of the engine that ran them.
        engine_notes: Why it trained them as it did, sentences, as `Study.engine_notes`.

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
    engine_notes: tuple = ()

    @property
    def baseline(self) -> VariantSummary:
        """The summary of the baseline."""
        return self.summaries[0]

    @property
    def best(self) -> VariantSummary:
        """The summary of the variant with the best mean among those that help; the baseline if none does."""
        return min([self.baseline, *self.helping], key=self._cost)

    @property
    def helping(self) -> tuple[VariantSummary, ...]:
        """The summaries of the variants that help, the best first."""
        return tuple(sorted((s for s in self.summaries if s.verdict == HELPS), key=self._cost))

    def __getitem__(self, name):
        for summary in self.summaries:
            if summary.name == name:
                return summary
        raise KeyError(f"No variant {name!r}. Variants: {[s.name for s in self.summaries]}")

    def practical(self, rope: float) -> PracticalTable:
        """Returns for each variant how likely a gain, practical equivalence and a loss are, as a `PracticalTable`.

        Args:
            rope: Half width of the region of practical equivalence, ≥ 0, in units of the metric: what you would not
                change a model for.
        """
        rows = tuple(practical_gain(_difference(s), rope, self.direction, s.name) for s in self.summaries[1:])
        return PracticalTable(self.metric, self.direction, rope, rows)

    def bootstrap(self, name: str, method: str = "studentized", **options: Any) -> BootstrapInterval:
        """Returns a `BootstrapInterval` of a variant's difference, for differences that are far from normal.

        Args:
            name: Name of the variant.
            method, options: As in `bootstrap_difference`.
        """
        self[name]  # so that an unknown one is named
        _, values = values_by_seed(self)
        return bootstrap_difference(values[name], values[self.baseline.name], self.confidence, method=method, **options)

    def honest_best(self, select: Collection[int] | None = None) -> WinnerEstimate:
        """Returns what the variant that looks best is worth without the luck of the choice, as a `WinnerEstimate`.

        Args:
            select: Seeds to choose by, so that the others measure; None leaves one seed out at a time.
        """
        return honest_best(self, select)

    def detectable(self, seeds: int | None = None, chance: float = 0.8) -> float:
        """Returns the difference that a variant of median noise must have to be shown, after the Holm correction.

        Args:
            seeds: Number of seeds, ≥ 2; None for the study's own.
            chance: Wanted chance of being shown. Defaults to 0.8.

        Returns:
            The difference, NaN where the study cannot tell its noise or shows as much by chance alone.
        """
        sd = self._noise()
        if not sd > 0:
            return math.nan
        level, comparisons = 1 - self.confidence, len(self.summaries) - 1
        if chance <= level:  # as often as this a study of nothing shows something
            return math.nan
        return detectable(sd, self.baseline.seeds if seeds is None else seeds, chance, level, comparisons)

    def to_dict(self) -> dict[str, Any]:
        """Returns the record in what JSON knows."""
        return plain(dataclasses.asdict(self))

    def plot(self, **options: Any) -> Any:
        """Draws the study, and returns the matplotlib figure.

        Args:
            options: `kind="forest"` (the default) for the differences with their intervals, `"curves"` for the learning
                curves over seeds, `"gap"` for the gap against the metric; `variants=` for whose curves; `rope=` to
                shade what is too little to matter; `size=` in inches.
        """
        return draw(self, **options)

    def __str__(self):
        seeds = self.baseline.seeds
        header = _header(self)
        rows = [header, *(_row(s) for s in self.summaries)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        better = "lower" if self.direction == "min" else "higher"
        variants = counted(len(self.summaries) - 1, "variant")
        title = f"Study {self.name!r}: {variants} against the baseline, {seeds} seeds each"
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

    def _noise(self):
        """The median over variants of the standard deviation of their differences; NaN where none is known."""
        known = [s.error * math.sqrt(s.pairs) for s in self.summaries[1:] if s.pairs > 1 and s.error > 0]
        return statistics.median(known) if known else math.nan

    def _conclusion(self):
        helping = self.helping
        if helping:
            return f"Helps: {', '.join(s.name for s in helping)}.{self._worth()}"
        seeds = self.baseline.seeds
        shown = self.detectable()
        if not math.isfinite(shown):
            return f"No variant is shown to help: with {seeds} seeds only large effects can be."
        level, comparisons = 1 - self.confidence, len(self.summaries) - 1
        more = seeds_needed(self._noise(), shown / 2, level=level, comparisons=comparisons) - seeds
        return (
            f"No variant is shown to help: with {seeds} seeds only large effects can be. A difference of {shown:.2g} "
            f"is shown four times in five; with {counted(more, 'more seed')}, one of {shown / 2:.2g}."
        )

    def _worth(self):
        """What the best of several is worth, where the seeds can tell; empty where there was nothing to choose."""
        if len(self.summaries) < 3:
            return ""
        try:
            estimate = self.honest_best()
        except ValueError:
            return ""
        return f" {estimate}."


def _difference(summary):
    return PairedDifference(summary.difference, summary.low, summary.high, summary.p, summary.pairs, summary.error)


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
