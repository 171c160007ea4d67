"""How many seeds it takes to see a difference, and which differences some seeds can show."""

import math

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.extras import require

_RANGES = {
    "sd": Interval(0, closed="neither"),
    "n": Interval(2, integer=True),
    "effect": Interval(),
    "chance": Interval(0, 1, closed="neither"),
    "level": Interval(0, 1, closed="neither"),
    "comparisons": Interval(1, integer=True),
}
_MOST_SEEDS = 1_000_000


def power(sd: float, n: int, effect: float, level: float = 0.05, comparisons: int = 1) -> float:
    """Returns the chance that a study shows a difference that is there.

        P(|T| > t)    T: noncentral t with n − 1 degrees and centre √n · effect / sd    t = t_{n−1}, 1 − level/2m

    The level is divided by the number m of variants, which is Holm's correction at its strictest: the true chance is
    this or more.

    Args:
        sd: Standard deviation over seeds of the difference to the baseline, > 0.
        n: Number of seeds, ≥ 2.
        effect: The difference that is there.
        level: Level of the verdicts, 1 − the study's confidence. Defaults to 0.05.
        comparisons: Number of variants that the study compares with the baseline. Defaults to 1.

    Raises:
        ValueError, TypeError: a number out of range.

    Reference:
        Cohen 1988, "Statistical Power Analysis for the Behavioral Sciences", of which this is the exact form.

    Example:

    >>> round(power(sd=0.02, n=5, effect=0.02), 2), round(power(sd=0.02, n=10, effect=0.02), 2)
    (0.4, 0.8)
    """
    check_arguments(_RANGES, sd=sd, n=n, effect=effect, level=level, comparisons=comparisons)
    return _power(n, abs(effect) / sd, level / comparisons)


def detectable(sd: float, n: int, chance: float = 0.8, level: float = 0.05, comparisons: int = 1) -> float:
    """Returns the smallest difference that `n` seeds show with a given chance: where `power` equals `chance`.

    Args:
        sd, n, level, comparisons: As in `power`.
        chance: Wanted chance of being shown, in (level, 1). Defaults to 0.8.

    Raises:
        ValueError, TypeError: a number out of range.

    Example:

    >>> round(detectable(sd=0.02, n=5), 3), round(detectable(sd=0.02, n=5, comparisons=8), 3)
    (0.034, 0.06)
    """
    check_arguments(_RANGES, sd=sd, n=n, chance=chance, level=level, comparisons=comparisons)
    _check_chance(chance, level)
    low, high = 0.0, 1.0
    while _power(n, high, level / comparisons) < chance:
        low, high = high, 2 * high
    for _ in range(50):
        middle = (low + high) / 2
        if _power(n, middle, level / comparisons) < chance:
            low = middle
        else:
            high = middle
    return sd * high


def seeds_needed(sd: float, effect: float, chance: float = 0.8, level: float = 0.05, comparisons: int = 1) -> int:
    """Returns the smallest number of seeds that show `effect` with a given chance.

    Args:
        sd, level, comparisons: As in `power`.
        effect: The difference to be seen, not 0: the smallest one that would matter. The one that a study has just
            found is a poor choice, since it was noticed for being large.
        chance: Wanted chance of being shown, in (level, 1). Defaults to 0.8.

    Raises:
        ValueError, TypeError: a number out of range, or an effect that a million seeds would not show.

    Example:

    >>> seeds_needed(sd=0.02, effect=0.02), seeds_needed(sd=0.02, effect=0.01)
    (10, 34)
    """
    check_arguments(_RANGES, sd=sd, effect=effect, chance=chance, level=level, comparisons=comparisons)
    _check_chance(chance, level)
    size = abs(effect) / sd
    low, high = 1, 2
    while _power(high, size, level / comparisons) < chance:
        low, high = high, 2 * high
        if high > _MOST_SEEDS:
            raise ValueError(
                f"`effect` is too small beside `sd`: even {low} seeds would not show it. Received: effect={effect}, "
                f"sd={sd}"
            )
    while high - low > 1:
        middle = (low + high) // 2
        if _power(middle, size, level / comparisons) < chance:
            low = middle
        else:
            high = middle
    return high


def _power(n, size, level):
    """The power for an effect of `size` standard deviations, at a two-sided level."""
    special = require("scipy.special", extra="studies", purpose="A study's statistics")
    t = float(special.stdtrit(n - 1, 1 - level / 2))
    centre = math.sqrt(n) * size
    if centre > 40 and centre > 40 * t:
        return 1.0  # far beyond what the distribution's series are made for
    # Beyond a centre of 3 findings on the wrong side are a thousandth of the level at most, and their series may fail.
    wrong_side = special.nctdtr(n - 1, centre, -t) if centre < 3 else 0.0
    return float(1 - special.nctdtr(n - 1, centre, t) + wrong_side)


def _check_chance(chance, level):
    if chance <= level:
        raise ValueError(
            "`chance` must be above `level`: that often something is shown where nothing is. "
            f"Received: chance={chance}, level={level}"
        )
