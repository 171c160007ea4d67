"""Penalties and constraints: a kernel before and after."""

import numpy as np
import tensorflow as tf

from keras_regkit.plots import _figure as fig
from lever_cards.draw import _look as look
from lever_cards.examples import run

# The strengths of the cards are for losses of whole data sets; beside ½‖W − V‖² alone these show the shape.
_SHOWN = {"mcp": 0.6, "scad": 0.5, "hoyer": 0.15, "total_variation": 0.1, "l1": 0.3, "l1_l2": 0.25}
_GRAM = ("orthogonal", "orthonormal")
_SINGULAR = ("spectral_norm_penalty", "spectral_norm_cap")
_STEPS = 60


def penalty(card):
    """One weight's penalty, and a kernel before and after descending on it."""
    strength = _SHOWN.get(card.name, 0.5)
    names = run(card, strength)
    layer = names["changed"].layers[1] if card.name == "total_variation" else names["changed"].layers[0]
    regularizer = layer.kernel_regularizer
    start = _smooth(layer.kernel.shape) if card.name == "total_variation" else _kernel(layer.kernel.shape)
    if card.name == "l2_sp":
        start = look.array(layer.kernel) + 0.4 * start
    figure, axes = look.panels(2 if card.name in (*_SINGULAR, *_GRAM) else 3)
    after = descend(regularizer, start)
    if card.name in _GRAM:  # of one weight alone it says nothing
        _before_and_after(figure, axes, card, start, after)
        return figure, (
            f"Cosines between the units of a kernel V, and after {_STEPS} gradient steps on ½‖W − V‖² + penalty "
            f"(λ = {strength:g}, larger than in use, to be seen)."
        )
    _profile(axes[0], regularizer, look.array(layer.kernel) if card.name == "l2_sp" else None, layer.kernel.shape)
    _before_and_after(figure, axes[1:], card, start, after)
    note = " It is lowest at the weight that the training began with." if card.name == "l2_sp" else ""
    return figure, (
        f"Left: the penalty as one weight of the kernel changes (λ = {strength:g}, larger than in use, to be seen)."
        f"{note} Right: {_what(card)} V, and after {_STEPS} gradient steps on ½‖W − V‖² + penalty."
    )


def weighted(card):
    """The penalty on weights of different importance."""
    regularizer = run(card)["WeightedL2"]
    figure, (axes,) = look.panels(1, height=2.6)
    grid = np.linspace(-1, 3, 81)
    for k, importance in enumerate((0.1, 0.5, 2.0)):
        one = regularizer(1.0, importance=np.array([importance]), reference=np.array([1.0]))
        values = [float(one(look.tensor([w]))) for w in grid]
        axes.plot(grid, values, color=look.COLOURS[k], label=f"F = {importance:g}")
    look.lines(axes, x="weight, 1.0 after the earlier task", y="penalty")
    return figure, (
        "The penalty on three weights of different Fisher information F: what mattered for the earlier data is held."
    )


def constraint(card):
    """A kernel before and after the constraint, and what it bounds."""
    strength = card.strengths[-1]
    names = run(card)
    layer = names["layer"] if card.name == "simplex" else names["changed"].layers[0]
    start = _kernel(layer.kernel.shape)
    after = look.array(layer.kernel_constraint(look.tensor(start)))
    figure, axes = look.panels(3)
    _before_and_after(figure, axes[:2], card, start, after)
    _bars(axes[2], card, start, after)
    return figure, f"A kernel before and after the constraint at {strength:g}; right: {_bounded(card)}."


def descend(regularizer, start):
    """Returns where gradient descent on ½‖W − start‖² + penalty arrives, rates falling."""
    weight = tf.Variable(start.astype("float32"))

    @tf.function(jit_compile=False)
    def step(rate):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((weight - start) ** 2) / 2 + regularizer(weight)
        weight.assign_sub(rate * tf.clip_by_value(tape.gradient(loss, weight), -10, 10))

    for k in range(_STEPS):
        step(tf.constant(0.3 / (1 + 0.15 * k)))
    return weight.numpy()


def _kernel(shape):
    """A kernel with large and small units, which have something in common."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=shape) + 0.5 * rng.normal(size=(*shape[:-1], 1))
    return (values * np.linspace(0.15, 1.1, shape[-1])).astype("float32")


def _smooth(shape):
    """A convolution kernel with an edge and noise."""
    rng = np.random.default_rng(3)
    edge = np.sign(np.arange(shape[1]) - shape[1] // 2 + 0.5)[None, :, None, None] * 0.6
    return (edge + 0.25 * rng.normal(size=shape)).astype("float32")


def _profile(axes, regularizer, reference, shape):
    grid = np.linspace(-2, 2, 61)
    base = np.full(shape, 1e-6, "float32") if reference is None else reference
    values = []
    for w in grid:
        kernel = np.array(base)
        kernel[(0,) * kernel.ndim] = w
        values.append(float(regularizer(look.tensor(kernel))))
    axes.plot(grid, values, color=fig.BLUE)
    look.lines(axes, "penalty", x="one weight")


def _before_and_after(figure, axes, card, before, after):
    if card.name in _GRAM:
        before, after = (_gram(kernel) for kernel in (before, after))
    elif card.name in _SINGULAR:
        _singular(axes[0], before, after)
        if len(axes) > 1:
            look.heat(axes[1], after, "kernel, after", x="units", y="inputs")
        return
    elif before.ndim == 4:
        before, after = before[:, :, 0, 0], after[:, :, 0, 0]
    limit = float(np.quantile(np.abs(before), 0.98))
    labels = (
        {"x": "units", "y": "units" if card.name in _GRAM else "inputs"}
        if before.shape[0] != before.shape[1] or card.name in _GRAM
        else {}
    )
    look.heat(axes[0], before, "before", limit=limit, **labels)
    image = look.heat(axes[1], after, "after", limit=limit, **labels)
    look.scale(figure, image, axes[1])


def _gram(kernel):
    """The cosines between units, which are 0 where they are orthogonal."""
    unit = kernel / np.linalg.norm(kernel, axis=0, keepdims=True)
    return unit.T @ unit


def _singular(axes, before, after):
    for k, (kernel, label) in enumerate(((before, "before"), (after, "after"))):
        values = np.linalg.svd(kernel, compute_uv=False)
        axes.plot(np.arange(1, len(values) + 1), values, "o-", color=look.COLOURS[k], label=label, markersize=4)
    look.lines(axes, "singular values", x="number")
    fig.whole_ticks(axes.xaxis)


def _bars(axes, card, before, after):
    measure = {"l1_ball": lambda w: np.abs(w).sum(0), "simplex": lambda w: w.sum(0)}.get(
        card.name, lambda w: np.linalg.norm(w, axis=0)
    )
    if card.name in ("nm_sparsity", "top_k_sparsity"):
        measure = lambda w: (w != 0).mean(0)  # noqa: E731
    units = np.arange(before.shape[1])
    axes.bar(units - 0.2, measure(before), 0.4, color=fig.GREY, label="before")
    axes.bar(units + 0.2, measure(after), 0.4, color=fig.BLUE, label="after")
    axes.set_ylim(top=1.4 * axes.get_ylim()[1])  # room for the legend
    look.lines(axes, _bounded(card), x="unit")


def _bounded(card):
    return {
        "l1_ball": "Σ|w| of each unit",
        "simplex": "Σw of each unit",
        "nm_sparsity": "share of weights kept",
        "top_k_sparsity": "share of weights kept",
    }.get(card.name, "‖w‖₂ of each unit")


def _what(card):
    if card.name in _SINGULAR:
        return "singular values of a kernel"
    return "one window of a convolution kernel" if card.name == "total_variation" else "a kernel"
