"""What comes to a mixing layer, and what goes out: samples, their labels, and perhaps their weights."""

import dataclasses
from typing import Any

IMAGES, LABELS, WEIGHT = KEYS = ("images", "labels", "sample_weight")


@dataclasses.dataclass(frozen=True)
class Batch:
    """Samples x, labels y and weights (or None), and the form in which they came: tuple, list or dict."""

    x: Any
    y: Any
    weight: Any
    form: type
    has_weight: bool

    def packed(self, x, y, weight):
        """Returns what the layer hands on, in the form of what came."""
        if self.form is dict:
            return {IMAGES: x, LABELS: y, **({WEIGHT: weight} if self.has_weight else {})}
        return self.form([x, y, weight] if self.has_weight else [x, y])


def unpack(inputs, name):
    """Returns a `Batch` of what came to the layer `name`.

    Raises:
        ValueError: there are no labels, or there is something that cannot be mixed.
    """
    if isinstance(inputs, dict):
        if IMAGES not in inputs or LABELS not in inputs or set(inputs) - set(KEYS):
            raise ValueError(
                f"Layer {name!r} takes (x, y), (x, y, sample_weight), or a dict with {IMAGES!r}, {LABELS!r} and "
                f"perhaps {WEIGHT!r}: samples are mixed with their labels, masks and boxes cannot be. Received a dict "
                f"with: {sorted(map(str, inputs))}"
            )
        return Batch(inputs[IMAGES], inputs[LABELS], inputs.get(WEIGHT), dict, WEIGHT in inputs)
    if isinstance(inputs, tuple | list) and len(inputs) in (2, 3):
        x, y, *weight = inputs
        if y is not None:
            return Batch(x, y, weight[0] if weight else None, list if isinstance(inputs, list) else tuple, bool(weight))
    received = f"{type(inputs).__name__} of {len(inputs)}" if isinstance(inputs, tuple | list) else "one tensor"
    raise ValueError(
        f"Layer {name!r} needs the labels too: layer((x, y)), layer((x, y, sample_weight)), or a dict with {IMAGES!r} "
        f"and {LABELS!r}. Received: {received}"
    )
