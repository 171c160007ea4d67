"""From the ways users write a search space, and from the cards, to levers with strengths to draw from."""

import collections.abc
import math

from keras_regkit import levers as cards
from keras_regkit._core.checks import did_you_mean
from keras_regkit.levers import Lever
from keras_regkit.studies.strength_range import StrengthRange

_WIDE = 8  # an interval that spans more than this factor is drawn from on a log scale
# Families of which each strength is a model of other shapes, and a program of its own to compile: a few are enough.
SHAPES = {"capacity"}


def read_space(levers):
    """Returns `[(lever, strengths), ...]`, strengths a `StrengthRange` or a tuple of numbers.

    Args:
        levers: As in `Space`.

    >>> read_space({"dropout": (0.1, 0.5)})[0][1]
    StrengthRange(low=0.1, high=0.5, scale='linear', integer=False)
    """
    if levers is None:
        levers = [name for name in cards.names() if cards.get(name).keywords or name == "early_stopping"]
    if isinstance(levers, (str, Lever)):
        levers = [levers]
    if not isinstance(levers, collections.abc.Iterable):
        raise TypeError(f"`space` must be a dict from levers to strengths, names, or None. Received: {levers!r}")
    if isinstance(levers, collections.abc.Mapping):
        found = [(lever := _turnable(name), _read_strengths(lever, given)) for name, given in levers.items()]
    else:
        found = [(lever := _turnable(name), default_strengths(lever)) for name in levers]
    if not found:
        raise ValueError(f"`space` must name at least one lever. Available levers: {list(cards.names())}")
    for lever, _ in found:
        if sum(other.name == lever.name for other, _ in found) > 1:
            raise ValueError(f"`space` names {lever.name!r} more than once. Give all its strengths in one list")
    return found


def default_strengths(lever):
    """Returns the strengths that a search tries when none are named: around those on the card, within its bounds.

    >>> default_strengths(cards.get("l2"))
    StrengthRange(low=0.0001, high=0.1, scale='log', integer=False)
    >>> default_strengths(cards.get("early_stopping"))
    (5,)
    """
    light, heavy = min(lever.strengths), max(lever.strengths)
    bounds = lever.bounds
    # Close to an upper bound, as decays of averages are, an interval would say little of what matters.
    near_its_end = math.isfinite(bounds.high) and heavy > 0.9 * bounds.high
    if bounds.integer or lever.family in SHAPES or light <= 0 or near_its_end:
        return lever.strengths
    if bounds.high == math.inf:
        low, high = _short(light / 10), _short(heavy * 10)
    else:
        low, high = _short(light / 2), _short(min(1.5 * heavy, (heavy + bounds.high) / 2))
    low = max(low, bounds.low)
    return StrengthRange(low, high, "log" if low > 0 and high / low > _WIDE else "linear")


def _short(value):
    return float(f"{value:.3g}")


def _turnable(name):
    lever = cards.get(name)
    if lever.rewrite is None and lever.make_callbacks is None:
        raise ValueError(
            f"`space` must hold levers that can be turned on a model or on fit. {lever.name!r} is set by "
            f"hand: {lever.usage}"
        )
    return lever


def _read_strengths(lever, given):
    where = f"`space[{lever.name!r}]`"
    if isinstance(given, StrengthRange):
        found = given
    elif isinstance(given, tuple):
        found = _read_range(where, lever, given)
    else:
        found = tuple(given) if isinstance(given, list) else (given,)
        if not found:
            raise ValueError(f"{where} must hold at least one strength. Received: {given!r}")
        if "off" in found:
            raise ValueError(f"{where} must hold strengths. 'off' is always among the choices. Received: {given!r}")
    for strength in (found.low, found.high) if isinstance(found, StrengthRange) else found:
        lever.check(strength)
    return found


def _read_range(where, lever, given):
    scale = given[2] if len(given) == 3 else "linear"
    if len(given) not in (2, 3) or scale not in ("linear", "log"):
        hint = did_you_mean(scale, ["linear", "log"]) if isinstance(scale, str) else ""
        raise ValueError(
            f"{where} must be (low, high), (low, high, 'log'), or a list of strengths.{hint} Received: {given!r}"
        )
    for strength in given[:2]:
        lever.check(strength)
    try:
        return StrengthRange(given[0], given[1], scale, lever.bounds.integer)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
