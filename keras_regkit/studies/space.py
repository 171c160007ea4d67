"""The space a search draws from: which levers, at which strengths, and which of them not together."""

import dataclasses
from collections.abc import Collection, Mapping

import numpy as np

from keras_regkit.levers import Lever
from keras_regkit.studies.design import Variant
from keras_regkit.studies.exclusive import group_of
from keras_regkit.studies.read_space import SHAPES, read_space
from keras_regkit.studies.strength_range import StrengthRange
from keras_regkit.studies.types import LeversLike

_TRIES = 50  # draws per candidate before a space counts as used up
_ON = 0.5  # chance that a group takes part in a candidate


@dataclasses.dataclass(frozen=True, init=False)
class Space:
    """Combinations of levers ("cocktails"): each lever is off, or at one of its strengths.

    Levers that exclude each other are never drawn together: two that shrink the same weights (penalties and decay), two
    constraints, normalizations, losses, averages or training steps. Which those are is read from the family on the
    card. Whether two levers that can go together do each other good is for the search to find out.

    Args:
        levers: A dict from a lever to its strengths: `(low, high)` or `(low, high, "log")` for an interval, a list or
            one number for some strengths. Or names, for which the cards answer: an interval around the strengths that
            a study tries, within the bounds, on a log scale where it is wide; those strengths themselves where they
            are whole numbers or change the shapes of the model. Or None, for early stopping and the levers that are
            arguments of `presets.mlp`. "Off", the model as it was built, is always among the choices.

    Raises:
        ValueError, TypeError: unknown levers, strengths out of the card's bounds, an interval upside down, a lever that
            is set by hand only.

    Reference:
        Kadra et al. 2021, "Well-tuned Simple Nets Excel on Tabular Datasets", for searching combinations.

    Example:

    >>> space = Space({"l2": (1e-5, 1e-1, "log"), "dropout": [0.3, 0.5], "early_stopping": 5})
    >>> [variant.name for variant in space.candidates(2, seed=1)]
    ['early_stopping=5', 'dropout=0.3 + early_stopping=5']
    """

    choices: tuple

    def __init__(self, levers: LeversLike | None = None):
        object.__setattr__(self, "choices", tuple(read_space(levers)))

    @property
    def groups(self) -> dict[str, tuple]:
        """Pairs of lever and strengths by the name of their group, of which a candidate holds one at most."""
        found: dict[str, tuple] = {}
        for lever, strengths in self.choices:
            found[group_of(lever)] = (*found.get(group_of(lever), ()), (lever, strengths))
        return found

    @property
    def one_each(self) -> dict[Lever, float]:
        """One strength for each lever, for seeing whether it acts on a model."""
        return {lever: s.high if isinstance(s, StrengthRange) else s[-1] for lever, s in self.choices}

    def without(self, names: Collection[str]) -> "Space":
        """Returns the space without the levers of these names."""
        smaller = Space.__new__(Space)
        object.__setattr__(smaller, "choices", tuple(c for c in self.choices if c[0].name not in names))
        return smaller

    def variant(self, settings: Mapping[str, float]) -> Variant:
        """Returns the `Variant` for `{name: strength}`, its levers in the order of the space."""
        return Variant(tuple((lever, settings[lever.name]) for lever, _ in self.choices if lever.name in settings))

    def candidates(self, number: int, *, seed: int = 0, structures: int | None = None) -> list[Variant]:
        """Returns different `Variant`s, none of them the baseline; the same ones for the same arguments.

        Args:
            number: How many. Fewer come back where the space holds no more.
            seed: Seed of the draw. Defaults to 0.
            structures: From how many different sets of levers they come. Candidates of one set can share a compiled
                program, and compiling is what a search over populations spends its time on. Defaults to None: no limit.
        """
        random = np.random.default_rng(seed)
        sets = self._draw_sets(structures, random) if structures else None
        strengths = {lever.name: strengths for lever, strengths in self.choices}
        found: dict[str, Variant] = {}
        for attempt in range(_TRIES * number):
            chosen = sets[attempt % len(sets)] if sets else self._draw_set(random)
            drawn = {n: _draw(strengths[n], random) if s is None else s for n, s in chosen.items()}
            variant = self.variant(drawn)
            found.setdefault(variant.name, variant)
            if len(found) == number:
                break
        return list(found.values())

    def _draw_sets(self, number, random):
        found = []
        for _ in range(_TRIES * number):
            chosen = self._draw_set(random)
            if chosen not in found:
                found.append(chosen)
            if len(found) == number:
                break
        return found

    def _draw_set(self, random):
        """Draws which levers take part, `{name: None}`; with its strength where that makes another model."""
        chosen = {}
        while not chosen:
            for members in self.groups.values():
                if random.random() < _ON:
                    lever, strengths = members[random.integers(len(members))]
                    chosen[lever.name] = _draw(strengths, random) if lever.family in SHAPES else None
        return chosen


def _draw(strengths, random):
    if isinstance(strengths, StrengthRange):
        return strengths.draw(random)
    return strengths[random.integers(len(strengths))]
