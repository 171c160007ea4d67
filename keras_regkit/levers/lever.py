"""A lever: a named technique with one strength that can be turned."""

import collections.abc
import dataclasses
import warnings
from typing import Any

import keras

from keras_regkit._core.checks import Interval
from keras_regkit._core.warnings import NoEffectWarning


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lever:
    """The card of one technique: what it is, when to reach for it, and how to apply it.

    Args:
        name: Name in code, such as `"l2"`.
        title: Name in print, such as `"L2 penalty"`.
        family: `"penalty"`, `"noise"`, `"normalization"`, `"constraint"`, `"stopping"`, `"targets"`, `"decay"`,
            `"gradients"`, `"sharpness"`, `"averaging"`, `"capacity"`, `"fine-tuning"`, `"uncertainty"` or
            `"augmentation"`.
        strength: What the number means, with its unit.
        bounds: The legal strengths. The weakest turns the lever off, unless the card says otherwise.
        strengths: The strengths a study tries when none are named, light to heavy.
        equation: What it does, as an equation.
        use_when: The situation it is best in.
        trade_off: What it costs.
        interactions: Pairs of another lever's name and what to know about the two together.
        source: Paper, with equation or section.
        rewrite: Function of a compiled model and a strength that returns a new one. None if it does not act on models.
        keywords: Function of a strength and the keyword arguments of `presets.mlp`; returns the arguments to change.
        make_callbacks: Function of a strength, a monitor and its mode that returns callbacks for
            `fit`. None if there are none.
        usage: One line of code that sets the lever by hand. A technique that belongs where a model is written, and
            has no `apply` has this alone.
    """

    name: str
    title: str
    family: str
    strength: str
    bounds: Interval
    strengths: tuple
    equation: str
    use_when: str
    trade_off: str
    interactions: tuple = ()
    source: str = ""
    rewrite: collections.abc.Callable | None = dataclasses.field(default=None, repr=False)
    keywords: collections.abc.Callable | None = dataclasses.field(default=None, repr=False)
    make_callbacks: collections.abc.Callable | None = dataclasses.field(default=None, repr=False)
    usage: str = ""

    def __post_init__(self):
        if not (self.rewrite or self.make_callbacks or self.usage):
            raise ValueError(
                f"Lever {self.name!r} must act on a model (`rewrite`) or on fit (`make_callbacks`), or say how it is "
                "set by hand (`usage`)"
            )
        for value in self.strengths:
            self.check(value)

    def check(self, strength: Any) -> Any:
        """Returns `strength` if the card allows it; raises `ValueError` or `TypeError` that names the lever if not."""
        return self.bounds.check(f"{self.name} strength", strength)

    def apply(self, model_or_config: Any, strength: Any) -> Any:
        """Returns a copy of the model, or of the preset's keyword arguments, with the lever set to `strength`.

        Args:
            model_or_config: A compiled Sequential or Functional `keras.Model`, or a dict of arguments of `presets.mlp`.
            strength: The strength, within `bounds`.

        Returns:
            What was given, changed: a new compiled model (weights carried over where shapes allow), or a new dict. A
            `NoEffectWarning` says when nothing changed.

        Raises:
            ValueError: the strength is out of bounds, the model cannot be rewritten, or the lever acts on `fit` alone.
        """
        self.check(strength)
        if self.rewrite is None and self.make_callbacks is None:
            raise ValueError(f"{self.name!r} is not set by `apply`, but by hand: {self.usage}")
        if self.rewrite is None:
            raise ValueError(
                f"{self.name!r} acts on training, not on the model: "
                f"model.fit(..., callbacks=levers.get({self.name!r}).callbacks({strength}))"
            )
        if isinstance(model_or_config, keras.Model):
            return self._apply_to_model(model_or_config, strength)
        if isinstance(model_or_config, collections.abc.Mapping):
            return self._apply_to_config(dict(model_or_config), strength)
        raise TypeError(
            "`model_or_config` must be a keras.Model or a dict of arguments of presets.mlp. "
            f"Received: {type(model_or_config).__name__}"
        )

    def callbacks(self, strength: Any, monitor: str = "val_loss", mode: str = "auto") -> list[keras.callbacks.Callback]:
        """Returns the callbacks that the lever adds to `fit`; an empty list for one that acts on the model."""
        self.check(strength)
        return self.make_callbacks(strength, monitor, mode) if self.make_callbacks else []

    def _apply_to_model(self, model, strength):
        if not model.compiled:
            raise ValueError(
                f"The model must be compiled before {self.name!r} is applied, so that the copy can be compiled alike. "
                f"Received: {model.name!r}, which is not"
            )
        return self.rewrite(model, strength)

    def _apply_to_config(self, config, strength):
        if self.keywords is None:
            raise ValueError(f"{self.name!r} is not an argument of presets.mlp. Apply it to the model")
        changed = {**config, **self.keywords(strength, config)}
        if changed == config:
            warnings.warn(f"{self.name!r} at {strength} changed nothing in {config}", NoEffectWarning, stacklevel=3)
        return changed
