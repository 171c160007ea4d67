"""What a study trains: a baseline, and variants of it that differ in named levers."""

import dataclasses
import functools

from keras_regkit.levers import Lever, parse
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

    def apply(self, model):
        """Returns the model with every lever of the variant applied.

        Raises:
            ValueError: a lever has to rewrite the model, and it is subclassed.
        """
        for lever, strength in self.settings:
            if lever.rewrite is not None:
                check_rewritable(model)
                model = lever.apply(model, strength)
        return model

    def callbacks(self, monitor, mode="auto"):
        """Returns new callbacks for one training of the variant."""
        return [c for lever, strength in self.settings for c in lever.callbacks(strength, monitor, mode)]

    def plus(self, other):
        """Returns the variant that has the settings of both."""
        return Variant(self.settings + other.settings)


BASELINE = Variant()


def _short(strength):
    """The shortest text that still tells strengths apart."""
    short = f"{strength:g}"
    return short if float(short) == strength else repr(float(strength))


def one_knob_at_a_time(levers):
    """Returns the baseline and, for each lever and strength, the variant that turns this one knob.

    Args:
        levers: Names, `Lever` objects, or a dict from name to strengths.

    Example:

    >>> [variant.name for variant in one_knob_at_a_time({"l2": [1e-3, 1e-2]})]
    ['baseline', 'l2=0.001', 'l2=0.01']
    """
    knobs = [Variant(((lever, strength),)) for lever, strengths in parse(levers) for strength in strengths]
    return [BASELINE, *knobs]
