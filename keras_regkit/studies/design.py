"""What a study trains: a baseline, and variants of it that differ in named levers."""

import dataclasses
import functools
import itertools

import keras

from keras_regkit.levers import Lever, parse
from keras_regkit.studies.exclusive import group_of
from keras_regkit.studies.types import LeversLike
from keras_regkit.surgery.rebuild import check_rewritable


@dataclasses.dataclass(frozen=True)
class Variant:
    """The baseline with some levers set.

    Args:
        settings: Pairs `(lever, strength)`, applied in this order. Empty for the baseline.

    Example:

    >>> from keras_regkit import levers
    >>> Variant(((levers.get("l2"), 1e-3),)).name
    'l2=0.001'
    """

    settings: tuple[tuple[Lever, float], ...] = ()

    @functools.cached_property
    def name(self):
        """Unique within a study, and stable between runs: `"baseline"`, `"l2=0.001"`, `"l2=0.001 + dropout=0.5"`."""
        return " + ".join(f"{lever.name}={_short(strength)}" for lever, strength in self.settings) or "baseline"

    def apply(self, model: keras.Model) -> keras.Model:
        """Returns the model with every lever of the variant applied.

        Raises:
            ValueError: a lever has to rewrite the model, and it is subclassed.
        """
        for lever, strength in self.settings:
            if lever.rewrite is not None:
                check_rewritable(model)
                model = lever.apply(model, strength)
        return model

    def callbacks(self, monitor: str, mode: str = "auto") -> list[keras.callbacks.Callback]:
        """Returns new callbacks for one training of the variant."""
        return [c for lever, strength in self.settings for c in lever.callbacks(strength, monitor, mode)]

    def plus(self, other: "Variant") -> "Variant":
        """Returns the variant that has the settings of both."""
        return Variant(self.settings + other.settings)

    def without(self, lever: str | Lever) -> "Variant":
        """Returns the variant without a lever.

        Args:
            lever: The `Lever`, or its name.

        >>> from keras_regkit import levers
        >>> Variant(((levers.get("l2"), 1e-3), (levers.get("dropout"), 0.5))).without("l2").name
        'dropout=0.5'
        """
        name = getattr(lever, "name", lever)
        return Variant(tuple((own, strength) for own, strength in self.settings if own.name != name))


BASELINE = Variant()
# For a study that is asked for variants of somebody's own making: it needs a lever, and this one leaves models alone.
NO_MATTER = {"early_stopping": 1}


def _short(strength):
    """The shortest text that still tells strengths apart."""
    short = f"{strength:g}"
    return short if float(short) == strength else repr(float(strength))


def one_knob_at_a_time(levers: LeversLike) -> list[Variant]:
    """Returns the baseline and, for each lever and strength, the variant that turns this one knob.

    Args:
        levers: Names, `Lever` objects, or a dict from name to strengths.

    Example:

    >>> [variant.name for variant in one_knob_at_a_time({"l2": [1e-3, 1e-2]})]
    ['baseline', 'l2=0.001', 'l2=0.01']
    """
    knobs = [Variant(((lever, strength),)) for lever, strengths in parse(levers) for strength in strengths]
    return [BASELINE, *knobs]


def factorial(levers: LeversLike) -> list[Variant]:
    """Returns the full grid: every combination of the strengths of several levers, each of them also off.

    A lever that helps only beside another is found by no design that turns one knob at a time. The grid grows as the
    product of (strengths + 1): two levers are what it is made for.

    Args:
        levers: Names, `Lever` objects, or a dict from name to strengths.

    Raises:
        ValueError: two of the levers exclude each other, such as two that shrink the same weights.

    Example:

    >>> [variant.name for variant in factorial({"l2": 1e-3, "dropout": 0.5})]
    ['baseline', 'dropout=0.5', 'l2=0.001', 'l2=0.001 + dropout=0.5']

    `study.run_variants(studies.factorial(...))` trains them.
    """
    pairs = parse(levers)
    groups = [group_of(lever) for lever, _ in pairs]
    for (lever, _), group in zip(pairs, groups, strict=True):
        if groups.count(group) > 1:
            both = [other.name for (other, _), g in zip(pairs, groups, strict=True) if g == group]
            raise ValueError(
                f"`levers` of a grid must go together. Received: {both}, of which a model can have one "
                f"({lever.family}). Make a grid for each"
            )
    choices = [[(), *(((lever, strength),) for strength in strengths)] for lever, strengths in pairs]
    return [Variant(sum(chosen, ())) for chosen in itertools.product(*choices)]
