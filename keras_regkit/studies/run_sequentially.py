"""A study that takes more seeds only as long as they are needed."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.extras import require
from keras_regkit.studies.result import HELPS, NO_EVIDENCE, StudyResult
from keras_regkit.studies.sequential import Look, check_looks, look_levels
from keras_regkit.studies.statistics import paired_difference
from keras_regkit.studies.summarize import verdict_of
from keras_regkit.studies.trial_values import values_by_seed

_RANGES = {
    "until": OneOf("all", "helps"),
    "futility": Interval(0, 1, closed="left"),
    "spending": OneOf("pocock", "obrien_fleming"),
}
_DRAWS = 4000


@dataclasses.dataclass(frozen=True)
class SequentialResult:
    """What a study showed that was looked at as its seeds came in.

    Its verdicts, not those of `result`, keep their error rate: the latter know nothing of the earlier looks.

    Args:
        result: The `StudyResult` of all seeds that were run.
        verdicts: `{variant: verdict}`: `"helps"`, `"hurts"` or `"no evidence"`.
        decided: `{variant: Look}`: the look that decided it, with an interval that holds although it was looked early.
        looks: Number of seeds at each look that was taken.
        planned: Number of seeds of the last look that was planned.
        reason: Why it ended, in a sentence.

    Example:

    >>> from keras_regkit.studies import Look, StudyResult
    >>> result = StudyResult("mine", "val_data_loss", "min", 0.95, (), (), "sequential")
    >>> look = Look(5, -0.05, -0.09, -0.01, 0.003, 0.0178, "difference")
    >>> SequentialResult(result, {"l2=0.1": "helps"}, {"l2=0.1": look}, (5,), 20, "All variants are decided.").seeds
    5
    """

    result: StudyResult
    verdicts: dict
    decided: dict
    looks: tuple
    planned: int
    reason: str

    @property
    def seeds(self) -> int:
        """Number of seeds that were run."""
        return self.looks[-1]

    def __str__(self):
        head = ("variant", "seeds", "difference", "interval", "p", "p must be ≤", "verdict")
        rows = [head]
        for name, look in self.decided.items():
            interval = "" if math.isnan(look.low) else f"[{look.low:+.3g}, {look.high:+.3g}]"
            numbers = (f"{look.mean:+.3g}", interval, f"{look.p:.2g}", f"{look.level:.2g}")
            rows.append((name, str(look.seeds), *numbers, self.verdicts[name]))
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        title = f"Study {self.result.name!r}, {self.seeds} of at most {self.planned} seeds: {self.reason}"
        return "\n".join([title, "", lines[0], "-" * len(lines[0]), *lines[1:]])


def run_sequentially(
    run: Callable[[int], StudyResult],
    looks: Sequence[int] = (5, 10, 15, 20),
    *,
    until: str = "all",
    futility: float = 0.05,
    spending: str = "pocock",
) -> SequentialResult:
    """Runs a study with more and more seeds, and stops when more would not be worth it.

    At each look every variant that is not yet decided is tested at the level that `SequentialTest` allows there, shared
    among the variants as Holm does: each finding leaves the others the more. The chance that *any* lever without effect
    is ever said to help or to hurt stays below 1 − the study's confidence. A variant that has little chance left is
    given up, which can only make false findings rarer.

    Args:
        run: Function of a number of seeds that returns the `StudyResult` with seeds 0 … n − 1, for example
            `lambda seeds: rk.Study(..., seeds=seeds, store="folder").run()`: with a store, what is finished is reused.
        looks: Numbers of seeds at which to look, ascending, fixed beforehand. Defaults to `(5, 10, 15, 20)`.
        until: `"all"` goes on until every variant is decided; `"helps"` stops as soon as one is shown to help.
        futility: A variant is given up when the chance that the last look would show it, given what was seen, is below
            this. 0 never gives up. Defaults to 0.05.
        spending: `"pocock"` or `"obrien_fleming"`, as in `SequentialTest`. Defaults to `"pocock"`.

    Returns:
        A `SequentialResult`.

    Raises:
        ValueError, TypeError: an argument out of range, or a `run` that returns other seeds or other variants than it
            did.

    Reference:
        Ye, Li, Liu and Yao 2013, "A Group Sequential Holm Procedure with Multiple Primary Endpoints".

    Example:

    >>> from keras_regkit.studies import StudyResult, Trial, VariantSummary
    >>> def run(seeds):  # stands for a study; here l2 always gains about 0.2
    ...     losses = {"baseline": [0.5 + 0.1 * (s % 3) for s in range(seeds)]}
    ...     losses["l2=0.1"] = [x - 0.2 + 0.01 * (s % 2) for s, x in enumerate(losses["baseline"])]
    ...     trials = [Trial(v, s, {"val_data_loss": x}, {}, 1, 0, 1.0) for v in losses for s, x in enumerate(losses[v])]
    ...     summaries = [VariantSummary(v, {}, *[0.0] * 5, None, None, "", 0, 1, 1, seeds, 0) for v in losses]
    ...     return StudyResult("mine", "val_data_loss", "min", 0.95, tuple(summaries), tuple(trials), "sequential")
    >>> found = run_sequentially(run, looks=[4, 8])
    >>> found.verdicts, found.seeds
    ({'l2=0.1': 'helps'}, 4)
    """
    check_arguments(_RANGES, until=until, futility=futility, spending=spending)
    if not callable(run):
        raise TypeError(f"`run` must be a function of a number of seeds that returns a StudyResult. Received: {run!r}")
    looks = check_looks(looks)
    verdicts: dict[str, str] = {}
    decided: dict[str, Look] = {}
    taken: list[int] = []
    names: list[str] = []
    for k, seeds in enumerate(looks):
        result = run(seeds)
        values = _values(result, seeds)
        names = names or list(values)[1:]
        if list(values)[1:] != names:
            raise ValueError(
                f"`run` must return the same variants each time. Received: {names}, then {list(values)[1:]}"
            )
        taken.append(seeds)
        level = _look(k, looks, values, result, spending, futility, verdicts, decided)
        if until == "helps" and HELPS in verdicts.values():
            reason = "a variant is shown to help."
            break
        if len(verdicts) == len(names):
            reason = "every variant is decided."
            break
    for name in names:  # left open by a stop at the first that helps
        if name not in verdicts:
            verdicts[name] = NO_EVIDENCE
            decided[name] = _at(values[name], values[result.baseline.name], seeds, level, "go on")
    return SequentialResult(
        result=result,
        verdicts={name: verdicts[name] for name in names},
        decided={name: decided[name] for name in names},
        looks=tuple(taken),
        planned=looks[-1],
        reason=reason,
    )


def _values(result, seeds):
    """Returns `{variant: values}`, the baseline first, after checking that they are those of `seeds` seeds."""
    if not isinstance(result, StudyResult):
        raise TypeError(f"`run` must return a StudyResult. It returned: {result!r}")
    found, values = values_by_seed(result)
    if len(found) != seeds:
        raise ValueError(f"`run({seeds})` must return trials of {seeds} seeds. It returned {len(found)}: {list(found)}")
    if len(values) < 2:
        raise ValueError("`run` must return a study with at least one variant beside the baseline")
    return values


def _look(k, looks, values, result, spending, futility, verdicts, decided):
    """Adds to `verdicts` and `decided` what look `k` decides, and returns the level that it ended with."""
    baseline, m = values[result.baseline.name], len(values) - 1
    found = sum(look.outcome == "difference" for look in decided.values())
    again = True
    while again:
        again = False
        levels = look_levels(looks, (1 - result.confidence) / max(1, m - found), spending)
        for name in [n for n in list(values)[1:] if n not in verdicts]:
            d = paired_difference(values[name], baseline, 1 - levels[k])
            lost = int((np.isfinite(baseline) & ~np.isfinite(values[name])).sum())
            # At a look the level is reached with equality too.
            verdict = verdict_of(d, d.p, result.direction, np.nextafter(levels[k], 1), lost, looks[k])
            if verdict != NO_EVIDENCE:
                shown = d.p <= levels[k]
                found += shown
                again |= shown  # what one finding sets free goes to those that were tested before it, too
                verdicts[name] = verdict
                decided[name] = _at(values[name], baseline, looks[k], levels[k], "difference" if shown else "diverged")
    for name in [n for n in list(values)[1:] if n not in verdicts]:
        d = paired_difference(values[name], baseline)
        if k == len(looks) - 1 or _chance_to_be_shown(d, looks[-1] - looks[k], levels[-1]) < futility:
            verdicts[name] = NO_EVIDENCE
            decided[name] = _at(values[name], baseline, looks[k], levels[k], NO_EVIDENCE)
    return levels[k]


def _at(variant, baseline, seeds, level, outcome):
    d = paired_difference(variant, baseline, 1 - level)
    return Look(seeds, d.mean, d.low, d.high, d.p, level, outcome)


def _chance_to_be_shown(d, more, level):
    """The chance, given what was seen, that `more` seeds make the t-test reach `level`, by draws from the posterior."""
    if d.pairs < 2 or d.error == 0:
        return 1.0  # nothing is known of the noise yet
    special = require("scipy.special", extra="studies", purpose="A study's statistics")
    rng = np.random.default_rng(0)
    n, variance = d.pairs, d.error**2 * d.pairs
    sigma = np.sqrt((n - 1) * variance / rng.chisquare(n - 1, _DRAWS))
    mean = d.mean + sigma / math.sqrt(n) * rng.standard_normal(_DRAWS)
    new = mean + sigma / math.sqrt(more) * rng.standard_normal(_DRAWS)
    within = sigma**2 * rng.chisquare(more - 1, _DRAWS) if more > 1 else 0.0
    total = n + more
    # Sums of squares about the mean: of the old, of the new, and of what lies between the two.
    spread = (n - 1) * variance + within + n * more / total * (d.mean - new) ** 2
    t = (n * d.mean + more * new) / total / np.sqrt(spread / (total - 1) / total)
    return float((np.abs(t) >= special.stdtrit(total - 1, 1 - level / 2)).mean())
