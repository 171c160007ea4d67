"""All cards by name, and the ways users write which levers they mean."""

import collections.abc
from typing import Any

from keras_regkit._core.checks import did_you_mean
from keras_regkit.levers.cards import CARDS
from keras_regkit.levers.lever import Lever

_BY_NAME = {card.name: card for card in CARDS}


def names() -> tuple[str, ...]:
    """Returns the names of all levers, in the order in which the workflow reaches for them."""
    return tuple(_BY_NAME)


def get(name: str) -> Lever:
    """Returns the card called `name` (or the `Lever` itself, if that is what was given).

    Raises:
        ValueError: there is no such lever; the message names those there are.
        TypeError: `name` is neither a name nor a lever.

    >>> get("l2").title
    'L2 penalty'
    """
    if isinstance(name, Lever):
        return name
    if not isinstance(name, str):
        raise TypeError(f"A lever must be a name, one of {list(_BY_NAME)}, or a Lever. Received: {name!r}")
    if name not in _BY_NAME:
        raise ValueError(f"Unknown lever {name!r}.{did_you_mean(name, _BY_NAME)} Available levers: {list(_BY_NAME)}")
    return _BY_NAME[name]


def parse(levers: Any) -> list[tuple[Lever, tuple]]:
    """Returns `[(lever, strengths), ...]` for what users write.

    Args:
        levers: Names or `Lever` objects (the card's strengths are used), or a dict from name to a strength or a list.

    Raises:
        ValueError, TypeError: unknown names, strengths out of bounds, a lever named twice, or no lever at all.

    >>> [(lever.name, strengths) for lever, strengths in parse({"l2": [1e-3, 1e-2], "dropout": 0.5})]
    [('l2', (0.001, 0.01)), ('dropout', (0.5,))]
    """
    if isinstance(levers, (str, Lever)):
        levers = [levers]
    if not isinstance(levers, collections.abc.Iterable):
        raise TypeError(
            f"`levers` must be names, Lever objects, or a dict from name to strengths. Received: {levers!r}"
        )
    if isinstance(levers, collections.abc.Mapping):
        pairs = [(lever := get(name), _strengths(lever, given)) for name, given in levers.items()]
    else:
        pairs = [(lever := get(name), lever.strengths) for name in levers]
    if not pairs:
        raise ValueError(f"`levers` must name at least one lever. Available levers: {list(_BY_NAME)}")
    seen = [lever.name for lever, _ in pairs]
    for name in seen:
        if seen.count(name) > 1:
            raise ValueError(f"`levers` names {name!r} more than once. Give all its strengths in one list")
    return pairs


def _strengths(lever, given):
    strengths = tuple(given) if isinstance(given, (list, tuple)) else (given,)
    if not strengths:
        raise ValueError(f"`levers[{lever.name!r}]` must hold at least one strength. Received: {given!r}")
    for strength in strengths:
        lever.check(strength)
    if len(set(strengths)) != len(strengths):
        raise ValueError(f"`levers[{lever.name!r}]` holds a strength twice. Received: {given!r}")
    return strengths
