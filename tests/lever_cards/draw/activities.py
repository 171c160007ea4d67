"""Penalties on activations: what a layer puts out before and after."""

import numpy as np

from lever_cards.draw import _look as look
from lever_cards.draw.kernels import descend
from lever_cards.examples import run

_SHOWN = {"kl_sparsity": 0.5, "decorrelation": 4.0, "activity_l2": 200.0, "temporal_activity_l2": 200.0}


def activity(card):
    """Activations, and where they go when the penalty pulls on them."""
    strength = _SHOWN[card.name]
    regularizer = run(card, strength)["changed"].layers[0].activity_regularizer
    start = _activations(card)
    after = descend(regularizer, start)
    over_time = start.ndim == 3
    figure, axes = look.panels(2)
    if over_time:
        for axis, values, heading in zip(axes, (start, after), ("before", "after"), strict=True):
            for k in range(3):
                axis.plot(values[0, :, k], color=look.COLOURS[k])
            look.lines(axis, f"{heading}: three units", x="step", y="output")
            axis.set_ylim(-2.2, 2.2)
        what = "Outputs of three units of a recurrent layer over time"
    else:
        limit = 1.0
        for axis, values, heading in zip(axes, (start, after), ("before", "after"), strict=True):
            shown = np.corrcoef(values.T) if card.name == "decorrelation" else values
            labels = ("units", "units") if card.name == "decorrelation" else ("units", "examples")
            image = look.heat(
                axis, shown, heading, limit=limit, positive=card.name != "decorrelation", x=labels[0], y=labels[1]
            )
        look.scale(figure, image, axes[1])
        what = "Correlations between units" if card.name == "decorrelation" else "Outputs of a sigmoid layer"
    return figure, (
        f"{what}, and after gradient steps on ½‖H − V‖² + penalty (strength {strength:g}: more than in use)."
    )


def _activations(card):
    rng = np.random.default_rng(0)
    if card.name == "kl_sparsity":
        return (1 / (1 + np.exp(-rng.normal(size=(24, 16))))).astype("float32")
    if card.name == "decorrelation":
        return (rng.normal(size=(64, 12)) + 1.2 * rng.normal(size=(64, 1))).astype("float32")
    steps = np.arange(20)[None, :, None]
    return (np.sin(0.4 * steps + np.arange(12)) + 0.4 * rng.normal(size=(4, 20, 12))).astype("float32")
