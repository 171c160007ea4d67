"""Looking early without fooling oneself: levels for a test that is repeated as seeds come in."""

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterable

import numpy as np

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.extras import require
from keras_regkit.studies.statistics import paired_difference

_SIMULATIONS = 1_000_000
# Where fewer simulated studies decide a level, it is not known well enough, and a bound takes its place.
_FEWEST = 100
_RANGES = {
    "level": Interval(0, 1, closed="neither"),
    "comparisons": Interval(1, integer=True),
    "spending": OneOf("pocock", "obrien_fleming"),
}


@dataclasses.dataclass(frozen=True)
class Look:
    """What a sequential test says at one look.

    Args:
        seeds: Number of seeds seen.
        mean: Mean difference so far.
        low, high: Interval of the difference that stays right at every look, at the level of the whole test; NaN before
            the first look.
        p: Of the paired t-test on all seeds so far.
        level: What p must not exceed at this look.
        outcome: `"difference"`, `"no evidence"` after the last look, or `"go on"`.

    Example:

    >>> Look(5, -0.05, -0.09, -0.01, 0.003, 0.0178, "difference").outcome
    'difference'
    """

    seeds: int
    mean: float
    low: float
    high: float
    p: float
    level: float
    outcome: str


class SequentialTest:
    """A paired t-test that may be looked at several times, and still errs no more often than its level says.

    Ten looks at p < 0.05 find something in a fifth of all studies of nothing. Here the level is spent bit by bit: after
    n of N seeds the chance of a false finding so far is f(n / N),

        pocock            f(x) = level · ln(1 + (e − 1) · x)           much at once: large effects end a study early
        obrien_fleming    f(x) = 4 − 4 · Φ(z(1 − level / 4) / √x)      little at first: the last look is nearly a t-test

    The p-value that may stop the study at a look follows from a million simulated studies of nothing (t statistics do
    not depend on the size of the noise). Where a level is too small to be simulated, what is spent at that look is used
    itself, which errs on the safe side.

    Args:
        looks: Numbers of seeds at which to look, ascending, each ≥ 2. Fixed beforehand: that is the price.
        level: Chance of a false finding at any look, in (0, 1). Defaults to 0.05.
        comparisons: Number of variants compared; each gets its share of the level (Bonferroni). Defaults to 1.
        spending: `"pocock"` or `"obrien_fleming"`. Defaults to `"pocock"`.

    Raises:
        ValueError, TypeError: an argument out of range, or looks that do not ascend.

    Reference:
        Lan and DeMets 1983, "Discrete Sequential Boundaries for Clinical Trials"; Jennison and Turnbull 2000, "Group
        Sequential Methods", chapters 7 and 9 (the intervals).

    Example:

    >>> test = SequentialTest(looks=[3, 6])
    >>> test.update([-0.30, -0.28, -0.31]).outcome
    'difference'
    >>> [round(level, 3) for level in test.levels]
    [0.031, 0.024]
    """

    def __init__(self, looks: Iterable[int], level: float = 0.05, comparisons: int = 1, spending: str = "pocock"):
        check_arguments(_RANGES, level=level, comparisons=comparisons, spending=spending)
        self.looks = check_looks(looks)
        self.level = level
        self.comparisons = comparisons
        self.spending = spending
        self._differences: list[float] = []
        self._found = False

    @property
    def levels(self):
        """What p must not exceed, look by look."""
        return look_levels(self.looks, self.level / self.comparisons, self.spending)

    def update(self, differences):
        """Takes the differences (variant − baseline) of further seeds, and returns the `Look`.

        Between looks the outcome is `"go on"`. A finding stays, whatever is added to it.

        Raises:
            ValueError: more seeds than the last look was planned for, or a look that was passed over.
        """
        added = np.asarray(differences, float).ravel().tolist()
        before, seen = len(self._differences), len(self._differences) + len(added)
        if seen > self.looks[-1]:
            raise ValueError(f"The last look was planned at {self.looks[-1]} seeds. Received: {seen}")
        passed = [n for n in self.looks if before < n < seen]
        if passed:
            raise ValueError(
                f"A look is planned at {passed[0]} seeds. Received: {before}, then {seen}. Update in between"
            )
        self._differences += added
        level = dict(zip(self.looks, self.levels, strict=True)).get(seen, 0.0)
        d = paired_difference(self._differences, [0.0] * seen, 1 - level if level else 0.5)
        self._found |= d.p <= level
        last = seen == self.looks[-1]
        outcome = "difference" if self._found else "no evidence" if last else "go on"
        low, high = (d.low, d.high) if level else (math.nan, math.nan)
        return Look(seen, d.mean, low, high, d.p, level, outcome)


def check_looks(looks):
    """Returns the looks as a tuple of ascending integers, or raises `ValueError` or `TypeError`."""
    looks = tuple(int(Interval(2, integer=True).check("looks", n)) for n in looks)
    if not looks or any(b <= a for a, b in itertools.pairwise(looks)):
        raise ValueError(f"`looks` must be ascending numbers of seeds, at least one. Received: {list(looks)}")
    return looks


@functools.lru_cache(maxsize=64)
def look_levels(looks, level, spending):
    """Returns, per look, the p-value of the t-test that may end the study there.

    Args:
        looks, level, spending: As in `SequentialTest`, with `looks` a tuple and the level of one comparison.
    """
    special = require("scipy.special", extra="studies", purpose="A study's statistics")
    spent = [_spent(n / looks[-1], level, spending, special) for n in looks]
    shares = np.diff(spent, prepend=0.0)
    levels = [float(shares[0])]  # nothing went before the first look: its level is its share
    if len(looks) == 1:
        return tuple(levels)
    rng = np.random.default_rng(0)
    total, squares, open_ = np.zeros(_SIMULATIONS), np.zeros(_SIMULATIONS), np.ones(_SIMULATIONS, bool)
    for k, (before, n) in enumerate(zip((0, *looks), looks, strict=False)):
        new = n - before
        step = rng.standard_normal(_SIMULATIONS) * math.sqrt(new)
        total += step
        # The sum of squares of `new` normal values with the sum `step`.
        squares += step**2 / new + (rng.chisquare(new - 1, _SIMULATIONS) if new > 1 else 0.0)
        t2 = total**2 / n / ((squares - total**2 / n) / (n - 1))
        if k:
            # As many are to end here as bring the share of all that ended to what may be spent.
            ending = round(spent[k] * _SIMULATIONS) - int((~open_).sum())
            levels.append(float(shares[k]))
            if ending >= _FEWEST:
                bound = -np.partition(-t2[open_], ending)[ending]
                levels[k] = max(levels[k], 2 * float(special.stdtr(n - 1, -math.sqrt(bound))))
        open_ &= t2 < special.stdtrit(n - 1, levels[k] / 2) ** 2
    return tuple(levels)


def _spent(x, level, spending, special):
    if spending == "pocock":
        return level * math.log1p((math.e - 1) * x)
    return 4 * float(special.ndtr(special.ndtri(level / 4) / math.sqrt(x)))  # on each side, half of the level
